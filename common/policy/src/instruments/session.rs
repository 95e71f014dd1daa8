//! Break-glass sessions 緊急時アクセス (Act on the Protection of Personal Information, Article 27(1)(2)).

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use xds_model::principal::OrganisationId;

use crate::version::{InstrumentKind, Terms};
use crate::words::{PatientRef, UserId};

/// That one user declared an emergency of one patient. It is opened by the declaration, holds from
/// `effective_from` to `effective_to`, and is ended early or reviewed by a new version.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlassSession {
    /// The patient.
    pub patient: PatientRef,
    /// The user's organisation.
    pub organisation: OrganisationId,
    /// The user.
    pub user: UserId,
    /// Why.
    pub reason: EmergencyReason,
    /// When it was opened: the same in all versions.
    #[serde(with = "crate::instant")]
    pub opened: OffsetDateTime,
    /// How often it was renewed: once at most.
    #[serde(default)]
    pub renewals: u8,
    /// B6: the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// B7: when the patient was told what was obtained, and from whom.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub patient_told_at: Option<OffsetDateTime>,
}

impl Terms for BreakGlassSession {
    const KIND: InstrumentKind = InstrumentKind::BreakGlassSession;
}

/// B2: why consent cannot be had.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EmergencyReason {
    /// 意識不明
    Unconscious,
    /// 生命の危険
    LifeThreat,
    /// 意思疎通不能
    CannotCommunicate,
    /// 代理人に連絡がつかない
    NoRepresentativeReachable,
}

impl EmergencyReason {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Unconscious,
        Self::LifeThreat,
        Self::CannotCommunicate,
        Self::NoRepresentativeReachable,
    ];

    /// The code, as in files and declarations.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unconscious => "UNCONSCIOUS",
            Self::LifeThreat => "LIFE_THREAT",
            Self::CannotCommunicate => "CANNOT_COMMUNICATE",
            Self::NoRepresentativeReachable => "NO_REPRESENTATIVE_REACHABLE",
        }
    }

    /// The reason with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

/// B6: the review of a session.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Who reviewed it.
    pub by: UserId,
    /// When.
    #[serde(with = "crate::instant")]
    pub at: OffsetDateTime,
    /// What came out.
    pub outcome: ReviewOutcome,
    /// In words.
    #[serde(default)]
    pub text: String,
}

/// What came out of a review.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ReviewOutcome {
    /// There was an emergency.
    Justified,
    /// B8: there was none, or the patient could speak.
    Misuse,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_one_code_in_files_and_declarations() {
        for reason in EmergencyReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
            assert_eq!(EmergencyReason::from_code(reason.code()), Some(reason));
        }
        assert_eq!(EmergencyReason::from_code("BORED"), None);
    }
}
