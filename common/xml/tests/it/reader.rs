//! The pull reader.

use xds_xml::{Event, Limits, Reader, XmlErrorKind};

fn reader(bytes: &[u8]) -> Reader<'_> {
    Reader::new(bytes, &Limits::default()).unwrap()
}

#[test]
fn text_between_two_tags_is_one_event() {
    let mut reader = reader(b"<x>a&amp;b<![CDATA[<c>]]><!-- -->d\r\n<y/></x>");

    assert!(matches!(reader.read(), Ok(Event::Start(start)) if start.is("", "x")));
    assert!(
        matches!(reader.read(), Ok(Event::Text(text)) if text.value() == "a&b<c>d\n" && text.is_commented())
    );
    assert!(matches!(reader.read(), Ok(Event::Start(start)) if start.local() == "y" && start.offset() == 36));
    assert!(matches!(reader.read(), Ok(Event::End)));
    assert!(matches!(reader.read(), Ok(Event::End)));
    assert!(matches!(reader.read(), Ok(Event::Eof)));
    assert!(matches!(reader.read(), Ok(Event::Eof)));
}

#[test]
fn attributes_of_every_tag_are_its_own() {
    let mut reader = reader(br#"<x xmlns:p="urn:a" a="1"><y p:b="&lt;" c="3"/></x>"#);

    let Ok(Event::Start(x)) = reader.read() else {
        panic!("start")
    };
    assert_eq!(x.attributes().collect::<Vec<_>>(), [("", "a", "1")]);
    let Ok(Event::Start(y)) = reader.read() else {
        panic!("start")
    };
    assert_eq!(
        y.attributes().collect::<Vec<_>>(),
        [("urn:a", "b", "<"), ("", "c", "3")]
    );
    assert_eq!(
        (y.attribute("b"), y.attribute_ns("urn:a", "b"), y.attribute("c")),
        (None, Some("<"), Some("3"))
    );
    assert_eq!((y.namespace(), y.attributes().len()), ("", 2));
}

#[test]
fn an_error_is_final() {
    let mut reader = reader(b"<x></y></x>");

    assert!(matches!(reader.read(), Ok(Event::Start(_))));
    for _ in 0..3 {
        assert_eq!(reader.read().unwrap_err().kind(), XmlErrorKind::MismatchedEndTag);
    }
}

#[test]
fn debug_output_holds_no_text() {
    let mut reader = reader("<x a=\"山田\">太郎</x>".as_bytes());
    for _ in 0..2 {
        let shown = format!("{:?}", reader.read().unwrap());
        assert!(!shown.contains("山田") && !shown.contains("太郎"), "{shown}");
    }
}
