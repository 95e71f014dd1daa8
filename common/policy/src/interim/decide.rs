//! Facts to decision.

use crate::interim::facts::{DocumentFacts, Domain, Operation, Request};
use crate::scope::SharingScope;

/// The answer to one request about one document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// Allowed, on a basis.
    Permit(Permit),
    /// Not allowed; the requester sees nothing.
    Deny(Denial),
}

impl Decision {
    /// The permit, if it is one.
    pub fn permit(self) -> Result<Permit, Denial> {
        match self {
            Self::Permit(permit) => Ok(permit),
            Self::Deny(denial) => Err(denial),
        }
    }

    /// Whether it is a permit.
    pub fn is_permit(&self) -> bool {
        matches!(self, Self::Permit(_))
    }
}

/// Leave to release or accept, with what it rests on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Permit {
    /// The basis.
    pub basis: Basis,
    /// Version of the domain's rules, for replay.
    pub domain_version: u64,
}

/// What a permit rests on.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Basis {
    /// Own record 自院: requester and author are one legal entity.
    Own,
    /// The domain shares everything with all enrolled organisations.
    SharedWithAll,
}

impl Basis {
    /// The code in audit and ledgers.
    pub fn code(self) -> &'static str {
        match self {
            Self::Own => "OWN",
            Self::SharedWithAll => "SHARED_WITH_ALL",
        }
    }
}

/// Why there is no permit. For the audit only, never for the requester.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Denial {
    /// No basis holds.
    NoBasis,
    /// The document's sharing scope shuts the requester out.
    Scope,
    /// The requester publishes for an organisation that it does not belong to.
    NotAuthor,
}

impl Denial {
    /// The code in the audit.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoBasis => "no-basis",
            Self::Scope => "scope",
            Self::NotAuthor => "not-author",
        }
    }
}

/// Decides one request about one document.
pub fn decide(domain: &Domain, request: &Request, document: DocumentFacts<'_>) -> Decision {
    let own = document.author_entity == Some(&request.entity);
    match (request.operation, own, document.scope) {
        (_, true, SharingScope::Shared | SharingScope::OrganisationOnly) => permit(domain, Basis::Own),
        (Operation::Register, true, SharingScope::PushOnly) => permit(domain, Basis::Own),
        (Operation::Register, false, _) => Decision::Deny(Denial::NotAuthor),
        (_, _, SharingScope::PushOnly) | (_, false, SharingScope::OrganisationOnly) => {
            Decision::Deny(Denial::Scope)
        }
        (_, false, SharingScope::Shared) if domain.shared_with_all => permit(domain, Basis::SharedWithAll),
        (_, false, SharingScope::Shared) => Decision::Deny(Denial::NoBasis),
    }
}

fn permit(domain: &Domain, basis: Basis) -> Decision {
    Decision::Permit(Permit {
        basis,
        domain_version: domain.version,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use xds_model::principal::{EntityId, OrganisationId};

    use super::*;

    fn request(operation: Operation, entity: &str) -> Request {
        Request {
            operation,
            organisation: OrganisationId("o".into()),
            entity: EntityId(entity.into()),
            purpose: None,
            role: None,
        }
    }

    fn document(scope: SharingScope) -> DocumentFacts<'static> {
        static AUTHOR: LazyLock<EntityId> = LazyLock::new(|| EntityId("e1".into()));
        DocumentFacts {
            author_entity: Some(&AUTHOR),
            scope,
        }
    }

    #[test]
    fn every_combination_has_its_answer() {
        use Operation::{Query, Register, Retrieve};
        use SharingScope::{OrganisationOnly, PushOnly, Shared};
        let off = Domain {
            shared_with_all: false,
            version: 3,
        };
        let on = Domain {
            shared_with_all: true,
            version: 3,
        };
        for operation in [Query, Retrieve] {
            for scope in [Shared, OrganisationOnly] {
                assert!(decide(&off, &request(operation, "e1"), document(scope)).is_permit());
            }
            assert!(!decide(&on, &request(operation, "e1"), document(PushOnly)).is_permit());
            let other = request(operation, "e2");
            assert_eq!(
                decide(&off, &other, document(Shared)),
                Decision::Deny(Denial::NoBasis)
            );
            let permit = Permit {
                basis: Basis::SharedWithAll,
                domain_version: 3,
            };
            assert_eq!(decide(&on, &other, document(Shared)), Decision::Permit(permit));
            assert_eq!(
                decide(&on, &other, document(OrganisationOnly)),
                Decision::Deny(Denial::Scope)
            );
            assert_eq!(
                decide(&on, &other, document(PushOnly)),
                Decision::Deny(Denial::Scope)
            );
        }
        assert!(decide(&off, &request(Register, "e1"), document(PushOnly)).is_permit());
        assert_eq!(
            decide(&on, &request(Register, "e2"), document(Shared)),
            Decision::Deny(Denial::NotAuthor)
        );
    }

    #[test]
    fn an_author_that_the_ledger_forgot_is_nobodys_own() {
        let forgotten = DocumentFacts {
            author_entity: None,
            ..document(SharingScope::Shared)
        };
        let request = request(Operation::Query, "e1");
        assert!(!decide(&Domain::default(), &request, forgotten).is_permit());
    }
}
