//! The schema: migrations in order, each once, and which versions this release runs on.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use aws_lc_rs::digest::{SHA256, digest};
use tokio_postgres::error::SqlState;

use crate::error::StoreError;
use crate::pool::Store;
use crate::sql;
use crate::tx::commit;

/// The schema versions that this release runs on. A migration that only adds widens it downwards.
pub const SCHEMA_VERSIONS: RangeInclusive<i32> = 9..=9;

struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 9] = [
    Migration {
        version: 1,
        name: "patients",
        sql: include_str!("../migrations/0001_patients.sql"),
    },
    Migration {
        version: 2,
        name: "objects",
        sql: include_str!("../migrations/0002_objects.sql"),
    },
    Migration {
        version: 3,
        name: "domain",
        sql: include_str!("../migrations/0003_domain.sql"),
    },
    Migration {
        version: 4,
        name: "owed acts",
        sql: include_str!("../migrations/0004_owed_acts.sql"),
    },
    Migration {
        version: 5,
        name: "node rights",
        sql: include_str!("../migrations/0005_node_rights.sql"),
    },
    Migration {
        version: 6,
        name: "instruments",
        sql: include_str!("../migrations/0006_instruments.sql"),
    },
    Migration {
        version: 7,
        name: "law",
        sql: include_str!("../migrations/0007_law.sql"),
    },
    Migration {
        version: 8,
        name: "instrument proposals",
        sql: include_str!("../migrations/0008_instrument_proposals.sql"),
    },
    Migration {
        version: 9,
        name: "records",
        sql: include_str!("../migrations/0009_records.sql"),
    },
];

const ROLES: &str = include_str!("../migrations/roles.sql");

/// Keeps two migrators apart: "RNKM".
const LOCK: &str = "SELECT pg_advisory_xact_lock(1380862797)";

const TABLE: &str = "\
CREATE TABLE IF NOT EXISTS schema_migration (
    version    integer     NOT NULL PRIMARY KEY,
    name       text        NOT NULL,
    sha256     bytea       NOT NULL,
    applied_at timestamptz NOT NULL
)";

/// What [`Store::migrate`] did.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Migrated {
    /// The schema version before; 0 for none.
    pub from: i32,
    /// The schema version now.
    pub to: i32,
}

/// Why the schema is not what this release needs.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A migration failed; nothing of it was kept.
    #[error("migration {version} {name} failed: {reason}")]
    Failed {
        /// Its version.
        version: i32,
        /// Its name.
        name: &'static str,
        /// The server's message about our own text.
        reason: String,
    },
    /// A migration was applied with another text.
    #[error("migration {version} in the database is not the one of this release: its SHA-256 differs")]
    Changed {
        /// Its version.
        version: i32,
    },
    /// The database is older than this release can run on.
    #[error("the schema has version {found}, this release needs {needed}: run `renkei-registry migrate`")]
    TooOld {
        /// The version found; 0 for none.
        found: i32,
        /// The lowest that will do.
        needed: i32,
    },
    /// The database is newer than this release.
    #[error("the schema has version {found}, this release knows {known} at most: install the newer release")]
    TooNew {
        /// The version found.
        found: i32,
        /// The highest that will do.
        known: i32,
    },
}

impl Store {
    /// Brings the schema to this release's version. Several may do it at once; one after the other does.
    ///
    /// # Errors
    /// When a migration fails, or those applied are not ours.
    pub async fn migrate(&self) -> Result<Migrated, MigrationError> {
        let mut from = None;
        let mut to = 0;
        for migration in &MIGRATIONS {
            let before = self.apply_migration(migration).await?;
            from.get_or_insert(before);
            to = before.max(migration.version);
        }
        Ok(Migrated {
            from: from.unwrap_or(0),
            to,
        })
    }

    /// Applies one migration unless it is there. The version before.
    async fn apply_migration(&self, migration: &Migration) -> Result<i32, MigrationError> {
        let mut connection = self.connection().await?;
        let transaction = self.begin(&mut connection).await?;
        let batch = async |text: &str| transaction.batch_execute(text).await;
        // A migration may take longer than any statement of a request.
        let failed = |error: tokio_postgres::Error| MigrationError::Failed {
            version: migration.version,
            name: migration.name,
            reason: reason(&error),
        };
        batch("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            .await
            .map_err(failed)?;
        batch(LOCK).await.map_err(failed)?;
        batch(TABLE).await.map_err(failed)?;
        let applied = applied(self.within(&transaction)).await?;
        check_hashes(&applied)?;
        let before = applied.keys().next_back().copied().unwrap_or(0);
        if before < migration.version {
            batch(migration.sql).await.map_err(failed)?;
            transaction
                .execute(
                    "INSERT INTO schema_migration (version, name, sha256, applied_at) VALUES ($1, $2, $3, now())",
                    &[&migration.version, &migration.name, &sha256(migration.sql)],
                )
                .await
                .map_err(failed)?;
        }
        commit(transaction).await?;
        Ok(before)
    }

    /// Whether this release can run on the schema. The version found.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn check_schema(&self) -> Result<i32, MigrationError> {
        let connection = self.connection().await?;
        let applied = match applied(self.session(&connection)).await {
            Err(StoreError::Server { code, .. }) if code == SqlState::UNDEFINED_TABLE.code() => {
                BTreeMap::new()
            }
            applied => applied?,
        };
        check_hashes(&applied)?;
        let found = applied.keys().next_back().copied().unwrap_or(0);
        let (needed, known) = (*SCHEMA_VERSIONS.start(), *SCHEMA_VERSIONS.end());
        if found < needed {
            Err(MigrationError::TooOld { found, needed })
        } else if found > known {
            Err(MigrationError::TooNew { found, known })
        } else {
            Ok(found)
        }
    }

    /// Grants the process role what it needs; run by the owner after [`Store::migrate`]. The role exists.
    ///
    /// # Errors
    /// When the owner may not, or there is no such role.
    pub async fn grant(&self, process_role: &str) -> Result<(), MigrationError> {
        let connection = self.connection().await?;
        connection
            .batch_execute(&grants(process_role))
            .await
            .map_err(|error| StoreError::of("grant", &error))?;
        Ok(())
    }
}

/// What an owner runs to grant a process role its rights: `roles.sql` with the role's name in it.
pub fn grants(process_role: &str) -> String {
    let quoted = format!("\"{}\"", process_role.replace('"', "\"\""));
    ROLES.replace(":\"process\"", &quoted)
}

async fn applied(session: crate::session::Session<'_>) -> Result<BTreeMap<i32, Vec<u8>>, StoreError> {
    let rows = session.query(&sql::SCHEMA, &[]).await?;
    rows.iter()
        .map(|row| {
            let column = |_| StoreError::row("schema_migration", "version");
            Ok((row.try_get(0).map_err(column)?, row.try_get(1).map_err(column)?))
        })
        .collect()
}

fn check_hashes(applied: &BTreeMap<i32, Vec<u8>>) -> Result<(), MigrationError> {
    for migration in &MIGRATIONS {
        if let Some(hash) = applied.get(&migration.version)
            && *hash != sha256(migration.sql)
        {
            return Err(MigrationError::Changed {
                version: migration.version,
            });
        }
    }
    Ok(())
}

fn sha256(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

/// Migrations hold no data of patients, so the server's message may be shown.
fn reason(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(
        || "the connection failed".to_owned(),
        |error| error.message().to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_to_what_this_release_knows() {
        let versions: Vec<i32> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=*SCHEMA_VERSIONS.end()).collect::<Vec<_>>());
    }

    #[test]
    fn role_names_are_quoted() {
        let text = grants("a\"; DROP TABLE change; --");
        assert!(text.contains("TO \"a\"\"; DROP TABLE change; --\";"));
        assert!(!text.contains(":\"process\""));
    }
}
