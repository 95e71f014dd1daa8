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

#[cfg(test)]
mod tests {
    use xds_model::principal::EnrolledNode;

    use super::*;

    fn principal() -> Principal {
        let node: EnrolledNode = serde_json::from_value(serde_json::json!({
            "name": "n1",
            "fingerprint": "0",
            "organisation": "o",
            "entity": "e",
            "transactions": [],
            "allow_tls12": false,
            "acts_for_others": false,
            "in_flight_max": null,
            "source_ids": [],
            "feeds": [],
            "default_user": { "role": "nurse", "purpose": "TREAT", "two_factor": false },
        }))
        .unwrap();
        Principal::authenticated(node)
    }

    fn user(role: &str, purpose: &str) -> User {
        let label = |text: &str| CodeLabel {
            system: Some("1.2.3".to_owned()),
            text: Some(text.to_owned()),
        };
        User {
            id: "sato".to_owned(),
            issuer: Some("idp".to_owned()),
            alias: Some("佐藤".to_owned()),
            role: role.to_owned(),
            role_label: label("a role"),
            purpose: purpose.to_owned(),
            purpose_label: label("a purpose"),
            two_factor: true,
            by_default: false,
        }
    }

    #[test]
    fn a_user_is_told_of_with_each_role_and_purpose_once() {
        let users =
            [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")].map(|(role, purpose)| user(role, purpose));
        let caller = Caller::of(&principal().with_users(users.to_vec()), None);
        let told = caller.user.unwrap();
        let codes = |codes: &[Coded]| codes.iter().map(|code| code.code.clone()).collect::<Vec<_>>();
        assert_eq!(
            (codes(&told.roles), codes(&told.purposes)),
            (
                vec!["a".to_owned(), "b".to_owned()],
                vec!["x".to_owned(), "y".to_owned()]
            )
        );
        assert_eq!(told.alias.as_deref(), Some("佐藤"));
        assert_eq!(told.roles[0].text.as_deref(), Some("a role"));
        assert!(!told.by_default);

        let by_default = Caller::of(&principal(), None);
        let told = by_default.user.as_ref().unwrap();
        assert!(told.by_default && told.roles == [Coded::bare("nurse")]);
        let text = serde_json::to_string(&by_default).unwrap();
        assert!(!text.contains("repeat"), "what is not so takes no room: {text}");
        assert!(serde_json::from_str::<Caller>(&text).unwrap() == by_default);
    }
}
