//! Running one of PostgreSQL's programs, for a bounded time.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::ClusterError;

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(5);
/// How much of what a program says is kept for an error.
const DETAIL_BYTES_MAX: u64 = 16 * 1024;

/// A program, what it reads, and how long it may take.
pub(crate) struct Run<'a> {
    pub(crate) program: &'static str,
    pub(crate) command: Command,
    pub(crate) folder: &'a Path,
    pub(crate) input: Option<&'a str>,
    pub(crate) wait_max: Duration,
}

impl Run<'_> {
    /// Runs it to its end.
    pub(crate) fn finish(mut self) -> Result<(), ClusterError> {
        self.command
            .current_dir(self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        self.command.stdin(if self.input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        let mut child = self.command.spawn().map_err(|source| ClusterError::Io {
            what: "cannot run",
            path: self.command.get_program().into(),
            source,
        })?;
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), self.input) {
            // A program that ends before it has read everything says why by itself.
            let _ = stdin.write_all(input.as_bytes());
        }
        let errors = collect(&mut child);
        let status = wait(&mut child, self.program, self.wait_max)?;
        let detail = errors.and_then(|thread| thread.join().ok()).unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        Err(ClusterError::Program {
            program: self.program,
            status: status.to_string(),
            detail,
        })
    }
}

fn collect(child: &mut Child) -> Option<JoinHandle<String>> {
    let stderr = child.stderr.take()?;
    Some(thread::spawn(move || {
        let mut text = Vec::new();
        let mut stderr = stderr;
        // What is over the limit is read too, or the program would wait for us; it is not kept.
        let _ = stderr.by_ref().take(DETAIL_BYTES_MAX).read_to_end(&mut text);
        let _ = std::io::copy(&mut stderr, &mut std::io::sink());
        String::from_utf8_lossy(&text).trim().to_owned()
    }))
}

fn wait(child: &mut Child, program: &'static str, wait_max: Duration) -> Result<ExitStatus, ClusterError> {
    let started = Instant::now();
    loop {
        let status = child
            .try_wait()
            .map_err(ClusterError::io("cannot wait for", Path::new(program)))?;
        if let Some(status) = status {
            return Ok(status);
        }
        if started.elapsed() > wait_max {
            let _ = child.kill();
            let _ = child.wait();
            return Err(ClusterError::Timeout {
                what: program,
                seconds: wait_max.as_secs(),
            });
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, input: Option<&str>, wait_max: Duration) -> Result<(), ClusterError> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Run {
            program: "sh",
            command,
            folder: Path::new("/"),
            input,
            wait_max,
        }
        .finish()
    }

    #[test]
    fn a_failure_brings_what_the_program_said() {
        let error = shell("echo 'no space' >&2; exit 3", None, Duration::from_secs(5)).unwrap_err();
        assert_eq!(error.to_string(), "sh failed (exit status: 3): no space");
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let error = shell("exec sleep 60", None, Duration::from_millis(50)).unwrap_err();
        assert!(matches!(error, ClusterError::Timeout { what: "sh", .. }));
    }

    #[test]
    fn input_arrives_and_much_output_does_not_block() {
        shell("test \"$(cat)\" = hello", Some("hello"), Duration::from_secs(5)).unwrap();
        shell("head -c 1000000 /dev/zero >&2", None, Duration::from_secs(5)).unwrap();
    }
}
