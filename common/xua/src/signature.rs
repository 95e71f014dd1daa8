//! Verifies the signature, and hands out the octets that it covers.

use time::OffsetDateTime;
use xds_xml::canonical::Canonical;
use xds_xml::{Document, Element, Limits as XmlLimits};

use crate::algorithm::Hash;
use crate::limits::Limits;
use crate::locate::Located;
use crate::refused::Reason;
use crate::signed_info::{Signature, SignedInfo};
use crate::trust::{Trust, TrustedIssuer};

/// The canonical octets of an assertion that a key of a trusted issuer signed. Claims are read from these, and from
/// nothing else.
#[derive(Debug)]
pub(crate) struct Covered<'t> {
    pub(crate) issuer: &'t TrustedIssuer,
    pub(crate) octets: String,
}

/// Core validation (XML Signature 3.2), for the one shape that SAML has: one reference, to the assertion itself.
/// The reference is never looked up by its ID: the octets are those of the element that holds the signature.
pub(crate) fn verify<'t>(
    located: &Located<'_>,
    trust: &'t Trust,
    limits: &Limits,
    now: OffsetDateTime,
) -> Result<Covered<'t>, Reason> {
    let signature = Signature::read(located.signature)?;
    let shown = SignedInfo::read(signature.signed_info, limits)?;
    if shown.uri.strip_prefix('#') != Some(located.id) {
        return Err(Reason::ReferenceTarget);
    }
    let issuer = trust.issuer(located.issuer)?;
    let signed = canonical(signature.signed_info, None, &shown.own_prefixes, limits)?;
    issuer.verify(shown.method, signed.as_bytes(), &signature.value, now)?;
    // From here on only what was signed counts.
    let proven = reread(&signed, limits)?;
    if proven != shown {
        return Err(Reason::WrongSignature);
    }
    let omitted = Some(located.signature);
    let octets = canonical(located.assertion, omitted, &proven.prefixes, limits)?;
    check_digest(proven.hash, &octets, &proven.digest)?;
    Ok(Covered { issuer, octets })
}

fn check_digest(hash: Hash, octets: &str, digest: &[u8]) -> Result<(), Reason> {
    // The digest of nothing must never match anything.
    if octets.is_empty() {
        return Err(Reason::Canonicalisation);
    }
    if hash.digest(octets.as_bytes()).as_ref() == digest {
        Ok(())
    } else {
        Err(Reason::WrongDigest)
    }
}

fn reread(octets: &str, limits: &Limits) -> Result<SignedInfo, Reason> {
    let document =
        Document::parse(octets.as_bytes(), &xml_limits(limits)).map_err(|_| Reason::Canonicalisation)?;
    SignedInfo::read(document.root(), limits)
}

/// The canonical form of an element of the message.
fn canonical<'d>(
    element: Element<'d>,
    omitted: Option<Element<'d>>,
    prefixes: &[String],
    limits: &Limits,
) -> Result<String, Reason> {
    let inclusive: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    let what = Canonical {
        element,
        omitted,
        inclusive: &inclusive,
        bytes_max: limits.assertion_bytes_max,
    };
    what.octets().map_err(|_| Reason::Canonicalisation)
}

/// What the XML door allows in canonical octets: no more than was allowed in the assertion.
pub(crate) fn xml_limits(limits: &Limits) -> XmlLimits {
    XmlLimits {
        document_bytes_max: limits.assertion_bytes_max,
        depth_max: limits.depth_max,
        elements_max: limits.elements_max,
        attributes_max: limits.xml_attributes_max,
        ..XmlLimits::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XUA-09: the digest of empty octets is refused even if it is the right one.
    #[test]
    fn xua_09_empty_octets_never_match() {
        let digest = Hash::Sha256.digest(b"");
        assert_eq!(
            check_digest(Hash::Sha256, "", digest.as_ref()),
            Err(Reason::Canonicalisation)
        );
    }
}
