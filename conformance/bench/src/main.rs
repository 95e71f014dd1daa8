//! Figures: each path against a floor measured in the same run.

mod arguments;
mod case;
mod catch_up;
mod check;
mod connection;
mod content;
mod error;
mod figures;
mod floor;
mod journal;
mod large;
mod load;
mod measure;
mod messages;
mod metadata;
mod meter;
mod procfs;
mod progress;
mod statistics;
mod table;
mod template;
mod trail;
mod world;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use serde_json::json;

use crate::arguments::{Arguments, Floor};
use crate::error::BenchError;
use crate::table::{Conditions, cpu_model};

fn main() -> ExitCode {
    xds_tls::init_provider();
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::note(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), BenchError> {
    match &arguments.floor {
        Some(Floor::FloorEcho { certificate, key, ca }) => {
            floor::echo::serve(certificate.clone(), key.clone(), ca.clone())
        }
        Some(Floor::FloorStore) => floor::store::serve(),
        None => {
            let text = figures(arguments)?;
            let written = writeln!(std::io::stdout(), "{text}");
            written.map_err(BenchError::io("standard output"))
        }
    }
}

/// Measures, and says what was found as a table or as JSON.
fn figures(arguments: &Arguments) -> Result<String, BenchError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(BenchError::io("threads"))?;
    let conditions = conditions(arguments);
    if arguments.large {
        let memory = runtime.block_on(large::measure())?;
        return match arguments.json {
            true => Ok(json!({"conditions": conditions, "memory": memory}).to_string()),
            false => Ok(table::memory(&conditions, &memory)),
        };
    }
    if arguments.journal {
        let rows = runtime.block_on(journal::measure(arguments))?;
        return match arguments.json {
            true => Ok(json!({"conditions": conditions, "journal": rows}).to_string()),
            false => Ok(table::journal(&conditions, &rows)),
        };
    }
    if arguments.catch_up {
        let figures = runtime.block_on(catch_up::measure(arguments))?;
        return match arguments.json {
            true => Ok(json!({"conditions": conditions, "catch_up": figures}).to_string()),
            false => Ok(table::catch_up(&conditions, &figures)),
        };
    }
    if let Some(events) = arguments.trail_events {
        let figures = runtime.block_on(trail::measure(arguments, events))?;
        return match arguments.json {
            true => Ok(json!({"conditions": conditions, "trail": figures}).to_string()),
            false => Ok(table::trail(&conditions, &figures)),
        };
    }
    let rows = runtime.block_on(measure::measure(arguments))?;
    match arguments.json {
        true => Ok(json!({"conditions": conditions, "cases": rows}).to_string()),
        false => Ok(table::cases(&conditions, &rows)),
    }
}

fn conditions(arguments: &Arguments) -> Conditions {
    Conditions {
        cpu: cpu_model(&std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default()),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        seconds: arguments.seconds,
        connections: arguments.connections,
        rounds: arguments.rounds,
        patients: arguments.patients,
        basis: arguments.basis.name(),
    }
}
