//! `instrument add | end`

use registry_store::{Change, EvidenceFolder, Instrument, Store};
use xds_model::time::System;
use xds_policy::words::InstrumentId;
use xds_server::lang::Say;

use super::super::Done;
use super::super::output::{NotThere, Output};
use super::arguments::{AddArguments, EndArguments};
use super::{already, files, not_so, refused};
use crate::config::Config;
use crate::instruments::{Refused, complete, ending};

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
        .map_err(|error| refused(&error.into(), output))?;
    keep_evidence(config, arguments, &instrument, output)?;
    store
        .add_instrument("instrument add", &instrument, change)
        .await
        .map_err(|error| refused(&error.into(), output))?;
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
    complete(&folder, instrument).map_err(|error| match error {
        Refused::EvidenceAbsent(hash) => absent(&hash, output),
        other => refused(&other, output),
    })?;
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
    let ending = ending(
        &history,
        (kind, &id),
        arguments.version,
        arguments.at,
        change,
        &arguments.approved_by,
    )
    .map_err(|error| refused(&error, output))?;
    store
        .add_instrument("instrument end", &ending, change)
        .await
        .map_err(|error| refused(&error.into(), output))?;
    let reference = ending.reference();
    let (name, id, number) = (kind.name(), &reference.id, reference.version);
    let say = Say::new(
        format!("終了の版を登録しました: {name} {id} 版 {number}"),
        format!("ended by a version: {name} {id} version {number}"),
    );
    already::told(store, &ending, say, change, output).await
}
