//! What may stand after `record`.

use clap::{Args, Subcommand};
use registry_core::records::Side;
use registry_store::RecordName;
use registry_trail::report::MonthRange;
use time::OffsetDateTime;

use super::super::audit::SheetArguments;
use super::super::audit::moment;

#[derive(Debug, Subcommand)]
pub(crate) enum RecordCommand {
    /// List an organisation's ledger, oldest first.
    List(ListArguments),
    /// Show one record with everything that it says.
    Show {
        /// Its name, as `record list` shows it: H1/provision/C1/42.
        #[arg(long)]
        record: RecordName,
    },
    /// Make the sheet of a month: for each other party what was provided, or received.
    Month(Box<MonthArguments>),
    /// Make one patient's sheet for disclosure: what was provided of the patient, to whom, and why (Article 33(5)).
    Patient(Box<PatientArguments>),
    /// Say who received what of a patient already: what a refusal does not take back.
    Received {
        /// Patient: CX text id^^^&OID&ISO, or the id alone under the domain's authority.
        #[arg(long)]
        patient: String,
        #[command(flatten)]
        sheet: SheetArguments,
    },
    /// Remove the records whose time is over: five years after, or what the domain's policy says.
    Expire,
    /// Follow the chains: 0 when no record was changed, removed or put in, 1 otherwise.
    Verify {
        /// This organisation's ledger only.
        #[arg(long)]
        org: Option<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct ListArguments {
    /// Whose ledger.
    #[arg(long)]
    pub(crate) org: String,
    /// provision (Article 29) or receipt (Article 30).
    #[arg(long, default_value = "provision", value_parser = side)]
    pub(crate) side: Side,
    /// The other party only.
    #[arg(long)]
    pub(crate) counterparty: Option<String>,
    /// From then: 2026-04-01, or a moment such as 2026-04-01T09:30.
    #[arg(long, value_parser = moment::since)]
    pub(crate) from: Option<OffsetDateTime>,
    /// Until then; a day counts to its end.
    #[arg(long, value_parser = moment::until)]
    pub(crate) to: Option<OffsetDateTime>,
    /// Records at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) max: u32,
}

#[derive(Args, Debug)]
pub(crate) struct MonthArguments {
    /// Whose ledger.
    #[arg(long)]
    pub(crate) org: String,
    /// The month in Japan: 2026-04.
    #[arg(long)]
    pub(crate) month: MonthRange,
    /// provision (Article 29) or receipt (Article 30).
    #[arg(long, default_value = "provision", value_parser = side)]
    pub(crate) side: Side,
    /// The other party only.
    #[arg(long)]
    pub(crate) counterparty: Option<String>,
    #[command(flatten)]
    pub(crate) sheet: SheetArguments,
}

#[derive(Args, Debug)]
pub(crate) struct PatientArguments {
    /// Patient: CX text id^^^&OID&ISO, or the id alone under the domain's authority.
    #[arg(long)]
    pub(crate) patient: String,
    /// What this organisation recorded only.
    #[arg(long)]
    pub(crate) org: Option<String>,
    /// From then.
    #[arg(long, value_parser = moment::since)]
    pub(crate) from: Option<OffsetDateTime>,
    /// Until then; a day counts to its end.
    #[arg(long, value_parser = moment::until)]
    pub(crate) to: Option<OffsetDateTime>,
    #[command(flatten)]
    pub(crate) sheet: SheetArguments,
}

fn side(text: &str) -> Result<Side, String> {
    Side::from_name(text).ok_or_else(|| "provision or receipt".to_owned())
}
