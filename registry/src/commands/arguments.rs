//! What may stand on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use xds_model::Transaction;
use xds_model::principal::Right;
use xds_policy::instruments::organisation::OrganisationKind;
use xds_server::journal_commands::{ExpireArguments, JournalCommand};
use xds_server::lang::Lang;

use super::audit::TrailCommand;
use super::emergency::EmergencyCommand;
use super::instrument::{AgreementCommand, DomainCommand, InstrumentCommand};
use super::paper::PaperCommand;
use super::record::RecordCommand;

/// The IHE XDS.b Document Registry of a regional medical network.
///
/// It knows where documents are and who may know. `serve` runs it; the other commands look after what it
/// works with. Changes are in force within two seconds, without a restart.
#[derive(Debug, Parser)]
#[command(name = "renkei-registry", version, arg_required_else_help = true)]
#[command(after_help = "A new registry:\n  \
    renkei-registry check-config --config registry.toml\n  \
    renkei-registry migrate --config registry.toml\n  \
    renkei-registry codes import --config registry.toml codes.json\n  \
    renkei-registry org add --config registry.toml --id 1311234567 --name 中央病院 --entity chuo\n  \
    renkei-registry node add --config registry.toml --name chuo-1 --org 1311234567 \\\n      \
    --certificate chuo.pem --allow ITI-18,ITI-41,ITI-43\n  \
    renkei-registry serve --config registry.toml")]
pub(crate) struct Arguments {
    /// The configuration file.
    #[arg(
        long,
        short,
        global = true,
        env = "RENKEI_REGISTRY_CONFIG",
        default_value = "/etc/renkei/registry.toml"
    )]
    pub(crate) config: PathBuf,

    /// Print JSON for machines.
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Language of texts for people: ja or en.
    #[arg(long, global = true)]
    pub(crate) lang: Option<Lang>,

    #[command(flatten)]
    pub(crate) by: By,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Who makes a change, and why: it is kept with the change.
#[derive(Args, Clone, Debug)]
pub(crate) struct By {
    /// Who makes the change; the login name unless given.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) by: Option<String>,

    /// Why the change is made.
    #[arg(long, global = true, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the registry until SIGTERM; SIGHUP reads certificates and revocation lists again.
    Serve,
    /// Say whether the configuration is valid, and show every limit.
    CheckConfig,
    /// Look at certificates, clock, disk, database and listeners, and say what to do.
    Doctor,
    /// Bring the database's schema up to date.
    Migrate(MigrateArguments),
    /// Organisations 医療機関等 of the network.
    #[command(subcommand)]
    Org(OrgCommand),
    /// Nodes: certificates bound to organisations.
    #[command(subcommand)]
    Node(NodeCommand),
    /// Patients that the identity feed told of.
    #[command(subcommand)]
    Patient(PatientCommand),
    /// Code sets of the affinity domain.
    #[command(subcommand)]
    Codes(CodesCommand),
    /// Settings of the domain.
    #[command(subcommand)]
    Setting(SettingCommand),
    /// Instruments that decisions rest on, kept like evidence: agreements, contracts, consents, refusals, orders.
    #[command(subcommand)]
    Instrument(InstrumentCommand),
    /// Joint-use agreements 共同利用.
    #[command(subcommand)]
    Agreement(AgreementCommand),
    /// Papers made from instruments: notices, consent forms, the responsibility sheet.
    #[command(subcommand)]
    Paper(PaperCommand),
    /// All instruments of the domain.
    #[command(subcommand)]
    Domain(DomainCommand),
    /// Records of provision and receipt 第三者提供の記録・確認記録 (Articles 29 and 30).
    #[command(subcommand)]
    Record(RecordCommand),
    /// Break-glass sessions 緊急時アクセス, and what has to be done after one.
    #[command(subcommand)]
    Emergency(EmergencyCommand),
    /// The audit journal, and the trail of all events that is made from it.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Say what would be decided about a document, from files alone: 0 permit, 3 deny, 2 files that cannot be read. Or
    /// work out a decision of the past again: 0 the same answer, 1 another, 2 it cannot be replayed.
    Decide(DecideArguments),
}

#[derive(Args, Debug)]
pub(crate) struct DecideArguments {
    /// File with the domain: what organisations and patients agreed to.
    #[arg(long, required_unless_present = "replay", requires = "request")]
    pub(crate) domain: Option<PathBuf>,
    /// File with the request and the document.
    #[arg(long, required_unless_present = "replay", requires = "domain")]
    pub(crate) request: Option<PathBuf>,
    /// A decision that the audit names, to be worked out again from what is kept of that day. The look becomes an event.
    #[arg(long, value_name = "DECISION", conflicts_with_all = ["domain", "request"])]
    pub(crate) replay: Option<uuid::Uuid>,
}

#[derive(Args, Debug)]
pub(crate) struct MigrateArguments {
    /// Also give the serving role (database.user) its rights.
    #[arg(long)]
    pub(crate) grant: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Enter an organisation, or a new version of one; with it, in law, the organisation and its legal entity.
    Add(OrgArguments),
    /// List the organisations in force.
    List,
    /// Show one organisation.
    Show {
        /// Its id.
        #[arg(long)]
        id: String,
    },
    /// End an organisation, its nodes with it, and its membership in law.
    End {
        /// Its id.
        #[arg(long)]
        id: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct OrgArguments {
    /// Ten-digit facility code 医療機関コード, or a name of your own.
    #[arg(long)]
    pub(crate) id: String,
    /// Name for people.
    #[arg(long)]
    pub(crate) name: String,
    /// Name in kana, for sorting.
    #[arg(long)]
    pub(crate) kana: Option<String>,
    /// Legal entity 事業者: organisations of one entity share their own records.
    #[arg(long)]
    pub(crate) entity: String,
    /// Name of the legal entity; of a new one the organisation's name unless given.
    #[arg(long)]
    pub(crate) entity_name: Option<String>,
    /// What it is: hospital (unless given), clinic, dental-clinic, pharmacy, visiting-nursing, care, reading-centre,
    /// laboratory, operator, municipality or other.
    #[arg(long, value_parser = organisation_kind)]
    pub(crate) kind: Option<OrganisationKind>,
    /// Address of the legal entity: records of provision name it (Act on the Protection of Personal Information,
    /// Articles 29 and 30).
    #[arg(long)]
    pub(crate) address: Option<String>,
    /// Representative of the legal entity, if it is a corporation: records of provision name them.
    #[arg(long)]
    pub(crate) representative: Option<String>,
    /// Further facility codes.
    #[arg(long = "facility-code")]
    pub(crate) facility_codes: Vec<String>,
    /// OIDs that authorInstitution names it by.
    #[arg(long = "oid")]
    pub(crate) oids: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// Bind a certificate to an organisation, or enter a new version of a node.
    Add(Box<NodeArguments>),
    /// List the nodes in force.
    List,
    /// Show one node.
    Show {
        /// Its name.
        #[arg(long)]
        name: String,
    },
    /// End a node: its certificate gets nothing any more, within two seconds.
    End {
        /// Its name.
        #[arg(long)]
        name: String,
    },
}

#[derive(Args, Debug)]
#[command(group(clap::ArgGroup::new("key").required(true).args(["certificate", "fingerprint"])))]
pub(crate) struct NodeArguments {
    /// Name of the node.
    #[arg(long)]
    pub(crate) name: String,
    /// Organisation that it belongs to.
    #[arg(long)]
    pub(crate) org: String,
    /// File with its certificate (PEM or DER).
    #[arg(long)]
    pub(crate) certificate: Option<PathBuf>,
    /// SHA-256 of the certificate, in hexadecimal, in place of the file.
    #[arg(long)]
    pub(crate) fingerprint: Option<String>,
    /// Transactions that it may send, such as ITI-18,ITI-41,ITI-43.
    #[arg(long, value_delimiter = ',', value_parser = transaction, required_unless_present = "rights")]
    pub(crate) allow: Vec<Transaction>,
    /// What it may do at the operator listener: operator (the operator API; a certificate for nothing else) or
    /// audit-consumer (ITI-81 and ITI-82).
    #[arg(long = "right", id = "rights", value_delimiter = ',', value_parser = right)]
    pub(crate) rights: Vec<Right>,
    /// Accept TLS 1.2 from it.
    #[arg(long)]
    pub(crate) allow_tls12: bool,
    /// It acts for the nodes that it names: a repository.
    #[arg(long)]
    pub(crate) acts_for_others: bool,
    /// Requests in flight that it may have, in place of the limit of all nodes.
    #[arg(long)]
    pub(crate) in_flight_max: Option<u32>,
    /// OIDs (sourceId) that it may publish under; any unless given.
    #[arg(long = "source-id")]
    pub(crate) source_ids: Vec<String>,
    /// Assigning authorities (OIDs) that it may feed patients of.
    #[arg(long = "feeds")]
    pub(crate) feeds: Vec<String>,
    /// Role of its user while it cannot send an assertion (needs the setting default_user_allowed).
    #[arg(long, requires = "default_purpose")]
    pub(crate) default_role: Option<String>,
    /// Purpose of use of that user, such as TREAT.
    #[arg(long, requires = "default_role")]
    pub(crate) default_purpose: Option<String>,
    /// That user signed in with two factors.
    #[arg(long, requires = "default_role")]
    pub(crate) default_two_factor: bool,
}

fn organisation_kind(text: &str) -> Result<OrganisationKind, String> {
    let name = text.to_ascii_uppercase().replace('-', "_");
    serde_json::from_value(name.into())
        .map_err(|_| format!("\"{text}\" is no kind of organisation; see --help"))
}

fn transaction(text: &str) -> Result<Transaction, String> {
    Transaction::from_name(text).ok_or_else(|| {
        let names: Vec<&str> = Transaction::ALL
            .iter()
            .map(|transaction| transaction.name())
            .collect();
        format!("one of {}", names.join(", "))
    })
}

fn right(text: &str) -> Result<Right, String> {
    Right::from_name(text).ok_or_else(|| {
        let names = Right::ALL.map(Right::name);
        format!("one of {}", names.join(", "))
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum PatientCommand {
    /// Enter a patient by hand, as the identity feed would.
    Add(PatientArguments),
    /// List patients by the beginning of their name in kana (or of the one form that was fed).
    List {
        /// Beginning of the name: hiragana, katakana and half-width are the same.
        #[arg(long)]
        name: Option<String>,
        /// Patients at most.
        #[arg(long, default_value_t = 50)]
        max: u32,
    },
    /// Show one patient.
    Show {
        /// CX text id^^^&OID&ISO, or the id alone under the domain's authority.
        #[arg(long)]
        id: String,
    },
}

#[derive(Args, Debug)]
pub(crate) struct PatientArguments {
    /// CX text id^^^&OID&ISO, or the id alone under the domain's authority.
    #[arg(long)]
    pub(crate) id: String,
    /// Name in kanji.
    #[arg(long)]
    pub(crate) kanji: Option<String>,
    /// Name in kana.
    #[arg(long)]
    pub(crate) kana: Option<String>,
    /// Name in letters.
    #[arg(long)]
    pub(crate) roman: Option<String>,
    /// Date of birth, YYYYMMDD.
    #[arg(long)]
    pub(crate) birth_date: Option<String>,
    /// Administrative sex: F, M, O, U.
    #[arg(long)]
    pub(crate) sex: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CodesCommand {
    /// Import code files; a file with a name that is there already replaces it. All, or none.
    Import {
        /// Files in the format of codes/affinity-domain.json.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// List the imported files and the size of each code list.
    List,
    /// Remove an imported file.
    Remove {
        /// Its name.
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum SettingCommand {
    /// Set a setting.
    Set {
        /// Its name: see `setting list`.
        name: String,
        /// Its value.
        value: String,
    },
    /// List every setting with its value and meaning.
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    #[command(flatten)]
    Journal(JournalCommand),
    /// Remove the oldest segments when their time is over, leaving a signed note. The server must not run.
    Expire(ExpireArguments),
    #[command(flatten)]
    Trail(TrailCommand),
}
