//! `domain export | import`

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use registry_store::{Change, EvidenceFolder, Instrument, Store};
use serde_json::json;
use xds_model::time::System;
use xds_policy::format::{self, BYTES_MAX};
use xds_policy::hash::ContentHash;
use xds_server::lang::Say;

use super::super::Done;
use super::super::audit::file::write;
use super::super::output::Output;
use super::{files, refused};
use crate::config::Config;
use crate::instruments::{evidence_absent, evidence_named, exported, owe_export};

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
    let (text, sha256) = exported(&file).map_err(|error| refused(&error, output))?;
    let versions = Instrument::all_of(file);
    owe_export(store, change, &versions, &sha256, &System).await?;
    write(path, text.as_bytes(), force, &System)?;
    let (count, name) = (versions.len(), path.display());
    let say = Say::new(
        format!("{count} 件の版を {name} に書き出しました (sha256 {sha256})"),
        format!("{count} versions written to {name} (sha256 {sha256})"),
    );
    Ok(output.result(&say, &json!({ "versions": count, "sha256": sha256 })))
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
    let named = evidence_named(&file).map_err(|error| refused(&error, output))?;
    let folder = EvidenceFolder::of(&config.registry.data);
    if let Some(evidence) = evidence {
        keep(&folder, evidence, &named)?;
    }
    let absent = evidence_absent(&folder, &named).map_err(|error| refused(&error, output))?;
    let sha256 = ContentHash::of_bytes(text.as_bytes());
    let imported = store
        .import_domain(&file, &sha256.to_string(), change, &System)
        .await
        .map_err(|error| refused(&error.into(), output))?;
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
