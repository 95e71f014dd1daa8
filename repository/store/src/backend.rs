//! Where objects lie: a local folder, an S3-compatible bucket, or memory. The only place that calls
//! `object_store`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path as Name;
use object_store::{
    MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, RetryConfig,
};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::commit::{Committer, Pointer};
use crate::error::StoreError;
use crate::folder::Folder;
use crate::layout;

/// Where a repository keeps its documents.
#[derive(Debug)]
pub enum Location {
    /// A local folder; made with mode 0700 where there is none.
    Folder(PathBuf),
    /// An S3-compatible bucket.
    Bucket(Box<Bucket>),
    /// Memory, gone with the process: for tests.
    Memory,
}

/// An S3-compatible bucket that knows conditional puts (`If-None-Match: *`).
#[derive(Debug)]
pub struct Bucket {
    /// The bucket's name.
    pub name: String,
    /// The region.
    pub region: String,
    /// The service's URL, when it is not AWS.
    pub endpoint: Option<String>,
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: Zeroizing<String>,
    /// Whether `endpoint` may be plain http: on the same machine only.
    pub allow_http: bool,
}

/// What a put did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Written {
    Yes,
    ExistsAlready,
}

/// The objects of a repository.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    objects: Arc<dyn ObjectStore>,
    /// Of a local folder. It ends before the folder is let go of.
    commits: Option<Arc<Committer>>,
    folder: Option<Folder>,
    part_bytes: usize,
}

/// A local write is cheap, so that parts can be small.
const PART_BYTES_FOLDER: usize = 256 * 1024;
/// S3 wants at least 5 MiB in each part but the last, and at most 10,000 parts.
const PART_BYTES_BUCKET: usize = 8 * 1024 * 1024;

impl Backend {
    pub(crate) fn open(location: &Location) -> Result<Self, StoreError> {
        match location {
            Location::Folder(root) => Self::folder(root),
            Location::Bucket(bucket) => Ok(Self {
                objects: Arc::new(bucket.connect()?),
                commits: None,
                folder: None,
                part_bytes: PART_BYTES_BUCKET,
            }),
            Location::Memory => Ok(Self {
                objects: Arc::new(InMemory::new()),
                commits: None,
                folder: None,
                part_bytes: PART_BYTES_FOLDER,
            }),
        }
    }

    fn folder(root: &Path) -> Result<Self, StoreError> {
        let folder = Folder::open(root)?;
        let objects = LocalFileSystem::new_with_prefix(folder.root())
            .map_err(StoreError::backend("open the data folder"))?
            .with_fsync(true);
        Ok(Self {
            objects: Arc::new(objects),
            commits: Some(Arc::new(Committer::start(folder.root())?)),
            folder: Some(folder),
            part_bytes: PART_BYTES_FOLDER,
        })
    }

    /// Bytes in each part of an upload but the last.
    pub(crate) fn part_bytes(&self) -> usize {
        self.part_bytes
    }

    /// Writes the bytes of a document whole. In a folder they are lasting when its submission has begun.
    pub(crate) async fn put_bytes(&self, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        match &self.folder {
            Some(folder) => folder.write(name, bytes).await,
            None => self.put(name, bytes, PutMode::Overwrite).await.map(drop),
        }
    }

    /// Makes the state of a submission lasting, then these pointers, if that is cheap, in this order up to
    /// the first that exists already. How many were made: they and the bytes written before are lasting.
    pub(crate) async fn begin(
        &self,
        id: Uuid,
        state: Bytes,
        pointers: Vec<Pointer>,
    ) -> Result<usize, StoreError> {
        if let Some(commits) = &self.commits {
            return commits.begin(id, state, pointers).await;
        }
        self.put(&layout::unfinished(id), state, PutMode::Overwrite)
            .await?;
        Ok(0)
    }

    /// Makes a pointer where there is none, lasting.
    pub(crate) async fn create(&self, name: &str, bytes: Bytes) -> Result<Written, StoreError> {
        match &self.commits {
            Some(commits) => commits.create(name, bytes).await,
            None => self.put(name, bytes, PutMode::Create).await,
        }
    }

    /// Whether a submission has begun and not ended.
    pub(crate) async fn is_unfinished(&self, id: Uuid) -> Result<bool, StoreError> {
        // One that is left becomes a file before it is not open any more.
        if self.commits.as_ref().is_some_and(|commits| commits.is_open(id)) {
            return Ok(true);
        }
        self.exists(&layout::unfinished(id)).await
    }

    /// Removes the state of a submission. It is no harm if it comes back after a crash.
    pub(crate) async fn end(&self, id: Uuid) -> Result<(), StoreError> {
        if self.commits.as_ref().is_some_and(|commits| commits.end(id)) {
            return Ok(());
        }
        self.remove_one(&layout::unfinished(id)).await
    }

    /// Nobody works on a submission any more: its state, if it has one, is to be listed.
    pub(crate) fn leave(&self, id: Uuid) {
        if let Some(commits) = &self.commits {
            commits.leave(id);
        }
    }

    /// Waits until the states of submissions that were left are listed.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        match &self.commits {
            Some(commits) => commits.settle().await,
            None => Ok(()),
        }
    }

    async fn put(&self, name: &str, bytes: Bytes, mode: PutMode) -> Result<Written, StoreError> {
        let done = self
            .objects
            .put_opts(&Name::from(name), bytes.into(), PutOptions::from(mode))
            .await;
        match done {
            Ok(_) => Ok(Written::Yes),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(Written::ExistsAlready),
            Err(error) => Err(StoreError::backend("write an object")(error)),
        }
    }

    /// Starts an object that is written in parts.
    pub(crate) async fn upload(&self, name: &str) -> Result<Box<dyn MultipartUpload>, StoreError> {
        self.objects
            .put_multipart(&Name::from(name))
            .await
            .map_err(StoreError::backend("start writing a document"))
    }

    /// Ends an upload; durable, its folder included, when this returns.
    pub(crate) async fn complete(
        &self,
        name: &str,
        upload: &mut Box<dyn MultipartUpload>,
    ) -> Result<(), StoreError> {
        upload
            .complete()
            .await
            .map_err(StoreError::backend("finish writing a document"))?;
        self.restrict(name).await
    }

    /// A small object whole, if it is there.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        if let Some(folder) = &self.folder {
            return folder.read_small(name).await;
        }
        let failed = StoreError::backend("read an object");
        match self.objects.get(&Name::from(name)).await {
            Ok(found) if found.meta.size > SMALL_BYTES_MAX => {
                Err(StoreError::Damaged("a small object is too large"))
            }
            Ok(found) => found.bytes().await.map(Some).map_err(failed),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether a small object is there and its first block is not: there is nothing at all, or zeros. What we
    /// write begins with letters.
    pub(crate) async fn is_blank(&self, name: &str) -> Result<bool, StoreError> {
        let found = self.get(name).await?;
        Ok(found.is_some_and(|bytes| bytes.iter().take(BLOCK).all(|byte| *byte == 0)))
    }

    /// Whether there is such an object.
    pub(crate) async fn exists(&self, name: &str) -> Result<bool, StoreError> {
        match self.objects.head(&Name::from(name)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(StoreError::backend("look for an object")(error)),
        }
    }

    /// The bytes of an object, piece by piece.
    pub(crate) async fn read(
        &self,
        name: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, StoreError>>, StoreError> {
        if let Some(folder) = &self.folder {
            return folder.read(name).await;
        }
        let failed = StoreError::backend("read a document");
        let found = match self.objects.get(&Name::from(name)).await {
            Err(object_store::Error::NotFound { .. }) => {
                return Err(StoreError::Damaged("the bytes of a document are gone"));
            }
            found => found.map_err(&failed)?,
        };
        Ok(found.into_stream().map_err(failed).boxed())
    }

    /// Removes objects; gone for good, their folders flushed, when this returns. One that is not
    /// there counts as removed.
    pub(crate) async fn remove(&self, names: &[String]) -> Result<(), StoreError> {
        for name in names {
            self.remove_one(name).await?;
        }
        match &self.folder {
            Some(folder) if !names.is_empty() => folder.sync_parents(names).await,
            _ => Ok(()),
        }
    }

    /// Removes an object, for which it is no harm if it comes back after a power failure.
    pub(crate) async fn remove_one(&self, name: &str) -> Result<(), StoreError> {
        match self.objects.delete(&Name::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(StoreError::backend("remove an object")(error)),
        }
    }

    /// Every object whose name starts with this folder.
    pub(crate) fn list(&self, folder: &str) -> BoxStream<'static, Result<ObjectMeta, StoreError>> {
        self.objects
            .list(Some(&Name::from(folder)))
            .map_err(StoreError::backend("list objects"))
            .boxed()
    }

    /// Removes what writers that died have left in a local folder.
    pub(crate) async fn remove_leftovers(&self, before: SystemTime) -> Result<u64, StoreError> {
        match &self.folder {
            Some(folder) => folder.remove_leftovers(before).await,
            None => Ok(0),
        }
    }

    async fn restrict(&self, name: &str) -> Result<(), StoreError> {
        match &self.folder {
            Some(folder) => folder.restrict(name).await,
            None => Ok(()),
        }
    }
}

/// What a file system writes whole or not at all.
const BLOCK: usize = 4096;

/// Pointers and states of unfinished submissions are much smaller.
pub(crate) const SMALL_BYTES_MAX: u64 = 4 * 1024 * 1024;

impl Bucket {
    fn connect(&self) -> Result<impl ObjectStore + use<>, StoreError> {
        let retry = RetryConfig {
            max_retries: 5,
            retry_timeout: Duration::from_secs(60),
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.name)
            .with_region(&self.region)
            .with_access_key_id(&self.access_key_id)
            .with_secret_access_key(self.secret_access_key.as_str())
            .with_allow_http(self.allow_http)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_retry(retry);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        builder.build().map_err(StoreError::backend("open the bucket"))
    }
}
