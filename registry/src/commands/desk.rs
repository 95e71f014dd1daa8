//! A registry's folder with a database of its own, for tests of commands.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use registry_cluster::ConnectionParameters;
use registry_store::{Endpoint, Store, StoreConfig};
use serde_json::Value;
use xds_model::IdSource;
use xds_model::time::System;
use xds_policy::version::InstrumentKind;
use xds_server::lang::Lang;
use xds_testkit::TestCluster;

use super::arguments::Arguments;
use super::execute;
use super::output::Output;

pub(super) const DOMAIN: &str = include_str!("../../../docs/examples/decide/domain.json");
const SAMPLE: &str = include_str!("../../renkei-registry.sample.toml");
/// The patient of the example, who is known.
pub(super) const P: &str = "P0001^^^&1.2.392.200036.9125&ISO";

/// A registry's folder, and its database.
pub(super) struct Desk {
    pub(super) folder: PathBuf,
    pub(super) store: Store,
}

impl Desk {
    pub(super) async fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("renkei-instruments-{}", System.random().simple()));
        fs::create_dir(&folder).unwrap();
        let database = TestCluster::shared().fresh_database().await;
        fs::write(folder.join("registry.toml"), configuration(&folder, &database)).unwrap();
        let endpoint = Endpoint::Socket {
            folder: database.socket_folder.clone(),
            port: database.port,
        };
        let password = Some(database.password.expose().to_owned());
        let config = StoreConfig::new(
            endpoint,
            database.database.clone(),
            database.user.clone(),
            password,
        );
        let desk = Self {
            folder,
            store: Store::new(&config, None).unwrap(),
        };
        assert!(desk.run(&["migrate"]).await);
        assert!(desk.run(&["patient", "add", "--id", P]).await);
        desk
    }

    /// Runs a command. Whether it says that all is well.
    pub(super) async fn run(&self, words: &[&str]) -> bool {
        self.run_as("事務局 佐藤", words).await
    }

    /// The same by somebody else.
    pub(super) async fn run_as(&self, who: &str, words: &[&str]) -> bool {
        let config = self.folder.join("registry.toml");
        let always = [
            "renkei-registry",
            "--config",
            config.to_str().unwrap(),
            "--by",
            who,
        ];
        let arguments = Arguments::try_parse_from(always.iter().chain(words)).unwrap();
        let output = Output {
            json: arguments.json,
            lang: Lang::Ja,
        };
        let code = execute(arguments, output).await;
        format!("{code:?}") == format!("{:?}", std::process::ExitCode::SUCCESS)
    }

    /// A file in the folder.
    pub(super) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// How often the journal is to be told of a verb.
    pub(super) async fn told(&self, verb: &str) -> usize {
        let acts = self.store.owed_acts().await.unwrap();
        acts.iter().filter(|act| act.deed.verb == verb).count()
    }

    pub(super) async fn versions(&self, kind: InstrumentKind, id: &str) -> usize {
        self.store
            .instrument_history(kind, &id.into())
            .await
            .unwrap()
            .len()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn configuration(folder: &Path, database: &ConnectionParameters) -> String {
    let password = folder.join("password");
    fs::write(&password, database.password.expose()).unwrap();
    let section = format!(
        "[database]\nhost = \"{}\"\nport = {}\nname = \"{}\"\nuser = \"{}\"\npassword_file = \"{}\"\n\n[private_database]",
        database.socket_folder.display(),
        database.port,
        database.database,
        database.user,
        password.display(),
    );
    SAMPLE
        .replace("\n[private_database]", &format!("\n{section}"))
        .replace("/var/lib/renkei/registry", folder.to_str().unwrap())
}

/// The example without an end that a test could live to see.
pub(super) fn lasting() -> Value {
    let text = DOMAIN.replace("2028-03-31T15:00:00Z", "2999-03-31T15:00:00Z");
    let mut domain: Value = serde_json::from_str(&text).unwrap();
    for list in domain.as_object_mut().unwrap().values_mut() {
        for version in list.as_array_mut().into_iter().flatten() {
            version.as_object_mut().unwrap().remove("hash");
        }
    }
    domain
}
