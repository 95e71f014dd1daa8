//! A migrated database with two patients, and short words for what tests do with it.

use registry_cluster::ConnectionParameters;
use registry_core::answer::{Answer, answer};
use registry_core::patient::{Demographics, PatientChanges};
use registry_core::plan::{Plan, ResultLimits, plan};
use registry_core::register::{Changes, Refusal, decide};
use registry_core::view::Viewer;
use registry_store::{Endpoint, Store, StoreConfig, StoreError};
use time::OffsetDateTime;
use tokio_postgres::NoTls;
use uuid::Uuid;
use xds_model::query::{ReturnType, StoredQuery, StoredQueryRequest};
use xds_model::submission::ReceivedSubmission;
use xds_model::{Fault, PatientId, RuleId};
use xds_testkit::TestCluster;

use crate::fixture::{Bodies, Ids, World, now, patient, wanted};

pub(crate) struct Db {
    pub(crate) store: Store,
    pub(crate) parameters: ConnectionParameters,
}

pub(crate) fn config(parameters: &ConnectionParameters) -> StoreConfig {
    let endpoint = Endpoint::Socket {
        folder: parameters.socket_folder.clone(),
        port: parameters.port,
    };
    let password = Some(parameters.password.expose().to_owned());
    let mut config = StoreConfig::new(
        endpoint,
        parameters.database.clone(),
        parameters.user.clone(),
        password,
    );
    config.connections_max = 8;
    config
}

impl Db {
    /// An empty, migrated database.
    pub(crate) async fn empty() -> Self {
        let parameters = TestCluster::shared().fresh_database().await;
        Self::at(parameters).await
    }

    async fn at(parameters: ConnectionParameters) -> Self {
        let store = Store::new(&config(&parameters), None).unwrap();
        store.migrate().await.unwrap();
        Self { store, parameters }
    }

    /// With patients P1 and P2.
    pub(crate) async fn new() -> Self {
        let db = Self::empty().await;
        db.add_patients(&[patient("P1"), patient("P2")]).await;
        db
    }

    pub(crate) fn with(&self, change: impl FnOnce(&mut StoreConfig)) -> Store {
        let mut config = config(&self.parameters);
        change(&mut config);
        Store::new(&config, None).unwrap()
    }

    pub(crate) async fn add_patients(&self, patients: &[PatientId]) {
        let changes = PatientChanges::Add(patients.to_vec(), Demographics::default());
        let ids = Ids::new(fresh_space());
        self.store.feed(&changes, &ids, now(), None).await.unwrap();
    }

    pub(crate) async fn try_register(
        &self,
        world: &World,
        submission: &ReceivedSubmission,
    ) -> Result<Result<Changes, Refusal>, StoreError> {
        register_with(&self.store, world, submission).await
    }

    pub(crate) async fn register(&self, world: &World, submission: &ReceivedSubmission) -> Changes {
        self.try_register(world, submission).await.unwrap().unwrap()
    }

    /// The rules that it is refused by.
    pub(crate) async fn refuse(&self, world: &World, submission: &ReceivedSubmission) -> Vec<RuleId> {
        let refusal = self.try_register(world, submission).await.unwrap().unwrap_err();
        rules(&refusal)
    }

    pub(crate) async fn ask(&self, world: &World, query: StoredQuery) -> Result<Answer, Fault> {
        self.ask_for(world, query, ReturnType::LeafClass).await
    }

    pub(crate) async fn ask_for(
        &self,
        world: &World,
        query: StoredQuery,
        return_type: ReturnType,
    ) -> Result<Answer, Fault> {
        let plan = plan(StoredQueryRequest { query, return_type }, ResultLimits::default());
        self.ask_plan(world, &plan).await
    }

    pub(crate) async fn ask_plan(&self, world: &World, plan: &Plan) -> Result<Answer, Fault> {
        let viewer = Viewer::new(&world.principal, &world.ledger, now());
        let candidates = self.store.find(plan, &viewer).await.unwrap();
        answer(plan, candidates, &viewer)
    }

    /// A connection of its own, as the owner.
    pub(crate) async fn client(&self) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(&self.parameters.connection_string(), NoTls)
            .await
            .unwrap();
        tokio::spawn(connection);
        client
    }

    /// The first column of the first row, as a number.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        self.client().await.query_one(sql, &[]).await.unwrap().get(0)
    }

    /// How many rows all tables of objects have.
    pub(crate) async fn rows(&self) -> Vec<i64> {
        let mut rows = Vec::new();
        for table in [
            "object_id",
            "unique_id",
            "document_entry",
            "submission_set",
            "folder",
            "association",
            "cross_reference",
            "audit_mark",
        ] {
            rows.push(self.count(&format!("SELECT count(*) FROM {table}")).await);
        }
        rows
    }

    pub(crate) async fn status(&self, id: Uuid) -> i16 {
        let client = self.client().await;
        let sql = "SELECT status FROM document_entry WHERE id = $1";
        client.query_one(sql, &[&id]).await.unwrap().get(0)
    }
}

/// A space of ids that nothing else of this process has.
pub(crate) fn fresh_space() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0x1_0000_0000);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

pub(crate) async fn register_with(
    store: &Store,
    world: &World,
    submission: &ReceivedSubmission,
) -> Result<Result<Changes, Refusal>, StoreError> {
    register_at(store, world, submission, now()).await
}

pub(crate) async fn register_at(
    store: &Store,
    world: &World,
    submission: &ReceivedSubmission,
    at: OffsetDateTime,
) -> Result<Result<Changes, Refusal>, StoreError> {
    let wanted = wanted(submission);
    store
        .register(&wanted, at, |facts| {
            decide(submission, &wanted, facts, &world.context(), &Bodies).map(|changes| (changes, None))
        })
        .await
}

pub(crate) fn rules(refusal: &Refusal) -> Vec<RuleId> {
    refusal.faults.iter().map(Fault::rule).collect()
}

pub(crate) fn ids(answer: &Answer) -> Vec<Uuid> {
    answer.objects.iter().map(|object| object.id).collect()
}
