//! Good assertions by signers that are not ours: all are accepted, and read as they were written.

use crate::support::{NOW, node, rules, trust, validate_as};
use xds_xua::Validator;

const FILES: [&str; 3] = [
    include_str!("../data/outside/xmlsec1.txt"),
    include_str!("../data/outside/signxml.txt"),
    include_str!("../data/outside/java.txt"),
];

/// Title and message of every sample.
pub(crate) fn samples() -> Vec<(&'static str, &'static str)> {
    let mut samples = Vec::new();
    for file in FILES {
        for sample in file.strip_prefix("=== ").unwrap().split("\n=== ") {
            samples.push(sample.split_once('\n').unwrap());
        }
    }
    samples
}

#[test]
fn two_hundred_good_assertions_of_three_outside_signers_are_accepted() {
    let validator = Validator::new(trust(), rules());
    let samples = samples();
    assert_eq!(samples.len(), 200);
    let mut refused = Vec::new();
    for (title, message) in &samples {
        match validate_as(message, &validator, &node("n1", "h1"), NOW) {
            Ok(assertion) => {
                let number = title.split(' ').nth(1).unwrap();
                let claims = assertion.claims();
                assert_eq!(claims.name_id, format!("user{number}@h1.example"), "{title}");
                assert_eq!(claims.patients[0].id(), format!("P{number}"), "{title}");
                assert_eq!(
                    claims.purposes[0].display_name.as_deref(),
                    Some("a\tb\nc\""),
                    "{title}"
                );
                assert_eq!(assertion.users().len(), 1, "{title}");
                assert!(assertion.is_two_factor(), "{title}");
            }
            Err(reason) => refused.push(format!("{title}: {} {reason}", reason.code())),
        }
    }
    assert!(
        refused.is_empty(),
        "{} refused:\n{}",
        refused.len(),
        refused.join("\n")
    );
}

#[test]
fn every_allowed_algorithm_is_among_the_samples() {
    let titles: Vec<&str> = samples().into_iter().map(|(title, _)| title).collect();
    for name in [
        "rsa http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "rsa http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        "rsa http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        "rsa http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "rsa http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
        "rsa http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
        "p256 http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "p256 http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        "p256 http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
        "p384 http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
        "p384 http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
        "p384 http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
    ] {
        let signers = ["xmlsec1", "signxml", "java"]
            .into_iter()
            .filter(|signer| {
                titles
                    .iter()
                    .any(|title| title.starts_with(signer) && title.contains(name))
            })
            .count();
        assert!(signers >= 2, "{name}: {signers}");
    }
    assert!(titles.iter().any(|title| title.ends_with("[xs #default xsi]")));
}
