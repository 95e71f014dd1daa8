//! Who saw this patient's records.

use std::collections::BTreeSet;

use serde::Serialize;
use time::OffsetDateTime;
use xds_audit::{Coded, EventKind, Outcome, Told};
use xds_model::Transaction;

use super::directory::{Directory, named};
use super::local::date_time;
use super::sheet::{Section, Sheet};
use super::words::{Language, basis, deed, outcome, purpose};

/// For whom a sheet is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// The patient, or who asks for the patient: what people and facilities did, in plain words.
    Patient,
    /// An institution or the operator: every event, with the identifiers to follow it up.
    Institution,
}

/// What the sheet is about.
#[derive(Clone, Debug)]
pub struct AccessRequest {
    /// For whom.
    pub audience: Audience,
    /// The patient, as CX.
    pub patient: String,
    /// Events not before.
    pub from: OffsetDateTime,
    /// Events before.
    pub until: OffsetDateTime,
    /// When the sheet is made.
    pub made_at: OffsetDateTime,
    /// By whom: the operator or the network.
    pub made_by: String,
    /// Whether there were more events than were given.
    pub is_cut: bool,
}

/// Who saw a patient's records.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AccessReport {
    /// For whom.
    pub audience: Audience,
    /// The patient, as CX.
    pub patient: String,
    /// Events not before.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// Events before.
    #[serde(with = "time::serde::rfc3339")]
    pub until: OffsetDateTime,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// By whom.
    pub made_by: String,
    /// Whether there are more events than it holds: ask for a shorter time.
    pub is_cut: bool,
    /// What was done, the latest first.
    pub lines: Vec<AccessLine>,
}

/// One access.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AccessLine {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The name of the facility, or its code.
    pub facility: String,
    /// The person's name, if known; to an institution the user's id.
    pub person: String,
    /// The names of the roles, or their codes.
    pub roles: Vec<String>,
    /// The kind of event, such as `ITI-43`.
    pub kind: String,
    /// The outcome.
    pub outcome: xds_audit::Outcome,
    /// Documents and other objects.
    pub documents: Vec<String>,
    /// Purpose codes.
    pub purposes: Vec<String>,
    /// Basis codes.
    pub bases: Vec<String>,
    /// To follow it up: for institutions only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<AccessDetail>,
}

/// What an institution needs to follow an access up.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AccessDetail {
    /// The name of the event.
    pub event: String,
    /// The enrolled node.
    pub node: Option<String>,
    /// The issuer of the user's assertion.
    pub issuer: Option<String>,
    /// Whether only the node vouches for the user.
    pub user_by_default: bool,
    /// The correlation id.
    pub correlation: String,
    /// Decision ids.
    pub decisions: Vec<String>,
    /// Instruments with their versions.
    pub instruments: Vec<String>,
    /// Error codes.
    pub errors: Vec<String>,
}

/// The report over the events that a search for the patient found, the latest first. Events of another time are
/// left out; of the patient's sheet also what the system did for its own ends, and the registration of what a
/// repository tells as provided: it is one act.
pub fn access_report<'a>(
    request: &AccessRequest,
    events: impl IntoIterator<Item = &'a Told>,
    directory: &Directory,
) -> AccessReport {
    let in_time = |told: &&Told| request.from <= told.began.at && told.began.at < request.until;
    let events: Vec<&Told> = events.into_iter().filter(in_time).collect();
    let provided = submission_sets(&events, Transaction::Iti41);
    let wanted = |told: &&Told| {
        let is_told_twice = || {
            is_received(told, Transaction::Iti42)
                && submission_set(told)
                    .is_some_and(|set| provided.contains(&(set, told.event.closing.outcome)))
        };
        request.audience == Audience::Institution
            || is_for_patient(&told.event.opening.kind) && !is_told_twice()
    };
    let lines = events.iter().copied().filter(wanted);
    AccessReport {
        audience: request.audience,
        patient: request.patient.clone(),
        from: request.from,
        until: request.until,
        made_at: request.made_at,
        made_by: request.made_by.clone(),
        is_cut: request.is_cut,
        lines: lines.map(|told| access_line(told, request, directory)).collect(),
    }
}

/// What others did. Questions between our own parts, and our side of a request that the other side tells too, would
/// show one access twice.
fn is_for_patient(kind: &EventKind) -> bool {
    match kind {
        EventKind::Received { transaction, .. } => *transaction != Transaction::Decision,
        EventKind::RequestRefused { .. } | EventKind::AuditLogRead { .. } | EventKind::Exported { .. } => {
            true
        }
        _ => false,
    }
}

/// The submission sets that were received in this transaction, and how that ended.
fn submission_sets<'a>(events: &[&'a Told], transaction: Transaction) -> BTreeSet<(&'a str, Outcome)> {
    events
        .iter()
        .filter(|told| is_received(told, transaction))
        .filter_map(|told| Some((submission_set(told)?, told.event.closing.outcome)))
        .collect()
}

fn is_received(told: &Told, wanted: Transaction) -> bool {
    matches!(told.event.opening.kind, EventKind::Received { transaction, .. } if transaction == wanted)
}

fn submission_set(told: &Told) -> Option<&str> {
    let objects = [&told.event.opening.objects, &told.event.closing.objects];
    objects
        .iter()
        .find_map(|objects| objects.submission_set.as_deref())
}

fn access_line(told: &Told, request: &AccessRequest, directory: &Directory) -> AccessLine {
    let audience = request.audience;
    let (opening, closing) = (&told.event.opening, &told.event.closing);
    let caller = &opening.caller;
    let user = caller.user.as_ref();
    let person = user.map_or("", |user| match (audience, directory.persons.get(&user.id)) {
        (_, Some(name)) => name,
        (Audience::Institution, None) => &user.id,
        (Audience::Patient, None) => "",
    });
    let codes = |list: &[Coded]| list.iter().map(|coded| coded.code.clone()).collect::<Vec<_>>();
    AccessLine {
        at: told.began.at,
        facility: caller
            .organisation
            .as_deref()
            .map_or("", |code| named(&directory.organisations, code))
            .to_owned(),
        person: person.to_owned(),
        roles: user.map_or_else(Vec::new, |user| {
            let role = |coded: &Coded| {
                let name = directory.roles.get(&coded.code).or(coded.text.as_ref());
                name.unwrap_or(&coded.code).clone()
            };
            user.roles.iter().map(role).collect()
        }),
        kind: opening.kind.name().to_owned(),
        outcome: closing.outcome,
        documents: documents(told, &request.patient),
        purposes: user.map_or_else(Vec::new, |user| codes(&user.purposes)),
        bases: once(closing.decisions.iter().map(|decision| decision.basis.clone())),
        detail: (audience == Audience::Institution).then(|| detail(told)),
    }
}

fn detail(told: &Told) -> AccessDetail {
    let (opening, closing) = (&told.event.opening, &told.event.closing);
    let user = opening.caller.user.as_ref();
    let instrument = |decision: &xds_audit::Decision| {
        let instrument = decision.instrument.as_ref()?;
        Some(format!("{} v{}", instrument.id, instrument.version))
    };
    AccessDetail {
        event: told.id.to_string(),
        node: opening.caller.node.clone(),
        issuer: user.and_then(|user| user.issuer.clone()),
        user_by_default: user.is_some_and(|user| user.by_default),
        correlation: opening.correlation.clone(),
        decisions: once(closing.decisions.iter().map(|decision| decision.id.clone())),
        instruments: once(closing.decisions.iter().filter_map(instrument)),
        errors: closing.errors.clone(),
    }
}

/// Of an event that concerned several patients only what is this one's: a sheet must not tell of others.
fn documents(told: &Told, patient: &str) -> Vec<String> {
    let objects = [&told.event.opening.objects, &told.event.closing.objects];
    let of_several = objects
        .iter()
        .flat_map(|objects| &objects.patients)
        .any(|other| other != patient);
    let owner = |id: &String| objects.iter().find_map(|objects| objects.owners.get(id));
    let is_this_patients = |id: &&String| match owner(id) {
        Some(owner) => owner == patient,
        None => !of_several,
    };
    once(objects.iter().flat_map(|objects| {
        let documents = objects.documents.iter().map(|document| &document.unique_id);
        documents
            .chain(&objects.registry_objects)
            .filter(is_this_patients)
            .cloned()
    }))
}

fn once(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    values
        .filter(|value| !value.is_empty() && seen.insert(value.clone()))
        .collect()
}

impl AccessReport {
    /// The report as a table in one language.
    pub fn sheet(&self, language: Language) -> Sheet {
        let pick = |japanese: &str, english: &str| language.pick(japanese, english).to_owned();
        let range = format!("{} – {}", date_time(self.from), date_time(self.until));
        let facts = vec![
            (pick("患者", "Patient"), self.patient.clone()),
            (pick("期間（日本時間）", "Period (Japan time)"), range),
            (pick("件数", "Entries"), self.lines.len().to_string()),
            (pick("作成日時", "Made at"), date_time(self.made_at)),
            (pick("作成者", "Made by"), self.made_by.clone()),
        ];
        Sheet {
            language,
            title: pick("誰がこの患者の記録を見たか", "Who saw this patient's records"),
            facts,
            notes: self.notes(language),
            sections: vec![Section {
                heading: None,
                columns: self.columns(language),
                rows: self.lines.iter().map(|line| line.row(language)).collect(),
                nothing: pick(
                    "この期間に記録はありません。",
                    "Nothing is recorded in this period.",
                ),
            }],
        }
    }

    fn notes(&self, language: Language) -> Vec<String> {
        let mut notes = Vec::new();
        if self.audience == Audience::Patient {
            notes.push(language.pick(
                "あなたの診療記録を、いつ、どの施設の、どのような立場の人が扱ったかを新しい順に示します。\
                 ご不明な点は下記の作成者または各施設の窓口へお尋ねください。",
                "This sheet shows when, at which facility and in which role somebody handled your records, \
                 the latest first. Please ask the maker of this sheet or the facility about anything unclear.",
            ));
        }
        if self.is_cut {
            notes.push(language.pick(
                "件数が多いため、一部のみを示しています。期間を短くしてください。",
                "There are more entries than this sheet shows. Ask for a shorter period.",
            ));
        }
        notes.into_iter().map(str::to_owned).collect()
    }

    fn columns(&self, language: Language) -> Vec<String> {
        let plain = language.pick(
            ["日時", "施設", "担当者・職種", "内容", "結果", "目的", "根拠"],
            [
                "Time",
                "Facility",
                "Person, role",
                "What was done",
                "Result",
                "Purpose",
                "Basis",
            ],
        );
        let more = language.pick(
            [
                "端末",
                "発行者",
                "文書",
                "決定",
                "根拠文書",
                "エラー",
                "相関 ID",
                "事象",
            ],
            [
                "Node",
                "Issuer",
                "Documents",
                "Decision",
                "Instrument",
                "Errors",
                "Correlation",
                "Event",
            ],
        );
        let more = match self.audience {
            Audience::Patient => [].as_slice(),
            Audience::Institution => more.as_slice(),
        };
        plain.iter().chain(more).map(|text| (*text).to_owned()).collect()
    }
}

impl AccessLine {
    fn row(&self, language: Language) -> Vec<String> {
        let separator = language.pick("、", ", ");
        let list = |values: &[String]| values.join(separator);
        let words = |codes: &[String], word: fn(&str, Language) -> String| {
            let words: Vec<String> = codes.iter().map(|code| word(code, language)).collect();
            words.join(separator)
        };
        let person = once(std::iter::once(self.person.clone()).chain(self.roles.iter().cloned()));
        let mut row = vec![
            date_time(self.at),
            self.facility.clone(),
            person.join(separator),
            self.deed(language),
            outcome(self.outcome, language).to_owned(),
            words(&self.purposes, purpose),
            words(&self.bases, basis),
        ];
        if let Some(detail) = &self.detail {
            let by_default = language.pick("（端末による）", "(by the node)");
            let issuer = if detail.user_by_default {
                by_default.to_owned()
            } else {
                detail.issuer.clone().unwrap_or_default()
            };
            row.extend([
                detail.node.clone().unwrap_or_default(),
                issuer,
                list(&self.documents),
                list(&detail.decisions),
                list(&detail.instruments),
                list(&detail.errors),
                detail.correlation.clone(),
                detail.event.clone(),
            ]);
        }
        row
    }

    fn deed(&self, language: Language) -> String {
        let deed = deed(&self.kind, language);
        match self.documents.len() {
            0 => deed.to_owned(),
            count => format!(
                "{deed}{}",
                language.pick(format!("（{count} 件）"), format!(" ({count})"))
            ),
        }
    }
}
