//! XML-15: whatever is put into a reply, the reply is well formed and says just that.

use proptest::{collection::vec, prelude::*};
use xds_xml::{Document, Limits, escape, write::Writer};

const CANARY: &str = "]]></a><script>&\"'\r\n\t\u{1}--><!DOCTYPE x><?php ?><![CDATA[";

#[test]
fn xml_15_markup_in_values_stays_a_value() {
    let mut writer = Writer::new();
    writer
        .open("a")
        .attribute("b", CANARY)
        .text_element("c", CANARY)
        .open("d")
        .text(CANARY);
    let reply = writer.finish();

    let document = Document::parse(reply.as_bytes(), &Limits::default()).unwrap();

    let said = CANARY.replace('\u{1}', "\u{FFFD}");
    assert_eq!(document.root().attribute("b"), Some(said.as_str()));
    assert_eq!(
        document
            .root()
            .children()
            .map(|child| child.text().unwrap())
            .collect::<Vec<_>>(),
        [&said, &said]
    );
    assert!(!reply.contains('\u{1}') && !reply.contains("<script"));
}

#[test]
fn xml_15_the_writer_closes_what_it_opened() {
    let mut writer = Writer::with_capacity(64);
    writer
        .open("a")
        .attribute("xmlns:p", "urn:p")
        .open("p:b")
        .close()
        .raw("<c/>")
        .open("d")
        .text("");
    // An attribute after content would be no attribute.
    writer.attribute("late", "x");

    assert_eq!(writer.finish(), r#"<a xmlns:p="urn:p"><p:b/><c/><d></d></a>"#);
}

proptest! {
    /// Any characters at all, those that XML excludes included.
    #[test]
    fn xml_15_anything_escaped_is_well_formed(chars in vec(prop_oneof![any::<char>(), prop::char::range('\0', '\u{3F}')], 0..40)) {
        let text = String::from_iter(chars);
        let mut bytes = String::from("<x a=\"");
        escape::text(&mut bytes, &text);
        bytes.push_str("\">");
        escape::text(&mut bytes, &text);
        bytes.push_str("</x>");
        let document = Document::parse(bytes.as_bytes(), &Limits::default()).unwrap();
        let said = document.root().text().unwrap();
        prop_assert_eq!(said.chars().count(), text.chars().count());
        prop_assert_eq!(document.root().attribute("a"), Some(said));
        for (read, sent) in said.chars().zip(text.chars()) {
            let is_right = read == sent || read == '\u{FFFD}';
            prop_assert!(is_right, "read {:?} for {:?}", read, sent);
        }
    }
}
