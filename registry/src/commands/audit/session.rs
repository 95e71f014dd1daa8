//! One look into the trail.

use std::future::Future;

use registry_store::{Deed, Store, StoreError};
use registry_trail::Trail;

use crate::commands::Done;
use crate::commands::arguments::By;
use crate::commands::session::change;
use crate::config::Config;
use crate::database::{Database, DatabaseError};
use crate::trail::TrailRole;

/// Opens database and trail, checks their schemas, does the work, and closes them again.
pub(in crate::commands) async fn with_trail<F>(
    config: &Config,
    role: TrailRole,
    work: impl FnOnce(Store, Trail) -> F,
) -> Done
where
    F: Future<Output = Done>,
{
    let database = Database::open(config).await?;
    let done = match open(&database, role).await {
        Ok((store, trail)) => work(store, trail).await,
        Err(error) => Err(error.into()),
    };
    database.close().await;
    done
}

async fn open(database: &Database, role: TrailRole) -> Result<(Store, Trail), DatabaseError> {
    database.migrate_if_private().await?;
    let store = database.store(None)?;
    store.check_schema().await?;
    let trail = database.trail(role)?;
    trail.check_schema().await?;
    Ok((store, trail))
}

/// Owes the journal this look. Nothing may be shown before.
pub(in crate::commands) async fn tell(
    store: &Store,
    by: &By,
    verb: &str,
    subject: &str,
    patients: Vec<String>,
) -> Result<(), StoreError> {
    let look = Deed {
        patients,
        ..Deed::new(verb, subject.trim())
    };
    store.owe_act(&change(by), &look).await
}
