//! A migrated database with its roles.

use registry_cluster::ConnectionParameters;
use registry_trail::{Endpoint, Login, Roles, Trail, TrailConfig};
use tokio_postgres::NoTls;
use xds_testkit::TestCluster;

pub(crate) struct Db {
    /// As the owner.
    pub(crate) owner: Trail,
    pub(crate) indexer: Trail,
    pub(crate) reader: Trail,
    pub(crate) operator: Trail,
    pub(crate) roles: Roles,
    pub(crate) parameters: ConnectionParameters,
}

fn trail(parameters: &ConnectionParameters, role: Option<&str>) -> Trail {
    match role {
        Some(role) => trail_as(parameters, role, "secret"),
        None => trail_as(parameters, &parameters.user, parameters.password.expose()),
    }
}

fn trail_as(parameters: &ConnectionParameters, role: &str, password: &str) -> Trail {
    let endpoint = Endpoint::Socket {
        folder: parameters.socket_folder.clone(),
        port: parameters.port,
    };
    let (user, password) = (role.to_owned(), password.to_owned());
    let config = TrailConfig::new(endpoint, parameters.database.clone(), user, Some(password));
    Trail::new(&config).unwrap()
}

impl Db {
    pub(crate) async fn new() -> Self {
        let parameters = TestCluster::shared().fresh_database().await;
        let owner = trail(&parameters, None);
        owner.migrate().await.unwrap();
        let role = |name: &str| format!("{name}_{}", parameters.database);
        let roles = Roles {
            indexer: role("indexer"),
            reader: role("reader"),
            operator: role("operator"),
        };
        let client = connect(&parameters).await;
        for role in [&roles.indexer, &roles.reader, &roles.operator] {
            let create = format!("CREATE ROLE {role} LOGIN PASSWORD 'secret'");
            client.batch_execute(&create).await.unwrap();
        }
        owner.grant(&roles).await.unwrap();
        Self {
            owner,
            indexer: trail(&parameters, Some(&roles.indexer)),
            reader: trail(&parameters, Some(&roles.reader)),
            operator: trail(&parameters, Some(&roles.operator)),
            roles,
            parameters,
        }
    }

    /// A trail that logs in like this.
    pub(crate) fn logged_in(&self, login: &Login) -> Trail {
        trail_as(&self.parameters, &login.role, &login.password)
    }

    /// A connection as the owner.
    pub(crate) async fn client(&self) -> tokio_postgres::Client {
        connect(&self.parameters).await
    }

    /// The first column of the first row, as a number.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.client().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

async fn connect(parameters: &ConnectionParameters) -> tokio_postgres::Client {
    let (client, connection) = tokio_postgres::connect(&parameters.connection_string(), NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}
