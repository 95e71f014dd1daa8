//! Cases and floors in turn.

use std::time::Duration;

use renkei_network::Options;

use crate::arguments::Arguments;
use crate::case::{Case, Size};
use crate::check::Expect;
use crate::connection::{Exchanged, Request};
use crate::content::filler;
use crate::error::BenchError;
use crate::figures::{Figures, Part, Round, Row, as_f64, each};
use crate::floor::echo::ANSWER_BYTES;
use crate::floor::{EchoFloor, Setup, StoreFloor, Work};
use crate::load::{Bounds, Load, Outcome, Source};
use crate::meter::{Meter, Watched, used};
use crate::progress::note;
use crate::statistics::percentile;
use crate::world::World;

/// A warm-up may take this long.
const WARM_UP_MAX: Duration = Duration::from_secs(60);

/// Everything that runs while we measure.
struct Bench<'a> {
    arguments: &'a Arguments,
    world: World,
    servers: Meter,
    echo: EchoFloor,
    store: StoreFloor,
}

/// Measures the cases over the rounds.
///
/// # Errors
/// When something does not start, or an answer is wrong; the end of the programs' logs is on standard error then.
pub(crate) async fn measure(arguments: &Arguments) -> Result<Vec<Row>, BenchError> {
    let cases = arguments.cases()?;
    let mut options = Options::default();
    if !arguments.delivery {
        options.repository.push_str("[audit]\ndestination = []\n");
    }
    let world = World::start(options, arguments.patients).await?;
    let mut bench = match Bench::prepare(arguments, world, &cases).await {
        Ok(bench) => bench,
        Err((world, error)) => {
            world.show_logs();
            return Err(error);
        }
    };
    let rows = bench.rounds(&cases).await;
    if rows.is_err() {
        bench.world.show_logs();
    }
    rows
}

impl<'a> Bench<'a> {
    async fn prepare(
        arguments: &'a Arguments,
        world: World,
        cases: &[Case],
    ) -> Result<Self, (Box<World>, BenchError)> {
        match Self::floors(arguments, &world, cases).await {
            Ok((servers, echo, store)) => Ok(Self {
                arguments,
                world,
                servers,
                echo,
                store,
            }),
            Err(error) => Err((Box::new(world), error)),
        }
    }

    async fn floors(
        arguments: &Arguments,
        world: &World,
        cases: &[Case],
    ) -> Result<(Meter, EchoFloor, StoreFloor), BenchError> {
        world.fill(cases, arguments.connections).await?;
        note("making the floors");
        let echo = EchoFloor::start(world.network.pki()).await?;
        let mut store = StoreFloor::start(&Setup {
            database: world.cluster.connection_parameters().connection_string(),
            folder: world.network.folder().join("floor"),
            patients: arguments.patients,
            connections: arguments.connections,
        })
        .await?;
        for work in cases.iter().flat_map(|case| case.work()) {
            store.prepare(work).await?;
        }
        Ok((world.meter()?, echo, store))
    }

    async fn rounds(&mut self, cases: &[Case]) -> Result<Vec<Row>, BenchError> {
        let mut measured: Vec<(Case, Vec<Round>)> = cases.iter().map(|case| (*case, Vec::new())).collect();
        for number in 1..=self.arguments.rounds {
            for (case, rounds) in &mut measured {
                let round = self.round(*case).await?;
                note(&format!(
                    "round {number}/{}  {:<12} {:>10.1}/s",
                    self.arguments.rounds,
                    case.name(),
                    round.requests_per_second
                ));
                rounds.push(round);
            }
        }
        Ok(measured
            .iter()
            .map(|(case, rounds)| Row::new(case.name(), rounds))
            .collect())
    }

    /// The case, and directly after it its floor: the parts share the time that the case had.
    async fn round(&mut self, case: Case) -> Result<Round, BenchError> {
        let connections = case.connections(self.arguments.connections);
        let bounds = Bounds {
            time: self.arguments.time(),
            requests_max: case.requests_max(),
        };
        let (outcome, cpu) = self.case(case, connections, bounds).await?;
        let requests = as_f64(outcome.requests() as u64);
        let mean = mean(&outcome);
        let works = case.work();
        let share = Bounds {
            time: bounds.time / u32::try_from(works.len() + 1).unwrap_or(1),
            ..bounds
        };
        let mut floor = vec![self.echo(mean, connections, share).await?];
        for work in works {
            floor.push(self.work(work, connections, share).await?);
        }
        let cpu: Vec<f64> = cpu.iter().map(|time| each(*time, requests)).collect();
        Ok(Round {
            requests_per_second: requests / outcome.elapsed.as_secs_f64(),
            cpu_us: cpu.try_into().unwrap_or_default(),
            p50: percentile(&outcome.latencies, 50),
            p99: percentile(&outcome.latencies, 99),
            bytes_in: mean.bytes_in,
            bytes_out: mean.bytes_out,
            floor,
        })
    }

    async fn case(
        &self,
        case: Case,
        connections: u64,
        bounds: Bounds,
    ) -> Result<(Outcome, Vec<Duration>), BenchError> {
        let source = self.world.source(case)?;
        let target = self.world.target_of(case, self.arguments.basis);
        let mut load = Load::open(&target, connections)
            .await
            .map_err(BenchError::load(case.name()))?;
        if case.size() != Some(Size::Large) {
            warm_up(&mut load, &source, connections, case.name()).await?;
        }
        run(&mut load, &source, bounds, &self.servers, case.name()).await
    }

    async fn echo(&self, bytes: Exchanged, connections: u64, bounds: Bounds) -> Result<Part, BenchError> {
        let name = "echo";
        let target = self.world.target_at(self.echo.port, EchoFloor::PATH);
        let mut load = Load::open(&target, connections)
            .await
            .map_err(BenchError::load(name))?;
        let source = echo_source(bytes);
        let meter = Meter(vec![Watched::Process(self.echo.pid()?)]);
        warm_up(&mut load, &source, connections, name).await?;
        let (outcome, cpu) = run(&mut load, &source, bounds, &meter, name).await?;
        let figures = Figures::new(outcome.requests() as u64, outcome.elapsed, cpu.iter().sum());
        Ok(Part { name, figures })
    }

    async fn work(&mut self, work: Work, connections: u64, bounds: Bounds) -> Result<Part, BenchError> {
        let meter = Meter(vec![
            Watched::Process(self.store.pid()?),
            Watched::Family(self.world.postmaster()?),
        ]);
        let before = meter.read_when_quiet().await?;
        let (requests, elapsed) = self.store.run(work, connections, bounds).await?;
        let after = meter.read_when_quiet().await?;
        self.store.clean().await?;
        let cpu = used(&before, &after).iter().sum();
        Ok(Part {
            name: work.name(),
            figures: Figures::new(requests, elapsed, cpu),
        })
    }
}

async fn warm_up(load: &mut Load, source: &Source, connections: u64, name: &str) -> Result<(), BenchError> {
    let bounds = Bounds {
        time: WARM_UP_MAX,
        requests_max: 2 * connections,
    };
    load.run(source, bounds)
        .await
        .map(drop)
        .map_err(BenchError::load(name))
}

async fn run(
    load: &mut Load,
    source: &Source,
    bounds: Bounds,
    meter: &Meter,
    name: &str,
) -> Result<(Outcome, Vec<Duration>), BenchError> {
    let before = meter.read_when_quiet().await?;
    let outcome = load.run(source, bounds).await.map_err(BenchError::load(name))?;
    let after = meter.read_when_quiet().await?;
    Ok((outcome, used(&before, &after)))
}

/// As many bytes in and out as a request of the case has on average.
fn echo_source(bytes: Exchanged) -> Source {
    let body = filler(bytes.bytes_in);
    let headers = format!(
        "Content-Type: application/octet-stream\r\n{ANSWER_BYTES}: {}\r\n",
        bytes.bytes_out
    );
    std::sync::Arc::new(move |_| Request {
        headers: headers.clone(),
        body: body.clone(),
        expect: Expect::Filler {
            bytes: bytes.bytes_out,
            // The sender hashes documents; it shall have the same work here.
            hashed: bytes.bytes_out > 200_000,
        },
    })
}

fn mean(outcome: &Outcome) -> Exchanged {
    let requests = (outcome.requests() as u64).max(1);
    Exchanged {
        bytes_in: outcome.bytes.bytes_in / requests,
        bytes_out: outcome.bytes.bytes_out / requests,
    }
}
