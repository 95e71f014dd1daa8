//! Retrieve Document Set (ITI-43): an answer to each request, in order, and the status of the whole.

use xds_model::{Fault, Oid, RuleId, UniqueId};

/// One `xds:DocumentRequest`, as sent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DocumentRequest {
    /// HomeCommunityId: echoed, never judged by a repository.
    pub home: Option<String>,
    /// RepositoryUniqueId.
    pub repository: String,
    /// DocumentUniqueId.
    pub document: String,
}

/// Refuses a request for more documents than the limit, before anything is looked up.
///
/// # Errors
/// RET-004.
pub fn check_count(requests: &[DocumentRequest], documents_max: usize) -> Result<(), Fault> {
    if requests.len() <= documents_max {
        return Ok(());
    }
    Err(Fault::new(
        RuleId::RetrieveTooMany,
        "",
        format!(
            "{} documents asked for, the limit is {documents_max}",
            requests.len()
        ),
    ))
}

/// The document to look up for one request.
///
/// # Errors
/// RET-001 when it is addressed to another repository; RET-002 when its id can be no document's.
pub fn wanted(request: &DocumentRequest, ours: &Oid) -> Result<UniqueId, Fault> {
    if request.repository != ours.as_str() {
        return Err(fault(RuleId::UnknownRepository, request, &request.repository));
    }
    request
        .document
        .parse()
        .map_err(|_| fault(RuleId::UnknownDocument, request, ""))
}

/// What was found for a request that is [`wanted`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Lookup {
    /// It is here, whole, and released to this requester.
    Released,
    /// There is none.
    Absent,
    /// There is one, and it is not released to this requester.
    Withheld,
    /// It is released, and belongs to another patient than the documents before it, in a domain that
    /// forbids this.
    OtherPatient,
    /// It is released, and its bytes do not verify.
    Damaged,
    /// It is released, and the store could not be read.
    Unreadable,
    /// Whether it is released could not be found out: the registry did not answer.
    Undecided,
}

impl Lookup {
    /// The fault that answers the request; none when the document does.
    ///
    /// Absent and withheld are answered alike, to the letter.
    pub fn fault(self, request: &DocumentRequest) -> Option<Fault> {
        let rule = match self {
            Self::Released => return None,
            Self::Absent | Self::Withheld => RuleId::UnknownDocument,
            Self::OtherPatient => RuleId::RetrieveManyPatients,
            Self::Damaged => RuleId::DocumentDamaged,
            Self::Unreadable | Self::Undecided => RuleId::RepositoryBusy,
        };
        let found = match self {
            Self::Undecided => "the registry cannot be asked whether this may be released",
            _ => "",
        };
        Some(fault(rule, request, found))
    }
}

/// `RegistryError/@location` is the DocumentUniqueId of the request (ITI TF-2 3.43.5).
fn fault(rule: RuleId, request: &DocumentRequest, found: &str) -> Fault {
    Fault::new(rule, &request.document, found)
}

/// ResponseStatusType of ITI-43 (ITI TF-3, Table 4.2.4.2-3).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RetrieveStatus {
    /// Every request has its document.
    Success,
    /// Some have.
    PartialSuccess,
    /// None has.
    Failure,
}

impl RetrieveStatus {
    /// The status of an answer with so many documents and faults. Nothing asked for is a Success.
    pub fn of(documents: usize, faults: usize) -> Self {
        match (documents, faults) {
            (_, 0) => Self::Success,
            (0, _) => Self::Failure,
            _ => Self::PartialSuccess,
        }
    }

    /// The URN on the wire; PartialSuccess has a prefix of its own.
    pub fn urn(self) -> &'static str {
        match self {
            Self::Success => "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success",
            Self::PartialSuccess => "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess",
            Self::Failure => "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure",
        }
    }
}
