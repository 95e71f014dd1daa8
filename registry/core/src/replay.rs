//! Decisions worked out again, years later: from what the audit says was asked, the facts that are kept of documents, and
//! the instruments as they had been entered by then.
//!
//! The engine and the way to it are those that made the decision: nothing here decides by itself.

use std::collections::HashMap;

use serde::Serialize;
use uuid::Uuid;
use xds_policy::decision::{Denial, Permit};
use xds_policy::ledger::Ledger;
use xds_policy::request::Request;

use crate::persons::Persons;
use crate::view::{Judge, PolicyFacts, Viewer};

/// What is decided about a document, as far as the audit tells it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "decision", rename_all = "lowercase")]
pub enum Answer {
    /// Allowed.
    Permit {
        /// The code of the basis.
        basis: String,
        /// The instrument that it rests on.
        instrument: RestsOn,
    },
    /// Not allowed.
    Deny {
        /// The code of the denial.
        code: String,
    },
}

/// The version of an instrument.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct RestsOn {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub hash: String,
}

impl From<Result<Permit, Denial>> for Answer {
    fn from(decided: Result<Permit, Denial>) -> Self {
        match decided {
            Ok(permit) => Self::Permit {
                basis: permit.basis.code().to_owned(),
                instrument: RestsOn {
                    id: permit.instrument.id.to_string(),
                    version: permit.instrument.version.into(),
                    hash: permit.instrument.hash.to_string(),
                },
            },
            Err(denial) => Self::Deny {
                code: denial.code.code().to_owned(),
            },
        }
    }
}

/// A document with the answer that was given about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Given {
    /// entryUUID.
    pub entry: Uuid,
    /// The answer of that day.
    pub answer: Answer,
}

/// An answer of that day beside the one that is worked out now.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Compared {
    /// entryUUID.
    pub entry: Uuid,
    /// The answer of that day.
    pub was: Answer,
    /// The answer now; none if what it is decided on is not here any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is: Option<Answer>,
}

/// What a replay comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The same answer about every document.
    Same,
    /// Another answer about some document.
    Different,
    /// Some document's facts, or its patient, are not here any more: about that one nothing can be said.
    Missing,
}

impl Verdict {
    /// Of answers compared. A different answer is told before a missing one.
    pub fn of(compared: &[Compared]) -> Self {
        let differs = |one: &Compared| one.is.as_ref().is_some_and(|now| *now != one.was);
        if compared.iter().any(differs) {
            Self::Different
        } else if compared.iter().any(|one| one.is.is_none()) {
            Self::Missing
        } else {
            Self::Same
        }
    }
}

/// Decides again.
///
/// `requests` are those of that day, without a patient; `people` the persons as they were known, with their
/// instruments; `documents` the facts of the documents by entryUUID. Versions that were entered later change nothing.
pub fn replay(
    requests: Vec<Request>,
    ledger: &Ledger,
    people: &Persons,
    documents: &HashMap<Uuid, PolicyFacts>,
    given: Vec<Given>,
) -> Vec<Compared> {
    let viewer = Viewer::again(requests, ledger);
    let judge = viewer.judge(people);
    given
        .into_iter()
        .map(|Given { entry, answer }| Compared {
            is: documents
                .get(&entry)
                .filter(|facts| people.knows(facts.stored_under))
                .map(|facts| again(&judge, facts)),
            entry,
            was: answer,
        })
        .collect()
}

fn again(judge: &Judge<'_>, facts: &PolicyFacts) -> Answer {
    judge.permit(facts).into()
}
