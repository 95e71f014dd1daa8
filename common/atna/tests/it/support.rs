//! Events to make messages of, and the schema.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;
use xds_atna::{AuditMessage, Source};
use xds_audit::{
    AuditUser, Caller, Closing, Coded, Decision, DocumentReference, Event, EventId, EventKind, Hl7Parties,
    Instrument, Objects, Opening, QueryText, Stamp, Told, Withheld,
};

pub(crate) const AT: OffsetDateTime = datetime!(2026-11-24 01:02:03.456789 UTC);
pub(crate) const PATIENT: &str = "P1^^^&1.2.392.100495.20.3.51&ISO";
pub(crate) const OTHER_PATIENT: &str = "P2^^^&1.2.392.100495.20.3.51&ISO";

pub(crate) fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

pub(crate) fn source() -> Source {
    Source {
        enterprise_site_id: Some("1.2.392.200119.6".to_owned()),
        ..Source::new("registry-1", "renkei-registry", "4711", "registry.example.jp")
    }
}

pub(crate) fn told(event: Event) -> Told {
    let stamp = |at| Stamp { at, up_us: 0 };
    Told {
        id: EventId {
            journal: Uuid::from_u128(0x0192_f7a0_0000_7000_8000_0000_0000_0001),
            sequence: 42,
        },
        began: stamp(AT),
        ended: stamp(AT + time::Duration::milliseconds(250)),
        event,
    }
}

/// A node of a clinic.
pub(crate) fn node() -> Caller {
    Caller {
        node: Some("clinic-a".to_owned()),
        organisation: Some("1310000001".to_owned()),
        peer: Some("192.0.2.10:40000".parse().unwrap()),
        certificate: Some("ab".repeat(32)),
        ..Caller::default()
    }
}

/// The same with a user of whom an assertion speaks.
pub(crate) fn doctor() -> Caller {
    let coded = |code: &str, system: &str, text: &str| Coded {
        code: code.to_owned(),
        system: Some(system.to_owned()),
        text: Some(text.to_owned()),
    };
    Caller {
        user: Some(AuditUser {
            id: "dr.suzuki".to_owned(),
            issuer: Some("https://idp.example.jp".to_owned()),
            alias: Some("鈴木".to_owned()),
            roles: vec![coded("112247003", "2.16.840.1.113883.6.96", "Medical doctor")],
            purposes: vec![coded("TREAT", "2.16.840.1.113883.5.8", "treatment")],
            two_factor: true,
            by_default: false,
        }),
        ..node()
    }
}

/// The same node by way of a repository.
pub(crate) fn via_repository() -> Caller {
    Caller {
        via: Some("repository-1".to_owned()),
        peer: Some("[2001:db8::7]:40000".parse().unwrap()),
        ..doctor()
    }
}

pub(crate) fn feeder() -> Caller {
    Caller {
        hl7: Some(Hl7Parties {
            sender: "CLINIC-A|HIS".to_owned(),
            receiver: "REGION|REGISTRY".to_owned(),
        }),
        ..node()
    }
}

pub(crate) fn document(unique_id: &str) -> DocumentReference {
    DocumentReference {
        unique_id: unique_id.to_owned(),
        repository_unique_id: "1.2.392.200119.6.1".to_owned(),
        home: Some("urn:oid:1.2.392.200119.6".to_owned()),
    }
}

pub(crate) fn submission() -> Objects {
    Objects {
        submission_set: Some("1.2.392.200119.6.99.1".to_owned()),
        home: Some("urn:oid:1.2.392.200119.6".to_owned()),
        ..Objects::of_patient(PATIENT.to_owned())
    }
}

pub(crate) fn query() -> Objects {
    Objects {
        query: Some(QueryText {
            id: "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d".to_owned(),
            text: "<query:AdhocQueryRequest>患者</query:AdhocQueryRequest>".to_owned(),
            home: Some("urn:oid:1.2.392.200119.6".to_owned()),
        }),
        ..Objects::of_patient(PATIENT.to_owned())
    }
}

pub(crate) fn documents(unique_ids: &[&str]) -> Objects {
    Objects {
        documents: unique_ids.iter().map(|id| document(id)).collect(),
        ..Objects::default()
    }
}

/// Two documents of two patients.
pub(crate) fn documents_of_two() -> Objects {
    let owner = |id: &str, patient: &str| (id.to_owned(), patient.to_owned());
    Objects {
        patients: vec![PATIENT.to_owned(), OTHER_PATIENT.to_owned()],
        owners: BTreeMap::from([owner("1.2.3.1", PATIENT), owner("1.2.3.2", OTHER_PATIENT)]),
        ..documents(&["1.2.3.1", "1.2.3.2"])
    }
}

pub(crate) fn decisions() -> Vec<Decision> {
    let bare = Decision {
        id: "d-1".to_owned(),
        basis: "own".to_owned(),
        instrument: None,
    };
    let by_consent = Decision {
        id: "d-2".to_owned(),
        basis: "consent".to_owned(),
        instrument: Some(Instrument {
            id: "consent-7".to_owned(),
            version: 3,
            sha256: "cd".repeat(32),
        }),
    };
    vec![bare, by_consent]
}

pub(crate) fn withheld() -> Vec<Withheld> {
    vec![Withheld {
        object: "1.2.3.CANARY".to_owned(),
        reason: "psychiatry-CANARY".to_owned(),
    }]
}

pub(crate) fn event(kind: EventKind, caller: Caller, objects: Objects, closing: Closing) -> Event {
    Event {
        opening: Opening {
            kind,
            caller,
            endpoint: "https://registry.example.jp:8443/xds/registry".to_owned(),
            correlation: "0192f7a0-1111-7000-8000-000000000000".to_owned(),
            objects,
        },
        closing,
    }
}

pub(crate) fn messages(event: Event) -> Vec<AuditMessage> {
    xds_atna::messages(&told(event), &source())
}

/// Panics unless all are valid by the schema. Without `xmllint` (Debian: libxml2-utils) it only says so.
pub(crate) fn assert_valid(messages: &[String]) {
    for message in messages {
        assert_one_valid(message);
    }
}

fn assert_one_valid(xml: &str) {
    let spawned = Command::new("xmllint")
        .args(["--nonet", "--huge", "--noout", "--schema"])
        .arg(data().join("schema/audit-message-2017c.xsd"))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("xmllint is not installed: not validated");
            return;
        }
        other => other.unwrap(),
    };
    child.stdin.take().unwrap().write_all(xml.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let shown: String = xml.chars().take(4_000).collect();
    assert!(
        output.status.success(),
        "{}\n{shown}",
        String::from_utf8_lossy(&output.stderr)
    );
}
