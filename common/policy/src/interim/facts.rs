//! What a decision is made from.

use xds_model::principal::{EntityId, OrganisationId};

use crate::scope::SharingScope;

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Operation {
    /// Publish metadata (ITI-41, ITI-42).
    Register,
    /// Learn that and where a document is (ITI-18).
    Query,
    /// Receive a document (ITI-43).
    Retrieve,
}

/// Who asks for what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// What is asked for.
    pub operation: Operation,
    /// The organisation that asks.
    pub organisation: OrganisationId,
    /// Its legal entity.
    pub entity: EntityId,
    /// Purpose of use, when a user is known.
    pub purpose: Option<String>,
    /// Role of the user, when one is known.
    pub role: Option<String>,
}

/// What is known about the document concerned.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DocumentFacts<'a> {
    /// The legal entity of the organisation that it comes from; none when the ledger does not know it any more.
    pub author_entity: Option<&'a EntityId>,
    /// How far its author lets it be shared.
    pub scope: SharingScope,
}

/// The domain's own rules.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Domain {
    /// Whether every enrolled organisation may see what any other publishes. Off by default: it is for
    /// demonstrations and for networks that hold no patient data.
    pub shared_with_all: bool,
    /// Which version of the rules this is, for the record.
    pub version: u64,
}
