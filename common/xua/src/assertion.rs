use std::fmt;

use time::OffsetDateTime;
use xds_model::ident::HomeCommunityId;
use xds_model::patient::PatientId;
use xds_model::principal::{
    self, CodeLabel, Declared, Emergency, EntityId, OrganisationId, SecondWord, SensitiveNeed, User,
};

use crate::attributes::{Coded, InstanceIdentifier};

/// What a validated assertion says. Made by [`Validator::validate`](crate::Validator::validate) only: who holds one
/// knows that a trusted issuer signed every word of it, for this node and for now.
///
/// `Debug` prints no claim.
#[derive(Clone, Eq, PartialEq)]
pub struct Assertion {
    pub(crate) id: String,
    pub(crate) issuer: String,
    pub(crate) organisation: OrganisationId,
    pub(crate) claims: Claims,
    pub(crate) two_factor: bool,
    pub(crate) one_time_use: bool,
    pub(crate) expires: OffsetDateTime,
    pub(crate) digest: [u8; 32],
}

/// The claims about the user.
///
/// `Debug` prints none of them.
#[derive(Clone, Eq, PartialEq)]
pub struct Claims {
    /// Subject/NameID.
    pub name_id: String,
    /// Subject/NameID/@SPProvidedID.
    pub alias: Option<String>,
    /// subject-id: the user's name.
    pub subject_ids: Vec<String>,
    /// organization: the organisation's name.
    pub organizations: Vec<String>,
    /// organization-id: every one is a name of the calling node's organisation.
    pub organization_ids: Vec<String>,
    /// homeCommunityId of the requestor.
    pub home_communities: Vec<HomeCommunityId>,
    /// National provider identifiers.
    pub npis: Vec<String>,
    /// Other provider identifiers.
    pub provider_identifiers: Vec<InstanceIdentifier>,
    /// Roles, at least one where the rules ask for it.
    pub roles: Vec<Coded>,
    /// Purposes of use, at least one where the rules ask for it.
    pub purposes: Vec<Coded>,
    /// resource-id: the patients.
    pub patients: Vec<PatientId>,
    /// Acknowledgement documents of the patient.
    pub consent_documents: Vec<String>,
    /// Policies that the patient acknowledged.
    pub consent_policies: Vec<String>,
    /// AuthnContextClassRef and AuthnContextDeclRef of all AuthnStatements.
    pub authn_contexts: Vec<String>,
    /// The encounter for which the user asks.
    pub encounter: Option<Encounter>,
    /// A declaration of emergency; never inferred.
    pub break_glass: Option<BreakGlass>,
    /// For whom the user works, if not for the organisation itself.
    pub contractor: Option<Contractor>,
}

/// An encounter of the patient at the organisation.
#[derive(Clone, Eq, PartialEq)]
pub struct Encounter {
    /// Its identifier there.
    pub id: String,
    /// When it began.
    pub start: Option<OffsetDateTime>,
    /// What it is: `outpatient`, `inpatient`, `home`.
    pub kind: Option<String>,
}

/// A clinician's declaration of an emergency.
#[derive(Clone, Eq, PartialEq)]
pub struct BreakGlass {
    /// Why: a code of the domain.
    pub reason: String,
    /// In the user's words.
    pub text: Option<String>,
    /// Who attests that consent cannot be obtained.
    pub attested_by: String,
    /// When.
    pub attested_at: OffsetDateTime,
    /// Whether the user was warned and confirmed.
    pub confirmed: bool,
    /// What sensitive documents are needed for.
    pub need: Option<SensitiveNeed>,
    /// A second clinician's word.
    pub second: Option<SecondWord>,
}

/// Work for another legal entity, under a contract.
#[derive(Clone, Eq, PartialEq)]
pub struct Contractor {
    /// The legal entity.
    pub entity: String,
    /// The contract.
    pub contract: String,
}

impl Assertion {
    /// ID of the assertion.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its issuer: one that is trusted for the organisation.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The organisation of the user, which is that of the calling node, as the ledger has it.
    pub fn organisation(&self) -> &OrganisationId {
        &self.organisation
    }

    /// What it says of the user.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Whether the user signed in with two factors: every AuthnStatement says so by its class, or the issuer by
    /// the attribute for it.
    pub fn is_two_factor(&self) -> bool {
        self.two_factor
    }

    /// Whether it may be used once only.
    pub fn is_one_time_use(&self) -> bool {
        self.one_time_use
    }

    /// From when on it is refused, clock skew included.
    pub fn expires(&self) -> OffsetDateTime {
        self.expires
    }

    /// SHA-256 of the octets that the signature covered: what tells two assertions with one ID apart.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The user in the name of whom the request is made: one for each combination of role and purpose.
    ///
    /// With several, a request is permitted only if it is permitted to every one of them: never does it pass
    /// because any of them would do. Empty if role or purpose is missing, which rules may allow.
    pub fn users(&self) -> Vec<User> {
        let combinations = self
            .claims
            .roles
            .iter()
            .flat_map(|role| self.claims.purposes.iter().map(move |purpose| (role, purpose)));
        combinations
            .map(|(role, purpose)| User {
                declared: self.claims.declared(),
                id: self.claims.name_id.clone(),
                issuer: Some(self.issuer.clone()),
                alias: self.claims.alias.clone(),
                role: role.code.clone(),
                role_label: label(role),
                purpose: purpose.code.clone(),
                purpose_label: label(purpose),
                two_factor: self.two_factor,
                by_default: false,
            })
            .collect()
    }

    /// The user as audit records name it, `alias<user@issuer>` (ITI TF-2 3.40.4.2), not escaped.
    pub fn audit_user_name(&self) -> String {
        let alias = self.claims.alias.as_deref().unwrap_or_default();
        format!("{alias}<{}@{}>", self.claims.name_id, self.issuer)
    }
}

impl Claims {
    /// What decisions may rest on beside the user.
    fn declared(&self) -> Declared {
        let emergency = self.break_glass.as_ref().map(|declared| Emergency {
            reason: declared.reason.clone(),
            text: declared.text.clone().unwrap_or_default(),
            attested_by: declared.attested_by.clone(),
            attested_at: declared.attested_at,
            confirmed: declared.confirmed,
            need: declared.need.clone(),
            second: declared.second.clone(),
        });
        let contractor = self.contractor.as_ref().map(|work| principal::Contractor {
            entity: EntityId(work.entity.clone()),
            contract: work.contract.clone(),
        });
        Declared {
            encounter: self.encounter.as_ref().map(|encounter| encounter.id.clone()),
            emergency,
            contractor,
        }
    }
}

fn label(code: &Coded) -> CodeLabel {
    CodeLabel {
        system: Some(code.code_system.clone()),
        text: code.display_name.clone(),
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion").finish_non_exhaustive()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

impl fmt::Debug for Encounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encounter").finish_non_exhaustive()
    }
}

impl fmt::Debug for BreakGlass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BreakGlass").finish_non_exhaustive()
    }
}

impl fmt::Debug for Contractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contractor").finish_non_exhaustive()
    }
}
