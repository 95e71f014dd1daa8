//! A private PostgreSQL with the trail's schema and roles.

use std::fs;
use std::path::PathBuf;

use registry_cluster::{Cluster, ClusterOptions, Shutdown};
use registry_trail::{Endpoint, Login, Logins, Trail, TrailConfig};
use tokio_postgres::{Client, NoTls};
use xds_model::IdSource;
use xds_model::time::System;

use crate::error::BenchError;
use crate::meter::{Meter, Watched};
use crate::progress::note;

/// The trail, by its roles.
pub(super) struct Place {
    cluster: Cluster,
    folder: PathBuf,
    /// Adds events.
    pub(super) indexer: Trail,
    /// Searches.
    pub(super) reader: Trail,
}

impl Place {
    /// Makes it, with fsync, in the temporary folder.
    ///
    /// # Errors
    /// When PostgreSQL does not start.
    pub(super) async fn make() -> Result<Self, BenchError> {
        note("starting a private PostgreSQL");
        let folder = std::env::temp_dir().join(format!("renkei-bench-trail-{}", System.random().simple()));
        fs::create_dir_all(&folder).map_err(BenchError::file(&folder))?;
        let cluster = Cluster::ensure(folder.join("postgresql"), ClusterOptions::default()).await?;
        let login = |role: &str| Login {
            role: format!("bench_{role}"),
            password: System.random().simple().to_string(),
        };
        let logins = Logins {
            indexer: login("indexer"),
            reader: login("reader"),
            operator: login("operator"),
        };
        let parameters = cluster.connection_parameters();
        let owner = Login {
            role: parameters.user.clone(),
            password: parameters.password.expose().to_owned(),
        };
        trail(&cluster, &owner)?.install(&logins, true).await?;
        Ok(Self {
            indexer: trail(&cluster, &logins.indexer)?,
            reader: trail(&cluster, &logins.reader)?,
            cluster,
            folder,
        })
    }

    /// Stops PostgreSQL and removes everything.
    ///
    /// # Errors
    /// When it does not stop.
    pub(super) async fn clear(self) -> Result<(), BenchError> {
        self.indexer.close();
        self.reader.close();
        self.cluster.stop(Shutdown::Fast).await?;
        fs::remove_dir_all(&self.folder).map_err(BenchError::file(&self.folder))
    }

    /// A connection as the owner, to prepare what is measured.
    ///
    /// # Errors
    /// When there is none.
    pub(super) async fn owner(&self) -> Result<Client, BenchError> {
        let login = self.cluster.connection_parameters().connection_string();
        let (client, connection) = tokio_postgres::connect(&login, NoTls).await?;
        // It ends with the client; what it says then nobody needs.
        tokio::spawn(async move { connection.await.ok() });
        Ok(client)
    }

    /// CPU time of this process and of PostgreSQL.
    ///
    /// # Errors
    /// When PostgreSQL does not run.
    pub(super) fn meter(&self) -> Result<Meter, BenchError> {
        let path = self.cluster.data_folder().join("postmaster.pid");
        let text = fs::read_to_string(&path).map_err(BenchError::file(&path))?;
        let pid = text.lines().next().and_then(|line| line.trim().parse().ok());
        let postmaster = pid.ok_or(BenchError::Proc(path))?;
        Ok(Meter(vec![
            Watched::Process(std::process::id()),
            Watched::Family(postmaster),
        ]))
    }
}

fn trail(cluster: &Cluster, login: &Login) -> Result<Trail, BenchError> {
    let parameters = cluster.connection_parameters();
    let endpoint = Endpoint::Socket {
        folder: parameters.socket_folder.clone(),
        port: parameters.port,
    };
    let database = parameters.database.clone();
    let config = TrailConfig::new(
        endpoint,
        database,
        login.role.clone(),
        Some(login.password.clone()),
    );
    Ok(Trail::new(&config)?)
}
