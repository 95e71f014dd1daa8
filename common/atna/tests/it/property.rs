//! Whatever an event says, its messages are well formed, valid by the schema, and read back.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde::Serialize;
use serde_json::json;
use time::OffsetDateTime;
use xds_atna::{Source, messages, read, syslog};
use xds_audit::{
    Action, AuditUser, Caller, Closing, Coded, Decision, DocumentReference, Event, EventKind, FailedPart,
    Hl7Parties, Instrument, Objects, Opening, Outcome, QueryText, Withheld,
};
use xds_model::Transaction;

use crate::support::{AT, assert_valid, told};

/// Shown as JSON when a case fails: the types themselves show nothing.
#[derive(Clone)]
struct Shown<T>(T);

impl<T: Serialize> fmt::Debug for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).unwrap())
    }
}

/// Mostly text that hurts.
fn text() -> BoxedStrategy<String> {
    prop_oneof![
        4 => "\\PC{0,8}",
        3 => vec(any::<char>(), 0..6).prop_map(String::from_iter),
        1 => prop::sample::select(vec!["", " ", "\0", "]]>", "\r\n", "<85>1 ", "\u{1b}[2J", "a^^^&1.2&ISO", "\u{feff}"])
            .prop_map(str::to_owned),
    ]
    .boxed()
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop::sample::select(vec![
        Outcome::Success,
        Outcome::MinorFailure,
        Outcome::SeriousFailure,
        Outcome::MajorFailure,
    ])
}

fn kind() -> BoxedStrategy<Shown<EventKind>> {
    let transaction = || prop::sample::select(Transaction::ALL.to_vec());
    let action = || {
        of(prop::sample::select(vec![
            Action::Create,
            Action::Read,
            Action::Update,
            Action::Delete,
            Action::Execute,
        ]))
    };
    let kind = prop_oneof![
        6 => (transaction(), action()).prop_map(|(transaction, action)| EventKind::Received { transaction, action }),
        6 => (transaction(), action()).prop_map(|(transaction, action)| EventKind::Sent { transaction, action }),
        1 => Just(EventKind::NodeStart),
        1 => Just(EventKind::NodeStop),
        1 => (text(), any::<u64>()).prop_map(|(reason, count)| EventKind::HandshakeRefused { reason, count }),
        1 => (of(transaction()), text())
            .prop_map(|(transaction, reason)| EventKind::RequestRefused { transaction, reason }),
        1 => text().prop_map(|reason| EventKind::AssertionRefused { reason }),
        1 => (text(), text(), of(text())).prop_map(|(verb, object, after)| EventKind::ConfigurationChanged {
            verb,
            object,
            before: None,
            after: after.map(|after| json!({ "value": after })),
        }),
        1 => text().prop_map(|uri| EventKind::AuditLogRead { uri }),
        1 => text().prop_map(|what| EventKind::Exported { what }),
        1 => any::<i64>().prop_map(|milliseconds| EventKind::ClockStepped { milliseconds }),
        1 => (any::<u64>(), text(), text())
            .prop_map(|(bytes, sha256, file)| EventKind::JournalRecovered { bytes, sha256, file }),
    ];
    kind.prop_map(Shown).boxed()
}

fn coded() -> BoxedStrategy<Coded> {
    (text(), of(text()), of(text()))
        .prop_map(|(code, system, text)| Coded { code, system, text })
        .boxed()
}

fn user() -> BoxedStrategy<Shown<AuditUser>> {
    let codes = || vec(coded(), 0..3);
    let flags = (any::<bool>(), any::<bool>());
    (text(), of(text()), of(text()), codes(), codes(), flags)
        .prop_map(|(id, issuer, alias, roles, purposes, (two_factor, by_default))| {
            Shown(AuditUser {
                id,
                issuer,
                alias,
                roles,
                purposes,
                two_factor,
                by_default,
            })
        })
        .boxed()
}

fn caller() -> BoxedStrategy<Caller> {
    let hl7 = of((text(), text()).prop_map(|(sender, receiver)| Hl7Parties { sender, receiver }));
    let peer = of(any::<[u8; 4]>().prop_map(|address| SocketAddr::from((address, 1))));
    let known = (of(text()), of(text()), of(text()), of(text()), of(text()));
    (known, of(user()), peer, hl7)
        .prop_map(
            |((node, organisation, via, certificate, reply_to), user, peer, hl7)| Caller {
                node,
                organisation,
                via,
                user: user.map(|user| user.0),
                peer,
                certificate,
                reply_to,
                hl7,
                repeat: false,
            },
        )
        .boxed()
}

fn document() -> BoxedStrategy<Shown<DocumentReference>> {
    (text(), text(), of(text()))
        .prop_map(|(unique_id, repository_unique_id, home)| {
            Shown(DocumentReference {
                unique_id,
                repository_unique_id,
                home,
            })
        })
        .boxed()
}

fn objects() -> BoxedStrategy<Shown<Objects>> {
    let lists = (
        vec(text(), 0..3),
        vec(text(), 0..2),
        vec(text(), 0..3),
        vec(document(), 0..4),
    );
    let query = of((text(), text(), of(text())));
    let single = (of(text()), query, of(text()), of(text()), of(text()));
    (lists, single, vec(text(), 0..3))
        .prop_map(|(lists, single, owners)| {
            let (patients, subsumed, registry_objects, documents) = lists;
            let (submission_set, query, message_control_id, home, assertion) = single;
            let documents: Vec<DocumentReference> =
                documents.into_iter().map(|document| document.0).collect();
            let ids = documents.iter().map(|document| document.unique_id.clone());
            let owners: BTreeMap<String, String> = ids.chain(registry_objects.clone()).zip(owners).collect();
            Shown(Objects {
                patients,
                submission_set,
                documents,
                registry_objects,
                query: query.map(|(id, text, home)| QueryText { id, text, home }),
                message_control_id,
                subsumed,
                owners,
                home,
                assertion,
            })
        })
        .boxed()
}

fn decision() -> BoxedStrategy<Shown<Decision>> {
    let instrument = of((text(), any::<u64>(), text()));
    (text(), text(), instrument)
        .prop_map(|(id, basis, instrument)| {
            let instrument = instrument.map(|(id, version, sha256)| Instrument { id, version, sha256 });
            Shown(Decision {
                id,
                basis,
                instrument,
                documents: Vec::new(),
            })
        })
        .boxed()
}

fn closing() -> BoxedStrategy<Closing> {
    let failed = of((outcome(), objects(), vec(text(), 0..2)));
    let lists = (vec(text(), 0..3), vec(decision(), 0..3));
    (outcome(), objects(), lists, failed, of(any::<u64>()), of(text()))
        .prop_map(
            |(outcome, objects, (errors, decisions), failed, results, note)| Closing {
                outcome,
                objects: objects.0,
                errors,
                decisions: decisions.into_iter().map(|decision| decision.0).collect(),
                withheld: vec![Withheld {
                    object: "CANARY".to_owned(),
                    reason: "CANARY".to_owned(),
                }],
                failed: failed.map(|(outcome, objects, errors)| FailedPart {
                    outcome,
                    objects: objects.0,
                    errors,
                }),
                results,
                note,
                asked: None,
            },
        )
        .boxed()
}

fn any_event() -> BoxedStrategy<Shown<Event>> {
    let opening = (kind(), caller(), text(), text(), objects());
    (opening, closing())
        .prop_map(|((kind, caller, endpoint, correlation, objects), closing)| {
            let opening = Opening {
                kind: kind.0,
                caller,
                endpoint,
                correlation,
                objects: objects.0,
            };
            Shown(Event { opening, closing })
        })
        .boxed()
}

/// From the year -9999 to 9999.
fn any_time() -> impl Strategy<Value = OffsetDateTime> {
    let seconds = -377_705_116_800_i64..=253_402_300_799;
    seconds.prop_map(|seconds| OffsetDateTime::from_unix_timestamp(seconds).unwrap())
}

fn any_source() -> impl Strategy<Value = Source> {
    (text(), text(), text(), text(), of(text())).prop_map(|(id, application, process, host, site)| Source {
        enterprise_site_id: site,
        ..Source::new(id, application, process, host)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_event_becomes_valid_messages(event in any_event(), at in any_time(), source in any_source()) {
        let mut told = told(event.0);
        told.began.at = at;
        let found = messages(&told, &source);
        prop_assert!(!found.is_empty());
        let mut all = Vec::new();
        for (part, message) in (1..).zip(&found) {
            let xml = message.to_xml();
            prop_assert_eq!(&xml, &message.to_xml());
            prop_assert!(!xml.contains("CANARY"));
            prop_assert!(message.patients().count() <= 1);

            let line = syslog::line(message, &source);
            prop_assert!(!line.bytes().any(|byte| byte < b' '));
            let received = syslog::parse(line.as_bytes()).unwrap();
            prop_assert_eq!(received.message_id, Some(syslog::MESSAGE_ID));
            let back = read(received.message, AT).unwrap().message;
            prop_assert_eq!(&back.to_xml(), &xml);
            let name = back.name().unwrap();
            prop_assert_eq!((name.event, name.part), (told.id, part));
            let _ = xds_atna::fhir::audit_event(message);
            all.push(xml);
        }
        assert_valid(&all);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in vec(any::<u8>(), 0..200), cut in 0_usize..2_000) {
        let _ = read(&bytes, AT);
        let _ = syslog::parse(&bytes);
        let whole = include_bytes!("../data/received/rfc3881.xml");
        let mut damaged = whole.to_vec();
        let at = cut % whole.len();
        damaged.splice(at..at, bytes.iter().copied().take(3));
        let _ = read(&damaged, AT);
        let _ = read(&whole[..at], AT);
    }
}
