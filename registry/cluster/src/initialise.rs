//! Making a cluster: `initdb`, its configuration, and one database.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use crate::account::Account;
use crate::binaries::Binaries;
use crate::command::Run;
use crate::error::ClusterError;
use crate::layout::{Layout, random_password, sync_folder, write_private};
use crate::settings::{ClusterOptions, Durability, HBA, LOCAL, configuration};

/// The role that owns the cluster.
pub(crate) const USER: &str = "renkei";
/// The database made in it.
pub(crate) const DATABASE: &str = "renkei";

/// The file beside `postgresql.conf` that holds our settings.
pub(crate) const SETTINGS_FILE: &str = "renkei.conf";

/// Makes the cluster beside its place and moves it there with one rename: a crash on the way leaves
/// nothing that looks like a cluster.
pub(crate) fn initialise(
    layout: &Layout,
    account: &Account,
    binaries: &Binaries,
    options: &ClusterOptions,
) -> Result<(), ClusterError> {
    let data = layout.data_unfinished();
    start_afresh(&data, account)?;
    write_private(&layout.password_file(), &random_password()?, account)?;
    initdb(layout, account, binaries, options)?;
    configure(&data, account, &configuration(options, &layout.socket_folder()?))?;
    create_database(layout, account, binaries, options)?;
    let path = layout.data();
    fs::rename(&data, &path).map_err(ClusterError::io("cannot make", &path))?;
    sync_folder(layout.folder())?;
    tracing::info!(folder = %layout.folder().display(), major = binaries.major(), "private PostgreSQL cluster made");
    Ok(())
}

fn start_afresh(data: &Path, account: &Account) -> Result<(), ClusterError> {
    if data.exists() {
        fs::remove_dir_all(data).map_err(ClusterError::io("cannot remove", data))?;
    }
    DirBuilder::new()
        .mode(0o700)
        .create(data)
        .map_err(ClusterError::io("cannot make", data))?;
    account.own(data)
}

fn initdb(
    layout: &Layout,
    account: &Account,
    binaries: &Binaries,
    options: &ClusterOptions,
) -> Result<(), ClusterError> {
    let mut command = account.command(&binaries.program("initdb"));
    command.arg("--pgdata").arg(layout.data_unfinished());
    command.arg("--pwfile").arg(layout.password_file());
    command.args([
        "--username",
        USER,
        "--auth-local=scram-sha-256",
        "--auth-host=reject",
    ]);
    command.args(["--encoding=UTF8", "--locale-provider=libc", "--locale=C.UTF-8"]);
    command.args(["--data-checksums", "--no-instructions"]);
    if options.durability == Durability::TestOnly {
        command.arg("--no-sync");
    }
    Run {
        program: "initdb",
        command,
        folder: layout.folder(),
        input: None,
        wait_max: options.wait_max,
    }
    .finish()
}

fn configure(data: &Path, account: &Account, settings: &str) -> Result<(), ClusterError> {
    write_private(&data.join(SETTINGS_FILE), settings, account)?;
    write_private(&data.join("local.conf"), LOCAL, account)?;
    write_private(&data.join("pg_hba.conf"), HBA, account)?;
    let main = data.join("postgresql.conf");
    let append = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().append(true).open(&main)?;
        writeln!(file, "\ninclude '{SETTINGS_FILE}'")?;
        file.sync_all()
    };
    append().map_err(ClusterError::io("cannot write", &main))
}

/// In a stand-alone backend, which needs neither a socket nor a client program.
fn create_database(
    layout: &Layout,
    account: &Account,
    binaries: &Binaries,
    options: &ClusterOptions,
) -> Result<(), ClusterError> {
    let mut command = account.command(&binaries.program("postgres"));
    command
        .args(["--single", "-c", "exit_on_error=on", "-D"])
        .arg(layout.data_unfinished())
        .arg("template1");
    let statement = format!("CREATE DATABASE {DATABASE};\n");
    let input = Some(statement.as_str());
    Run {
        program: "postgres",
        command,
        folder: layout.folder(),
        input,
        wait_max: options.wait_max,
    }
    .finish()
}
