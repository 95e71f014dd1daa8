//! Who an event is about.

use std::fmt;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use xds_model::Principal;
use xds_model::principal::{CodeLabel, User};

/// Who asks, as far as known: everything is missing for a connection that was refused.
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Caller {
    /// The enrolled node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Its organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The repository that passed the request on for the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The human user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<AuditUser>,
    /// IP address and port of the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<SocketAddr>,
    /// SHA-256 of the client certificate, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// wsa:ReplyTo of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The applications that an HL7 version 2 message names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hl7: Option<Hl7Parties>,
    /// Whether the same message came before, from the same node, byte for byte: a retry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repeat: bool,
}

/// Who sent an HL7 version 2 message, and to whom (ITI TF-2 3.8.5.1).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Hl7Parties {
    /// `MSH-4|MSH-3`: sending facility and application.
    pub sender: String,
    /// `MSH-6|MSH-5`: receiving facility and application.
    pub receiver: String,
}

impl Caller {
    /// An authenticated caller.
    pub fn of(principal: &Principal, peer: Option<SocketAddr>) -> Self {
        let node = principal.node();
        Self {
            node: Some(node.name.0.clone()),
            organisation: Some(node.organisation.0.clone()),
            via: principal.via().map(|via| via.0.clone()),
            user: AuditUser::of(principal.users()),
            peer,
            certificate: Some(node.fingerprint.clone()),
            reply_to: None,
            hl7: None,
            repeat: false,
        }
    }

    /// Somebody of whom only the address is known.
    pub fn stranger(peer: SocketAddr) -> Self {
        Self {
            peer: Some(peer),
            ..Self::default()
        }
    }

    /// An operator at a shell of this machine.
    pub fn operator(name: impl Into<String>) -> Self {
        let user = AuditUser {
            id: name.into(),
            ..AuditUser::default()
        };
        Self {
            user: Some(user),
            ..Self::default()
        }
    }
}

/// A human user (ITI TF-2 3.40, subject of the assertion).
#[derive(Clone, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct AuditUser {
    /// Subject/NameID.
    pub id: String,
    /// Issuer of the assertion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// NameID/@SPProvidedID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Subject roles.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Coded>,
    /// Purposes of use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<Coded>,
    /// Whether two factors were used.
    #[serde(default)]
    pub two_factor: bool,
    /// Whether the node's entry vouches for the user, not an assertion: flagged in every event.
    #[serde(default)]
    pub by_default: bool,
}

impl AuditUser {
    /// One user in all its roles and for all its purposes.
    fn of(users: &[User]) -> Option<Self> {
        let user = users.first()?;
        let mut roles = Vec::new();
        let mut purposes = Vec::new();
        for user in users {
            add(&mut roles, Coded::labelled(&user.role, &user.role_label));
            add(&mut purposes, Coded::labelled(&user.purpose, &user.purpose_label));
        }
        Some(Self {
            id: user.id.clone(),
            issuer: user.issuer.clone(),
            alias: user.alias.clone(),
            roles,
            purposes,
            two_factor: user.two_factor,
            by_default: user.by_default,
        })
    }
}

fn add(codes: &mut Vec<Coded>, code: Coded) {
    if !codes.contains(&code) {
        codes.push(code);
    }
}

/// A code with its system and text, as far as given.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Coded {
    /// The code.
    pub code: String,
    /// Name or OID of its system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Coded {
    /// A code alone.
    pub fn bare(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            system: None,
            text: None,
        }
    }

    fn labelled(code: &str, label: &CodeLabel) -> Self {
        Self {
            code: code.to_owned(),
            system: label.system.clone(),
            text: label.text.clone(),
        }
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("node", &self.node)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}
