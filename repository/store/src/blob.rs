//! Receiving the bytes of a document: hashed, compressed when it helps, encrypted and written while
//! they stream in.

use std::collections::HashSet;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use object_store::{MultipartUpload, PutPayload};
use tokio::task::JoinHandle;
use uuid::Uuid;
use xds_model::DocumentHash;

use crate::backend::Backend;
use crate::cipher::{CHUNK, Compressor, Encryptor, TAG, is_compressed_type};
use crate::error::{ReceiveError, StoreError};
use crate::keys::KeyRing;
use crate::layout;
use crate::store::DocumentStore;

/// What is known about a document before its bytes come.
#[derive(Clone, Debug)]
pub struct ReceiveOptions {
    /// The largest document accepted, in bytes.
    pub size_max: u64,
    /// Its mimeType, if known: content that its own format compresses is not compressed again.
    pub mime_type: Option<String>,
    /// Encrypted bytes up to which it is kept in its pointer rather than in an object of its own; at most
    /// [`CARRIED_BYTES_MAX`].
    pub carried_bytes_max: usize,
}

/// The largest document, encrypted, that a pointer carries: one object is made, flushed and read instead of two.
pub const CARRIED_BYTES_MAX: usize = 64 * 1024;

/// A document whose bytes are written, or held for its pointer, and that nothing refers to yet.
///
/// Dropping it removes the bytes (by a task, or by the sweep where no runtime is left); giving it to
/// [`DocumentStore::begin`] keeps them.
#[derive(Debug)]
pub struct Received {
    pub(crate) blob: BlobGuard,
    pub(crate) carried: Option<Bytes>,
    sha1: DocumentHash,
    sha256: [u8; 32],
    size: u64,
}

impl Received {
    /// The key of the bytes.
    pub fn key(&self) -> Uuid {
        self.blob.key
    }

    /// The SHA-1 of the document, the XDS `hash` (ITI TF-3 4.2.3.2.10).
    pub fn sha1(&self) -> &DocumentHash {
        &self.sha1
    }

    /// The SHA-256 of the document.
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// The size of the document in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Encrypted bytes held in memory until its pointer is made; none if they are written.
    pub fn carried_bytes(&self) -> usize {
        self.carried.as_ref().map_or(0, Bytes::len)
    }
}

impl DocumentStore {
    /// Takes the bytes of a document. They are written, or held if they are few, when this returns, and lasting
    /// when the submission that they are given to has begun.
    ///
    /// Memory does not grow with the document. A failure, or dropping the future, removes what was
    /// written.
    ///
    /// # Errors
    /// The stream's own error, [`StoreError::TooLarge`], [`StoreError::NoSpace`], or the backend's failure.
    pub async fn receive<S, E>(
        &self,
        content: S,
        options: &ReceiveOptions,
    ) -> Result<Received, ReceiveError<E>>
    where
        S: Stream<Item = Result<Bytes, E>>,
    {
        let key = self.ids().ordered();
        let mut guard = self.blobs_in_flight().enter(self.backend(), key);
        let compress = !options.mime_type.as_deref().is_some_and(is_compressed_type);
        let mut intake = Intake {
            keys: self.keys(),
            key,
            digest: Digest::new(),
            size_max: options.size_max,
            stage: Stage::Sample {
                plain: Vec::new(),
                compress,
            },
            writer: Writer::new(self.backend(), layout::blob(key)),
        };
        let mut content = pin!(content);
        while let Some(piece) = content.next().await {
            intake.push(&piece.map_err(ReceiveError::Incoming)?).await?;
        }
        let carried_bytes_max = options.carried_bytes_max.min(CARRIED_BYTES_MAX);
        let (digest, carried) = intake.finish(carried_bytes_max).await?;
        if carried.is_some() {
            guard.keep();
        }
        Ok(Received {
            blob: guard,
            carried,
            sha1: DocumentHash::from_digest(&digest.sha1),
            sha256: digest.sha256,
            size: digest.size,
        })
    }
}

/// A document on its way in.
struct Intake<'a> {
    keys: &'a KeyRing,
    key: Uuid,
    digest: Digest,
    size_max: u64,
    stage: Stage,
    writer: Writer,
}

/// Whether compression helps is decided by the first bytes.
enum Stage {
    /// The first bytes are collected.
    Sample { plain: Vec<u8>, compress: bool },
    /// The rest goes through these.
    Flow {
        compressor: Option<Compressor>,
        encryptor: Encryptor,
    },
}

impl Intake<'_> {
    async fn push(&mut self, piece: &Bytes) -> Result<(), StoreError> {
        for part in piece.chunks(CHUNK) {
            self.digest.update(part);
            if self.digest.size > self.size_max {
                return Err(StoreError::TooLarge { limit: self.size_max });
            }
            self.step(part)?;
            self.writer.write_full_parts().await?;
        }
        Ok(())
    }

    fn step(&mut self, part: &[u8]) -> Result<(), StoreError> {
        match &mut self.stage {
            Stage::Flow {
                compressor,
                encryptor,
            } => feed(compressor, encryptor, part, &mut self.writer.out),
            Stage::Sample { plain, compress } => {
                plain.extend_from_slice(part);
                if plain.len() >= CHUNK {
                    let (plain, compress) = (std::mem::take(plain), *compress);
                    self.stage = self.decide(&plain, compress, None)?;
                }
                Ok(())
            }
        }
    }

    /// Compresses the sample and goes on from there, or without, if that saved less than an eighth. `size`: that
    /// of the whole document, if it is known.
    fn decide(&mut self, sample: &[u8], compress: bool, size: Option<usize>) -> Result<Stage, StoreError> {
        let mut compressed = Vec::new();
        let mut compressor = None;
        if compress {
            let mut trial = Compressor::new(size)?;
            trial.push(sample, &mut compressed)?;
            trial.flush(&mut compressed)?;
            if compressed.len() < sample.len() / 8 * 7 {
                compressor = Some(trial);
            }
        }
        let first = if compressor.is_some() { &compressed } else { sample };
        let out = &mut self.writer.out;
        let mut encryptor = Encryptor::start(self.keys, self.key, compressor.is_some(), out)?;
        encryptor.push(first, out)?;
        Ok(Stage::Flow {
            compressor,
            encryptor,
        })
    }

    /// The digests, and the encrypted bytes if they are so few that they are not written.
    async fn finish(mut self, carried_bytes_max: usize) -> Result<(Digested, Option<Bytes>), StoreError> {
        let out = &mut Vec::new();
        let (compressor, mut encryptor) = match self.stage {
            Stage::Flow {
                compressor,
                encryptor,
            } => (compressor, encryptor),
            Stage::Sample {
                ref mut plain,
                compress,
            } => {
                let plain = std::mem::take(plain);
                match self.decide(&plain, compress, Some(plain.len()))? {
                    Stage::Flow {
                        compressor,
                        encryptor,
                    } => (compressor, encryptor),
                    Stage::Sample { .. } => return Err(StoreError::Internal("compression")),
                }
            }
        };
        if let Some(mut compressor) = compressor {
            compressor.finish(out)?;
        }
        encryptor.push(out, &mut self.writer.out)?;
        encryptor.finish(&mut self.writer.out)?;
        let carried = match self.writer.held(carried_bytes_max) {
            Some(bytes) => Some(bytes),
            None => {
                self.writer.finish().await?;
                None
            }
        };
        Ok((self.digest.finish(), carried))
    }
}

fn feed(
    compressor: &mut Option<Compressor>,
    encryptor: &mut Encryptor,
    part: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), StoreError> {
    let Some(compressor) = compressor else {
        return encryptor.push(part, out);
    };
    let mut compressed = Vec::new();
    compressor.push(part, &mut compressed)?;
    encryptor.push(&compressed, out)
}

/// Hashes and size, counted while the bytes pass.
struct Digest {
    sha1: Context,
    sha256: Context,
    size: u64,
}

struct Digested {
    sha1: [u8; 20],
    sha256: [u8; 32],
    size: u64,
}

impl Digest {
    fn new() -> Self {
        Self {
            sha1: Context::new(&SHA1_FOR_LEGACY_USE_ONLY),
            sha256: Context::new(&SHA256),
            size: 0,
        }
    }

    fn update(&mut self, part: &[u8]) {
        self.sha1.update(part);
        self.sha256.update(part);
        self.size = self.size.saturating_add(part.len() as u64);
    }

    fn finish(self) -> Digested {
        Digested {
            sha1: fixed(self.sha1.finish().as_ref()),
            sha256: fixed(self.sha256.finish().as_ref()),
            size: self.size,
        }
    }
}

/// The bytes of a digest, whose length its algorithm fixes.
pub(crate) fn fixed<const N: usize>(digest: &[u8]) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = *from);
    bytes
}

/// Writes an object: at once when it is small, else in parts, of which one is under way while the
/// next is made.
struct Writer {
    backend: Backend,
    name: String,
    out: Vec<u8>,
    upload: Option<Box<dyn MultipartUpload>>,
    under_way: Option<JoinHandle<object_store::Result<()>>>,
}

impl Writer {
    fn new(backend: &Backend, name: String) -> Self {
        Self {
            backend: backend.clone(),
            name,
            out: Vec::new(),
            upload: None,
            under_way: None,
        }
    }

    /// Sends parts while there is more than one part in `out`, so that the last one is never empty.
    async fn write_full_parts(&mut self) -> Result<(), StoreError> {
        let len = self.backend.part_bytes();
        while self.out.len() > len {
            let mut rest = Vec::with_capacity(len + 2 * (CHUNK + TAG));
            rest.extend_from_slice(self.out.get(len..).unwrap_or_default());
            self.out.truncate(len);
            let part = std::mem::replace(&mut self.out, rest);
            self.send(part).await?;
        }
        Ok(())
    }

    async fn send(&mut self, part: Vec<u8>) -> Result<(), StoreError> {
        self.settle().await?;
        let upload = match &mut self.upload {
            Some(upload) => upload,
            None => self.upload.insert(self.backend.upload(&self.name).await?),
        };
        self.under_way = Some(tokio::spawn(upload.put_part(PutPayload::from(part))));
        Ok(())
    }

    /// Waits for the part under way.
    async fn settle(&mut self) -> Result<(), StoreError> {
        match self.under_way.take() {
            None => Ok(()),
            Some(part) => part
                .await
                .map_err(|_| StoreError::Internal("writing a part"))?
                .map_err(StoreError::backend("write a document")),
        }
    }

    /// Everything, if nothing is written yet and it is no more than this.
    fn held(&mut self, bytes_max: usize) -> Option<Bytes> {
        let few = self.upload.is_none() && self.out.len() <= bytes_max;
        few.then(|| Bytes::from(std::mem::take(&mut self.out)))
    }

    async fn finish(mut self) -> Result<(), StoreError> {
        let rest = std::mem::take(&mut self.out);
        if self.upload.is_none() {
            return self.backend.put_bytes(&self.name, Bytes::from(rest)).await;
        }
        self.send(rest).await?;
        self.settle().await?;
        if let Some(upload) = &mut self.upload {
            self.backend.complete(&self.name, upload).await?;
        }
        self.upload = None;
        Ok(())
    }
}

impl Drop for Writer {
    /// An upload that was not completed is aborted, so that nobody pays for its parts.
    fn drop(&mut self) {
        let (Some(mut upload), Ok(runtime)) = (self.upload.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let part = self.under_way.take();
        runtime.spawn(async move {
            if let Some(part) = part {
                let _ = part.await;
            }
            if upload.abort().await.is_err() {
                tracing::warn!("an unfinished upload could not be aborted");
            }
        });
    }
}

/// The blobs that are not yet, or not surely, referred to: the sweep leaves them alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct BlobsInFlight(Arc<Mutex<HashSet<Uuid>>>);

impl BlobsInFlight {
    fn enter(&self, backend: &Backend, key: Uuid) -> BlobGuard {
        self.with(|keys| keys.insert(key));
        BlobGuard {
            key,
            in_flight: self.clone(),
            remove_with: Some(backend.clone()),
        }
    }

    pub(crate) fn contains(&self, key: Uuid) -> bool {
        self.with(|keys| keys.contains(&key))
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashSet<Uuid>) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Holds a blob: keeps the sweep away, and removes the bytes when dropped, unless they are kept.
pub(crate) struct BlobGuard {
    key: Uuid,
    in_flight: BlobsInFlight,
    remove_with: Option<Backend>,
}

impl BlobGuard {
    /// From here on something durable refers to the bytes, or somebody else removes them, or there are none.
    pub(crate) fn keep(&mut self) {
        self.remove_with = None;
    }

    /// Nobody will need the bytes.
    pub(crate) fn remove_when_dropped(&mut self, backend: &Backend) {
        self.remove_with = Some(backend.clone());
    }
}

impl fmt::Debug for BlobGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobGuard({})", self.key)
    }
}

impl Drop for BlobGuard {
    fn drop(&mut self) {
        let (key, in_flight) = (self.key, self.in_flight.clone());
        let runtime = tokio::runtime::Handle::try_current();
        match (self.remove_with.take(), runtime) {
            (Some(backend), Ok(runtime)) => {
                runtime.spawn(async move {
                    if backend.remove(&[layout::blob(key)]).await.is_err() {
                        tracing::warn!("the bytes of a document that was not kept are left to the sweep");
                    }
                    in_flight.with(|keys| keys.remove(&key));
                });
            }
            _ => {
                in_flight.with(|keys| keys.remove(&key));
            }
        }
    }
}
