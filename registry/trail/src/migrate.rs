//! The schema `audit`: migrations in order, each once, and the rights of its roles.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use deadpool_postgres::{Object, Transaction};

use crate::error::TrailError;
use crate::trail::Trail;

/// The schema version that this release runs on.
pub const SCHEMA_VERSION: i32 = 3;

struct Migration {
    version: i32,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 3] = [
    Migration {
        version: 1,
        name: "events",
        sql: include_str!("../migrations/0001_events.sql"),
    },
    Migration {
        version: 2,
        name: "unread",
        sql: include_str!("../migrations/0002_unread.sql"),
    },
    Migration {
        version: 3,
        name: "decisions",
        sql: include_str!("../migrations/0003_decisions.sql"),
    },
];

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

const LOGINS: &str = "\
-- audit.logins
SELECT rolname::text FROM pg_roles WHERE rolname = ANY ($1) AND rolcanlogin";

/// A role to be made, with its password. `Debug` shows the role only.
#[derive(Clone, Eq, PartialEq)]
pub struct Login {
    /// The role.
    pub role: String,
    /// Its password.
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({})", self.role)
    }
}

/// The roles of a database that is ours alone, with their passwords.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Logins {
    /// Adds events; cannot change or remove any.
    pub indexer: Login,
    /// Searches.
    pub reader: Login,
    /// Searches, sees what was withheld, signs reviews.
    pub operator: Login,
}

impl Logins {
    /// Their names.
    pub fn roles(&self) -> Roles {
        Roles {
            indexer: self.indexer.role.clone(),
            reader: self.reader.role.clone(),
            operator: self.operator.role.clone(),
        }
    }

    fn all(&self) -> [&Login; 3] {
        [&self.indexer, &self.reader, &self.operator]
    }
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
        let mut connection = self.connection().await?;
        let transaction = begin(&mut connection).await?;
        let before = bring_up(&transaction).await?;
        transaction.commit().await.map_err(TrailError::of("migrate"))?;
        Ok(before)
    }

    /// Brings the schema to this release's version, makes the roles that are missing, and grants them what they need,
    /// all or nothing: as the superuser of a database that is ours alone. With `renew` the passwords of roles that are
    /// there are set anew. The version before; 0 for none.
    ///
    /// # Errors
    /// As [`Trail::migrate`] and [`Trail::grant`].
    pub async fn install(&self, logins: &Logins, renew: bool) -> Result<i32, MigrationError> {
        let mut connection = self.connection().await?;
        let transaction = begin(&mut connection).await?;
        let before = bring_up(&transaction).await?;
        let statements = login_statements(logins, &present(&transaction, logins).await?, renew);
        if before < SCHEMA_VERSION || !statements.is_empty() {
            let batch = statements + &grants(&logins.roles());
            transaction
                .batch_execute(&batch)
                .await
                .map_err(TrailError::of("install"))?;
        }
        transaction.commit().await.map_err(TrailError::of("install"))?;
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

async fn begin(connection: &mut Object) -> Result<Transaction<'_>, TrailError> {
    let failed = TrailError::of("migrate");
    let transaction = connection.transaction().await.map_err(&failed)?;
    transaction.batch_execute(BEGIN).await.map_err(&failed)?;
    Ok(transaction)
}

/// Applies what is missing. The version before.
async fn bring_up(transaction: &Transaction<'_>) -> Result<i32, MigrationError> {
    let failed = TrailError::of("migrate");
    let applied = applied(transaction).await?;
    check_hashes(&applied)?;
    let before = newest(&applied);
    if before > SCHEMA_VERSION {
        return Err(MigrationError::Version { found: before });
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > before) {
        transaction.batch_execute(migration.sql).await.map_err(&failed)?;
        let hash = sha256(migration.sql);
        transaction
            .execute(RECORD, &[&migration.version, &migration.name, &hash])
            .await
            .map_err(&failed)?;
    }
    Ok(before)
}

/// Which of the roles are there and may log in.
async fn present(transaction: &Transaction<'_>, logins: &Logins) -> Result<Vec<String>, TrailError> {
    let names = logins.all().map(|login| login.role.as_str()).to_vec();
    let rows = transaction
        .query(LOGINS, &[&names])
        .await
        .map_err(TrailError::of("logins"))?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(|_| TrailError::Row { table: "pg_roles" }))
        .collect()
}

/// Roles that may log in and nothing else: what they may do with tables is granted apart.
fn login_statements(logins: &Logins, present: &[String], renew: bool) -> String {
    let statement = |login: &Login| {
        let verb = match present.contains(&login.role) {
            false => "CREATE",
            true if renew => "ALTER",
            true => return String::new(),
        };
        format!(
            "{verb} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS PASSWORD {};\n",
            quoted(&login.role),
            format_args!("'{}'", login.password.replace('\'', "''"))
        )
    };
    logins.all().map(statement).concat()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
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
        text.push_str(&quoted(role));
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
    fn roles_that_are_there_keep_their_passwords_unless_they_are_renewed() {
        let login = |role: &str| Login {
            role: role.to_owned(),
            password: "it's".to_owned(),
        };
        let logins = Logins {
            indexer: login("i"),
            reader: login("r\""),
            operator: login("o"),
        };
        let present = ["i".to_owned(), "o".to_owned()];
        let made = login_statements(&logins, &present, false);
        assert!(
            made.starts_with("CREATE ROLE \"r\"\"\" LOGIN NOSUPERUSER"),
            "{made}"
        );
        assert!(made.ends_with("PASSWORD 'it''s';\n") && made.lines().count() == 1);
        let renewed = login_statements(&logins, &present, true);
        assert_eq!(renewed.matches("ALTER ROLE").count(), 2);
        assert!(!format!("{logins:?}").contains("it's"));
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
