//! Who may publish what: the step from checked to permitted.

use xds_model::author::{Author, Institution};
use xds_model::principal::OrganisationId;
use xds_model::{DocumentEntry, Fault, Principal, RuleId, Submission};
use xds_policy::{Denial, DocumentFacts, Domain, Operation, Permit, SharingScope, decide};

use super::metadata::scope_of;
use super::request::{ENTRY, PACKAGE, at};
use super::{Checked, Permitted, PermittedEntry, Refusal};
use crate::ledger::Directory;
use crate::view::request;

/// Asks policy for each entry, and whether the node may act for the source, the authors and upon the
/// registered objects that it names.
///
/// A document comes from the organisation of the publishing node, or from one of the same legal entity
/// that authorInstitution names. An institution that the ledger does not know says nothing.
///
/// # Errors
/// Every entry and object that is refused, with the denials for the audit.
pub fn permit(
    submission: Submission<Checked>,
    principal: &Principal,
    domain: &Domain,
    directory: &Directory,
) -> Result<Submission<Permitted>, Refusal> {
    let gate = Gate {
        principal,
        domain,
        directory,
    };
    let mut refusal = Refusal {
        faults: Vec::new(),
        denials: Vec::new(),
    };
    gate.source(&submission, &mut refusal);
    gate.set_authors(&submission, &mut refusal);
    gate.acted_on(&submission, &mut refusal);
    let mut entries = Vec::with_capacity(submission.entries.len());
    for entry in &submission.entries {
        match gate.entry(entry) {
            Ok(permitted) => entries.push(permitted),
            Err(denial) => refusal.add(denial, &at(ENTRY, &entry.id, "author"), "authorInstitution"),
        }
    }
    if !refusal.faults.is_empty() {
        return Err(refusal);
    }
    let stage = Permitted {
        checked: submission.stage.clone(),
        organisation: principal.organisation().0.clone(),
        entries,
    };
    Ok(submission.advance(stage))
}

impl Refusal {
    fn add(&mut self, denial: Denial, location: &str, found: &str) {
        self.denials.push(denial);
        self.faults
            .push(Fault::new(RuleId::NotAuthorised, location, found));
    }
}

struct Gate<'a> {
    principal: &'a Principal,
    domain: &'a Domain,
    directory: &'a Directory,
}

impl Gate<'_> {
    /// A node with a list of sourceIds publishes under these only.
    fn source(&self, submission: &Submission<Checked>, refusal: &mut Refusal) {
        let allowed = &self.principal.node().source_ids;
        let source = submission.set.source_id.as_ref();
        let known = source.is_some_and(|source| allowed.contains(source.as_str()));
        if !allowed.is_empty() && !known {
            let found = source.map_or_else(String::new, ToString::to_string);
            refusal.add(
                Denial::NotAuthor,
                &at(PACKAGE, &submission.set.id, "sourceId"),
                &found,
            );
        }
    }

    fn set_authors(&self, submission: &Submission<Checked>, refusal: &mut Refusal) {
        let organisation = self.attributed(&submission.set.authors);
        if let Err(denial) = self.publish(&organisation, SharingScope::Shared) {
            refusal.add(
                denial,
                &at(PACKAGE, &submission.set.id, "author"),
                "authorInstitution",
            );
        }
    }

    /// Others' documents and folders are not replaced, appended to or filed.
    fn acted_on(&self, submission: &Submission<Checked>, refusal: &mut Refusal) {
        for object in &submission.stage.acted_on {
            let organisation = OrganisationId(object.organisation.clone());
            if self.directory.entity(&organisation) != Some(self.principal.entity()) {
                refusal.add(Denial::NotAuthor, &object.location, &object.found);
            }
        }
    }

    fn entry(&self, entry: &DocumentEntry) -> Result<PermittedEntry, Denial> {
        let scope = scope_of(entry).map_err(|_| Denial::Scope)?;
        let organisation = self.attributed(&entry.authors);
        let permit = self.publish(&organisation, scope)?;
        Ok(PermittedEntry {
            organisation: organisation.0,
            scope,
            permit,
        })
    }

    fn publish(&self, organisation: &OrganisationId, scope: SharingScope) -> Result<Permit, Denial> {
        // The node's own organisation is in force, or the node would not be enrolled.
        let own = organisation == self.principal.organisation();
        let entity = self.directory.entity(organisation);
        let facts = DocumentFacts {
            author_entity: if own {
                Some(self.principal.entity())
            } else {
                entity
            },
            scope,
        };
        decide(self.domain, &request(self.principal, Operation::Register), facts).permit()
    }

    /// The organisation that these authors stand for: a known one of the publisher's legal entity, else
    /// a known stranger, which policy then refuses; the publisher when none is known.
    fn attributed(&self, authors: &[Author]) -> OrganisationId {
        let institutions = authors.iter().flat_map(|author| &author.institutions);
        let known: Vec<&OrganisationId> = institutions
            .filter_map(|xon| Institution::parse(xon).ok())
            .filter_map(|institution| self.directory.organisation(&institution))
            .collect();
        let own = known
            .iter()
            .find(|id| self.directory.entity(id) == Some(self.principal.entity()));
        (own.or(known.first()))
            .copied()
            .unwrap_or(self.principal.organisation())
            .clone()
    }
}
