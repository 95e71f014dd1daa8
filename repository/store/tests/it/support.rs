//! What the tests share: a temporary folder, a store, a clock that can be set, documents.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use repository_store::*;
use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::time::{Clock, IdSource, System};

pub(crate) fn uid(text: &str) -> xds_model::UniqueId {
    text.parse().unwrap()
}

/// A folder that goes away with the test.
pub(crate) struct TempDir(PathBuf);

static COUNT: AtomicU64 = AtomicU64::new(0);

impl TempDir {
    pub(crate) fn new() -> Self {
        Self::under(&std::env::temp_dir())
    }

    /// In memory where the machine has such a folder: for tests that flush thousands of times and do
    /// not depend on a disk (a killed process leaves the kernel's view as it was).
    pub(crate) fn fast() -> Self {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() && !memory.metadata().unwrap().permissions().readonly() {
            Self::under(memory)
        } else {
            Self::new()
        }
    }

    fn under(parent: &Path) -> Self {
        let name = format!(
            "renkei-store-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = parent.join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(crate) fn key_file(&self) -> PathBuf {
        let path = self.0.join("key");
        if !path.exists() {
            KeyRing::create_file(&path).unwrap();
        }
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The machine's clock, moved by hours.
#[derive(Default)]
pub(crate) struct MovedClock(pub(crate) AtomicI64);

impl Clock for MovedClock {
    fn now(&self) -> OffsetDateTime {
        System.now() + time::Duration::hours(self.0.load(Ordering::Relaxed))
    }
}

pub(crate) fn config(location: Location, keys: KeyRing) -> StoreConfig {
    StoreConfig {
        location,
        repository_unique_id: "1.2.392.99".parse().unwrap(),
        keys,
        clock: Arc::new(System),
        ids: Arc::new(System),
        claim_wait: Duration::from_secs(10),
    }
}

pub(crate) fn open(dir: &TempDir) -> DocumentStore {
    open_with(|| {
        let keys = KeyRing::load(&[dir.key_file()]).unwrap();
        config(Location::Folder(dir.data()), keys)
    })
}

/// Opens a store, if need be again: a process that another test is just starting has our lock for the
/// moment between fork and exec.
pub(crate) fn open_with(config: impl Fn() -> StoreConfig) -> DocumentStore {
    let until = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        match DocumentStore::open(config()) {
            Err(StoreError::InUse(_)) if std::time::Instant::now() < until => {
                std::thread::yield_now();
            }
            opened => return opened.unwrap(),
        }
    }
}

pub(crate) fn memory() -> DocumentStore {
    DocumentStore::open(config(Location::Memory, KeyRing::ephemeral().unwrap())).unwrap()
}

/// Bytes that look like text, or (odd seed) like noise; the same for the same seed.
pub(crate) fn content(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut bytes = Vec::with_capacity(len + 32);
    while bytes.len() < len {
        if seed % 2 == 1 {
            bytes.extend_from_slice(&next().to_le_bytes());
        } else {
            bytes.extend_from_slice(format!("<value code=\"{}\"/>\n", next() % 5000).as_bytes());
        }
    }
    bytes.truncate(len);
    bytes
}

pub(crate) fn pieces(bytes: &[u8], len: usize) -> impl Stream<Item = Result<Bytes, std::io::Error>> + use<> {
    let pieces: Vec<_> = bytes
        .chunks(len)
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    futures_util::stream::iter(pieces)
}

/// Every document in an object of its own, however small.
pub(crate) fn options() -> ReceiveOptions {
    ReceiveOptions {
        size_max: 1 << 30,
        mime_type: Some("text/xml".to_owned()),
        carried_bytes_max: 0,
    }
}

pub(crate) async fn receive(store: &DocumentStore, bytes: &[u8]) -> Received {
    store.receive(pieces(bytes, 10_000), &options()).await.unwrap()
}

/// Small documents in their pointers.
pub(crate) fn carrying() -> ReceiveOptions {
    ReceiveOptions {
        carried_bytes_max: usize::MAX,
        ..options()
    }
}

pub(crate) fn context(set: &str) -> SubmissionContext {
    SubmissionContext {
        sender: "h1".to_owned(),
        submission_set: set.to_owned(),
        patient: Some("PATIENTCANARY^^^&1.2.3&ISO".to_owned()),
    }
}

pub(crate) async fn new_document(store: &DocumentStore, id: &str, bytes: &[u8]) -> NewDocument {
    new_document_with(&options(), store, id, bytes).await
}

async fn new_document_with(
    options: &ReceiveOptions,
    store: &DocumentStore,
    id: &str,
    bytes: &[u8],
) -> NewDocument {
    NewDocument {
        unique_id: uid(id),
        mime_type: "text/xml".to_owned(),
        received: store.receive(pieces(bytes, 10_000), options).await.unwrap(),
    }
}

/// A submission of these documents that waits for the registry.
pub(crate) async fn begin(
    store: &DocumentStore,
    set: &str,
    documents: &[(&str, &[u8])],
) -> Result<OpenSubmission, StoreError> {
    begin_with(&options(), store, set, documents).await
}

pub(crate) async fn begin_with(
    options: &ReceiveOptions,
    store: &DocumentStore,
    set: &str,
    documents: &[(&str, &[u8])],
) -> Result<OpenSubmission, StoreError> {
    let mut new = Vec::new();
    for (id, bytes) in documents {
        new.push(new_document_with(options, store, id, bytes).await);
    }
    store.begin(context(set), new).await
}

pub(crate) async fn read_all(
    store: &DocumentStore,
    document: &StoredDocument,
) -> Result<Vec<u8>, StoreError> {
    let mut reader = store.read(document).await?;
    let mut all = Vec::new();
    while let Some(piece) = reader.next_piece().await? {
        assert!(!piece.is_empty());
        all.extend_from_slice(&piece);
    }
    Ok(all)
}

/// The document under this id, if it is held; read and verified.
pub(crate) async fn fetch(store: &DocumentStore, id: &str) -> Option<Vec<u8>> {
    let document = store.open_document(&uid(id)).await.unwrap()?;
    Some(read_all(store, &document).await.unwrap())
}

/// The files under a part of the data folder.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// Waits for what a task does in the background.
pub(crate) async fn eventually(mut condition: impl FnMut() -> bool) {
    let until = std::time::Instant::now() + Duration::from_secs(10);
    while !condition() {
        assert!(
            std::time::Instant::now() < until,
            "the condition did not come true"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Ids whose time is in the past by so many hours.
pub(crate) struct OldIds(pub(crate) Mutex<i64>);

impl IdSource for OldIds {
    fn random(&self) -> Uuid {
        System.random()
    }

    fn ordered(&self) -> Uuid {
        let hours = *self.0.lock().unwrap();
        let at = System.now() - time::Duration::hours(hours);
        let millis = u128::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap();
        let low = System.random().as_u128() & ((1 << 80) - 1);
        let bits = (millis << 80) | low;
        uuid::Builder::from_u128(bits)
            .with_version(uuid::Version::SortRand)
            .with_variant(uuid::Variant::RFC4122)
            .into_uuid()
    }
}
