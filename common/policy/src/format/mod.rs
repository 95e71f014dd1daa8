//! The domain as one JSON file: what is exported is what can be imported and simulated with.
//!
//! Described in `docs/domain-format.md`. This module reads and writes text; files are others' business.

mod check;
mod place;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use check::{Problem, check};

use crate::document::Document;
use crate::instruments::agreement::{JointUseAgreement, PublicationCheck};
use crate::instruments::consent::{Consent, ConsentText};
use crate::instruments::contract::EntrustmentContract;
use crate::instruments::order::LegalOrder;
use crate::instruments::organisation::{LegalEntity, Organisation, User};
use crate::instruments::policy::DomainPolicy;
use crate::instruments::refusal::Refusal;
use crate::instruments::session::BreakGlassSession;
use crate::ledger::{DomainInstruments, Ledger, PatientInstruments};
use crate::request::Request;
use crate::version::{Terms, Version};

/// The name of the format, and its version.
pub const FORMAT: &str = "renkei-domain/1";

/// Bytes of a file at most.
pub const BYTES_MAX: usize = 256 * 1024 * 1024;

/// A domain: every version of every instrument.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DomainFile {
    /// [`FORMAT`].
    pub format: Format,
    /// Rules of the domain.
    #[serde(default)]
    pub domain_policies: Vec<Version<DomainPolicy>>,
    /// Legal entities 事業者.
    #[serde(default)]
    pub legal_entities: Vec<Version<LegalEntity>>,
    /// Organisations 医療機関等.
    #[serde(default)]
    pub organisations: Vec<Version<Organisation>>,
    /// ID ledger.
    #[serde(default)]
    pub users: Vec<Version<User>>,
    /// Joint-use agreements 共同利用.
    #[serde(default)]
    pub joint_use_agreements: Vec<Version<JointUseAgreement>>,
    /// Later looks at their publications.
    #[serde(default)]
    pub publication_checks: Vec<Version<PublicationCheck>>,
    /// Entrustment contracts 委託.
    #[serde(default)]
    pub entrustment_contracts: Vec<Version<EntrustmentContract>>,
    /// Texts that patients sign.
    #[serde(default)]
    pub consent_texts: Vec<Version<ConsentText>>,
    /// Consents 同意.
    #[serde(default)]
    pub consents: Vec<Version<Consent>>,
    /// Refusals 拒否・留保.
    #[serde(default)]
    pub refusals: Vec<Version<Refusal>>,
    /// Legal orders 法令.
    #[serde(default)]
    pub legal_orders: Vec<Version<LegalOrder>>,
    /// Break-glass sessions 緊急時アクセス.
    #[serde(default)]
    pub break_glass_sessions: Vec<Version<BreakGlassSession>>,
}

/// The name of the format.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Format {
    /// Version 1.
    #[default]
    #[serde(rename = "renkei-domain/1")]
    One,
}

/// A request and the document that it is about: what `decide` is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The request.
    pub request: Request,
    /// The document.
    pub document: Document,
}

/// The text is no such file.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FormatError {
    /// Not what the format says.
    #[error("line {line}, column {column}, at {path}: {message}")]
    Text {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Where in the document: `consents[2].terms`.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// Too long.
    #[error("the file has {bytes} bytes; at most {BYTES_MAX} are read")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The parts do not fit each other.
    #[error("{}", list(.0))]
    Problems(Vec<Problem>),
    /// It cannot be written.
    #[error("it cannot be written down: {0}")]
    Unwritable(String),
}

fn list(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Reads a domain, and checks that its parts fit each other.
///
/// # Errors
/// Where and why the text is no domain, or everything that does not fit.
pub fn from_str(text: &str) -> Result<DomainFile, FormatError> {
    let file: DomainFile = read(text)?;
    let problems = check(&file);
    if problems.is_empty() {
        Ok(file)
    } else {
        Err(FormatError::Problems(problems))
    }
}

/// Writes a domain, for people to read: with hashes, indented, in the order of ids and versions.
///
/// # Errors
/// When an instant has a year that RFC 3339 cannot write.
pub fn to_string(file: &DomainFile) -> Result<String, FormatError> {
    let mut sorted = file.clone();
    sorted.sort();
    serde_json::to_string_pretty(&sorted)
        .map(|text| text + "\n")
        .map_err(|error| FormatError::Unwritable(error.to_string()))
}

/// Reads one version of an instrument, as it stands in a domain.
///
/// # Errors
/// Where and why the text is none.
pub fn version_from_str<T: Terms>(text: &str) -> Result<Version<T>, FormatError> {
    read(text)
}

/// Reads a request and its document.
///
/// # Errors
/// Where and why the text is none.
pub fn question_from_str(text: &str) -> Result<Question, FormatError> {
    read(text)
}

fn read<T: DeserializeOwned>(text: &str) -> Result<T, FormatError> {
    if text.len() > BYTES_MAX {
        return Err(FormatError::TooLong { bytes: text.len() });
    }
    serde_json::from_str(text).map_err(|error| FormatError::Text {
        line: error.line(),
        column: error.column(),
        path: place::path(text, error.line(), error.column()),
        message: place::message(&error),
    })
}

impl DomainFile {
    /// An empty domain.
    pub fn empty() -> Self {
        Self {
            format: Format::One,
            domain_policies: Vec::new(),
            legal_entities: Vec::new(),
            organisations: Vec::new(),
            users: Vec::new(),
            joint_use_agreements: Vec::new(),
            publication_checks: Vec::new(),
            entrustment_contracts: Vec::new(),
            consent_texts: Vec::new(),
            consents: Vec::new(),
            refusals: Vec::new(),
            legal_orders: Vec::new(),
            break_glass_sessions: Vec::new(),
        }
    }

    /// What decisions are made from.
    pub fn into_facts(self) -> (Ledger, PatientInstruments) {
        let ledger = Ledger::new(DomainInstruments {
            domain_policies: self.domain_policies,
            legal_entities: self.legal_entities,
            organisations: self.organisations,
            users: self.users,
            joint_use_agreements: self.joint_use_agreements,
            publication_checks: self.publication_checks,
            entrustment_contracts: self.entrustment_contracts,
            consent_texts: self.consent_texts,
        });
        let patient = PatientInstruments::new(
            self.consents,
            self.refusals,
            self.legal_orders,
            self.break_glass_sessions,
        );
        (ledger, patient)
    }

    fn sort(&mut self) {
        fn by_id<T: crate::version::Terms>(versions: &mut [Version<T>]) {
            versions.sort_by(|a, b| (&a.id, a.version).cmp(&(&b.id, b.version)));
        }
        by_id(&mut self.domain_policies);
        by_id(&mut self.legal_entities);
        by_id(&mut self.organisations);
        by_id(&mut self.users);
        by_id(&mut self.joint_use_agreements);
        by_id(&mut self.publication_checks);
        by_id(&mut self.entrustment_contracts);
        by_id(&mut self.consent_texts);
        by_id(&mut self.consents);
        by_id(&mut self.refusals);
        by_id(&mut self.legal_orders);
        by_id(&mut self.break_glass_sessions);
    }
}
