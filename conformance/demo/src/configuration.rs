//! Step 2: free ports, and the configuration files of both servers.

use std::io;

use xds_testkit::port;

use crate::network::{
    ASSERTION_AUDIENCE, ASSERTION_ISSUER, AUTHORITY, AUTHORITY_NAME, OPERATOR, ORGANISATIONS, REPOSITORY,
};
use crate::pki::IDENTITY_PROVIDER;

/// Where the servers listen, all on the loopback interface.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ports {
    /// The registry, HTTPS.
    pub(crate) registry: u16,
    /// The registry's patient identity feed.
    pub(crate) mllp: u16,
    /// The registry's health and metrics.
    pub(crate) registry_status: u16,
    /// The registry as an Audit Record Repository, syslog over TLS.
    pub(crate) audit: u16,
    /// The repository, HTTPS.
    pub(crate) repository: u16,
    /// The repository's health and metrics.
    pub(crate) repository_status: u16,
}

impl Ports {
    /// Ports that are this process's own.
    pub(crate) fn pick() -> io::Result<Self> {
        Ok(Self {
            registry: port()?,
            mllp: port()?,
            registry_status: port()?,
            audit: port()?,
            repository: port()?,
            repository_status: port()?,
        })
    }

    /// The registry's endpoint for ITI-18 and ITI-42.
    pub(crate) fn registry_url(&self) -> String {
        format!("https://localhost:{}/xds/registry", self.registry)
    }

    /// The repository's endpoint for ITI-41 and ITI-43.
    pub(crate) fn repository_url(&self) -> String {
        format!("https://localhost:{}/xds/repository", self.repository)
    }

    /// host:port of the patient identity feed.
    pub(crate) fn feed(&self) -> String {
        format!("localhost:{}", self.mllp)
    }
}

/// registry.toml. Paths are relative to its folder.
pub(crate) fn registry(ports: &Ports) -> String {
    let tls = tls("registry-server");
    let (clinical, mllp, status, audit, url) = (
        ports.registry,
        ports.mllp,
        ports.registry_status,
        ports.audit,
        ports.registry_url(),
    );
    format!(
        "# The registry of the demo network. Made by renkei-demo at each start.

[node]
audit_source_id = \"registry-demo\"

[registry]
assigning_authority = \"{AUTHORITY}\"
assigning_authority_namespace = \"{AUTHORITY_NAME}\"
data = \"data/registry\"

[clinical]
listen = \"127.0.0.1:{clinical}\"
public_url = \"{url}\"
{tls}
[mllp]
listen = \"127.0.0.1:{mllp}\"

[status]
listen = \"127.0.0.1:{status}\"

[audit]
journal = \"journal/registry\"

[audit_repository]
listen = \"127.0.0.1:{audit}\"
{xua}
[log]
format = \"text\"
level = \"info\"
",
        xua = xua(ports)
    )
}

/// repository.toml. Paths are relative to its folder.
pub(crate) fn repository(ports: &Ports) -> String {
    let (server, client, deliverer) = (
        tls("repository-server"),
        tls("repository").replace("[clinical.tls]", "[registry.tls]"),
        tls("repository").replace("[clinical.tls]", "[audit.destination.tls]"),
    );
    let (clinical, status, audit, url, registry) = (
        ports.repository,
        ports.repository_status,
        ports.audit,
        ports.repository_url(),
        ports.registry_url(),
    );
    format!(
        "# The repository of the demo network. Made by renkei-demo at each start.

[node]
audit_source_id = \"repository-demo\"

[clinical]
listen = \"127.0.0.1:{clinical}\"
public_url = \"{url}\"
{server}
[status]
listen = \"127.0.0.1:{status}\"

[audit]
journal = \"journal/repository\"

[[audit.destination]]
name = \"registry\"
address = \"127.0.0.1:{audit}\"
server_name = \"localhost\"
{deliverer}
[repository]
unique_id = \"{REPOSITORY}\"
data = \"data/repository\"
keys = [\"{KEY}\"]

[registry]
url = \"{registry}\"
questions_url = \"{registry}\"
# The list of nodes is short here, and the demo does not want to wait for it.
nodes_seconds = 2
{client}{xua}
[log]
format = \"text\"
level = \"info\"
",
        xua = xua(ports)
    )
}

/// `[xua]` of both: the demo's assertion provider, for every organisation but the operator.
fn xua(ports: &Ports) -> String {
    let (registry, repository) = (ports.registry_url(), ports.repository_url());
    let mut text = format!(
        "
[xua]
audiences = [\"{ASSERTION_AUDIENCE}\", \"{registry}\", \"{repository}\"]
recipients = [\"{registry}\", \"{repository}\"]

[[xua.issuer]]
entity_id = \"{ASSERTION_ISSUER}\"
certificates = [\"pki/{IDENTITY_PROVIDER}.pem\"]
"
    );
    for organisation in ORGANISATIONS.into_iter().filter(|one| one.id != OPERATOR) {
        text.push_str(&format!(
            "
[[xua.issuer.organisation]]
id = \"{}\"
organization_ids = [\"{}\"]
",
            organisation.id,
            organisation.organization_id()
        ));
    }
    text
}

/// The key that documents are encrypted under, in the demo's folder.
const KEY: &str = "keys/documents.key";

fn tls(name: &str) -> String {
    format!(
        "
[clinical.tls]
certificate = \"pki/{name}.pem\"
key = \"pki/{name}.key\"
trusted_roots = [\"pki/ca.pem\"]
crls = [\"pki/ca.crl\"]
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_files_are_toml_with_the_ports_that_were_picked() {
        let ports = Ports::pick().unwrap();
        let registry: toml::Table = toml::from_str(&registry(&ports)).unwrap();
        assert_eq!(
            registry["mllp"]["listen"].as_str(),
            Some(format!("127.0.0.1:{}", ports.mllp).as_str())
        );
        assert_eq!(
            registry["clinical"]["tls"]["key"].as_str(),
            Some("pki/registry-server.key")
        );
        let repository: toml::Table = toml::from_str(&repository(&ports)).unwrap();
        assert_eq!(
            repository["registry"]["url"].as_str(),
            Some(ports.registry_url().as_str())
        );
        assert_eq!(
            repository["registry"]["tls"]["key"].as_str(),
            Some("pki/repository.key")
        );
        assert_eq!(
            repository["clinical"]["tls"]["key"].as_str(),
            Some("pki/repository-server.key")
        );
    }

    #[test]
    fn ports_differ() {
        let ports = Ports::pick().unwrap();
        let mut all = [
            ports.registry,
            ports.mllp,
            ports.registry_status,
            ports.repository,
            ports.repository_status,
        ];
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
