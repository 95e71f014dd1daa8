//! Namespaces, algorithms and names that stand in assertions.

/// WS-Security extensions 1.0.
pub(crate) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// SAML 2.0 assertions.
pub(crate) const SAML2: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// SAML 1.0 and 1.1 assertions.
pub(crate) const SAML1: &str = "urn:oasis:names:tc:SAML:1.0:assertion";
/// XML Signature.
pub(crate) const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// HL7 version 3, for coded attribute values.
pub(crate) const HL7: &str = "urn:hl7-org:v3";

/// Exclusive Canonical XML 1.0 without comments: the namespace of InclusiveNamespaces and the algorithm's name.
pub(crate) const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// The enveloped signature transform.
pub(crate) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// SubjectConfirmation methods (SAML 2.0 profiles, section 3).
pub(crate) const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// The presenter proves that it holds a key.
pub(crate) const HOLDER_OF_KEY: &str = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key";
