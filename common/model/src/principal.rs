//! Who is asking.

use std::collections::BTreeSet;
use std::fmt;

use time::OffsetDateTime;

use crate::transaction::Transaction;

/// The key of an organisation in the ledger: the ten-digit facility code, or a name given by the operator.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct OrganisationId(pub String);

/// So that a text finds it in a map: both compare and hash alike.
impl std::borrow::Borrow<str> for OrganisationId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The key of a legal entity 事業者 in the ledger: organisations of one entity are no third parties to each other.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct EntityId(pub String);

/// The name of an enrolled node: one certificate of one organisation.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct NodeName(pub String);

impl fmt::Display for OrganisationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a node may do beside sending transactions: at the operator listener, and nowhere else.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Everything that the operator API offers.
    Operator,
    /// To read the audit trail as ITI-81 and ITI-82 do.
    AuditConsumer,
}

impl Right {
    /// Every right.
    pub const ALL: [Self; 2] = [Self::Operator, Self::AuditConsumer];

    /// Its name, as in the ledger: `audit-consumer`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::AuditConsumer => "audit-consumer",
        }
    }

    /// The right with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }
}

/// What the ledger says about an enrolled node: a line of the list that a repository holds too.
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolledNode {
    /// Its name.
    pub name: NodeName,
    /// SHA-256 of its certificate's DER, 64 lower-case hexadecimal digits.
    pub fingerprint: String,
    /// The organisation that it belongs to.
    pub organisation: OrganisationId,
    /// The legal entity of that organisation.
    pub entity: EntityId,
    /// What it may send.
    pub transactions: BTreeSet<Transaction>,
    /// What it may do at the operator listener. A repository is not told.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rights: BTreeSet<Right>,
    /// Whether TLS 1.2 is accepted from it.
    pub allow_tls12: bool,
    /// Whether it may act for the node that it names: a repository.
    pub acts_for_others: bool,
    /// Requests in flight that it may have, when other than the default.
    pub in_flight_max: Option<u32>,
    /// The OIDs (sourceId) that it may publish under; empty means any.
    pub source_ids: BTreeSet<String>,
    /// Assigning authorities that it may feed patients for, as OIDs.
    pub feeds: BTreeSet<String>,
    /// The role and purpose of its user while it cannot send an assertion.
    pub default_user: Option<DefaultUser>,
}

/// A user that a node's entry vouches for (a domain setting; every use is flagged in the audit).
#[derive(Clone, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultUser {
    /// Role code.
    pub role: String,
    /// Purpose of use code, such as TREAT.
    pub purpose: String,
    /// Whether the user signed in with two factors.
    pub two_factor: bool,
}

/// Who is asking, after authentication.
///
/// Made by [`Principal::authenticated`] only, which only the authentication code of `common/server`
/// calls (checked in `.ci`): a handler that holds one cannot have been reached by a stranger.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Principal {
    node: EnrolledNode,
    via: Option<Box<EnrolledNode>>,
    users: Vec<User>,
}

/// What stands beside a code, for people and for the audit: decisions rest on the code alone.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CodeLabel {
    /// The OID of its code system.
    pub system: Option<String>,
    /// Its text.
    pub text: Option<String>,
}

/// A human user, in one role and for one purpose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct User {
    /// NameID of the assertion, or the node's name for a default user.
    pub id: String,
    /// Issuer of the assertion; none for a default user.
    pub issuer: Option<String>,
    /// SPProvidedID of the NameID: the name that the user has at the asking organisation.
    pub alias: Option<String>,
    /// Role code.
    pub role: String,
    /// What was said of that code.
    pub role_label: CodeLabel,
    /// Purpose of use code.
    pub purpose: String,
    /// What was said of that code.
    pub purpose_label: CodeLabel,
    /// Whether two factors were used.
    pub two_factor: bool,
    /// Whether this is the default user of the node's entry rather than an asserted one.
    pub by_default: bool,
    /// What the assertion declares of this request; nothing for a default user.
    pub declared: Declared,
}

/// What is declared of one request, beside who makes it: decisions may rest on it, and nothing of it is ever inferred.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Declared {
    /// The visit, as the requester numbers it.
    pub encounter: Option<String>,
    /// An emergency.
    pub emergency: Option<Emergency>,
    /// The work for another legal entity that the request is made in.
    pub contractor: Option<Contractor>,
}

/// An emergency, as a clinician declares it.
///
/// `Debug` shows nothing of it.
#[derive(Clone, Eq, PartialEq)]
pub struct Emergency {
    /// Why: a code.
    pub reason: String,
    /// In the user's words.
    pub text: String,
    /// Who attests that consent cannot be obtained.
    pub attested_by: String,
    /// When.
    pub attested_at: OffsetDateTime,
    /// Whether the user was warned and confirmed.
    pub confirmed: bool,
    /// What sensitive documents are needed for.
    pub need: Option<SensitiveNeed>,
    /// A second clinician's word.
    pub second: Option<SecondWord>,
}

/// What sensitive documents are needed for in an emergency.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SensitiveNeed {
    /// In the user's words.
    pub text: String,
    /// Codes of the sensitive information.
    pub sensitivities: BTreeSet<String>,
    /// Whether very restricted documents without a code.
    pub very_restricted: bool,
}

/// A second clinician's word in an emergency.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecondWord {
    /// Who.
    pub by: String,
    /// In which role.
    pub role: String,
    /// When.
    pub at: OffsetDateTime,
}

impl fmt::Debug for Emergency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emergency").finish_non_exhaustive()
    }
}

/// Work for another legal entity, under a contract.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Contractor {
    /// The legal entity.
    pub entity: EntityId,
    /// The contract's id.
    pub contract: String,
}

impl Principal {
    /// The caller of an authenticated connection. Authentication code only.
    pub fn authenticated(node: EnrolledNode) -> Self {
        let default = node.default_user.as_ref().map(|user| User {
            id: node.name.0.clone(),
            issuer: None,
            alias: None,
            role: user.role.clone(),
            role_label: CodeLabel::default(),
            purpose: user.purpose.clone(),
            purpose_label: CodeLabel::default(),
            two_factor: user.two_factor,
            by_default: true,
            declared: Declared::default(),
        });
        Self {
            node,
            via: None,
            users: default.into_iter().collect(),
        }
    }

    /// The same with the user of a validated assertion, once for each combination of role and purpose, in place of
    /// the node's default user. Authentication code only.
    #[must_use]
    pub fn with_users(self, users: Vec<User>) -> Self {
        Self { users, ..self }
    }

    /// The same for a request that a repository passes on for the node it names. Authentication code only.
    pub fn on_behalf_of(node: EnrolledNode, repository: &Principal) -> Self {
        Self {
            via: Some(Box::new(repository.node.clone())),
            ..Self::authenticated(node)
        }
    }

    /// The node that asks, or for which a repository asks.
    pub fn node(&self) -> &EnrolledNode {
        &self.node
    }

    /// The repository that passed the request on.
    pub fn via(&self) -> Option<&NodeName> {
        self.via.as_ref().map(|repository| &repository.name)
    }

    /// The organisation at the other end of the connection: the repository's, where one passes a request on.
    pub fn connected_organisation(&self) -> &OrganisationId {
        &self.via.as_deref().unwrap_or(&self.node).organisation
    }

    /// The organisation of the node.
    pub fn organisation(&self) -> &OrganisationId {
        &self.node.organisation
    }

    /// The legal entity of the organisation.
    pub fn entity(&self) -> &EntityId {
        &self.node.entity
    }

    /// The human user, if one is known. Of a user with several roles or purposes the first combination: what is
    /// decided must hold for [every one](Self::users).
    pub fn user(&self) -> Option<&User> {
        self.users.first()
    }

    /// The human user, once for each combination of role and purpose in which it asks: something is permitted only
    /// if it is permitted to all of them.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// Whether the node at the other end of the connection may send this transaction: the repository,
    /// where one passes a request on.
    pub fn may_send(&self, transaction: Transaction) -> bool {
        self.via
            .as_deref()
            .unwrap_or(&self.node)
            .transactions
            .contains(&transaction)
    }

    /// Whether the node at the other end of the connection has one of these rights. Nobody has them on behalf of
    /// another.
    pub fn has_any(&self, rights: &[Right]) -> bool {
        self.via.is_none() && rights.iter().any(|right| self.node.rights.contains(right))
    }
}
