//! XML-06: width is refused while it is read, before anything is compared with anything.

use std::time::Duration;

use xds_xml::{Document, Limits, XmlErrorKind};

use crate::support::{verdict, within};

const BOUND: Duration = Duration::from_millis(50);

fn attributes(count: usize) -> String {
    let attributes: String = (0..count).map(|index| format!(" a{index}=\"\"")).collect();
    format!("<x{attributes}/>")
}

fn declarations(count: usize) -> String {
    let declarations: String = (0..count).map(|index| format!(" xmlns:a{index}=\"u\"")).collect();
    format!("<x{declarations}/>")
}

#[test]
fn xml_06_64_attributes_and_32_declarations_are_the_limit() {
    assert_eq!(verdict(attributes(64).as_bytes()), Ok(()));
    assert_eq!(
        verdict(attributes(65).as_bytes()),
        Err(XmlErrorKind::TooManyAttributes)
    );
    assert_eq!(
        verdict(attributes(640).as_bytes()),
        Err(XmlErrorKind::TooManyAttributes)
    );
    assert_eq!(verdict(declarations(32).as_bytes()), Ok(()));
    assert_eq!(
        verdict(declarations(33).as_bytes()),
        Err(XmlErrorKind::TooManyNamespaces)
    );
    assert_eq!(
        verdict(declarations(320).as_bytes()),
        Err(XmlErrorKind::TooManyNamespaces)
    );
}

#[test]
fn xml_06_80_000_attributes() {
    let document = attributes(80_000);

    let found = within(BOUND, || verdict(document.as_bytes()));

    assert_eq!(found, Err(XmlErrorKind::TooManyAttributes));
}

#[test]
fn xml_06_a_million_declarations() {
    let document = declarations(1_000_000);

    let found = within(BOUND, || verdict(document.as_bytes()));

    assert_eq!(found, Err(XmlErrorKind::DocumentTooLarge));
}

#[test]
fn xml_06_as_many_declarations_as_fit_into_a_document() {
    let document = declarations(430_000);
    assert!(document.len() <= Limits::default().document_bytes_max);

    let found = within(BOUND, || {
        Document::parse(document.as_bytes(), &Limits::default()).map(drop)
    });

    assert_eq!(
        found.map_err(|error| error.kind()),
        Err(XmlErrorKind::TooManyNamespaces)
    );
}

/// The dearest document inside the limits that we know: as many lookups as fit, each through a full scope.
#[test]
fn xml_06_lookups_through_a_full_scope_stay_cheap() {
    let scope = |base: usize| -> String {
        (0..32)
            .map(|index| {
                format!(
                    " xmlns:{}=\"urn:a\"",
                    char::from(b'a' + (index % 26) as u8)
                        .to_string()
                        .repeat(base + index / 26)
                )
            })
            .collect()
    };
    let opening: String = (1..=4).map(|level| format!("<x{}>", scope(level * 2))).collect();
    let document = format!("{opening}{}{}", "<aa:y/>".repeat(190_000), "</x>".repeat(4));

    assert_eq!(
        within(Duration::from_millis(500), || verdict(document.as_bytes())),
        Ok(())
    );
}
