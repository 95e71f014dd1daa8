//! Parameters of the operator API: the JSON bodies, and what may stand in a query string.

use actix_web::web::Query;
use registry_trail::report::{Audience, Language, MonthError, MonthRange};
use registry_trail::{OTHER_KINDS, Page, Position, Question, QuestionError, kind_named};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use xds_audit::Outcome;
use xds_model::PatientId;
use xds_server::http::Refusal;

use crate::operator::refusal::bad;

/// Where the parameters are described.
const RULE: &str = "operator-api.openapi.json";
/// Characters of a value at most: the longest that an event can be found by.
const CHARS_MAX: usize = 512;
/// Characters of a reviewer's remark at most.
const REMARK_CHARS_MAX: usize = 4_000;
/// Events of a page, unless the request says.
const ROWS: usize = 100;
/// Pairs of a query string at most.
const PAIRS_MAX: usize = 64;
/// Bytes of a query string at most.
const QUERY_BYTES_MAX: usize = 8 * 1024;

/// What `POST /v1/audit/events/search` takes: all that is given must hold.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Search {
    patient: Option<String>,
    document: Option<String>,
    user: Option<String>,
    issuer: Option<String>,
    organisation: Option<String>,
    node: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    from: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    until: Option<OffsetDateTime>,
    outcomes: Vec<Outcome>,
    basis: Option<String>,
    kinds: Vec<String>,
    correlation: Option<String>,
    rows: Option<usize>,
    after: Option<String>,
}

impl Search {
    /// The same from a query string, where no patient may stand.
    pub(super) fn from_query(query: &str) -> Result<Self, Refusal> {
        let mut search = Self::default();
        for (name, value) in pairs(query)? {
            let slot = match name.as_str() {
                "patient" => {
                    let message = "a patient stands in no URL: send \
                                   POST /v1/audit/events/search with {\"patient\": \"id^^^&OID&ISO\"}";
                    return Err(bad("patient-in-url", message, RULE));
                }
                "outcome" => {
                    search.outcomes.push(outcome(&value)?);
                    continue;
                }
                "kind" => {
                    search.kinds.push(value);
                    continue;
                }
                "from" => {
                    once("from", &mut search.from, instant("from", &value)?)?;
                    continue;
                }
                "until" => {
                    once("until", &mut search.until, instant("until", &value)?)?;
                    continue;
                }
                "rows" => {
                    let rows = value
                        .parse()
                        .map_err(|_| bad("value", "rows is a number", RULE))?;
                    once("rows", &mut search.rows, rows)?;
                    continue;
                }
                "document" => ("document", &mut search.document),
                "user" => ("user", &mut search.user),
                "issuer" => ("issuer", &mut search.issuer),
                "organisation" => ("organisation", &mut search.organisation),
                "node" => ("node", &mut search.node),
                "basis" => ("basis", &mut search.basis),
                "correlation" => ("correlation", &mut search.correlation),
                "after" => ("after", &mut search.after),
                other => return Err(unknown(other)),
            };
            once(slot.0, slot.1, value)?;
        }
        Ok(search)
    }

    /// What the index is asked.
    pub(super) fn checked(self) -> Result<(Question, Page), Refusal> {
        let page = Page {
            rows: rows(self.rows)?,
            after: self.after.as_deref().map(position).transpose()?,
        };
        let texts = [
            ("document", &self.document),
            ("user", &self.user),
            ("issuer", &self.issuer),
            ("organisation", &self.organisation),
            ("node", &self.node),
            ("basis", &self.basis),
            ("correlation", &self.correlation),
        ];
        for (name, text) in texts {
            text.as_deref()
                .map_or(Ok(()), |text| bounded(name, text, CHARS_MAX))?;
        }
        let question = Question {
            patient: self.patient.as_deref().map(patient).transpose()?,
            document: self.document,
            user: self.user,
            issuer: self.issuer,
            organisation: self.organisation,
            node: self.node,
            from: self.from,
            until: self.until,
            outcomes: self.outcomes,
            basis: self.basis,
            kinds: self
                .kinds
                .iter()
                .map(|name| kind(name))
                .collect::<Result<_, _>>()?,
            correlation: self.correlation,
        };
        question.check().map_err(of_question)?;
        Ok((question, page))
    }
}

/// What `POST /v1/audit/reports/patient` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PatientReport {
    /// The patient, as CX.
    pub(super) patient: String,
    /// For whom.
    #[serde(rename = "for", default)]
    pub(super) audience: AudienceName,
    /// Only what this organisation did.
    #[serde(default)]
    pub(super) organisation: Option<String>,
    /// Not before; a year before the end unless given.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(super) from: Option<OffsetDateTime>,
    /// Before; now unless given.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub(super) until: Option<OffsetDateTime>,
    /// The form.
    #[serde(default)]
    pub(super) format: Format,
    /// The language of a sheet.
    #[serde(default)]
    pub(super) language: LanguageName,
}

impl PatientReport {
    /// The patient in the one form that the index knows.
    pub(super) fn patient(&self) -> Result<String, Refusal> {
        patient(&self.patient)
    }

    /// The organisation, if it is a text that can be looked for.
    pub(super) fn organisation(&self) -> Result<Option<String>, Refusal> {
        if let Some(text) = &self.organisation {
            bounded("organisation", text, CHARS_MAX)?;
        }
        Ok(self.organisation.clone())
    }
}

/// What a signature under a review takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignOffBody {
    /// Who reviewed it.
    pub(super) reviewer: String,
    /// What the reviewer says.
    pub(super) remark: String,
    /// How many events the review counted that the reviewer saw.
    pub(super) events: u64,
}

impl SignOffBody {
    /// Whether it can be kept.
    pub(super) fn checked(self) -> Result<Self, Refusal> {
        bounded("reviewer", &self.reviewer, 200)?;
        bounded("remark", &self.remark, REMARK_CHARS_MAX)?;
        Ok(self)
    }
}

/// The form and language of a sheet, from a query string.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Shape {
    pub(super) format: Format,
    pub(super) language: LanguageName,
}

impl Shape {
    pub(super) fn from_query(query: &str) -> Result<Self, Refusal> {
        let (mut format, mut language) = (None, None);
        for (name, value) in pairs(query)? {
            match name.as_str() {
                "format" => once("format", &mut format, named("format", value)?)?,
                "language" => once("language", &mut language, named("language", value)?)?,
                other => return Err(unknown(other)),
            }
        }
        Ok(Self {
            format: format.unwrap_or_default(),
            language: language.unwrap_or_default(),
        })
    }
}

/// For whom a sheet is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AudienceName {
    #[default]
    Patient,
    Institution,
}

impl AudienceName {
    pub(super) fn audience(self) -> Audience {
        match self {
            Self::Patient => Audience::Patient,
            Self::Institution => Audience::Institution,
        }
    }
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Format {
    #[default]
    Json,
    Html,
    Csv,
}

/// The language of a sheet.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum LanguageName {
    #[default]
    Ja,
    En,
}

impl LanguageName {
    pub(super) fn language(self) -> Language {
        match self {
            Self::Ja => Language::Japanese,
            Self::En => Language::English,
        }
    }
}

/// The body of a request.
pub(in crate::operator) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        let reason: String = error.to_string().chars().take(CHARS_MAX).collect();
        bad("body", reason, RULE)
    })
}

/// A month in Japan: `2026-11`.
pub(super) fn month(text: &str) -> Result<MonthRange, Refusal> {
    text.parse()
        .map_err(|error: MonthError| bad("value", error.to_string(), RULE))
}

/// Nothing may stand in the query string.
pub(in crate::operator) fn no_query(query: &str) -> Result<(), Refusal> {
    if query.is_empty() {
        return Ok(());
    }
    Err(bad("parameter", "this address takes no query string", RULE))
}

pub(in crate::operator) fn pairs(query: &str) -> Result<Vec<(String, String)>, Refusal> {
    if query.len() > QUERY_BYTES_MAX {
        return Err(bad("too-long", "the query string is over 8 KiB", RULE));
    }
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|_| bad("structure", "the query string is not well encoded", RULE))?
        .into_inner();
    if pairs.len() > PAIRS_MAX {
        return Err(bad("too-long", "over 64 parameters", RULE));
    }
    // What was no UTF-8 comes as U+FFFD, and would find something else than was asked for.
    if pairs.iter().any(|(_, value)| value.contains('\u{FFFD}')) {
        return Err(bad("structure", "the query string is not well encoded", RULE));
    }
    Ok(pairs)
}

pub(in crate::operator) fn once<T>(
    name: &'static str,
    slot: &mut Option<T>,
    value: T,
) -> Result<(), Refusal> {
    if slot.replace(value).is_some() {
        return Err(bad("value", format!("{name} is given twice"), RULE));
    }
    Ok(())
}

pub(in crate::operator) fn unknown(name: &str) -> Refusal {
    let is_name = name.len() <= 64
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let name = if is_name { name } else { "?" };
    bad("parameter", format!("there is no parameter {name}"), RULE)
}

fn named<T: DeserializeOwned>(name: &'static str, value: String) -> Result<T, Refusal> {
    serde_json::from_value(serde_json::Value::String(value))
        .map_err(|_| bad("value", format!("{name} has a value that it does not know"), RULE))
}

fn outcome(text: &str) -> Result<Outcome, Refusal> {
    named("outcome", text.to_owned()).map_err(|_| {
        let message = "outcome is one of success, minor-failure, serious-failure, major-failure";
        bad("value", message, RULE)
    })
}

fn instant(name: &'static str, text: &str) -> Result<OffsetDateTime, Refusal> {
    // A plus sign that was not escaped comes as a space.
    OffsetDateTime::parse(&text.replace(' ', "+"), &Rfc3339).map_err(|_| {
        bad(
            "value",
            format!("{name} is an instant of RFC 3339, such as 2026-04-01T00:00:00+09:00"),
            RULE,
        )
    })
}

fn rows(rows: Option<usize>) -> Result<usize, Refusal> {
    match rows {
        None => Ok(ROWS),
        Some(rows) if (1..=Page::ROWS_MAX).contains(&rows) => Ok(rows),
        Some(_) => Err(bad(
            "value",
            format!("rows is from 1 to {}", Page::ROWS_MAX),
            RULE,
        )),
    }
}

fn position(text: &str) -> Result<Position, Refusal> {
    text.parse()
        .map_err(|_| bad("value", "after is a position, as next or an event has it", RULE))
}

fn patient(text: &str) -> Result<String, Refusal> {
    let read: Result<PatientId, _> = text.parse();
    read.map(|patient| patient.to_string()).map_err(|error| {
        bad(
            "patient",
            format!("patient is CX, id^^^&OID&ISO: {error}"),
            "ITI TF-3 Table 4.2.3.1.7-2",
        )
    })
}

fn kind(text: &str) -> Result<String, Refusal> {
    kind_named(text).map(str::to_owned).ok_or_else(|| {
        let message = format!(
            "kind is a transaction such as ITI-43, or one of {}",
            OTHER_KINDS.join(", ")
        );
        bad("value", message, RULE)
    })
}

fn bounded(name: &'static str, text: &str, chars_max: usize) -> Result<(), Refusal> {
    let is_there = !text.trim().is_empty();
    let is_plain = !text.chars().any(|c| c.is_control() && c != '\n');
    if is_there && is_plain && text.chars().count() <= chars_max {
        return Ok(());
    }
    let message = format!("{name} has 1 to {chars_max} characters, and no control characters");
    Err(bad("value", message, RULE))
}

fn of_question(error: QuestionError) -> Refusal {
    bad("value", error.to_string(), RULE)
}

#[cfg(test)]
mod tests;
