//! XML-11: legal characters come back as they were sent, after the rules of XML and nothing else.

use proptest::prelude::*;
use xds_xml::{Document, Limits, XmlErrorKind, escape};

use crate::{generate::text, support::verdict};

/// What XML 1.0 section 2.11 does to line ends.
fn line_ends(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[test]
fn xml_11_no_normalisation_but_that_of_line_ends() {
    for name in [
        "𠮷野家",
        "か\u{3099}",
        "が",
        "〜～",
        "ｶﾞ",
        "\u{E000}",
        "\u{85}\u{2028}",
        "\u{7F}",
        "\u{FFFD}",
        "\u{10FFFF}",
    ] {
        let bytes = format!("<x a=\"{name}\">{name}</x>");
        let document = Document::parse(bytes.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(document.root().text(), Ok(name));
        assert_eq!(document.root().attribute("a"), Some(name));
    }
}

#[test]
fn xml_11_line_ends_and_attribute_white_space() {
    let bytes = b"<x a=\"1\r\n2\r3\n4\t5\r\r\n\">1\r\n2\r3\n4\t5\r\r\n<![CDATA[\r\n\r]]>&#13;\n</x>";
    let document = Document::parse(bytes, &Limits::default()).unwrap();

    assert_eq!(document.root().text(), Ok("1\n2\n3\n4\t5\n\n\n\n\r\n"));
    assert_eq!(document.root().attribute("a"), Some("1 2 3 4 5  "));
}

#[test]
fn xml_11_what_xml_excludes_is_refused_wherever_it_stands() {
    for char in ('\0'..=' ').chain(['\u{FFFE}', '\u{FFFF}']) {
        let excluded = !matches!(char, '\t' | '\n' | '\r' | ' ');
        for document in [
            format!("<x>{char}</x>"),
            format!("<x a=\"{char}\"/>"),
            format!("<x><!--{char}--></x>"),
        ] {
            let expected = if excluded {
                Err(XmlErrorKind::ForbiddenCharacter)
            } else {
                Ok(())
            };
            assert_eq!(verdict(document.as_bytes()), expected, "{char:?}");
        }
    }
}

/// The check looks at blocks of bytes: every place in a block must count.
#[test]
fn xml_11_excluded_characters_are_found_at_every_offset() {
    for offset in 0..300 {
        let document = format!("<x>{}\u{1}{}</x>", "a".repeat(offset), "b".repeat(40));
        let error = Document::parse(document.as_bytes(), &Limits::default()).unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (XmlErrorKind::ForbiddenCharacter, offset + 3)
        );
    }
}

proptest! {
    #[test]
    fn xml_11_text_written_as_it_is(text in text()) {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace(']', "&#93;").replace('"', "&quot;");
        let bytes = format!("<x a=\"{escaped}\">{escaped}</x>");
        let document = Document::parse(bytes.as_bytes(), &Limits::default()).unwrap();
        let meant = line_ends(&text);
        prop_assert_eq!(document.root().text(), Ok(meant.as_str()));
        let attribute = meant.replace(['\n', '\t'], " ");
        prop_assert_eq!(document.root().attribute("a"), Some(attribute.as_str()));
    }

    #[test]
    fn xml_11_text_escaped_by_us_comes_back_whole(text in text()) {
        let escaped = escape::escaped(&text);
        let bytes = format!("<x a=\"{escaped}\" b='{escaped}'>{escaped}</x>");
        let document = Document::parse(bytes.as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(document.root().text(), Ok(text.as_str()));
        prop_assert_eq!(document.root().attribute("a"), Some(text.as_str()));
        prop_assert_eq!(document.root().attribute("b"), Some(text.as_str()));
        let unescaped = escape::unescape_own(&escaped).unwrap();
        prop_assert_eq!(unescaped.as_ref(), text.as_str());
    }
}
