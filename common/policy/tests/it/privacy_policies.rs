//! Privacy policies of the domain (BPPC): what a file may declare, and what stays of it.

use serde_json::{Value, json};
use xds_policy::format::{self, DomainFile};
use xds_policy::instruments::acknowledgement::{Acknowledgement, PrivacyPolicy, Providers, RefusedLevel};
use xds_policy::instruments::consent::{Consent, ConsentModel, Organisations};
use xds_policy::instruments::policy::DomainPolicy;
use xds_policy::instruments::refusal::RefusalLevel;
use xds_policy::version::{Evidence, Version};
use xds_policy::words::PrivacyPolicyId;

use crate::fixture::*;

const CONSENT: &str = "1.2.392.1.1";
const REFUSAL: &str = "1.2.392.1.2";
const LIFT: &str = "1.2.392.1.3";

fn declared() -> Value {
    json!({
        CONSENT: { "CONSENT": { "model": "ENROLMENT", "text": { "id": "text-1", "version": 1 }, "providers": "AUTHOR",
                                "requesters": { "ALL_MEMBERS": {} }, "classes": "ALL", "purposes": ["TREAT"] } },
        REFUSAL: { "REFUSAL": { "level": "NETWORK" } },
        LIFT: { "LIFT": { "policies": [REFUSAL] } },
    })
}

/// The domain of the tests, with privacy policies in its rules.
fn with(policies: Value) -> Result<DomainFile, String> {
    let mut value = serde_json::to_value(domain()).unwrap();
    let policy = &mut value["domain_policies"][0];
    policy.as_object_mut().unwrap().remove("hash");
    policy["terms"]["privacy_policies"] = policies;
    format::from_str(&value.to_string()).map_err(|error| error.to_string())
}

#[test]
fn what_a_domain_declares_is_read_and_written() {
    let file = with(declared()).unwrap();
    let again = format::from_str(&format::to_string(&file).unwrap()).unwrap();
    assert_eq!(again, file);
    assert_eq!(file.domain_policies[0].terms.privacy_policies.len(), 3);
}

/// The hash of a version never changes with a release: what is new is left out when absent.
#[test]
fn a_domain_without_privacy_policies_is_written_as_before() {
    let text = serde_json::to_string(&domain()).unwrap();
    assert!(!text.contains("privacy_policies") && !text.contains("acknowledgement"));
    let before = domain().domain_policies[0].reference().hash;
    let after = with(json!({})).unwrap().domain_policies[0].reference().hash;
    assert_eq!(after, before);
}

#[test]
fn what_does_not_fit_is_refused() {
    let spoilt = |spoil: &dyn Fn(&mut Value)| {
        let mut policies = declared();
        spoil(&mut policies);
        with(policies).unwrap_err()
    };
    let error = spoilt(&|policies| policies["network"] = json!({ "REFUSAL": { "level": "NETWORK" } }));
    assert!(
        error.contains("privacy policy network: its name is no OID"),
        "{error}"
    );
    for lifted in [json!([]), json!([LIFT]), json!(["1.2.9"])] {
        let error = spoilt(&|policies| policies[LIFT]["LIFT"]["policies"] = lifted.clone());
        assert!(
            error.contains("it lifts what is not another privacy policy here"),
            "{error}"
        );
    }
    for (member, value) in [
        ("text", json!({ "id": "text-1", "version": 2 })),
        ("text", json!({ "id": "text-9", "version": 1 })),
        (
            "text",
            json!({ "id": "text-1", "version": 1, "hash": "0".repeat(64) }),
        ),
        ("model", json!("SCOPED")),
    ] {
        let error = spoilt(&|policies| policies[CONSENT]["CONSENT"][member] = value.clone());
        assert!(error.contains("there is no such version of its text"), "{error}");
    }
    let error = spoilt(&|policies| policies[CONSENT]["CONSENT"]["model"] = json!("ON_QUERY"));
    assert!(
        error.contains("a consent on query is given at a visit"),
        "{error}"
    );
    let error = spoilt(&|policies| policies[CONSENT]["CONSENT"]["purposes"] = json!(["HRESCH"]));
    assert!(
        error.contains("nobody is served for the purpose HRESCH"),
        "{error}"
    );
    let error = spoilt(&|policies| policies[REFUSAL]["REFUSAL"]["levels"] = json!("NETWORK"));
    assert!(error.contains("unknown field"), "{error}");
}

#[test]
fn when_the_rules_end_patients_can_refuse_still() {
    let file = with(declared()).unwrap();
    let lapsed: DomainPolicy = file.domain_policies[0].terms.lapsed();
    let left: Vec<&PrivacyPolicyId> = lapsed.privacy_policies.keys().collect();
    assert_eq!(left, [&PrivacyPolicyId::from(REFUSAL)]);
    assert!(matches!(
        lapsed.privacy_policies.values().next(),
        Some(PrivacyPolicy::Refusal(_))
    ));
}

#[test]
fn what_is_meant_by_the_author_is_the_organisation_that_it_comes_from() {
    let h1 = org("H1");
    assert_eq!(
        Providers::Author.of(&h1),
        Organisations::Listed([h1.clone()].into())
    );
    let except = [org("C3")].into();
    let all = Providers::AllMembers { except };
    assert_eq!(
        all.of(&h1),
        Organisations::AllMembers {
            except: [org("C3")].into()
        }
    );
    assert_eq!(
        Providers::Listed([org("C1")].into()).of(&h1),
        Organisations::Listed([org("C1")].into())
    );
    for (level, expected) in [
        (RefusedLevel::Network, RefusalLevel::Network),
        (RefusedLevel::Author, RefusalLevel::ProviderOrg(h1.clone())),
        (
            RefusedLevel::ProviderOrg(org("C1")),
            RefusalLevel::ProviderOrg(org("C1")),
        ),
        (
            RefusedLevel::RequesterOrg(org("C1")),
            RefusalLevel::RequesterOrg(org("C1")),
        ),
        (RefusedLevel::Class("x".into()), RefusalLevel::Class("x".into())),
        (
            RefusedLevel::Sensitivity("HIV".into()),
            RefusalLevel::Sensitivity("HIV".into()),
        ),
    ] {
        assert_eq!(level.of(&h1), expected);
    }
}

#[test]
fn a_consent_says_which_document_entered_it() {
    let document = Acknowledgement {
        policy: CONSENT.into(),
        domain_policy: 1,
        document: "1.2.3^4".into(),
        repository: "1.2.3".into(),
        entry: "urn:uuid:00000000-0000-4000-8000-000000000001".into(),
        organisation: org("H1"),
    };
    let mut terms: Consent = consent(ConsentModel::Scoped);
    let without = Version::seal(draft("c", terms.clone())).unwrap();
    terms.acknowledgement = Some(document.clone());
    let with = Version::seal(draft("c", terms)).unwrap();
    assert_ne!(with.reference().hash, without.reference().hash);
    let read: Version<Consent> = serde_json::from_value(serde_json::to_value(&with).unwrap()).unwrap();
    assert_eq!(read.terms.acknowledgement, Some(document));
    let evidence = Evidence::in_repository("1.2.3", "1.2.3^4", with.reference().hash);
    assert!(Evidence::is_in_repository(&evidence.file));
    assert!(!Evidence::is_in_repository("scan.pdf"));
}
