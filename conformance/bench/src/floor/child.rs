//! The floors as their parent sees them.

use std::process::Stdio;
use std::time::Duration;

use renkei_network::Pki;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::{Order, Said, Setup, Work, microseconds};
use crate::error::BenchError;
use crate::load::Bounds;

const ECHO: &str = "floor-echo";
const STORE: &str = "floor-store";

/// A process of this program, and what it says.
struct Process {
    name: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Process {
    fn start(name: &'static str, arguments: &[&str]) -> Result<Self, BenchError> {
        let program = std::env::current_exe().map_err(BenchError::io("this program"))?;
        let mut child = Command::new(program)
            .arg(name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(BenchError::io(name))?;
        let pipes = child.stdin.take().zip(child.stdout.take());
        let (input, output) = pipes.ok_or_else(|| failed(name, "no pipes"))?;
        let output = BufReader::new(output);
        Ok(Self {
            name,
            child,
            input,
            output,
        })
    }

    fn pid(&self) -> Result<u32, BenchError> {
        self.child.id().ok_or_else(|| failed(self.name, "it has ended"))
    }

    async fn say(&mut self, line: &str) -> Result<(), BenchError> {
        let line = format!("{line}\n");
        let said = self.input.write_all(line.as_bytes()).await;
        said.map_err(BenchError::io(self.name))
    }

    async fn hear(&mut self) -> Result<String, BenchError> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line).await;
        match read.map_err(BenchError::io(self.name))? {
            0 => Err(failed(self.name, "it has ended")),
            _ => Ok(line),
        }
    }
}

fn failed(floor: &'static str, said: &str) -> BenchError {
    BenchError::Floor {
        floor,
        said: said.trim().to_owned(),
    }
}

/// The echo.
pub(crate) struct EchoFloor {
    process: Process,
    /// Where it listens.
    pub(crate) port: u16,
}

impl EchoFloor {
    /// The path it answers at.
    pub(crate) const PATH: &'static str = "/echo";

    /// Starts it with the registry's certificate.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn start(pki: &Pki) -> Result<Self, BenchError> {
        let files = [
            pki.certificate("registry-server"),
            pki.key("registry-server"),
            pki.ca_file(),
        ];
        let [certificate, key, ca] = files.each_ref().map(|file| file.display().to_string());
        let arguments = ["--certificate", &certificate, "--key", &key, "--ca", &ca];
        let mut process = Process::start(ECHO, &arguments)?;
        let line = process.hear().await?;
        let port = line.trim().parse().map_err(|_| failed(ECHO, &line))?;
        Ok(Self { process, port })
    }

    /// Its process id.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn pid(&self) -> Result<u32, BenchError> {
        self.process.pid()
    }
}

/// Rows and files.
pub(crate) struct StoreFloor {
    process: Process,
}

impl StoreFloor {
    /// Starts it and waits until its database is there.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) async fn start(setup: &Setup) -> Result<Self, BenchError> {
        let mut process = Process::start(STORE, &[])?;
        process.say(&serde_json::to_string(setup)?).await?;
        let mut floor = Self { process };
        floor.answer().await?;
        Ok(floor)
    }

    /// Its process id.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn pid(&self) -> Result<u32, BenchError> {
        self.process.pid()
    }

    /// Makes what the work reads.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) async fn prepare(&mut self, work: Work) -> Result<(), BenchError> {
        self.order(&Order::Prepare(work)).await.map(drop)
    }

    /// Does the work; how often, and in what time.
    ///
    /// # Errors
    /// When it fails.
    pub(crate) async fn run(
        &mut self,
        work: Work,
        connections: u64,
        bounds: Bounds,
    ) -> Result<(u64, Duration), BenchError> {
        let order = Order::Run {
            work,
            connections,
            microseconds: microseconds(bounds.time),
            requests_max: bounds.requests_max,
        };
        self.order(&order).await
    }

    /// Removes the files that were written.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) async fn clean(&mut self) -> Result<(), BenchError> {
        self.order(&Order::Clean).await.map(drop)
    }

    async fn order(&mut self, order: &Order) -> Result<(u64, Duration), BenchError> {
        self.process.say(&serde_json::to_string(order)?).await?;
        self.answer().await
    }

    async fn answer(&mut self) -> Result<(u64, Duration), BenchError> {
        let line = self.process.hear().await?;
        match serde_json::from_str(&line)? {
            Said::Done {
                requests,
                microseconds,
            } => Ok((requests, Duration::from_micros(microseconds))),
            Said::Failed(why) => Err(failed(STORE, &why)),
        }
    }
}
