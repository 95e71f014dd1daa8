//! The process's log: structured, on standard error, with no patient data in it.

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSection};

/// Starts logging. A second call changes nothing.
///
/// # Errors
/// When the level is no filter.
pub fn start(section: &LogSection) -> Result<(), TelemetryError> {
    let level = section.level.as_deref().unwrap_or("info");
    let filter = EnvFilter::try_new(level).map_err(|_| TelemetryError {
        level: level.to_owned(),
    })?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match section.format {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .try_init(),
        LogFormat::Text => builder.with_target(false).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started already");
    }
    Ok(())
}

/// The level is no filter.
#[derive(Debug, thiserror::Error)]
#[error("log.level = \"{level}\" is no filter: use error, warn, info, debug or trace, or info,crate=debug")]
pub struct TelemetryError {
    level: String,
}
