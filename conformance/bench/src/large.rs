//! Memory of the repository while large documents pass.

use std::time::Duration;

use renkei_network::{Options, Program};
use serde::Serialize;

use crate::case::Size;
use crate::content::Content;
use crate::error::BenchError;
use crate::load::{Bounds, Load, Source};
use crate::procfs::{forget_peak, peak_bytes, resident_bytes};
use crate::progress::note;
use crate::world::World;

const GIB: u64 = 1 << 30;
/// What one document of 1 GiB may take above idle.
const ONE_BYTES_MAX: u64 = 32 << 20;
/// The same of eight of 50 MB at once.
const EIGHT_BYTES_MAX: u64 = 40 << 20;
const AT_ONCE: u64 = 8;
const STEP_MAX: Duration = Duration::from_secs(1200);
/// Series of the documents' ids.
const ONE: u64 = GIB;
const EIGHT: u64 = 50_000_001;

/// Memory in one step.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) step: &'static str,
    pub(crate) seconds: f64,
    /// Of documents.
    pub(crate) bytes: u64,
    /// Resident memory before the first request of all.
    pub(crate) idle_bytes: u64,
    /// The most that there was above it.
    pub(crate) above_idle_bytes: u64,
    /// What is meant to be the most.
    pub(crate) goal_bytes: u64,
}

/// Up and down: one document of 1 GiB, then eight of 50 MB at once.
///
/// # Errors
/// When something does not start, or an answer is wrong; the end of the programs' logs is on standard error then.
pub(crate) async fn measure() -> Result<Vec<Memory>, BenchError> {
    let limits = format!("document_bytes_max = {GIB}\nrequest_bytes_max = {}\n", 2 * GIB);
    let world = World::start(Options::default().limits(&limits), 1).await?;
    let memory = steps(&world).await;
    if memory.is_err() {
        world.show_logs();
    }
    memory
}

async fn steps(world: &World) -> Result<Vec<Memory>, BenchError> {
    let repository = Repository::new(world)?;
    let idle = resident_bytes(repository.pid)?;
    let one = Content::new(GIB);
    let eight = Content::new(Size::Large.bytes());
    let steps = [
        ("1 GiB up (ITI-41)", world.provide(one.clone(), ONE)?, 1, &one),
        ("1 GiB down (ITI-43)", world.retrieve(&one, ONE, 1), 1, &one),
        (
            "8 x 50 MB up at once (ITI-41)",
            world.provide(eight.clone(), EIGHT)?,
            AT_ONCE,
            &eight,
        ),
        (
            "8 x 50 MB down at once (ITI-43)",
            world.retrieve(&eight, EIGHT, AT_ONCE),
            AT_ONCE,
            &eight,
        ),
    ];
    let mut memory = Vec::new();
    for (step, source, documents, content) in steps {
        note(step);
        forget_peak(repository.pid)?;
        let seconds = repository
            .send(&source, documents, documents)
            .await?
            .as_secs_f64();
        memory.push(Memory {
            step,
            seconds,
            bytes: documents * content.bytes,
            idle_bytes: idle,
            above_idle_bytes: peak_bytes(repository.pid)?.saturating_sub(idle),
            goal_bytes: if documents == 1 {
                ONE_BYTES_MAX
            } else {
                EIGHT_BYTES_MAX
            },
        });
    }
    Ok(memory)
}

struct Repository<'a> {
    world: &'a World,
    pid: u32,
}

impl<'a> Repository<'a> {
    fn new(world: &'a World) -> Result<Self, BenchError> {
        let pid = world.network.repository.pid();
        let pid = pid.ok_or_else(|| BenchError::Proc("repository".into()))?;
        Ok(Self { world, pid })
    }

    async fn send(&self, source: &Source, connections: u64, requests: u64) -> Result<Duration, BenchError> {
        let bounds = Bounds {
            time: STEP_MAX,
            requests_max: requests,
        };
        let sent = async {
            let mut load = Load::open(&self.world.target(Program::Repository), connections).await?;
            load.run(source, bounds).await
        };
        let outcome = sent.await.map_err(BenchError::load("large documents"))?;
        Ok(outcome.elapsed)
    }
}
