//! What patients acknowledged in documents (BPPC): read for a registration, and entered in its transaction.

use std::collections::BTreeMap;

use registry_core::facts::FactsWanted;
use registry_core::register::Changes;
use registry_core::register::acknowledgement::Standing;
use time::OffsetDateTime;
use xds_policy::instruments::acknowledgement::Acknowledged;
use xds_policy::version::InstrumentRef;
use xds_policy::words::InstrumentId;

use super::add::raced;
use super::error::InstrumentError;
use super::kinds::Instrument;
use super::load::read_all;
use super::rows::insert;
use crate::error::{Busy, StoreError};
use crate::session::Session;
use crate::sql;

/// The latest version of every consent and refusal of the submission's patients that a document entered; nothing when
/// the submission does not concern them.
pub(crate) async fn standing(session: Session<'_>, wanted: &FactsWanted) -> Result<Standing, StoreError> {
    let mut latest: BTreeMap<InstrumentId, Acknowledged> = BTreeMap::new();
    if wanted.concerns_acknowledgements() {
        let at: Option<OffsetDateTime> = None;
        for patient in &wanted.patients {
            let rows = session
                .query(
                    &sql::PATIENT_INSTRUMENTS,
                    &[&patient.id(), &patient.authority().as_str(), &at],
                )
                .await?;
            // Ordered by version: the last one stays.
            let versions = read_all(&rows)?.into_iter().filter_map(acknowledged);
            latest.extend(versions);
        }
    }
    Ok(Standing(latest.into_values().collect()))
}

/// A consent or refusal that a document entered. Ids of consents and refusals that documents entered differ.
fn acknowledged(instrument: Instrument) -> Option<(InstrumentId, Acknowledged)> {
    match instrument {
        Instrument::Consent(version) if version.terms.acknowledgement.is_some() => {
            Some((version.id.clone(), Acknowledged::Consent(Box::new(version))))
        }
        Instrument::Refusal(version) if version.terms.acknowledgement.is_some() => {
            Some((version.id.clone(), Acknowledged::Refusal(Box::new(version))))
        }
        _ => None,
    }
}

/// Enters what a registration does to consents and refusals. The journal is told of it by the event of the
/// registration, which names each version.
pub(crate) async fn enter(
    session: Session<'_>,
    changes: &Changes,
    at: OffsetDateTime,
) -> Result<(), StoreError> {
    let entered = &changes.entered;
    if entered.versions.is_empty() {
        return Ok(());
    }
    let subject: Vec<String> = entered.references().map(named).collect();
    let reason: Option<String> = None;
    let parameters: [&(dyn postgres_types::ToSql + Sync); 6] = [
        &entered.change,
        &at,
        &entered.by,
        &"ITI-42",
        &subject.join(", "),
        &reason,
    ];
    session.execute(&sql::RECORD_CHANGE, &parameters).await?;
    for version in &entered.versions {
        let instrument = match version.clone() {
            Acknowledged::Consent(version) => Instrument::Consent(*version),
            Acknowledged::Refusal(version) => Instrument::Refusal(*version),
        };
        insert(session, &instrument, entered.change)
            .await
            .map_err(|error| failed(raced(error, &instrument)))?;
    }
    Ok(())
}

fn named(reference: &InstrumentRef) -> String {
    let InstrumentRef {
        kind, id, version, ..
    } = reference;
    format!("{} {id} version {version}", kind.name())
}

/// Somebody ended it meanwhile: it is looked at again. Anything else cannot be, once the patient was found.
fn failed(error: InstrumentError) -> StoreError {
    match error {
        InstrumentError::Store(error) => error,
        InstrumentError::NotNext { .. } => StoreError::Busy(Busy::Contention),
        _ => StoreError::row("patient_instrument_version", "content"),
    }
}
