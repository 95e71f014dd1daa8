//! What is done before something of somebody else leaves: records of provision and receipt are kept, and a declared
//! emergency opens its break-glass session, which people are told of at once.

mod describe;
mod doctor;
mod emergency;
mod metrics;
mod watch;

use std::collections::BTreeMap;

use registry_core::records::{Disclosure, Released, Written, written};
use registry_store::{Instrument, RecordsError, Store, StoreError};
use xds_model::IdSource;
use xds_policy::ledger::{Facts, Ledger, PatientInstruments};
use xds_policy::request::Request;
use xds_policy::version::{InstrumentKind, InstrumentRef};
use xds_policy::words::PatientRef;

pub(crate) use describe::outgoing;
pub(crate) use doctor::examine;
pub(crate) use emergency::open_declared;
pub(crate) use metrics::DisclosureMetrics;
pub(crate) use watch::watch;

/// What keeping records needs.
#[derive(Clone, Copy)]
pub(crate) struct Keeper<'a> {
    /// The database.
    pub(crate) store: &'a Store,
    /// Fresh ids.
    pub(crate) ids: &'a dyn IdSource,
    /// What is counted.
    pub(crate) metrics: &'a DisclosureMetrics,
    /// The domain's instruments that were decided from.
    pub(crate) ledger: &'a Ledger,
}

impl Keeper<'_> {
    /// Keeps on record what a request discloses, in one transaction. Nothing may leave before, nor when it fails. The
    /// request names no patient: each document does. What is no provision costs nothing.
    ///
    /// # Errors
    /// When records cannot be kept.
    pub(crate) async fn keep(self, request: &Request, released: Vec<Released>) -> Result<(), RecordsError> {
        let mut all = Written::default();
        for (patient, released) in by_patient(released) {
            let request = Request {
                patient: Some(patient),
                ..request.clone()
            };
            let grounds = grounds(self.store, &released).await?;
            let facts = Facts {
                ledger: self.ledger,
                patient: &grounds,
            };
            let disclosure = Disclosure {
                request: &request,
                released: &released,
            };
            all.extend(written(facts, &disclosure));
        }
        let tasks = self.store.keep_records(&all, self.ids).await?;
        self.metrics.kept(&all.entries);
        emergency::raise(&tasks, self.metrics);
        Ok(())
    }
}

/// What has to be written down, by the patient whose it is.
fn by_patient(released: Vec<Released>) -> BTreeMap<PatientRef, Vec<Released>> {
    let mut patients: BTreeMap<PatientRef, Vec<Released>> = BTreeMap::new();
    for one in released.into_iter().filter(|one| Released::is_told(&one.permit)) {
        if let Some(patient) = one.document.patient.clone() {
            patients.entry(patient).or_default().push(one);
        }
    }
    patients
}

/// The consents and orders that these documents are released on: records name the texts that were signed, and the body that
/// gets what an order demands.
async fn grounds(store: &Store, released: &[Released]) -> Result<PatientInstruments, StoreError> {
    let mut named: Vec<&InstrumentRef> = released
        .iter()
        .map(|one| one.permit.instrument.as_ref())
        .collect();
    named.retain(|instrument| {
        matches!(
            instrument.kind,
            InstrumentKind::Consent | InstrumentKind::LegalOrder
        )
    });
    named.sort_unstable();
    named.dedup();
    let (mut consents, mut orders) = (Vec::new(), Vec::new());
    for instrument in named {
        for version in store.instrument_history(instrument.kind, &instrument.id).await? {
            match version {
                Instrument::Consent(version) => consents.push(version),
                Instrument::LegalOrder(version) => orders.push(version),
                _ => {}
            }
        }
    }
    Ok(PatientInstruments::new(consents, Vec::new(), orders, Vec::new()))
}
