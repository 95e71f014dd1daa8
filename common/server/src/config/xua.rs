//! `[xua]`: which assertions about users are believed (ITI-40).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use xds_model::principal::{NodeName, OrganisationId};

use super::rebase;
use crate::lang::Say;
use crate::xua::NodeKind;

/// `[xua]`. Without it assertions are passed over, and every request is decided by its node alone.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct XuaSection {
    /// The names by which an Audience may mean the domain or this server.
    pub audiences: BTreeSet<String>,
    /// What a Recipient may name beside the audiences and `clinical.public_url`. A registry lists the addresses of
    /// the repositories that pass assertions on.
    #[serde(default)]
    pub recipients: BTreeSet<String>,
    /// Whether a request without an assertion is refused.
    #[serde(default)]
    pub required: bool,
    /// Kinds of nodes that need none all the same.
    #[serde(default)]
    pub exempt_kinds: BTreeSet<NodeKind>,
    /// Nodes that need none all the same.
    #[serde(default)]
    pub exempt_nodes: BTreeSet<NodeName>,
    /// Seconds that the clocks of issuer and server may be apart.
    #[serde(default = "clock_skew_seconds")]
    pub clock_skew_seconds: u32,
    /// Hours that an assertion may be good for.
    #[serde(default = "lifetime_hours_max")]
    pub lifetime_hours_max: u32,
    /// Whether SubjectConfirmation by holder-of-key is accepted beside bearer.
    #[serde(default = "accepts_holder_of_key")]
    pub accepts_holder_of_key: bool,
    /// AuthnContext classes that are accepted; none listed accepts all.
    #[serde(default)]
    pub authn_contexts: BTreeSet<String>,
    /// Assertions of one issuer that may be in force at once.
    #[serde(default = "assertions_per_issuer_max")]
    pub assertions_per_issuer_max: u32,
    /// The assertion providers.
    #[serde(default)]
    pub issuer: Vec<IssuerSection>,
}

/// `[[xua.issuer]]`: an assertion provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSection {
    /// Its entity identifier, as in Issuer.
    pub entity_id: String,
    /// Files with the certificates that it signs with, PEM (one or several in a file) or DER. They are read again
    /// when they change.
    pub certificates: Vec<PathBuf>,
    /// The organisations whose users it may name.
    pub organisation: Vec<VouchingSection>,
}

/// `[[xua.issuer.organisation]]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VouchingSection {
    /// Its id in the registry's ledger.
    pub id: OrganisationId,
    /// The values of the attribute organization-id that mean it.
    pub organization_ids: BTreeSet<String>,
    /// The nodes that may bring such an assertion; all of the organisation without it.
    #[serde(default)]
    pub nodes: Option<BTreeSet<NodeName>>,
}

fn clock_skew_seconds() -> u32 {
    60
}

fn lifetime_hours_max() -> u32 {
    24
}

fn accepts_holder_of_key() -> bool {
    true
}

fn assertions_per_issuer_max() -> u32 {
    50_000
}

/// The largest skew that can be set, in seconds.
const SKEW_SECONDS_LIMIT: u32 = 300;
/// The longest life that can be set, in hours.
const LIFETIME_HOURS_LIMIT: u32 = 168;
/// The most assertions that can be set: each takes some hundred bytes.
const ASSERTIONS_LIMIT: u32 = 1_000_000;
/// Assertion providers at most.
const ISSUERS_MAX: usize = 256;

impl XuaSection {
    /// See [`super::Configuration::rebase`].
    pub fn rebase(&mut self, base: &Path) {
        for issuer in &mut self.issuer {
            issuer.certificates.iter_mut().for_each(|file| rebase(file, base));
        }
    }

    /// Complaints about values.
    pub fn complaints(&self) -> Vec<String> {
        let exempts = !self.exempt_kinds.is_empty() || !self.exempt_nodes.is_empty();
        let mut complaints = Vec::new();
        let mut complain = |wrong: bool, text: &str| {
            if wrong {
                complaints.push(text.to_owned());
            }
        };
        complain(
            self.audiences.is_empty(),
            "xua.audiences is empty: name the domain's URI, or no assertion is for us",
        );
        complain(
            self.issuer.is_empty(),
            "xua has no [[xua.issuer]]: enter an assertion provider, or leave [xua] out",
        );
        complain(
            self.issuer.len() > ISSUERS_MAX,
            "xua.issuer: there are more than 256",
        );
        complain(
            exempts && !self.required,
            "xua.exempt_kinds and xua.exempt_nodes exempt from nothing: set xua.required = true, or leave them out",
        );
        complain(
            self.clock_skew_seconds > SKEW_SECONDS_LIMIT,
            "xua.clock_skew_seconds is at most 300",
        );
        complain(
            !(1..=LIFETIME_HOURS_LIMIT).contains(&self.lifetime_hours_max),
            "xua.lifetime_hours_max is between 1 and 168",
        );
        complain(
            !(1..=ASSERTIONS_LIMIT).contains(&self.assertions_per_issuer_max),
            "xua.assertions_per_issuer_max is between 1 and 1000000",
        );
        let mut names = BTreeSet::new();
        for issuer in &self.issuer {
            if !names.insert(&issuer.entity_id) {
                complaints.push(format!("xua.issuer: {} is given twice", issuer.entity_id));
            }
            complaints.extend(issuer.complaints());
        }
        complaints
    }
}

/// What a configuration does with assertions: a fixed word, and the same for people.
pub fn assertions_of(section: Option<&XuaSection>) -> (&'static str, Say) {
    match section {
        None => (
            "passed-over",
            Say::new(
                "[xua] なし: アサーションは無視されます。",
                "no [xua]: assertions are passed over",
            ),
        ),
        Some(section) if section.required => (
            "required",
            Say::new("[xua] アサーションは必須です。", "[xua] assertions are required"),
        ),
        Some(_) => (
            "optional",
            Say::new("[xua] アサーションは任意です。", "[xua] assertions are optional"),
        ),
    }
}

impl IssuerSection {
    fn complaints(&self) -> Vec<String> {
        let name = &self.entity_id;
        let mut complaints = Vec::new();
        if name.is_empty() || name.trim() != name {
            complaints.push("xua.issuer.entity_id is empty or has blanks around it".to_owned());
        }
        if self.certificates.is_empty() {
            complaints.push(format!("xua.issuer {name}: certificates names no file"));
        }
        if self.organisation.is_empty() {
            complaints.push(format!(
                "xua.issuer {name}: without [[xua.issuer.organisation]] nobody may use it"
            ));
        }
        if self
            .organisation
            .iter()
            .any(|vouching| vouching.organization_ids.is_empty())
        {
            complaints.push(format!("xua.issuer {name}: organization_ids is empty"));
        }
        complaints
    }
}
