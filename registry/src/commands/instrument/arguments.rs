//! What may stand after `instrument`, `agreement` and `domain`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use registry_store::Instrument;
use time::OffsetDateTime;
use xds_policy::version::InstrumentKind;

use super::super::audit::moment;

#[derive(Debug, Subcommand)]
pub(crate) enum InstrumentCommand {
    /// Enter an instrument, or the next version of one. What is entered stays for ever.
    Add(AddArguments),
    /// End an instrument, by a version that says when.
    End(EndArguments),
    /// List the instruments of a kind, or of a patient, each with its latest version.
    List(ListArguments),
    /// Show one version as it is kept.
    Show(ShowArguments),
    /// List all versions of an instrument: who entered and approved them, when, and from when they hold.
    History(Named),
    /// Say what an instrument lacks, and why it matters: 0 nothing, 1 something.
    Validate(ValidateArguments),
}

#[derive(Debug, Subcommand)]
pub(crate) enum AgreementCommand {
    /// Say which of J0 to J9 a joint-use agreement 共同利用 lacks, and why it matters: 0 nothing, 1 something.
    Validate {
        /// Its id.
        #[arg(long, required_unless_present = "file", conflicts_with = "file")]
        id: Option<String>,
        /// A file with a version that is not entered yet.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Say what a version would give and take, in patients and documents, before it is entered.
    Impact {
        /// The file with the version.
        #[arg(long)]
        file: PathBuf,
        /// As of when: when it takes effect, or now, unless given.
        #[arg(long, value_parser = moment::since)]
        at: Option<OffsetDateTime>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum DomainCommand {
    /// Write every version of every instrument to a file, as docs/domain-format.md describes it.
    Export {
        /// The file; it is made for its owner only.
        #[arg(long)]
        file: PathBuf,
        /// Leave out what concerns patients.
        #[arg(long)]
        without_patients: bool,
        /// Replace a file of that name.
        #[arg(long)]
        force: bool,
    },
    /// Take over from a file what is not here yet: all of it, or nothing.
    Import {
        /// The file.
        #[arg(long)]
        file: PathBuf,
        /// A folder with evidence files: those that the file names by their hash are kept.
        #[arg(long)]
        evidence: Option<PathBuf>,
    },
}

/// Names an instrument.
#[derive(Args, Clone, Debug)]
pub(crate) struct Named {
    /// Kind: agreement, contract, consent, consent-text, refusal, order, session, policy, organisation, legal-entity,
    /// user, publication-check.
    #[arg(long, value_parser = kind)]
    pub(crate) kind: InstrumentKind,
    /// Its id.
    #[arg(long)]
    pub(crate) id: String,
}

#[derive(Args, Debug)]
pub(crate) struct AddArguments {
    /// Kind: agreement, contract, consent, consent-text, refusal, order, session, policy, organisation, legal-entity,
    /// user, publication-check.
    #[arg(long, value_parser = kind)]
    pub(crate) kind: InstrumentKind,
    /// File with the version in JSON: id, version (1 unless given), effective_from, effective_to, evidence, terms.
    #[arg(long)]
    pub(crate) file: PathBuf,
    /// Who approved it; a legal order needs two.
    #[arg(long, value_name = "NAME")]
    pub(crate) approved_by: Vec<String>,
    /// A file that the version names as evidence; it is kept by its hash.
    #[arg(long, value_name = "FILE")]
    pub(crate) evidence: Vec<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct EndArguments {
    #[command(flatten)]
    pub(crate) named: Named,
    /// The latest version, as it was seen: when it is another by now, nothing is done.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) version: Option<u32>,
    /// First moment that it does not hold any more; now unless given.
    #[arg(long, value_parser = moment::since)]
    pub(crate) at: Option<OffsetDateTime>,
    /// Who approved it.
    #[arg(long, value_name = "NAME")]
    pub(crate) approved_by: Vec<String>,
}

#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("what").required(true).multiple(true).args(["kind", "patient"])))]
pub(crate) struct ListArguments {
    /// Kind; of a kind that concerns patients, name a patient too.
    #[arg(long, value_parser = kind)]
    pub(crate) kind: Option<InstrumentKind>,
    /// Patient: CX text id^^^&OID&ISO, or the id alone under the domain's authority.
    #[arg(long)]
    pub(crate) patient: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ShowArguments {
    #[command(flatten)]
    pub(crate) named: Named,
    /// Which version; the latest unless given.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) version: Option<u32>,
}

#[derive(Args, Debug)]
pub(crate) struct ValidateArguments {
    /// Kind, as for `instrument add`.
    #[arg(long, value_parser = kind)]
    pub(crate) kind: InstrumentKind,
    /// Its id.
    #[arg(long, required_unless_present = "file", conflicts_with = "file")]
    pub(crate) id: Option<String>,
    /// A file with a version that is not entered yet: also says whether it could be.
    #[arg(long)]
    pub(crate) file: Option<PathBuf>,
}

fn kind(text: &str) -> Result<InstrumentKind, String> {
    Instrument::kind_called(text).ok_or_else(|| {
        let names = Instrument::KINDS.map(InstrumentKind::name);
        format!("one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_called_by_their_names() {
        assert_eq!(kind("agreement"), Ok(InstrumentKind::JointUseAgreement));
        assert!(kind("treaty").unwrap_err().contains("joint_use_agreement"));
    }
}
