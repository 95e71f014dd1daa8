//! The enrolled nodes by certificate, as one process holds them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use xds_model::principal::{EnrolledNode, NodeName};
use xds_tls::{Admission, Admitted, Fingerprint};

/// The list of enrolled nodes in force. Swapped whole when it changes; when it has grown older than it
/// may be, it holds nobody.
#[derive(Debug)]
pub struct NodeList {
    current: ArcSwap<Nodes>,
    age_max: Duration,
}

#[derive(Debug, Default)]
struct Nodes {
    by_fingerprint: Arc<HashMap<String, Arc<EnrolledNode>>>,
    by_name: Arc<HashMap<NodeName, Arc<EnrolledNode>>>,
    heard: Option<Instant>,
}

impl NodeList {
    /// An empty list. `age_max`: how long a list holds without being confirmed.
    pub fn new(age_max: Duration) -> Arc<Self> {
        Arc::new(Self {
            current: ArcSwap::default(),
            age_max,
        })
    }

    /// Puts another list in force, or the same one again: either way it is fresh.
    pub fn replace(&self, nodes: Vec<EnrolledNode>) {
        let nodes: Vec<Arc<EnrolledNode>> = nodes.into_iter().map(Arc::new).collect();
        let by_name = nodes
            .iter()
            .map(|node| (node.name.clone(), Arc::clone(node)))
            .collect();
        let by_fingerprint = nodes
            .into_iter()
            .map(|node| (node.fingerprint.clone(), node))
            .collect();
        self.current.store(Arc::new(Nodes {
            by_fingerprint: Arc::new(by_fingerprint),
            by_name: Arc::new(by_name),
            heard: Some(Instant::now()),
        }));
    }

    /// The list in force was confirmed at this moment: what was true then holds from there on.
    pub fn confirm(&self, at: Instant) {
        self.current.rcu(|nodes| Nodes {
            by_fingerprint: Arc::clone(&nodes.by_fingerprint),
            by_name: Arc::clone(&nodes.by_name),
            heard: nodes.heard.map(|heard| heard.max(at)),
        });
    }

    /// The node that this certificate is bound to.
    pub fn by_fingerprint(&self, fingerprint: &Fingerprint) -> Option<Arc<EnrolledNode>> {
        let nodes = self.current.load();
        if !self.is_fresh_at(nodes.heard) {
            return None;
        }
        nodes.by_fingerprint.get(&fingerprint.to_string()).cloned()
    }

    /// The node with this name.
    pub fn by_name(&self, name: &NodeName) -> Option<Arc<EnrolledNode>> {
        let nodes = self.current.load();
        if !self.is_fresh_at(nodes.heard) {
            return None;
        }
        nodes.by_name.get(name).cloned()
    }

    /// Whether the list was confirmed lately.
    pub fn is_fresh(&self) -> bool {
        self.is_fresh_at(self.current.load().heard)
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.current.load().by_name.len()
    }

    fn is_fresh_at(&self, heard: Option<Instant>) -> bool {
        heard.is_some_and(|heard| heard.elapsed() <= self.age_max)
    }
}

/// At the listeners for transactions: those that may send one.
impl Admission for NodeList {
    fn admit(&self, fingerprint: &Fingerprint) -> Admitted {
        match self.by_fingerprint(fingerprint) {
            None => Admitted::No,
            Some(node) if node.transactions.is_empty() => Admitted::No,
            Some(node) if node.allow_tls12 => Admitted::Tls12Too,
            Some(_) => Admitted::Tls13,
        }
    }
}

/// At the operator listener: those that have a right there, with TLS 1.3.
#[derive(Clone, Debug)]
pub struct WithRights(pub Arc<NodeList>);

impl Admission for WithRights {
    fn admit(&self, fingerprint: &Fingerprint) -> Admitted {
        match self.0.by_fingerprint(fingerprint) {
            Some(node) if !node.rights.is_empty() => Admitted::Tls13,
            _ => Admitted::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use xds_model::Transaction;
    use xds_model::principal::{EntityId, OrganisationId, Right};

    use super::*;

    fn node(name: &str, allow_tls12: bool) -> EnrolledNode {
        EnrolledNode {
            name: NodeName(name.into()),
            fingerprint: Fingerprint::of(name.as_bytes()).to_string(),
            organisation: OrganisationId("o".into()),
            entity: EntityId("e".into()),
            transactions: BTreeSet::from([Transaction::Iti18]),
            rights: BTreeSet::new(),
            allow_tls12,
            acts_for_others: false,
            in_flight_max: None,
            source_ids: BTreeSet::new(),
            feeds: BTreeSet::new(),
            default_user: None,
        }
    }

    #[test]
    fn only_the_enrolled_are_admitted_and_nobody_by_an_old_list() {
        let list = NodeList::new(Duration::from_secs(60));
        assert_eq!(list.admit(&Fingerprint::of(b"a")), Admitted::No);
        list.replace(vec![node("a", false), node("b", true)]);
        assert_eq!(list.admit(&Fingerprint::of(b"a")), Admitted::Tls13);
        assert_eq!(list.admit(&Fingerprint::of(b"b")), Admitted::Tls12Too);
        assert_eq!(list.admit(&Fingerprint::of(b"c")), Admitted::No);
        list.replace(vec![node("b", true)]);
        assert_eq!(list.admit(&Fingerprint::of(b"a")), Admitted::No);

        let operator = EnrolledNode {
            transactions: BTreeSet::new(),
            rights: BTreeSet::from([Right::Operator]),
            ..node("o", true)
        };
        list.replace(vec![operator, node("b", true)]);
        let operators = WithRights(Arc::clone(&list));
        let admitted = |name: &[u8]| {
            let fingerprint = Fingerprint::of(name);
            [list.admit(&fingerprint), operators.admit(&fingerprint)]
        };
        assert_eq!(admitted(b"o"), [Admitted::No, Admitted::Tls13]);
        assert_eq!(admitted(b"b"), [Admitted::Tls12Too, Admitted::No]);

        let stale = NodeList::new(Duration::ZERO);
        stale.replace(vec![node("a", false)]);
        while stale.is_fresh() {}
        assert_eq!(stale.admit(&Fingerprint::of(b"a")), Admitted::No);
    }

    #[test]
    fn a_list_that_is_confirmed_is_as_fresh_as_the_confirmation() {
        let age_max = Duration::from_secs(3600);
        let list = NodeList::new(age_max);
        list.confirm(Instant::now());
        assert!(!list.is_fresh(), "there is none");
        list.replace(vec![node("a", false)]);
        let in_an_hour = Instant::now() + age_max;
        let fresh_at = |list: &NodeList, at: Instant| {
            let heard = list.current.load().heard.unwrap();
            at.duration_since(heard) <= age_max
        };
        assert!(!fresh_at(&list, in_an_hour + Duration::from_secs(1)));
        list.confirm(Instant::now() + Duration::from_secs(1800));
        assert!(fresh_at(&list, in_an_hour + Duration::from_secs(1)));
        assert_eq!(
            (list.admit(&Fingerprint::of(b"a")), list.count()),
            (Admitted::Tls13, 1)
        );
        // What was confirmed longer ago takes nothing back.
        list.confirm(Instant::now());
        assert!(fresh_at(&list, in_an_hour + Duration::from_secs(1)));
    }
}
