//! Finds the one assertion of a message and its signature, by place and never by ID.

use xds_xml::Element;

use crate::form::{Part, check_order, identifier, is_ncname};
use crate::limits::Limits;
use crate::ns;
use crate::refused::Reason;

/// The assertion as it stands in the message. Nothing here is proven yet: these are hints for verification.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located<'d> {
    pub(crate) assertion: Element<'d>,
    pub(crate) signature: Element<'d>,
    pub(crate) id: &'d str,
    pub(crate) issuer: &'d str,
}

/// Finds it, or says what is wrong with message or assertion before any cryptography is done.
pub(crate) fn locate<'d>(security: Option<Element<'d>>, limits: &Limits) -> Result<Located<'d>, Reason> {
    let security = security
        .filter(|security| security.is(ns::WSSE, "Security"))
        .ok_or(Reason::NoSecurity)?;
    let root = std::iter::successors(Some(security), Element::parent)
        .last()
        .unwrap_or(security);
    if count(root, ns::WSSE, "Security") > 1 {
        return Err(Reason::ManySecurity);
    }
    let assertion = only_assertion(root, security)?;
    check_size(assertion, limits)?;
    let id = own_id(root, assertion, limits)?;
    let signature = only_signature(assertion)?;
    let issuer = issuer(assertion, limits)?;
    Ok(Located {
        assertion,
        signature,
        id,
        issuer,
    })
}

fn all(root: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    std::iter::once(root).chain(root.descendants())
}

fn count(root: Element<'_>, namespace: &str, local: &str) -> usize {
    all(root).filter(|element| element.is(namespace, local)).count()
}

/// The only assertion of the whole message, which must be a child of wsse:Security.
fn only_assertion<'d>(root: Element<'d>, security: Element<'d>) -> Result<Element<'d>, Reason> {
    if count(root, ns::SAML2, "EncryptedAssertion") > 0 {
        return Err(Reason::Encrypted);
    }
    if count(root, ns::SAML1, "Assertion") > 0 {
        return Err(Reason::OldSaml);
    }
    let mut inside = security.children_named(ns::SAML2, "Assertion");
    let everywhere = count(root, ns::SAML2, "Assertion");
    match (inside.next(), inside.next(), everywhere) {
        (None, _, 0) => Err(Reason::NoAssertion),
        (None, _, _) => Err(Reason::AssertionElsewhere),
        (Some(_), Some(_), _) => Err(Reason::ManyAssertions),
        (Some(assertion), None, 1) => Ok(assertion),
        (Some(_), None, _) => Err(Reason::AssertionElsewhere),
    }
}

fn check_size(assertion: Element<'_>, limits: &Limits) -> Result<(), Reason> {
    if assertion.source().len() > limits.assertion_bytes_max {
        return Err(Reason::TooLarge);
    }
    let mut elements = 0_usize;
    for element in all(assertion) {
        elements = elements.saturating_add(1);
        let is_too_large = elements > limits.elements_max
            || element.attributes().len() > limits.xml_attributes_max
            || depth_below(assertion, element) > limits.depth_max;
        if is_too_large {
            return Err(Reason::TooLarge);
        }
        if element.has_comment() {
            return Err(Reason::Comment);
        }
    }
    Ok(())
}

/// Levels from the assertion down to the element, both counted. At most the depth that the door allows.
fn depth_below(assertion: Element<'_>, element: Element<'_>) -> usize {
    std::iter::successors(Some(element), Element::parent)
        .take_while(|element| *element != assertion)
        .count()
        .saturating_add(1)
}

/// The ID of the assertion. No other attribute that anybody could take for an ID has the same value: `ID`, `Id`,
/// `id` in any namespace, `xml:id` and `wsu:Id` among them.
fn own_id<'d>(root: Element<'d>, assertion: Element<'d>, limits: &Limits) -> Result<&'d str, Reason> {
    let id = assertion.attribute("ID").ok_or(Reason::NoId)?;
    if !is_ncname(id) || id.len() > limits.value_bytes_max {
        return Err(Reason::NoId);
    }
    let holders = all(root)
        .flat_map(|element| element.attributes())
        .filter(|(_, local, value)| local.eq_ignore_ascii_case("id") && value.trim() == id)
        .count();
    if holders == 1 {
        Ok(id)
    } else {
        Err(Reason::RepeatedId)
    }
}

fn only_signature(assertion: Element<'_>) -> Result<Element<'_>, Reason> {
    match count(assertion, ns::DS, "Signature") {
        0 => return Err(Reason::Unsigned),
        1 => {}
        _ => return Err(Reason::ManySignatures),
    }
    let second = assertion
        .children()
        .nth(1)
        .filter(|second| second.is(ns::DS, "Signature"))
        .ok_or(Reason::SignaturePlace)?;
    check_order(assertion, Part::Signed)?;
    Ok(second)
}

fn issuer<'d>(assertion: Element<'d>, limits: &Limits) -> Result<&'d str, Reason> {
    let issuer = assertion.child(ns::SAML2, "Issuer").ok_or(Reason::NoIssuer)?;
    identifier(issuer, limits).map_err(|_| Reason::NoIssuer)
}
