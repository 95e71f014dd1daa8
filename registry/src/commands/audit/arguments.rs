//! What may stand on the command line after `audit search`, `audit show` and `audit report`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use registry_trail::report::{Audience, MonthRange};
use registry_trail::{Position, kind_named};
use time::OffsetDateTime;
use xds_audit::{EventId, Outcome};
use xds_server::lang::Lang;

use super::moment::{since, until};

/// Characters of a value at most: the longest that an event can be found by.
const CHARS_MAX: usize = 512;

/// The verbs that ask the audit trail.
#[derive(Debug, Subcommand)]
pub(crate) enum TrailCommand {
    /// Search the events of registry and repositories, the latest first. The search itself becomes an event.
    Search(Box<SearchArguments>),
    /// Show all that is known of one event, also what was withheld in it. The look itself becomes an event.
    Show(ShowArguments),
    /// Sheets: who saw a patient's records, and the monthly review with its signatures.
    #[command(subcommand)]
    Report(ReportCommand),
}

/// `audit search`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  renkei-registry audit search --patient P0001 --from 2026-04-01 --to 2026-04-30
  renkei-registry audit search --user dr.sato --kind ITI-43 --limit 200
  renkei-registry audit search --organisation 1311234567 --outcome failure --json
  renkei-registry audit search --patient P0001 --after 1795482123456789.1.42.0")]
pub(crate) struct SearchArguments {
    #[command(flatten)]
    pub(crate) question: QuestionArguments,
    /// Events of one page at most, from 1 to 1000.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
    /// Go on after this position: the page before ends with it.
    #[arg(long, value_name = "POSITION")]
    pub(crate) after: Option<Position>,
}

/// What is looked for: all that is given must hold.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct QuestionArguments {
    /// Patient: CX text id^^^&OID&ISO, or the id alone under the domain's authority.
    #[arg(long, value_name = "CX", value_parser = text)]
    pub(crate) patient: Option<String>,
    /// Document, submission set, folder or entry: uniqueId or entryUUID.
    #[arg(long, value_name = "UID", value_parser = text)]
    pub(crate) document: Option<String>,
    /// User, as the assertion names it (NameID); at this machine the name given with --by.
    #[arg(long, value_name = "NAME", value_parser = text)]
    pub(crate) user: Option<String>,
    /// Organisation of the caller: see `org list`.
    #[arg(long, value_name = "ID", value_parser = text)]
    pub(crate) organisation: Option<String>,
    /// Node of the caller: see `node list`.
    #[arg(long, value_name = "NAME", value_parser = text)]
    pub(crate) node: Option<String>,
    /// Not before: 2026-04-01 or 2026-04-01T09:30 in Japan, or an instant such as 2026-04-01T00:30:00Z.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) from: Option<OffsetDateTime>,
    /// Until: a day counts to its end, a moment is itself not included.
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub(crate) to: Option<OffsetDateTime>,
    /// How it ended; `failure` stands for all three. May be several: minor-failure,major-failure.
    #[arg(long, value_delimiter = ',')]
    pub(crate) outcome: Vec<OutcomeName>,
    /// Basis of the decision: OWN, ENTRUST, JOINT, CONSENT, LAW or EMERG.
    #[arg(long, value_name = "CODE", value_parser = text)]
    pub(crate) basis: Option<String>,
    /// Kind of event: a transaction such as ITI-43, or one of audit-log-read, configuration-changed,
    /// request-refused, assertion-refused, handshake-refused, exported, node-start, node-stop, clock-stepped,
    /// journal-recovered. May be several: ITI-18,ITI-43.
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    pub(crate) kind: Vec<String>,
    /// Correlation id: it stands in the log, in answers and in error messages.
    #[arg(long, value_name = "ID", value_parser = text)]
    pub(crate) correlation: Option<String>,
    /// Decision: the event that it was made in. `decide --replay` works it out again.
    #[arg(long, value_name = "ID", value_parser = text)]
    pub(crate) decision: Option<String>,
}

/// How an event ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum OutcomeName {
    /// EventOutcomeIndicator 0
    Success,
    /// 4: refused by policy, or to be tried again
    MinorFailure,
    /// 8: turned down
    SeriousFailure,
    /// 12: something broke
    MajorFailure,
    /// 4, 8 or 12
    Failure,
}

impl OutcomeName {
    /// What it stands for.
    pub(crate) fn outcomes(self) -> &'static [Outcome] {
        use Outcome::{MajorFailure, MinorFailure, SeriousFailure, Success};
        match self {
            Self::Success => &[Success],
            Self::MinorFailure => &[MinorFailure],
            Self::SeriousFailure => &[SeriousFailure],
            Self::MajorFailure => &[MajorFailure],
            Self::Failure => &[MinorFailure, SeriousFailure, MajorFailure],
        }
    }
}

/// `audit show`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  renkei-registry audit show 0192f7a0-0000-7000-8000-000000000000/42
  renkei-registry audit show 0192f7a0-0000-7000-8000-000000000000/42 --dicom")]
pub(crate) struct ShowArguments {
    /// The event, as `audit search` names it: JOURNAL/NUMBER.
    #[arg(value_name = "EVENT", value_parser = event)]
    pub(crate) event: EventId,
    /// Print it as DICOM audit messages (XML): those that a repository delivered as they came, ours as they are
    /// delivered to others. What was withheld is not in them.
    #[arg(long)]
    pub(crate) dicom: bool,
}

/// `audit report`
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// Who saw this patient's records. Making the sheet itself becomes an event.
    Patient(Box<PatientReportArguments>),
    /// The review of a month: what happened, what stands out, who signed it.
    Month(MonthReportArguments),
    /// Sign the review of a month that is over. What was signed stays; a correction is another signature.
    Sign(SignArguments),
}

/// `audit report patient`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  renkei-registry audit report patient --patient P0001 --output who-saw.html
  renkei-registry audit report patient --patient P0001 --for institution --organisation 1311234567 \\
      --from 2026-04-01 --to 2026-06-30 --output who-saw.csv")]
pub(crate) struct PatientReportArguments {
    /// CX text id^^^&OID&ISO, or the id alone under the domain's authority.
    #[arg(long, value_name = "CX", value_parser = text)]
    pub(crate) patient: String,
    /// For whom: the patient gets plain words, an institution every event with its identifiers.
    #[arg(long = "for", id = "audience", value_name = "WHO", value_enum, default_value_t = AudienceName::Patient)]
    pub(crate) audience: AudienceName,
    /// Only what this organisation did: see `org list`.
    #[arg(long, value_name = "ID", value_parser = text)]
    pub(crate) organisation: Option<String>,
    /// Not before; a year before the end unless given.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) from: Option<OffsetDateTime>,
    /// Until: a day counts to its end; now unless given.
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub(crate) to: Option<OffsetDateTime>,
    #[command(flatten)]
    pub(crate) sheet: SheetArguments,
}

/// For whom a sheet is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum AudienceName {
    /// The patient, or who asks for the patient.
    Patient,
    /// An institution, or the operator.
    Institution,
}

impl AudienceName {
    /// As the report takes it.
    pub(crate) fn audience(self) -> Audience {
        match self {
            Self::Patient => Audience::Patient,
            Self::Institution => Audience::Institution,
        }
    }
}

/// `audit report month`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  renkei-registry audit report month 2026-04 --output 2026-04.html
  renkei-registry audit report month 2026-04 --verify-journal --thresholds limits.json --format csv")]
pub(crate) struct MonthReportArguments {
    /// The month in Japan, such as 2026-04.
    #[arg(value_name = "YYYY-MM")]
    pub(crate) month: MonthRange,
    #[command(flatten)]
    pub(crate) review: ReviewArguments,
    #[command(flatten)]
    pub(crate) sheet: SheetArguments,
}

/// What a review goes by.
#[derive(Args, Debug)]
pub(crate) struct ReviewArguments {
    /// JSON file that says when something stands out; what it leaves out is as usual.
    #[arg(long, value_name = "FILE")]
    pub(crate) thresholds: Option<PathBuf>,
    /// Also say whether the registry's journal is whole (`audit verify`): reads all of it.
    #[arg(long)]
    pub(crate) verify_journal: bool,
}

/// `audit report sign`
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  renkei-registry audit report sign 2026-04 --reviewer '鈴木 一郎' --note '要確認 3 件を各施設に照会し、問題なし。'")]
pub(crate) struct SignArguments {
    /// The month in Japan, such as 2026-04: it must be over.
    #[arg(value_name = "YYYY-MM")]
    pub(crate) month: MonthRange,
    /// Who reviewed it.
    #[arg(long, value_name = "NAME", value_parser = text)]
    pub(crate) reviewer: String,
    /// What the reviewer found.
    #[arg(long, value_name = "TEXT", value_parser = long_text)]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) review: ReviewArguments,
}

/// The form of a sheet, and where it goes.
#[derive(Args, Debug)]
pub(crate) struct SheetArguments {
    /// Form: what the name of --output ends in, or text.
    #[arg(long, value_enum, conflicts_with = "json")]
    pub(crate) format: Option<Format>,
    /// File to make, for its owner only (0600); standard output unless given.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it is there.
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Language of the sheet: ja or en; that of the command unless given.
    #[arg(long)]
    pub(crate) language: Option<Lang>,
}

/// The form of a sheet.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// A page to print, which needs nothing else.
    Html,
    /// For spreadsheets: UTF-8 with a byte order mark.
    Csv,
    /// Tables for a terminal.
    Text,
}

fn text(text: &str) -> Result<String, String> {
    bounded(text, CHARS_MAX)
}

fn long_text(text: &str) -> Result<String, String> {
    bounded(text, 8 * CHARS_MAX)
}

fn bounded(text: &str, max: usize) -> Result<String, String> {
    match text.chars().count() {
        0 => Err("it must not be empty".to_owned()),
        count if count > max => Err(format!("at most {max} characters")),
        _ => Ok(text.to_owned()),
    }
}

fn kind(text: &str) -> Result<String, String> {
    kind_named(text)
        .map(str::to_owned)
        .ok_or_else(|| "no kind of event; see --help".to_owned())
}

fn event(text: &str) -> Result<EventId, String> {
    let read = || {
        let (journal, sequence) = text.split_once('/')?;
        let event = EventId {
            journal: uuid::Uuid::try_parse(journal).ok()?,
            sequence: sequence.parse().ok()?,
        };
        // One text for each name: no braces, no `+1`.
        (event.to_string() == text).then_some(event)
    };
    read().ok_or_else(|| "JOURNAL/NUMBER, as `audit search` shows it".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_named_in_one_way() {
        let name = "0192f7a0-0000-7000-8000-000000000000/42";
        assert_eq!(event(name).unwrap().to_string(), name);
        for wrong in [
            "",
            "42",
            "0192f7a0-0000-7000-8000-000000000000/+42",
            "{0192f7a0-0000-7000-8000-000000000000}/42",
            "0192f7a0-0000-7000-8000-000000000000/42/0",
        ] {
            assert!(event(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_have_a_length_and_kinds_are_known() {
        assert!(text(&"患".repeat(CHARS_MAX)).is_ok());
        assert!(text(&"患".repeat(CHARS_MAX + 1)).is_err() && text("").is_err());
        assert_eq!(kind("ITI-43").unwrap(), "ITI-43");
        assert!(kind("audit-log-read").is_ok() && kind("ITI-99").is_err());
    }
}
