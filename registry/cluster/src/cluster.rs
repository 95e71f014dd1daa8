//! A cluster that runs, and this process's share in it.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::binaries::{Binaries, find_binaries, find_major};
use crate::command::Run;
use crate::connection::{ConnectionParameters, Password};
use crate::error::ClusterError;
use crate::initialise::{DATABASE, SETTINGS_FILE, USER, initialise};
use crate::layout::{Layout, PORT, random_password, sync_folder, write_private};
use crate::postmaster::{Postmaster, lock_file};
use crate::settings::{ClusterOptions, Durability, configuration};

const POLL: Duration = Duration::from_millis(20);
/// How much of the server's log an error about a failed start shows.
const LOG_TAIL_BYTES: u64 = 2_000;

/// A running private cluster.
///
/// Every process that uses it holds one. Dropping it leaves the server running (only
/// [`Durability::TestOnly`] kills it); [`Cluster::stop`] is the orderly end.
#[derive(Debug)]
pub struct Cluster {
    layout: Layout,
    account: Account,
    binaries: Binaries,
    options: ClusterOptions,
    parameters: ConnectionParameters,
    users: File,
    stopped: bool,
}

/// Where the password of a role is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RolePassword {
    /// The file, of mode 0600.
    pub file: PathBuf,
    /// Whether it was made now.
    pub is_new: bool,
}

/// How to end the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Shutdown {
    /// Ends the sessions, writes a checkpoint: the next start is quick.
    Fast,
    /// As a crash would: the next start recovers from the write-ahead log.
    Immediate,
}

/// What became of the server after [`Cluster::stop`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Stopped {
    /// It ended.
    Ended,
    /// Another process uses it, so it runs on.
    StillUsed,
}

impl Cluster {
    /// [`Cluster::ensure_blocking`] from asynchronous code.
    ///
    /// # Errors
    /// As there, and [`ClusterError::Cancelled`] if the runtime ends meanwhile.
    pub async fn ensure(folder: impl Into<PathBuf>, options: ClusterOptions) -> Result<Self, ClusterError> {
        let folder = folder.into();
        let work = tokio::task::spawn_blocking(move || Self::ensure_blocking(&folder, options));
        work.await.map_err(|_| ClusterError::Cancelled)?
    }

    /// The cluster in `folder`: made if there is none, started if it is stopped, joined if it runs.
    ///
    /// Returns once it accepts connections. May be called by several processes at once.
    ///
    /// # Errors
    /// [`ClusterError`] says what is missing and what to do.
    pub fn ensure_blocking(folder: &Path, options: ClusterOptions) -> Result<Self, ClusterError> {
        let account = Account::choose(options.run_as.as_deref(), &folder.join("data"))?;
        let layout = Layout::prepare(folder, account.is_other())?;
        account.check_reach(layout.folder())?;
        let _control = layout.lock_control(options.wait_max)?;
        let binaries = made(&layout, &account, &options)?;
        let users = layout.users_lock()?;
        let socket_folder = Start {
            layout: &layout,
            account: &account,
            binaries: &binaries,
            options: &options,
        }
        .bring_up(&users)?;
        share(&layout, &users)?;
        let parameters = parameters(&layout, socket_folder)?;
        Ok(Self {
            layout,
            account,
            binaries,
            options,
            parameters,
            users,
            stopped: false,
        })
    }

    /// How to connect to it.
    pub fn connection_parameters(&self) -> &ConnectionParameters {
        &self.parameters
    }

    /// The file with the password of another role of this cluster, made if it is missing: then the role's password has
    /// to be set. Readable by those only who can read the cluster's own. Blocks.
    ///
    /// # Errors
    /// [`ClusterError::Io`]
    pub fn password_file_of(&self, role: &str) -> Result<RolePassword, ClusterError> {
        let _control = self.layout.lock_control(self.options.wait_max)?;
        let file = self.layout.password_file_of(role);
        let is_new = !file.exists();
        if is_new {
            let unfinished = file.with_extension("new");
            write_private(&unfinished, &random_password()?, &self.account)?;
            fs::rename(&unfinished, &file).map_err(ClusterError::io("cannot make", &file))?;
            sync_folder(self.layout.folder())?;
        }
        Ok(RolePassword { file, is_new })
    }

    /// The server programs in use.
    pub fn binaries(&self) -> &Binaries {
        &self.binaries
    }

    /// The server's log file.
    pub fn log_file(&self) -> PathBuf {
        self.layout.log_file()
    }

    /// The folder of PostgreSQL's data.
    pub fn data_folder(&self) -> PathBuf {
        self.layout.data()
    }

    /// Whether the server lives and accepts connections.
    pub fn is_running(&self) -> bool {
        matches!(
            Postmaster::find(&self.layout.data()),
            Ok(Postmaster::Running { ready: true, .. })
        )
    }

    /// Starts the server again if it died; nothing happens if it runs. Blocks.
    ///
    /// # Errors
    /// As [`Cluster::ensure_blocking`].
    pub fn revive_blocking(&self) -> Result<(), ClusterError> {
        let _control = self.layout.lock_control(self.options.wait_max)?;
        let start = Start {
            layout: &self.layout,
            account: &self.account,
            binaries: &self.binaries,
            options: &self.options,
        };
        let started = start.bring_up(&self.users);
        share(&self.layout, &self.users)?;
        started.map(|_| ())
    }

    /// [`Cluster::stop_blocking`] from asynchronous code.
    ///
    /// # Errors
    /// As there, and [`ClusterError::Cancelled`] if the runtime ends meanwhile.
    pub async fn stop(self, how: Shutdown) -> Result<Stopped, ClusterError> {
        tokio::task::spawn_blocking(move || self.stop_blocking(how))
            .await
            .map_err(|_| ClusterError::Cancelled)?
    }

    /// Stops the server and waits for its end, unless another process uses it.
    ///
    /// # Errors
    /// [`ClusterError::Timeout`] or [`ClusterError::Program`] if it does not end.
    pub fn stop_blocking(mut self, how: Shutdown) -> Result<Stopped, ClusterError> {
        self.end(how)
    }

    fn end(&mut self, how: Shutdown) -> Result<Stopped, ClusterError> {
        self.stopped = true;
        let _control = self.layout.lock_control(self.options.wait_max)?;
        self.users
            .unlock()
            .map_err(ClusterError::io("cannot unlock", self.layout.folder()))?;
        match self.users.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(Stopped::StillUsed),
            Err(TryLockError::Error(source)) => {
                return Err(ClusterError::Io {
                    what: "cannot lock",
                    path: self.layout.folder().to_owned(),
                    source,
                });
            }
        }
        if matches!(Postmaster::find(&self.layout.data())?, Postmaster::Running { .. }) {
            self.pg_ctl_stop(how)?;
        }
        Ok(Stopped::Ended)
    }

    fn pg_ctl_stop(&self, how: Shutdown) -> Result<(), ClusterError> {
        let mode = match how {
            Shutdown::Fast => "fast",
            Shutdown::Immediate => "immediate",
        };
        let mut command = self.account.command(&self.binaries.program("pg_ctl"));
        command
            .args(["stop", "--silent", "--wait", "--mode", mode, "--pgdata"])
            .arg(self.layout.data());
        command
            .arg("--timeout")
            .arg(self.options.wait_max.as_secs().to_string());
        let wait_max = self.options.wait_max + Duration::from_secs(1);
        Run {
            program: "pg_ctl stop",
            command,
            folder: self.layout.folder(),
            input: None,
            wait_max,
        }
        .finish()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.stopped || self.options.durability == Durability::Full {
            return;
        }
        if let Err(error) = self.end(Shutdown::Immediate) {
            tracing::warn!(%error, "test cluster not stopped");
        }
    }
}

/// The programs for the cluster's data, after making them if there are none.
fn made(layout: &Layout, account: &Account, options: &ClusterOptions) -> Result<Binaries, ClusterError> {
    let configured = options.binaries.as_deref();
    let data = layout.data();
    if !data.exists() {
        let binaries = find_binaries(configured)?;
        initialise(layout, account, &binaries, options)?;
        return Ok(binaries);
    }
    let version = data.join("PG_VERSION");
    let text = fs::read_to_string(&version).map_err(ClusterError::io("cannot read", &version))?;
    find_major(configured, text.trim().parse().unwrap_or_default(), &data)
}

fn share(layout: &Layout, users: &File) -> Result<(), ClusterError> {
    users
        .lock_shared()
        .map_err(ClusterError::io("cannot lock", layout.folder()))
}

fn parameters(layout: &Layout, socket_folder: PathBuf) -> Result<ConnectionParameters, ClusterError> {
    let path = layout.password_file();
    let password = fs::read_to_string(&path).map_err(ClusterError::io("cannot read", &path))?;
    Ok(ConnectionParameters {
        socket_folder,
        port: PORT,
        user: USER.to_owned(),
        password: Password::new(password.trim()),
        database: DATABASE.to_owned(),
    })
}

/// Everything that a start needs.
struct Start<'a> {
    layout: &'a Layout,
    account: &'a Account,
    binaries: &'a Binaries,
    options: &'a ClusterOptions,
}

impl Start<'_> {
    /// Starts the server, or waits for one that starts already; the folder of its socket.
    fn bring_up(&self, users: &File) -> Result<PathBuf, ClusterError> {
        let data = self.layout.data();
        let begun = Instant::now();
        loop {
            match Postmaster::find(&data)? {
                Postmaster::Running {
                    socket_folder,
                    ready: true,
                } => return Ok(socket_folder),
                Postmaster::Running { ready: false, .. } => self.pause(begun)?,
                Postmaster::Zombie => self.remove_lock_files()?,
                Postmaster::Recycled => {
                    self.check_alone(users)?;
                    self.remove_lock_files()?;
                }
                Postmaster::Stopped | Postmaster::Crashed => self.start(begun)?,
            }
        }
    }

    fn pause(&self, begun: Instant) -> Result<(), ClusterError> {
        if begun.elapsed() > self.options.wait_max {
            let seconds = self.options.wait_max.as_secs();
            return Err(ClusterError::Timeout {
                what: "the start of PostgreSQL",
                seconds,
            });
        }
        thread::sleep(POLL);
        Ok(())
    }

    /// The process number in the lock file was given to something else. From here a postmaster in
    /// another container looks the same, so nobody else may be using the cluster.
    fn check_alone(&self, users: &File) -> Result<(), ClusterError> {
        users.try_lock().map_err(|_| ClusterError::Elsewhere {
            folder: self.layout.folder().to_owned(),
        })
    }

    /// The data's lock file and the socket's. PostgreSQL itself still refuses to start while sessions
    /// of the dead postmaster hold its shared memory.
    fn remove_lock_files(&self) -> Result<(), ClusterError> {
        let socket_lock = self.layout.socket_folder()?.join(format!(".s.PGSQL.{PORT}.lock"));
        for path in [socket_lock, lock_file(&self.layout.data())] {
            match fs::remove_file(&path) {
                Ok(()) => tracing::warn!(path = %path.display(), "lock file of a dead postmaster removed"),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(ClusterError::Io {
                        what: "cannot remove",
                        path,
                        source,
                    });
                }
            }
        }
        Ok(())
    }

    fn start(&self, begun: Instant) -> Result<(), ClusterError> {
        let socket_folder = self.layout.prepare_socket_folder(self.account)?;
        let settings = configuration(self.options, &socket_folder);
        write_private(&self.layout.data().join(SETTINGS_FILE), &settings, self.account)?;
        let log = self.layout.prepare_log(self.account)?;
        match self.pg_ctl_start(&log) {
            // Sessions of a postmaster that was killed end within moments, and block a start till then.
            Err(ClusterError::Program { .. }) if tail(&log).contains("is still in use") => self.pause(begun),
            Err(ClusterError::Program { program, status, .. }) => Err(ClusterError::Program {
                program,
                status,
                detail: tail(&log),
            }),
            other => other,
        }
    }

    fn pg_ctl_start(&self, log: &Path) -> Result<(), ClusterError> {
        let mut command = self.account.command(&self.binaries.program("pg_ctl"));
        command
            .args(["start", "--silent", "--wait", "--pgdata"])
            .arg(self.layout.data());
        command.arg("--log").arg(log);
        command
            .arg("--timeout")
            .arg(self.options.wait_max.as_secs().to_string());
        let wait_max = self.options.wait_max + Duration::from_secs(1);
        Run {
            program: "pg_ctl start",
            command,
            folder: self.layout.folder(),
            input: None,
            wait_max,
        }
        .finish()
    }
}

fn tail(log: &Path) -> String {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(log)?;
        let bytes = file.metadata()?.len();
        file.seek(SeekFrom::Start(bytes.saturating_sub(LOG_TAIL_BYTES)))?;
        let mut text = Vec::new();
        file.take(LOG_TAIL_BYTES).read_to_end(&mut text)?;
        Ok(text)
    };
    String::from_utf8_lossy(&read().unwrap_or_default())
        .trim()
        .to_owned()
}
