//! Versions of instruments: immutable, dated, hashed.

use std::ops::Deref;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::hash::ContentHash;
use crate::words::InstrumentId;

/// The kinds of instruments.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    /// Rules of the domain.
    DomainPolicy,
    /// Legal entity 事業者.
    LegalEntity,
    /// Organisation 医療機関等.
    Organisation,
    /// Entry of the ID ledger.
    User,
    /// Joint-use agreement 共同利用.
    JointUseAgreement,
    /// A later look at a publication of a joint-use agreement.
    PublicationCheck,
    /// Entrustment contract 委託契約.
    EntrustmentContract,
    /// A text that patients sign.
    ConsentText,
    /// Consent 同意.
    Consent,
    /// Refusal 拒否・留保.
    Refusal,
    /// Legal order 法令に基づく照会等.
    LegalOrder,
    /// Break-glass session 緊急時アクセス.
    BreakGlassSession,
}

impl InstrumentKind {
    /// The name in files, and in what is hashed.
    pub fn name(self) -> &'static str {
        match self {
            Self::DomainPolicy => "domain_policy",
            Self::LegalEntity => "legal_entity",
            Self::Organisation => "organisation",
            Self::User => "user",
            Self::JointUseAgreement => "joint_use_agreement",
            Self::PublicationCheck => "publication_check",
            Self::EntrustmentContract => "entrustment_contract",
            Self::ConsentText => "consent_text",
            Self::Consent => "consent",
            Self::Refusal => "refusal",
            Self::LegalOrder => "legal_order",
            Self::BreakGlassSession => "break_glass_session",
        }
    }
}

/// What an instrument says, apart from what all instruments have.
pub trait Terms: Clone + std::fmt::Debug + PartialEq + Serialize + DeserializeOwned {
    /// Its kind.
    const KIND: InstrumentKind;
}

/// A file that proves an instrument.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Where it is: a file name or an address.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: ContentHash,
}

/// A version before it is sealed: the fields in a file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Draft<T> {
    /// The instrument.
    pub id: InstrumentId,
    /// 1, 2, 3 ...
    pub version: u32,
    /// When it was entered. A decision never knows of a version that was entered after it. Absent: known from
    /// the day it takes effect.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub entered_at: Option<OffsetDateTime>,
    /// Who entered it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub entered_by: String,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved_by: Vec<String>,
    /// First instant that it holds.
    #[serde(with = "crate::instant")]
    pub effective_from: OffsetDateTime,
    /// First instant that it does not hold any more; none while nobody knows.
    #[serde(
        default,
        with = "crate::instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    pub effective_to: Option<OffsetDateTime>,
    /// The file that proves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// SHA-256 of that file when it was last read again; not part of the content. Absent: not read since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_found: Option<ContentHash>,
    /// What it says.
    pub terms: T,
    /// The content hash; checked when given, always written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<ContentHash>,
}

/// Names one version of one instrument, for ever.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct InstrumentRef {
    /// Kind.
    pub kind: InstrumentKind,
    /// Id.
    pub id: InstrumentId,
    /// Version.
    pub version: u32,
    /// Content hash of that version.
    pub hash: ContentHash,
}

/// An immutable version of an instrument: its fields can be read, and its hash is that of its content.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(
    try_from = "Draft<T>",
    into = "Draft<T>",
    bound(serialize = "T: Terms", deserialize = "T: Terms")
)]
pub struct Version<T: Terms> {
    draft: Draft<T>,
    reference: Arc<InstrumentRef>,
}

/// Why a draft is no version.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// It cannot be written down.
    #[error("it has no canonical text: {0}")]
    Text(#[from] serde_json::Error),
    /// It comes with a hash, and that is another.
    #[error("hash: the content of {kind} {id} version {version} hashes to {content}", kind = kind.name())]
    Hash {
        /// Kind.
        kind: InstrumentKind,
        /// Id.
        id: InstrumentId,
        /// Version.
        version: u32,
        /// The hash of what stands there.
        content: ContentHash,
    },
    /// Versions begin with 1.
    #[error("version: versions are numbered from 1")]
    VersionZero,
    /// It ends before it begins.
    #[error("effective_to: it ends before it begins")]
    NeverInForce,
}

impl<T: Terms> Version<T> {
    /// Seals a draft.
    ///
    /// # Errors
    /// When it is numbered 0, ends before it begins, or comes with the hash of something else.
    pub fn seal(mut draft: Draft<T>) -> Result<Self, SealError> {
        if draft.version == 0 {
            return Err(SealError::VersionZero);
        }
        if draft.effective_to.is_some_and(|to| to < draft.effective_from) {
            return Err(SealError::NeverInForce);
        }
        let given = draft.hash.take();
        let found = draft.evidence_found.take();
        let content = ContentHash::of_value(T::KIND.name(), &serde_json::to_value(&draft)?);
        if given.is_some_and(|given| given != content) {
            return Err(SealError::Hash {
                kind: T::KIND,
                id: draft.id,
                version: draft.version,
                content,
            });
        }
        let reference = Arc::new(InstrumentRef {
            kind: T::KIND,
            id: draft.id.clone(),
            version: draft.version,
            hash: content,
        });
        draft.hash = Some(content);
        draft.evidence_found = found;
        Ok(Self { draft, reference })
    }

    /// Names this version.
    pub fn reference(&self) -> &Arc<InstrumentRef> {
        &self.reference
    }

    /// The draft of a further version: everything as it is, numbered one higher.
    pub fn next(&self) -> Draft<T> {
        Draft {
            version: self.draft.version.saturating_add(1),
            hash: None,
            ..self.draft.clone()
        }
    }

    /// The first instant that a decision can know of it.
    pub fn known_from(&self) -> OffsetDateTime {
        let from = self.draft.effective_from;
        self.draft.entered_at.map_or(from, |entered| entered.max(from))
    }

    /// Whether it has begun, as far as was known then, and has not ended.
    pub fn in_force(&self, at: OffsetDateTime) -> bool {
        self.known_from() <= at && self.draft.effective_to.is_none_or(|to| at < to)
    }

    /// Whether there is evidence, and it is still what it was.
    pub fn evidence_holds(&self) -> bool {
        self.draft.evidence.as_ref().is_some_and(|evidence| {
            self.draft
                .evidence_found
                .is_none_or(|found| found == evidence.sha256)
        })
    }

    /// Distinct people who approved it.
    pub fn approvers(&self) -> usize {
        let mut names: Vec<&str> = self
            .draft
            .approved_by
            .iter()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.len()
    }
}

impl<T: Terms> Deref for Version<T> {
    type Target = Draft<T>;

    fn deref(&self) -> &Draft<T> {
        &self.draft
    }
}

impl<T: Terms> TryFrom<Draft<T>> for Version<T> {
    type Error = SealError;

    fn try_from(draft: Draft<T>) -> Result<Self, SealError> {
        Self::seal(draft)
    }
}

impl<T: Terms> From<Version<T>> for Draft<T> {
    fn from(version: Version<T>) -> Self {
        version.draft
    }
}

/// All versions of one instrument, oldest first; there is always one.
#[derive(Clone, Debug, PartialEq)]
pub struct History<T: Terms> {
    versions: Vec<Version<T>>,
}

impl<T: Terms> History<T> {
    /// Groups versions by instrument, in the order of their ids.
    pub fn group(mut versions: Vec<Version<T>>) -> Vec<Self> {
        versions.sort_by(|a, b| (&a.id, a.version).cmp(&(&b.id, b.version)));
        versions
            .chunk_by(|a, b| a.id == b.id)
            .map(|versions| Self {
                versions: versions.to_vec(),
            })
            .collect()
    }

    /// Gives one term of all versions another value. What each is called, and its hash, stay: only
    /// [`PatientInstruments::under`](crate::ledger::PatientInstruments::under) does it.
    pub(crate) fn set<V: Clone>(&mut self, term: impl Fn(&mut T) -> &mut V, value: &V) {
        for version in &mut self.versions {
            term(&mut version.draft.terms).clone_from(value);
        }
    }

    /// The versions, oldest first.
    pub fn versions(&self) -> &[Version<T>] {
        &self.versions
    }

    /// The version that counts at an instant: the highest that had been entered and had begun. It may have
    /// ended: an older version never comes back to life.
    pub fn at(&self, at: OffsetDateTime) -> Option<&Version<T>> {
        self.versions
            .iter()
            .rev()
            .find(|version| version.known_from() <= at)
    }

    /// The version that was in force at an instant in the past, from what is known by now: it may have been
    /// entered since.
    pub fn was_in_force(&self, then: OffsetDateTime, now: OffsetDateTime) -> Option<&Version<T>> {
        self.versions
            .iter()
            .rev()
            .filter(|version| version.entered_at.is_none_or(|entered| entered <= now))
            .find(|version| version.effective_from <= then)
            .filter(|version| version.effective_to.is_none_or(|to| then < to))
    }

    /// The version that counts at an instant, if it is in force.
    pub fn in_force(&self, at: OffsetDateTime) -> Option<&Version<T>> {
        self.at(at).filter(|version| version.in_force(at))
    }
}
