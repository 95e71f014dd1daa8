//! The configuration of a repository: one TOML file. `renkei-repository.sample.toml` shows every key.

use std::fs;
use std::path::{Path, PathBuf};

use actix_web::http::Uri;
use repository_store::{Bucket, Location};
use serde::Deserialize;
use xds_model::Oid;
use xds_model::exchange::path;
use xds_server::config::{
    AuditSection, ClinicalSection, Configuration, Limits, LogSection, NodeSection, StatusSection,
    TimeSection, XuaSection, rebase, rebase_material,
};
use xds_tls::MaterialPaths;
use zeroize::Zeroizing;

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who this process is.
    pub node: NodeSection,
    /// The listener for IHE transactions.
    pub clinical: ClinicalSection,
    /// Health and metrics.
    pub status: StatusSection,
    /// The audit journal.
    pub audit: AuditSection,
    /// The documents.
    pub repository: RepositorySection,
    /// The registry that they are registered in.
    pub registry: RegistrySection,
    /// The process's own log.
    #[serde(default)]
    pub log: LogSection,
    /// Where the clock is compared with.
    #[serde(default)]
    pub time: TimeSection,
    /// Assertions about users; without it they are passed over.
    #[serde(default)]
    pub xua: Option<XuaSection>,
    /// Every limit.
    #[serde(default)]
    pub limits: Limits,
}

/// `[repository]`: the documents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RepositorySection {
    /// repositoryUniqueId, an OID: never changed once documents are registered.
    #[serde(deserialize_with = "oid")]
    pub unique_id: Oid,
    /// Folder of the documents. This or `bucket`.
    #[serde(default)]
    pub data: Option<PathBuf>,
    /// Bucket of the documents. This or `data`.
    #[serde(default)]
    pub bucket: Option<BucketSection>,
    /// Files of the keys that documents are encrypted under: the one in use first, older ones after it.
    pub keys: Vec<PathBuf>,
}

/// `[repository.bucket]`: an S3-compatible bucket that knows conditional puts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketSection {
    /// Its name.
    pub name: String,
    /// The region.
    pub region: String,
    /// The service's URL, when it is not AWS.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Access key id.
    pub access_key_id: String,
    /// File of the secret access key.
    pub secret_access_key_file: PathBuf,
    /// Lets `endpoint` be plain http: on the same machine only.
    #[serde(default)]
    pub allow_http: bool,
}

/// `[registry]`: the registry that documents are registered in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistrySection {
    /// Its endpoint for ITI-42.
    pub url: String,
    /// Base address of its questions (`/nodes`, `/decision`, `/registered`). Default: `url`, which is right for
    /// a renkei-registry.
    #[serde(default)]
    pub questions_url: Option<String>,
    /// Certificate, key, roots and revocation lists for this connection. Default: those of `[clinical.tls]`.
    #[serde(default)]
    pub tls: Option<MaterialPaths>,
    /// Seconds until a connection stands.
    #[serde(default = "connect_seconds_max")]
    pub connect_seconds_max: u32,
    /// Seconds without progress until ITI-42 counts as unanswered.
    #[serde(default = "answer_seconds_max")]
    pub answer_seconds_max: u32,
    /// The same for questions.
    #[serde(default = "question_seconds_max")]
    pub question_seconds_max: u32,
    /// Seconds between two fetches of the list of enrolled nodes.
    #[serde(default = "nodes_seconds")]
    pub nodes_seconds: u32,
    /// Age in seconds at which the list of enrolled nodes counts no more: nobody is served then.
    #[serde(default = "nodes_age_seconds_max")]
    pub nodes_age_seconds_max: u32,
}

fn connect_seconds_max() -> u32 {
    3
}

fn answer_seconds_max() -> u32 {
    30
}

fn question_seconds_max() -> u32 {
    5
}

fn nodes_seconds() -> u32 {
    15
}

fn nodes_age_seconds_max() -> u32 {
    60
}

/// The longest age that a list of nodes may have: a revoked node must not be served longer.
const NODES_AGE_SECONDS_LIMIT: u32 = 60;

fn oid<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Oid, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(serde::de::Error::custom)
}

impl Configuration for Config {
    fn rebase(&mut self, base: &Path) {
        self.clinical.rebase(base);
        self.audit.rebase(base);
        self.repository.rebase(base);
        if let Some(xua) = &mut self.xua {
            xua.rebase(base);
        }
        if let Some(tls) = &mut self.registry.tls {
            rebase_material(tls, base);
        }
    }

    fn complaints(&self) -> Vec<String> {
        let mut complaints = self.status.complaints();
        complaints.extend(self.audit.complaints());
        complaints.extend(self.time.complaints());
        complaints.extend(self.xua.iter().flat_map(XuaSection::complaints));
        complaints.extend(self.repository.complaints());
        complaints.extend(self.registry.complaints());
        if endpoint_path(&self.clinical.public_url).is_none() {
            complaints.push("clinical.public_url is no https address".to_owned());
        }
        complaints
    }
}

impl Config {
    /// The path of the endpoint for ITI-41 and ITI-43: that of `clinical.public_url`.
    pub fn endpoint_path(&self) -> String {
        endpoint_path(&self.clinical.public_url).unwrap_or_else(|| "/".to_owned())
    }
}

impl RepositorySection {
    fn rebase(&mut self, base: &Path) {
        if let Some(data) = &mut self.data {
            rebase(data, base);
        }
        if let Some(bucket) = &mut self.bucket {
            rebase(&mut bucket.secret_access_key_file, base);
        }
        self.keys.iter_mut().for_each(|key| rebase(key, base));
    }

    fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.data.is_some() == self.bucket.is_some() {
            complaints
                .push("repository.data (a folder) or [repository.bucket] is needed, one of them".to_owned());
        }
        if self.keys.is_empty() {
            complaints.push("repository.keys names no file: `renkei-repository init` makes one".to_owned());
        }
        complaints
    }

    /// Where the documents are. Reads the secret of a bucket.
    ///
    /// # Errors
    /// When that file cannot be read.
    pub fn location(&self) -> std::io::Result<Location> {
        match (&self.bucket, &self.data) {
            (Some(bucket), _) => bucket.location(),
            (None, Some(folder)) => Ok(Location::Folder(folder.clone())),
            (None, None) => Err(std::io::ErrorKind::NotFound.into()),
        }
    }
}

impl BucketSection {
    fn location(&self) -> std::io::Result<Location> {
        let secret = Zeroizing::new(fs::read_to_string(&self.secret_access_key_file)?);
        Ok(Location::Bucket(Box::new(Bucket {
            name: self.name.clone(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            access_key_id: self.access_key_id.clone(),
            secret_access_key: Zeroizing::new(secret.trim().to_owned()),
            allow_http: self.allow_http,
        })))
    }
}

impl RegistrySection {
    fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if endpoint_path(&self.url).is_none() {
            complaints.push("registry.url is no https address".to_owned());
        }
        if self
            .questions_url
            .as_ref()
            .is_some_and(|url| endpoint_path(url).is_none())
        {
            complaints.push("registry.questions_url is no https address".to_owned());
        }
        if self.nodes_age_seconds_max > NODES_AGE_SECONDS_LIMIT {
            complaints.push(format!(
                "registry.nodes_age_seconds_max is more than {NODES_AGE_SECONDS_LIMIT}: a revoked node would be served too long"
            ));
        }
        if self.nodes_seconds == 0 || self.nodes_seconds >= self.nodes_age_seconds_max {
            complaints.push(
                "registry.nodes_seconds must be 1 or more and less than registry.nodes_age_seconds_max"
                    .to_owned(),
            );
        }
        complaints
    }

    /// The address of the list of enrolled nodes.
    pub fn nodes_url(&self) -> String {
        self.question(path::NODES)
    }

    /// The address of the decision point.
    pub fn decision_url(&self) -> String {
        self.question(path::DECISION)
    }

    /// The address of the question what became of a submission.
    pub fn registered_url(&self) -> String {
        self.question(path::REGISTERED)
    }

    fn question(&self, name: &str) -> String {
        let base = self.questions_url.as_ref().unwrap_or(&self.url);
        format!("{}/{name}", base.trim_end_matches('/'))
    }
}

/// The path of an https address; none for another one.
fn endpoint_path(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let is_https = uri.scheme_str() == Some("https") && uri.host().is_some_and(|host| !host.is_empty());
    is_https.then(|| uri.path().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> toml::Table {
        toml::from_str(include_str!("../renkei-repository.sample.toml")).unwrap()
    }

    fn parse(table: toml::Table) -> Config {
        Config::deserialize(table).unwrap()
    }

    #[test]
    fn the_sample_is_right_and_names_every_limit_with_its_default() {
        let table = sample();
        let limits = table["limits"].as_table().unwrap();
        for (name, value) in Limits::default().table() {
            let said = limits.get(name).and_then(toml::Value::as_integer);
            assert_eq!(said, i64::try_from(value).ok(), "limits.{name}");
        }
        assert_eq!(limits.len(), Limits::default().table().len());
        let config = parse(table);
        assert_eq!(config.complaints(), Vec::<String>::new());
        assert_eq!(config.endpoint_path(), "/xds/repository");
        assert_eq!(
            config.registry.nodes_url(),
            "https://registry.example.jp:8443/xds/registry/nodes"
        );
    }

    #[test]
    fn unknown_keys_are_refused() {
        for section in [
            "node",
            "clinical",
            "status",
            "audit",
            "repository",
            "registry",
            "log",
            "time",
            "limits",
        ] {
            let mut table = sample();
            table[section]
                .as_table_mut()
                .unwrap()
                .insert("typo".into(), true.into());
            assert!(Config::deserialize(table).is_err(), "{section}");
        }
    }

    #[test]
    fn contradictions_name_their_key() {
        let complaints_of = |section: &str, key: &str, value: toml::Value| {
            let mut table = sample();
            table[section].as_table_mut().unwrap().insert(key.into(), value);
            parse(table).complaints().join("; ")
        };
        assert!(complaints_of("registry", "url", "http://plain.example/".into()).contains("registry.url"));
        assert!(
            complaints_of("registry", "nodes_age_seconds_max", 61.into()).contains("nodes_age_seconds_max")
        );
        assert!(complaints_of("registry", "nodes_seconds", 60.into()).contains("nodes_seconds"));
        assert!(
            complaints_of("repository", "keys", toml::Value::Array(Vec::new())).contains("repository.keys")
        );
        assert!(complaints_of("status", "listen", "0.0.0.0:9".into()).contains("status.listen"));
    }

    #[test]
    fn the_questions_may_be_elsewhere() {
        let mut table = sample();
        table["registry"]
            .as_table_mut()
            .unwrap()
            .insert("questions_url".into(), "https://other.example/q/".into());
        assert_eq!(
            parse(table).registry.decision_url(),
            "https://other.example/q/decision"
        );
    }
}
