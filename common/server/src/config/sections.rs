//! The sections that every server's configuration has.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use xds_audit::JournalOptions;
use xds_audit::expire::{RETENTION_YEARS, RETENTION_YEARS_MIN};
use xds_tls::MaterialPaths;

use super::destination::DestinationSection;
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
    /// The key that signs checkpoints, made if it is missing; `None`: beside the folder, as `<folder>-key.pk8`.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
    /// Whether full segments are compressed.
    #[serde(default = "seal")]
    pub seal: bool,
    /// Where compressed segments are moved to; it must be there.
    #[serde(default)]
    pub cold_folder: Option<PathBuf>,
    /// Years after which `audit expire` may remove records; never less than the law's three.
    #[serde(default = "retention_years")]
    pub retention_years: u32,
    /// Audit Record Repositories that events are delivered to.
    #[serde(default)]
    pub destination: Vec<DestinationSection>,
}

fn seal() -> bool {
    true
}

fn retention_years() -> u32 {
    RETENTION_YEARS
}

fn free_bytes_min() -> u64 {
    256 * 1024 * 1024
}

impl AuditSection {
    /// A journal in this folder, and every other key as if it were not there.
    pub fn in_folder(journal: PathBuf) -> Self {
        Self {
            journal,
            free_bytes_min: free_bytes_min(),
            key_file: None,
            seal: seal(),
            cold_folder: None,
            retention_years: retention_years(),
            destination: Vec::new(),
        }
    }

    /// See [`super::Configuration::rebase`].
    pub fn rebase(&mut self, base: &Path) {
        rebase(&mut self.journal, base);
        for path in self.key_file.iter_mut().chain(&mut self.cold_folder) {
            rebase(path, base);
        }
        for destination in &mut self.destination {
            destination.rebase(base);
        }
    }

    /// Complaints about values.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.retention_years < RETENTION_YEARS_MIN {
            complaints.push(format!(
                "audit.retention_years is at least {RETENTION_YEARS_MIN}, by law"
            ));
        }
        if self.cold_folder.as_ref() == Some(&self.journal) {
            complaints
                .push("audit.cold_folder is the folder of audit.journal: give it another one".to_owned());
        }
        let mut names = std::collections::BTreeSet::new();
        for destination in &self.destination {
            complaints.extend(destination.complaints());
            if !names.insert(&destination.name) {
                complaints.push(format!(
                    "audit.destination: the name {} is given twice",
                    destination.name
                ));
            }
        }
        complaints
    }

    /// Where the audit key is, or will be made: as configured, else where an earlier release made it (inside the
    /// folder), else beside the folder.
    pub fn key_path(&self) -> PathBuf {
        let inside = self.journal.join("audit-key.pk8");
        match &self.key_file {
            Some(file) => file.clone(),
            None if inside.exists() => inside,
            None => {
                let mut name = self.journal.file_name().unwrap_or_default().to_owned();
                name.push("-key.pk8");
                self.journal.with_file_name(name)
            }
        }
    }

    /// Where delivery remembers how far it got.
    pub fn delivery_folder(&self) -> PathBuf {
        let mut name = self.journal.file_name().unwrap_or_default().to_owned();
        name.push("-delivery");
        self.journal.with_file_name(name)
    }

    /// Where it is kept when the clock was last seen to be right.
    pub fn clock_file(&self) -> PathBuf {
        let mut name = self.journal.file_name().unwrap_or_default().to_owned();
        name.push("-clock");
        self.journal.with_file_name(name)
    }

    /// Where it is kept which assertions about users were used.
    pub fn assertions_file(&self) -> PathBuf {
        let mut name = self.journal.file_name().unwrap_or_default().to_owned();
        name.push("-assertions");
        self.journal.with_file_name(name)
    }

    /// As the journal takes it.
    pub fn journal_options(&self) -> JournalOptions {
        JournalOptions {
            free_bytes_min: self.free_bytes_min,
            key_file: Some(self.key_path()),
            seal: self.seal,
            cold_folder: self.cold_folder.clone(),
            ..JournalOptions::default()
        }
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
