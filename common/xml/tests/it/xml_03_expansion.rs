//! XML-03: nothing expands.

use std::time::Duration;

use xds_xml::XmlErrorKind;

use crate::support::{verdict, within};

#[test]
fn xml_03_billion_laughs() {
    let entities: String = (1..10)
        .map(|level| {
            format!(
                "<!ENTITY a{level} \"{}\">",
                format!("&a{};", level - 1).repeat(10)
            )
        })
        .collect();
    let document = format!("<!DOCTYPE l [<!ENTITY a0 \"lol\">{entities}]><l>&a9;</l>");

    let found = within(Duration::from_millis(10), || verdict(document.as_bytes()));

    assert_eq!(found, Err(XmlErrorKind::Doctype));
}

#[test]
fn xml_03_quadratic_blow_up() {
    let entity = "a".repeat(100_000);
    let document = format!(
        "<!DOCTYPE q [<!ENTITY a \"{entity}\">]><q>{}</q>",
        "&a;".repeat(10_000)
    );

    let found = within(Duration::from_millis(10), || verdict(document.as_bytes()));

    assert_eq!(found, Err(XmlErrorKind::Doctype));
}

/// The references that do pass never grow: five bytes or more become one character.
#[test]
fn xml_03_own_references_are_read_in_linear_time() {
    let document = format!("<q>{}</q>", "&amp;".repeat(1 << 20));

    assert_eq!(
        within(Duration::from_millis(250), || verdict(document.as_bytes())),
        Ok(())
    );
}
