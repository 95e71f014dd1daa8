//! One command's work with the database.

use std::future::Future;

use registry_store::{Change, Deed, Store, StoreError};
use registry_trail::SCHEMA_VERSION;
use serde_json::json;
use xds_model::time::System;
use xds_model::{Clock, IdSource};
use xds_server::lang::Say;

use super::Done;
use super::arguments::{By, MigrateArguments};
use super::output::Output;
use crate::config::Config;
use crate::database::{Database, DatabaseError};

/// Opens the database, checks its schema, does the work, and closes it again.
pub(super) async fn with_store<F>(config: &Config, work: impl FnOnce(Store) -> F) -> Done
where
    F: Future<Output = Done>,
{
    let database = Database::open(config).await?;
    database.migrate_if_private().await?;
    let store = database.store(None)?;
    let done = match store.check_schema().await {
        Ok(_) => work(store).await,
        Err(error) => Err(DatabaseError::from(error).into()),
    };
    database.close().await;
    done
}

/// Who changes what, now.
pub(super) fn change(by: &By) -> Change {
    let login = || {
        std::env::var("SUDO_USER")
            .or_else(|_| std::env::var("USER"))
            .unwrap_or_else(|_| "operator".to_owned())
    };
    Change {
        id: System.ordered(),
        at: System.now(),
        who: by.by.clone().unwrap_or_else(login),
        reason: by.reason.clone(),
    }
}

/// The journal tells of a look, with the patients concerned, before anything is shown.
pub(super) async fn looked(
    store: &Store,
    change: &Change,
    verb: &str,
    subject: &str,
    mut patients: Vec<String>,
) -> Result<(), StoreError> {
    patients.sort_unstable();
    patients.dedup();
    let deed = Deed {
        patients,
        ..Deed::new(verb, subject)
    };
    store.owe_act(change, &deed).await
}

/// `migrate`
pub(super) async fn migrate(config: &Config, arguments: &MigrateArguments, by: &By, output: Output) -> Done {
    let database = Database::open(config).await?;
    let owner = database.owner()?;
    let migrated = owner.migrate().await.map_err(DatabaseError::from)?;
    let deed = Deed::new("migrate", "schema").with(Some(migrated.from.into()), Some(migrated.to.into()));
    owner.owe_act(&change(by), &deed).await?;
    if arguments.grant
        && let Some(section) = &config.database
    {
        owner.grant(&section.user).await.map_err(DatabaseError::from)?;
    }
    drop(owner);
    let trail = database.migrate_trail(arguments.grant).await?;
    database.close().await;
    let (from, to) = (migrated.from, migrated.to);
    let (trail_ja, trail_en) = match trail {
        Some(before) => (
            format!("監査証跡: 版 {before} → 版 {SCHEMA_VERSION}"),
            format!("audit trail: version {before} -> {SCHEMA_VERSION}"),
        ),
        None => (
            "監査証跡: なし([database.audit] がありません)".to_owned(),
            "audit trail: none (there is no [database.audit])".to_owned(),
        ),
    };
    let say = Say::new(
        format!("データベースのスキーマ: 版 {from} → 版 {to}\n{trail_ja}"),
        format!("schema of the database: version {from} -> {to}\n{trail_en}"),
    );
    let value =
        json!({ "from": from, "to": to, "audit_from": trail, "audit_to": trail.map(|_| SCHEMA_VERSION) });
    Ok(output.result(&say, &value))
}
