/// How much XML is read before it is refused. Each limit is inclusive: exactly so much still passes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of the whole document. Above 4 GiB - 1 the document is refused whatever this says.
    pub document_bytes_max: usize,
    /// Open elements at any point; the root is level 1.
    pub depth_max: usize,
    /// Elements of the whole document.
    pub elements_max: usize,
    /// Attributes of one element, namespace declarations not counted.
    pub attributes_max: usize,
    /// Namespace declarations of one element.
    pub namespaces_max: usize,
    /// Namespace declarations in force at any point, redeclared prefixes included: it bounds the work of
    /// looking a prefix up.
    pub namespaces_in_scope_max: usize,
    /// Bytes of one attribute value, references resolved.
    pub attribute_bytes_max: usize,
    /// Bytes of the text between two tags, references resolved.
    pub text_bytes_max: usize,
    /// Bytes of one element or attribute name with its prefix.
    pub name_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document_bytes_max: 8 << 20,
            depth_max: 64,
            elements_max: 200_000,
            attributes_max: 64,
            namespaces_max: 32,
            namespaces_in_scope_max: 128,
            attribute_bytes_max: 64 << 10,
            text_bytes_max: 1 << 20,
            name_bytes_max: 256,
        }
    }
}
