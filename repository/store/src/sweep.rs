//! The sweep: bytes that nothing refers to are removed when they are old enough.
//!
//! They come from a crash between the receiving of bytes and the state of their submission, or from a
//! removal that failed.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use futures_util::TryStreamExt;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::StoreError;
use crate::layout;
use crate::store::DocumentStore;

/// The youngest age at which bytes may be swept: far longer than any submission takes.
pub const SWEEP_AGE_MIN: Duration = Duration::from_secs(60 * 60);

/// Blobs looked at in one sweep: bounds its memory; a later sweep takes the rest.
const BLOBS_MAX: usize = 1_000_000;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Swept {
    /// Blobs that were old enough to be looked at.
    pub seen: u64,
    /// Blobs removed.
    pub removed: u64,
    /// Half-written files removed (local folders only).
    pub leftovers: u64,
}

impl DocumentStore {
    /// Removes the bytes older than `age` that no pointer and no unfinished submission refers to.
    ///
    /// `since` limits the work to bytes received after that moment, such as the last full sweep. An
    /// age below [`SWEEP_AGE_MIN`] counts as that. Running submissions are safe: their bytes are
    /// young, and known to this process.
    ///
    /// # Errors
    /// The backend's failure, or [`StoreError::Damaged`] when a pointer or state does not verify: then
    /// nothing is known about what it refers to, and nothing is removed.
    pub async fn sweep(&self, age: Duration, since: Option<OffsetDateTime>) -> Result<Swept, StoreError> {
        let before = self.clock().now() - age.max(SWEEP_AGE_MIN);
        let leftovers = self.backend().remove_leftovers(SystemTime::from(before)).await?;
        let mut orphans = self.blobs_between(since, before).await?;
        let seen = orphans.len() as u64;
        self.strike_referenced(&mut orphans, since).await?;
        let names: Vec<_> = orphans.iter().map(|key| layout::blob(*key)).collect();
        self.backend().remove(&names).await?;
        Ok(Swept {
            seen,
            removed: names.len() as u64,
            leftovers,
        })
    }

    /// The keys of blobs old enough. One that is in flight is left out; one that is not will never be
    /// again, for a key is in flight from before its object exists until something refers to it.
    async fn blobs_between(
        &self,
        since: Option<OffsetDateTime>,
        before: OffsetDateTime,
    ) -> Result<HashSet<Uuid>, StoreError> {
        let mut keys = HashSet::new();
        let mut blobs = self.backend().list(layout::BLOBS);
        while let Some(object) = blobs.try_next().await? {
            let Some(key) = layout::blob_key(object.location.as_ref()) else {
                continue;
            };
            let wanted =
                received_at(key).is_some_and(|at| at < before && since.is_none_or(|since| at >= since));
            if wanted && !self.blobs_in_flight().contains(key) {
                keys.insert(key);
            }
            if keys.len() == BLOBS_MAX {
                break;
            }
        }
        Ok(keys)
    }

    /// Strikes out what pointers and unfinished submissions refer to. A submission moves from state to
    /// pointer, never back: so the states are read before and the pointers after.
    async fn strike_referenced(
        &self,
        orphans: &mut HashSet<Uuid>,
        since: Option<OffsetDateTime>,
    ) -> Result<(), StoreError> {
        for id in self.unfinished_ids().await? {
            for document in self
                .read_unfinished(id)
                .await?
                .iter()
                .flat_map(|state| &state.documents)
            {
                orphans.remove(&document.blob);
            }
        }
        // Bytes are older than their pointer; a day allows for clocks that differ.
        let since = since.map(|since| (since - Duration::from_secs(24 * 60 * 60)).unix_timestamp());
        let mut pointers = self.backend().list(layout::POINTERS);
        while let Some(object) = pointers.try_next().await? {
            if orphans.is_empty() {
                break;
            }
            if since.is_some_and(|since| object.last_modified.timestamp() < since) {
                continue;
            }
            if let Some(document) = self.read_pointer(object.location.as_ref()).await? {
                orphans.remove(&document.blob);
            }
        }
        Ok(())
    }
}

/// The moment in a key's UUID (version 7).
fn received_at(key: Uuid) -> Option<OffsetDateTime> {
    let (seconds, nanos) = key.get_timestamp()?.to_unix();
    let at = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
    Some(at + Duration::from_nanos(u64::from(nanos)))
}
