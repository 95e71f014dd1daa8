use xds_xml::{Element, serialize};

use crate::ns;

/// The assertion of a wsse:Security header as text that can be put into another message, as a repository does when
/// it asks for its client. Byte for byte what was sent, with the namespace declarations that were in force, so that
/// its signature stays good. `None` if there is no assertion.
///
/// For a header that [`Validator::validate`](crate::Validator::validate) accepted. Put it where no default namespace is
/// declared: a PrefixList with `#default` would draw that in.
pub fn assertion_xml(security: Element<'_>) -> Option<String> {
    let assertion = security.child(ns::SAML2, "Assertion")?;
    let mut out = String::new();
    serialize(assertion, &mut out, &mut |_, _| {});
    Some(out)
}
