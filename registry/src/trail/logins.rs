//! As whom the audit trail is reached: its owner migrates, and three roles part the work.

use registry_cluster::{Cluster, ClusterError};
use registry_store::{Endpoint, StoreConfig};
use registry_trail::{Login as RoleLogin, Logins, Roles, Trail, TrailConfig};

use crate::config::TrailRolesSection;
use crate::database::{Database, DatabaseError, Login};

/// As whom the trail is reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TrailRole {
    /// Migrates, grants, drops months.
    Owner,
    /// Adds events; cannot change or remove any.
    Indexer,
    /// Searches.
    Reader,
    /// Searches, sees what was withheld, signs reviews.
    Operator,
}

/// The logins of the three roles.
pub(crate) struct TrailLogins {
    endpoint: Endpoint,
    indexer: Login,
    reader: Login,
    operator: Login,
    /// Whether a password was made now, so that its role has yet to hear of it.
    is_new: bool,
}

impl TrailLogins {
    /// Those that the configuration names.
    pub(crate) fn given(section: &TrailRolesSection, store: &StoreConfig) -> Self {
        let mut endpoint = store.endpoint.clone();
        if let Some(itself) = section.port {
            match &mut endpoint {
                Endpoint::Socket { port, .. } | Endpoint::Tls { port, .. } => *port = itself,
            }
        }
        let login = |user: &String, password_file: &Option<_>| Login {
            user: user.clone(),
            password_file: password_file.clone(),
        };
        Self {
            endpoint,
            indexer: login(&section.indexer, &section.indexer_password_file),
            reader: login(&section.reader, &section.reader_password_file),
            operator: login(&section.operator, &section.operator_password_file),
            is_new: false,
        }
    }

    /// Those of the private cluster: their passwords lie beside the cluster's own.
    pub(crate) async fn of_cluster(
        cluster: Cluster,
        store: &StoreConfig,
    ) -> Result<(Cluster, Self), ClusterError> {
        let endpoint = store.endpoint.clone();
        let work = tokio::task::spawn_blocking(move || {
            let mut is_new = false;
            let mut login = |user: &str| {
                let password = cluster.password_file_of(user)?;
                is_new |= password.is_new;
                Ok::<_, ClusterError>(Login {
                    user: user.to_owned(),
                    password_file: Some(password.file),
                })
            };
            let (indexer, reader, operator) = (login(INDEXER)?, login(READER)?, login(OPERATOR)?);
            let logins = Self {
                endpoint,
                indexer,
                reader,
                operator,
                is_new,
            };
            Ok((cluster, logins))
        });
        work.await.map_err(|_| ClusterError::Cancelled)?
    }

    fn roles(&self) -> Roles {
        Roles {
            indexer: self.indexer.user.clone(),
            reader: self.reader.user.clone(),
            operator: self.operator.user.clone(),
        }
    }

    fn with_passwords(&self) -> Result<Logins, DatabaseError> {
        let login = |login: &Login| {
            Ok::<_, DatabaseError>(RoleLogin {
                role: login.user.clone(),
                password: login.password()?.unwrap_or_default(),
            })
        };
        Ok(Logins {
            indexer: login(&self.indexer)?,
            reader: login(&self.reader)?,
            operator: login(&self.operator)?,
        })
    }
}

impl Database {
    /// The audit trail, reached as this role. It connects when it is needed.
    ///
    /// # Errors
    /// [`DatabaseError::NoTrail`] for a given database without `[database.audit]`; a password file.
    pub(crate) fn trail(&self, role: TrailRole) -> Result<Trail, DatabaseError> {
        let logins = self.logins.as_ref().ok_or(DatabaseError::NoTrail)?;
        let login = match role {
            TrailRole::Owner => return self.trail_of_owner(&logins.endpoint),
            TrailRole::Indexer => &logins.indexer,
            TrailRole::Reader => &logins.reader,
            TrailRole::Operator => &logins.operator,
        };
        self.trail_as(&logins.endpoint, login.user.clone(), login.password()?)
    }

    /// Whether the trail is ready for this role.
    ///
    /// # Errors
    /// When its schema is another than this release's, or the role has no rights.
    pub(crate) async fn check_trail(&self, trail: &Trail) -> Result<(), DatabaseError> {
        Ok(trail.check_schema().await?)
    }

    /// Whether there is an audit trail: always in a private cluster, in a given database where its roles are named.
    pub(crate) fn has_trail(&self) -> bool {
        self.logins.is_some()
    }

    /// In the private cluster: brings the schema up to date and makes the roles. With `renew` their passwords are set
    /// to what the files say.
    pub(crate) async fn install_trail(&self, renew: bool) -> Result<i32, DatabaseError> {
        let logins = self.logins.as_ref().ok_or(DatabaseError::NoTrail)?;
        let owner = self.trail(TrailRole::Owner)?;
        Ok(owner
            .install(&logins.with_passwords()?, renew || logins.is_new)
            .await?)
    }

    /// Brings the schema of the trail up to date, and grants its roles what they need if that is wanted. The version
    /// before; none where there is no trail.
    pub(crate) async fn migrate_trail(&self, grant: bool) -> Result<Option<i32>, DatabaseError> {
        let Some(logins) = &self.logins else {
            return Ok(None);
        };
        if self.is_private() {
            return Ok(Some(self.install_trail(true).await?));
        }
        let owner = self.trail(TrailRole::Owner)?;
        let before = owner.migrate().await?;
        if grant {
            owner.grant(&logins.roles()).await?;
        }
        Ok(Some(before))
    }

    fn trail_of_owner(&self, endpoint: &Endpoint) -> Result<Trail, DatabaseError> {
        let StoreConfig { user, password, .. } = self.owner_config()?;
        self.trail_as(endpoint, user, password)
    }

    fn trail_as(
        &self,
        endpoint: &Endpoint,
        user: String,
        password: Option<String>,
    ) -> Result<Trail, DatabaseError> {
        let config = TrailConfig::new(endpoint.clone(), self.config.database.clone(), user, password);
        Ok(Trail::new(&config)?)
    }
}

const INDEXER: &str = "renkei_audit_indexer";
const READER: &str = "renkei_audit_reader";
const OPERATOR: &str = "renkei_audit_operator";
