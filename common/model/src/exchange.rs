//! What a repository asks its registry besides ITI-42: questions and answers between our own servers,
//! as JSON over the clinical listener.
//!
//! Each is a `POST` below the registry's base address, `/nodes`, `/decision` and `/registered`. Unknown
//! members are refused on both sides: the two are released together, and a member that one side does not
//! understand may be a condition.

use serde::{Deserialize, Serialize};

use crate::principal::EnrolledNode;

/// Names of the questions: the last part of their addresses.
pub mod path {
    /// Who is enrolled: [`NodesQuestion`](super::NodesQuestion), [`NodesAnswer`](super::NodesAnswer).
    pub const NODES: &str = "nodes";
    /// What may be released: [`DecisionQuestion`](super::DecisionQuestion),
    /// [`DecisionAnswer`](super::DecisionAnswer).
    pub const DECISION: &str = "decision";
    /// What became of a submission: [`RegisteredQuestion`](super::RegisteredQuestion),
    /// [`RegisteredAnswer`](super::RegisteredAnswer).
    pub const REGISTERED: &str = "registered";
}

/// Asks for the list of enrolled nodes. Holds nothing.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NodesQuestion {}

/// The enrolled nodes, all of them: one that is missing is enrolled no more.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NodesAnswer {
    /// The nodes, in no order.
    pub nodes: Vec<EnrolledNode>,
}

/// What a decision is asked for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// ITI-43, Retrieve Document Set.
    Retrieve,
}

/// Asks whether documents may be released to the node that the HTTP header `renkei-submitting-node` names.
///
/// `Debug` does not show the documents.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionQuestion {
    /// What for.
    pub operation: Operation,
    /// The repositoryUniqueId of the repository that asks.
    pub repository_unique_id: String,
    /// uniqueIds of documents that it holds.
    pub documents: Vec<String>,
    /// The assertion about the user in whose name that node asks, as the node sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assertion: Option<ForwardedAssertion>,
}

/// An assertion that a repository passes on (ITI TF-2 3.40.4.1.3). The registry validates it again, for the node that
/// the repository names.
///
/// `Debug` does not show it.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ForwardedAssertion {
    /// The id of this question: one that is sent again after a broken connection has the same.
    pub request: String,
    /// The `saml2:Assertion`, byte for byte, with the namespace declarations that were in force.
    pub xml: String,
}

/// The decisions, one for each document of the question, in its order.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionAnswer {
    /// The decisions.
    pub decisions: Vec<DocumentDecision>,
}

/// The decision about one document. A document that the registry does not know is not permitted.
///
/// `Debug` shows neither document nor patient.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentDecision {
    /// The uniqueId, as asked.
    pub unique_id: String,
    /// Whether it may be released.
    pub permitted: bool,
    /// The id of the decision in the registry's ledger; none where nothing was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// The legal basis of a permission, as a fixed word such as `OWN`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// The patient of a permitted document, CX text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
}

impl DocumentDecision {
    /// Not to be released, for whatever reason.
    pub fn withheld(unique_id: impl Into<String>) -> Self {
        Self {
            unique_id: unique_id.into(),
            permitted: false,
            decision: None,
            basis: None,
            patient: None,
        }
    }
}

/// Asks whether a submission was registered, by the uniqueId of its SubmissionSet and its documents: a sender may
/// use the uniqueId of an older one again, and that one is not what is asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredQuestion {
    /// SubmissionSet.uniqueId.
    pub submission_set: String,
    /// The DocumentEntries that it brought, all of them and no others. None where they are not known (records of
    /// older releases): then any SubmissionSet of this uniqueId will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<Vec<RegisteredDocument>>,
}

/// A DocumentEntry as the one who asks knows it.
///
/// `Debug` does not show the document.
#[derive(Clone, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredDocument {
    /// DocumentEntry.uniqueId.
    pub unique_id: String,
    /// DocumentEntry.hash, SHA-1 in hexadecimal. None where it is not known: any will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// Whether it was. `false` does not say that it cannot be any more: the request may still be at work.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredAnswer {
    /// Whether the registry holds it.
    pub registered: bool,
}

impl std::fmt::Debug for DecisionQuestion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecisionQuestion")
            .field("operation", &self.operation)
            .field("documents", &self.documents.len())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for ForwardedAssertion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ForwardedAssertion").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for RegisteredDocument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegisteredDocument").finish_non_exhaustive()
    }
}

impl std::fmt::Debug for DocumentDecision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentDecision")
            .field("permitted", &self.permitted)
            .field("decision", &self.decision)
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wire_form_is_fixed() {
        let question = DecisionQuestion {
            operation: Operation::Retrieve,
            repository_unique_id: "1.2.3".into(),
            documents: vec!["4.5".into()],
            assertion: None,
        };
        let text = r#"{"operation":"retrieve","repository_unique_id":"1.2.3","documents":["4.5"]}"#;
        assert_eq!(serde_json::to_string(&question).unwrap(), text);
        let for_a_user = DecisionQuestion {
            assertion: Some(ForwardedAssertion {
                request: "r".into(),
                xml: "<CANARY/>".into(),
            }),
            ..question
        };
        assert!(
            serde_json::to_string(&for_a_user)
                .unwrap()
                .ends_with(r#","assertion":{"request":"r","xml":"<CANARY/>"}}"#)
        );
        assert!(!format!("{for_a_user:?}").contains("CANARY"));
        let registered = RegisteredQuestion {
            submission_set: "1.2".into(),
            documents: Some(vec![RegisteredDocument {
                unique_id: "4.5".into(),
                hash: Some("00".into()),
            }]),
        };
        let text = r#"{"submission_set":"1.2","documents":[{"unique_id":"4.5","hash":"00"}]}"#;
        assert_eq!(serde_json::to_string(&registered).unwrap(), text);
        let of_old = serde_json::from_str::<RegisteredQuestion>(r#"{"submission_set":"1.2"}"#).unwrap();
        assert_eq!(of_old.documents, None);
        let withheld = serde_json::to_string(&DocumentDecision::withheld("4.5")).unwrap();
        assert_eq!(withheld, r#"{"unique_id":"4.5","permitted":false}"#);
        assert_eq!(
            serde_json::from_str::<NodesQuestion>("{}").unwrap(),
            NodesQuestion {}
        );
    }

    #[test]
    fn a_permission_with_a_condition_that_is_not_understood_is_none() {
        let text = r#"{"unique_id":"4.5","permitted":true,"only_until":"noon"}"#;
        assert!(serde_json::from_str::<DocumentDecision>(text).is_err());
    }

    #[test]
    fn debug_shows_no_patient() {
        let decision = DocumentDecision {
            patient: Some("SECRET".into()),
            ..DocumentDecision::withheld("HIDDEN")
        };
        let text = format!("{decision:?}");
        assert!(!text.contains("SECRET") && !text.contains("HIDDEN"), "{text}");
    }
}
