//! Step 4: both servers as processes of their own: started, waited for, and stopped.

use std::fs;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use xds_server::lang::Say;

use crate::folders::{self, Folders};
use crate::stopped::Stopped;

/// How long a server may take until it is ready.
const READY_MAX: Duration = Duration::from_secs(60);
/// How long a server may take to stop: it finishes its requests first.
const STOP_MAX: Duration = Duration::from_secs(60);
const POLL_EVERY: Duration = Duration::from_millis(50);
/// What is shown of a log.
const TAIL_BYTES: u64 = 2000;
const TAIL_LINES: usize = 12;

/// A server that was started.
#[derive(Debug)]
pub(crate) struct Server {
    name: &'static str,
    child: Child,
    pid_file: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts `serve` in a process group of its own, so that Ctrl-C reaches the demo alone, which then stops the
    /// servers in order.
    pub(crate) fn start(name: &'static str, binary: &Path, folders: &Folders) -> Result<Self, Stopped> {
        let log = folders.log().join(format!("{name}.log"));
        let opened = || fs::OpenOptions::new().create(true).append(true).open(&log);
        let outputs = opened().and_then(|first| Ok((first, opened()?)));
        let (stdout, stderr) = outputs.map_err(|error| Stopped::file(&log, error))?;
        let child = Command::new(binary)
            .arg("--config")
            .arg(folders.config(name))
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .process_group(0)
            .spawn()
            .map_err(|error| Stopped::file(binary, error))?;
        let pid_file = folders.pid(name);
        if let Some(pid) = child.id() {
            folders::write(&pid_file, pid.to_string().as_bytes())?;
        }
        Ok(Self {
            name,
            child,
            pid_file,
            log,
        })
    }

    /// Waits until `/ready` says yes.
    pub(crate) async fn wait_ready(&mut self, status_port: u16) -> Result<(), Stopped> {
        let deadline = Instant::now() + READY_MAX;
        let mut last = String::new();
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(self.not_ready(&format!("it ended: {status}")));
            }
            match ready(status_port).await {
                Ok(answer) if answer.starts_with("HTTP/1.1 200") => return Ok(()),
                Ok(answer) => last = answer,
                Err(error) => last = error.to_string(),
            }
            sleep(POLL_EVERY).await;
        }
        let body = last.rsplit("\r\n").next().unwrap_or_default().to_owned();
        Err(self.not_ready(&format!("not within {} s: {body}", READY_MAX.as_secs())))
    }

    /// Waits until the process ends by itself, which it should not.
    pub(crate) async fn ended(&mut self) -> Stopped {
        let came = match self.child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        self.not_ready(&came)
    }

    /// Stops it by SIGTERM, and kills it when it does not stop.
    pub(crate) async fn stop(mut self) -> Result<(), Stopped> {
        let _ = fs::remove_file(&self.pid_file);
        if let Ok(Some(status)) = self.child.try_wait() {
            return Err(self.not_stopped(&format!("it had ended already: {status}")));
        }
        if let Some(pid) = self.child.id() {
            signal("TERM", pid).await;
        }
        match timeout(STOP_MAX, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(self.not_stopped(&status.to_string())),
            Ok(Err(error)) => Err(self.not_stopped(&error.to_string())),
            Err(_) => {
                // That it did not stop is what counts; the process is gone either way.
                let _ = self.child.kill().await;
                Err(self.not_stopped(&format!("still running after {} s", STOP_MAX.as_secs())))
            }
        }
    }

    fn not_stopped(&self, came: &str) -> Stopped {
        let (name, log) = (self.name, self.log.display());
        Stopped::new(
            Say::new(
                format!("{name} がSIGTERMで終了状態0で終わること"),
                format!("{name} ends with status 0 after SIGTERM"),
            ),
            format!("{came} ({log})"),
        )
        .with_log(&self.log)
    }

    fn not_ready(&self, came: &str) -> Stopped {
        let name = self.name;
        Stopped::new(
            Say::new(
                format!("{name} が起動し、動き続けること"),
                format!("{name} starts and goes on running"),
            ),
            format!("{came}\n{}", tail(&self.log)),
        )
        .with_log(&self.log)
    }
}

/// What the status listener answers.
async fn ready(port: u16) -> io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream
        .write_all(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        Ok(end)
    };
    let end = read().unwrap_or_default();
    let text = String::from_utf8_lossy(&end);
    let lines: Vec<&str> = text.lines().collect();
    lines
        .get(lines.len().saturating_sub(TAIL_LINES)..)
        .unwrap_or_default()
        .join("\n")
}

/// Stops what an earlier run left: its servers, and a PostgreSQL whose registry was killed.
pub(crate) async fn stop_earlier(folders: &Folders) {
    for server in ["repository", "registry"] {
        let config = folders.config(server).display().to_string();
        if let Some(pid) = running(&folders.pid(server), &[&format!("renkei-{server}"), &config]) {
            end(pid, "TERM").await;
        }
    }
    let lock = folders.postgres_pid();
    let data = lock.parent().unwrap_or(Path::new("/")).display().to_string();
    if let Some(pid) = running(&lock, &["postgres", &data]) {
        end(pid, "INT").await;
    }
}

/// The process that a file names in its first line, if it runs and its command line has all these words: a number
/// that was given to another process since is nobody's.
fn running(pid_file: &Path, words: &[&str]) -> Option<u32> {
    let pid: u32 = fs::read_to_string(pid_file)
        .ok()?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()?;
    let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let command = String::from_utf8_lossy(&command);
    words.iter().all(|word| command.contains(word)).then_some(pid)
}

/// Ends a process that is no child of ours.
async fn end(pid: u32, by: &str) {
    signal(by, pid).await;
    let deadline = Instant::now() + STOP_MAX;
    while Instant::now() < deadline {
        // Empty for one that ended and was not waited for.
        if fs::read(format!("/proc/{pid}/cmdline"))
            .unwrap_or_default()
            .is_empty()
        {
            return;
        }
        sleep(POLL_EVERY).await;
    }
    signal("KILL", pid).await;
}

/// Through the shell, which every system has: sending a signal needs unsafe code otherwise.
async fn signal(name: &str, pid: u32) {
    let _ = Command::new("sh")
        .args(["-c", "kill -\"$0\" \"$1\"", name, &pid.to_string()])
        .stderr(Stdio::null())
        .status()
        .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folders(name: &str) -> Folders {
        let base = std::env::temp_dir().join(format!("renkei-demo-{name}-{}", std::process::id()));
        let folders = Folders { base };
        folders.start_clean().unwrap();
        folders
    }

    /// Stands in for a server's binary. Written by another process: a file that this one had open for writing
    /// could be busy when it is run.
    fn script(folders: &Folders, text: &str) -> PathBuf {
        let path = folders.base.join("renkei-registry");
        let written = std::process::Command::new("sh")
            .args([
                "-c",
                "printf '#!/bin/sh\\n%s\\n' \"$1\" >\"$0\" && chmod 755 \"$0\"",
            ])
            .arg(&path)
            .arg(text)
            .status()
            .unwrap();
        assert!(written.success());
        path
    }

    #[tokio::test]
    async fn a_server_that_ends_at_once_is_told_with_the_end_of_its_log() {
        let folders = folders("ends");
        let binary = script(&folders, "echo 'no certificate'; exit 3");
        let mut server = Server::start("registry", &binary, &folders).unwrap();
        let stopped = server.wait_ready(1).await.unwrap_err();
        assert!(stopped.came.contains("exit status: 3"), "{}", stopped.came);
        assert!(stopped.came.contains("no certificate"), "{}", stopped.came);
        assert!(stopped.log.unwrap().ends_with("log/registry.log"));
        fs::remove_dir_all(&folders.base).unwrap();
    }

    #[tokio::test]
    async fn only_a_server_that_ends_with_0_after_sigterm_was_stopped() {
        let folders = folders("stops");
        for (script_text, right) in [
            (
                "trap 'exit 0' TERM; touch \"$2.up\"; while :; do sleep 0.05; done",
                true,
            ),
            (
                "trap 'exit 5' TERM; touch \"$2.up\"; while :; do sleep 0.05; done",
                false,
            ),
            ("touch \"$2.up\"", false),
        ] {
            let up = folders.config("registry").with_extension("toml.up");
            let _ = fs::remove_file(&up);
            let binary = script(&folders, script_text);
            let server = Server::start("registry", &binary, &folders).unwrap();
            let deadline = Instant::now() + READY_MAX;
            while !up.exists() && Instant::now() < deadline {
                sleep(POLL_EVERY).await;
            }
            assert_eq!(server.stop().await.is_ok(), right, "{script_text}");
            assert!(!folders.pid("registry").exists());
        }
        fs::remove_dir_all(&folders.base).unwrap();
    }

    #[tokio::test]
    async fn a_server_of_an_earlier_run_is_stopped_and_nobody_else() {
        let folders = folders("earlier");
        let binary = script(&folders, "while :; do sleep 0.1; done");
        let mut server = Server::start("registry", &binary, &folders).unwrap();
        let pid = server.child.id().unwrap();

        fs::write(folders.pid("repository"), std::process::id().to_string()).unwrap();
        // Its command line is that of the script once the shell has begun.
        let words = ["renkei-registry", folders.base.to_str().unwrap()];
        while running(&folders.pid("registry"), &words) != Some(pid) {
            sleep(POLL_EVERY).await;
        }
        assert_eq!(running(&folders.pid("repository"), &["renkei-repository"]), None);
        let waiting = tokio::spawn(async move { server.child.wait().await });
        stop_earlier(&folders).await;
        assert!(!waiting.await.unwrap().unwrap().success());
        fs::remove_dir_all(&folders.base).unwrap();
    }
}
