//! Whether the parts of a domain fit each other.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use xds_model::Oid;
use xds_model::principal::{EntityId, OrganisationId};

use super::DomainFile;
use crate::instruments::acknowledgement::{ConsentForm, PrivacyPolicy};
use crate::instruments::consent::ConsentModel;
use crate::instruments::policy::{DomainPolicy, PURPOSES_SERVED};
use crate::version::{InstrumentKind, Terms, Version};
use crate::words::{InstrumentId, PrivacyPolicyId, Purpose};

/// Something that does not fit.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Problem {
    /// Kind of the instrument.
    pub kind: InstrumentKind,
    /// Its id.
    pub id: InstrumentId,
    /// Its version.
    pub version: u32,
    /// What is wrong.
    pub what: Unfit,
}

/// What is wrong.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// The version is there twice.
    Twice,
    /// The version before it is missing.
    Gap,
    /// There is another domain policy.
    SecondPolicy,
    /// It names a legal entity that is not there.
    Entity(EntityId),
    /// It names an organisation that is not there.
    Organisation(OrganisationId),
    /// It names an instrument that is not there.
    Instrument(InstrumentId),
    /// Nobody is served for a purpose in it.
    Purpose(&'static str),
    /// A privacy policy is named by something else than an OID.
    PolicyId(PrivacyPolicyId),
    /// A privacy policy lifts one that is not there, or itself.
    Lifts(PrivacyPolicyId),
    /// A privacy policy stands for a text of another version or kind of consent than there is.
    PolicyText(PrivacyPolicyId),
    /// A privacy policy stands for a consent that no document can give: one on query.
    PolicyModel(PrivacyPolicyId),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            kind,
            id,
            version,
            what,
        } = self;
        write!(f, "{} {id} version {version}: ", kind.name())?;
        match what {
            Unfit::Twice => f.write_str("this version is there twice"),
            Unfit::Gap => f.write_str("the version before it is missing"),
            Unfit::SecondPolicy => f.write_str("a domain has one policy, in versions"),
            Unfit::Entity(entity) => write!(f, "there is no legal entity {entity}"),
            Unfit::Organisation(organisation) => write!(f, "there is no organisation {organisation}"),
            Unfit::Instrument(other) => write!(f, "there is no instrument {other}"),
            Unfit::PolicyId(policy) => write!(f, "privacy policy {policy}: its name is no OID"),
            Unfit::Lifts(policy) => {
                write!(
                    f,
                    "privacy policy {policy}: it lifts what is not another privacy policy here"
                )
            }
            Unfit::PolicyText(policy) => write!(
                f,
                "privacy policy {policy}: there is no such version of its text, or the text asks for another kind of consent"
            ),
            Unfit::PolicyModel(policy) => write!(
                f,
                "privacy policy {policy}: SCOPED or ENROLMENT; a consent on query is given at a visit, not by a document"
            ),
            Unfit::Purpose(purpose) => write!(f, "nobody is served for the purpose {purpose}"),
        }
    }
}

/// Everything that does not fit.
pub fn check(file: &DomainFile) -> Vec<Problem> {
    let mut checker = Checker {
        entities: ids(&file.legal_entities).map(|id| id.0.as_str()).collect(),
        organisations: ids(&file.organisations).map(|id| id.0.as_str()).collect(),
        problems: Vec::new(),
    };
    checker.numbers(file);
    checker.policy(file);
    checker.members(file);
    checker.agreements(file);
    checker.contracts(file);
    checker.patients(file);
    checker.problems
}

struct Checker<'a> {
    entities: BTreeSet<&'a str>,
    organisations: BTreeSet<&'a str>,
    problems: Vec<Problem>,
}

impl<'a> Checker<'a> {
    fn numbers(&mut self, file: &DomainFile) {
        self.numbered(&file.domain_policies);
        self.numbered(&file.legal_entities);
        self.numbered(&file.organisations);
        self.numbered(&file.users);
        self.numbered(&file.joint_use_agreements);
        self.numbered(&file.publication_checks);
        self.numbered(&file.entrustment_contracts);
        self.numbered(&file.consent_texts);
        self.numbered(&file.consents);
        self.numbered(&file.refusals);
        self.numbered(&file.legal_orders);
        self.numbered(&file.break_glass_sessions);
    }

    /// Every version once, none left out: a gap would hide what was agreed in between.
    fn numbered<T: Terms>(&mut self, versions: &[Version<T>]) {
        let known: BTreeSet<(&InstrumentId, u32)> = versions
            .iter()
            .map(|version| (&version.id, version.version))
            .collect();
        let mut seen = BTreeSet::new();
        for version in versions {
            if !seen.insert((&version.id, version.version)) {
                self.note(version, Unfit::Twice);
            }
            let before = version.version.saturating_sub(1);
            if before > 0 && !known.contains(&(&version.id, before)) {
                self.note(version, Unfit::Gap);
            }
        }
    }

    fn policy(&mut self, file: &DomainFile) {
        let first = file.domain_policies.first().map(|policy| policy.id.clone());
        for policy in &file.domain_policies {
            if Some(&policy.id) != first.as_ref() {
                self.note(policy, Unfit::SecondPolicy);
            }
            self.organisations(policy, policy.terms.operator.iter());
            self.privacy_policies(policy, file);
        }
    }

    fn privacy_policies(&mut self, policy: &Version<DomainPolicy>, file: &DomainFile) {
        let declared = &policy.terms.privacy_policies;
        for (id, form) in declared {
            if id.as_str().parse::<Oid>().is_err() {
                self.note(policy, Unfit::PolicyId(id.clone()));
            }
            match form {
                PrivacyPolicy::Refusal(_) => {}
                PrivacyPolicy::Consent(form) => self.consent_form(policy, id, form, file),
                PrivacyPolicy::Lift(form) => {
                    let known = |lifted: &PrivacyPolicyId| lifted != id && declared.contains_key(lifted);
                    if form.policies.is_empty() || !form.policies.iter().all(known) {
                        self.note(policy, Unfit::Lifts(id.clone()));
                    }
                }
            }
        }
    }

    fn consent_form(
        &mut self,
        policy: &Version<DomainPolicy>,
        id: &PrivacyPolicyId,
        form: &ConsentForm,
        file: &DomainFile,
    ) {
        self.purposes(policy, &form.purposes);
        if form.model == ConsentModel::OnQuery {
            self.note(policy, Unfit::PolicyModel(id.clone()));
        }
        let text = file
            .consent_texts
            .iter()
            .find(|text| text.id == form.text.id && text.version == form.text.version);
        let stands_for = text.is_some_and(|text| {
            text.terms.model == form.model && form.text.hash.is_none_or(|hash| hash == text.reference().hash)
        });
        if !stands_for {
            self.note(policy, Unfit::PolicyText(id.clone()));
        }
    }

    fn members(&mut self, file: &DomainFile) {
        for organisation in &file.organisations {
            self.entity(organisation, &organisation.terms.entity);
            self.organisations(organisation, organisation.terms.gateways.iter());
        }
        for user in &file.users {
            self.organisations(user, [&user.terms.organisation].into_iter());
        }
    }

    fn agreements(&mut self, file: &DomainFile) {
        for agreement in &file.joint_use_agreements {
            let users = agreement.terms.users.iter().map(|user| &user.organisation);
            self.organisations(agreement, users);
            self.purposes(agreement, &agreement.terms.purposes);
        }
        let known: BTreeSet<&InstrumentId> = ids(&file.joint_use_agreements).collect();
        for look in &file.publication_checks {
            if !known.contains(&look.terms.agreement) {
                self.note(look, Unfit::Instrument(look.terms.agreement.clone()));
            }
        }
    }

    fn contracts(&mut self, file: &DomainFile) {
        for contract in &file.entrustment_contracts {
            let terms = &contract.terms;
            self.entity(contract, &terms.entruster);
            let named = terms.entruster_organisations.iter().chain([&terms.contractor]);
            self.organisations(contract, named);
        }
    }

    /// Organisations that a patient names need not be there: a refusal of one that left stays a refusal.
    fn patients(&mut self, file: &DomainFile) {
        let texts: BTreeSet<&InstrumentId> = ids(&file.consent_texts).collect();
        for consent in &file.consents {
            self.purposes(consent, &consent.terms.purposes);
            if let Some(text) = consent
                .terms
                .text
                .as_ref()
                .filter(|text| !texts.contains(&text.id))
            {
                self.note(consent, Unfit::Instrument(text.id.clone()));
            }
        }
        for order in &file.legal_orders {
            self.organisations(order, order.terms.authors.iter());
        }
        for session in &file.break_glass_sessions {
            self.organisations(session, [&session.terms.organisation].into_iter());
        }
    }

    fn entity<T: Terms>(&mut self, version: &Version<T>, entity: &EntityId) {
        if !self.entities.contains(entity.0.as_str()) {
            self.note(version, Unfit::Entity(entity.clone()));
        }
    }

    fn organisations<'b, T: Terms>(
        &mut self,
        version: &Version<T>,
        named: impl Iterator<Item = &'b OrganisationId>,
    ) {
        for organisation in named {
            if !self.organisations.contains(organisation.0.as_str()) {
                self.note(version, Unfit::Organisation(organisation.clone()));
            }
        }
    }

    fn purposes<T: Terms>(&mut self, version: &Version<T>, purposes: &BTreeSet<Purpose>) {
        for purpose in purposes {
            if !PURPOSES_SERVED.contains(purpose) {
                self.note(version, Unfit::Purpose(purpose.code()));
            }
        }
    }

    fn note<T: Terms>(&mut self, version: &Version<T>, what: Unfit) {
        self.problems.push(Problem {
            kind: T::KIND,
            id: version.id.clone(),
            version: version.version,
            what,
        });
    }
}

fn ids<T: Terms>(versions: &[Version<T>]) -> impl Iterator<Item = &InstrumentId> {
    versions.iter().map(|version| &version.id)
}
