//! What a requester may know of: policy applied to objects.

use std::collections::HashMap;

use uuid::Uuid;
use xds_model::Principal;
use xds_policy::{Decision, Denial, DocumentFacts, Domain, Operation, Permit, Request, SharingScope, decide};

use crate::facts::ObjectFact;
use crate::ledger::Directory;
use crate::object::ObjectKind;

/// One requester, with what its requests are decided by.
#[derive(Clone, Debug)]
pub struct Viewer<'a> {
    request: Request,
    domain: &'a Domain,
    directory: &'a Directory,
}

/// What policy decides a document on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PolicyFacts {
    /// The organisation that it comes from.
    pub organisation: String,
    /// How far it is shared.
    pub scope: SharingScope,
}

impl<'a> Viewer<'a> {
    /// Who looks, through ITI-18.
    pub fn new(principal: &Principal, domain: &'a Domain, directory: &'a Directory) -> Self {
        let request = request(principal, Operation::Query);
        Self {
            request,
            domain,
            directory,
        }
    }

    /// Who opens documents, through ITI-43.
    pub fn retrieving(principal: &Principal, domain: &'a Domain, directory: &'a Directory) -> Self {
        let request = request(principal, Operation::Retrieve);
        Self {
            request,
            domain,
            directory,
        }
    }

    /// The decision about a document, or about a SubmissionSet or Folder as far as its own origin goes.
    pub fn decide(&self, organisation: &str, scope: SharingScope) -> Decision {
        let facts = DocumentFacts {
            author_entity: self.directory.entity_of(organisation),
            scope,
        };
        decide(self.domain, &self.request, facts)
    }

    /// The permit for a document.
    ///
    /// # Errors
    /// Why there is none.
    pub fn permit(&self, facts: &PolicyFacts) -> Result<Permit, Denial> {
        self.decide(&facts.organisation, facts.scope).permit()
    }

    /// Whether an organisation is of the viewer's own legal entity.
    pub fn owns(&self, organisation: &str) -> bool {
        self.directory.entity_of(organisation) == Some(&self.request.entity)
    }

    /// Whether it may know of a registered object.
    pub(crate) fn sees_fact(&self, fact: &ObjectFact) -> bool {
        match (fact.kind, &fact.organisation) {
            (ObjectKind::Association, _) => true,
            (_, Some(organisation)) => self
                .decide(organisation, fact.scope.unwrap_or_default())
                .is_permit(),
            (_, None) => false,
        }
    }
}

/// A policy request of this principal.
pub(crate) fn request(principal: &Principal, operation: Operation) -> Request {
    Request {
        operation,
        organisation: principal.organisation().clone(),
        entity: principal.entity().clone(),
        purpose: principal.user().map(|user| user.purpose.clone()),
        role: principal.user().map(|user| user.role.clone()),
    }
}

/// What objects touch: loaded beside the candidates, so that what touches a withheld document is
/// withheld too. What is not in here is withheld.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Documents at the ends of associations and in packages.
    pub documents: HashMap<Uuid, PolicyFacts>,
    /// SubmissionSets and Folders among the candidates and at the ends of associations.
    pub packages: HashMap<Uuid, Package>,
    /// Associations that associations end at.
    pub links: HashMap<Uuid, (Uuid, Uuid)>,
}

/// A SubmissionSet or Folder.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Package {
    /// The organisation that registered it.
    pub organisation: String,
    /// The documents that it holds.
    pub documents: Vec<Uuid>,
}

impl Surroundings {
    /// Whether the viewer may know of the object with this id.
    pub fn shows(&self, viewer: &Viewer<'_>, id: Uuid) -> bool {
        if self.documents.contains_key(&id) {
            return self.shows_document(viewer, id);
        }
        if self.packages.contains_key(&id) {
            return self.shows_package(viewer, id);
        }
        self.links.get(&id).is_some_and(|(source, target)| {
            self.shows_end(viewer, *source) && self.shows_end(viewer, *target)
        })
    }

    fn shows_document(&self, viewer: &Viewer<'_>, id: Uuid) -> bool {
        self.documents
            .get(&id)
            .is_some_and(|facts| viewer.permit(facts).is_ok())
    }

    /// A package shows when its own origin may be seen, and every document in it.
    fn shows_package(&self, viewer: &Viewer<'_>, id: Uuid) -> bool {
        self.packages.get(&id).is_some_and(|package| {
            viewer
                .decide(&package.organisation, SharingScope::Shared)
                .is_permit()
                && package
                    .documents
                    .iter()
                    .all(|document| self.shows_document(viewer, *document))
        })
    }

    /// An end of an association that another association ends at: a folder or a document, never a third
    /// association.
    fn shows_end(&self, viewer: &Viewer<'_>, id: Uuid) -> bool {
        self.shows_document(viewer, id) || self.shows_package(viewer, id)
    }
}
