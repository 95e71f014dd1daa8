//! `endpoints.json`: what an outside client needs to know. Every path is absolute, every address complete.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::configuration::Ports;
use crate::folders::Folders;
use crate::network::{ASSERTION_AUDIENCE, ASSERTION_ISSUER, AUTHORITY, NODES, PATIENTS, REPOSITORY, Role};
use crate::pki::IDENTITY_PROVIDER;

/// The whole file.
#[derive(Debug, Serialize)]
pub(crate) struct Endpoints {
    ca: String,
    registry: Registry,
    repository: Repository,
    assigning_authority: &'static str,
    patients: Vec<Patient>,
    nodes: BTreeMap<&'static str, Node>,
    xua: Assertions,
    metrics: Both,
    journal: Both,
    config: Both,
}

#[derive(Debug, Serialize)]
struct Registry {
    url: String,
    mllp: String,
}

#[derive(Debug, Serialize)]
struct Repository {
    url: String,
    unique_id: &'static str,
}

#[derive(Debug, Serialize)]
struct Patient {
    id: String,
    kanji: String,
    kana: String,
    latin: String,
    birth_date: &'static str,
}

#[derive(Debug, Serialize)]
struct Node {
    cert: String,
    key: String,
    organisation: &'static str,
    organisation_name: &'static str,
    /// What an assertion calls it.
    organization_id: String,
}

#[derive(Debug, Serialize)]
struct Assertions {
    cert: String,
    key: String,
    issuer: &'static str,
    audience: &'static str,
}

#[derive(Debug, Serialize)]
struct Both {
    registry: String,
    repository: String,
}

impl Endpoints {
    /// Of the demo in these folders at these ports.
    pub(crate) fn new(folders: &Folders, ports: &Ports) -> Self {
        let file = |name: &str| text(&folders.pki().join(name));
        let both = |path: &dyn Fn(&str) -> String| Both {
            registry: path("registry"),
            repository: path("repository"),
        };
        Self {
            ca: file("ca.pem"),
            registry: Registry {
                url: ports.registry_url(),
                mllp: ports.feed(),
            },
            repository: Repository {
                url: ports.repository_url(),
                unique_id: REPOSITORY,
            },
            assigning_authority: AUTHORITY,
            patients: PATIENTS.iter().map(Patient::from).collect(),
            nodes: NODES
                .iter()
                .filter(|node| node.role != Role::Repository)
                .map(|node| {
                    let entry = Node {
                        cert: file(&format!("{}.pem", node.name)),
                        key: file(&format!("{}.key", node.name)),
                        organisation: node.organisation.id,
                        organisation_name: node.organisation.name,
                        organization_id: node.organisation.organization_id(),
                    };
                    (node.name, entry)
                })
                .collect(),
            xua: Assertions {
                cert: file(&format!("{IDENTITY_PROVIDER}.pem")),
                key: file(&format!("{IDENTITY_PROVIDER}.key")),
                issuer: ASSERTION_ISSUER,
                audience: ASSERTION_AUDIENCE,
            },
            metrics: Both {
                registry: metrics(ports.registry_status),
                repository: metrics(ports.repository_status),
            },
            journal: both(&|server| text(&folders.journal(server))),
            config: both(&|server| text(&folders.config(server))),
        }
    }
}

impl From<&crate::network::Patient> for Patient {
    fn from(patient: &crate::network::Patient) -> Self {
        let joined = |(family, given): (&str, &str)| format!("{family} {given}");
        Self {
            id: patient.id(),
            kanji: joined(patient.kanji),
            kana: joined(patient.kana),
            latin: joined(patient.latin),
            birth_date: patient.birth,
        }
    }
}

fn metrics(port: u16) -> String {
    format!("http://127.0.0.1:{port}/metrics")
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn has_everything_that_was_promised_to_outside_clients() {
        let folders = Folders { base: "/x".into() };
        let ports = Ports {
            registry: 1,
            mllp: 2,
            registry_status: 3,
            audit: 6,
            repository: 4,
            repository_status: 5,
        };
        let file = serde_json::to_value(Endpoints::new(&folders, &ports)).unwrap();
        for (pointer, expected) in [
            ("/ca", "/x/pki/ca.pem"),
            ("/registry/url", "https://localhost:1/xds/registry"),
            ("/registry/mllp", "localhost:2"),
            ("/repository/url", "https://localhost:4/xds/repository"),
            ("/repository/unique_id", "1.2.392.9.9.9.2"),
            ("/assigning_authority", "1.2.392.9.9.9.1"),
            ("/patients/0/id", "R0000001^^^&1.2.392.9.9.9.1&ISO"),
            ("/patients/5/kanji", "𠮷田 さくら"),
            ("/nodes/c3/cert", "/x/pki/c3.pem"),
            ("/nodes/h1/key", "/x/pki/h1.key"),
            ("/nodes/h2/organisation", "1311234575"),
            ("/xua/cert", "/x/pki/idp.pem"),
            ("/xua/key", "/x/pki/idp.key"),
            ("/xua/audience", "urn:oid:1.2.392.9.9.9"),
            ("/nodes/c1/organization_id", "urn:oid:1.2.392.9.9.9.4.1312345678"),
            ("/xua/issuer", "https://idp.renkei.example/demo"),
            ("/metrics/registry", "http://127.0.0.1:3/metrics"),
            ("/metrics/repository", "http://127.0.0.1:5/metrics"),
            ("/journal/repository", "/x/journal/repository"),
            ("/config/registry", "/x/registry.toml"),
        ] {
            assert_eq!(
                file.pointer(pointer).and_then(Value::as_str),
                Some(expected),
                "{pointer}"
            );
        }
        let nodes: Vec<&String> = file["nodes"].as_object().unwrap().keys().collect();
        assert_eq!(nodes, ["c1", "c2", "c3", "h1", "h2", "rad"]);
        assert_eq!(file["patients"].as_array().unwrap().len(), 12);
    }
}
