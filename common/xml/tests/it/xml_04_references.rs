//! XML-04: references. What is refused is in the corpus; here is what the others mean.

use xds_xml::{Document, Limits};

#[test]
fn xml_04_the_five_and_characters_mean_what_xml_says() {
    for (written, meant) in [
        ("A&amp;B", "A&B"),
        ("&lt;&gt;&quot;&apos;", "<>\"'"),
        ("&amp;amp;", "&amp;"),
        ("&#38;lt;", "&lt;"),
        ("&#65;&#x42;&#x000043;", "ABC"),
        ("&#x20BB7;\u{20BB7}", "𠮷𠮷"),
        ("a&#10;&#13;&#9;b", "a\n\r\tb"),
    ] {
        let bytes = format!("<x a=\"{written}\">{written}</x>");
        let document = Document::parse(bytes.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(document.root().text(), Ok(meant), "{written}");
        assert_eq!(document.root().attribute("a"), Some(meant), "{written}");
    }
}
