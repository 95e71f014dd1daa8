//! XML-12: an id is one text, however it is written, and a comment in it makes it none.

use xds_xml::{Document, Limits, TextError, XmlErrorKind};

use crate::support::verdict;

fn text_of(content: &str) -> Result<String, TextError> {
    let bytes = format!("<x>{content}</x>");
    let document = Document::parse(bytes.as_bytes(), &Limits::default()).unwrap();
    document.root().text().map(str::to_owned)
}

#[test]
fn xml_12_cdata_and_references_are_joined() {
    for content in [
        "1.2.3",
        "<![CDATA[1.2.3]]>",
        "<![CDATA[1.2]]>.3",
        "1<![CDATA[]]>.2.3",
        "<![CDATA[1.]]><![CDATA[2.3]]>",
        "1&#46;2&#x2E;3",
        "&#49;<![CDATA[.2.]]>3",
    ] {
        assert_eq!(text_of(content).as_deref(), Ok("1.2.3"), "{content}");
    }
}

#[test]
fn xml_12_a_comment_anywhere_in_it_is_an_error() {
    for content in [
        "1.2.<!-- -->3",
        "<!---->1.2.3",
        "1.2.3<!---->",
        "<![CDATA[1.2]]><!---->.3",
        "<!---->",
    ] {
        assert_eq!(text_of(content), Err(TextError::Comment), "{content}");
    }
}

#[test]
fn xml_12_a_child_element_in_it_is_an_error() {
    for content in ["1.2.<y/>3", "<y>1.2.3</y>", "1.2.3<y/>", "<y/>", "<!----><y/>"] {
        assert_eq!(text_of(content), Err(TextError::ChildElement), "{content}");
    }
}

#[test]
fn xml_12_a_processing_instruction_refuses_the_document() {
    assert_eq!(
        verdict(b"<x>1.2.<?a?>3</x>"),
        Err(XmlErrorKind::ProcessingInstruction)
    );
}

#[test]
fn xml_12_text_in_one_piece_is_borrowed_from_the_input() {
    let bytes = b"<x><a>1.2.3</a><b><![CDATA[1.2.3]]></b></x>";
    let document = Document::parse(bytes, &Limits::default()).unwrap();

    for element in document.root().children() {
        assert!(
            bytes.as_ptr_range().contains(&element.text().unwrap().as_ptr()),
            "{element:?}"
        );
    }
}

#[test]
fn xml_12_comments_between_elements_are_no_fault_of_theirs() {
    let document = Document::parse(b"<x><!-- a --><y>1</y><!-- b --></x>", &Limits::default()).unwrap();

    assert_eq!(document.root().child("", "y").map(|y| y.text()), Some(Ok("1")));
}
