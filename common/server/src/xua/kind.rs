//! Who needs an assertion where the domain asks for one.

use std::collections::BTreeSet;

use serde::Deserialize;
use xds_model::Transaction;
use xds_model::principal::{EnrolledNode, NodeName};

use crate::config::XuaSection;

/// What a node is, told by what it may send.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// Publishes documents and nothing else: ITI-41, ITI-42, ITI-57, ITI-61, ITI-62.
    DocumentSource,
    /// Searches and opens documents and nothing else: ITI-18, ITI-43, ITI-51.
    DocumentConsumer,
    /// Tells of patients and nothing else: ITI-8, ITI-44.
    PatientIdentitySource,
    /// A repository that speaks for itself.
    Repository,
}

impl NodeKind {
    fn covers(self, transaction: Transaction) -> bool {
        use Transaction as T;
        match self {
            Self::DocumentSource => {
                matches!(transaction, T::Iti41 | T::Iti42 | T::Iti57 | T::Iti61 | T::Iti62)
            }
            Self::DocumentConsumer => matches!(transaction, T::Iti18 | T::Iti43 | T::Iti51),
            Self::PatientIdentitySource => matches!(transaction, T::Iti8 | T::Iti44),
            Self::Repository => matches!(transaction, T::Iti42 | T::Decision),
        }
    }
}

/// Whether, and from whom, an assertion is asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Requirement {
    required: bool,
    kinds: BTreeSet<NodeKind>,
    nodes: BTreeSet<NodeName>,
}

impl Requirement {
    pub(super) fn of(section: &XuaSection) -> Self {
        Self {
            required: section.required,
            kinds: section.exempt_kinds.clone(),
            nodes: section.exempt_nodes.clone(),
        }
    }

    /// Whether this node must bring an assertion. One that does more than the exempt kinds do is not exempt: it has
    /// users, and their requests would pass as those of a device.
    pub(super) fn binds(&self, node: &EnrolledNode) -> bool {
        self.required && !self.nodes.contains(&node.name) && !self.is_of_exempt_kind(node)
    }

    fn is_of_exempt_kind(&self, node: &EnrolledNode) -> bool {
        let is_covered = |transaction: &Transaction| {
            self.kinds
                .iter()
                .filter(|kind| **kind != NodeKind::Repository || node.acts_for_others)
                .any(|kind| kind.covers(*transaction))
        };
        !node.transactions.is_empty() && node.transactions.iter().all(is_covered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(transactions: &[&str], acts_for_others: bool) -> EnrolledNode {
        serde_json::from_value(serde_json::json!({
            "name": "n1",
            "fingerprint": "0",
            "organisation": "o",
            "entity": "e",
            "transactions": transactions,
            "allow_tls12": false,
            "acts_for_others": acts_for_others,
            "in_flight_max": null,
            "source_ids": [],
            "feeds": [],
            "default_user": null,
        }))
        .unwrap()
    }

    fn requirement(kinds: &[NodeKind], nodes: &[&str]) -> Requirement {
        Requirement {
            required: true,
            kinds: kinds.iter().copied().collect(),
            nodes: nodes.iter().map(|name| NodeName((*name).to_owned())).collect(),
        }
    }

    #[test]
    fn only_who_does_no_more_than_the_exempt_kinds_is_exempt() {
        use NodeKind::{DocumentSource, PatientIdentitySource, Repository};
        let name = |transaction: Transaction| serde_json::to_value(transaction).unwrap();
        let names: Vec<String> = [Transaction::Iti41, Transaction::Iti8, Transaction::Iti18]
            .map(|transaction| name(transaction).as_str().unwrap().to_owned())
            .to_vec();
        let [publish, feed, query] = [&names[0], &names[1], &names[2]].map(String::as_str);
        let decision = name(Transaction::Decision).as_str().unwrap().to_owned();

        let devices = requirement(&[DocumentSource, PatientIdentitySource], &[]);
        assert!(!devices.binds(&node(&[publish], false)));
        assert!(!devices.binds(&node(&[publish, feed], false)));
        assert!(devices.binds(&node(&[publish, query], false)), "it has users");
        assert!(devices.binds(&node(&[], false)), "of no kind");
        assert!(requirement(&[], &[]).binds(&node(&[publish], false)));
        assert!(!requirement(&[], &["n1"]).binds(&node(&[query], false)));
        assert!(requirement(&[], &["n2"]).binds(&node(&[query], false)));
        let repositories = requirement(&[Repository], &[]);
        assert!(!repositories.binds(&node(&[&decision], true)));
        assert!(repositories.binds(&node(&[&decision], false)));
        assert!(!Requirement::default().binds(&node(&[query], false)));
    }
}
