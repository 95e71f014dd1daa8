//! The way to the database: an existing PostgreSQL, or a private cluster of our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use registry_cluster::{Cluster, ClusterError, ClusterOptions, Shutdown};
use registry_store::{Endpoint, MigrationError, Observer, Store, StoreConfig, StoreError};
use registry_trail::TrailError;
use rustls::RootCertStore;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::config::{Config, DatabaseSection};
use crate::trail::TrailLogins;

/// A database that can be reached, and the private cluster behind it, if it is one.
pub(crate) struct Database {
    /// How to reach it as the serving role.
    pub(crate) config: StoreConfig,
    /// How to reach it as the owner of the schema, when that is another role.
    owner: Option<Login>,
    /// How to reach the audit trail, if there is one.
    pub(crate) logins: Option<TrailLogins>,
    cluster: Option<Cluster>,
    keep_running: bool,
}

/// A role: its password is read only by who works as it.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password_file: Option<PathBuf>,
}

impl Login {
    pub(crate) fn password(&self) -> Result<Option<String>, DatabaseError> {
        self.password_file.as_deref().map(secret).transpose()
    }
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DatabaseError {
    /// The private cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// A password or CA file.
    #[error("cannot read {}: {source}", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The CA file holds no certificate.
    #[error("{} holds no certificate of a CA in PEM", file.display())]
    Ca {
        /// Which file.
        file: PathBuf,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The schema.
    #[error(transparent)]
    Migration(#[from] MigrationError),
    /// The audit trail.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The schema of the audit trail.
    #[error(
        "the audit trail cannot be used: {0}; look at [database.audit], then run `renkei-registry migrate --grant`"
    )]
    TrailMigration(#[from] registry_trail::MigrationError),
    /// A given database without roles for the audit trail.
    #[error(
        "there is no audit trail: name its roles in [database.audit], then run `renkei-registry migrate --grant`"
    )]
    NoTrail,
}

impl Database {
    /// Makes or starts the private cluster, or reads how to reach the given one.
    pub(crate) async fn open(config: &Config) -> Result<Self, DatabaseError> {
        match &config.database {
            Some(section) => given(section),
            None => private(config).await,
        }
    }

    /// A store as the serving role.
    pub(crate) fn store(&self, observer: Option<Observer>) -> Result<Store, DatabaseError> {
        Ok(Store::new(&self.config, observer)?)
    }

    /// A store as the owner of the schema.
    pub(crate) fn owner(&self) -> Result<Store, DatabaseError> {
        Ok(Store::new(&self.owner_config()?, None)?)
    }

    pub(crate) fn owner_config(&self) -> Result<StoreConfig, DatabaseError> {
        let mut config = self.config.clone();
        if let Some(owner) = &self.owner {
            config.user.clone_from(&owner.user);
            config.password = owner.password()?;
        }
        Ok(config)
    }

    /// Brings the schema up to date, when the database is ours alone. An existing PostgreSQL is migrated by
    /// its administrator, with `renkei-registry migrate`.
    pub(crate) async fn migrate_if_private(&self) -> Result<(), DatabaseError> {
        if self.cluster.is_some() {
            self.owner()?.migrate().await?;
            self.install_trail(false).await?;
        }
        Ok(())
    }

    /// Whether the database is a private cluster.
    pub(crate) fn is_private(&self) -> bool {
        self.cluster.is_some()
    }

    /// Stops the private cluster, unless another process uses it or it is to go on.
    pub(crate) async fn close(self) {
        let Some(cluster) = self.cluster else { return };
        if self.keep_running {
            return;
        }
        if let Err(error) = cluster.stop(Shutdown::Fast).await {
            tracing::error!(%error, "the private PostgreSQL was not stopped");
        }
    }
}

async fn private(config: &Config) -> Result<Database, DatabaseError> {
    let options = ClusterOptions {
        binaries: config.private_database.binaries.clone(),
        ..ClusterOptions::default()
    };
    let cluster = Cluster::ensure(config.registry.data.join("postgresql"), options).await?;
    let parameters = cluster.connection_parameters();
    let store = StoreConfig::new(
        Endpoint::Socket {
            folder: parameters.socket_folder.clone(),
            port: parameters.port,
        },
        parameters.database.clone(),
        parameters.user.clone(),
        Some(parameters.password.expose().to_owned()),
    );
    let keep_running = config.private_database.keep_running;
    let (cluster, logins) = TrailLogins::of_cluster(cluster, &store).await?;
    Ok(Database {
        config: store,
        owner: None,
        logins: Some(logins),
        cluster: Some(cluster),
        keep_running,
    })
}

fn given(section: &DatabaseSection) -> Result<Database, DatabaseError> {
    let password = section.password_file.as_deref().map(secret).transpose()?;
    let mut config = StoreConfig::new(
        endpoint(section)?,
        section.name.clone(),
        section.user.clone(),
        password,
    );
    config.connections_max = section.connections_max;
    config.statement_mode = section.statement_mode.into();
    let owner = section.owner.as_ref().map(|user| Login {
        user: user.clone(),
        password_file: section.owner_password_file.clone(),
    });
    let logins = (section.audit.as_ref()).map(|roles| TrailLogins::given(roles, &config));
    Ok(Database {
        config,
        owner,
        logins,
        cluster: None,
        keep_running: true,
    })
}

fn endpoint(section: &DatabaseSection) -> Result<Endpoint, DatabaseError> {
    if section.host.starts_with('/') {
        return Ok(Endpoint::Socket {
            folder: PathBuf::from(&section.host),
            port: section.port,
        });
    }
    let file = section.ca.clone().unwrap_or_default();
    let mut roots = RootCertStore::empty();
    let pem = fs::read(&file).map_err(|source| DatabaseError::File {
        file: file.clone(),
        source,
    })?;
    for certificate in CertificateDer::pem_slice_iter(&pem).flatten() {
        roots
            .add(certificate)
            .map_err(|_| DatabaseError::Ca { file: file.clone() })?;
    }
    if roots.is_empty() {
        return Err(DatabaseError::Ca { file });
    }
    xds_tls::init_provider();
    let tls = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Endpoint::Tls {
        host: section.host.clone(),
        port: section.port,
        tls: Arc::new(tls),
    })
}

fn secret(file: &Path) -> Result<String, DatabaseError> {
    let text = fs::read_to_string(file).map_err(|source| DatabaseError::File {
        file: file.to_owned(),
        source,
    })?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
