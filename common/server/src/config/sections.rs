//! The sections that every server's configuration has.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use xds_tls::MaterialPaths;

use super::rebase;

/// `[node]`: who this process is in its audit events.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeSection {
    /// AuditSourceID: a name that is unique in the network, such as `registry-1`.
    pub audit_source_id: String,
    /// AuditEnterpriseSiteID: the OID or name of the site.
    #[serde(default)]
    pub enterprise_site_id: Option<String>,
}

/// `[clinical]`: the listener for IHE transactions. Always mutual TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicalSection {
    /// Address and port.
    pub listen: SocketAddr,
    /// The address that clients use, with its path: it stands in audit events and in `doctor`.
    pub public_url: String,
    /// Worker threads; 0 means one for each processor core.
    #[serde(default)]
    pub workers: usize,
    /// Whether every SOAP fault is sent with HTTP status 500, for old toolkits that expect it.
    #[serde(default)]
    pub fault_status_always_500: bool,
    /// Certificate, key, trusted roots, revocation lists.
    pub tls: MaterialPaths,
}

impl ClinicalSection {
    /// See [`super::Configuration::rebase`].
    pub fn rebase(&mut self, base: &Path) {
        rebase_material(&mut self.tls, base);
    }
}

/// Makes the paths of TLS material relative to a folder.
pub fn rebase_material(paths: &mut MaterialPaths, base: &Path) {
    rebase(&mut paths.certificate, base);
    rebase(&mut paths.key, base);
    for path in paths
        .trusted_roots
        .iter_mut()
        .chain(&mut paths.crls)
        .chain(&mut paths.directly_trusted)
    {
        rebase(path, base);
    }
}

/// `[status]`: health and metrics, on the loopback interface unless told otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusSection {
    /// Address and port.
    pub listen: SocketAddr,
    /// Lets `listen` be another address than loopback: metrics hold no patient data, but are nobody's business.
    #[serde(default)]
    pub allow_remote: bool,
}

impl StatusSection {
    /// Complaints about the address.
    pub fn complaints(&self) -> Vec<String> {
        if self.listen.ip().is_loopback() || self.allow_remote {
            Vec::new()
        } else {
            vec![
                "status.listen is no loopback address: use 127.0.0.1, or set status.allow_remote = true"
                    .to_owned(),
            ]
        }
    }
}

/// `[audit]`: the journal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSection {
    /// Folder of the journal, on an encrypted volume.
    pub journal: PathBuf,
    /// Bytes of free space below which requests are refused.
    #[serde(default = "free_bytes_min")]
    pub free_bytes_min: u64,
}

fn free_bytes_min() -> u64 {
    256 * 1024 * 1024
}

impl AuditSection {
    /// See [`super::Configuration::rebase`].
    pub fn rebase(&mut self, base: &Path) {
        rebase(&mut self.journal, base);
    }
}

/// `[log]`: the process's own log, on standard error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSection {
    /// `json` for machines, `text` for people.
    pub format: LogFormat,
    /// A filter such as `info` or `info,renkei_registry=debug`.
    pub level: Option<String>,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// One JSON object a line.
    #[default]
    Json,
    /// Lines for people.
    Text,
}

/// `[time]`: where the clock is compared with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimeSection {
    /// NTP servers as host:port. Empty: the clock is not checked, and `doctor` says so loudly.
    pub ntp_servers: Vec<String>,
}
