//! Both programs, with everything that they need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use xds_model::time::System;
use xds_model::{IdSource, PatientId};

use crate::binaries::binary;
use crate::codes;
use crate::configuration;
use crate::error::NetworkError;
use crate::journal::{Recorded, events};
use crate::node::Node;
use crate::options::Options;
use crate::pki::Pki;
use crate::ports::Ports;
use crate::roster::{AUTHORITY, NODES, ORGANISATIONS};
use crate::server::Server;
use crate::watcher::watch;
use crate::xua::Provider;

/// Arguments of `node add` for a node whose users bring no assertion: a physician who treats and signed in with two
/// factors.
pub const DEFAULT_USER: &[&str] = &[
    "--default-role",
    "physician",
    "--default-purpose",
    "TREAT",
    "--default-two-factor",
];

/// One of the two programs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Program {
    /// `renkei-registry`.
    Registry,
    /// `renkei-repository`.
    Repository,
}

impl Program {
    /// Its name, without the prefix.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Repository => "repository",
        }
    }

    /// The program.
    pub fn binary(self) -> PathBuf {
        binary(&format!("renkei-{}", self.name()))
    }
}

/// A network that runs.
#[derive(Debug)]
pub struct Network {
    folder: PathBuf,
    ports: Ports,
    pki: Pki,
    /// The registry's process.
    pub registry: Server,
    /// The repository's process.
    pub repository: Server,
    provider: Option<Provider>,
    watcher: Child,
}

impl Network {
    /// Makes a network and starts it.
    ///
    /// # Errors
    /// When a part of it cannot be made, or a program does not become ready.
    pub fn start(options: &Options) -> Result<Self, NetworkError> {
        let network = Self::make(options)?;
        network.registry.start()?;
        network.fill(options)?;
        network.repository.start()?;
        Ok(network)
    }

    /// Makes the folder, certificates, configurations and the schema; nothing runs yet.
    ///
    /// # Errors
    /// When a part of it cannot be made.
    pub fn make(options: &Options) -> Result<Self, NetworkError> {
        let folder = std::env::temp_dir().join(format!("renkei-net-{}", System.random().simple()));
        for name in ["pki", "journal", "keys", "evidence"] {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(NetworkError::io(&path))?;
        }
        let watcher = watch(&folder).map_err(NetworkError::io(Path::new("sh")))?;
        let ports = Ports::pick().map_err(NetworkError::io(Path::new("127.0.0.1")))?;
        let pki = Pki::make(&folder.join("pki"))?;
        let provider = options.xua.then(|| Provider::make(&folder)).transpose()?;
        let server = |program: Program, port| {
            let config = folder.join(format!("{}.toml", program.name()));
            Server::new(program.name(), program.binary(), config, port)
        };
        let network = Self {
            registry: server(Program::Registry, ports.registry_status),
            repository: server(Program::Repository, ports.repository_status),
            folder,
            ports,
            pki,
            provider,
            watcher,
        };
        network.write("registry.toml", &configuration::registry(&ports, options))?;
        network.write("repository.toml", &configuration::repository(&ports, options))?;
        network.command(Program::Registry, &["migrate", "--grant"])?;
        network.command(Program::Repository, &["init"])?;
        Ok(network)
    }

    /// Code lists, settings, organisations, nodes and what they agreed on, by the command line.
    fn fill(&self, options: &Options) -> Result<(), NetworkError> {
        self.write("codes-jp.json", &codes::japanese())?;
        let (samples, japanese) = (codes::samples(), self.folder.join("codes-jp.json"));
        let files = [samples, japanese].map(|file| file.display().to_string());
        let [samples, japanese] = files.each_ref().map(String::as_str);
        self.command(Program::Registry, &["codes", "import", samples, japanese])?;
        self.setting("default-user-allowed", &options.default_users.to_string())?;
        // Before the ledger, whose entries say the same: an empty domain takes any past.
        self.import_domain(options.joint_use)?;
        for organisation in ORGANISATIONS {
            let (id, name, entity) = (organisation.id, organisation.name, organisation.entity);
            let arguments = ["org", "add", "--id", id, "--name", name, "--entity", entity];
            self.command(Program::Registry, &arguments)?;
        }
        for node in NODES {
            let allow: Vec<_> = node.allow.iter().map(|transaction| transaction.name()).collect();
            let user = if options.default_users && node.organisation().is_clinical() {
                DEFAULT_USER
            } else {
                &[]
            };
            let more = [node.arguments, user].concat();
            self.enrol(node.name, node.organisation().id, &allow.join(","), &more)?;
        }
        Ok(())
    }

    /// `node add` for the certificate of this name.
    ///
    /// # Errors
    /// When the command fails.
    pub fn enrol(
        &self,
        name: &str,
        organisation: &str,
        allow: &str,
        more: &[&str],
    ) -> Result<(), NetworkError> {
        let certificate = self.pki.certificate(name).display().to_string();
        let mut arguments = vec![
            "node",
            "add",
            "--name",
            name,
            "--org",
            organisation,
            "--certificate",
            &certificate,
        ];
        // Who has rights at the operator listener only sends no transaction.
        if !allow.is_empty() {
            arguments.extend(["--allow", allow]);
        }
        arguments.extend(more);
        self.command(Program::Registry, &arguments).map(drop)
    }

    /// `setting set`.
    ///
    /// # Errors
    /// When the command fails.
    pub fn setting(&self, name: &str, value: &str) -> Result<(), NetworkError> {
        self.command(Program::Registry, &["setting", "set", name, value])
            .map(drop)
    }

    /// Runs a command of a program with its configuration; what it says on standard output.
    ///
    /// # Errors
    /// When it ends with another status than 0.
    pub fn command(&self, program: Program, arguments: &[&str]) -> Result<String, NetworkError> {
        let output = self.output(program, arguments)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(NetworkError::Command {
            command: format!("renkei-{} {}", program.name(), arguments.join(" ")),
            status: output.status.to_string(),
            output: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        })
    }

    /// As [`command`](Self::command), however it ends.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn output(&self, program: Program, arguments: &[&str]) -> Result<Output, NetworkError> {
        let binary = program.binary();
        Command::new(&binary)
            .args(arguments)
            .arg("--config")
            .arg(self.folder.join(format!("{}.toml", program.name())))
            .stdin(Stdio::null())
            .output()
            .map_err(NetworkError::io(&binary))
    }

    /// The process of a program.
    pub fn server(&self, program: Program) -> &Server {
        match program {
            Program::Registry => &self.registry,
            Program::Repository => &self.repository,
        }
    }

    /// Everything's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the programs listen.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Certificates.
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// The assertion provider, if the network was started with one.
    pub fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    /// The registry's endpoint.
    pub fn registry_url(&self) -> String {
        configuration::registry_url(&self.ports)
    }

    /// The registry's operator listener.
    pub fn operator_url(&self) -> String {
        configuration::operator_url(&self.ports)
    }

    /// The repository's endpoint.
    pub fn repository_url(&self) -> String {
        configuration::repository_url(&self.ports)
    }

    /// A client with the certificate of this name.
    ///
    /// # Errors
    /// When there is no such certificate.
    pub fn node(&self, name: &str) -> Result<Node, NetworkError> {
        let urls = (self.registry_url(), self.repository_url());
        Node::new(name, &self.pki, self.ports, urls)
    }

    /// A patient id that nobody has had, under the network's authority.
    pub fn fresh_patient(&self) -> PatientId {
        let id: String = System.random().simple().to_string().chars().take(16).collect();
        patient(&format!("P{id}"))
    }

    /// The folder of a program's journal.
    pub fn journal(&self, program: Program) -> PathBuf {
        self.folder.join("journal").join(program.name())
    }

    /// Audit events of a program, from a record number on, and the number of the next record.
    ///
    /// # Errors
    /// When the journal is damaged.
    pub fn events(&self, program: Program, from: u64) -> Result<(Vec<Recorded>, u64), NetworkError> {
        events(&self.journal(program), from)
    }

    /// Folder of the documents.
    pub fn documents(&self) -> PathBuf {
        self.folder.join("documents")
    }

    /// Writes a file below the network's folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), NetworkError> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(NetworkError::io(&path))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.repository.kill();
        self.registry.kill();
        // The watcher sees its input close, stops PostgreSQL and removes the folder.
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// A patient id under the network's authority. The texts of this crate are proper ones.
fn patient(id: &str) -> PatientId {
    let text = format!("{id}^^^&{AUTHORITY}&ISO");
    #[expect(
        clippy::expect_used,
        reason = "an id of letters and digits under an OID of ours"
    )]
    text.parse().expect("a patient id")
}
