use proptest::prelude::*;
use xds_soap::{ContentTypeError, Packaging, Refusal};

fn mtom(boundary: &str, start: Option<&str>) -> Packaging {
    Packaging::Mtom {
        boundary: boundary.to_owned(),
        start: start.map(str::to_owned),
    }
}

/// A multipart Content-Type that lacks only its boundary parameter.
fn with_boundary(parameter: &str) -> Result<Packaging, ContentTypeError> {
    Packaging::parse(&format!(
        "multipart/related; type=\"application/xop+xml\"{parameter}"
    ))
}

#[test]
fn simple_is_read() {
    for good in [
        "application/soap+xml",
        "application/soap+xml; charset=UTF-8; action=\"urn:ihe:iti:2007:RegistryStoredQuery\"",
        "Application/SOAP+XML;charset=utf-8",
        " application/soap+xml ; charset=\"UTF-8\" ; ",
        "application/soap+xml;;charset=utf-8;",
        xds_soap::SIMPLE_CONTENT_TYPE,
    ] {
        assert_eq!(Packaging::parse(good), Ok(Packaging::Simple), "{good}");
    }
}

#[test]
fn mtom_is_read_whatever_the_order_and_case_of_names() {
    let axis = "multipart/related; boundary=MIMEBoundary_1; type=\"application/xop+xml\"; \
                start=\"<0.root@apache.org>\"; start-info=\"application/soap+xml\"; action=\"urn:x\"";
    assert_eq!(
        Packaging::parse(axis),
        Ok(mtom("MIMEBoundary_1", Some("<0.root@apache.org>")))
    );
    let odd = "Multipart/Related;START-INFO=\"application/soap+xml; action=\\\"urn:x\\\"\";\
               TYPE=\"Application/xop+xml\";Boundary=\"uuid:a+b/c=d?e,f(g)h'i:17\"";
    assert_eq!(Packaging::parse(odd), Ok(mtom("uuid:a+b/c=d?e,f(g)h'i:17", None)));
}

#[test]
fn refusals_are_typed() {
    use ContentTypeError as E;
    let cases = [
        ("", E::Malformed),
        ("application", E::Malformed),
        ("application/", E::Malformed),
        ("application/soap+xml charset=utf-8", E::Malformed),
        ("application/soap+xml; charset", E::Malformed),
        ("application/soap+xml; charset=", E::Malformed),
        ("application/soap+xml; charset = utf-8", E::Malformed),
        ("application/soap+xml; charset=\"utf-8", E::Malformed),
        ("application/soap+xml; a=\"\u{0}\"", E::Malformed),
        (
            "application/soap+xml; charset=utf-8; Charset=utf-8",
            E::DuplicateParameter,
        ),
        ("application/soap+xml; charset=UTF-16", E::Charset),
        ("application/soap+xml; charset=iso-8859-1", E::Charset),
        ("application/xml", E::UnsupportedMediaType),
        ("application/json", E::UnsupportedMediaType),
        ("multipart/form-data; boundary=a", E::UnsupportedMediaType),
        ("text/xml; charset=utf-8", E::Soap11),
        ("multipart/related; boundary=a", E::NotXop),
        ("multipart/related; boundary=a; type=\"text/xml\"", E::NotXop),
        (
            "multipart/related; boundary=a; type=\"application/xop+xml\"; start-info=\"text/xml\"",
            E::NotSoap12,
        ),
    ];
    for (header, expected) in cases {
        assert_eq!(Packaging::parse(header), Err(expected), "{header}");
    }
    assert_eq!(E::UnsupportedMediaType.refusal(), Refusal::UnsupportedMediaType);
    assert_eq!(E::Soap11.refusal(), Refusal::ReadEnvelope);
    assert_eq!(E::Charset.refusal(), Refusal::SenderFault);
}

#[test]
fn an_overlong_header_is_refused() {
    let long = format!("application/soap+xml; a={}", "x".repeat(4096));
    assert_eq!(Packaging::parse(&long), Err(ContentTypeError::Malformed));
    let many: String = (0..33).map(|n| format!("; p{n}=x")).collect();
    let header = format!("application/soap+xml{many}");
    assert_eq!(Packaging::parse(&header), Err(ContentTypeError::Malformed));
}

#[test]
fn http_09_boundary_parameter() {
    use ContentTypeError as E;
    let seventy = "b".repeat(70);
    assert_eq!(
        with_boundary(&format!("; boundary={seventy}")),
        Ok(mtom(&seventy, None))
    );
    assert_eq!(with_boundary("; BOUNDARY=Ab"), Ok(mtom("Ab", None)));
    let cases = [
        (String::new(), E::MissingBoundary),
        ("; boundary=\"\"".to_owned(), E::MalformedBoundary),
        ("; boundary=".to_owned(), E::Malformed),
        (format!("; boundary={seventy}b"), E::MalformedBoundary),
        ("; boundary=\"a;b\"".to_owned(), E::MalformedBoundary),
        ("; boundary=\"a\\\"b\"".to_owned(), E::MalformedBoundary),
        ("; boundary=\"a \"".to_owned(), E::MalformedBoundary),
        ("; boundary=\"é\"".to_owned(), E::MalformedBoundary),
        ("; boundary=a:b".to_owned(), E::Malformed),
        ("; boundary=a; boundary=a".to_owned(), E::DuplicateParameter),
        ("; boundary=a; Boundary=b".to_owned(), E::DuplicateParameter),
    ];
    for (parameter, expected) in cases {
        assert_eq!(with_boundary(&parameter), Err(expected), "{parameter}");
    }
}

proptest! {
    #[test]
    fn any_header_is_read_without_panic(header in "\\PC{0,200}") {
        let _ = Packaging::parse(&header);
    }

    #[test]
    fn any_multipart_header_is_read_without_panic(rest in "[ -~]{0,80}") {
        if let Ok(Packaging::Mtom { boundary, .. }) = Packaging::parse(&format!("multipart/related;{rest}")) {
            prop_assert!((1..=70).contains(&boundary.len()));
        }
    }
}
