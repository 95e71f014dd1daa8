//! From an event to the columns of its rows.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use uuid::Uuid;
use xds_audit::{Action, EventKind, Objects, Told};
use xds_model::Transaction;

use crate::error::TrailError;
use crate::keep::{encode, key};

/// Objects of an event that can be searched for; more are in its body only.
const KEYS_MAX: usize = 10_000;

/// The separator of lists on their way to the database: arrays of arrays do not unnest.
const SEPARATOR: char = '\u{1F}';

/// The rows of an event.
pub(crate) struct Entry {
    pub(crate) at: OffsetDateTime,
    pub(crate) ended: OffsetDateTime,
    pub(crate) journal: Uuid,
    pub(crate) sequence: i64,
    pub(crate) part: i32,
    pub(crate) kind: &'static str,
    pub(crate) direction: &'static str,
    pub(crate) action: Option<&'static str>,
    pub(crate) outcome: i16,
    pub(crate) node: Option<String>,
    pub(crate) organisation: Option<String>,
    pub(crate) via: Option<String>,
    pub(crate) user_id: Option<String>,
    pub(crate) user_issuer: Option<String>,
    pub(crate) roles: String,
    pub(crate) purposes: String,
    pub(crate) bases: String,
    pub(crate) decisions: String,
    pub(crate) instruments: String,
    pub(crate) errors: String,
    pub(crate) correlation: Option<String>,
    pub(crate) endpoint: Option<String>,
    pub(crate) peer: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) patients: BTreeSet<String>,
    pub(crate) documents: BTreeSet<String>,
    pub(crate) withheld: BTreeSet<(String, String)>,
}

impl Entry {
    /// An event of a journal of ours: whole, so it is part 0.
    pub(crate) fn of(told: &Told) -> Result<Self, TrailError> {
        Self::new(told, 0, None)
    }

    /// What was read from a message that was delivered.
    pub(crate) fn delivered(told: &Told, part: i32, message: &str) -> Result<Self, TrailError> {
        Self::new(told, part, Some(message))
    }

    fn new(told: &Told, part: i32, message: Option<&str>) -> Result<Self, TrailError> {
        let (opening, closing) = (&told.event.opening, &told.event.closing);
        let caller = &opening.caller;
        let user = caller.user.as_ref();
        let optional = |text: &Option<String>| text.as_deref().map(key);
        let failed = closing.failed.as_ref();
        let objects = [&opening.objects, &closing.objects]
            .into_iter()
            .chain(failed.map(|failed| &failed.objects));
        let (mut patients, mut documents) = (BTreeSet::new(), BTreeSet::new());
        for objects in objects {
            patients.extend(patients_of(objects));
            documents.extend(documents_of(objects));
        }
        let errors = closing
            .errors
            .iter()
            .chain(failed.iter().flat_map(|failed| &failed.errors));
        let instruments = closing
            .decisions
            .iter()
            .filter_map(|decision| decision.instrument.as_ref());
        Ok(Self {
            at: told.began.at,
            ended: told.ended.at,
            journal: told.id.journal,
            sequence: i64::try_from(told.id.sequence).map_err(|_| TrailError::Encoding)?,
            part,
            kind: opening.kind.name(),
            direction: direction(&opening.kind),
            action: action(&opening.kind),
            outcome: i16::from(closing.outcome.code()),
            node: optional(&caller.node),
            organisation: optional(&caller.organisation),
            via: optional(&caller.via),
            user_id: user.map(|user| key(&user.id)),
            user_issuer: user.and_then(|user| optional(&user.issuer)),
            roles: list(
                user.iter()
                    .flat_map(|user| user.roles.iter().map(|role| role.code.as_str())),
            ),
            purposes: list(
                user.iter()
                    .flat_map(|user| user.purposes.iter().map(|purpose| purpose.code.as_str())),
            ),
            bases: list(closing.decisions.iter().map(|decision| decision.basis.as_str())),
            decisions: list(closing.decisions.iter().map(|decision| decision.id.as_str())),
            instruments: list(instruments.map(|instrument| instrument.id.as_str())),
            errors: list(errors.map(String::as_str)),
            correlation: Some(key(&opening.correlation)).filter(|text| !text.is_empty()),
            endpoint: Some(key(&opening.endpoint)).filter(|text| !text.is_empty()),
            peer: caller.peer.map(|peer| peer.ip().to_string()),
            body: encode(told, message)?,
            patients: patients.into_iter().take(KEYS_MAX).collect(),
            documents: documents.into_iter().take(KEYS_MAX).collect(),
            withheld: closing
                .withheld
                .iter()
                .map(|withheld| (key(&withheld.object), key(&withheld.reason)))
                .collect(),
        })
    }
}

fn patients_of(objects: &Objects) -> impl Iterator<Item = String> {
    objects
        .patients
        .iter()
        .chain(&objects.subsumed)
        .map(|patient| key(patient))
}

fn documents_of(objects: &Objects) -> impl Iterator<Item = String> {
    objects
        .documents
        .iter()
        .map(|document| &document.unique_id)
        .chain(&objects.registry_objects)
        .chain(&objects.submission_set)
        .map(|object| key(object))
}

/// Each value once, in its order.
fn list<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut seen = BTreeSet::new();
    let mut joined = String::new();
    for value in values.filter(|value| !value.is_empty()).take(KEYS_MAX) {
        let value = key(value).replace(SEPARATOR, "\u{FFFD}");
        if seen.insert(value.clone()) {
            if !joined.is_empty() {
                joined.push(SEPARATOR);
            }
            joined.push_str(&value);
        }
    }
    joined
}

fn direction(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::Received { .. } => "received",
        EventKind::Sent { .. } => "sent",
        _ => "own",
    }
}

/// EventActionCode, where the kind tells it (see docs/operating/audit-messages.md).
fn action(kind: &EventKind) -> Option<&'static str> {
    let (transaction, told, sent) = match kind {
        EventKind::Received { transaction, action } => (*transaction, *action, false),
        EventKind::Sent { transaction, action } => (*transaction, *action, true),
        EventKind::AuditLogRead { .. } | EventKind::Exported { .. } => return Some("R"),
        _ => return Some("E"),
    };
    if let Some(action) = told {
        return Some(code(action));
    }
    Some(match transaction {
        Transaction::Iti18 | Transaction::Iti51 | Transaction::Decision => "E",
        Transaction::Iti41 | Transaction::Iti42 | Transaction::Iti61 if sent => "R",
        Transaction::Iti41 | Transaction::Iti42 | Transaction::Iti61 => "C",
        Transaction::Iti57 | Transaction::Iti92 => "U",
        Transaction::Iti43 if sent => "C",
        Transaction::Iti43 => "R",
        Transaction::Iti62 | Transaction::Iti86 => "D",
        Transaction::Iti8 | Transaction::Iti44 => return None,
    })
}

fn code(action: Action) -> &'static str {
    match action {
        Action::Create => "C",
        Action::Read => "R",
        Action::Update => "U",
        Action::Delete => "D",
        Action::Execute => "E",
    }
}
