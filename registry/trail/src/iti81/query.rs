//! From a query string to what is asked.

use std::fmt;

use serde_json::Value;
use xds_atna::fhir::TRANSACTION_SYSTEM;
use xds_audit::Outcome;
use xds_model::Transaction;

use super::date::Range;
use super::parameters;
use crate::question::{Page, Position, Question};

/// The search parameters of ITI-81 (Add RESTful ATNA, 3.81.4.1.2), read. `Debug` shows no value of a person.
#[derive(Clone, Eq, PartialEq)]
pub struct AuditEventQuery {
    /// What the index is asked.
    pub question: Question,
    /// Which part of its answer.
    pub page: Page,
    filters: Vec<Filter>,
    pairs: Vec<(String, String)>,
}

/// Why a search cannot be answered. It quotes no value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Iti81Error {
    /// ITI-81 requires both ends of the time.
    #[error("date is required twice: its earliest (ge) and its latest (le)")]
    DateMissing,
    /// A date that is none, or a range without anything in it.
    #[error("date has a value that is no date, an unknown prefix, or nothing between its ends")]
    Date,
    /// A parameter that is not offered. To leave it out would answer more than was asked.
    #[error("the parameter {0} is not supported")]
    Parameter(String),
    /// A value that the parameter does not have.
    #[error("the value of {0} is not supported")]
    Value(&'static str),
    /// Another format than JSON.
    #[error("the answer can be had as application/fhir+json only")]
    Format,
    /// Percent-encoding or UTF-8.
    #[error("the query string is not well encoded")]
    Encoding,
    /// Over a limit.
    #[error("the query string is too long")]
    TooLong,
}

impl Iti81Error {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::Format => 406,
            _ => 400,
        }
    }

    /// The code of the OperationOutcome's issue (FHIR IssueType).
    pub fn issue(&self) -> &'static str {
        match self {
            Self::DateMissing => "required",
            Self::Date | Self::Value(_) => "value",
            Self::Parameter(_) | Self::Format => "not-supported",
            Self::Encoding => "structure",
            Self::TooLong => "too-long",
        }
    }
}

impl AuditEventQuery {
    /// Events of a page when `_count` does not say.
    pub const COUNT_DEFAULT: usize = 100;

    /// Reads the query string, without its question mark.
    ///
    /// # Errors
    /// [`Iti81Error`]: also for a parameter that is not known, whatever the Prefer header says.
    pub fn read(query: &str) -> Result<Self, Iti81Error> {
        let mut read = Self {
            question: Question::default(),
            page: Page::first(Self::COUNT_DEFAULT),
            filters: Vec::new(),
            pairs: parameters::read(query)?,
        };
        let mut range = Range::default();
        for (name, value) in read.pairs.clone() {
            match name.as_str() {
                "date" => range.narrow(&value)?,
                "_format" => format(&value)?,
                "_sort" if value == "-date" => {}
                "_sort" => return Err(Iti81Error::Value("_sort")),
                "_count" => read.page.rows = count(&value)?,
                super::AFTER => read.page.after = Some(after(&value)?),
                name => read.filter(name, &value)?,
            }
        }
        let (from, until) = range.bounds()?;
        read.question.from = Some(from);
        read.question.until = Some(until);
        Ok(read)
    }

    /// Whether an AuditEvent (as [`xds_atna::fhir::audit_event`] makes it) is what was asked for.
    pub fn matches(&self, resource: &Value) -> bool {
        self.filters.iter().all(|filter| filter.matches(resource))
    }

    /// The query string again, to go on after this place.
    pub fn link(&self, after: Option<Position>) -> String {
        let after = after.map(|position| position.to_string());
        let kept = self
            .pairs
            .iter()
            .filter(|(name, _)| after.is_none() || name != super::AFTER);
        let kept = kept.map(|(name, value)| (name.as_str(), value.as_str()));
        parameters::write(kept.chain(after.as_deref().map(|after| (super::AFTER, after))))
    }

    fn filter(&mut self, name: &str, value: &str) -> Result<(), Iti81Error> {
        let field = Field::named(name).ok_or_else(|| unknown(name))?;
        let tokens: Vec<Token> = value.split(',').filter_map(Token::read).collect();
        if tokens.is_empty() {
            return Err(Iti81Error::Value(field.name()));
        }
        self.narrow(field, &tokens);
        self.filters.push(Filter { field, tokens });
        Ok(())
    }

    /// Lets the index leave out what the filter would. It must never leave out more.
    fn narrow(&mut self, field: Field, tokens: &[Token]) {
        match (field, tokens) {
            (Field::Patient, [token]) if self.question.patient.is_none() => {
                self.question.patient = token.cx();
            }
            (Field::Entity, [token]) if self.question.document.is_none() && token.is_unique_id() => {
                self.question.document = Some(token.code.clone());
            }
            (Field::Subtype, tokens) if self.question.kinds.is_empty() => {
                let kinds: Option<Vec<String>> = tokens.iter().map(Token::transaction).collect();
                // A transaction that was refused before any handler is of a kind of its own.
                self.question.kinds = kinds
                    .map(|kinds| kinds.into_iter().chain(["request-refused".to_owned()]).collect())
                    .unwrap_or_default();
            }
            // Failures are not left to the index: part of an event that went well may have failed.
            (Field::Outcome, [token]) if token.code == "0" => {
                self.question.outcomes = vec![Outcome::Success];
            }
            _ => {}
        }
    }
}

impl fmt::Debug for AuditEventQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditEventQuery")
            .field("question", &self.question)
            .field("page", &self.page)
            .finish_non_exhaustive()
    }
}

pub(super) fn count(value: &str) -> Result<usize, Iti81Error> {
    let count: usize = value.parse().map_err(|_| Iti81Error::Value("_count"))?;
    match count {
        0 => Err(Iti81Error::Value("_count")),
        count => Ok(count.min(Page::ROWS_MAX)),
    }
}

pub(super) fn after(value: &str) -> Result<Position, Iti81Error> {
    value.parse().map_err(|_| Iti81Error::Value(super::AFTER))
}

pub(super) fn unknown(name: &str) -> Iti81Error {
    // It is quoted in an answer: as a name, or not at all.
    let is_name = name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte));
    Iti81Error::Parameter(if is_name { name.to_owned() } else { "?".to_owned() })
}

fn format(value: &str) -> Result<(), Iti81Error> {
    // An unescaped plus sign comes as a space.
    let value = value.replace(' ', "+");
    match value.split(';').next().unwrap_or_default() {
        "json" | "application/json" | "application/fhir+json" => Ok(()),
        _ => Err(Iti81Error::Format),
    }
}

/// One parameter: one of its values must stand in its field.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Filter {
    field: Field,
    tokens: Vec<Token>,
}

impl Filter {
    fn matches(&self, resource: &Value) -> bool {
        self.field
            .values(resource)
            .into_iter()
            .any(|(system, code)| self.tokens.iter().any(|token| token.is(system, code)))
    }
}

/// `code`, `|code` (of no system) or `system|code`.
#[derive(Clone, Eq, PartialEq)]
struct Token {
    system: Option<String>,
    code: String,
}

/// It may be a person's id.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl Token {
    fn read(text: &str) -> Option<Self> {
        let (system, code) = match text.split_once('|') {
            Some((system, code)) => (Some(system.to_owned()), code),
            None => (None, text),
        };
        (!code.is_empty()).then(|| Self {
            system,
            code: code.to_owned(),
        })
    }

    fn is(&self, system: Option<&str>, code: &str) -> bool {
        let of_system = match self.system.as_deref() {
            None => true,
            Some(wanted) => wanted == system.unwrap_or_default(),
        };
        of_system && self.code == code
    }

    /// The patient as the index has it.
    fn cx(&self) -> Option<String> {
        let oid = self.system.as_deref()?.strip_prefix("urn:oid:")?;
        let is_plain = !self.code.contains(['^', '&', '|', '~', '\\']);
        is_plain.then(|| format!("{}^^^&{oid}&ISO", self.code))
    }

    /// An OID, with an extension or without: a document or submission set, and nothing else that events name.
    fn is_unique_id(&self) -> bool {
        let root = self.code.split('^').next().unwrap_or_default();
        self.system.is_none()
            && root.contains('.')
            && root.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    }

    fn transaction(&self) -> Option<String> {
        let of_ihe = self
            .system
            .as_deref()
            .is_none_or(|system| system == TRANSACTION_SYSTEM);
        let transaction = Transaction::ALL
            .into_iter()
            .find(|transaction| transaction.name() == self.code)?;
        of_ihe.then(|| transaction.name().to_owned())
    }
}

/// What a parameter looks at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    Address,
    Agent,
    AltId,
    Patient,
    Entity,
    EntityType,
    EntityRole,
    Source,
    Type,
    Subtype,
    Action,
    Outcome,
}

impl Field {
    const ALL: [Self; 12] = [
        Self::Address,
        Self::Agent,
        Self::AltId,
        Self::Patient,
        Self::Entity,
        Self::EntityType,
        Self::EntityRole,
        Self::Source,
        Self::Type,
        Self::Subtype,
        Self::Action,
        Self::Outcome,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Agent => "agent.identifier",
            Self::AltId => "altid",
            Self::Patient => "patient.identifier",
            Self::Entity => "entity.identifier",
            Self::EntityType => "entity-type",
            Self::EntityRole => "entity-role",
            Self::Source => "source.identifier",
            Self::Type => "type",
            Self::Subtype => "subtype",
            Self::Action => "action",
            Self::Outcome => "outcome",
        }
    }

    /// The short names are references in FHIR; ours are identifiers, and so they are taken as such.
    fn named(name: &str) -> Option<Self> {
        let long = match name {
            "agent" => "agent.identifier",
            "patient" => "patient.identifier",
            "entity" => "entity.identifier",
            "source" => "source.identifier",
            name => name,
        };
        Self::ALL.into_iter().find(|field| field.name() == long)
    }

    /// System and code of everything that stands there.
    fn values(self, resource: &Value) -> Vec<(Option<&str>, &str)> {
        let agents = || list(resource, "agent");
        let entities = || list(resource, "entity");
        match self {
            Self::Address => texts(agents().filter_map(|agent| agent.pointer("/network/address"))),
            Self::Agent => texts(agents().filter_map(|agent| agent.pointer("/who/identifier/value"))),
            Self::AltId => texts(agents().filter_map(|agent| agent.get("altId"))),
            Self::Patient => identifiers(entities().filter(|entity| is_patient(entity))),
            Self::Entity => identifiers(entities()),
            Self::EntityType => codings(entities().filter_map(|entity| entity.get("type"))),
            Self::EntityRole => codings(entities().filter_map(|entity| entity.get("role"))),
            Self::Source => texts(resource.pointer("/source/observer/identifier/value").into_iter()),
            Self::Type => codings(resource.get("type").into_iter()),
            Self::Subtype => codings(list(resource, "subtype")),
            Self::Action => texts(resource.get("action").into_iter()),
            Self::Outcome => texts(resource.get("outcome").into_iter()),
        }
    }
}

fn list<'a>(resource: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    resource.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn texts<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<(Option<&'a str>, &'a str)> {
    values.filter_map(|value| Some((None, value.as_str()?))).collect()
}

fn codings<'a>(values: impl Iterator<Item = &'a Value>) -> Vec<(Option<&'a str>, &'a str)> {
    let system = |value: &'a Value| value.get("system").and_then(Value::as_str);
    values
        .filter_map(|value| Some((system(value), value.get("code")?.as_str()?)))
        .collect()
}

fn identifiers<'a>(entities: impl Iterator<Item = &'a Value>) -> Vec<(Option<&'a str>, &'a str)> {
    let system = |identifier: &'a Value| identifier.get("system").and_then(Value::as_str);
    entities
        .filter_map(|entity| entity.pointer("/what/identifier"))
        .filter_map(|identifier| Some((system(identifier), identifier.get("value")?.as_str()?)))
        .collect()
}

fn is_patient(entity: &Value) -> bool {
    let code = |pointer| entity.pointer(pointer).and_then(Value::as_str);
    code("/type/code") == Some("1") && code("/role/code") == Some("1")
}
