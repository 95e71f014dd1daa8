//! Evidence of versions.

use registry_store::{EvidenceFolder, Instrument};

use super::Refused;

/// Whether every file that a version names as evidence is kept, undamaged.
pub(crate) fn complete(folder: &EvidenceFolder, instrument: &Instrument) -> Result<(), Refused> {
    for hash in instrument.evidence_named()? {
        if folder.found(&hash)? != Some(hash) {
            return Err(Refused::EvidenceAbsent(hash));
        }
    }
    Ok(())
}
