//! `record`: the ledgers of provision and receipt (Articles 29 and 30).
//!
//! Every verb is told in the journal before anything is shown.

mod arguments;
mod cells;
mod list;
mod month;
mod patient;
mod received;
#[cfg(test)]
mod tests;
mod upkeep;
mod value;
mod words;

use registry_store::KeptRecord;
use time::OffsetDateTime;
use time::macros::datetime;

use super::Done;
use super::arguments::By;
use super::output::Output;
use super::session::{change, with_store};
use crate::config::Config;

pub(super) use arguments::RecordCommand;
pub(super) use received::received;
pub(super) use value::{value, what};
pub(super) use words::JAPANESE;

/// Records of one sheet at most; the sheet says so if there are more.
const RECORDS_MAX: u32 = 20_000;
/// Before the first record, and after the last.
const EVER: (OffsetDateTime, OffsetDateTime) =
    (datetime!(2000-01-01 0:00 UTC), datetime!(9999-01-01 0:00 UTC));

/// Does what the verb says.
pub(super) async fn run(config: &Config, command: RecordCommand, by: &By, output: Output) -> Done {
    let change = change(by);
    let change = &change;
    with_store(config, async |store| match command {
        RecordCommand::List(arguments) => list::list(&store, arguments, change, output).await,
        RecordCommand::Show { record } => list::show(&store, &record, change, output).await,
        RecordCommand::Month(arguments) => month::run(&store, &arguments, change, output).await,
        RecordCommand::Patient(arguments) => patient::run(config, &store, &arguments, change, output).await,
        RecordCommand::Received { patient, sheet } => {
            received::run(config, &store, &patient, &sheet, change, output).await
        }
        RecordCommand::Expire => upkeep::expire(&store, change, output).await,
        RecordCommand::Verify { org } => upkeep::verify(&store, org.as_deref(), change, output).await,
    })
    .await
}

/// Whose these records are.
fn patients(records: &[KeptRecord]) -> Vec<String> {
    let kept = records.iter();
    kept.map(|kept| kept.record.person.patient.0.clone()).collect()
}

/// The records without the one too many that was asked for, and whether there was one.
fn cut(mut records: Vec<KeptRecord>) -> (Vec<KeptRecord>, bool) {
    let max = usize::try_from(RECORDS_MAX).unwrap_or(usize::MAX);
    let is_cut = records.len() > max;
    records.truncate(max);
    (records, is_cut)
}
