//! What people have to do after a disclosure: tell somebody, or review it.

use time::OffsetDateTime;
use xds_model::principal::OrganisationId;
use xds_policy::calendar::end_of_business_day;
use xds_policy::instruments::session::BreakGlassSession;
use xds_policy::ledger::Ledger;
use xds_policy::obligations::{Obligation, REVIEW_BUSINESS_DAYS};
use xds_policy::version::{InstrumentRef, Version};
use xds_policy::words::PatientRef;

/// What has to be done.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TaskKind {
    /// Tell the author institution, at once.
    TellAuthor,
    /// Tell the operator, at once.
    TellOperator,
    /// Tell the network's privacy officer, at once.
    TellPrivacyOfficer,
    /// Tell the patient what was obtained, and from whom.
    TellPatient,
    /// B6: somebody other than the user reviews it.
    Review,
}

impl TaskKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::TellAuthor,
        Self::TellOperator,
        Self::TellPrivacyOfficer,
        Self::TellPatient,
        Self::Review,
    ];

    /// A small number that never changes, for storage.
    pub fn number(self) -> i16 {
        match self {
            Self::TellAuthor => 1,
            Self::TellOperator => 2,
            Self::TellPrivacyOfficer => 3,
            Self::TellPatient => 4,
            Self::Review => 5,
        }
    }

    /// The kind with this number.
    pub fn from_number(number: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Its name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::TellAuthor => "author",
            Self::TellOperator => "operator",
            Self::TellPrivacyOfficer => "privacy-officer",
            Self::TellPatient => "patient",
            Self::Review => "review",
        }
    }

    /// What an obligation asks people to do, and until when.
    pub(super) fn of(obligation: Obligation) -> Option<(Self, Option<OffsetDateTime>)> {
        match obligation {
            Obligation::NotifyAuthor => Some((Self::TellAuthor, None)),
            Obligation::NotifyOperator => Some((Self::TellOperator, None)),
            Obligation::NotifyPrivacyOfficer => Some((Self::TellPrivacyOfficer, None)),
            Obligation::NotifyPatient => Some((Self::TellPatient, None)),
            Obligation::Review { due } => Some((Self::Review, Some(due))),
            _ => None,
        }
    }
}

/// One thing that has to be done, once for each session or order and organisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Task {
    /// The patient.
    pub patient: PatientRef,
    /// What has to be done.
    pub kind: TaskKind,
    /// The break-glass session, or the legal order, that it comes from.
    pub instrument: InstrumentRef,
    /// Who has to be told; for the patient and the review, whose user it was.
    pub organisation: OrganisationId,
    /// Since when.
    pub since: OffsetDateTime,
    /// First instant that it is late, if there is one.
    pub due: Option<OffsetDateTime>,
}

impl Task {
    /// What opening a break-glass session leaves to do, whether anything is released on it or not: operator and privacy
    /// officer are told, and it is reviewed. Author and patient are told once something is.
    pub fn of_session(ledger: &Ledger, session: &Version<BreakGlassSession>) -> Vec<Self> {
        let terms = &session.terms;
        let policy = ledger.policy(terms.opened);
        let operator = policy
            .operator
            .clone()
            .unwrap_or_else(|| terms.organisation.clone());
        let due = end_of_business_day(terms.opened, REVIEW_BUSINESS_DAYS, &policy.holidays);
        let task = |kind, organisation: &OrganisationId, due| Self {
            patient: terms.patient.clone(),
            kind,
            instrument: session.reference().as_ref().clone(),
            organisation: organisation.clone(),
            since: terms.opened,
            due,
        };
        vec![
            task(TaskKind::TellOperator, &operator, None),
            task(TaskKind::TellPrivacyOfficer, &operator, None),
            task(TaskKind::Review, &terms.organisation, Some(due)),
        ]
    }
}
