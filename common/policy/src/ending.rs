//! What is owed when an entrustment contract has ended: export, erasure, certificate.

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use crate::instruments::contract::{ContractKind, EntrustmentContract};
use crate::instruments::organisation::Status;
use crate::version::Version;

/// What a contractor owes after the end of a contract (E3).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct EndDuties {
    /// Since when the contract is over.
    #[serde(with = "crate::instant")]
    pub ended_at: OffsetDateTime,
    /// The author's documents are kept and shown to nobody else until the rest is done: HOSTING and
    /// EXTERNAL_STORAGE.
    pub suspended: bool,
    /// The data go back to the entruster.
    pub export: bool,
    /// The data are erased.
    pub erase: bool,
    /// With a certificate.
    pub certificate: bool,
    /// The last instant for all of it.
    #[serde(with = "crate::instant")]
    pub due: OffsetDateTime,
}

/// The duties, if the contract is over at an instant.
pub fn duties(contract: &Version<EntrustmentContract>, at: OffsetDateTime) -> Option<EndDuties> {
    let terminated = contract.terms.status == Status::Terminated;
    let ended_at = match contract.effective_to {
        Some(to) if to <= at => to,
        _ if terminated && contract.known_from() <= at => contract.known_from(),
        _ => return None,
    };
    let end = &contract.terms.end_of_term;
    let keeps = matches!(
        contract.terms.kind,
        ContractKind::Hosting | ContractKind::ExternalStorage
    );
    Some(EndDuties {
        ended_at,
        suspended: keeps,
        // What the registry or repository keeps is the author's only copy there: never erased without export.
        export: end.returned || keeps,
        erase: end.erased,
        certificate: end.certificate,
        due: ended_at.saturating_add(Duration::days(i64::from(end.within_days))),
    })
}
