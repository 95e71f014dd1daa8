//! XML-10: UTF-8 and nothing else. The forms are in the corpus.

use xds_xml::{Document, Limits, XmlErrorKind};

use crate::support::verdict;

#[test]
fn xml_10_a_byte_order_mark_is_no_part_of_the_document() {
    let bytes = "\u{FEFF}<x>患者</x>".as_bytes();

    let document = Document::parse(bytes, &Limits::default()).unwrap();

    assert_eq!(document.root().text(), Ok("患者"));
    // Offsets are those of the caller's bytes.
    assert_eq!(document.root().offset(), 3);
    assert_eq!(document.root().source(), "<x>患者</x>");
}

#[test]
fn xml_10_every_encoding_name_but_utf_8_is_refused() {
    for name in [
        "UTF-16",
        "Shift_JIS",
        "ISO-2022-JP",
        "EUC-JP",
        "UTF-7",
        "UTF-32",
        "ISO-8859-1",
        "US-ASCII",
        "UTF8",
        "x",
    ] {
        let document = format!("<?xml version=\"1.0\" encoding=\"{name}\"?><x/>");
        assert_eq!(
            verdict(document.as_bytes()),
            Err(XmlErrorKind::UnsupportedEncoding),
            "{name}"
        );
    }
    for name in ["UTF-8", "utf-8", "Utf-8"] {
        let document = format!("<?xml version=\"1.0\" encoding=\"{name}\"?><x/>");
        assert_eq!(verdict(document.as_bytes()), Ok(()), "{name}");
    }
}
