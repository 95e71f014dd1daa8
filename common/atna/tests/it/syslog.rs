//! Lines: one frame each, whatever the values hold; and what others send.

use time::macros::datetime;
use xds_atna::{Source, read, syslog};
use xds_audit::{AuditUser, Caller, Closing, Event, EventKind, Objects, Outcome};
use xds_model::Transaction;

use crate::support::{AT, assert_valid, documents, event, messages, node, source, told};

fn line_of(event: Event) -> String {
    syslog::line(&messages(event)[0], &source())
}

fn retrieval(caller: Caller, closing: Closing) -> Event {
    event(
        EventKind::received(Transaction::Iti43),
        caller,
        documents(&["1.2.3.1"]),
        closing,
    )
}

#[test]
fn a_line_is_as_rfc_5424_and_iti_20_have_it() {
    let line = line_of(retrieval(node(), Closing::success()));
    let header = "<85>1 2026-11-24T01:02:03.456789Z registry.example.jp renkei-registry 4711 IHE+RFC-3881 - <AuditMessage>";
    assert!(line.starts_with(header), "{line}");
    let failed = Closing::failure(Outcome::MinorFailure, ["XDSRegistryError"]);
    assert!(line_of(retrieval(node(), failed)).starts_with("<84>1 "));
}

#[test]
fn header_fields_are_printable_ascii_within_their_lengths() {
    let source = Source::new(
        "s",
        "レジ ストリ\r\n<85>1 ",
        "9".repeat(300),
        "h\u{1b}[2J".repeat(100),
    );
    let told = told(retrieval(node(), Closing::success()));
    let line = syslog::line(&xds_atna::messages(&told, &source)[0], &source);
    let fields: Vec<&str> = line.splitn(8, ' ').collect();
    assert!(
        fields[..7]
            .iter()
            .all(|field| field.bytes().all(|byte| byte.is_ascii_graphic()))
    );
    assert_eq!(
        (fields[2].len(), fields[3], fields[4].len()),
        (255, "________<85>1", 128)
    );
    let empty = Source::new("", " ", "", "");
    let line = syslog::line(&xds_atna::messages(&told, &empty)[0], &empty);
    assert!(line.contains("Z - - - IHE+RFC-3881 - <AuditMessage>"), "{line}");
}

#[test]
fn aud_14_no_value_breaks_out_of_its_line_or_its_attribute() {
    let attacks = [
        "a\r\nb\nc\rd",
        "]]>",
        "<85>1 2026-01-01T00:00:00Z evil evil 1 IHE+RFC-3881 - <AuditMessage/>",
        "\u{1b}[2J\u{7}\0\u{b}",
        "\"/><ActiveParticipant UserID='x' UserIsRequestor='true'/>",
        "<![CDATA[",
        "&lt;&#10;&bogus;",
        "\u{feff}\u{fffe}\u{ffff}\u{85}\u{2028}\u{9b}",
        "  spaces  around  ",
        "",
    ];
    let large = "診療 <title> & \u{1b}".repeat(60_000);
    assert!(large.len() > 1 << 20);
    for attack in attacks.into_iter().chain([large.as_str()]) {
        let user = AuditUser {
            id: attack.to_owned(),
            issuer: Some(attack.to_owned()),
            alias: Some(attack.to_owned()),
            ..AuditUser::default()
        };
        let caller = Caller {
            user: Some(user),
            node: Some(attack.to_owned()),
            reply_to: Some(attack.to_owned()),
            ..node()
        };
        let objects = Objects {
            submission_set: Some(attack.to_owned()),
            ..Objects::of_patient(attack.to_owned())
        };
        let closing = Closing::failure(Outcome::SeriousFailure, [attack]);
        let kind = EventKind::received(Transaction::Iti41);
        let message = &messages(event(kind, caller, objects, closing))[0];
        let line = syslog::line(message, &source());

        assert!(!line.bytes().any(|byte| byte < b' '), "a control character");
        let received = syslog::parse(line.as_bytes()).unwrap();
        assert_eq!((received.facility, received.severity), (10, 4));
        let xml = received.audit_xml().unwrap();
        assert_valid(&[String::from_utf8(xml.to_vec()).unwrap()]);
        let read = read(xml, AT).unwrap();
        assert_eq!(read.faults, []);
        assert_eq!(read.message.participants.len(), 3);
        assert_eq!(read.message.objects.len(), 3);
        let expected = if attack.trim().is_empty() {
            "unknown"
        } else {
            attack
        };
        let plain = |text: &str| -> String {
            let allowed = |char: char| {
                matches!(char, '\t' | '\n' | '\r' | ' '..)
                    && !matches!(char, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
            };
            text.chars()
                .map(|char| if allowed(char) { char } else { '\u{fffd}' })
                .collect()
        };
        assert_eq!(read.message.participants[1].user_id, plain(expected));
        // In base64 even what XML cannot hold comes through.
        let own = read.message.own_object().unwrap();
        let node = own.detail(xds_atna::detail::NODE);
        assert_eq!(node, Some(attack).filter(|attack| !attack.is_empty()));
    }
}

#[test]
fn aud_18_a_byte_order_mark_and_line_ends_are_not_of_the_message() {
    for line in [
        "<85>1 2026-01-01T10:00:00.000+09:00 host app 1 IHE+RFC-3881 - <AuditMessage/>".as_bytes(),
        "<85>1 2026-01-01T10:00:00.000+09:00 host app 1 IHE+RFC-3881 - \u{feff}<AuditMessage/>\r\n\0"
            .as_bytes(),
        "\u{feff} <85>1 2026-01-01T10:00:00.000+09:00 host app 1 IHE+RFC-3881 - <AuditMessage/>".as_bytes(),
    ] {
        let received = syslog::parse(line).unwrap();
        assert_eq!(received.message, b"<AuditMessage/>");
        assert_eq!(received.timestamp, Some(datetime!(2026-01-01 01:00 UTC)));
        assert_eq!((received.host, received.application), (Some("host"), Some("app")));
        assert_eq!(
            (received.process_id, received.message_id),
            (Some("1"), Some("IHE+RFC-3881"))
        );
    }
}

#[test]
fn structured_data_is_skipped_with_its_escapes() {
    let data = r#"[a@1 x="\"] \\"][b@1 y="[<"]"#;
    let line = format!("<165>1 - - - - ID47 {data} hello  world");
    let received = syslog::parse(line.as_bytes()).unwrap();
    assert_eq!((received.facility, received.severity), (20, 5));
    assert_eq!(received.structured_data, Some(data));
    assert_eq!(received.message, b"hello  world");
    assert_eq!(
        (received.timestamp, received.host, received.audit_xml()),
        (None, None, None)
    );
    let open = r#"<165>1 - - - - ID47 [a@1 x="] hello"#;
    assert!(matches!(
        syslog::parse(open.as_bytes()),
        Err(syslog::LineError::StructuredData)
    ));
}

#[test]
fn lines_without_a_message_are_lines_and_others_are_none() {
    for line in [
        "<0>1 - - - - - -",
        "<191>1 - - - - -",
        "<85>1 - - - - ID\n",
        "<85>1 - - - - ID [a]",
    ] {
        let received = syslog::parse(line.as_bytes());
        assert!(
            received.is_ok_and(|received| received.message.is_empty()),
            "{line}"
        );
    }
    for line in [
        "",
        "<",
        "<85>",
        "<192>1 - - - - - -",
        "<1000>1 - - - - - -",
        "<+5>1 - - - - - -",
        "<85> Oct 11 22:14:15 host app: text",
        "<85>Oct 11 22:14:15 host app: text",
        "<85>1 - - - -",
        "<85>1 - - - - ",
        "no priority",
    ] {
        assert!(syslog::parse(line.as_bytes()).is_err(), "{line}");
    }
    assert!(matches!(
        syslog::parse(b"<85>1 - h\xFF - - - -"),
        Err(syslog::LineError::Text)
    ));
}

#[test]
fn audit_messages_are_known_by_their_id_or_their_looks() {
    for (id, message, is_audit) in [
        ("IHE+RFC-3881", "anything", true),
        ("ihe+dicom", "anything", true),
        ("-", "<?xml version=\"1.0\"?><AuditMessage/>", true),
        ("X", " <AuditMessage/>", true),
        ("X", "<other/>", false),
    ] {
        let line = format!("<85>1 - - - - {id} - {message}");
        let received = syslog::parse(line.as_bytes()).unwrap();
        assert_eq!(received.audit_xml().is_some(), is_audit, "{line}");
    }
}

#[test]
fn every_prefix_of_a_line_is_read_or_refused() {
    let line = line_of(retrieval(node(), Closing::success()));
    for end in 0..line.len().min(400) {
        // Must not panic.
        let _ = syslog::parse(&line.as_bytes()[..end]);
    }
}
