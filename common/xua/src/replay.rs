//! Which assertions were used, by whom: bounded, and without a clock of its own.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use xds_model::principal::NodeName;

use crate::assertion::Assertion;
use crate::refused::{Reason, Refused};

/// The assertions in force that were used.
///
/// An assertion may be used by one node for several requests until it expires, unless it says OneTimeUse. Another
/// node may not use it, and another assertion may not have its ID. A repository that passes an assertion on is
/// judged by the node for which it does.
///
/// Full means refused, not forgotten: a forgotten assertion could be replayed. The bound is for each issuer, so
/// that one cannot crowd out another.
#[derive(Clone, Debug)]
pub struct ReplayCache {
    used: BTreeMap<Key, Used>,
    /// The same keys, soonest to expire first.
    by_expiry: BTreeSet<(OffsetDateTime, Key)>,
    by_issuer: BTreeMap<String, usize>,
    per_issuer_max: usize,
}

/// An assertion that was used. Kept by a server over a restart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Used {
    /// Its issuer.
    pub issuer: String,
    /// Its ID.
    pub id: String,
    /// SHA-256 of the octets that were signed.
    pub digest: [u8; 32],
    /// The node that used it.
    pub node: NodeName,
    /// From when on it would be refused as expired, and can be forgotten.
    pub expires: OffsetDateTime,
}

/// How an assertion was used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Use {
    /// For the first time.
    First,
    /// Again, by the same node.
    Again,
}

/// Issuer and ID.
type Key = (String, String);

impl ReplayCache {
    /// An empty cache for at most so many assertions of each issuer.
    pub fn new(per_issuer_max: usize) -> Self {
        Self {
            used: BTreeMap::new(),
            by_expiry: BTreeSet::new(),
            by_issuer: BTreeMap::new(),
            per_issuer_max,
        }
    }

    /// Admits an assertion that a node uses now.
    ///
    /// # Errors
    ///
    /// If another node used it, if it may be used once only, if its ID was used by another assertion, or if the
    /// cache is full for its issuer.
    pub fn admit(
        &mut self,
        assertion: &Assertion,
        node: &NodeName,
        now: OffsetDateTime,
    ) -> Result<Use, Refused> {
        self.forget_expired(now);
        let key = (assertion.issuer.clone(), assertion.id.clone());
        if let Some(used) = self.used.get(&key) {
            return again(used, assertion, node).map_err(Refused);
        }
        if self.held(&assertion.issuer) >= self.per_issuer_max {
            return Err(Reason::CacheFull.into());
        }
        self.insert(Used {
            issuer: assertion.issuer.clone(),
            id: assertion.id.clone(),
            digest: assertion.digest,
            node: node.clone(),
            expires: assertion.expires,
        });
        Ok(Use::First)
    }

    /// What is held, to be written down.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Used> {
        self.used.values()
    }

    /// Takes in what was written down before a restart. The bound does not hold here: what was used stays used.
    pub fn restore(&mut self, entries: impl IntoIterator<Item = Used>, now: OffsetDateTime) {
        for used in entries {
            if used.expires > now && !self.used.contains_key(&(used.issuer.clone(), used.id.clone())) {
                self.insert(used);
            }
        }
    }

    fn held(&self, issuer: &str) -> usize {
        self.by_issuer.get(issuer).copied().unwrap_or(0)
    }

    fn insert(&mut self, used: Used) {
        let key = (used.issuer.clone(), used.id.clone());
        let held = self.by_issuer.entry(used.issuer.clone()).or_default();
        *held = held.saturating_add(1);
        self.by_expiry.insert((used.expires, key.clone()));
        self.used.insert(key, used);
    }

    fn forget_expired(&mut self, now: OffsetDateTime) {
        while let Some((expires, key)) = self.by_expiry.pop_first() {
            if expires > now {
                self.by_expiry.insert((expires, key));
                return;
            }
            self.used.remove(&key);
            if let Some(held) = self.by_issuer.get_mut(&key.0) {
                *held = held.saturating_sub(1);
                if *held == 0 {
                    self.by_issuer.remove(&key.0);
                }
            }
        }
    }
}

fn again(used: &Used, assertion: &Assertion, node: &NodeName) -> Result<Use, Reason> {
    if used.digest != assertion.digest {
        return Err(Reason::IdReused);
    }
    if used.node != *node {
        return Err(Reason::OtherNode);
    }
    if assertion.one_time_use {
        return Err(Reason::UsedBefore);
    }
    Ok(Use::Again)
}
