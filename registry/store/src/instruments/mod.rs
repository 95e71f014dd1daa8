//! What decisions rest on, kept like evidence: versions of instruments that are entered once and never changed.
//!
//! [`Instrument`] is one version of any kind. [`Store::add_instrument`] enters the next one,
//! [`Store::import_domain`] those of a file; [`Store::load_domain`] and [`Store::load_patient`] read what
//! [`xds_policy::engine`] decides from. What is read is checked against its hash. Evidence files lie in an
//! [`EvidenceFolder`].
//!
//! [`Store::add_instrument`]: crate::Store::add_instrument
//! [`Store::import_domain`]: crate::Store::import_domain
//! [`Store::load_domain`]: crate::Store::load_domain
//! [`Store::load_patient`]: crate::Store::load_patient

mod acknowledged;
pub(crate) mod add;
mod check;
mod draft;
mod error;
mod evidence;
mod export;
mod holdings;
mod import;
mod kinds;
mod load;
mod proposals;
mod rows;
pub(crate) mod two_sides;

pub(crate) use acknowledged::{enter, standing};
pub(crate) use add::apart;
pub use draft::DraftError;
pub use error::InstrumentError;
pub use evidence::{EVIDENCE_BYTES_MAX, EvidenceError, EvidenceFolder};
pub use import::{IMPORT_VERSIONS_MAX, ImportPlan, Imported};
pub use kinds::Instrument;
pub(crate) use load::{PatientVersions, gathered};
pub use proposals::{PROPOSALS_MAX, Proposal};
pub use two_sides::InLaw;
