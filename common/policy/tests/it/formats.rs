//! The domain as a file: what is written can be read, and what is wrong is told with its place.

use xds_policy::format::{self, DomainFile, FormatError};
use xds_policy::words::Purpose;

use crate::fixture::*;

fn full() -> DomainFile {
    let mut file = domain();
    for world in [scoped(), on_query()] {
        file.consents.extend(world.file.consents.into_iter().skip(1));
    }
    file.legal_orders = law().file.legal_orders;
    file.break_glass_sessions = emergency().file.break_glass_sessions;
    file
}

#[test]
fn what_is_written_is_read_and_keeps_its_hashes() {
    let text = format::to_string(&full()).unwrap();
    let read = format::from_str(&text).unwrap();
    assert_eq!(format::to_string(&read).unwrap(), text);
    let hash = |file: &DomainFile| file.joint_use_agreements[0].reference().hash;
    assert_eq!(hash(&read), hash(&full()));
}

/// The hash of a version is part of the record of decisions: it never changes.
#[test]
fn a_known_version_has_its_known_hash() {
    use xds_policy::instruments::refusal::RefusalLevel;
    use xds_policy::version::Version;
    let mut draft = draft("r", refusal(RefusalLevel::Network));
    draft.evidence = None;
    let expected = concat!(
        "refusal\n",
        r#"{"approved_by":["事務局長 鈴木"],"effective_from":"2026-03-31T15:00:00Z","#,
        r#""effective_to":"2028-03-31T15:00:00Z","entered_at":"2026-03-31T15:00:00Z","#,
        r#""entered_by":"事務局 佐藤","id":"r","terms":{"given_by":"PATIENT","includes_emergency":false,"#,
        r#""level":"NETWORK","patient":"P0001^^^&1.2.392.200036.9125&ISO"},"version":1}"#
    );
    let hash = Version::seal(draft).unwrap().reference().hash;
    assert_eq!(hash, xds_policy::hash::ContentHash::of_bytes(expected.as_bytes()));
}

/// What was read from the evidence file since is no part of the content.
#[test]
fn a_later_look_at_the_evidence_changes_no_hash() {
    let mut file = full();
    let before = file.consents[0].reference().hash;
    rewrite(&mut file.consents, "enrol-P", |d| {
        d.evidence_found = Some(evidence("x").sha256)
    });
    assert_eq!(file.consents[0].reference().hash, before);
    let text = format::to_string(&file).unwrap();
    let read = format::from_str(&text).unwrap();
    let found = read
        .consents
        .iter()
        .find(|consent| consent.id.as_str() == "enrol-P");
    assert_eq!(found.unwrap().evidence_found, Some(evidence("x").sha256));
}

fn broken(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut value: serde_json::Value = serde_json::to_value(full()).unwrap();
    change(&mut value);
    let text = serde_json::to_string_pretty(&value).unwrap();
    format::from_str(&text).unwrap_err().to_string()
}

#[track_caller]
fn says(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "{error} does not say {part}");
    }
}

#[test]
fn errors_say_what_and_where() {
    let error = broken(|v| v["consents"][1]["terms"]["purpose"] = "TREAT".into());
    says(&error, &["consents[1].terms", "unknown field `purpose`"]);
    let error = broken(|v| v["organisations"][2]["effective_from"] = "yesterday".into());
    says(&error, &["organisations[2].effective_from", "RFC 3339"]);
    let error = broken(|v| v["refusal"] = serde_json::json!([]));
    says(&error, &["refusal", "unknown field"]);
    let error = broken(|v| v["format"] = "renkei-domain/2".into());
    says(&error, &["format", "renkei-domain/1"]);
    let error = broken(|v| v["joint_use_agreements"][0]["terms"]["title"] = "改竄".into());
    says(&error, &["joint_use_agreements[0]", "hash", "JA-1"]);
    let error = broken(|v| v["organisations"][0]["version"] = 0.into());
    says(&error, &["organisations[0]", "numbered from 1"]);
    let error = broken(|v| v["organisations"][0]["effective_to"] = "2001-01-01T00:00:00Z".into());
    says(&error, &["organisations[0]", "ends before it begins"]);
    let error = broken(|v| {
        v["domain_policies"][0]["terms"]["order"] = serde_json::json!(["CONSENT", "OWN"]);
    });
    says(&error, &["domain_policies[0].terms.order", "JOINT and CONSENT"]);
    assert!(matches!(
        format::from_str("{").unwrap_err(),
        FormatError::Text { line: 1, .. }
    ));
}

/// What serde says of a wrong value would show it: nothing of a patient may be in an error.
#[test]
fn errors_do_not_show_patients() {
    let error = broken(|v| v["consents"][0]["terms"]["patient"] = 12345.into());
    says(
        &error,
        &["consents[0].terms.patient", "invalid type, expected a string"],
    );
    assert!(!error.contains("12345"), "{error}");
    let error = broken(|v| v["consents"][0]["terms"]["model"] = "山田, expected 太郎".into());
    says(
        &error,
        &[
            "consents[0].terms.model",
            "unknown variant, expected one of `SCOPED`",
        ],
    );
    assert!(!error.contains("山田") && !error.contains("太郎"), "{error}");
}

#[test]
fn parts_fit_each_other() {
    let problems = |change: fn(&mut DomainFile)| {
        let mut file = full();
        change(&mut file);
        let problems = format::check(&file);
        let text = format::to_string(&file).unwrap();
        assert_eq!(format::from_str(&text).is_err(), !problems.is_empty());
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(problems(|_| {}), "");
    says(
        &problems(|f| f.organisations.push(f.organisations[0].clone())),
        &["organisation H1 version 1", "twice"],
    );
    says(
        &problems(|f| rewrite(&mut f.consents, "enrol-P", |d| d.version = 3)),
        &["consent enrol-P version 3", "missing"],
    );
    says(
        &problems(|f| f.domain_policies.push(seal("other", Default::default()))),
        &["one policy"],
    );
    says(
        &problems(|f| drop(f.legal_entities.pop())),
        &["organisation OP version 1", "no legal entity EOP"],
    );
    says(
        &problems(|f| f.organisations.retain(|o| o.id.as_str() != "C1")),
        &["joint_use_agreement JA-1", "no organisation C1"],
    );
    says(
        &problems(|f| f.consent_texts.clear()),
        &["consent enrol-P", "no instrument text-1"],
    );
    says(
        &problems(|f| {
            rewrite(&mut f.joint_use_agreements, "JA-1", |d| {
                d.terms.purposes.insert(Purpose::Research);
            });
        }),
        &["JA-1", "purpose HRESCH"],
    );
}

/// Only joint use and consent may change places.
#[test]
fn the_order_of_bases() {
    use xds_policy::basis::Basis::{self, *};
    use xds_policy::instruments::policy::BasisOrder;
    assert!(BasisOrder::try_from(vec![Own, Entrust, Consent, Joint, Law, Emergency]).is_ok());
    for wrong in [
        vec![Entrust, Own, Joint, Consent, Law, Emergency],
        vec![Own, Entrust, Joint, Consent, Emergency, Law],
        vec![Own, Entrust, Joint, Consent, Law],
        vec![],
    ] {
        assert!(BasisOrder::try_from(wrong).is_err());
    }
    let both = |order| {
        scoped().with(|world| {
            rewrite(&mut world.file.joint_use_agreements, "JA-1", |d| {
                d.terms.users = agreement(&["H1", "C2"]).users;
            });
            rewrite(&mut world.file.domain_policies, "policy", |d| {
                d.terms.order = order
            });
        })
    };
    let basis = |order| both(order).decide().permit().unwrap().basis;
    assert_eq!(basis(BasisOrder::JointFirst), Basis::Joint);
    assert_eq!(basis(BasisOrder::ConsentFirst), Basis::Consent);
}
