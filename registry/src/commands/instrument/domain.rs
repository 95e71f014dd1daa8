//! `domain export | import`

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use registry_store::{Change, Deed, EvidenceFolder, Instrument, Store};
use serde_json::json;
use xds_model::IdSource;
use xds_model::time::System;
use xds_policy::format::{self, BYTES_MAX, DomainFile};
use xds_policy::hash::ContentHash;
use xds_server::lang::Say;

use super::super::Done;
use super::super::audit::file::write;
use super::super::output::Output;
use super::{files, refused};
use crate::config::Config;

/// Patients that one event of the journal names at most.
const PATIENTS_AN_EVENT: usize = 1_000;

/// Files in a folder of evidence that are looked at.
const EVIDENCE_FILES_MAX: usize = 100_000;

pub(super) async fn export(
    store: &Store,
    path: &Path,
    with_patients: bool,
    force: bool,
    change: &Change,
    output: Output,
) -> Done {
    let file = store.export_domain(with_patients).await?;
    let text = format::to_string(&file)?;
    let sha256 = ContentHash::of_bytes(text.as_bytes());
    let versions = Instrument::all_of(file);
    tell(store, change, &versions, &sha256).await?;
    write(path, text.as_bytes(), force, &System)?;
    let (count, name) = (versions.len(), path.display());
    let say = Say::new(
        format!("{count} 件の版を {name} に書き出しました (sha256 {sha256})"),
        format!("{count} versions written to {name} (sha256 {sha256})"),
    );
    Ok(output.result(&say, &json!({ "versions": count, "sha256": sha256 })))
}

/// The journal tells of the export, and of every patient whose instruments are in it.
async fn tell(
    store: &Store,
    change: &Change,
    versions: &[Instrument],
    sha256: &ContentHash,
) -> Result<(), registry_store::StoreError> {
    let patients: BTreeSet<&str> = versions
        .iter()
        .filter_map(|version| version.patient().map(|patient| patient.0.as_str()))
        .collect();
    let patients: Vec<&str> = patients.into_iter().collect();
    let chunks: Vec<&[&str]> = if patients.is_empty() {
        vec![patients.as_slice()]
    } else {
        patients.chunks(PATIENTS_AN_EVENT).collect()
    };
    for chunk in chunks {
        let deed = Deed {
            patients: chunk.iter().map(|&patient| patient.to_owned()).collect(),
            ..Deed::new("domain export", &sha256.to_string())
        };
        let change = Change {
            id: System.ordered(),
            ..change.clone()
        };
        store.owe_act(&change, &deed).await?;
    }
    Ok(())
}

pub(super) async fn import(
    config: &Config,
    store: &Store,
    path: &Path,
    evidence: Option<&Path>,
    change: &Change,
    output: Output,
) -> Done {
    let text = files::text(path, BYTES_MAX)?;
    let file = format::from_str(&text)?;
    let named = named(&file)?;
    let folder = EvidenceFolder::of(&config.registry.data);
    if let Some(evidence) = evidence {
        keep(&folder, evidence, &named)?;
    }
    let mut absent = 0_usize;
    for hash in &named {
        absent += usize::from(folder.found(hash)? != Some(*hash));
    }
    let sha256 = ContentHash::of_bytes(text.as_bytes());
    let imported = store
        .import_domain(&file, &sha256.to_string(), change, &System)
        .await
        .map_err(|error| refused(&error, output))?;
    let (added, known) = (imported.added, imported.known);
    let say = Say::new(
        format!(
            "新しい版 {added} 件を取り込みました(登録済み {known} 件、手元にない証拠ファイル {absent} 件)"
        ),
        format!("{added} new versions taken over ({known} were here, {absent} evidence files are not here)"),
    );
    let value = json!({ "added": added, "known": known, "evidence_absent": absent, "sha256": sha256 });
    Ok(output.result(&say, &value))
}

/// Every evidence file that a domain names.
fn named(file: &DomainFile) -> Result<BTreeSet<ContentHash>, serde_json::Error> {
    let mut named = BTreeSet::new();
    for version in Instrument::all_of(file.clone()) {
        named.extend(version.evidence_named()?);
    }
    Ok(named)
}

/// Keeps those files of a folder that are named. Others may lie there too.
fn keep(
    folder: &EvidenceFolder,
    from: &Path,
    named: &BTreeSet<ContentHash>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for entry in fs::read_dir(from)?.take(EVIDENCE_FILES_MAX) {
        let path = entry?.path();
        if path.is_file() && named.contains(&EvidenceFolder::hash_of(&path)?) {
            folder.keep(&path, &System)?;
        }
    }
    Ok(())
}
