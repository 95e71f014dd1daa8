//! R8: each limit at it, one past it, and ten times it.

use xds_xml::{Document, Limits, XmlErrorKind};

use crate::support::verdict_within;

/// `document(n)` uses n of what is limited to 100.
fn assert_limit(limits: Limits, kind: XmlErrorKind, document: impl Fn(usize) -> String) {
    for (size, expected) in [(99, Ok(())), (100, Ok(())), (101, Err(kind)), (1000, Err(kind))] {
        assert_eq!(
            verdict_within(document(size).as_bytes(), &limits),
            expected,
            "{kind:?} {size}"
        );
    }
    assert!(kind.is_limit());
}

#[test]
fn defaults_are_those_of_the_hardening_catalogue() {
    let limits = Limits::default();
    assert_eq!(limits.document_bytes_max, 8 * 1024 * 1024);
    assert_eq!((limits.depth_max, limits.elements_max), (64, 200_000));
    assert_eq!((limits.attributes_max, limits.namespaces_max), (64, 32));
    assert_eq!(
        (limits.attribute_bytes_max, limits.text_bytes_max),
        (64 * 1024, 1024 * 1024)
    );
}

#[test]
fn document_bytes() {
    let limits = Limits {
        document_bytes_max: 100,
        ..Limits::default()
    };
    assert_limit(limits, XmlErrorKind::DocumentTooLarge, |size| {
        format!("<x>{}</x>", "a".repeat(size - 7))
    });
}

#[test]
fn depth() {
    let limits = Limits {
        depth_max: 100,
        ..Limits::default()
    };
    assert_limit(limits, XmlErrorKind::TooDeep, |size| {
        format!("{}<x/>{}", "<x>".repeat(size - 1), "</x>".repeat(size - 1))
    });
}

#[test]
fn elements() {
    let limits = Limits {
        elements_max: 100,
        ..Limits::default()
    };
    assert_limit(limits, XmlErrorKind::TooManyElements, |size| {
        format!("<x>{}</x>", "<y/>".repeat(size - 1))
    });
}

#[test]
fn attributes() {
    let limits = Limits {
        attributes_max: 100,
        ..Limits::default()
    };
    assert_limit(limits, XmlErrorKind::TooManyAttributes, |size| {
        let attributes: String = (0..size).map(|index| format!(" a{index}=''")).collect();
        format!("<x><y xmlns='urn:a'{attributes}/></x>")
    });
}

#[test]
fn namespaces_of_an_element() {
    let limits = Limits {
        namespaces_max: 100,
        namespaces_in_scope_max: 2000,
        ..Limits::default()
    };
    assert_limit(limits, XmlErrorKind::TooManyNamespaces, |size| {
        let declarations: String = (0..size)
            .map(|index| format!(" xmlns:a{index}='urn:a'"))
            .collect();
        format!("<x a=''><y{declarations}/></x>")
    });
}

#[test]
fn namespaces_in_scope() {
    let limits = Limits {
        namespaces_in_scope_max: 100,
        depth_max: 1001,
        ..Limits::default()
    };
    assert_limit(limits, XmlErrorKind::TooManyNamespaces, |size| {
        format!("{}{}", "<x xmlns='urn:a'>".repeat(size), "</x>".repeat(size))
    });
    // What ended is no longer in scope.
    let document = format!("<x>{}</x>", "<y xmlns='urn:a'/>".repeat(1000));
    assert_eq!(verdict_within(document.as_bytes(), &limits), Ok(()));
}

#[test]
fn attribute_bytes() {
    let limits = Limits {
        attribute_bytes_max: 100,
        ..Limits::default()
    };
    assert_limit(limits, XmlErrorKind::AttributeTooLong, |size| {
        format!("<x a='{}'/>", "a".repeat(size))
    });
    assert_limit(limits, XmlErrorKind::AttributeTooLong, |size| {
        format!("<x a='{}'/>", "&amp;".repeat(size))
    });
    assert_limit(limits, XmlErrorKind::AttributeTooLong, |size| {
        format!("<x xmlns='{}'/>", "a".repeat(size))
    });
}

#[test]
fn text_bytes() {
    let limits = Limits {
        text_bytes_max: 100,
        ..Limits::default()
    };
    let kind = XmlErrorKind::TextTooLong;
    assert_limit(limits, kind, |size| format!("<x>{}</x>", "a".repeat(size)));
    assert_limit(limits, kind, |size| format!("<x>{}</x>", "&amp;".repeat(size)));
    assert_limit(limits, kind, |size| {
        format!("<x>{}</x>", "a<!-- -->".repeat(size))
    });
    assert_limit(limits, kind, |size| {
        format!("<x>{}</x>", "<![CDATA[a]]>".repeat(size))
    });
    assert_limit(limits, kind, |size| {
        format!("<x><y/>{}</x>", "<![CDATA[a]]>".repeat(size))
    });
    // A tag starts a new text.
    let document = format!("<x>{}</x>", "aaa<y/>".repeat(100));
    assert_eq!(verdict_within(document.as_bytes(), &limits), Ok(()));
}

#[test]
fn name_bytes() {
    let limits = Limits {
        name_bytes_max: 100,
        ..Limits::default()
    };
    let kind = XmlErrorKind::NameTooLong;
    assert_limit(limits, kind, |size| format!("<{}/>", "a".repeat(size)));
    assert_limit(limits, kind, |size| format!("<x {}=''/>", "a".repeat(size)));
    assert_limit(limits, kind, |size| {
        format!("<x xmlns:{}='urn:a'/>", "a".repeat(size - 6))
    });
}

#[test]
fn errors_say_rule_and_place_and_nothing_of_the_document() {
    let bytes = "<x>\n<y>山田太郎</山田太郎>".as_bytes();

    let error = Document::parse(bytes, &Limits::default()).unwrap_err();

    assert_eq!(
        error.to_string(),
        "an end tag that does not match (line 2, column 16)"
    );
    assert_eq!((error.offset(), error.kind().is_limit()), (19, false));
    assert!(!format!("{error:?}").contains('山'));
}
