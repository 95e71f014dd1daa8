//! A submission and the stages it passes: received, checked, permitted.

use uuid::Uuid;

use crate::association::Association;
use crate::document_entry::DocumentEntry;
use crate::fault::Fault;
use crate::folder::Folder;
use crate::ident::ObjectId;
use crate::submission_set::SubmissionSet;

/// What one request brought, as far as it could be read, with every fault of reading it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ReceivedSubmission {
    /// Exactly one is legal.
    pub sets: Vec<SubmissionSet>,
    /// DocumentEntries in the order received.
    pub entries: Vec<DocumentEntry>,
    /// Folders in the order received.
    pub folders: Vec<Folder>,
    /// Associations in the order received.
    pub associations: Vec<Association>,
    /// Objects that could not be read into the model, so that references to them are no further fault.
    pub unreadable: Vec<ObjectId>,
    /// What was wrong with attributes and elements.
    pub faults: Vec<Fault>,
}

/// A submission at a stage. The next stage cannot be reached without the step before it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Submission<Stage> {
    /// The SubmissionSet.
    pub set: SubmissionSet,
    /// New DocumentEntries.
    pub entries: Vec<DocumentEntry>,
    /// New Folders.
    pub folders: Vec<Folder>,
    /// New Associations.
    pub associations: Vec<Association>,
    /// Proof of the stage.
    pub stage: Stage,
}

impl<Stage> Submission<Stage> {
    /// The same submission at another stage.
    pub fn advance<Next>(self, stage: Next) -> Submission<Next> {
        let Self {
            set,
            entries,
            folders,
            associations,
            ..
        } = self;
        Submission {
            set,
            entries,
            folders,
            associations,
            stage,
        }
    }
}

/// An object id of a checked submission: every symbol has become a UUID.
///
/// # Errors
/// The symbol, when there still is one.
pub fn assigned(id: &ObjectId) -> Result<Uuid, &str> {
    match id {
        ObjectId::Uuid(uuid) => Ok(*uuid),
        ObjectId::Symbol(symbol) => Err(symbol),
    }
}
