//! What may stand after `emergency`.

use clap::{Args, Subcommand, ValueEnum};
use registry_core::records::TaskKind;
use time::OffsetDateTime;
use xds_policy::instruments::session::ReviewOutcome;

use super::super::audit::moment;

#[derive(Debug, Subcommand)]
pub(crate) enum EmergencyCommand {
    /// List what people have to do after emergencies and legal orders: whom to tell, what to review, until when.
    List {
        /// Also what is done.
        #[arg(long)]
        all: bool,
    },
    /// Show a break-glass session: who declared it and why, what was obtained from whom, what is left to do.
    Show {
        /// Its id, as `emergency list` shows it.
        #[arg(long)]
        session: String,
    },
    /// Enter the review of a session, by somebody other than its user (--by). Misuse ends the session at once.
    Review {
        /// Its id.
        #[arg(long)]
        session: String,
        /// What came out.
        #[arg(long, value_enum)]
        outcome: Outcome,
        /// In words.
        #[arg(long, default_value = "")]
        text: String,
    },
    /// Enter that somebody was told: the patient what was obtained, or an institution that it happened.
    Notified(NotifiedArguments),
}

#[derive(Args, Debug)]
pub(crate) struct NotifiedArguments {
    /// The id of the session, or of the legal order that the patient is told of.
    #[arg(long)]
    pub(crate) session: String,
    /// Who was told.
    #[arg(long, value_enum, default_value = "patient")]
    pub(crate) whom: Whom,
    /// Which institution, when several have to be told.
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// When the patient was told; now unless given.
    #[arg(long, value_parser = moment::since)]
    pub(crate) at: Option<OffsetDateTime>,
}

/// What came out of a review.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Outcome {
    /// There was an emergency.
    Justified,
    /// There was none, or the patient could speak.
    Misuse,
}

impl From<Outcome> for ReviewOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Justified => Self::Justified,
            Outcome::Misuse => Self::Misuse,
        }
    }
}

/// Who was told.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Whom {
    /// The patient.
    Patient,
    /// The institution whose documents were obtained.
    Author,
    /// The operator.
    Operator,
    /// The network's privacy officer.
    PrivacyOfficer,
}

impl From<Whom> for TaskKind {
    fn from(whom: Whom) -> Self {
        match whom {
            Whom::Patient => Self::TellPatient,
            Whom::Author => Self::TellAuthor,
            Whom::Operator => Self::TellOperator,
            Whom::PrivacyOfficer => Self::TellPrivacyOfficer,
        }
    }
}
