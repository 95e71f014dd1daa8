//! The network's instruments in law: imported when it starts, entered and ended by tests while it runs.

use std::fs;

use serde_json::Value;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use xds_model::time::System;
use xds_model::{Clock, IdSource};
use xds_tls::Fingerprint;

use crate::codes;
use crate::domain::{AGREEMENT, Domain, EVIDENCE, EVIDENCE_FILE};
use crate::error::NetworkError;
use crate::network::{Network, Program};
use crate::roster::{NODES, Organisation};

/// Who enters what tests enter.
const CLERK: &str = "事務局 佐藤";

impl Network {
    /// `domain import` of everything that the network's members agreed on.
    pub(crate) fn import_domain(&self, joint_use: bool) -> Result<(), NetworkError> {
        let evidence = self.folder().join(EVIDENCE_FILE);
        fs::write(&evidence, EVIDENCE).map_err(NetworkError::io(&evidence))?;
        let file = self.domain(|domain| domain.file(joint_use))?;
        self.write("domain.json", &file.to_string())?;
        let (file, folder) = (self.folder().join("domain.json"), self.folder().join("evidence"));
        let (file, folder) = (file.display().to_string(), folder.display().to_string());
        let arguments = [
            "domain",
            "import",
            "--file",
            &file,
            "--evidence",
            &folder,
            "--by",
            CLERK,
        ];
        self.command(Program::Registry, &arguments).map(drop)
    }

    /// Enters the agreement of all members to use all classes jointly, in a network that was started without.
    ///
    /// # Errors
    /// When it is refused.
    pub fn agree(&self) -> Result<(), NetworkError> {
        let agreement = self.domain(|domain| domain.agreement())?;
        self.add_instrument("agreement", agreement)
    }

    /// Ends the agreement of all members at this moment.
    ///
    /// # Errors
    /// When there is none.
    pub fn disagree(&self) -> Result<(), NetworkError> {
        self.end_instrument("agreement", AGREEMENT, 1)
    }

    /// `instrument add`: a version as its file says it. It may name [`evidence`](crate::evidence).
    ///
    /// # Errors
    /// When it is refused.
    pub fn add_instrument(&self, kind: &str, mut version: Value) -> Result<(), NetworkError> {
        // Who entered it, and when, is for the program to say.
        if let Some(members) = version.as_object_mut() {
            members.remove("entered_at");
            members.remove("entered_by");
        }
        let name = format!("{kind}-{}.json", System.random().simple());
        self.write(&name, &version.to_string())?;
        let file = self.folder().join(name).display().to_string();
        let evidence = self.folder().join(EVIDENCE_FILE).display().to_string();
        let mut arguments = vec![
            "instrument",
            "add",
            "--kind",
            kind,
            "--file",
            &file,
            "--by",
            CLERK,
        ];
        if version.to_string().contains("evidence.txt") {
            arguments.extend(["--evidence", &evidence]);
        }
        self.command(Program::Registry, &arguments).map(drop)
    }

    /// `instrument end`, at this moment. `version`: the latest that there is.
    ///
    /// # Errors
    /// When it is refused.
    pub fn end_instrument(&self, kind: &str, id: &str, version: u32) -> Result<(), NetworkError> {
        let version = version.to_string();
        let named = ["--kind", kind, "--id", id, "--version", &version];
        let arguments = [&["instrument", "end"][..], &named, &["--by", CLERK]].concat();
        self.command(Program::Registry, &arguments).map(drop)
    }

    fn domain(&self, make: impl FnOnce(Domain<'_>) -> Value) -> Result<Value, NetworkError> {
        let mut fingerprints = Vec::new();
        for node in &NODES {
            fingerprints.push((node.organisation().id, self.fingerprint(node.name)?));
        }
        let of = |organisation: &Organisation| {
            let its = fingerprints.iter().filter(|(id, _)| *id == organisation.id);
            its.map(|(_, fingerprint)| fingerprint.clone()).collect()
        };
        let classes = codes::classes();
        Ok(make(Domain {
            now: System.now(),
            classes: &classes,
            certificates: &of,
        }))
    }

    fn fingerprint(&self, name: &str) -> Result<String, NetworkError> {
        let file = self.pki().certificate(name);
        let text = fs::read(&file).map_err(NetworkError::io(&file))?;
        let certificate = CertificateDer::from_pem_slice(&text)
            .map_err(|error| NetworkError::Tls(format!("{}: {error}", file.display())))?;
        Ok(Fingerprint::of(&certificate).to_string())
    }
}
