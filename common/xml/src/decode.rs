//! References, line ends and attribute values: from what is written to what is meant.

use memchr::memchr;

use crate::{chars::is_allowed, error::XmlErrorKind};

/// A fault inside a piece of text: the rule, and bytes from the start of the piece.
pub(crate) type Fault = (XmlErrorKind, usize);

/// The character that a reference names; `name` stands between `&` and `;`
/// (XML 1.0, sections 4.1 and 4.6).
pub(crate) fn reference(name: &str) -> Result<char, XmlErrorKind> {
    match name {
        "amp" => Ok('&'),
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "quot" => Ok('"'),
        "apos" => Ok('\''),
        _ => match name.strip_prefix('#') {
            Some(number) => character(number),
            None if crate::chars::is_ncname(name) => Err(XmlErrorKind::UndefinedEntity),
            None => Err(XmlErrorKind::MalformedReference),
        },
    }
}

fn character(number: &str) -> Result<char, XmlErrorKind> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    // from_str_radix would accept a sign.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(XmlErrorKind::MalformedReference);
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|char| is_allowed(*char))
        .ok_or(XmlErrorKind::ForbiddenCharacterReference)
}

/// Appends text with its line ends normalised (XML 1.0, section 2.11): CR LF and lone CR become LF.
pub(crate) fn push_normalised(out: &mut String, text: &str) {
    let mut pieces = text.split('\r');
    out.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        out.push('\n');
        out.push_str(piece.strip_prefix('\n').unwrap_or(piece));
    }
}

/// Appends an attribute value as XML 1.0 section 3.3.3 has it for attributes without a DTD: each white space
/// character becomes a space (CR LF counts as one), those given as references stay.
pub(crate) fn push_attribute(out: &mut String, raw: &str) -> Result<(), Fault> {
    let mut done = 0_usize;
    while let Some(rest) = raw.get(done..) {
        let Some(ampersand) = memchr(b'&', rest.as_bytes()) else {
            push_spaced(out, rest);
            break;
        };
        let (plain, from) = rest.split_at_checked(ampersand).unwrap_or_default();
        push_spaced(out, plain);
        let at = done.saturating_add(ampersand);
        let (name, _) = from
            .get(1..)
            .and_then(|name| name.split_once(';'))
            .ok_or((XmlErrorKind::MalformedReference, at))?;
        out.push(reference(name).map_err(|kind| (kind, at))?);
        done = at.saturating_add(name.len()).saturating_add(2);
    }
    Ok(())
}

fn push_spaced(out: &mut String, text: &str) {
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push(' ');
            }
            '\n' | '\t' => out.push(' '),
            _ => out.push(char),
        }
    }
}
