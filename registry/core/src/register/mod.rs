//! ITI-42, Register Document Set-b (ITI TF-2 3.42): checks, policy, changes.

pub mod acknowledgement;
mod association;
mod changes;
mod content;
mod metadata;
mod permit;
mod request;
mod structure;
mod symbols;

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::fault::any_error;
use xds_model::submission::ReceivedSubmission;
use xds_model::{Fault, IdSource, Principal, Submission};
use xds_model::principal::OrganisationId;
use xds_policy::SharingScope;
use xds_policy::decision::Denial;
use xds_policy::ledger::Ledger;

pub use changes::{
    AssociationRow, Changes, Deprecation, EntryRow, FolderRow, FolderTouch, SetRow, UniqueIdRow, changes,
};
pub use permit::permit;

use crate::codes::AffinityDomain;
use crate::decisions::Decisions;
use crate::facts::{Eyes, Facts, FactsWanted};
use crate::ledger::Directory;
use crate::object::BodyEncoder;
use crate::view::{PolicyFacts, Released, Viewer};
use request::{Faults, Request};

/// How much one submission may hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SubmissionLimits {
    /// DocumentEntries.
    pub entries_max: usize,
    /// Folders.
    pub folders_max: usize,
    /// Associations.
    pub associations_max: usize,
}

impl Default for SubmissionLimits {
    fn default() -> Self {
        Self {
            entries_max: 200,
            folders_max: 200,
            associations_max: 2_000,
        }
    }
}

/// Everything beside request and facts that a registration is decided by.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who publishes.
    pub principal: &'a Principal,
    /// The code lists.
    pub affinity: &'a AffinityDomain,
    /// What the law is applied from.
    pub ledger: &'a Ledger,
    /// Which organisation an authorInstitution names.
    pub directory: &'a Directory,
    /// What becomes of a document whose authorInstitution names no organisation that is known.
    pub unknown_institution: UnknownInstitution,
    /// How much one submission may hold.
    pub limits: SubmissionLimits,
    /// Where fresh UUIDs come from.
    pub ids: &'a dyn IdSource,
    /// Now.
    pub now: OffsetDateTime,
}

/// What becomes of a document whose authorInstitution names no organisation that is known: a setting of the domain.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UnknownInstitution {
    /// It is attributed to the organisation that publishes it, and marked.
    #[default]
    Attribute,
    /// It is refused.
    Refuse,
}

/// Why a submission was turned down: every fault at once.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refusal {
    /// What is answered; at least one error.
    pub faults: Vec<Fault>,
    /// What policy denied, for the audit only.
    pub denials: Vec<Denial>,
}

/// Proof that a submission obeys the rules, with what storing it entails.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    /// The key of the submission's patient.
    pub patient: Uuid,
    /// Warnings for the answer.
    pub warnings: Vec<Fault>,
    /// Entries that become Deprecated, with the patient that they are stored under.
    pub(crate) deprecated: BTreeMap<Uuid, Uuid>,
    /// Registered folders whose lastUpdateTime becomes now, with the patient that they are stored under.
    pub(crate) touched: BTreeMap<Uuid, Uuid>,
    /// The use number of each uniqueId.
    pub(crate) ordinals: BTreeMap<String, i32>,
    /// For each entry of another patient that the set refers to: that patient's key.
    pub(crate) elsewhere: BTreeMap<Uuid, Uuid>,
    /// Registered objects that the submission acts upon and so must own.
    pub(crate) acted_on: Vec<ActedOn>,
    /// When it was checked, 14 digits.
    pub(crate) now: String,
}

/// A registered object that a submission replaces, appends to or files.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ActedOn {
    pub(crate) organisation: String,
    pub(crate) stored_under: Uuid,
    /// Of a DocumentEntry.
    pub(crate) policy: Option<PolicyFacts>,
    pub(crate) location: String,
    pub(crate) found: String,
}

/// Proof that policy lets a submission in.
#[derive(Clone, Debug, PartialEq)]
pub struct Permitted {
    /// The checks.
    pub checked: Checked,
    /// The organisation that SubmissionSet and Folders come from: the publishing node's.
    pub organisation: String,
    /// For each entry, in order: where it comes from and why it may be published.
    pub entries: Vec<PermittedEntry>,
    /// What they rest on.
    pub decisions: Decisions,
}

/// Where an entry comes from, how far it is shared and why it may be published.
#[derive(Clone, Debug, PartialEq)]
pub struct PermittedEntry {
    /// The organisation that it comes from.
    pub organisation: String,
    /// Whether that is the publishing organisation only because the author named none that is known.
    pub attributed: bool,
    /// How far it is shared.
    pub scope: SharingScope,
    /// The organisation that keeps the document, when it is another than the one that it comes from.
    pub keeper: Option<OrganisationId>,
    /// Why it may be published.
    pub released: Released,
}

/// The whole use case, for the store to call with the facts that it loaded.
///
/// # Errors
/// Every reason to turn the submission down.
pub fn decide(
    received: &ReceivedSubmission,
    wanted: &FactsWanted,
    facts: Facts,
    context: &Context<'_>,
    encoder: &dyn BodyEncoder,
) -> Result<Changes, Refusal> {
    let publishing = Viewer::publishing(context.principal, context.ledger, context.now);
    let querying = Viewer::new(context.principal, context.ledger, context.now);
    let eyes = Eyes {
        publishing: &publishing,
        querying: &querying,
    };
    let facts = facts.seen_by(&eyes, wanted);
    let checked = check(received, &facts, context).map_err(|faults| Refusal {
        faults,
        denials: Vec::new(),
    })?;
    let permitted = permit(checked, &facts.persons, &publishing, context)?;
    let entered = acknowledgement::enter(&permitted, &facts.acknowledged, context)?;
    Ok(changes(permitted, encoder).with(entered))
}

/// Checks a submission against the rules and the registry's content, all of them, and gives every
/// object its UUID.
///
/// # Errors
/// Every fault, those of reading first.
pub fn check(
    received: &ReceivedSubmission,
    facts: &Facts,
    context: &Context<'_>,
) -> Result<Submission<Checked>, Vec<Fault>> {
    let request = Request::new(received, facts, context.affinity, context.limits);
    let mut faults = Faults::after(&received.faults);
    structure::check(&request, &mut faults);
    metadata::check(&request, &mut faults);
    association::check(&request, &mut faults);
    content::check(&request, &mut faults);
    acknowledgement::check(&request, context, &mut faults);
    let faults = faults.into_vec();
    // The set and its patient are there when no rule is broken; if they were not, nothing is stored.
    match (request.set(), request.patient_key()) {
        (Some(set), Some(patient)) if !any_error(&faults) => Ok(symbols::assign(
            received, set, patient, &request, facts, context, faults,
        )),
        _ => Err(faults),
    }
}
