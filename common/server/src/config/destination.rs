//! `[[audit.destination]]`: Audit Record Repositories that events are delivered to (ITI-20).

use std::path::Path;

use serde::Deserialize;
use xds_syslog::sender::DestinationName;
use xds_tls::MaterialPaths;

use super::sections::rebase_material;

/// One Audit Record Repository.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestinationSection {
    /// Its name here: letters, digits, `-` and `_`. It also names the file that remembers how far delivery got.
    pub name: String,
    /// `host:port`.
    pub address: String,
    /// `tls` (RFC 5425) or `udp` (RFC 5426: unencrypted, may lose and truncate messages).
    #[serde(default)]
    pub transport: SyslogTransport,
    /// The name that its certificate is judged by; the host of `address` unless given.
    #[serde(default)]
    pub server_name: Option<String>,
    /// Speak TLS 1.2 too, where this receiver cannot do better.
    #[serde(default)]
    pub allow_tls12: bool,
    /// Demand that its certificate names the host.
    #[serde(default)]
    pub fqdn_check: bool,
    /// Our certificate for it and whom we trust; those of `[clinical.tls]` unless given.
    #[serde(default)]
    pub tls: Option<MaterialPaths>,
}

/// How a destination is reached.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum SyslogTransport {
    /// RFC 5425, mutual TLS.
    #[default]
    Tls,
    /// RFC 5426.
    Udp,
}

impl DestinationSection {
    /// See [`super::Configuration::rebase`].
    pub fn rebase(&mut self, base: &Path) {
        if let Some(tls) = &mut self.tls {
            rebase_material(tls, base);
        }
    }

    /// The host of the address.
    pub fn host(&self) -> &str {
        let host = self
            .address
            .rsplit_once(':')
            .map_or(self.address.as_str(), |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// Complaints about values.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.name.parse::<DestinationName>().is_err() {
            complaints.push(format!(
                "audit.destination name \"{}\": use a-z, 0-9, - and _, at most 64 of them",
                self.name
            ));
        }
        let port = self
            .address
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() || self.host().is_empty() {
            complaints.push(format!(
                "audit.destination {}: address is \"host:port\", such as \"arr.example.jp:6514\"",
                self.name
            ));
        }
        complaints
    }
}
