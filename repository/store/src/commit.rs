//! Group commit of a local folder: one thread makes the states and pointers of all submissions that wait
//! lasting, with two flushes for all of them together.
//!
//! First it notes the states in the log ([`Begun`]) and flushes that; then it makes the pointers and flushes
//! the file system, which takes the documents' bytes along. Whoever comes meanwhile waits for the next turn:
//! under load the groups grow by themselves, and nobody waits for a group to fill.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::backend::Written;
use crate::begun::Begun;
use crate::error::StoreError;
use crate::layout;

/// How long the end of a submission may wait for company before it is noted.
const END_WAIT: Duration = Duration::from_millis(100);

/// A pointer to make: its name and content.
pub(crate) type Pointer = (String, Bytes);

type Reply<T> = oneshot::Sender<std::io::Result<T>>;

enum Job {
    Begin {
        id: Uuid,
        state: Bytes,
        pointers: Vec<Pointer>,
        reply: Reply<usize>,
    },
    Create(Pointer, Reply<Written>),
    End(Uuid),
    Leave(Uuid),
    Settle(Reply<()>),
}

/// The way to the thread. Dropping the last one ends it, when everything is written.
#[derive(Debug)]
pub(crate) struct Committer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: Vec<Job>,
    /// Begun and not ended.
    open: HashSet<Uuid>,
    urgent: bool,
    closed: bool,
}

impl Committer {
    /// Starts the thread. Submissions that a process before this one left open become files that recovery
    /// reads, before this returns.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) fn start(root: &Path) -> Result<Self, StoreError> {
        let failed = StoreError::io("open the log of submissions");
        let log = Begun::open(root).map_err(&failed)?;
        let folder = File::open(root).map_err(&failed)?;
        folder.sync_all().map_err(&failed)?;
        let mut thread = Writer {
            root: root.to_owned(),
            folder,
            log,
        };
        thread.leave_all().map_err(&failed)?;
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            wake: Condvar::new(),
        });
        let ours = Arc::clone(&shared);
        let handle = thread::Builder::new()
            .name("documents".to_owned())
            .spawn(move || thread.run(&ours))
            .map_err(&failed)?;
        Ok(Self {
            shared,
            thread: Some(handle),
        })
    }

    /// Makes a submission's state lasting, then pointers in this order up to the first that exists already.
    /// How many were made; these and all bytes written before last.
    ///
    /// # Errors
    /// The file system's: state and pointers may be there or not.
    pub(crate) async fn begin(
        &self,
        id: Uuid,
        state: Bytes,
        pointers: Vec<Pointer>,
    ) -> Result<usize, StoreError> {
        self.shared.lock().open.insert(id);
        let job = |reply| Job::Begin {
            id,
            state,
            pointers,
            reply,
        };
        self.ask(job).await.map_err(StoreError::io("begin a submission"))
    }

    /// Makes one pointer, lasting, where there is none.
    ///
    /// # Errors
    /// The file system's.
    pub(crate) async fn create(&self, name: &str, bytes: Bytes) -> Result<Written, StoreError> {
        self.ask(|reply| Job::Create((name.to_owned(), bytes), reply))
            .await
            .map_err(StoreError::io("write a pointer"))
    }

    /// Whether a submission has begun here and not ended.
    pub(crate) fn is_open(&self, id: Uuid) -> bool {
        self.shared.lock().open.contains(&id)
    }

    /// Notes the end of a submission some time soon; false when it is not open here.
    pub(crate) fn end(&self, id: Uuid) -> bool {
        let mut queue = self.shared.lock();
        let open = queue.open.remove(&id);
        if open {
            queue.jobs.push(Job::End(id));
            drop(queue);
            self.shared.wake.notify_one();
        }
        open
    }

    /// Makes a submission that is open here a file that recovery reads; [`Committer::settle`] waits for that.
    pub(crate) fn leave(&self, id: Uuid) {
        let mut queue = self.shared.lock();
        if queue.open.contains(&id) {
            queue.jobs.push(Job::Leave(id));
            queue.urgent = true;
            drop(queue);
            self.shared.wake.notify_one();
        }
    }

    /// Waits until everything that was asked for is done.
    ///
    /// # Errors
    /// When the thread is gone.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        self.ask(Job::Settle)
            .await
            .map_err(StoreError::io("write the log of submissions"))
    }

    fn push(&self, job: Job) {
        let mut queue = self.shared.lock();
        queue.jobs.push(job);
        queue.urgent = true;
        drop(queue);
        self.shared.wake.notify_one();
    }

    async fn ask<T>(&self, job: impl FnOnce(Reply<T>) -> Job) -> std::io::Result<T> {
        let (reply, answer) = oneshot::channel();
        self.push(job(reply));
        answer
            .await
            .unwrap_or_else(|_| Err(std::io::Error::other("the writer ended early")))
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has told those who waited.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next jobs; none when no more will come. The ends of submissions alone wait a while for company.
    fn take(&self) -> Option<Vec<Job>> {
        let wait = |queue: &mut Queue| !queue.urgent && !queue.closed;
        let mut queue = self
            .wake
            .wait_while(self.lock(), |queue| queue.jobs.is_empty() && !queue.closed)
            .unwrap_or_else(PoisonError::into_inner);
        if wait(&mut queue) {
            (queue, _) = self
                .wake
                .wait_timeout_while(queue, END_WAIT, wait)
                .unwrap_or_else(PoisonError::into_inner);
        }
        queue.urgent = false;
        let jobs = std::mem::take(&mut queue.jobs);
        (!jobs.is_empty() || !queue.closed).then_some(jobs)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Committer").finish_non_exhaustive()
    }
}

/// What the thread holds.
struct Writer {
    root: PathBuf,
    folder: File,
    log: Begun,
}

/// What was done for one who waits, to be told when it lasts.
enum Done {
    Begun(std::io::Result<usize>, Reply<usize>),
    Created(std::io::Result<Written>, Reply<Written>),
}

impl Writer {
    fn run(mut self, shared: &Shared) {
        while let Some(jobs) = shared.take() {
            self.work(jobs, shared);
        }
    }

    fn work(&mut self, jobs: Vec<Job>, shared: &Shared) {
        let noted = self.note(&jobs);
        let mut done = Vec::with_capacity(jobs.len());
        let (mut left, mut settled) = (Vec::new(), Vec::new());
        for job in jobs {
            match job {
                Job::Begin { pointers, reply, .. } => {
                    let made = copy(&noted).and_then(|()| self.make_all(&pointers));
                    done.push(Done::Begun(made, reply));
                }
                Job::Create(pointer, reply) => done.push(Done::Created(self.make(&pointer), reply)),
                Job::Leave(id) => left.push(id),
                Job::Settle(reply) => settled.push(reply),
                Job::End(_) => {}
            }
        }
        if !done.is_empty() {
            let lasting = nix::unistd::syncfs(&self.folder).map_err(std::io::Error::from);
            done.into_iter().for_each(|done| done.tell(&lasting));
        }
        for id in left {
            match self.leave(id) {
                Ok(()) => drop(shared.lock().open.remove(&id)),
                // It stays in the log, and the next start finds it there.
                Err(error) => tracing::error!(%error, %id, "a submission is left to the next start"),
            }
        }
        for reply in settled {
            let _ = reply.send(Ok(()));
        }
    }

    /// The log: states that begin are flushed, ends are only written.
    fn note(&mut self, jobs: &[Job]) -> std::io::Result<()> {
        let mut begins = false;
        for job in jobs {
            match job {
                Job::Begin { id, state, .. } => {
                    self.log.begin(*id, state.clone());
                    begins = true;
                }
                Job::End(id) => self.log.end(*id),
                _ => {}
            }
        }
        if begins {
            return self.log.flush();
        }
        if self.log.is_waiting()
            && let Err(error) = self.log.write()
        {
            tracing::warn!(%error, "the ends of submissions are not in the log; recovery asks for them again");
        }
        Ok(())
    }

    fn make_all(&self, pointers: &[Pointer]) -> std::io::Result<usize> {
        for (number, pointer) in pointers.iter().enumerate() {
            if self.make(pointer)? == Written::ExistsAlready {
                return Ok(number);
            }
        }
        Ok(pointers.len())
    }

    /// Makes a pointer, whole from the first moment. Nobody else makes any in this folder.
    fn make(&self, (name, bytes): &Pointer) -> std::io::Result<Written> {
        let path = self.root.join(name);
        if path.try_exists()? {
            return Ok(Written::ExistsAlready);
        }
        place(&path, bytes, false)?;
        Ok(Written::Yes)
    }

    fn leave_all(&mut self) -> std::io::Result<()> {
        let ids: Vec<Uuid> = self.log.states().map(|(id, _)| id).collect();
        ids.into_iter().try_for_each(|id| self.leave(id))?;
        self.log.flush()
    }

    /// Puts a state from the log into a file that recovery reads.
    fn leave(&mut self, id: Uuid) -> std::io::Result<()> {
        if let Some(state) = self.log.state(id) {
            place(&self.root.join(layout::unfinished(id)), state, true)?;
            File::open(self.root.join(layout::UNFINISHED))?.sync_all()?;
            self.log.end(id);
        }
        Ok(())
    }
}

impl Done {
    fn tell(self, lasting: &std::io::Result<()>) {
        // Whoever does not wait any more leaves the submission to recovery.
        match self {
            Self::Begun(made, reply) => drop(reply.send(made.and_then(|made| copy(lasting).map(|()| made)))),
            Self::Created(made, reply) => {
                drop(reply.send(made.and_then(|made| copy(lasting).map(|()| made))))
            }
        }
    }
}

/// Writes a file beside its place, under a name that `object_store` does not list, and moves it there: it is
/// never seen half-written.
fn place(path: &Path, bytes: &[u8], flush: bool) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push("#1");
    let beside = PathBuf::from(beside);
    let placed = write_new(&beside, bytes, flush).and_then(|()| std::fs::rename(&beside, path));
    if placed.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    placed
}

/// Writes a file that is private from its first moment.
pub(crate) fn write_new(path: &Path, bytes: &[u8], flush: bool) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    if flush { file.sync_all() } else { Ok(()) }
}

/// One outcome for each of those who share it.
fn copy(outcome: &std::io::Result<()>) -> std::io::Result<()> {
    match outcome {
        Ok(()) => Ok(()),
        Err(error) => Err(match error.raw_os_error() {
            Some(code) => std::io::Error::from_raw_os_error(code),
            None => error.kind().into(),
        }),
    }
}
