//! ds:Signature as SAML allows it (SAML 2.0 core 5.4), read strictly: what is not expected is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xds_xml::Element;

use crate::algorithm::{Hash, Method};
use crate::limits::Limits;
use crate::ns;
use crate::refused::Reason;

/// A ds:Signature: SignedInfo, SignatureValue and at most one KeyInfo, which is not looked into.
#[derive(Clone, Debug)]
pub(crate) struct Signature<'d> {
    pub(crate) signed_info: Element<'d>,
    pub(crate) value: Vec<u8>,
}

impl<'d> Signature<'d> {
    pub(crate) fn read(signature: Element<'d>) -> Result<Self, Reason> {
        check_container(signature, &["Id"], Reason::SignatureForm)?;
        let mut children = signature.children();
        let signed_info = next(&mut children, "SignedInfo")?;
        let value = next(&mut children, "SignatureValue")?;
        check_attributes(value, &["Id"])?;
        let rest: Vec<Element<'_>> = children.collect();
        match rest.as_slice() {
            [] => {}
            [key_info] if key_info.is(ns::DS, "KeyInfo") => {}
            _ => return Err(Reason::SignatureForm),
        }
        Ok(Self {
            signed_info,
            value: base64(value)?,
        })
    }
}

/// What is signed: how, and the digest of what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct SignedInfo {
    /// The PrefixList by which SignedInfo itself is canonicalised.
    pub(crate) own_prefixes: Vec<String>,
    pub(crate) method: Method,
    /// The URI of the only Reference.
    pub(crate) uri: String,
    /// The PrefixList by which the assertion is canonicalised.
    pub(crate) prefixes: Vec<String>,
    pub(crate) hash: Hash,
    pub(crate) digest: Vec<u8>,
}

impl SignedInfo {
    pub(crate) fn read(signed_info: Element<'_>, limits: &Limits) -> Result<Self, Reason> {
        check_container(signed_info, &["Id"], Reason::SignatureForm)?;
        let references = signed_info.children_named(ns::DS, "Reference").count();
        let mut children = signed_info.children();
        let canonicalization = next(&mut children, "CanonicalizationMethod")?;
        let method = next(&mut children, "SignatureMethod")?;
        if references != 1 {
            return Err(Reason::ReferenceCount);
        }
        let reference = next(&mut children, "Reference")?;
        finished(children)?;

        if algorithm(canonicalization)? != ns::EXC_C14N {
            return Err(Reason::CanonicalizationMethod);
        }
        let own_prefixes = prefix_list(canonicalization, limits)?;
        let method_uri = algorithm(method)?;
        no_children(method)?;
        let method = Method::by_uri(method_uri).ok_or(Reason::SignatureMethod)?;

        check_container(reference, &["Id", "URI"], Reason::SignatureForm)?;
        let uri = reference
            .attribute("URI")
            .ok_or(Reason::ReferenceTarget)?
            .to_owned();
        let mut children = reference.children();
        let prefixes = transforms(next(&mut children, "Transforms")?, limits)?;
        let digest_method = next(&mut children, "DigestMethod")?;
        let digest_value = next(&mut children, "DigestValue")?;
        finished(children)?;
        let digest_uri = algorithm(digest_method)?;
        no_children(digest_method)?;
        check_attributes(digest_value, &[])?;
        Ok(Self {
            own_prefixes,
            method,
            uri,
            prefixes,
            hash: Hash::by_uri(digest_uri).ok_or(Reason::DigestMethod)?,
            digest: base64(digest_value)?,
        })
    }
}

/// enveloped-signature, then exclusive canonicalisation, each once: only in this order can every verifier follow
/// (XML Signature 6.6.4). Returns the PrefixList.
fn transforms(transforms: Element<'_>, limits: &Limits) -> Result<Vec<String>, Reason> {
    check_container(transforms, &[], Reason::Transforms)?;
    let all: Vec<Element<'_>> = transforms.children().take(TRANSFORMS_MAX).collect();
    for transform in &all {
        let is_allowed = matches!(algorithm(*transform)?, ns::ENVELOPED | ns::EXC_C14N);
        if !transform.is(ns::DS, "Transform") || !is_allowed {
            return Err(Reason::TransformAlgorithm);
        }
    }
    let [enveloped, canonical] = all.as_slice() else {
        return Err(Reason::Transforms);
    };
    if algorithm(*enveloped)? != ns::ENVELOPED || algorithm(*canonical)? != ns::EXC_C14N {
        return Err(Reason::Transforms);
    }
    no_children(*enveloped)?;
    prefix_list(*canonical, limits)
}

/// One more than is allowed is enough to know.
const TRANSFORMS_MAX: usize = 3;

/// The PrefixList of the InclusiveNamespaces inside, if there is one (Exclusive Canonicalization 1.0, section 4).
fn prefix_list(method: Element<'_>, limits: &Limits) -> Result<Vec<String>, Reason> {
    let children: Vec<Element<'_>> = method.children().take(2).collect();
    let inclusive = match children.as_slice() {
        [] => return Ok(Vec::new()),
        [only] if only.is(ns::EXC_C14N, "InclusiveNamespaces") => *only,
        _ => return Err(Reason::SignatureForm),
    };
    check_container(inclusive, &["PrefixList"], Reason::PrefixList)?;
    no_children(inclusive).map_err(|_| Reason::PrefixList)?;
    let list = inclusive.attribute("PrefixList").ok_or(Reason::PrefixList)?;
    let prefixes: Vec<String> = list
        .split([' ', '\t', '\n', '\r'])
        .filter(|prefix| !prefix.is_empty())
        .take(limits.prefixes_max.saturating_add(1))
        .map(str::to_owned)
        .collect();
    if prefixes.len() > limits.prefixes_max {
        return Err(Reason::PrefixList);
    }
    Ok(prefixes)
}

fn next<'d>(children: &mut impl Iterator<Item = Element<'d>>, local: &str) -> Result<Element<'d>, Reason> {
    children
        .next()
        .filter(|child| child.is(ns::DS, local))
        .ok_or(Reason::SignatureForm)
}

fn finished<'d>(mut children: impl Iterator<Item = Element<'d>>) -> Result<(), Reason> {
    match children.next() {
        None => Ok(()),
        Some(_) => Err(Reason::SignatureForm),
    }
}

/// The Algorithm of a method or transform that has no other attribute and no text.
fn algorithm<'d>(method: Element<'d>) -> Result<&'d str, Reason> {
    check_container(method, &["Algorithm"], Reason::SignatureForm)?;
    method.attribute("Algorithm").ok_or(Reason::SignatureForm)
}

fn no_children(element: Element<'_>) -> Result<(), Reason> {
    match element.children().next() {
        None => Ok(()),
        Some(_) => Err(Reason::SignatureForm),
    }
}

fn check_container(element: Element<'_>, attributes: &[&str], reason: Reason) -> Result<(), Reason> {
    if element.has_text() {
        return Err(reason);
    }
    check_attributes(element, attributes).map_err(|_| reason)
}

fn check_attributes(element: Element<'_>, allowed: &[&str]) -> Result<(), Reason> {
    let mut attributes = element.attributes();
    if attributes.all(|(namespace, local, _)| namespace.is_empty() && allowed.contains(&local)) {
        Ok(())
    } else {
        Err(Reason::SignatureForm)
    }
}

/// xs:base64Binary: white space means nothing, everything else must be exact.
fn base64(element: Element<'_>) -> Result<Vec<u8>, Reason> {
    let text = element.text().map_err(|_| Reason::SignatureForm)?;
    let compact: String = text
        .chars()
        .filter(|char| !matches!(char, ' ' | '\t' | '\n' | '\r'))
        .collect();
    if compact.is_empty() {
        return Err(Reason::SignatureForm);
    }
    STANDARD.decode(compact).map_err(|_| Reason::SignatureForm)
}
