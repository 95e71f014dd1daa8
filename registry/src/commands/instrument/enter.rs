//! `instrument add | end`

use registry_store::{Change, EvidenceFolder, Instrument, InstrumentError, Store};
use xds_model::time::System;
use xds_policy::words::InstrumentId;
use xds_server::lang::Say;

use super::super::Done;
use super::super::output::{NotThere, Output};
use super::arguments::{AddArguments, EndArguments};
use super::{already, files, missing, not_so, refused};
use crate::config::Config;

pub(super) async fn add(
    config: &Config,
    store: &Store,
    arguments: &AddArguments,
    change: &Change,
    output: Output,
) -> Done {
    let text = files::text(&arguments.file, Instrument::BYTES_MAX)?;
    let instrument = Instrument::draft(arguments.kind, &text, change, &arguments.approved_by)?;
    // What cannot be entered leaves no files behind.
    store
        .judge_instrument(&instrument)
        .await
        .map_err(|error| refused(&error, output))?;
    keep_evidence(config, arguments, &instrument, output)?;
    store
        .add_instrument("instrument add", &instrument, change)
        .await
        .map_err(|error| refused(&error, output))?;
    let reference = instrument.reference();
    let say = Say::new(
        format!(
            "登録しました: {} {} 版 {} (sha256 {})",
            reference.kind.name(),
            reference.id,
            reference.version,
            reference.hash
        ),
        format!(
            "entered: {} {} version {} (sha256 {})",
            reference.kind.name(),
            reference.id,
            reference.version,
            reference.hash
        ),
    );
    already::told(store, &instrument, say, change, output).await
}

/// Every file that the version names is kept by then: it is given now, or was before.
fn keep_evidence(
    config: &Config,
    arguments: &AddArguments,
    instrument: &Instrument,
    output: Output,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let folder = EvidenceFolder::of(&config.registry.data);
    let named = instrument.evidence_named()?;
    for file in &arguments.evidence {
        let hash = EvidenceFolder::hash_of(file)?;
        if !named.contains(&hash) {
            let name = file.display();
            let refusal = not_so(
                output,
                &format!("{name} (sha256 {hash}) は、この版に証拠として書かれていません。"),
                &format!("{name} (sha256 {hash}) is not what the version names as evidence"),
            );
            return Err(refusal.into());
        }
        folder.keep(file, &System)?;
    }
    for hash in &named {
        if folder.found(hash)? != Some(*hash) {
            return Err(absent(hash, output).into());
        }
    }
    Ok(())
}

fn absent(hash: &xds_policy::hash::ContentHash, output: Output) -> NotThere {
    not_so(
        output,
        &format!("証拠のファイル (sha256 {hash}) がありません。`--evidence` で渡してください。"),
        &format!("the evidence file with sha256 {hash} is not here: give it with `--evidence`"),
    )
}

pub(super) async fn end(store: &Store, arguments: &EndArguments, change: &Change, output: Output) -> Done {
    let (kind, id) = (arguments.named.kind, InstrumentId(arguments.named.id.clone()));
    let history = store.instrument_history(kind, &id).await?;
    let latest = history.last().ok_or_else(|| missing(kind, id.as_str(), output))?;
    let version = latest.reference().version;
    if let Some(seen) = arguments.version.filter(|seen| *seen != version) {
        let error = InstrumentError::NotNext {
            kind,
            id,
            latest: version,
            given: seen.saturating_add(1),
        };
        return Err(refused(&error, output).into());
    }
    let at = arguments.at.unwrap_or(change.at);
    if at < change.at {
        return Err(not_so(
            output,
            "過去の時点で終了させることはできません。",
            "nothing can be ended in the past",
        )
        .into());
    }
    if latest.effective_to().is_some_and(|to| to <= at) {
        return Err(not_so(
            output,
            "その時点までにすでに終了しています。",
            "it has ended by then already",
        )
        .into());
    }
    let ending = latest.ending(at, change, &arguments.approved_by)?;
    store
        .add_instrument("instrument end", &ending, change)
        .await
        .map_err(|error| refused(&error, output))?;
    let reference = ending.reference();
    let (name, id, number) = (kind.name(), &reference.id, reference.version);
    let say = Say::new(
        format!("終了の版を登録しました: {name} {id} 版 {number}"),
        format!("ended by a version: {name} {id} version {number}"),
    );
    already::told(store, &ending, say, change, output).await
}
