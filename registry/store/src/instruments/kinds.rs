//! One version of an instrument of any kind.

use serde_json::Value;
use time::OffsetDateTime;
use xds_policy::format::{self, DomainFile, FormatError};
use xds_policy::hash::{ContentHash, canonical};
use xds_policy::instruments::agreement::{JointUseAgreement, PublicationCheck};
use xds_policy::instruments::consent::{Consent, ConsentText};
use xds_policy::instruments::contract::EntrustmentContract;
use xds_policy::instruments::order::LegalOrder;
use xds_policy::instruments::organisation::{LegalEntity, Organisation, User};
use xds_policy::instruments::policy::DomainPolicy;
use xds_policy::instruments::refusal::Refusal;
use xds_policy::instruments::session::BreakGlassSession;
use xds_policy::version::{Draft, Evidence, InstrumentKind, InstrumentRef, Terms, Version};
use xds_policy::words::PatientRef;

/// The list of kinds, each with its terms and its list in a [`DomainFile`].
macro_rules! kinds {
    ($($kind:ident($terms:ty) $list:ident,)+) => {
        /// One version of an instrument, whatever its kind.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Instrument {
            $(#[doc = concat!("[`", stringify!($terms), "`]")] $kind(Version<$terms>),)+
        }

        impl Instrument {
            /// Every kind, in the order of the domain file.
            pub const KINDS: [InstrumentKind; 12] = [$(InstrumentKind::$kind),+];

            pub(super) fn common(&self) -> Common<'_> {
                match self {
                    $(Self::$kind(version) => Common::of(version),)+
                }
            }

            /// Seals what JSON says of a version.
            pub(super) fn sealed(kind: InstrumentKind, value: Value) -> Result<Self, serde_json::Error> {
                Ok(match kind {
                    $(InstrumentKind::$kind => Self::$kind(serde_json::from_value(value)?),)+
                })
            }

            /// Where and why a text is no version of a kind, if it is none.
            pub(super) fn fault(kind: InstrumentKind, text: &str) -> Option<FormatError> {
                match kind {
                    $(InstrumentKind::$kind => format::version_from_str::<$terms>(text).err(),)+
                }
            }

            /// The version as it is written in files, with its hash.
            ///
            /// # Errors
            /// When an instant has a year that RFC 3339 cannot write.
            pub fn value(&self) -> Result<Value, serde_json::Error> {
                match self {
                    $(Self::$kind(version) => serde_json::to_value(version),)+
                }
            }

            pub(super) fn add_to(self, file: &mut DomainFile) {
                match self {
                    $(Self::$kind(version) => file.$list.push(version),)+
                }
            }

            /// Every version of a file, kind by kind.
            pub fn all_of(file: DomainFile) -> Vec<Self> {
                let mut all = Vec::new();
                $(all.extend(file.$list.into_iter().map(Self::$kind));)+
                all
            }
        }
    };
}

kinds! {
    DomainPolicy(DomainPolicy) domain_policies,
    LegalEntity(LegalEntity) legal_entities,
    Organisation(Organisation) organisations,
    User(User) users,
    JointUseAgreement(JointUseAgreement) joint_use_agreements,
    PublicationCheck(PublicationCheck) publication_checks,
    EntrustmentContract(EntrustmentContract) entrustment_contracts,
    ConsentText(ConsentText) consent_texts,
    Consent(Consent) consents,
    Refusal(Refusal) refusals,
    LegalOrder(LegalOrder) legal_orders,
    BreakGlassSession(BreakGlassSession) break_glass_sessions,
}

/// Short names of kinds.
const SHORT_NAMES: [(&str, &str); 6] = [
    ("agreement", "joint_use_agreement"),
    ("contract", "entrustment_contract"),
    ("order", "legal_order"),
    ("session", "break_glass_session"),
    ("policy", "domain_policy"),
    ("entity", "legal_entity"),
];

/// What all kinds have.
pub(super) struct Common<'a> {
    pub(super) reference: &'a InstrumentRef,
    pub(super) entered_at: Option<OffsetDateTime>,
    pub(super) entered_by: &'a str,
    pub(super) approved_by: &'a [String],
    pub(super) approvers: usize,
    pub(super) effective_from: OffsetDateTime,
    pub(super) effective_to: Option<OffsetDateTime>,
    pub(super) evidence: Option<&'a Evidence>,
    pub(super) evidence_found: Option<&'a ContentHash>,
}

impl<'a> Common<'a> {
    fn of<T: Terms>(version: &'a Version<T>) -> Self {
        let draft: &Draft<T> = version;
        Self {
            reference: version.reference(),
            entered_at: draft.entered_at,
            entered_by: &draft.entered_by,
            approved_by: &draft.approved_by,
            approvers: version.approvers(),
            effective_from: draft.effective_from,
            effective_to: draft.effective_to,
            evidence: draft.evidence.as_ref(),
            evidence_found: draft.evidence_found.as_ref(),
        }
    }
}

impl Instrument {
    /// The kind of this name, as in files: `consent`.
    pub fn kind_named(name: &str) -> Option<InstrumentKind> {
        Self::KINDS.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind that people call so: by its name in files, with hyphens for underscores, or shorter: `agreement`.
    pub fn kind_called(text: &str) -> Option<InstrumentKind> {
        let name = text.replace('-', "_");
        let long = SHORT_NAMES.into_iter().find(|(short, _)| *short == name);
        Self::kind_named(long.map_or(name.as_str(), |(_, long)| long))
    }

    /// Whether instruments of a kind concern one patient each.
    pub fn is_of_patient(kind: InstrumentKind) -> bool {
        matches!(
            kind,
            InstrumentKind::Consent
                | InstrumentKind::Refusal
                | InstrumentKind::LegalOrder
                | InstrumentKind::BreakGlassSession
        )
    }

    /// Kind, id, version and content hash.
    pub fn reference(&self) -> &InstrumentRef {
        self.common().reference
    }

    /// When it was entered, if that is known.
    pub fn entered_at(&self) -> Option<OffsetDateTime> {
        self.common().entered_at
    }

    /// Who entered it.
    pub fn entered_by(&self) -> &str {
        self.common().entered_by
    }

    /// Who approved it.
    pub fn approved_by(&self) -> &[String] {
        self.common().approved_by
    }

    /// First instant that it holds.
    pub fn effective_from(&self) -> OffsetDateTime {
        self.common().effective_from
    }

    /// First instant that it does not hold any more.
    pub fn effective_to(&self) -> Option<OffsetDateTime> {
        self.common().effective_to
    }

    /// The patient that it concerns, if it concerns one.
    pub fn patient(&self) -> Option<&PatientRef> {
        match self {
            Self::Consent(version) => Some(&version.terms.patient),
            Self::Refusal(version) => Some(&version.terms.patient),
            Self::LegalOrder(version) => Some(&version.terms.patient),
            Self::BreakGlassSession(version) => Some(&version.terms.patient),
            _ => None,
        }
    }

    /// The SHA-256 of every evidence file that it names, wherever in its terms. A document in a repository is no file
    /// of the registry, and is not among them.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn evidence_named(&self) -> Result<Vec<ContentHash>, serde_json::Error> {
        let mut found = Vec::new();
        named(&self.value()?, &mut found);
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The canonical text that its hash is over, without the kind.
    pub(super) fn content(&self) -> Result<String, serde_json::Error> {
        let mut value = self.value()?;
        if let Value::Object(members) = &mut value {
            members.remove("hash");
            members.remove("evidence_found");
        }
        let mut text = String::new();
        canonical(&value, &mut text);
        Ok(text)
    }
}

/// Evidence is an object of exactly `file` and `sha256`.
fn named(value: &Value, found: &mut Vec<ContentHash>) {
    match value {
        Value::Object(members) => {
            let text = |name| members.get(name).and_then(Value::as_str);
            let hash = text("sha256").and_then(|hash| hash.parse().ok());
            match (text("file"), hash) {
                (Some(file), Some(hash)) if members.len() == 2 => {
                    if !Evidence::is_in_repository(file) {
                        found.push(hash);
                    }
                }
                _ => members.values().for_each(|member| named(member, found)),
            }
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_their_names_and_short_ones() {
        for known in Instrument::KINDS {
            assert_eq!(Instrument::kind_called(known.name()), Some(known));
            assert_eq!(
                Instrument::kind_called(&known.name().replace('_', "-")),
                Some(known)
            );
        }
        for (short, long) in SHORT_NAMES {
            assert_eq!(
                Instrument::kind_called(short).map(InstrumentKind::name),
                Some(long)
            );
        }
        assert_eq!(Instrument::kind_called("treaty"), None);
    }
}
