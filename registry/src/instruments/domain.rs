//! The whole domain as a file.

use std::collections::BTreeSet;

use registry_store::{Change, Deed, EvidenceFolder, Instrument, Store, StoreError};
use xds_model::IdSource;
use xds_policy::format::{self, DomainFile};
use xds_policy::hash::ContentHash;

use super::Refused;

/// Patients that one event of the journal names at most.
const PATIENTS_AN_EVENT: usize = 1_000;

/// A domain as the text of its file, with the text's hash.
pub(crate) fn exported(file: &DomainFile) -> Result<(String, ContentHash), Refused> {
    let text = format::to_string(file)?;
    let sha256 = ContentHash::of_bytes(text.as_bytes());
    Ok((text, sha256))
}

/// Every patient whose instruments are in a file.
pub(crate) fn patients_of(versions: &[Instrument]) -> Vec<String> {
    let patients: BTreeSet<&str> = versions
        .iter()
        .filter_map(|version| version.patient().map(|patient| patient.0.as_str()))
        .collect();
    patients.into_iter().map(str::to_owned).collect()
}

/// Has the journal tell of an export, and of every patient whose instruments are in it.
pub(crate) async fn owe_export(
    store: &Store,
    change: &Change,
    versions: &[Instrument],
    sha256: &ContentHash,
    ids: &dyn IdSource,
) -> Result<(), StoreError> {
    let patients = patients_of(versions);
    let chunks: Vec<&[String]> = if patients.is_empty() {
        vec![patients.as_slice()]
    } else {
        patients.chunks(PATIENTS_AN_EVENT).collect()
    };
    for chunk in chunks {
        let deed = Deed {
            patients: chunk.to_vec(),
            ..Deed::new("domain export", &sha256.to_string())
        };
        let change = Change {
            id: ids.ordered(),
            ..change.clone()
        };
        store.owe_act(&change, &deed).await?;
    }
    Ok(())
}

/// Every evidence file that a domain names.
pub(crate) fn evidence_named(file: &DomainFile) -> Result<BTreeSet<ContentHash>, Refused> {
    let mut named = BTreeSet::new();
    for version in Instrument::all_of(file.clone()) {
        named.extend(version.evidence_named()?);
    }
    Ok(named)
}

/// How many of these files are not kept.
pub(crate) fn evidence_absent(
    folder: &EvidenceFolder,
    named: &BTreeSet<ContentHash>,
) -> Result<usize, Refused> {
    let mut absent = 0_usize;
    for hash in named {
        absent = absent.saturating_add(usize::from(folder.found(hash)? != Some(*hash)));
    }
    Ok(absent)
}
