//! What the metadata of one acknowledgement say.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use xds_model::acknowledgement::FORMAT_SCANNED;
use xds_model::{DocumentEntry, Dtm};
use xds_policy::hash::ContentHash;
use xds_policy::instruments::acknowledgement::PrivacyPolicy;
use xds_policy::instruments::consent::Method;
use xds_policy::ledger::Ledger;
use xds_policy::words::PrivacyPolicyId;

/// One acknowledgement, with what the domain says that its policies mean.
pub(super) struct Reading<'a> {
    pub(super) entry: &'a DocumentEntry,
    /// The policies that the domain declares, each once.
    pub(super) policies: BTreeMap<&'a PrivacyPolicyId, &'a PrivacyPolicy>,
    /// Codes that it declares no policy for.
    pub(super) unknown: Vec<&'a str>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(entry: &'a DocumentEntry, ledger: &'a Ledger, now: OffsetDateTime) -> Self {
        let declared = &ledger.policy(now).privacy_policies;
        let mut reading = Self {
            entry,
            policies: BTreeMap::new(),
            unknown: Vec::new(),
        };
        for code in entry.event_codes.iter().map(|value| value.code.code.as_str()) {
            match declared.get_key_value(&PrivacyPolicyId::from(code)) {
                Some((id, policy)) => drop(reading.policies.insert(id, policy)),
                None => reading.unknown.push(code),
            }
        }
        reading
    }

    /// Whether it does nothing but refuse: then nothing that it lacks may keep it from taking effect.
    pub(super) fn only_refuses(&self) -> bool {
        let is_refusal = |policy: &&PrivacyPolicy| matches!(policy, PrivacyPolicy::Refusal(_));
        self.unknown.is_empty() && !self.policies.is_empty() && self.policies.values().all(is_refusal)
    }

    pub(super) fn lifts(&self) -> bool {
        let is_lift = |policy: &&PrivacyPolicy| matches!(policy, PrivacyPolicy::Lift(_));
        self.policies.values().any(is_lift)
    }

    /// From when the patient wants it.
    pub(super) fn from(&self) -> Option<OffsetDateTime> {
        self.entry.service_start_time.as_ref().and_then(Dtm::instant)
    }

    /// First instant that the patient does not want it any more.
    pub(super) fn to(&self) -> Option<OffsetDateTime> {
        self.entry.service_stop_time.as_ref().and_then(Dtm::end)
    }

    /// When it was signed, at the latest: before the document was made, before it took effect, and before now. Who
    /// joined the network later is not in it (C7).
    pub(super) fn signed_at(&self, now: OffsetDateTime) -> OffsetDateTime {
        let made = self.entry.creation_time.as_ref().and_then(Dtm::instant);
        [made, self.from()]
            .into_iter()
            .flatten()
            .fold(now, OffsetDateTime::min)
    }

    pub(super) fn is_over(&self, now: OffsetDateTime) -> bool {
        self.to()
            .is_some_and(|to| to <= now.max(self.from().unwrap_or(now)))
    }

    pub(super) fn method(&self) -> Method {
        let format = self.entry.format_code.as_ref();
        if format.is_some_and(|format| format.code.code == FORMAT_SCANNED) {
            Method::Paper
        } else {
            Method::Electronic
        }
    }

    /// SHA-256 of the document, as its repository tells it.
    pub(super) fn sha256(&self) -> Option<ContentHash> {
        let mut values = self.entry.sha256_values();
        match (values.next(), values.next()) {
            (Some(value), None) => value.parse().ok(),
            _ => None,
        }
    }
}
