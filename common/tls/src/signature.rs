//! Whether a revocation list bears the signature of the root whose name it bears. webpki checks that in every handshake,
//! but does not offer it for a list alone, and a reload must know before the list is in force.

use rustls_pki_types::TrustAnchor;

use crate::provider::algorithms;

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;

/// False only when `list` (DER) bears the name of a root and none of the roots of that name has signed it. Lists of
/// intermediate CAs cannot be told here.
pub(crate) fn is_credible(list: &[u8], issuer: &[u8], roots: &[TrustAnchor<'_>]) -> bool {
    let mut namesakes = roots.iter().filter(|root| names(root, issuer)).peekable();
    namesakes.peek().is_none() || namesakes.any(|root| is_signed_by(list, root).unwrap_or(false))
}

/// A trust anchor holds the contents of the Name, `issuer` is the whole of it.
fn names(root: &TrustAnchor<'_>, issuer: &[u8]) -> bool {
    element(issuer, SEQUENCE).is_some_and(|name| name.content == root.subject.as_ref())
}

/// `None` when something is not where RFC 5280 5.1 and 4.1 put it, or the algorithm is unknown.
fn is_signed_by(list: &[u8], root: &TrustAnchor<'_>) -> Option<bool> {
    let list = element(list, SEQUENCE)?.content;
    let signed = element(list, SEQUENCE)?;
    let algorithm = element(signed.rest, SEQUENCE)?;
    let signature = bits(algorithm.rest)?;

    let key_algorithm = element(&root.subject_public_key_info, SEQUENCE)?;
    let key = bits(key_algorithm.rest)?;

    let mut fitting = algorithms().all.iter().filter(|candidate| {
        candidate.signature_alg_id().as_ref() == algorithm.content
            && candidate.public_key_alg_id().as_ref() == key_algorithm.content
    });
    Some(fitting.any(|candidate| candidate.verify_signature(key, signed.whole, signature).is_ok()))
}

/// The octets of a BIT STRING that fills them.
fn bits(input: &[u8]) -> Option<&[u8]> {
    element(input, BIT_STRING)?.content.strip_prefix(&[0])
}

struct Element<'a> {
    whole: &'a [u8],
    content: &'a [u8],
    rest: &'a [u8],
}

/// The first DER element of `input`, if it has this tag.
fn element(input: &[u8], tag: u8) -> Option<Element<'_>> {
    let (found, length) = input.split_first()?;
    let (short, after) = length.split_first()?;
    let (length, after) = match short {
        0..=0x7f => (usize::from(*short), after),
        0x81..=0x84 => {
            let (octets, after) = after.split_at_checked(usize::from(short & 0x7f))?;
            (
                octets
                    .iter()
                    .fold(0, |length, octet| length << 8 | usize::from(*octet)),
                after,
            )
        }
        _ => return None,
    };
    let (content, rest) = after.split_at_checked(length)?;
    let whole = input.get(..input.len().checked_sub(rest.len())?)?;
    (*found == tag).then_some(Element { whole, content, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_of_every_length_form() {
        let long = [&[0x30, 0x82, 0x01, 0x00][..], &[7; 256], &[9]].concat();
        let found = element(&long, SEQUENCE).unwrap();
        assert_eq!(
            (found.content.len(), found.whole.len(), found.rest),
            (256, 260, &[9][..])
        );
        assert_eq!(
            element(&[0x30, 1, 5, 6], SEQUENCE).map(|e| e.content.to_vec()),
            Some(vec![5])
        );
    }

    #[test]
    fn cut_or_wrong_elements_are_none() {
        for bad in [
            &[][..],
            &[0x30],
            &[0x30, 2, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x82, 1],
            &[0x31, 0],
            &[0x30, 0x85],
        ] {
            assert!(element(bad, SEQUENCE).is_none(), "{bad:?}");
        }
        assert!(element(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0], SEQUENCE).is_none());
    }

    #[test]
    fn bit_strings_with_unused_bits_are_none() {
        assert_eq!(bits(&[3, 2, 0, 5]), Some(&[5][..]));
        assert_eq!(bits(&[3, 2, 1, 4]), None);
    }
}
