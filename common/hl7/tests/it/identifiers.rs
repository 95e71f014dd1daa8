//! HL7-11: the forms of PID-3.

use xds_hl7::{AdtError, AdtMessage, Authority, Condition, Place};

use crate::support::{DOMAIN, LOCAL, oid, parse, with_pid3};

fn domain_id(pid3: &str) -> Result<Option<String>, AdtError> {
    let id = parse(&with_pid3(pid3))?.domain_identifier(&oid(DOMAIN))?;
    Ok(id.map(|id| id.to_string()))
}

fn place() -> Place {
    Place::field("PID", 3)
}

#[test]
fn hl7_11_the_three_forms_of_the_authority() {
    let expected = Ok(Some(format!("R1^^^&{DOMAIN}&ISO")));
    for authority in [
        "REGION".to_owned(),
        format!("&{DOMAIN}&ISO"),
        format!("REGION&{DOMAIN}&ISO"),
        format!("&{DOMAIN}"),
    ] {
        assert_eq!(
            domain_id(&format!("R1^^^{authority}^PI")),
            expected,
            "{authority}"
        );
    }
    // A label that nobody configured says nothing against the OID beside it.
    assert_eq!(domain_id(&format!("R1^^^ELSEWHERE&{DOMAIN}&ISO")), expected);
}

#[test]
fn hl7_11_disagreeing_authority_is_an_error() {
    for authority in [
        format!("HOSP&{DOMAIN}&ISO"),
        format!("REGION&{LOCAL}&ISO"),
        "REGION&no-oid&ISO".to_owned(),
    ] {
        let error = domain_id(&format!("L1^^^&{LOCAL}&ISO~R1^^^{authority}")).unwrap_err();
        let place = place().repetition(2).component(4);
        assert_eq!(error, AdtError::DisagreeingAuthority { place }, "{authority}");
        assert_eq!(error.refusal().condition, Condition::DataType);
        assert_eq!(error.refusal().place.unwrap().to_string(), "PID^1^3^2^4");
    }
}

#[test]
fn hl7_11_other_authorities_are_passed_over() {
    let pid3 = format!("L1^^^HOSP~X^^^UNKNOWN~Y~Z^^^&z.example&DNS~^^^&{LOCAL}&ISO~\"\"~R1^^^&{DOMAIN}&ISO");
    assert_eq!(domain_id(&pid3), Ok(Some(format!("R1^^^&{DOMAIN}&ISO"))));
    assert_eq!(domain_id("L1^^^HOSP~X^^^UNKNOWN~Y"), Ok(None));
    // Near misses of the OID are other authorities.
    for other in [
        format!("{DOMAIN}0"),
        format!("{DOMAIN}.1"),
        "1.2.392.9.9.9".to_owned(),
    ] {
        assert_eq!(domain_id(&format!("R1^^^&{other}&ISO")), Ok(None));
    }
    let message = parse(&with_pid3(&pid3)).unwrap();
    let authorities: Vec<_> = message
        .identifiers
        .iter()
        .map(|cx| cx.authority.clone())
        .collect();
    assert_eq!(
        authorities,
        [
            Authority::Oid(oid(LOCAL)),
            Authority::Foreign,
            Authority::Absent,
            Authority::Foreign,
            Authority::Oid(oid(LOCAL)),
            Authority::Absent,
            Authority::Oid(oid(DOMAIN)),
        ]
    );
}

#[test]
fn hl7_11_two_different_ids_of_the_domain_are_an_error() {
    let same = format!("R1^^^&{DOMAIN}&ISO~R1^^^REGION");
    assert_eq!(domain_id(&same), Ok(Some(format!("R1^^^&{DOMAIN}&ISO"))));
    let different = format!("R1^^^&{DOMAIN}&ISO~R2^^^REGION");
    let place = place().repetition(2);
    assert_eq!(
        domain_id(&different),
        Err(AdtError::AmbiguousIdentifier { place })
    );
    // Ids are compared as they are: no case, no width, no blanks.
    let cased = format!("r1^^^&{DOMAIN}&ISO~R1^^^REGION");
    assert_eq!(domain_id(&cased), Err(AdtError::AmbiguousIdentifier { place }));
}

#[test]
fn hl7_11_an_id_of_the_domain_must_be_one() {
    let component = place().repetition(1).component(1);
    for empty in ["", "\"\""] {
        let missing = Err(AdtError::FieldMissing { place: component });
        assert_eq!(domain_id(&format!("{empty}^^^&{DOMAIN}&ISO")), missing);
    }
    for bad in [" R1", "R1 ", r"R\F\1", r"R\X00\1", &"9".repeat(300)] {
        let malformed = Err(AdtError::Malformed { place: component });
        assert_eq!(domain_id(&format!("{bad}^^^&{DOMAIN}&ISO")), malformed);
    }
}

#[test]
fn hl7_11_no_identifier_at_all() {
    for pid3 in ["", "~", "~~"] {
        assert_eq!(domain_id(pid3), Err(AdtError::FieldMissing { place: place() }));
    }
}

#[test]
fn hl7_11_repetitions_are_limited() {
    let repeated = |count: usize| vec!["L^^^HOSP"; count].join("~");
    assert!(domain_id(&repeated(AdtMessage::REPETITIONS_MAX)).is_ok());
    let error = AdtError::TooManyRepetitions { place: place() };
    assert_eq!(domain_id(&repeated(AdtMessage::REPETITIONS_MAX + 1)), Err(error));
}
