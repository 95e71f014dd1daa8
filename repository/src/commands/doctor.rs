//! `doctor`

use std::process::ExitCode;
use std::sync::Arc;

use repository_store::{KeyRing, StoreError};
use xds_model::Clock;
use xds_model::time::{SharedClock, SharedIds, System};
use xds_server::doctor::{
    Diagnosis, Finding, assertions, audit_trail, certificates, clock, encrypted_volume, free_space,
};
use xds_server::foundation::now_of;
use xds_server::lang::Lang;
use xds_tls::{LiveMaterial, init_provider};

use super::say;
use crate::app::{StartError, open_store, registry_client};
use crate::cli::failed;
use crate::config::Config;
use crate::metrics::RepositoryMetrics;
use crate::words;

/// Bytes of free space for documents below which `doctor` warns.
const DOCUMENTS_FREE_MIN: u64 = 1024 * 1024 * 1024;

/// Looks at everything that `serve` needs. May run beside it.
pub(crate) fn doctor(config: &Config, lang: Lang, as_json: bool) -> ExitCode {
    init_provider();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(lang, &error),
    };
    let diagnosis = runtime.block_on(diagnose(config));
    if as_json {
        say(&diagnosis.json().to_string());
    } else {
        say(diagnosis.text(lang).trim_end());
    }
    if diagnosis.is_healthy() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

async fn diagnose(config: &Config) -> Diagnosis {
    let mut diagnosis = Diagnosis::default();
    diagnosis.add(certificates(&config.clinical.tls, System.now()));
    if let Some(tls) = &config.registry.tls {
        diagnosis.add(certificates(tls, System.now()));
    }
    diagnosis.add(assertions(config.xua.as_ref(), System.now()));
    diagnosis.add(clock(&config.time, &System, &System).await);
    diagnosis.add([
        free_space(&config.audit.journal, config.audit.free_bytes_min),
        encrypted_volume(&config.audit.journal),
    ]);
    diagnosis.add(audit_trail(&config.audit));
    if let Some(folder) = &config.repository.data {
        diagnosis.add([free_space(folder, DOCUMENTS_FREE_MIN), encrypted_volume(folder)]);
    }
    let keys = keys(config);
    let keys_good = keys.repair.is_none();
    diagnosis.add([keys]);
    if keys_good {
        diagnosis.add(store(config).await);
    }
    diagnosis.add([registry(config).await]);
    diagnosis
}

fn keys(config: &Config) -> Finding {
    match KeyRing::load(&config.repository.keys) {
        Ok(keys) => Finding::good("keys", words::keys_good(&keys.current_id().to_string())),
        Err(error) => Finding::bad("keys", words::keys_bad(&error.to_string()), words::keys_repair()),
    }
}

async fn store(config: &Config) -> Vec<Finding> {
    let opened = open_store(config, Arc::new(System), Arc::new(System));
    let unfinished = match opened {
        Ok(store) => store.unfinished().await.map_err(StartError::from),
        Err(error) => Err(error),
    };
    match unfinished {
        Ok(unfinished) if unfinished.is_empty() => vec![Finding::good("documents", words::store_good())],
        Ok(unfinished) => vec![
            Finding::good("documents", words::store_good()),
            Finding::warning(
                "documents",
                words::unfinished(unfinished.len()),
                words::unfinished_repair(),
            ),
        ],
        Err(StartError::Store(StoreError::InUse(_))) => {
            vec![Finding::good("documents", words::store_in_use())]
        }
        Err(error) => vec![Finding::bad(
            "documents",
            words::store_bad(&error.to_string()),
            words::store_repair(),
        )],
    }
}

async fn registry(config: &Config) -> Finding {
    match enrolled(config).await {
        Ok(nodes) => Finding::good("registry", words::registry_good(nodes)),
        Err(error) => Finding::bad("registry", words::registry_bad(&error), words::registry_repair()),
    }
}

async fn enrolled(config: &Config) -> Result<usize, String> {
    let (system, ids): (SharedClock, SharedIds) = (Arc::new(System), Arc::new(System));
    let material = LiveMaterial::load(config.clinical.tls.clone(), now_of(&system))
        .map_err(|error| error.to_string())?;
    let (client, _) = registry_client(config, &material, &system, ids, RepositoryMetrics::default())
        .map_err(|error| error.to_string())?;
    let nodes = client.nodes().await.map_err(|error| error.to_string())?;
    Ok(nodes.len())
}
