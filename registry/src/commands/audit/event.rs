//! Found events, as a row for people and as a value for machines.

use registry_trail::Found;
use registry_trail::report::Directory;
use xds_audit::{EventKind, Objects, Outcome};
use xds_server::lang::{Lang, Say};

use super::cells::{clean, short};
use super::moment::shown;

/// Characters of a cell that others chose the length of.
const CELL_CHARS_MAX: usize = 48;
/// Patients that a cell names.
const PATIENTS_MAX: usize = 3;

/// The heads of the columns of [`row`].
pub(super) fn headings(lang: Lang) -> impl Iterator<Item = String> {
    let headings = [
        Say::new("日時(日本時間)", "time (Japan)"),
        Say::new("種類", "kind"),
        Say::new("結果", "outcome"),
        Say::new("機関 / ノード", "organisation / node"),
        Say::new("利用者", "user"),
        Say::new("患者 / 対象", "patient / objects"),
        Say::new("事象", "event"),
    ];
    headings.into_iter().map(move |say| lang.pick(&say).to_owned())
}

/// For people.
pub(super) fn row(found: &Found, directory: &Directory, lang: Lang) -> Vec<String> {
    let (opening, closing) = (&found.told.event.opening, &found.told.event.closing);
    let caller = &opening.caller;
    let organisation = caller
        .organisation
        .as_deref()
        .map(|code| directory.organisations.get(code).map_or(code, String::as_str));
    let objects = opening.objects.clone().merged(closing.objects.clone());
    vec![
        shown(found.told.began.at),
        lines([Some(opening.kind.name()), detail(&opening.kind).as_deref()]),
        lang.pick(&outcome(closing.outcome)).to_owned(),
        lines([organisation, caller.node.as_deref()]),
        lines([caller.user.as_ref().map(|user| user.id.as_str())]),
        concerned(&objects, lang),
        found.told.id.to_string(),
    ]
}

/// What an event of its kind has to say beyond its name.
pub(super) fn detail(kind: &EventKind) -> Option<String> {
    Some(match kind {
        EventKind::HandshakeRefused { reason, count } => format!("{reason} x {count}"),
        EventKind::RequestRefused { transaction, reason } => {
            let transaction = transaction.map_or("", |transaction| transaction.name());
            format!("{transaction} {reason}").trim().to_owned()
        }
        EventKind::AssertionRefused { reason } => reason.clone(),
        EventKind::ConfigurationChanged { verb, object, .. } => format!("{verb} {object}"),
        EventKind::AuditLogRead { uri } => uri.clone(),
        EventKind::Exported { what } => what.clone(),
        EventKind::ClockStepped { milliseconds } => format!("{milliseconds} ms"),
        EventKind::JournalRecovered { bytes, .. } => format!("{bytes} bytes"),
        EventKind::Received { .. } | EventKind::Sent { .. } | EventKind::NodeStart | EventKind::NodeStop => {
            return None;
        }
    })
}

/// The outcome in a word.
pub(super) fn outcome(outcome: Outcome) -> Say {
    match outcome {
        Outcome::Success => Say::new("成功", "success"),
        Outcome::MinorFailure => Say::new("軽微な失敗", "minor failure"),
        Outcome::SeriousFailure => Say::new("失敗", "serious failure"),
        Outcome::MajorFailure => Say::new("障害", "major failure"),
    }
}

fn concerned(objects: &Objects, lang: Lang) -> String {
    let patients = &objects.patients;
    let mut named: Vec<String> = patients
        .iter()
        .take(PATIENTS_MAX)
        .map(|patient| short(patient, CELL_CHARS_MAX))
        .collect();
    if patients.len() > PATIENTS_MAX {
        named.push(format!("… ({})", patients.len()));
    }
    let count = objects.documents.len() + objects.registry_objects.len();
    if count > 0 {
        let say = Say::new(format!("対象 {count} 件"), format!("{count} objects"));
        named.push(lang.pick(&say).to_owned());
    }
    named.join("\n")
}

fn lines<const N: usize>(texts: [Option<&str>; N]) -> String {
    let texts = texts.into_iter().flatten().filter(|text| !text.is_empty());
    let texts: Vec<String> = texts.map(|text| short(&clean(text), CELL_CHARS_MAX)).collect();
    texts.join("\n")
}

#[cfg(test)]
pub(super) mod tests {
    use time::macros::datetime;
    use uuid::Uuid;
    use xds_audit::{AuditUser, Caller, Closing, Event, EventId, Opening, Stamp, Told};
    use xds_model::Transaction;

    use super::*;

    /// An opening of a record by a user with a hostile name.
    pub(in crate::commands::audit) fn found() -> Found {
        let caller = Caller {
            node: Some("h1".to_owned()),
            organisation: Some("1311234567".to_owned()),
            user: Some(AuditUser {
                id: "dr\u{1b}[2J\nsato".to_owned(),
                ..AuditUser::default()
            }),
            ..Caller::default()
        };
        let stamp = Stamp {
            at: datetime!(2026-11-24 01:02:03 UTC),
            up_us: 7,
        };
        let opening = Opening {
            kind: EventKind::received(Transaction::Iti43),
            caller,
            endpoint: "https://repository.example.jp".to_owned(),
            correlation: "c-1".to_owned(),
            objects: Objects::of_patient("P1^^^&1.2.3&ISO".to_owned()),
        };
        Found {
            position: "1795482123000000.1.42.0".parse().unwrap(),
            part: 0,
            told: Told {
                id: EventId {
                    journal: Uuid::from_u128(7),
                    sequence: 42,
                },
                began: stamp,
                ended: stamp,
                event: Event {
                    opening,
                    closing: Closing::success(),
                },
            },
            message: None,
        }
    }

    #[test]
    fn a_row_says_who_did_what_and_cannot_steer_the_terminal() {
        let directory = Directory {
            organisations: [("1311234567".to_owned(), "中央病院".to_owned())].into(),
            ..Directory::default()
        };
        let row = row(&found(), &directory, Lang::Ja);
        assert_eq!(row.len(), headings(Lang::En).count());
        assert_eq!(row[0], "2026-11-24 10:02:03");
        assert_eq!(row[1..4], ["ITI-43", "成功", "中央病院\nh1"]);
        assert_eq!(row[4], "dr\u{FFFD}[2J\u{FFFD}sato");
        assert_eq!(row[5], "P1^^^&1.2.3&ISO");
        assert_eq!(row[6], "00000000-0000-0000-0000-000000000007/42");
    }

    #[test]
    fn a_value_names_event_and_position() {
        let value = serde_json::to_value(found().value()).unwrap();
        assert_eq!(value["id"], "00000000-0000-0000-0000-000000000007/42");
        assert_eq!(value["position"], "1795482123000000.1.42.0");
        assert_eq!(value["began"]["at"], "2026-11-24T01:02:03Z");
        assert_eq!(value["event"]["opening"]["caller"]["node"], "h1");
    }
}
