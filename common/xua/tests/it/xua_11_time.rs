//! XUA-11: times.

use time::Duration;

use crate::support::{
    NOW, assert_refused, check, envelope, good, node, refusal, rules, signed_with, trust, validate_as,
};
use xds_xua::Validator;

const BEFORE: &str = "NotBefore=\"2026-12-31T23:59:00Z\"";
const AFTER: &str = "NotOnOrAfter=\"2027-01-01T01:00:00Z\"><saml2:AudienceRestriction>";

fn at(now: time::OffsetDateTime) -> Result<xds_xua::Assertion, xds_xua::Refused> {
    validate_as(
        &envelope(&good()),
        &Validator::new(trust(), rules()),
        &node("n1", "h1"),
        now,
    )
}

/// Good from 23:58:00 (a minute before NotBefore) until just before 01:01:00.
#[test]
fn xua_11_skew_is_sixty_seconds_to_the_nanosecond() {
    let start = NOW - Duration::minutes(2);
    let end = NOW + Duration::minutes(61);
    assert!(at(start).is_ok());
    assert_refused(
        at(start - Duration::NANOSECOND),
        "XUA-T04",
        "InvalidSecurityToken",
    );
    assert!(at(end - Duration::NANOSECOND).is_ok());
    assert_refused(at(end), "XUA-T03", "InvalidSecurityToken");
    assert_refused(at(end + Duration::days(365_000)), "XUA-S15", "FailedCheck");
    assert_eq!(at(NOW).unwrap().expires(), end);
}

#[test]
fn xua_11_conditions_missing() {
    let all = crate::support::rsa().write(&crate::support::spec());
    let (start, end) = (
        all.find("<saml2:Conditions").unwrap(),
        all.find("<saml2:AuthnStatement").unwrap(),
    );
    let without = signed_with(&all[start..end], "");
    assert_refused(check(&without), "XUA-T01", "InvalidSecurityToken");
    let open = signed_with(&format!(" {AFTER}"), "><saml2:AudienceRestriction>");
    assert_refused(check(&open), "XUA-T01", "InvalidSecurityToken");
}

#[test]
fn xua_11_not_before_may_be_missing() {
    assert!(check(&signed_with(&format!(" {BEFORE}"), "")).is_ok());
}

#[test]
fn xua_11_end_before_start() {
    for end in ["2026-12-31T23:58:59Z", "2026-12-31T23:59:00Z"] {
        let inverted = signed_with(
            AFTER,
            &format!("NotOnOrAfter=\"{end}\"><saml2:AudienceRestriction>"),
        );
        assert_refused(check(&inverted), "XUA-T05", "InvalidSecurityToken");
    }
}

#[test]
fn xua_11_life_of_more_than_a_day() {
    let until = |end: &str| {
        check(&signed_with(
            AFTER,
            &format!("NotOnOrAfter=\"{end}\"><saml2:AudienceRestriction>"),
        ))
    };
    assert!(until("2027-01-01T23:59:00Z").is_ok());
    assert_refused(until("2027-01-01T23:59:01Z"), "XUA-T06", "InvalidSecurityToken");
    assert_refused(until("9999-12-31T23:59:59Z"), "XUA-T06", "InvalidSecurityToken");
    let ancient = signed_with(BEFORE, "NotBefore=\"0001-01-01T00:00:00Z\"");
    assert_refused(check(&ancient), "XUA-T06", "InvalidSecurityToken");
    // Nor can NotBefore be moved to make a long life look short.
    let issued = signed_with(
        "IssueInstant=\"2026-12-31T23:59:00Z\"",
        "IssueInstant=\"2026-12-31T00:59:59Z\"",
    );
    assert_refused(check(&issued), "XUA-T06", "InvalidSecurityToken");
}

#[test]
fn xua_11_forms_of_time_that_are_refused() {
    for time in [
        "2026-12-31T23:59:00",
        "2027-01-01T08:59:00+09:00",
        "2026-12-31T23:59:60Z",
        "2026-12-31T24:00:00Z",
        "2026-13-31T23:59:00Z",
        "10000-01-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "2026-12-31",
        "now",
        "",
    ] {
        for attribute in ["NotBefore", "AuthnInstant", "IssueInstant"] {
            let from = format!("{attribute}=\"2026-12-31T23:59:00Z\"");
            let changed = signed_with(&from, &format!("{attribute}=\"{time}\""));
            assert_eq!(
                refusal(check(&changed)),
                ("XUA-T02", "InvalidSecurityToken"),
                "{attribute} {time}"
            );
        }
    }
}

#[test]
fn xua_11_issued_or_signed_in_later_than_now() {
    let issued = signed_with(
        "IssueInstant=\"2026-12-31T23:59:00Z\"",
        "IssueInstant=\"2027-01-01T00:01:01Z\"",
    );
    assert_refused(check(&issued), "XUA-T07", "InvalidSecurityToken");
    let signed_in = signed_with(
        "AuthnInstant=\"2026-12-31T23:59:00Z\"",
        "AuthnInstant=\"2027-01-01T00:01:01Z\"",
    );
    assert_refused(check(&signed_in), "XUA-T07", "InvalidSecurityToken");
    let at_skew = signed_with(
        "AuthnInstant=\"2026-12-31T23:59:00Z\"",
        "AuthnInstant=\"2027-01-01T00:01:00Z\"",
    );
    assert!(check(&at_skew).is_ok());
}

#[test]
fn xua_11_session_over() {
    let from = "AuthnInstant=\"2026-12-31T23:59:00Z\"";
    let ending = |end: &str| {
        check(&signed_with(
            from,
            &format!("{from} SessionNotOnOrAfter=\"{end}\""),
        ))
    };
    assert!(ending("2026-12-31T23:59:01Z").is_ok());
    assert_refused(ending("2026-12-31T23:59:00Z"), "XUA-T08", "InvalidSecurityToken");
}
