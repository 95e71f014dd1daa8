//! Which characters XML 1.0 (fifth edition) and Namespaces in XML 1.0 allow where.

/// White space, XML 1.0 section 2.3, production S.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether the text is white space only.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// A character that XML 1.0 section 2.2 allows. U+FEFF is left out: inside a document it is a stray byte
/// order mark, and the door refuses it.
pub(crate) fn is_allowed(char: char) -> bool {
    matches!(char,
        '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FEFE}' | '\u{FF00}'..='\u{FFFD}' | '\u{10000}'..)
}

/// A control character below the space that XML 1.0 excludes.
pub(crate) fn is_forbidden_control(byte: u8) -> bool {
    (byte < b' ') & (byte != b'\t') & (byte != b'\n') & (byte != b'\r')
}

/// A name without a colon: Namespaces in XML 1.0, section 3, production NCName.
pub(crate) fn is_ncname(name: &str) -> bool {
    let bytes = name.as_bytes();
    match bytes.split_first() {
        None => false,
        Some((first, rest)) => {
            let plain = (first.is_ascii_alphabetic() || *first == b'_')
                && rest.iter().all(|byte| is_ascii_name(*byte));
            plain || is_unicode_ncname(name)
        }
    }
}

fn is_ascii_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_unicode_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// XML 1.0 section 2.3, production NameStartChar, without the colon.
fn is_name_start(char: char) -> bool {
    matches!(char,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// XML 1.0 section 2.3, production NameChar, without the colon.
fn is_name_char(char: char) -> bool {
    is_name_start(char)
        || matches!(char, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_fifth_edition() {
        for name in ["a", "_", "A1", "a-b.c_d", "名前", "が", "a\u{B7}", "\u{10000}"] {
            assert!(is_ncname(name), "{name:?}");
        }
        for name in [
            "", "1a", "-a", ".a", "a:b", "a b", "a=b", "\u{B7}a", "a\u{D7}", "a\u{37E}", "・",
        ] {
            // U+30FB KATAKANA MIDDLE DOT is a name character since the fifth edition.
            assert_eq!(is_ncname(name), name == "・", "{name:?}");
        }
    }

    #[test]
    fn allowed_characters_are_those_of_section_2_2_without_the_byte_order_mark() {
        for char in [
            '\t',
            '\n',
            '\r',
            ' ',
            '\u{7F}',
            '\u{85}',
            '\u{D7FF}',
            '\u{E000}',
            '\u{FFFD}',
            '\u{10FFFF}',
            '𠮷',
        ] {
            assert!(is_allowed(char), "{char:?}");
        }
        for char in [
            '\0', '\u{1}', '\u{B}', '\u{1F}', '\u{FEFF}', '\u{FFFE}', '\u{FFFF}',
        ] {
            assert!(!is_allowed(char), "{char:?}");
        }
    }
}
