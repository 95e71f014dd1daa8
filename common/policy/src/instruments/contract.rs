//! Entrustment contracts 委託 (Act on the Protection of Personal Information, Articles 25 and 27(5)(1)).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use xds_model::principal::{EntityId, OrganisationId};

use super::blank;
use super::organisation::Status;
use crate::reasons::Reason;
use crate::version::{InstrumentKind, Terms, Version};
use crate::words::{ClassSet, Confidentiality, Operation, PatientRef, SensitivityCode};

/// What a contractor handles for an entruster.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EntrustmentContract {
    /// What kind of entrustment.
    pub kind: ContractKind,
    /// Whether it is used at the moment.
    #[serde(default)]
    pub status: Status,
    /// E1: who entrusts.
    pub entruster: EntityId,
    /// Its organisations that the contract is about; empty: all.
    #[serde(default)]
    pub entruster_organisations: BTreeSet<OrganisationId>,
    /// E1, E9: who is entrusted, as an organisation of the network with a certificate of its own.
    pub contractor: OrganisationId,
    /// E1: the task, in words.
    #[serde(default)]
    pub task: String,
    /// E1: the purpose stays within that of the entruster.
    #[serde(default)]
    pub within_entrusters_purpose: bool,
    /// E2: which data, and on which path.
    #[serde(default)]
    pub scope: ContractScope,
    /// E3: what happens at the end.
    #[serde(default)]
    pub end_of_term: EndOfTerm,
    /// E4: how long the contractor keeps anything.
    #[serde(default)]
    pub retention: Retention,
    /// E5: how the entruster supervises.
    #[serde(default)]
    pub supervision: Supervision,
    /// E6: whether the contractor may pass the task on.
    #[serde(default)]
    pub subcontracting: Subcontracting,
    /// E7: whether the contractor may analyse records.
    #[serde(default)]
    pub analysis: Analysis,
    /// E8: safeguards.
    #[serde(default)]
    pub safeguards: Safeguards,
    /// Whether a patient's refusal reaches the entruster's own task: only if the contract says so.
    #[serde(default)]
    pub refusals_apply: bool,
    /// HOSTING: how the entruster acquires what it publishes 取得の経緯, for the receiver's record (Article 30(1)(2)).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub acquisition: String,
}

impl Terms for EntrustmentContract {
    const KIND: InstrumentKind = InstrumentKind::EntrustmentContract;
}

/// What kind of entrustment.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContractKind {
    /// Keeping the locations of documents and demographics: the registry. Gives no right to read.
    Hosting,
    /// Keeping documents outside the author 外部保存. Gives no right to read.
    ExternalStorage,
    /// A task with the documents themselves, such as reading images.
    Task,
    /// Looking after systems. Gives no right to read.
    Maintenance,
}

/// E2: which data, and on which path.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ContractScope {
    /// Classes.
    #[serde(default)]
    pub classes: ClassSet,
    /// Patients.
    #[serde(default)]
    pub patients: Patients,
    /// The access path: which operations.
    #[serde(default)]
    pub operations: BTreeSet<Operation>,
    /// Restricted documents of the classes that are named one by one.
    #[serde(default)]
    pub restricted: bool,
}

/// A set of patients.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Patients {
    /// All of the entruster.
    #[default]
    All,
    /// A case list.
    Listed(BTreeSet<PatientRef>),
}

impl Patients {
    /// Whether a patient is among them.
    pub fn contains(&self, patient: Option<&PatientRef>) -> bool {
        match self {
            Self::All => true,
            Self::Listed(patients) => patient.is_some_and(|patient| patients.contains(patient)),
        }
    }
}

/// E3: what happens at the end.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct EndOfTerm {
    /// Data go back to the entruster.
    #[serde(default)]
    pub returned: bool,
    /// Data are erased.
    #[serde(default)]
    pub erased: bool,
    /// Days after the end until both are done.
    #[serde(default)]
    pub within_days: u16,
    /// There is a certificate of it.
    #[serde(default)]
    pub certificate: bool,
}

/// E4: how long the contractor keeps anything, even for a moment.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// Days; for hosting and external storage, days after the end of the contract.
    #[serde(default)]
    pub days: u16,
    /// How information on infectious diseases and genetic information is handled and kept 感染症情報・遺伝子情報.
    #[serde(default)]
    pub infectious_and_genetic: String,
    /// Sensitive information that is entrusted, by name.
    #[serde(default)]
    pub sensitivities: BTreeSet<SensitivityCode>,
    /// Whether very restricted documents are entrusted.
    #[serde(default)]
    pub very_restricted: bool,
}

/// E5: how the entruster supervises (Article 25).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Supervision {
    /// The entruster selected the contractor.
    #[serde(default)]
    pub selected: bool,
    /// It may instruct improvement.
    #[serde(default)]
    pub may_instruct: bool,
    /// It gets reports.
    #[serde(default)]
    pub reports: bool,
}

/// E6: whether the contractor may pass the task on.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Subcontracting {
    /// The contract does not say.
    #[default]
    Unsaid,
    /// It may not.
    Prohibited,
    /// To these, with the same duties.
    Listed(BTreeSet<String>),
}

/// E7: whether the contractor may analyse records.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Analysis {
    /// The contract does not say.
    #[default]
    Unsaid,
    /// It may not.
    Prohibited,
    /// With the agreement of entruster and patient, and not for unfair profit.
    WithAgreement,
}

/// E8: safeguards.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Safeguards {
    /// Against leakage.
    #[serde(default)]
    pub leakage: bool,
    /// Against tampering.
    #[serde(default)]
    pub tampering: bool,
    /// The contractor reports incidents at once, on occurrence or suspicion.
    #[serde(default)]
    pub report_on_suspicion: bool,
}

impl EntrustmentContract {
    /// Whether the contract is about this organisation of its entruster.
    pub fn entrusted_by(&self, entity: &EntityId, organisation: &OrganisationId) -> bool {
        self.entruster == *entity
            && (self.entruster_organisations.is_empty()
                || self.entruster_organisations.contains(organisation))
    }

    /// Whether sensitive or very restricted documents are named.
    pub fn names_sensitive(&self, very_restricted: bool, sensitivities: &[SensitivityCode]) -> bool {
        if sensitivities.is_empty() {
            !very_restricted || self.retention.very_restricted
        } else {
            sensitivities
                .iter()
                .all(|sensitivity| self.retention.sensitivities.contains(sensitivity))
        }
    }

    /// Whether a document's class and confidentiality are in scope; sensitive ones are not judged here.
    pub fn covers(&self, class: &crate::words::ClassCode, confidentiality: Confidentiality) -> bool {
        let classes = &self.scope.classes;
        match confidentiality {
            Confidentiality::R => self.scope.restricted && classes.names(class),
            Confidentiality::N | Confidentiality::V => classes.contains(class),
        }
    }
}

/// The first of E1 to E8 that a contract lacks. E9 is about the contractor: see [`crate::ledger::Ledger`].
pub fn defect(contract: &Version<EntrustmentContract>) -> Option<Reason> {
    defects(contract).next()
}

/// All of E1 to E8 that a contract lacks.
pub fn defects(contract: &Version<EntrustmentContract>) -> impl Iterator<Item = Reason> {
    let terms = &contract.terms;
    let reads = terms.kind == ContractKind::Task;
    let end = &terms.end_of_term;
    let checks = [
        (
            Reason::E1,
            !blank(&terms.task) && terms.within_entrusters_purpose && !blank(&terms.entruster.0),
        ),
        (
            Reason::E2,
            !terms.scope.classes.is_empty() && (!reads || !terms.scope.operations.is_empty()),
        ),
        (
            Reason::E3,
            contract.effective_to.is_some() && (end.returned || end.erased) && end.certificate,
        ),
        (
            Reason::E4,
            terms.retention.days > 0 && !blank(&terms.retention.infectious_and_genetic),
        ),
        (
            Reason::E5,
            terms.supervision.selected && terms.supervision.may_instruct && terms.supervision.reports,
        ),
        (Reason::E6, terms.subcontracting != Subcontracting::Unsaid),
        (Reason::E7, terms.analysis != Analysis::Unsaid),
        (
            Reason::E8,
            terms.safeguards.leakage && terms.safeguards.tampering && terms.safeguards.report_on_suspicion,
        ),
    ];
    checks
        .into_iter()
        .filter(|(_, holds)| !holds)
        .map(|(reason, _)| reason)
}
