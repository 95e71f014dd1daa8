//! The namespaces of the envelope and of the message bodies.

/// SOAP 1.2 envelope.
pub const SOAP12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// SOAP 1.1 envelope; refused.
pub const SOAP11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// WS-Addressing 1.0.
pub const WSA: &str = "http://www.w3.org/2005/08/addressing";
/// XOP.
pub const XOP: &str = "http://www.w3.org/2004/08/xop/include";
/// WS-Security extensions.
pub const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
/// ebXML life cycle manager.
pub const LCM: &str = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0";
/// ebXML queries.
pub const QUERY: &str = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0";
/// XDS.b documents.
pub const XDS: &str = "urn:ihe:iti:xds-b:2007";
/// Remove Documents.
pub const RMD: &str = "urn:ihe:iti:rmd:2017";
/// HL7 V3.
pub const HL7: &str = "urn:hl7-org:v3";

/// The address that means "answer on this connection" (WS-Addressing Core section 2.1).
pub const ANONYMOUS: &str = "http://www.w3.org/2005/08/addressing/anonymous";
/// wsa:Action of a fault that WS-Addressing defines.
pub const WSA_FAULT_ACTION: &str = "http://www.w3.org/2005/08/addressing/fault";
/// wsa:Action of any other fault.
pub const SOAP_FAULT_ACTION: &str = "http://www.w3.org/2005/08/addressing/soap/fault";
