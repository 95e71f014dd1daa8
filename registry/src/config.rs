//! The registry's configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use registry_core::codes::AssigningAuthority;
use registry_store::StatementMode;
use serde::Deserialize;
use xds_model::Oid;
use xds_server::config::{
    AuditSection, ClinicalSection, Configuration, Limits, LogSection, NodeSection, StatusSection,
    TimeSection, XuaSection, rebase,
};

use crate::trail::AuditRepositorySection;

/// `renkei-registry.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Who this process is in its audit events.
    pub(crate) node: NodeSection,
    /// The registry itself.
    pub(crate) registry: RegistrySection,
    /// The listener for IHE transactions.
    pub(crate) clinical: ClinicalSection,
    /// The listener for the patient identity feed; without it patients come by the command line only.
    #[serde(default)]
    pub(crate) mllp: Option<MllpSection>,
    /// The listener for operators and audit consumers; without it there is no operator API.
    #[serde(default)]
    pub(crate) operator: Option<OperatorSection>,
    /// Health and metrics.
    pub(crate) status: StatusSection,
    /// The journal.
    pub(crate) audit: AuditSection,
    /// An existing PostgreSQL; without it the registry runs a private cluster.
    #[serde(default)]
    pub(crate) database: Option<DatabaseSection>,
    /// The private cluster.
    #[serde(default)]
    pub(crate) private_database: PrivateDatabaseSection,
    /// The registry as an Audit Record Repository.
    #[serde(default)]
    pub(crate) audit_repository: Option<AuditRepositorySection>,
    /// The process's log.
    #[serde(default)]
    pub(crate) log: LogSection,
    /// Where the clock is compared with.
    #[serde(default)]
    pub(crate) time: TimeSection,
    /// Assertions about users; without it they are passed over.
    #[serde(default)]
    pub(crate) xua: Option<XuaSection>,
    /// Every limit.
    #[serde(default)]
    pub(crate) limits: Limits,
}

/// `[registry]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistrySection {
    /// The OID under which this domain gives patient ids.
    pub(crate) assigning_authority: String,
    /// The namespace that a feed may name the authority by, in place of the OID.
    #[serde(default)]
    pub(crate) assigning_authority_namespace: Option<String>,
    /// Folder for the private cluster and other files of the registry.
    pub(crate) data: PathBuf,
}

/// `[mllp]`: the patient identity feed (ITI-8) over mutual TLS, with the certificates of `[clinical.tls]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MllpSection {
    /// Address and port.
    pub(crate) listen: SocketAddr,
    /// Minutes east of UTC of times without a zone: 540 is Japan.
    #[serde(default = "japan")]
    pub(crate) zone_minutes: i16,
}

fn japan() -> i16 {
    540
}

/// `[operator]`: the operator API, ITI-81 and ITI-82. TLS 1.3 with the certificates of `[clinical.tls]`, for nodes that
/// have a right there.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperatorSection {
    /// Address and port: those of no other listener.
    pub(crate) listen: SocketAddr,
    /// The address that clients use, without a path: links in answers begin with it.
    pub(crate) public_url: String,
}

impl OperatorSection {
    /// Complaints about its values, and about what it has in common with other listeners.
    fn complaints(&self, config: &Config) -> Vec<String> {
        let mut complaints = Vec::new();
        let others = [
            ("clinical", Some(config.clinical.listen)),
            ("mllp", config.mllp.as_ref().map(|mllp| mllp.listen)),
            ("status", Some(config.status.listen)),
            (
                "audit_repository",
                config
                    .audit_repository
                    .as_ref()
                    .map(|repository| repository.listen),
            ),
        ];
        let others = others.into_iter().filter_map(|(name, at)| Some((name, at?)));
        for (name, _) in others.filter(|(_, other)| is_shared(self.listen, *other)) {
            complaints.push(format!(
                "operator.listen is the address of {name}.listen: listeners are never mixed, give it another port"
            ));
        }
        let path = self.public_url.strip_prefix("https://").unwrap_or_default();
        if path.is_empty() || path.contains(['/', '?', '#', ' ', '"']) {
            complaints.push("operator.public_url is https://HOST:PORT, without a path".to_owned());
        }
        if config
            .database
            .as_ref()
            .is_some_and(|database| database.audit.is_none())
        {
            complaints.push("operator asks the audit trail: [database.audit] is required".to_owned());
        }
        complaints
    }
}

/// Whether two listeners would be at one address.
fn is_shared(one: SocketAddr, other: SocketAddr) -> bool {
    let any = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && (one.ip() == other.ip() || any)
}

/// `[database]`: an existing PostgreSQL 15 or later.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DatabaseSection {
    /// A folder with a Unix socket, or a host name. A host is always spoken to by TLS.
    pub(crate) host: String,
    /// Port.
    #[serde(default = "postgres_port")]
    pub(crate) port: u16,
    /// Database.
    pub(crate) name: String,
    /// Role of `serve`.
    pub(crate) user: String,
    /// File with its password.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
    /// Role of `migrate`; the same as `user` when it is absent.
    #[serde(default)]
    pub(crate) owner: Option<String>,
    /// File with the owner's password.
    #[serde(default)]
    pub(crate) owner_password_file: Option<PathBuf>,
    /// File with the CA of the server's certificate, for a host.
    #[serde(default)]
    pub(crate) ca: Option<PathBuf>,
    /// Connections at most.
    #[serde(default = "connections_max")]
    pub(crate) connections_max: usize,
    /// `prepared`, or `typed` behind a pgbouncer that pools transactions.
    #[serde(default)]
    pub(crate) statement_mode: StatementModeName,
    /// The roles of the audit trail; without them there is none.
    #[serde(default)]
    pub(crate) audit: Option<TrailRolesSection>,
}

/// `[database.audit]`: the roles of the audit trail, which `migrate --grant` gives their rights.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrailRolesSection {
    /// Port of PostgreSQL itself, where `database.port` is that of a pgbouncer.
    #[serde(default)]
    pub(crate) port: Option<u16>,
    /// Role that adds events.
    pub(crate) indexer: String,
    /// File with its password.
    #[serde(default)]
    pub(crate) indexer_password_file: Option<PathBuf>,
    /// Role that searches.
    pub(crate) reader: String,
    /// File with its password.
    #[serde(default)]
    pub(crate) reader_password_file: Option<PathBuf>,
    /// Role that sees what was withheld, and signs reviews.
    pub(crate) operator: String,
    /// File with its password.
    #[serde(default)]
    pub(crate) operator_password_file: Option<PathBuf>,
}

impl TrailRolesSection {
    fn files(&mut self) -> [&mut Option<PathBuf>; 3] {
        [
            &mut self.indexer_password_file,
            &mut self.reader_password_file,
            &mut self.operator_password_file,
        ]
    }

    /// The roles part the rights; one that owns the tables, or is another one too, parts nothing.
    fn complaints(&self, database: &DatabaseSection) -> Vec<String> {
        let roles = [&self.indexer, &self.reader, &self.operator];
        let owner = database.owner.as_ref().unwrap_or(&database.user);
        let mut complaints = Vec::new();
        if roles.contains(&owner) || roles.contains(&&database.user) {
            complaints.push(
                "database.audit: its roles are others than database.user and database.owner".to_owned(),
            );
        }
        if self.indexer == self.reader || self.indexer == self.operator || self.reader == self.operator {
            complaints.push("database.audit: indexer, reader and operator are three roles".to_owned());
        }
        complaints
    }
}

fn postgres_port() -> u16 {
    5432
}

fn connections_max() -> usize {
    16
}

/// How statements are sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StatementModeName {
    /// Prepared once for each connection.
    #[default]
    Prepared,
    /// With their types each time.
    Typed,
}

impl From<StatementModeName> for StatementMode {
    fn from(name: StatementModeName) -> Self {
        match name {
            StatementModeName::Prepared => Self::Prepared,
            StatementModeName::Typed => Self::Typed,
        }
    }
}

/// `[private_database]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PrivateDatabaseSection {
    /// Folder of the PostgreSQL binaries; found by itself when absent.
    pub(crate) binaries: Option<PathBuf>,
    /// Whether PostgreSQL goes on running when the registry stops.
    pub(crate) keep_running: bool,
}

impl Configuration for Config {
    fn rebase(&mut self, base: &Path) {
        rebase(&mut self.registry.data, base);
        if let Some(binaries) = &mut self.private_database.binaries {
            rebase(binaries, base);
        }
        self.clinical.rebase(base);
        self.audit.rebase(base);
        if let Some(xua) = &mut self.xua {
            xua.rebase(base);
        }
        if let Some(database) = &mut self.database {
            let files = [
                &mut database.password_file,
                &mut database.owner_password_file,
                &mut database.ca,
            ];
            let trail = database.audit.iter_mut().flat_map(TrailRolesSection::files);
            for file in files.into_iter().chain(trail).flatten() {
                rebase(file, base);
            }
        }
    }

    fn complaints(&self) -> Vec<String> {
        let mut complaints = self.status.complaints();
        complaints.extend(self.audit.complaints());
        complaints.extend(self.time.complaints());
        complaints.extend(self.xua.iter().flat_map(XuaSection::complaints));
        if let Err(error) = self.registry.assigning_authority.parse::<Oid>() {
            complaints.push(format!("registry.assigning_authority: {error}"));
        }
        if let Some(mllp) = &self.mllp {
            if mllp.listen == self.clinical.listen {
                complaints
                    .push("mllp.listen is the address of clinical.listen: give it another port".to_owned());
            }
            if !(-14 * 60..=14 * 60).contains(&mllp.zone_minutes) {
                complaints.push("mllp.zone_minutes is between -840 and 840; 540 is Japan".to_owned());
            }
        }
        if let Some(operator) = &self.operator {
            complaints.extend(operator.complaints(self));
        }
        if let Some(database) = &self.database
            && !database.host.starts_with('/')
            && database.ca.is_none()
        {
            complaints.push(
                "database.ca names the CA of the database server's certificate; it is required for a host"
                    .to_owned(),
            );
        }
        if let Some(database) = &self.database
            && let Some(roles) = &database.audit
        {
            complaints.extend(roles.complaints(database));
        }
        if let Some(repository) = &self.audit_repository {
            complaints.extend(repository.complaints());
            if self
                .database
                .as_ref()
                .is_some_and(|database| database.audit.is_none())
            {
                complaints.push(
                    "audit_repository keeps messages in the audit trail: [database.audit] is required"
                        .to_owned(),
                );
            }
        }
        complaints
    }
}

impl Config {
    /// The same with its namespace, as a feed may name it.
    pub(crate) fn assigning_authority(&self) -> Option<AssigningAuthority> {
        let name = self
            .registry
            .assigning_authority_namespace
            .clone()
            .unwrap_or_default();
        self.authority().map(|oid| AssigningAuthority { oid, name })
    }

    /// The authority under which this domain gives patient ids. `complaints` has checked it.
    pub(crate) fn authority(&self) -> Option<Oid> {
        self.registry.assigning_authority.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use xds_server::config::load;

    use super::*;

    const SAMPLE: &str = include_str!("../renkei-registry.sample.toml");
    const REPOSITORY_SAMPLE: &str = include_str!("../../repository/renkei-repository.sample.toml");

    fn loaded(name: &str, text: &str) -> Config {
        let name = format!("renkei-registry-sample-{}-{name}.toml", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, text).unwrap();
        let config = load(&file);
        std::fs::remove_file(&file).unwrap();
        config.unwrap()
    }

    /// The sample with its optional keys and sections in force.
    fn with_options() -> String {
        let option = |line: &str| {
            let text = line.strip_prefix("# ")?;
            let key = text.split(" = ").next().filter(|key| *key != text);
            let is_key = key.is_some_and(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
            (is_key || text.starts_with('[')).then(|| text.to_owned())
        };
        SAMPLE
            .lines()
            .map(|line| option(line).unwrap_or_else(|| line.to_owned()) + "\n")
            .collect()
    }

    #[test]
    fn the_sample_is_right_with_and_without_its_options() {
        let config = loaded("plain", SAMPLE);
        assert_eq!(config.limits, Limits::default());
        assert!(config.database.is_none() && config.mllp.is_some());
        let config = loaded("options", &with_options());
        let database = config.database.unwrap();
        assert_eq!((database.port, database.connections_max), (5432, 16));
        assert!(database.ca.is_some() && database.owner_password_file.is_some());
        assert!(database.audit.unwrap().indexer_password_file.is_some());
        let repository = config.audit_repository.unwrap();
        assert_eq!(repository.limits().message_bytes_max, 8 * 1024 * 1024);
        assert!(repository.udp_listen.is_some());
        assert!(config.private_database.binaries.is_some());
        assert!(config.node.enterprise_site_id.is_some());
        let xua = config.xua.unwrap();
        assert_eq!((xua.required, xua.issuer.len()), (true, 1));
    }

    #[test]
    fn roles_of_the_trail_are_three_and_own_nothing() {
        let roles = |indexer: &str, reader: &str| {
            let text = with_options()
                .replace("\"renkei_audit_indexer\"", &format!("\"{indexer}\""))
                .replace("\"renkei_audit_reader\"", &format!("\"{reader}\""));
            let name = format!("renkei-roles-{}-{indexer}-{reader}.toml", std::process::id());
            let file = std::env::temp_dir().join(name);
            std::fs::write(&file, text).unwrap();
            let loaded = load::<Config>(&file).map(drop).map_err(|error| error.to_string());
            std::fs::remove_file(&file).unwrap();
            loaded
        };
        roles("a", "b").unwrap();
        assert!(roles("a", "a").unwrap_err().contains("three roles"));
        for taken in ["renkei_owner", "renkei_registry"] {
            assert!(roles(taken, "b").unwrap_err().contains("others than"), "{taken}");
        }
    }

    #[test]
    fn the_operator_listener_is_apart_from_all_others() {
        let complaints = |change: fn(&mut Config)| {
            let mut config = loaded("operator", &with_options());
            change(&mut config);
            config.complaints().join("; ")
        };
        assert_eq!(complaints(|_| ()), "");
        let taken = complaints(|config| {
            let clinical = config.clinical.listen;
            config.operator.as_mut().unwrap().listen = SocketAddr::from(([127, 0, 0, 1], clinical.port()));
        });
        assert!(
            taken.contains("operator.listen is the address of clinical.listen"),
            "{taken}"
        );
        let status = complaints(|config| {
            config.operator.as_mut().unwrap().listen = config.status.listen;
        });
        assert!(status.contains("status.listen"), "{status}");
        for wrong in ["http://x", "https://", "https://x/y", "https://x\""] {
            let mut config = loaded("operator-url", &with_options());
            config.operator.as_mut().unwrap().public_url = wrong.to_owned();
            assert!(
                config.complaints().join("").contains("operator.public_url"),
                "{wrong}"
            );
        }
        let trail = complaints(|config| config.database.as_mut().unwrap().audit = None);
        assert!(trail.contains("operator asks the audit trail"), "{trail}");
    }

    #[test]
    fn both_samples_name_every_limit_with_its_default() {
        for sample in [SAMPLE, REPOSITORY_SAMPLE] {
            let (_, limits) = sample.split_once("\n[limits]\n").unwrap();
            let said: Vec<&str> = limits.lines().filter(|line| !line.starts_with('#')).collect();
            let table = Limits::default().table();
            let wanted: Vec<String> = table
                .into_iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect();
            assert_eq!(said, wanted);
        }
    }
}
