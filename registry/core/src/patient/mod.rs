//! ITI-8, Patient Identity Feed (ITI TF-2 3.8): what a message changes.

pub mod search_key;

use xds_model::patient::PatientIdError;
use xds_model::{Oid, PatientId, Principal};

use crate::codes::AffinityDomain;
use search_key::search_key;

/// A message of the feed.
#[derive(Clone, Eq, PartialEq)]
pub struct Feed {
    /// What happened.
    pub event: FeedEvent,
    /// PID-3, each repetition.
    pub identifiers: Vec<FedIdentifier>,
    /// PID-5, 7 and 8, for screens and sheets.
    pub demographics: Demographics,
}

/// The trigger events that add or update (merging is an event of its own).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FeedEvent {
    /// A01, A04 or A05: the identifiers are added.
    Add,
    /// A08: a known patient's names are kept; identifiers are ignored and nothing is created.
    Update,
}

/// One identifier as it came: with a namespace id, an OID, or both.
#[derive(Clone, Eq, PartialEq)]
pub struct FedIdentifier {
    /// CX.1.
    pub id: String,
    /// CX.4.1.
    pub namespace: Option<String>,
    /// CX.4.2, when CX.4.3 is ISO.
    pub oid: Option<Oid>,
}

/// What is known of a person beside the identifiers. It decides nothing.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Demographics {
    /// Name in ideographs (XPN.8 I), family and given joined by a blank, as received.
    pub ideographic: Option<String>,
    /// Name in kana (XPN.8 P).
    pub phonetic: Option<String>,
    /// Name in letters (XPN.8 A).
    pub alphabetic: Option<String>,
    /// A name without representation code.
    pub plain: Option<String>,
    /// Date of birth, 8 digits.
    pub birth_date: Option<String>,
    /// Administrative sex.
    pub sex: Option<String>,
}

impl Demographics {
    /// The text that names are looked up by: of the kana if given, else of another form.
    pub fn search_key(&self) -> Option<String> {
        let names = [&self.phonetic, &self.plain, &self.alphabetic, &self.ideographic];
        names
            .into_iter()
            .flatten()
            .map(|name| search_key(name))
            .find(|key| !key.is_empty())
    }

    /// Whether there is anything to keep.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a message changes.
#[derive(Clone, Eq, PartialEq)]
pub enum PatientChanges {
    /// These identifiers are known from now on; what is known already stays.
    Add(Vec<PatientId>, Demographics),
    /// The names of these patients, if they are known.
    Rename(Vec<PatientId>, Demographics),
}

impl PatientChanges {
    /// The patients that it is about.
    pub fn patients(&self) -> &[PatientId] {
        match self {
            Self::Add(patients, _) | Self::Rename(patients, _) => patients,
        }
    }
}

/// Why a message is refused. It names no patient.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FeedRefusal {
    /// No identifier of an authority of the affinity domain.
    #[error("PID-3 has no identifier of an assigning authority of this affinity domain")]
    NoIdentifier,
    /// The node may not feed for this authority.
    #[error("the sender may not feed patients of this assigning authority")]
    NotAuthorised,
    /// An identifier that is none.
    #[error("PID-3: {0}")]
    Identifier(#[from] PatientIdError),
}

/// Judges a message of the feed.
///
/// Identifiers of authorities outside the affinity domain are ignored. A namespace id alone is completed
/// from the configuration.
///
/// # Errors
/// When nothing of it may be kept.
pub fn feed(
    message: Feed,
    principal: &Principal,
    affinity: &AffinityDomain,
) -> Result<PatientChanges, FeedRefusal> {
    let mut patients = Vec::new();
    for identifier in &message.identifiers {
        let Some(authority) = authority(identifier, affinity) else {
            continue;
        };
        let patient = PatientId::new(&identifier.id, authority.clone())?;
        if !principal.node().feeds.contains(authority.as_str()) {
            return Err(FeedRefusal::NotAuthorised);
        }
        if !patients.contains(&patient) {
            patients.push(patient);
        }
    }
    if patients.is_empty() {
        return Err(FeedRefusal::NoIdentifier);
    }
    Ok(match message.event {
        FeedEvent::Add => PatientChanges::Add(patients, message.demographics),
        FeedEvent::Update => PatientChanges::Rename(patients, message.demographics),
    })
}

/// The authority of an identifier, when it is one of the affinity domain. A namespace id beside an OID
/// says nothing.
fn authority<'a>(identifier: &'a FedIdentifier, affinity: &'a AffinityDomain) -> Option<&'a Oid> {
    match (&identifier.oid, &identifier.namespace) {
        (Some(oid), _) => affinity.knows_authority(oid).then_some(oid),
        (None, Some(namespace)) => affinity.authority_named(namespace),
        (None, None) => None,
    }
}
