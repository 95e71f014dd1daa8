use registry_trail::iti81::{AuditEventQuery, SyslogQuery};
use time::macros::datetime;

use super::*;

fn by_query(query: &str) -> Result<(Question, Page), Refusal> {
    Search::from_query(query)?.checked()
}

fn by_body(body: &str) -> Result<(Question, Page), Refusal> {
    json::<Search>(body.as_bytes())?.checked()
}

#[track_caller]
fn refused(read: Result<(Question, Page), Refusal>, code: &str) -> String {
    let refusal = read.unwrap_err();
    assert_eq!((refusal.status.as_u16(), refusal.code), (400, code), "{refusal}");
    refusal.message
}

#[test]
fn both_forms_of_a_search_ask_the_same() {
    let query = "document=1.2.3&user=dr%20sato&issuer=https://idp&organisation=1311234567&node=h1\
                 &from=2026-04-01T00:00:00%2B09:00&until=2026-05-01T00:00:00+09:00&outcome=success\
                 &outcome=serious-failure&basis=EMERG&kind=iti-43&kind=audit-log-read&correlation=c-1\
                 &rows=7&after=1.2.3.4";
    let body = r#"{"document": "1.2.3", "user": "dr sato", "issuer": "https://idp", "organisation": "1311234567",
        "node": "h1", "from": "2026-04-01T00:00:00+09:00", "until": "2026-05-01T00:00:00+09:00",
        "outcomes": ["success", "serious-failure"], "basis": "EMERG", "kinds": ["ITI-43", "audit-log-read"],
        "correlation": "c-1", "rows": 7, "after": "1.2.3.4"}"#;
    let (question, page) = by_query(query).unwrap();
    let (same, same_page) = by_body(body).unwrap();
    assert!(question == same);
    assert_eq!(page, same_page);
    assert_eq!((page.rows, page.after), (7, "1.2.3.4".parse().ok()));
    assert_eq!(question.from, Some(datetime!(2026-03-31 15:00 UTC)));
    assert_eq!(question.kinds, ["ITI-43", "audit-log-read"]);
    assert_eq!(question.outcomes, [Outcome::Success, Outcome::SeriousFailure]);
    assert_eq!(by_query("").unwrap().1, Page::first(ROWS));
}

#[test]
fn con_12_a_patient_stands_in_no_url() {
    let message = refused(by_query("patient=P1%5E%5E%5E%261.2%26ISO"), "patient-in-url");
    assert!(message.contains("POST /v1/audit/events/search"), "{message}");
    let (question, _) = by_body(r#"{"patient": "P1^^^&1.2.3&ISO"}"#).unwrap();
    assert_eq!(question.patient.as_deref(), Some("P1^^^&1.2.3&ISO"));
}

#[test]
fn a_parameter_that_is_wrong_is_named_and_its_value_is_not() {
    for (query, code, part) in [
        ("patients=1", "parameter", "patients"),
        ("%3Cscript%3E=1", "parameter", "?"),
        ("outcome=CANARY", "value", "outcome"),
        ("kind=CANARY", "value", "audit-log-read"),
        ("from=CANARY", "value", "RFC 3339"),
        ("rows=CANARY", "value", "rows"),
        ("rows=0", "value", "1 to 1000"),
        ("rows=1001", "value", "1 to 1000"),
        ("after=CANARY", "value", "position"),
        ("node=h1&node=h2", "value", "twice"),
        ("node=", "value", "node"),
        ("node=a%00b", "value", "node"),
        ("node=%FF", "structure", "encoded"),
        (
            "from=2026-04-01T00:00:00Z&until=2026-04-01T00:00:00Z",
            "value",
            "empty",
        ),
    ] {
        let message = refused(by_query(query), code);
        assert!(message.contains(part), "{query}: {message}");
        assert!(!message.contains("CANARY"), "{query}: {message}");
    }
    refused(by_query(&format!("node={}", "x".repeat(CHARS_MAX + 1))), "value");
    assert!(by_query(&format!("node={}", "患".repeat(CHARS_MAX))).is_ok());
    refused(by_query(&"a=1&".repeat(PAIRS_MAX + 1)), "too-long");
    refused(by_query(&"a".repeat(QUERY_BYTES_MAX + 1)), "too-long");
    let kinds = "kind=ITI-18&".repeat(PAIRS_MAX);
    assert!(by_query(kinds.trim_end_matches('&')).is_ok());
}

#[test]
fn con_10_a_body_has_no_members_of_its_own() {
    for body in [
        r#"{"role": "operator"}"#,
        r#"{"from": "yesterday"}"#,
        r#"{"outcomes": ["ok"]}"#,
        r#"{"rows": -1}"#,
        r#"{"node": 1}"#,
        "[1]",
        "",
        "{",
        "null",
        "\u{0}",
        r#"{"node": "a", "node": "b"}"#,
    ] {
        refused(by_body(body), "body");
    }
    // The message is for who asked; what may be logged quotes nothing.
    let refusal = by_body(r#"{"outcomes": ["CANARY"]}"#).unwrap_err();
    assert!(refusal.message.contains("CANARY"));
    assert!(!format!("{refusal} {refusal:?}").contains("CANARY"));
    for patient in ["P1", "P1^^^&x&ISO", "^^^&1.2&ISO", "P1^^^NS&1.2&ISO"] {
        let body = serde_json::json!({ "patient": patient }).to_string();
        refused(by_body(&body), "patient");
    }
}

#[test]
fn a_month_is_written_in_one_way() {
    assert_eq!(month("2026-04").unwrap().from, datetime!(2026-03-31 15:00 UTC));
    for wrong in ["2026-4", "2026-13", "2026-00", "+026-04", "2026-04-01", "", "x"] {
        assert!(month(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_signature_has_a_name_and_a_remark() {
    let signed = |reviewer: &str, remark: &str| {
        let body = serde_json::json!({ "reviewer": reviewer, "remark": remark, "events": 3 }).to_string();
        json::<SignOffBody>(body.as_bytes()).and_then(SignOffBody::checked)
    };
    assert!(signed("鈴木 一郎", "問題なし。\n3 件照会。").is_ok());
    for (reviewer, remark) in [(" ", "x"), ("x", ""), ("a\u{1b}[2J", "x"), ("x", "\u{0}")] {
        assert!(signed(reviewer, remark).is_err());
    }
    assert!(signed(&"x".repeat(201), "x").is_err());
    assert!(signed("x", &"x".repeat(REMARK_CHARS_MAX)).is_ok());
    assert!(signed("x", &"x".repeat(REMARK_CHARS_MAX + 1)).is_err());
    assert!(json::<SignOffBody>(br#"{"reviewer": "x", "remark": "x"}"#).is_err());
}

#[test]
fn a_sheet_has_a_form_and_a_language() {
    let shape = Shape::from_query("format=html&language=en").unwrap();
    assert_eq!(
        shape,
        Shape {
            format: Format::Html,
            language: LanguageName::En
        }
    );
    assert_eq!(Shape::from_query("").unwrap(), Shape::default());
    for wrong in ["format=pdf", "format=csv&format=csv", "patient=P1", "language=fr"] {
        assert!(Shape::from_query(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn nothing_that_is_sent_makes_it_panic() {
    // A small generator of hostile strings; its seed is fixed, so a failure comes again.
    let pieces = [
        "patient",
        "from",
        "rows",
        "kind",
        "=",
        "&",
        "%",
        "%0",
        "%00",
        "%E6%82",
        "+",
        ";",
        "{",
        "}",
        "\"",
        ":",
        ",",
        "null",
        "1e999",
        "-1",
        "2026-02-30T25:61:61Z",
        "\u{202E}",
        "患",
        "\\u0000",
        "ge",
        "date",
        "patient.identifier",
        "_after",
        "_count",
        "1.2.3.4",
        "|",
        "[",
        "]",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..(state % 12) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(pieces[usize::try_from(state >> 33).unwrap() % pieces.len()]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let _ = by_query(&text);
        let _ = by_body(&text);
        let _ = Shape::from_query(&text);
        let _ = month(&text);
        let dated = format!("date=ge2026&date=le2026&{text}");
        for query in [&text, &dated] {
            let _ = AuditEventQuery::read(query);
            let _ = SyslogQuery::read(query);
        }
    }
}
