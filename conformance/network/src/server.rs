//! One of the two programs as a process.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::error::NetworkError;
use crate::status::get;

/// How long a program may take until it is ready, and until it has stopped.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(25);
/// What is shown of a log.
const TAIL_BYTES: u64 = 4000;

/// A program that was started, and can be stopped, killed and started again.
#[derive(Debug)]
pub struct Server {
    name: &'static str,
    binary: PathBuf,
    config: PathBuf,
    log: PathBuf,
    pid_file: PathBuf,
    status_port: u16,
    child: Mutex<Option<Child>>,
}

impl Server {
    pub(crate) fn new(name: &'static str, binary: PathBuf, config: PathBuf, status_port: u16) -> Self {
        let beside = |extension: &str| config.with_file_name(format!("{name}.{extension}"));
        Self {
            name,
            binary,
            log: beside("log"),
            pid_file: beside("pid"),
            config,
            status_port,
            child: Mutex::new(None),
        }
    }

    /// Starts `serve`, in a process group of its own; does not wait.
    ///
    /// # Errors
    /// When the process cannot be started.
    pub fn spawn(&self) -> Result<(), NetworkError> {
        let log = || {
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(&self.log)
                .map_err(NetworkError::io(&self.log))
        };
        let child = Command::new(&self.binary)
            .arg("--config")
            .arg(&self.config)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(log()?)
            .stderr(log()?)
            .process_group(0)
            .spawn()
            .map_err(NetworkError::io(&self.binary))?;
        fs::write(&self.pid_file, child.id().to_string()).map_err(NetworkError::io(&self.pid_file))?;
        *self.child() = Some(child);
        Ok(())
    }

    /// Waits until `/ready` says yes.
    ///
    /// # Errors
    /// When the process ends before, or is not ready within a minute.
    pub fn wait_ready(&self) -> Result<(), NetworkError> {
        let deadline = Instant::now() + PATIENCE;
        let mut last = String::new();
        while Instant::now() < deadline {
            let ended = self.child().as_mut().map(Child::try_wait);
            if let Some(Ok(Some(status))) = ended {
                return Err(self.failed(format!("ended with {status}")));
            }
            match get(self.status_port, "/ready") {
                Ok((200, _)) => return Ok(()),
                Ok((code, body)) => last = format!("{code} {body}"),
                Err(error) => last = error.to_string(),
            }
            sleep(POLL_EVERY);
        }
        Err(self.failed(format!("is not ready: {last}")))
    }

    /// [`spawn`](Self::spawn) and [`wait_ready`](Self::wait_ready).
    ///
    /// # Errors
    /// As these.
    pub fn start(&self) -> Result<(), NetworkError> {
        self.spawn()?;
        self.wait_ready()
    }

    /// Whether `/ready` says yes at this moment.
    pub fn is_ready(&self) -> bool {
        matches!(get(self.status_port, "/ready"), Ok((200, _)))
    }

    /// Whether the process runs.
    pub fn is_running(&self) -> bool {
        matches!(self.child().as_mut().map(Child::try_wait), Some(Ok(None)))
    }

    /// The process id; none when it is not started.
    pub fn pid(&self) -> Option<u32> {
        self.child().as_ref().map(Child::id)
    }

    /// Kills it (SIGKILL) and waits for its end. Nothing happens when it does not run.
    pub fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            // One that ended already is waited for below.
            let _ = child.kill();
            let _ = child.wait();
            let _ = fs::remove_file(&self.pid_file);
        }
    }

    /// Sends a signal by its name, such as `HUP`.
    pub fn signal(&self, name: &str) {
        if let Some(pid) = self.pid() {
            signal(name, pid);
        }
    }

    /// Sends SIGTERM and waits for the end.
    ///
    /// # Errors
    /// When it does not end within a minute; it is killed then.
    pub fn stop(&self) -> Result<ExitStatus, NetworkError> {
        self.signal("TERM");
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let ended = self.child().as_mut().map(Child::try_wait);
            match ended {
                Some(Ok(Some(status))) => {
                    self.child().take();
                    let _ = fs::remove_file(&self.pid_file);
                    return Ok(status);
                }
                None => return Err(self.failed("was not running".to_owned())),
                _ => sleep(POLL_EVERY),
            }
        }
        self.kill();
        Err(self.failed("did not stop".to_owned()))
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
        Some(kib * 1024)
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        let bytes = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Its metrics.
    ///
    /// # Errors
    /// When the status listener does not answer.
    pub fn metrics(&self) -> Result<String, NetworkError> {
        match get(self.status_port, "/metrics") {
            Ok((200, body)) => Ok(body),
            Ok((code, _)) => Err(NetworkError::Status(code.to_string())),
            Err(error) => Err(NetworkError::Status(error.to_string())),
        }
    }

    /// What `/live` or `/ready` say: status code and body.
    ///
    /// # Errors
    /// When the status listener does not answer.
    pub fn status(&self, path: &str) -> Result<(u16, String), NetworkError> {
        get(self.status_port, path).map_err(|error| NetworkError::Status(error.to_string()))
    }

    fn failed(&self, what: String) -> NetworkError {
        NetworkError::Program {
            program: self.name,
            what,
            log: self.tail(),
        }
    }

    fn tail(&self) -> String {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = File::open(&self.log)?;
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
            let mut end = Vec::new();
            file.read_to_end(&mut end)?;
            Ok(end)
        };
        String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Through the shell, which every system has: sending a signal needs unsafe code otherwise.
fn signal(name: &str, pid: u32) {
    let _ = Command::new("sh")
        .args(["-c", "kill -\"$0\" \"$1\"", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status();
}
