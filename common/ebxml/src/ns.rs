//! Namespaces of ebRIM, ebRS and XDS (ITI TF-2, Appendix V; ITI TF-3, 4.2.1).

/// ebRIM 3.0, prefix `rim`.
pub const RIM: &str = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0";
/// ebRS 3.0 life cycle management, prefix `lcm`.
pub const LCM: &str = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0";
/// ebRS 3.0 responses, prefix `rs`.
pub const RS: &str = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0";
/// ebRS 3.0 queries, prefix `query`.
pub const QUERY: &str = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0";
/// XDS.b repository messages, prefix `xds`.
pub const XDS: &str = "urn:ihe:iti:xds-b:2007";
/// XML-binary Optimized Packaging, prefix `xop`.
pub const XOP: &str = "http://www.w3.org/2004/08/xop/include";
/// XML Schema instance attributes, which may stand anywhere.
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
