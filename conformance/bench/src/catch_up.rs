//! After an outage: how fast the events that waited reach an Audit Record Repository that we did not write (rsyslog, by
//! syslog over mutual TLS), while the registry goes on answering queries.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use renkei_network::{Options, Program, Rsyslog};
use serde::Serialize;

use crate::arguments::Arguments;
use crate::case::Case;
use crate::error::BenchError;
use crate::figures::as_f64;
use crate::load::{Bounds, Load, Outcome};
use crate::progress::note;
use crate::world::World;

/// The destination.
const RECEIVER: &str = "arr";
/// The sender tries again after a minute at the longest.
const CATCH_UP_MAX: Duration = Duration::from_secs(300);
/// How long queries go on between two looks at what has arrived.
const WHILE: Duration = Duration::from_millis(500);

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CatchUp {
    /// Events that waited when the receiver came back, about: queries answered meanwhile.
    pub(crate) waiting: u64,
    /// Queries answered a second during the outage.
    pub(crate) served_before: f64,
    /// From the first event that arrived until as many had arrived as had waited.
    pub(crate) seconds: f64,
    /// Events that arrived a second in that time.
    pub(crate) delivered: f64,
    /// Queries answered a second in that time.
    pub(crate) served: f64,
}

/// Measures once: an outage of as many seconds as a measurement has, and what comes after it.
///
/// # Errors
/// When rsyslog is not installed, or something does not start or answer.
pub(crate) async fn measure(arguments: &Arguments) -> Result<CatchUp, BenchError> {
    let program = Rsyslog::program().ok_or(BenchError::Message(
        "rsyslogd: install the Debian packages rsyslog and rsyslog-gnutls",
    ))?;
    let port = xds_testkit::port().map_err(BenchError::io("a free port"))?;
    let options = Options {
        registry: format!(
            "[[audit.destination]]\nname = \"{RECEIVER}\"\naddress = \"127.0.0.1:{port}\"\nserver_name = \"localhost\"\n"
        ),
        repository: "[audit]\ndestination = []\n".to_owned(),
        ..Options::default()
    };
    let world = World::start(options, arguments.patients).await?;
    let case = Case::FindReferences;
    world.fill(&[case], arguments.connections).await?;
    let mut load = Load::open(&world.target(Program::Registry), arguments.connections)
        .await
        .map_err(BenchError::load(case.name()))?;

    note("answering queries while nobody takes events");
    let outage = ask(&world, &mut load, case, arguments.time()).await?;
    let waiting = outage.requests() as u64;

    note(&format!("rsyslog is there: {waiting} events wait"));
    let log = world.network.folder().join("arrived.log");
    let _receiver = Rsyslog::start(program, &world.network, port, &log)?;
    let mut arrivals = Arrivals::new(log);
    let came_back = Instant::now();
    let (mut began, mut served) = (None, 0_u64);
    loop {
        let answered = ask(&world, &mut load, case, WHILE).await?.requests() as u64;
        let arrived = arrivals.count()?;
        if arrived > 0 && began.is_none() {
            began = Some((Instant::now(), arrived));
            continue;
        }
        served += if began.is_some() { answered } else { 0 };
        if let Some((since, before)) = began
            && arrived >= waiting
        {
            let seconds = since.elapsed().as_secs_f64();
            return Ok(CatchUp {
                waiting,
                served_before: as_f64(waiting) / outage.elapsed.as_secs_f64(),
                seconds,
                delivered: as_f64(arrived - before) / seconds,
                served: as_f64(served) / seconds,
            });
        }
        if came_back.elapsed() > CATCH_UP_MAX {
            return Err(BenchError::Message("every event at the receiver in time"));
        }
    }
}

async fn ask(world: &World, load: &mut Load, case: Case, time: Duration) -> Result<Outcome, BenchError> {
    let bounds = Bounds {
        time,
        requests_max: u64::MAX,
    };
    let source = world.source(case)?;
    load.run(&source, bounds)
        .await
        .map_err(BenchError::load(case.name()))
}

/// Lines of a file that grows.
struct Arrivals {
    log: PathBuf,
    file: Option<fs::File>,
    lines: u64,
    piece: Vec<u8>,
}

impl Arrivals {
    fn new(log: PathBuf) -> Self {
        Self {
            log,
            file: None,
            lines: 0,
            piece: vec![0; 1024 * 1024],
        }
    }

    fn count(&mut self) -> Result<u64, BenchError> {
        if self.file.is_none() && self.log.exists() {
            self.file = Some(fs::File::open(&self.log).map_err(BenchError::file(&self.log))?);
        }
        let Some(file) = &mut self.file else {
            return Ok(0);
        };
        loop {
            let read = file.read(&mut self.piece).map_err(BenchError::file(&self.log))?;
            let piece = self.piece.get(..read).unwrap_or_default();
            self.lines += memchr::memchr_iter(b'\n', piece).count() as u64;
            if read == 0 {
                return Ok(self.lines);
            }
        }
    }
}
