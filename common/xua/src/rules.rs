use std::collections::BTreeSet;

use time::Duration;

use crate::limits::Limits;

/// What the domain asks of assertions, beside trust.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    /// The names by which an Audience may mean this node or its domain. Empty accepts nothing.
    pub audiences: BTreeSet<String>,
    /// What a Recipient may name beside the audiences: the addresses of this node's endpoints.
    pub recipients: BTreeSet<String>,
    /// How far the clocks of issuer and node may be apart.
    pub clock_skew: Duration,
    /// The longest time from NotBefore (or IssueInstant) to NotOnOrAfter.
    pub lifetime_max: Duration,
    /// Whether SubjectConfirmation by holder-of-key is accepted beside bearer.
    pub accepts_holder_of_key: bool,
    /// The ways to sign in that are accepted, every one of an assertion. Empty accepts all.
    pub authn_contexts: BTreeSet<String>,
    /// The ways to sign in that count as two factors.
    pub two_factor_contexts: BTreeSet<String>,
    /// Whether organization-id must be there.
    pub needs_organization_id: bool,
    /// Whether a role must be there.
    pub needs_role: bool,
    /// Whether a purpose of use must be there.
    pub needs_purpose: bool,
    /// How much is read.
    pub limits: Limits,
}

impl Rules {
    /// The strictest rules that IHE allows, with a skew of 60 s and a life of at most 24 h, for these audiences.
    pub fn new(audiences: impl IntoIterator<Item = String>) -> Self {
        Self {
            audiences: audiences.into_iter().collect(),
            recipients: BTreeSet::new(),
            clock_skew: Duration::seconds(60),
            lifetime_max: Duration::hours(24),
            accepts_holder_of_key: true,
            authn_contexts: BTreeSet::new(),
            two_factor_contexts: TWO_FACTOR.into_iter().map(str::to_owned).collect(),
            needs_organization_id: true,
            needs_role: true,
            needs_purpose: true,
            limits: Limits::default(),
        }
    }
}

/// SAML 2.0 authentication context classes, and the one that academic federations use for two factors.
const TWO_FACTOR: [&str; 4] = [
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorContract",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:MobileTwoFactorUnregistered",
    "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
    "https://refeds.org/profile/mfa",
];
