//! What organisations are called, from the ledger.

use registry_store::{Store, StoreError};
use registry_trail::report::Directory;

/// Names of all organisations that are or were in the ledger: events stay when an organisation ends. Users and roles
/// are called as they were told.
pub(super) async fn directory(store: &Store) -> Result<Directory, StoreError> {
    let mut versions = store.organisations(None, true).await?;
    versions.sort_by_key(|known| known.from);
    let organisations = versions
        .into_iter()
        .map(|known| (known.value.id.0, known.value.name))
        .collect();
    Ok(Directory {
        organisations,
        ..Directory::default()
    })
}
