//! Each limit at its bound and one past it.

use xds_xua::{Assertion, Limits, Refused, Rules, Validator};

use crate::support::{
    NOW, check, envelope, good, node, rsa, rules, signed_with, spec, text, trust, validate_as,
};

fn with_limits(assertion: &str, limits: Limits) -> Result<Assertion, Refused> {
    let rules = Rules { limits, ..rules() };
    validate_as(
        &envelope(assertion),
        &Validator::new(trust(), rules),
        &node("n1", "h1"),
        NOW,
    )
}

#[track_caller]
fn at_and_past(assertion: &str, at: Limits, past: Limits) {
    assert!(with_limits(assertion, at).is_ok(), "at the limit");
    assert_eq!(with_limits(assertion, past).unwrap_err().code(), "XUA-M02");
}

#[test]
fn limits_of_the_whole() {
    let good = good();
    let default = Limits::default();
    at_and_past(
        &good,
        Limits {
            assertion_bytes_max: good.len(),
            ..default
        },
        Limits {
            assertion_bytes_max: good.len() - 1,
            ..default
        },
    );
    let elements = good.matches("</").count();
    at_and_past(
        &good,
        Limits {
            elements_max: elements,
            ..default
        },
        Limits {
            elements_max: elements - 1,
            ..default
        },
    );
    // Assertion, Signature, SignedInfo, Reference, Transforms, Transform.
    at_and_past(
        &good,
        Limits {
            depth_max: 6,
            ..default
        },
        Limits {
            depth_max: 5,
            ..default
        },
    );
    // code, codeSystem, displayName, xsi:type.
    at_and_past(
        &good,
        Limits {
            xml_attributes_max: 4,
            ..default
        },
        Limits {
            xml_attributes_max: 3,
            ..default
        },
    );
}

#[test]
fn limits_of_attributes() {
    let default = Limits::default();
    at_and_past(
        &good(),
        Limits {
            attributes_max: 7,
            ..default
        },
        Limits {
            attributes_max: 6,
            ..default
        },
    );
    let mut spec = spec();
    for number in 0..5 {
        spec.attributes
            .push(("urn:many".to_owned(), text(&format!("v{number}"))));
    }
    let many = rsa().issue(&spec).unwrap();
    at_and_past(
        &many,
        Limits {
            values_max: 5,
            ..default
        },
        Limits {
            values_max: 4,
            ..default
        },
    );
}

#[test]
fn limits_of_values() {
    let default = Limits::default();
    let long = |bytes: usize| signed_with("yamada@h1.example", &"x".repeat(bytes));
    assert!(check(&long(1_024)).is_ok());
    assert_eq!(check(&long(1_025)).unwrap_err().code(), "XUA-M02");
    let name = |bytes: usize| {
        signed_with(
            "urn:oasis:names:tc:xspa:1.0:subject:organization\"",
            &format!("{}\"", "x".repeat(bytes)),
        )
    };
    assert!(check(&name(1_024)).is_ok());
    assert_eq!(check(&name(1_025)).unwrap_err().code(), "XUA-M02");
    let value = |bytes: usize| signed_with("中央病院", &"x".repeat(bytes));
    assert!(check(&value(1_024)).is_ok());
    assert_eq!(check(&value(1_025)).unwrap_err().code(), "XUA-M02");
    let audience = signed_with(
        "<saml2:Audience>",
        "<saml2:Audience>urn:b</saml2:Audience><saml2:Audience>",
    );
    at_and_past(
        &audience,
        Limits {
            audiences_max: 2,
            ..default
        },
        Limits {
            audiences_max: 1,
            ..default
        },
    );
}

#[test]
fn limits_of_repeated_statements() {
    let default = Limits::default();
    let confirmation = "<saml2:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"></saml2:SubjectConfirmation>";
    let two = signed_with("</saml2:NameID>", &format!("</saml2:NameID>{confirmation}"));
    at_and_past(
        &two,
        Limits {
            confirmations_max: 2,
            ..default
        },
        Limits {
            confirmations_max: 1,
            ..default
        },
    );
    let unsigned = rsa().write(&spec());
    let start = unsigned.find("<saml2:AuthnStatement").unwrap();
    let end = unsigned.find("<saml2:AttributeStatement").unwrap();
    let two = rsa()
        .sign(&format!(
            "{}{}{}",
            &unsigned[..end],
            &unsigned[start..end],
            &unsigned[end..]
        ))
        .unwrap();
    at_and_past(
        &two,
        Limits {
            authn_statements_max: 2,
            ..default
        },
        Limits {
            authn_statements_max: 1,
            ..default
        },
    );
}

/// The order of the schema, and nothing that it does not know.
#[test]
fn form_of_the_assertion() {
    for (from, to, code) in [
        ("Version=\"2.0\"", "Version=\"1.1\"", "XUA-M04"),
        ("<saml2:Subject>", "text<saml2:Subject>", "XUA-M01"),
        (
            "<saml2:Subject>",
            "<saml2:Other></saml2:Other><saml2:Subject>",
            "XUA-M01",
        ),
        (
            "<saml2:Subject>",
            "<x xmlns=\"urn:x\"></x><saml2:Subject>",
            "XUA-M01",
        ),
        (
            "<saml2:Conditions ",
            "<saml2:Advice></saml2:Advice><saml2:Conditions ",
            "XUA-M08",
        ),
        (
            "</saml2:Conditions>",
            "</saml2:Conditions><saml2:Subject></saml2:Subject>",
            "XUA-M01",
        ),
        (
            "</saml2:Conditions>",
            "</saml2:Conditions><saml2:Conditions></saml2:Conditions>",
            "XUA-M01",
        ),
        (" Version=\"2.0\"", " Version=\"2.0\" extra=\"\"", "XUA-M01"),
        (
            "<saml2:Subject>",
            "<saml2:Issuer></saml2:Issuer><saml2:Subject>",
            "XUA-M01",
        ),
    ] {
        assert_eq!(check(&signed_with(from, to)).unwrap_err().code(), code, "{to}");
    }
}
