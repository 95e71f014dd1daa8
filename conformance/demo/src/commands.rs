//! Step 3: what an operator does on the command line: schema, keys, code sets, organisations, nodes, settings.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;
use xds_server::lang::Say;

use crate::codes;
use crate::folders::{self, Folders};
use crate::law;
use crate::network::{AUTHORITY, NODES, Node, ORGANISATIONS, Organisation, Role};
use crate::show::Running;
use crate::stopped::Stopped;

/// One command may take this long: the first makes a PostgreSQL cluster.
const PATIENCE: Duration = Duration::from_secs(120);
const BASE_FILE: &str = "affinity-domain.json";
const JAPANESE_FILE: &str = "codes-jp.json";

/// Results of [`fill`]: the code files, a setting, the domain file, organisations and nodes.
pub(crate) const RESULTS: usize = 1 + 1 + 1 + ORGANISATIONS.len() + NODES.len();

/// The binaries, and where their commands are noted down.
pub(crate) struct Commands<'f> {
    /// Folder with both.
    pub(crate) binaries: PathBuf,
    /// The demo's folders.
    pub(crate) folders: &'f Folders,
}

impl Commands<'_> {
    /// The path of a server's binary.
    pub(crate) fn binary(&self, server: &str) -> PathBuf {
        self.binaries.join(format!("renkei-{server}"))
    }

    fn log(&self) -> PathBuf {
        self.folders.log().join("commands.log")
    }

    /// Runs one command of a server's binary, with its configuration.
    pub(crate) async fn run(&self, server: &str, arguments: &[&str]) -> Result<(), Stopped> {
        self.answer(server, arguments).await.map(drop)
    }

    /// The same, and what it said on standard output.
    pub(crate) async fn answer(&self, server: &str, arguments: &[&str]) -> Result<String, Stopped> {
        let shown = format!("renkei-{server} {}", arguments.join(" "));
        let expected = || {
            Say::new(
                format!("`{shown}` が終了状態0で終わること"),
                format!("`{shown}` ends with status 0"),
            )
        };
        let stopped = |came: String| Stopped::new(expected(), came).with_log(&self.log());
        let command = Command::new(self.binary(server))
            .arg("--config")
            .arg(self.folders.config(server))
            .args(arguments)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(PATIENCE, command)
            .await
            .map_err(|_| stopped(format!("nothing within {} s", PATIENCE.as_secs())))?
            .map_err(|error| stopped(format!("{}: {error}", self.binary(server).display())))?;
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        let said = format!("{answer}{}", String::from_utf8_lossy(&output.stderr));
        note(&self.log(), &format!("$ {shown}\n{said}"))
            .map_err(|error| Stopped::file(&self.log(), error))?;
        match output.status.success() {
            true => Ok(answer),
            false => Err(stopped(format!("{}: {}", output.status, said.trim()))),
        }
    }
}

fn note(log: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(log)?;
    file.write_all(text.as_bytes())
}

/// Enters the domain's data into a registry that runs.
pub(crate) async fn fill(commands: &Commands<'_>, step: &mut Running<'_>) -> Result<(), Stopped> {
    let folder = commands.folders.codes();
    let (base, japanese) = (folder.join(BASE_FILE), folder.join(JAPANESE_FILE));
    folders::write(&base, codes::BASE.as_bytes())?;
    folders::write(&japanese, codes::JAPANESE.as_bytes())?;
    let files = [base, japanese].map(|file| file.display().to_string());
    let [base, japanese] = files.each_ref().map(String::as_str);
    commands
        .run("registry", &["codes", "import", base, japanese])
        .await?;
    step.right();
    commands
        .run("registry", &["setting", "set", "default-user-allowed", "true"])
        .await?;
    step.right();
    // Before the ledger, whose entries say the same: an empty domain takes any past.
    law::import_domain(commands).await?;
    step.right();
    for organisation in ORGANISATIONS {
        commands
            .run("registry", &organisation_arguments(organisation))
            .await?;
        step.right();
    }
    for node in &NODES {
        let certificate = commands.folders.pki().join(format!("{}.pem", node.name));
        let arguments = node_arguments(node, &certificate);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        commands.run("registry", &arguments).await?;
        step.right();
    }
    Ok(())
}

fn organisation_arguments(organisation: &Organisation) -> [&'static str; 12] {
    [
        "org",
        "add",
        "--id",
        organisation.id,
        "--name",
        organisation.name,
        "--kana",
        organisation.kana,
        "--entity",
        organisation.entity,
        "--entity-name",
        organisation.entity_name,
    ]
}

fn node_arguments(node: &Node, certificate: &Path) -> Vec<String> {
    let allowed: Vec<&str> = node
        .transactions
        .iter()
        .map(|transaction| transaction.name())
        .collect();
    let allowed = allowed.join(",");
    let certificate = certificate.display().to_string();
    let mut arguments = vec![
        "node",
        "add",
        "--name",
        node.name,
        "--org",
        node.organisation.id,
        "--certificate",
        &certificate,
        "--allow",
        &allowed,
    ];
    arguments.extend(match node.role {
        Role::Feeder => &[
            "--feeds",
            AUTHORITY,
            "--default-role",
            "physician",
            "--default-purpose",
            "TREAT",
            "--default-two-factor",
        ][..],
        Role::Repository => &["--acts-for-others"],
        Role::Member => &[],
    });
    arguments.into_iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(name: &str) -> String {
        let node = NODES.iter().find(|node| node.name == name).unwrap();
        node_arguments(node, Path::new("/x.pem")).join(" ")
    }

    #[test]
    fn each_role_is_entered_as_what_it_is() {
        assert!(
            arguments("h1")
                .contains("--feeds 1.2.392.9.9.9.1 --default-role physician --default-purpose TREAT")
        );
        assert_eq!(
            arguments("repository"),
            "node add --name repository --org network --certificate /x.pem --allow ITI-42,DECISION --acts-for-others"
        );
        assert!(arguments("c1").ends_with("--allow ITI-18,ITI-41,ITI-43"));
    }
}
