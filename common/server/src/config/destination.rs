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
    /// What it speaks.
    #[serde(default)]
    pub protocol: FeedProtocol,
    /// `host:port`, of a receiver of syslog.
    #[serde(default)]
    pub address: String,
    /// The base address of a receiver of FHIR: AuditEvents are posted to it and to `AuditEvent` below it.
    #[serde(default)]
    pub url: Option<String>,
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

/// The interactions of ITI-20.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum FeedProtocol {
    /// Syslog with the DICOM form.
    #[default]
    Syslog,
    /// FHIR AuditEvents by HTTPS (ATX: FHIR Feed).
    Fhir,
}

/// How a destination of syslog is reached.
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
        let complaint = match self.protocol {
            FeedProtocol::Syslog => self.syslog_complaint(),
            FeedProtocol::Fhir => self.fhir_complaint(),
        };
        complaints.extend(complaint.map(|what| format!("audit.destination {}: {what}", self.name)));
        complaints
    }

    fn syslog_complaint(&self) -> Option<&'static str> {
        let port = self
            .address
            .rsplit_once(':')
            .and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() || self.host().is_empty() {
            return Some("address is \"host:port\", such as \"arr.example.jp:6514\"");
        }
        self.url.as_ref().map(|_| "url is for protocol = \"fhir\"")
    }

    fn fhir_complaint(&self) -> Option<&'static str> {
        let url = self.url.as_deref().unwrap_or_default();
        let is_https = url
            .strip_prefix("https://")
            .is_some_and(|rest| !rest.is_empty() && !rest.contains(['?', '#', ' ']));
        if !is_https {
            return Some("url is the https base address, such as \"https://arr.example.jp/fhir\"");
        }
        let syslog_only =
            !self.address.is_empty() || self.server_name.is_some() || self.transport == SyslogTransport::Udp;
        syslog_only.then_some("address, transport and server_name are for protocol = \"syslog\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(text: &str) -> usize {
        let section: DestinationSection = toml::from_str(text).unwrap();
        section.complaints().len()
    }

    #[test]
    fn each_protocol_has_an_address_of_its_own() {
        let fhir = "name = \"arr\"\nprotocol = \"fhir\"\n";
        let syslog = "name = \"arr\"\naddress = \"arr.example.jp:6514\"\n";
        assert_eq!(complaints(syslog), 0);
        assert_eq!(
            complaints(&format!("{fhir}url = \"https://arr.example.jp/fhir\"")),
            0
        );
        for bad in [
            fhir.to_owned(),
            format!("{fhir}url = \"http://arr.example.jp/fhir\""),
            format!("{fhir}url = \"https://\""),
            format!("{fhir}url = \"https://arr.example.jp/fhir?a\""),
            format!("{fhir}url = \"https://arr.example.jp\"\naddress = \"arr.example.jp:6514\""),
            format!("{fhir}url = \"https://arr.example.jp\"\ntransport = \"udp\""),
            format!("{syslog}url = \"https://arr.example.jp/fhir\""),
            "name = \"arr\"".to_owned(),
        ] {
            assert_eq!(complaints(&bad), 1, "{bad}");
        }
    }
}
