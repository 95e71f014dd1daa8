//! Bodies of requests.

use serde::Deserialize;
use serde_json::Value;
use xds_model::PatientId;
use xds_server::http::Refusal;

use super::error::field;

/// Rows of a page, unless the request says.
pub(super) const ROWS: usize = 100;
/// Rows of a page at most.
pub(super) const ROWS_MAX: usize = 200;
/// Characters of a reason, or of a name, at most.
const CHARS_MAX: usize = 1_000;
/// Names at most.
const NAMES_MAX: usize = 20;

/// A version that is entered or judged.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The version, as docs/domain-format.md has it.
    pub(super) entry: Value,
    /// Why.
    #[serde(default)]
    pub(super) reason: Option<String>,
}

impl Entry {
    pub(super) fn checked(self) -> Result<Self, Refusal> {
        bounded("reason", self.reason.as_deref())?;
        Ok(self)
    }
}

/// An end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// First instant that it does not hold any more; now unless given.
    #[serde(default)]
    pub(super) at: Option<String>,
    /// Who approved it on paper.
    #[serde(default)]
    pub(super) approved_by: Vec<String>,
    /// Why.
    #[serde(default)]
    pub(super) reason: Option<String>,
}

impl End {
    pub(super) fn checked(self) -> Result<Self, Refusal> {
        bounded("reason", self.reason.as_deref())?;
        if self.approved_by.len() > NAMES_MAX {
            return Err(field("approved_by", &format!("{NAMES_MAX} names at most")));
        }
        for name in &self.approved_by {
            bounded("approved_by", Some(name))?;
        }
        Ok(self)
    }
}

/// A version whose effect is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Impact {
    /// The version.
    pub(super) entry: Value,
    /// As of when: when it takes effect, or now, unless given.
    #[serde(default)]
    pub(super) at: Option<String>,
}

/// Whose instruments are looked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfPatient {
    /// The patient, as CX.
    patient: String,
    /// Of one kind.
    #[serde(default)]
    pub(super) kind: Option<String>,
    /// After this place, as `next` of an answer has it.
    #[serde(default)]
    pub(super) after: Option<usize>,
    /// Rows of a page.
    #[serde(default)]
    pub(super) rows: Option<usize>,
}

impl OfPatient {
    pub(super) fn patient(&self) -> Result<PatientId, Refusal> {
        self.patient
            .parse()
            .map_err(|_| field("patient", "CX: id^^^&OID&ISO"))
    }

    pub(super) fn rows(&self) -> Result<usize, Refusal> {
        match self.rows.unwrap_or(ROWS) {
            rows if (1..=ROWS_MAX).contains(&rows) => Ok(rows),
            _ => Err(field("rows", &format!("a number from 1 to {ROWS_MAX}"))),
        }
    }
}

/// Why, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    /// Why.
    #[serde(default)]
    pub(super) reason: Option<String>,
}

impl Why {
    pub(super) fn checked(self) -> Result<Self, Refusal> {
        bounded("reason", self.reason.as_deref())?;
        Ok(self)
    }
}

fn bounded(name: &str, text: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    let is_plain = !text.chars().any(|char| char.is_control() && char != '\n');
    if !text.trim().is_empty() && is_plain && text.chars().count() <= CHARS_MAX {
        return Ok(());
    }
    Err(field(
        name,
        &format!("1 to {CHARS_MAX} characters, and no control characters"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::audit::json;

    #[test]
    fn what_is_not_known_and_what_is_too_long_is_refused() {
        for body in [
            r#"{"entry":{},"approved":true}"#,
            r#"{"entry":{},"entered_by":"x"}"#,
            r#"{}"#,
        ] {
            assert!(json::<Entry>(body.as_bytes()).is_err(), "{body}");
        }
        let entry = |reason: &str| {
            Entry {
                entry: Value::Null,
                reason: Some(reason.to_owned()),
            }
            .checked()
            .is_ok()
        };
        assert!(entry(&"理".repeat(1_000)));
        for wrong in ["", " ", "a\u{0}", &"理".repeat(1_001)] {
            assert!(!entry(wrong), "{wrong}");
        }
        let end = |names| {
            End {
                at: None,
                approved_by: vec!["鈴木".to_owned(); names],
                reason: None,
            }
            .checked()
            .is_ok()
        };
        assert!(end(20) && !end(21));
    }
}
