//! Decisions.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};

use crate::basis::Basis;
use crate::obligations::Obligation;
use crate::reasons::Reason;
use crate::version::InstrumentRef;

/// The answer to one request about one document.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(tag = "decision", rename_all = "lowercase")]
pub enum Decision {
    /// Allowed, on a basis.
    Permit(Permit),
    /// Not allowed; the requester sees nothing.
    Deny(Denial),
}

impl Decision {
    /// The permit, if it is one.
    ///
    /// # Errors
    /// The denial.
    pub fn permit(self) -> Result<Permit, Denial> {
        match self {
            Self::Permit(permit) => Ok(permit),
            Self::Deny(denial) => Err(denial),
        }
    }

    /// Whether it is a permit.
    pub fn is_permit(&self) -> bool {
        matches!(self, Self::Permit(_))
    }
}

/// Leave to release or accept, with what it rests on. Cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Permit {
    /// The basis.
    pub basis: Basis,
    /// The kind of consent, if that is the basis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_model: Option<ConsentRoute>,
    /// The one instrument that it rests on. Own record: the organisation that gets it; implied consent: the
    /// author's organisation, whose notice is posted.
    #[serde(serialize_with = "shared")]
    pub instrument: Arc<InstrumentRef>,
    /// What has to be done with it.
    #[serde(serialize_with = "slice")]
    pub obligations: Arc<[Obligation]>,
}

/// By which kind of consent.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConsentRoute {
    /// 一括同意・個別同意
    Scoped,
    /// 照会時の明示同意
    OnQuery,
    /// 黙示の同意
    ImpliedPush,
}

/// Why there is no permit. For the operator and the author institution only, never for the requester.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Denial {
    /// Which gate is shut, or that no basis holds.
    pub code: DenyCode,
    /// Why the gate is shut; none if all are open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why each basis that was tried does not hold, in the order of trial.
    pub why: Vec<Tried>,
}

/// A basis that was tried.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Tried {
    /// The basis.
    pub basis: Basis,
    /// Why it does not hold.
    pub reason: Reason,
    /// The instrument that came nearest, or that stands against it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "shared_option")]
    pub instrument: Option<Arc<InstrumentRef>>,
}

/// Which gate is shut, in the order of the gates, or that no basis holds.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(into = "&'static str")]
pub enum DenyCode {
    /// G1: the node.
    Node,
    /// G2: the asking organisation.
    OrgMismatch,
    /// G3: the user.
    User,
    /// G4: the role.
    Role,
    /// G5: the purpose.
    Purpose,
    /// The patient of request and document.
    Patient,
    /// The recipient of a push.
    Recipient,
    /// The author.
    Author,
    /// G6: the author's sharing scope.
    Scope,
    /// G7: Japan.
    Foreign,
    /// G8: hosting and storage contracts.
    NoHostingContract,
    /// G9: maintenance.
    Maintenance,
    /// The author's documents are suspended.
    Suspended,
    /// All gates are open and no basis holds.
    NoBasis,
}

impl DenyCode {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Node,
        Self::OrgMismatch,
        Self::User,
        Self::Role,
        Self::Purpose,
        Self::Patient,
        Self::Recipient,
        Self::Author,
        Self::Scope,
        Self::Foreign,
        Self::NoHostingContract,
        Self::Maintenance,
        Self::Suspended,
        Self::NoBasis,
    ];

    /// The code in audit and ledgers.
    pub fn code(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::OrgMismatch => "org-mismatch",
            Self::User => "user",
            Self::Role => "role",
            Self::Purpose => "purpose",
            Self::Patient => "patient",
            Self::Recipient => "recipient",
            Self::Author => "author",
            Self::Scope => "scope",
            Self::Foreign => "foreign",
            Self::NoHostingContract => "no-hosting-contract",
            Self::Maintenance => "maint",
            Self::Suspended => "suspended",
            Self::NoBasis => "no-basis",
        }
    }
}

impl From<DenyCode> for &'static str {
    fn from(code: DenyCode) -> Self {
        code.code()
    }
}

fn shared<S: Serializer>(reference: &Arc<InstrumentRef>, serializer: S) -> Result<S::Ok, S::Error> {
    reference.as_ref().serialize(serializer)
}

fn shared_option<S: Serializer>(
    reference: &Option<Arc<InstrumentRef>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    reference.as_deref().serialize(serializer)
}

fn slice<S: Serializer>(obligations: &Arc<[Obligation]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(obligations.iter())
}
