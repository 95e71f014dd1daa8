//! What was decided and goes out.

use uuid::Uuid;
use xds_policy::decision::Permit;
use xds_policy::document::Document;
use xds_policy::obligations::Obligation;
use xds_policy::request::Request;

use super::task::TaskKind;

/// What one request about one patient releases.
#[derive(Clone, Copy, Debug)]
pub struct Disclosure<'a> {
    /// The request as it was decided.
    pub request: &'a Request,
    /// What is released.
    pub released: &'a [Released],
}

/// A document that a permit releases: the metadata of one for a query, the document itself otherwise.
#[derive(Clone)]
pub struct Released {
    /// entryUUID; for a push, which is not registered, a fresh one.
    pub entry: Uuid,
    /// What policy decided on.
    pub document: Document,
    /// On what it is released.
    pub permit: Permit,
    /// The decision, as the audit trail names it: one for all that rests on the same ground.
    pub decision: Uuid,
    /// Its title.
    pub title: Option<String>,
    /// SHA-1 of its bytes as registered, in hexadecimal.
    pub hash: Option<String>,
    /// The patient's identifier at its author, as CX: sourcePatientId.
    pub source_patient: Option<String>,
    /// How its author acquired it, where that is another way than the participation contract says.
    pub acquisition: Option<String>,
}

impl Released {
    /// The slot of a DocumentEntry that says how its author acquired the data 取得の経緯 (Article 30(1)(2)).
    pub const ACQUISITION_SLOT: &'static str = "urn:renkei:acquisition";

    /// Whether a release on this permit is written down, or leaves somebody something to do. Own records and entrusted
    /// tasks are not and do not.
    pub fn is_told(permit: &Permit) -> bool {
        permit.obligations.iter().any(|obligation| {
            matches!(
                obligation,
                Obligation::ProvisionRecord { .. } | Obligation::ReceiptRecord { .. }
            ) || TaskKind::of(*obligation).is_some()
        })
    }

    /// A document of which nothing is known but what policy decided on.
    pub fn new(entry: Uuid, document: Document, permit: Permit, decision: Uuid) -> Self {
        Self {
            entry,
            document,
            permit,
            decision,
            title: None,
            hash: None,
            source_patient: None,
            acquisition: None,
        }
    }
}

/// Titles may say what a patient has.
impl std::fmt::Debug for Released {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Released")
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}
