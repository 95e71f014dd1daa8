//! From what people write to a version, and from a version to the next.

use serde_json::Value;
use time::OffsetDateTime;
use xds_policy::format::FormatError;
use xds_policy::version::InstrumentKind;

use super::kinds::Instrument;
use crate::change::Change;

/// Why a text is no version of an instrument.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// It is no JSON.
    #[error("line {line}, column {column}: this is no JSON")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It is longer than any instrument.
    #[error("a version has {} bytes at most", Instrument::BYTES_MAX)]
    TooLong,
    /// It is no object.
    #[error("a version is an object with id, effective_from and terms")]
    NoObject,
    /// It does not say what a version of this kind says.
    #[error("at {path}: {message}")]
    Content {
        /// Where: `terms.users[1]`; `.` is the whole version.
        path: String,
        /// What is wrong. It holds no value.
        message: String,
    },
}

impl Instrument {
    /// Bytes of a version at most, as a text.
    pub const BYTES_MAX: usize = 4 * 1024 * 1024;

    /// Reads what somebody wrote down of a new version. Who enters it and when comes from `change`, and whoever
    /// `approved_by` names besides those in the text has approved it. Without a version number it is the first.
    ///
    /// # Errors
    /// Where and why the text is none.
    pub fn draft(
        kind: InstrumentKind,
        text: &str,
        change: &Change,
        approved_by: &[String],
    ) -> Result<Self, DraftError> {
        if text.len() > Self::BYTES_MAX {
            return Err(DraftError::TooLong);
        }
        let value = serde_json::from_str(text).map_err(|error| DraftError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        Self::enter(kind, value, change, approved_by)
    }

    /// The next version, which ends this one at an instant: everything else stays. It does not begin before this one.
    ///
    /// # Errors
    /// When the instant cannot be written down.
    pub fn ending(
        &self,
        at: OffsetDateTime,
        change: &Change,
        approved_by: &[String],
    ) -> Result<Self, DraftError> {
        let mut value = self.value().map_err(|error| unfit(&error))?;
        let next = self.reference().version.saturating_add(1);
        let from = change.at.max(self.effective_from()).min(at);
        if let Value::Object(members) = &mut value {
            members.insert("version".to_owned(), next.into());
            members.insert("effective_from".to_owned(), written(from)?);
            members.insert("effective_to".to_owned(), written(at)?);
            members.remove("approved_by");
        }
        Self::enter(self.reference().kind, value, change, approved_by)
    }

    fn enter(
        kind: InstrumentKind,
        mut value: Value,
        change: &Change,
        approved_by: &[String],
    ) -> Result<Self, DraftError> {
        let Value::Object(members) = &mut value else {
            return Err(DraftError::NoObject);
        };
        members.remove("hash");
        members.remove("evidence_found");
        members.entry("version").or_insert(1.into());
        members.insert("entered_at".to_owned(), written(change.at)?);
        members.insert("entered_by".to_owned(), change.who.as_str().into());
        let approvers = members
            .entry("approved_by")
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(approvers) = approvers {
            approvers.extend(approved_by.iter().map(|name| Value::from(name.as_str())));
        }
        let text = value.to_string();
        Self::sealed(kind, value).map_err(|error| match Self::fault(kind, &text) {
            Some(FormatError::Text { path, message, .. }) => DraftError::Content { path, message },
            _ => unfit(&error),
        })
    }
}

fn written(at: OffsetDateTime) -> Result<Value, DraftError> {
    xds_policy::instant::serialize(&at, serde_json::value::Serializer).map_err(|error| unfit(&error))
}

/// What is wrong, without the value, which may be a patient's.
fn unfit(error: &serde_json::Error) -> DraftError {
    const ABOUT_VALUE: [&str; 4] = [
        "invalid type",
        "invalid value",
        "invalid length",
        "unknown variant",
    ];
    let text = error.to_string();
    let kind = ABOUT_VALUE.into_iter().find(|kind| text.starts_with(kind));
    let message = match (kind, text.rfind(", expected")) {
        (Some(kind), Some(expected)) => format!("{kind}{}", text.get(expected..).unwrap_or_default()),
        (Some(kind), None) => kind.to_owned(),
        (None, _) => text,
    };
    DraftError::Content {
        path: ".".to_owned(),
        message,
    }
}
