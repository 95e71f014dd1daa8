//! `serve`

use std::process::ExitCode;
use std::sync::Arc;

use xds_model::time::System;
use xds_server::lang::Lang;
use xds_server::run::until_told_to_stop;
use xds_server::telemetry;

use crate::app::{StartError, start};
use crate::cli::failed;
use crate::config::Config;

/// Serves until told to stop.
pub(crate) fn serve(config: &Config, lang: Lang) -> ExitCode {
    if let Err(error) = telemetry::start(&config.log) {
        return failed(lang, &error);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(config)),
        Err(error) => return failed(lang, &error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the repository cannot serve");
            failed(lang, &error)
        }
    }
}

async fn run(config: &Config) -> Result<(), ServeError> {
    let running = start(config, Arc::new(System), Arc::new(System)).await?;
    until_told_to_stop(running.demands_stop(), || running.reload()).await?;
    tracing::info!("told to stop; requests in flight may end");
    running.stop().await;
    tracing::info!("stopped");
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("signals cannot be heard: {0}")]
    Signals(#[from] std::io::Error),
}
