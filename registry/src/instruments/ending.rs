//! The version that ends an instrument.

use registry_store::{Change, Instrument, InstrumentError};
use time::OffsetDateTime;
use xds_policy::version::InstrumentKind;
use xds_policy::words::InstrumentId;

use super::Refused;

/// The next version of an instrument, which ends it at an instant, or now. `seen` is the latest version as it was seen;
/// there must be no later one.
pub(crate) fn ending(
    history: &[Instrument],
    (kind, id): (InstrumentKind, &InstrumentId),
    seen: Option<u32>,
    at: Option<OffsetDateTime>,
    change: &Change,
    approved_by: &[String],
) -> Result<Instrument, Refused> {
    let latest = history
        .last()
        .ok_or_else(|| InstrumentError::Missing { kind, id: id.clone() })?;
    let version = latest.reference().version;
    if let Some(seen) = seen.filter(|seen| *seen != version) {
        let error = InstrumentError::NotNext {
            kind,
            id: id.clone(),
            latest: version,
            given: seen.saturating_add(1),
        };
        return Err(error.into());
    }
    let at = at.unwrap_or(change.at);
    if at < change.at {
        return Err(Refused::EndInPast);
    }
    if latest.effective_to().is_some_and(|to| to <= at) {
        return Err(Refused::EndedAlready);
    }
    Ok(latest.ending(at, change, approved_by)?)
}
