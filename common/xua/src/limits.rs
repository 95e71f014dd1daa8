/// How much of an assertion is read before it is refused. Each limit is inclusive: exactly so much still passes.
///
/// They hold for what is inside the assertion; the message around it has passed the limits of the XML door.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of the assertion as it stands in the message, and of its canonical form.
    pub assertion_bytes_max: usize,
    /// Elements, the assertion itself included.
    pub elements_max: usize,
    /// Open elements at any point; the assertion is level 1.
    pub depth_max: usize,
    /// XML attributes of one element.
    pub xml_attributes_max: usize,
    /// Different SAML attributes, by Name.
    pub attributes_max: usize,
    /// Values of one SAML attribute.
    pub values_max: usize,
    /// Bytes of one value, and of every name and identifier.
    pub value_bytes_max: usize,
    /// Audience values, of all restrictions together.
    pub audiences_max: usize,
    /// SubjectConfirmation elements.
    pub confirmations_max: usize,
    /// AuthnStatement elements.
    pub authn_statements_max: usize,
    /// Prefixes in one PrefixList of InclusiveNamespaces.
    pub prefixes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            assertion_bytes_max: 64 << 10,
            elements_max: 1_000,
            depth_max: 16,
            xml_attributes_max: 16,
            attributes_max: 64,
            values_max: 64,
            value_bytes_max: 1_024,
            audiences_max: 32,
            confirmations_max: 8,
            authn_statements_max: 8,
            prefixes_max: 16,
        }
    }
}
