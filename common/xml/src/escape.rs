//! Escaping of what we write, one form for text and attribute values alike.
//!
//! `& < > " '` and the three white space characters that a reader would change in an attribute (tab, LF, CR)
//! become references; characters that no XML document may hold become U+FFFD, so that whatever is escaped is
//! well formed.

use std::borrow::Cow;

use crate::chars::is_allowed;

/// Appends `text`, escaped.
pub fn text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some((plain, special, after)) = split_at_special(rest) {
        out.push_str(plain);
        push_special(out, special);
        rest = after;
    }
    out.push_str(rest);
}

/// `text`, escaped; borrowed if there is nothing to escape.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if split_at_special(text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().saturating_add(16));
    self::text(&mut out, text);
    Cow::Owned(out)
}

/// The opposite of [`escaped`], for values that it made and that were stored so.
///
/// # Errors
///
/// If the text holds a reference that [`escaped`] does not write, or a character that it does.
pub fn unescape_own(text: &str) -> Result<Cow<'_, str>, NotOurs> {
    if !text.contains(['&', '<', '>', '"', '\'', '\r', '\n', '\t']) {
        return Ok(Cow::Borrowed(text));
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((plain, special, after)) = split_at_special(rest) {
        out.push_str(plain);
        if special != '&' {
            return Err(NotOurs);
        }
        let (name, after) = after.split_once(';').ok_or(NotOurs)?;
        out.push(own_reference(name).ok_or(NotOurs)?);
        rest = after;
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// A stored value that [`escaped`] did not make: it was damaged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a stored value is not escaped as ours are")]
pub struct NotOurs;

fn split_at_special(text: &str) -> Option<(&str, char, &str)> {
    let mut from = 0_usize;
    loop {
        let bytes = text.as_bytes().get(from..)?;
        let at = from.saturating_add(bytes.iter().position(|byte| may_be_special(*byte))?);
        let (plain, rest) = text.split_at_checked(at)?;
        let special = rest.chars().next()?;
        if is_special(special) {
            return Some((plain, special, rest.get(special.len_utf8()..)?));
        }
        from = at.saturating_add(special.len_utf8());
    }
}

/// 0xEF starts U+F000 to U+FFFF, and with them the noncharacters and the byte order mark.
fn may_be_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'<' | b'>' | b'"' | b'\'' | 0..=0x1F | 0xEF)
}

fn is_special(char: char) -> bool {
    matches!(char, '&' | '<' | '>' | '"' | '\'' | '\r' | '\n' | '\t') || !is_allowed(char)
}

fn push_special(out: &mut String, special: char) {
    out.push_str(match special {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        '\'' => "&#39;",
        '\t' => "&#9;",
        '\n' => "&#10;",
        '\r' => "&#13;",
        _ => "\u{FFFD}",
    });
}

fn own_reference(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "#39" => '\'',
        "#9" => '\t',
        "#10" => '\n',
        "#13" => '\r',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_character_becomes_a_reference() {
        assert_eq!(
            escaped("a&b<c>d\"e'f\tg\nh\ri"),
            "a&amp;b&lt;c&gt;d&quot;e&#39;f&#9;g&#10;h&#13;i"
        );
        assert_eq!(escaped("]]>"), "]]&gt;");
    }

    #[test]
    fn what_needs_no_escape_is_borrowed() {
        for text in ["", "plain", "診療情報提供書（第１版）", "𠮷野家 ～ ｶﾞ"] {
            assert!(matches!(escaped(text), Cow::Borrowed(_)), "{text}");
            assert!(matches!(unescape_own(text), Ok(Cow::Borrowed(_))), "{text}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_becomes_the_replacement_character() {
        assert_eq!(
            escaped("a\0b\u{1}c\u{FFFE}d\u{FFFF}e\u{FEFF}f"),
            "a\u{FFFD}b\u{FFFD}c\u{FFFD}d\u{FFFD}e\u{FFFD}f"
        );
    }

    #[test]
    fn damaged_values_are_refused() {
        for text in ["&", "&amp", "&foo;", "&#38;", "a<b", "a\nb", "&;", "\"", "&#x26;"] {
            assert_eq!(unescape_own(text), Err(NotOurs), "{text:?}");
        }
    }
}
