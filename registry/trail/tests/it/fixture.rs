//! Events to index.

use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;
use xds_audit::{
    AuditUser, Caller, Closing, Coded, Decision, DocumentReference, Event, EventId, EventKind, Instrument,
    Objects, Opening, Outcome, Stamp, Told, Withheld,
};
use xds_model::Transaction;

pub(crate) const AT: OffsetDateTime = datetime!(2026-11-24 01:02:03.456789 UTC);
pub(crate) const P1: &str = "P1^^^&1.2.392.100495.20.3.51&ISO";
pub(crate) const P2: &str = "P2^^^&1.2.392.100495.20.3.51&ISO";

pub(crate) fn journal(number: u128) -> Uuid {
    Uuid::from_u128(0x0192_f7a0_0000_7000_8000_0000_0000_0000 + number)
}

pub(crate) fn coded(code: &str) -> Coded {
    Coded {
        code: code.to_owned(),
        system: None,
        text: None,
    }
}

pub(crate) fn doctor() -> Caller {
    Caller {
        node: Some("clinic-a".to_owned()),
        organisation: Some("1310000001".to_owned()),
        user: Some(AuditUser {
            id: "dr.sato".to_owned(),
            issuer: Some("https://idp.example.jp".to_owned()),
            roles: vec![coded("221")],
            purposes: vec![coded("TREAT")],
            two_factor: true,
            ..AuditUser::default()
        }),
        peer: Some("192.0.2.10:40000".parse().unwrap()),
        ..Caller::default()
    }
}

pub(crate) fn retrieve(patient: &str, document: &str) -> Event {
    Event {
        opening: Opening {
            kind: EventKind::received(Transaction::Iti43),
            caller: doctor(),
            endpoint: "https://repository.example.jp/xds".to_owned(),
            correlation: "c-1".to_owned(),
            objects: Objects {
                documents: vec![DocumentReference {
                    unique_id: document.to_owned(),
                    repository_unique_id: "1.2.3".to_owned(),
                    home: None,
                }],
                ..Objects::of_patient(patient.to_owned())
            },
        },
        closing: Closing {
            decisions: vec![Decision {
                id: "d-1".to_owned(),
                basis: "SHARED_WITH_ALL".to_owned(),
                instrument: Some(Instrument {
                    id: "policy-1".to_owned(),
                    version: 3,
                    sha256: "00".repeat(32),
                }),
                documents: Vec::new(),
            }],
            withheld: vec![Withheld {
                object: "urn:uuid:SECRET-CANARY".to_owned(),
                reason: "scope".to_owned(),
            }],
            results: Some(1),
            ..Closing::success()
        },
    }
}

pub(crate) fn refused(patient: &str) -> Event {
    let mut event = retrieve(patient, "1.2.9");
    event.closing = Closing::failure(Outcome::MinorFailure, ["XDSDocumentUniqueIdError"]);
    event
}

pub(crate) fn told(journal_number: u128, sequence: u64, at: OffsetDateTime, event: Event) -> Told {
    let stamp = |at| Stamp { at, up_us: 7 };
    Told {
        id: EventId {
            journal: journal(journal_number),
            sequence,
        },
        began: stamp(at),
        ended: stamp(at + time::Duration::milliseconds(250)),
        event,
    }
}

/// The same without what was withheld.
pub(crate) fn told_to_all(told: &Told) -> Told {
    let mut told = told.clone();
    told.event.closing.withheld.clear();
    told
}
