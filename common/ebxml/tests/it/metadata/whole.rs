//! The request as a whole.

use xds_model::RuleId::*;

use crate::support::{COMPLETE, changed, faults, received, summary};

#[test]
fn all_faults_are_collected() {
    let text = COMPLETE
        .replace(">20261124<", ">x<")
        .replace(">ja-JP<", ">x_y<")
        .replace("nodeRepresentation=\"CLASS\"", "nodeRepresentation=\"\"")
        .replace("\"1.2.392.9.8\"", "\"x\"")
        .replace(">Original<", ">x<");
    let rules: Vec<_> = faults(&text).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(
        rules,
        [TimeForm, LanguageForm, CodeForm, OidForm, SubmissionSetStatusForm]
    );
}

#[test]
fn order_prefixes_and_unknown_schemes_do_not_matter() {
    let other = COMPLETE
        .replace("rim:", "a:")
        .replace("xmlns:rim", "xmlns:a")
        .replace("lcm:", "b:")
        .replace("xmlns:lcm", "xmlns:b")
        .replace(
            "urn:oasis:names:tc:ebxml-regrep:xsd:a:3.0",
            "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
        )
        .replace(
            "urn:oasis:names:tc:ebxml-regrep:xsd:b:3.0",
            "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0",
        );
    assert_eq!(received(&other), received(COMPLETE));
    // Name before the slots, as in examples of the Technical Framework.
    let name = "<rim:Name><rim:LocalizedString value=\"Set\"/></rim:Name>";
    let moved = COMPLETE.replace(name, "").replace(
        "<rim:RegistryPackage id=\"SubmissionSet01\">",
        &format!("<rim:RegistryPackage id=\"SubmissionSet01\">{name}"),
    );
    assert_eq!(received(&moved), received(COMPLETE));
    // Codes and identifiers that nobody knows are kept.
    let code = "<rim:Classification classificationScheme=\"urn:uuid:00000000-0000-4000-8000-000000000001\" classifiedObject=\"Document01\" nodeRepresentation=\"X\" id=\"urn:uuid:00000000-0000-4000-8000-000000000002\"/>";
    let identifier = "<rim:ExternalIdentifier identificationScheme=\"urn:uuid:00000000-0000-4000-8000-000000000003\" registryObject=\"Document01\" value=\"v\" id=\"x\"/>";
    let with = changed(
        "</rim:ExtrinsicObject>",
        &format!("{code}{identifier}</rim:ExtrinsicObject>"),
    );
    let read = received(&with);
    assert_eq!(summary(&read.faults), []);
    let extras = &read.entries[0].extras;
    assert_eq!(extras.classifications[0].representation.as_deref(), Some("X"));
    assert!(extras.classifications[0].id.is_some());
    assert_eq!(
        (extras.identifiers[0].value.as_str(), extras.identifiers[0].id),
        ("v", None)
    );
}

#[test]
fn faults_say_what_was_found() {
    let read = received(&changed(">ja-JP<", ">ja_JP<"));
    assert_eq!(
        read.faults[0].context(),
        "languageCode 'ja_JP': languageCode is a tag of RFC 5646 such as ja-JP [MD-026, ITI TF-3 4.2.3.2.13]"
    );
    let long = received(&changed(">ja-JP<", &format!(">{}<", "語".repeat(200))));
    assert!(long.faults[0].found().chars().count() <= 121);
}
