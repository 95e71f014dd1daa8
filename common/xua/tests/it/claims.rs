//! What a good assertion is read as.

use time::macros::datetime;
use xds_testkit::xua::AssertionSpec;
use xds_xua::{Assertion, Refused, names};

use crate::support::{ISSUER, ORGANISATION_ID, check, rsa, spec, text};

fn with(attributes: &[(&str, &str)]) -> Result<Assertion, Refused> {
    let mut spec: AssertionSpec = spec();
    spec.attributes.extend(
        attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), text(value))),
    );
    check(&rsa().issue(&spec).unwrap())
}

#[test]
fn every_claim_is_read() {
    let assertion = with(&[
        (names::NPI, "1234567890"),
        (names::CONSENT_DOCUMENT, "urn:oid:1.2.3"),
        (names::CONSENT_POLICY, "urn:oid:1.2.4"),
        (names::ENCOUNTER_ID, "E1"),
        (names::ENCOUNTER_START, "2026-12-31T20:00:00Z"),
        (names::ENCOUNTER_KIND, "outpatient"),
        (names::CONTRACTOR_OF, "entity-2"),
        (names::CONTRACT, "contract-7"),
    ])
    .unwrap();
    let claims = assertion.claims();
    assert_eq!(
        (
            assertion.id(),
            assertion.issuer(),
            assertion.organisation().0.as_str()
        ),
        ("_assertion-1", ISSUER, "h1")
    );
    assert_eq!(claims.name_id, "yamada@h1.example");
    assert_eq!(claims.subject_ids, ["山田 太郎 & Söhne"]);
    assert_eq!(claims.organizations, ["中央病院"]);
    assert_eq!(claims.organization_ids, [ORGANISATION_ID]);
    assert_eq!(claims.home_communities[0].oid().as_str(), "1.2.392.200270.1");
    assert_eq!(
        (
            claims.roles[0].code.as_str(),
            claims.roles[0].display_name.as_deref()
        ),
        ("physician", Some("physician <&\"> 表示名"))
    );
    assert_eq!(claims.patients[0].to_string(), "P1^^^&1.2.392.200270.1.9&ISO");
    assert_eq!(
        (claims.npis.as_slice(), claims.consent_documents.as_slice()),
        (
            ["1234567890".to_owned()].as_slice(),
            ["urn:oid:1.2.3".to_owned()].as_slice()
        )
    );
    let encounter = claims.encounter.as_ref().unwrap();
    assert_eq!(
        (encounter.id.as_str(), encounter.start, encounter.kind.as_deref()),
        ("E1", Some(datetime!(2026-12-31 20:00 UTC)), Some("outpatient"))
    );
    let contractor = claims.contractor.as_ref().unwrap();
    assert_eq!(
        (contractor.entity.as_str(), contractor.contract.as_str()),
        ("entity-2", "contract-7")
    );
    let users = assertion.users();
    assert_eq!(users.len(), 1);
    assert_eq!(
        (
            users[0].role.as_str(),
            users[0].purpose.as_str(),
            users[0].two_factor,
            users[0].by_default
        ),
        ("physician", "TREAT", true, false)
    );
    assert_eq!(users[0].issuer.as_deref(), Some(ISSUER));
    assert_eq!(
        assertion.audit_user_name(),
        format!("<yamada@h1.example@{ISSUER}>")
    );
}

#[test]
fn break_glass_is_complete_or_refused() {
    let reason = (names::BREAK_GLASS_REASON, "UNCONSCIOUS");
    let by = (names::BREAK_GLASS_ATTESTED_BY, "yamada@h1.example");
    let at = (names::BREAK_GLASS_ATTESTED_AT, "2026-12-31T23:50:00Z");
    let words = (names::BREAK_GLASS_TEXT, "意識なし");
    let declared = with(&[reason, by, at, words]).unwrap();
    let break_glass = declared.claims().break_glass.as_ref().unwrap();
    assert_eq!(
        (break_glass.reason.as_str(), break_glass.attested_at),
        ("UNCONSCIOUS", datetime!(2026-12-31 23:50 UTC))
    );
    assert!(with(&[reason, by, at]).is_ok());
    // The rest of a declaration stands with one only, and goes to whoever decides.
    let confirmed = (names::BREAK_GLASS_CONFIRMED, "true");
    let need = (names::BREAK_GLASS_NEED, "薬の確認");
    let hiv = (names::BREAK_GLASS_SENSITIVITY, "HIV");
    let second = [
        (names::BREAK_GLASS_SECOND_BY, "sato@h1.example"),
        (names::BREAK_GLASS_SECOND_ROLE, "physician"),
        (names::BREAK_GLASS_SECOND_AT, "2026-12-31T23:51:00Z"),
    ];
    let full = [vec![reason, by, at, confirmed, need, hiv], second.to_vec()].concat();
    let users = with(&full).unwrap().users();
    let emergency = users[0].declared.emergency.as_ref().unwrap();
    assert!(emergency.confirmed);
    assert_eq!(emergency.second.as_ref().unwrap().by, "sato@h1.example");
    let needed = &emergency.need.as_ref().unwrap().sensitivities;
    assert_eq!(needed.iter().collect::<Vec<_>>(), ["HIV"]);
    assert!(!declared.users()[0].declared.emergency.as_ref().unwrap().confirmed);
    for lone in [
        vec![confirmed],
        vec![need],
        vec![reason, by, at, hiv],
        second.to_vec(),
    ] {
        assert_eq!(with(&lone).unwrap_err().code(), "XUA-A07", "{lone:?}");
    }
    let unsure = with(&[reason, by, at, (names::BREAK_GLASS_CONFIRMED, "yes")]);
    assert!(unsure.is_err());
    assert!(with(&[reason, by, at, second[0], second[1]]).is_err());
    for incomplete in [
        vec![reason],
        vec![by, at],
        vec![reason, by],
        vec![reason, at],
        vec![words],
    ] {
        assert_eq!(with(&incomplete).unwrap_err().code(), "XUA-A07");
    }
    assert!(with(&[]).unwrap().claims().break_glass.is_none());
}

#[test]
fn incomplete_groups_are_refused() {
    for incomplete in [
        vec![(names::ENCOUNTER_KIND, "home")],
        vec![(names::ENCOUNTER_ID, "E1"), (names::ENCOUNTER_KIND, "other")],
        vec![(names::CONTRACT, "c")],
        vec![(names::CONTRACTOR_OF, "e")],
        vec![(names::AUTH_LEVEL, "three-factor")],
    ] {
        assert_eq!(with(&incomplete).unwrap_err().code(), "XUA-A01");
    }
}

#[test]
fn the_issuer_may_state_the_level_itself() {
    assert!(!with(&[(names::AUTH_LEVEL, "single")]).unwrap().is_two_factor());
    let mut spec = spec();
    spec.authn_context = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password".to_owned();
    assert!(!check(&rsa().issue(&spec).unwrap()).unwrap().is_two_factor());
    spec.attributes
        .push((names::AUTH_LEVEL.to_owned(), text("two-factor")));
    assert!(check(&rsa().issue(&spec).unwrap()).unwrap().is_two_factor());
}

/// What was signed is read, not what a lazy reader would take: CDATA and references joined, names by code point.
#[test]
fn text_is_read_whole() {
    let mut spec = spec();
    spec.name_id = "か\u{3099}\u{200B}@evil<&>.example".to_owned();
    let assertion = check(&rsa().issue(&spec).unwrap()).unwrap();
    assert_eq!(assertion.claims().name_id, spec.name_id);
}

#[test]
fn debug_output_holds_no_claim() {
    let assertion = with(&[]).unwrap();
    let shown = format!(
        "{assertion:?} {:?} {:?} {:?}",
        assertion.claims(),
        assertion.claims().roles,
        check("x")
    );
    for canary in [
        "yamada",
        "山田",
        "中央病院",
        "physician",
        "P1",
        "idp.h1",
        "_assertion",
    ] {
        assert!(!shown.contains(canary), "{shown}");
    }
}

/// What the demo does: a fresh provider, configured by its PEM file, and an assertion built step by step.
#[test]
fn an_assertion_of_a_fresh_provider() {
    use base64::Engine as _;
    use xds_testkit::xua::{AssertionProvider, SignatureAlgorithm};
    use xds_xua::{SigningCertificate, Trust, TrustedIssuer, Validator};

    use crate::support::{AUDIENCE, NOW, envelope, node, rules, validate_as, vouching};

    let provider = AssertionProvider::generate(ISSUER, SignatureAlgorithm::EcdsaP384Sha384, NOW).unwrap();
    let pem = provider.certificate_pem();
    assert!(pem.lines().all(|line| line.len() <= 64));
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(base64).unwrap();
    let issuer = TrustedIssuer {
        entity_id: ISSUER.to_owned(),
        certificates: vec![SigningCertificate::from_der(&der).unwrap()],
        vouches_for: vec![vouching("h1", ORGANISATION_ID)],
    };
    let spec = AssertionSpec::new("_1", NOW, AUDIENCE, "user")
        .with_text(names::ORGANIZATION_ID, ORGANISATION_ID)
        .with_code(names::ROLE, "Role", "physician", "1.2.3")
        .with_code(names::PURPOSE_OF_USE, "PurposeOfUse", "TREAT", "1.2.4");
    let message = envelope(&provider.issue(&spec).unwrap());
    let validator = Validator::new(Trust::new(vec![issuer]), rules());
    let assertion = validate_as(&message, &validator, &node("n1", "h1"), NOW).unwrap();
    assert_eq!(assertion.users()[0].role, "physician");
}
