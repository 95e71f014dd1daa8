//! New material under a running server: load, check, then swap. A bad file leaves the old set in force.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use time::OffsetDateTime;

use crate::{CrlHealth, Material, MaterialError, MaterialPaths, Now};

/// How often [`LiveMaterial::watch`] looks at the files, so that a change is in force within five seconds.
pub const WATCH_EVERY: Duration = Duration::from_secs(2);

/// Files of one set are replaced one after the other: wait until they have been still for this long.
const SETTLE: Duration = Duration::from_millis(250);
const SETTLE_ROUNDS_MAX: u32 = 8;

/// The material in force, and the only way to change it. One per set of files; servers and clients share it.
pub struct LiveMaterial {
    paths: MaterialPaths,
    now: Now,
    current: ArcSwap<Loaded>,
    /// Held for a whole reload, so that two never interleave. Never on the path of a connection.
    status: Mutex<ReloadStatus>,
}

pub(crate) struct Loaded {
    pub(crate) generation: u64,
    pub(crate) material: Material,
}

/// How reloading has gone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReloadStatus {
    /// Counts the sets that came into force; the first is 1.
    pub generation: u64,
    /// When the set in force was loaded or last confirmed by a reload.
    pub last_success: OffsetDateTime,
    /// The last attempt, if it failed: an alarm.
    pub last_error: Option<ReloadFailure>,
}

/// A reload that changed nothing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ReloadFailure {
    /// When.
    pub at: OffsetDateTime,
    /// What was wrong, naming the file and the repair.
    pub error: String,
}

impl LiveMaterial {
    /// Loads the first set.
    ///
    /// # Errors
    /// As [`Material::load`].
    pub fn load(paths: MaterialPaths, now: Now) -> Result<Arc<Self>, MaterialError> {
        let at = now();
        let material = Material::load(&paths, at)?;
        let status = ReloadStatus {
            generation: 1,
            last_success: at,
            last_error: None,
        };
        let current = ArcSwap::from_pointee(Loaded {
            generation: 1,
            material,
        });
        Ok(Arc::new(Self {
            paths,
            now,
            current,
            status: Mutex::new(status),
        }))
    }

    /// Loads the files again and puts them in force. Blocks on file access. Returns the new generation.
    ///
    /// # Errors
    /// As [`Material::load`]; the old set stays in force.
    pub fn reload(&self) -> Result<u64, MaterialError> {
        let mut status = self.lock();
        let at = (self.now)();
        let loaded = Material::load(&self.paths, at)
            .and_then(|new| new.may_succeed(&self.current.load().material).map(|()| new));
        match loaded {
            Ok(material) => {
                let generation = status.generation + 1;
                self.current.store(Arc::new(Loaded { generation, material }));
                *status = ReloadStatus {
                    generation,
                    last_success: at,
                    last_error: None,
                };
                Ok(generation)
            }
            Err(error) => {
                status.last_error = Some(ReloadFailure {
                    at,
                    error: error.to_string(),
                });
                Err(error)
            }
        }
    }

    /// [`LiveMaterial::reload`] for async callers: the files are read on a blocking thread.
    ///
    /// # Errors
    /// As [`LiveMaterial::reload`].
    pub async fn reload_in_background(self: Arc<Self>) -> Result<u64, MaterialError> {
        tokio::task::spawn_blocking(move || self.reload())
            .await
            .unwrap_or(Err(MaterialError::Interrupted))
    }

    /// How reloading has gone so far.
    #[must_use]
    pub fn status(&self) -> ReloadStatus {
        self.lock().clone()
    }

    /// How the revocation lists in force stand now.
    #[must_use]
    pub fn crl_health(&self) -> CrlHealth {
        self.current.load().material.crl_health((self.now)())
    }

    /// Looks at the material in force.
    pub fn with<T>(&self, look: impl FnOnce(&Material) -> T) -> T {
        look(&self.current.load().material)
    }

    /// The generation in force.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.current.load().generation
    }

    /// Reloads whenever a file has changed, and again after a failure until it succeeds. `report` hears of every
    /// success, and of a failure when it differs from the one before. Never returns: spawn it, abort it to stop.
    pub async fn watch<F>(self: Arc<Self>, every: Duration, report: F)
    where
        F: Fn(&Result<u64, MaterialError>) + Send,
    {
        let mut known = self.stamps();
        let mut failure: Option<String> = None;
        let mut lists = CrlAlarm::default();
        loop {
            tokio::time::sleep(every).await;
            lists.look(&self.crl_health());
            let stamps = self.stamps();
            if stamps == known && failure.is_none() {
                continue;
            }
            known = self.settled(stamps).await;
            let outcome = Arc::clone(&self).reload_in_background().await;
            let text = outcome.as_ref().err().map(ToString::to_string);
            if text.is_none() || text != failure {
                log(&outcome);
                report(&outcome);
            }
            failure = text;
        }
    }

    pub(crate) fn current(&self) -> Guard<Arc<Loaded>> {
        self.current.load()
    }

    pub(crate) fn clock(&self) -> Now {
        Arc::clone(&self.now)
    }

    /// Returns the stamps that held still, or the last seen if the files never do.
    async fn settled(&self, mut stamps: Vec<Option<Stamp>>) -> Vec<Option<Stamp>> {
        for _ in 0..SETTLE_ROUNDS_MAX {
            tokio::time::sleep(SETTLE).await;
            let again = self.stamps();
            if again == stamps {
                break;
            }
            stamps = again;
        }
        stamps
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        self.files().map(Stamp::of).collect()
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let MaterialPaths {
            certificate,
            key,
            trusted_roots,
            crls,
            directly_trusted,
            ..
        } = &self.paths;
        [certificate, key]
            .into_iter()
            .chain(trusted_roots)
            .chain(crls)
            .chain(directly_trusted)
    }

    /// A panic while the lock was held cannot have left the status half-written: it is replaced as a whole.
    fn lock(&self) -> MutexGuard<'_, ReloadStatus> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LiveMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveMaterial")
            .field("generation", &self.generation())
            .finish_non_exhaustive()
    }
}

/// What tells one version of a file from the next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stamp {
    inode: u64,
    length: u64,
    modified: (i64, i64),
    /// Changes with the access mode too.
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &PathBuf) -> Option<Self> {
        let metadata = std::fs::metadata(path).ok()?;
        Some(Self {
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

fn log(outcome: &Result<u64, MaterialError>) {
    match outcome {
        Ok(generation) => tracing::info!(generation, "TLS material reloaded"),
        Err(error) => tracing::error!(%error, "TLS material not reloaded; the old set stays in force"),
    }
}

/// Says once when the state of the revocation lists changes.
#[derive(Default)]
struct CrlAlarm(Option<crate::CrlCondition>);

impl CrlAlarm {
    fn look(&mut self, health: &CrlHealth) {
        let worst = health.worst();
        if self.0.replace(worst) == Some(worst) {
            return;
        }
        match worst {
            crate::CrlCondition::Fresh => tracing::info!("revocation lists are in date"),
            crate::CrlCondition::Overdue => tracing::warn!("a revocation list is past its nextUpdate"),
            crate::CrlCondition::Refusing => {
                tracing::error!(
                    "certificates of a CA are refused: its revocation list is missing or too old"
                );
            }
        }
    }
}
