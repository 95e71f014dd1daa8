//! The schema `audit`: migrations in order, each once, and the rights of its roles.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use deadpool_postgres::Transaction;

use crate::error::TrailError;
use crate::trail::Trail;

/// The schema version that this release runs on.
pub const SCHEMA_VERSION: i32 = 1;

struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 1] = [Migration {
    version: 1,
    name: "events",
    sql: include_str!("../migrations/0001_events.sql"),
}];

const ROLES: &str = include_str!("../migrations/roles.sql");

/// Keeps two migrators apart; a migration may take longer than any statement of a request.
const BEGIN: &str = "\
SET LOCAL statement_timeout = 0;
SET LOCAL client_min_messages = warning;
SELECT pg_advisory_xact_lock(1380862803);
CREATE SCHEMA IF NOT EXISTS audit;
CREATE TABLE IF NOT EXISTS audit.schema_migration (
    version    integer     NOT NULL PRIMARY KEY,
    name       text        NOT NULL,
    sha256     bytea       NOT NULL,
    applied_at timestamptz NOT NULL
)";

const APPLIED: &str = "-- audit.applied\nSELECT version, sha256 FROM audit.schema_migration ORDER BY version";

const RECORD: &str = "\
-- audit.record_migration
INSERT INTO audit.schema_migration (version, name, sha256, applied_at) VALUES ($1, $2, $3, now())";

/// Why the schema is not what this release needs.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// The database failed; nothing was changed.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// A migration was applied with another text.
    #[error("migration {version} of the audit schema is not the one of this release: its SHA-256 differs")]
    Changed {
        /// Its version.
        version: i32,
    },
    /// The schema is not of this release.
    #[error("the audit schema has version {found}, this release needs {SCHEMA_VERSION}")]
    Version {
        /// The version found; 0 for none.
        found: i32,
    },
}

/// The names of the database roles of the trail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Roles {
    /// Adds events; cannot change or remove any.
    pub indexer: String,
    /// Searches.
    pub reader: String,
    /// Searches, sees what was withheld, signs reviews.
    pub operator: String,
}

impl Trail {
    /// Brings the schema to this release's version, as its owner. The version before; 0 for none.
    ///
    /// # Errors
    /// When a migration fails, or those applied are not ours.
    pub async fn migrate(&self) -> Result<i32, MigrationError> {
        let failed = TrailError::of("migrate");
        let mut connection = self.connection().await?;
        let transaction = connection.transaction().await.map_err(&failed)?;
        transaction.batch_execute(BEGIN).await.map_err(&failed)?;
        let applied = applied(&transaction).await?;
        check_hashes(&applied)?;
        let before = newest(&applied);
        for migration in MIGRATIONS.iter().filter(|migration| migration.version > before) {
            transaction.batch_execute(migration.sql).await.map_err(&failed)?;
            let hash = sha256(migration.sql);
            transaction
                .execute(RECORD, &[&migration.version, &migration.name, &hash])
                .await
                .map_err(&failed)?;
        }
        transaction.commit().await.map_err(&failed)?;
        Ok(before)
    }

    /// Whether this release can run on the schema.
    ///
    /// # Errors
    /// When it cannot.
    pub async fn check_schema(&self) -> Result<(), MigrationError> {
        let mut connection = self.connection().await?;
        let transaction = connection
            .transaction()
            .await
            .map_err(TrailError::of("applied"))?;
        let applied = match applied(&transaction).await {
            Err(error) if matches!(error.sqlstate(), Some("42P01" | "3F000")) => BTreeMap::new(),
            applied => applied?,
        };
        check_hashes(&applied)?;
        let found = newest(&applied);
        if found == SCHEMA_VERSION {
            Ok(())
        } else {
            Err(MigrationError::Version { found })
        }
    }

    /// Grants the roles what they need, as the owner, after [`Trail::migrate`]. The roles exist.
    ///
    /// # Errors
    /// When the owner may not, or there is no such role.
    pub async fn grant(&self, roles: &Roles) -> Result<(), MigrationError> {
        let connection = self.connection().await?;
        connection
            .batch_execute(&grants(roles))
            .await
            .map_err(TrailError::of("grant"))?;
        Ok(())
    }
}

/// What an owner runs to grant the roles their rights: `roles.sql` with their names in it.
pub fn grants(roles: &Roles) -> String {
    let named = [
        (":\"indexer\"", &roles.indexer),
        (":\"reader\"", &roles.reader),
        (":\"operator\"", &roles.operator),
    ];
    // In one pass: a role's name may look like the place of another.
    let mut rest = ROLES;
    let mut text = String::with_capacity(ROLES.len());
    while let Some((at, (place, role))) = named
        .iter()
        .filter_map(|named| Some((rest.find(named.0)?, named)))
        .min_by_key(|(at, _)| *at)
    {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        text.push_str(&format!("\"{}\"", role.replace('"', "\"\"")));
        rest = after.get(place.len()..).unwrap_or_default();
    }
    text + rest
}

async fn applied(transaction: &Transaction<'_>) -> Result<BTreeMap<i32, Vec<u8>>, TrailError> {
    let rows = transaction
        .query(APPLIED, &[])
        .await
        .map_err(TrailError::of("applied"))?;
    let damaged = |_| TrailError::Row {
        table: "schema_migration",
    };
    rows.iter()
        .map(|row| Ok((row.try_get(0).map_err(damaged)?, row.try_get(1).map_err(damaged)?)))
        .collect()
}

fn newest(applied: &BTreeMap<i32, Vec<u8>>) -> i32 {
    applied.keys().next_back().copied().unwrap_or(0)
}

fn check_hashes(applied: &BTreeMap<i32, Vec<u8>>) -> Result<(), MigrationError> {
    let changed = MIGRATIONS.iter().find(|migration| {
        applied
            .get(&migration.version)
            .is_some_and(|hash| *hash != sha256(migration.sql))
    });
    match changed {
        Some(migration) => Err(MigrationError::Changed {
            version: migration.version,
        }),
        None => Ok(()),
    }
}

fn sha256(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_count_up_to_what_this_release_knows() {
        let versions: Vec<i32> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=SCHEMA_VERSION).collect::<Vec<_>>());
    }

    #[test]
    fn role_names_are_quoted() {
        let roles = Roles {
            indexer: "i\"; DROP TABLE audit.event; --".to_owned(),
            reader: ":\"operator\"".to_owned(),
            operator: "o".to_owned(),
        };
        let text = grants(&roles);
        assert!(text.contains("\"i\"\"; DROP TABLE audit.event; --\""));
        assert!(text.contains("TO \"i\"\"; DROP TABLE audit.event; --\", \":\"\"operator\"\"\", \"o\";"));
    }
}
