//! Acknowledged Patient Privacy Policies (BPPC, ITI TF-3 5.1): what the domain says that each means, and what an
//! instrument keeps of the document that entered it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use xds_model::principal::OrganisationId;

use super::consent::{ConsentModel, GivenBy, Organisations, TextRef};
use super::refusal::RefusalLevel;
use crate::version::{Evidence, Version};
use crate::words::{ClassCode, ClassSet, DocumentId, PrivacyPolicyId, Purpose, SensitivityCode};

/// What a patient does by acknowledging a privacy policy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE", deny_unknown_fields)]
pub enum PrivacyPolicy {
    /// Agrees 同意.
    Consent(Box<ConsentForm>),
    /// Refuses 拒否・留保.
    Refusal(RefusalForm),
    /// Lifts what was acknowledged before 拒否の解除・同意の撤回.
    Lift(LiftForm),
}

/// What a patient agrees to by acknowledging a privacy policy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentForm {
    /// SCOPED or ENROLMENT. A consent on query belongs to a visit, which no such document names.
    pub model: ConsentModel,
    /// The text that the policy stands for.
    pub text: TextRef,
    /// Who signs this form.
    #[serde(default = "patient")]
    pub given_by: GivenBy,
    /// Whose documents.
    pub providers: Providers,
    /// Who may have them.
    pub requesters: Organisations,
    /// Which classes.
    pub classes: ClassSet,
    /// Whether restricted documents are included.
    #[serde(default)]
    pub restricted: bool,
    /// Whether very restricted documents without a named sensitivity are included.
    #[serde(default)]
    pub very_restricted: bool,
    /// Which sensitive information is included, by name.
    #[serde(default)]
    pub sensitivities: BTreeSet<SensitivityCode>,
    /// What for.
    pub purposes: BTreeSet<Purpose>,
    /// Who may take it, besides the operator. Absent: each organisation whose documents it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<Organisations>,
}

/// What a patient refuses by acknowledging a privacy policy. Every member may take it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalForm {
    /// What is refused.
    pub level: RefusedLevel,
    /// Whether even in an emergency.
    #[serde(default)]
    pub includes_emergency: bool,
    /// Who signs this form.
    #[serde(default = "patient")]
    pub given_by: GivenBy,
}

/// What a patient lifts by acknowledging a privacy policy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LiftForm {
    /// What was acknowledged under these policies ends.
    pub policies: BTreeSet<PrivacyPolicyId>,
    /// Who may take it, besides the operator and the legal entity that took what is lifted. Absent: nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_by: Option<Organisations>,
}

/// Whose documents a consent opens.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum Providers {
    /// Those of the organisation that the acknowledgement comes from.
    Author,
    /// Those of all members, with named exclusions.
    AllMembers {
        /// Not these.
        #[serde(default)]
        except: BTreeSet<OrganisationId>,
    },
    /// Those of these.
    Listed(BTreeSet<OrganisationId>),
}

impl Providers {
    /// Whose they are, when the acknowledgement comes from this organisation.
    pub fn of(&self, author: &OrganisationId) -> Organisations {
        match self {
            Self::Author => Organisations::Listed(BTreeSet::from([author.clone()])),
            Self::AllMembers { except } => Organisations::AllMembers {
                except: except.clone(),
            },
            Self::Listed(organisations) => Organisations::Listed(organisations.clone()),
        }
    }
}

/// What is refused.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields)]
pub enum RefusedLevel {
    /// All sharing over the network.
    Network,
    /// What the organisation provides that the acknowledgement comes from.
    Author,
    /// What one organisation provides.
    ProviderOrg(OrganisationId),
    /// That one organisation gets anything.
    RequesterOrg(OrganisationId),
    /// One class of documents.
    Class(ClassCode),
    /// One kind of sensitive information.
    Sensitivity(SensitivityCode),
}

impl RefusedLevel {
    /// What it is, when the acknowledgement comes from this organisation.
    pub fn of(&self, author: &OrganisationId) -> RefusalLevel {
        match self {
            Self::Network => RefusalLevel::Network,
            Self::Author => RefusalLevel::ProviderOrg(author.clone()),
            Self::ProviderOrg(organisation) => RefusalLevel::ProviderOrg(organisation.clone()),
            Self::RequesterOrg(organisation) => RefusalLevel::RequesterOrg(organisation.clone()),
            Self::Class(class) => RefusalLevel::Class(class.clone()),
            Self::Sensitivity(code) => RefusalLevel::Sensitivity(code.clone()),
        }
    }
}

/// The document that a consent or refusal was entered from.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// The policy that was acknowledged.
    pub policy: PrivacyPolicyId,
    /// The version of the domain's rules that says what that means.
    pub domain_policy: u32,
    /// uniqueId of the document.
    pub document: DocumentId,
    /// repositoryUniqueId: where it is.
    pub repository: String,
    /// entryUUID: what stands for it in the registry.
    pub entry: String,
    /// The organisation that it comes from.
    pub organisation: OrganisationId,
}

impl Evidence {
    /// What the name of evidence begins with that is a document of a repository, and no file of the registry.
    const IN_REPOSITORY: &'static str = "renkei-document:";

    /// The document with this uniqueId in this repository.
    pub fn in_repository(repository: &str, document: &str, sha256: crate::hash::ContentHash) -> Self {
        Self {
            file: format!("{}{repository}/{document}", Self::IN_REPOSITORY),
            sha256,
        }
    }

    /// Whether evidence of this name is a document of a repository.
    pub fn is_in_repository(file: &str) -> bool {
        file.starts_with(Self::IN_REPOSITORY)
    }
}

/// A consent or refusal that a document entered, in one version.
#[derive(Clone, Debug, PartialEq)]
pub enum Acknowledged {
    /// A consent.
    Consent(Box<Version<super::consent::Consent>>),
    /// A refusal.
    Refusal(Box<Version<super::refusal::Refusal>>),
}

fn patient() -> GivenBy {
    GivenBy::Patient
}
