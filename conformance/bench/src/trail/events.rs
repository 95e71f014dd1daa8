//! Events as a repository's journal tells them: one opening of a document each.

use time::OffsetDateTime;
use uuid::Uuid;
use xds_audit::{
    AuditUser, Caller, Closing, Coded, Decision, DocumentReference, Event, EventId, EventKind, Instrument,
    Objects, Opening, Stamp, Told,
};
use xds_model::Transaction;

/// The event of this number, for this patient.
pub(super) fn told(journal: Uuid, sequence: u64, at: OffsetDateTime, patient: &str) -> Told {
    let stamp = |at| Stamp { at, up_us: sequence };
    Told {
        id: EventId { journal, sequence },
        began: stamp(at),
        ended: stamp(at + time::Duration::milliseconds(12)),
        event: Event {
            opening: opening(sequence, patient),
            closing: closing(sequence),
        },
    }
}

fn opening(sequence: u64, patient: &str) -> Opening {
    let document = DocumentReference {
        unique_id: format!("2.25.{sequence}"),
        repository_unique_id: "1.2.392.9.9.9.7.2".to_owned(),
        home: None,
    };
    Opening {
        kind: EventKind::received(Transaction::Iti43),
        caller: caller(sequence),
        endpoint: "https://repository.example.jp/xds/repository".to_owned(),
        correlation: format!("0192f7a0-0000-7000-8000-{sequence:012x}"),
        objects: Objects {
            documents: vec![document],
            ..Objects::of_patient(patient.to_owned())
        },
    }
}

fn caller(sequence: u64) -> Caller {
    Caller {
        node: Some(format!("node{}", sequence % 500)),
        organisation: Some(format!("{:010}", 1_310_000_000 + sequence % 300)),
        user: Some(AuditUser {
            id: format!("user{}", sequence % 5_000),
            issuer: Some("https://idp.example.jp".to_owned()),
            roles: vec![Coded::bare("221")],
            purposes: vec![Coded::bare("TREAT")],
            two_factor: true,
            ..AuditUser::default()
        }),
        certificate: Some("5e".repeat(32)),
        ..Caller::default()
    }
}

fn closing(sequence: u64) -> Closing {
    Closing {
        decisions: vec![Decision {
            id: format!("0192f7a0-0000-7000-9000-{sequence:012x}"),
            basis: "SHARED_WITH_ALL".to_owned(),
            instrument: Some(Instrument {
                id: "policy-1".to_owned(),
                version: 3,
                sha256: "a5".repeat(32),
            }),
            documents: Vec::new(),
        }],
        results: Some(1),
        ..Closing::success()
    }
}
