//! The audit trail in PostgreSQL: what both programs tell in their journals, each event once, whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use registry_cluster::{Cluster, ClusterOptions, ConnectionParameters, Durability, Password, Shutdown};
use renkei_network::{Network, Options, Program};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;
use xds_audit::{EventId, Follower, Told};
use xds_model::IdSource;
use xds_model::time::System;

use crate::five_checks::database;
use crate::support::{patient, published, start, until};

/// The name of the repository's node, which delivers to the registry.
const DELIVERER: &[u8] = b"repository";
/// A sender that met a stopped receiver pauses for up to a minute.
const CAUGHT_UP: Duration = Duration::from_secs(150);

/// Every event of a program's journal by the name that it has in the trail.
fn journal(network: &Network, program: Program) -> BTreeMap<(Uuid, i64), Told> {
    let mut follower = Follower::open(&network.journal(program), 0).unwrap();
    let mut events = BTreeMap::new();
    while let Some(told) = follower.next().unwrap() {
        let EventId { journal, sequence } = told.id;
        let journal = match program {
            Program::Registry => journal,
            Program::Repository => Uuid::new_v5(&journal, DELIVERER),
        };
        events.insert((journal, i64::try_from(sequence).unwrap()), told);
    }
    events
}

fn journals(network: &Network) -> BTreeMap<(Uuid, i64), Told> {
    let mut events = journal(network, Program::Registry);
    events.extend(journal(network, Program::Repository));
    events
}

/// A row of the trail.
struct Row {
    part: i32,
    body: serde_json::Value,
}

/// The trail: the rows of each event.
async fn rows(client: &Client) -> BTreeMap<(Uuid, i64), Vec<Row>> {
    let select = "SELECT j.journal, e.sequence, e.part, convert_from(e.body, 'UTF8')::json
                    FROM audit.event e JOIN audit.journal j ON j.number = e.journal ORDER BY e.part";
    let mut found: BTreeMap<_, Vec<Row>> = BTreeMap::new();
    for row in client.query(select, &[]).await.unwrap() {
        found.entry((row.get(0), row.get(1))).or_default().push(Row {
            part: row.get(2),
            body: row.get(3),
        });
    }
    found
}

/// Waits until the trail has what the journals have by now.
async fn caught_up(client: &Client, network: &Network) {
    let owed: BTreeSet<_> = journals(network).into_keys().collect();
    until("the trail has caught up", CAUGHT_UP, || async {
        let rows = rows(client).await;
        owed.iter().all(|event| rows.contains_key(event))
    })
    .await;
}

/// Each event is in the trail once, as it was told, and nothing else is there.
async fn is_as_told(client: &Client, network: &Network) -> usize {
    let rows = rows(client).await;
    let journals = journals(network);
    let own = journal(network, Program::Registry);
    for (name, rows) in &rows {
        let told = journals.get(name).expect("an event that no journal tells");
        let parts: Vec<i32> = rows.iter().map(|row| row.part).collect();
        if own.contains_key(name) {
            assert_eq!(parts, [0], "{}", told.event.opening.kind.name());
            assert_eq!(rows[0].body["event"], as_kept(told));
        } else {
            // A message each, numbered from 1.
            let expected: Vec<i32> = (1..).take(parts.len()).collect();
            assert_eq!(parts, expected, "{}", told.event.opening.kind.name());
            let opening = &rows[0].body["event"]["opening"];
            assert_eq!(opening["correlation"], told.event.opening.correlation);
        }
    }
    rows.len()
}

/// The event as JSON, without what was withheld.
fn as_kept(told: &Told) -> serde_json::Value {
    let mut event = told.event.clone();
    event.closing.withheld.clear();
    serde_json::to_value(event).unwrap()
}

async fn network(options: Options) -> Network {
    tokio::task::spawn_blocking(move || start(&options))
        .await
        .unwrap()
}

#[tokio::test]
async fn the_trail_holds_the_events_of_both_programs_each_once() {
    let network = network(Options::default()).await;
    let (h1, c1) = (network.node("h1").unwrap(), network.node("c1").unwrap());
    let patient = patient(&network).await;
    let document = published(&h1, &patient, "紹介状").await;
    c1.find(&patient).await.unwrap();
    c1.retrieve(&[document.unique_id().as_str()]).await.unwrap();

    let client = database(&network).await;
    caught_up(&client, &network).await;
    assert!(is_as_told(&client, &network).await > 10);
    let kinds = "SELECT DISTINCT e.kind, e.direction FROM audit.event e JOIN audit.event_patient p
                  USING (journal, sequence, part, at) WHERE p.patient = $1";
    let kinds: BTreeSet<(String, String)> = client
        .query(kinds, &[&patient.to_string()])
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect();
    for (kind, direction) in [
        ("ITI-8", "received"),
        ("ITI-41", "received"),
        ("ITI-42", "sent"),
        ("ITI-42", "received"),
        ("ITI-18", "received"),
        ("ITI-43", "received"),
    ] {
        let known = kinds.contains(&(kind.to_owned(), direction.to_owned()));
        assert!(known, "{kind} {direction}: {kinds:?}");
    }
    let metrics = network.registry.metrics().unwrap();
    for name in ["audit_trail_indexed_total", "audit_trail_received_new_total"] {
        let line = metrics.lines().find(|line| line.contains(name)).unwrap();
        assert!(!line.ends_with(" 0"), "{line}");
    }

    // What was there at the stop is in the trail, the stop itself too.
    tokio::task::spawn_blocking(move || {
        network.repository.stop().unwrap();
        network.registry.stop().unwrap();
        network
    })
    .await
    .map(async |network| {
        let client = database(&network).await;
        let rows = rows(&client).await;
        let events = journal(&network, Program::Registry);
        let missing = events.keys().filter(|name| !rows.contains_key(*name)).count();
        assert_eq!(missing, 0, "of {}", events.len());
        let (_, last) = events.last_key_value().unwrap();
        assert_eq!(last.event.opening.kind.name(), "node-stop");
    })
    .unwrap()
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aud_08_killed_while_it_indexes_the_registry_goes_on_where_it_stood() {
    let network = network(Options::default()).await;
    let (h1, c1) = (network.node("h1").unwrap(), network.node("c1").unwrap());
    let patient = patient(&network).await;
    published(&h1, &patient, "紹介状").await;
    let mut client = database(&network).await;
    for _ in 0..3 {
        // The indexer waits in the middle of its transaction, with more to come behind it.
        let transaction = client.transaction().await.unwrap();
        let lock = "LOCK TABLE audit.event IN SHARE ROW EXCLUSIVE MODE";
        transaction.batch_execute(lock).await.unwrap();
        for _ in 0..20 {
            c1.find(&patient).await.unwrap();
        }
        let waiting = "SELECT count(*) FROM pg_stat_activity
                        WHERE wait_event_type = 'Lock' AND application_name = 'renkei-audit-trail'";
        until("the indexer waits", CAUGHT_UP, || async {
            let waiting: i64 = transaction.query_one(waiting, &[]).await.unwrap().get(0);
            waiting > 0
        })
        .await;
        tokio::task::block_in_place(|| network.registry.kill());
        transaction.rollback().await.unwrap();
        tokio::task::block_in_place(|| network.registry.start()).unwrap();
    }
    caught_up(&client, &network).await;
    assert!(is_as_told(&client, &network).await > 60);
}

#[tokio::test]
async fn what_was_withheld_is_for_the_operator_alone() {
    let options = Options {
        joint_use: false,
        ..Options::default()
    };
    let network = network(options).await;
    let (h1, c1) = (network.node("h1").unwrap(), network.node("c1").unwrap());
    let patient = patient(&network).await;
    let document = published(&h1, &patient, "紹介状").await;
    assert!(c1.find(&patient).await.unwrap().is_empty());

    let owner = database(&network).await;
    caught_up(&owner, &network).await;
    let entry = document.entries[0].id.to_string();
    let (operator, reader, indexer) = (
        role(&network, "operator").await,
        role(&network, "reader").await,
        role(&network, "indexer").await,
    );
    let withheld =
        "SELECT count(*) FROM audit.event_withheld w JOIN audit.event e USING (journal, sequence, part, at)
                     WHERE e.node = 'c1'";
    let seen: i64 = operator.query_one(withheld, &[]).await.unwrap().get(0);
    assert!(seen > 0);
    let refused = reader.query_one(withheld, &[]).await.unwrap_err();
    assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));

    // Nor does it stand in what the reader may read: the events of the clinic that was refused.
    let told = "SELECT count(*), count(*) FILTER (WHERE position(convert_to($1, 'UTF8') IN body) > 0)
                  FROM audit.event WHERE node = 'c1'";
    let row = reader.query_one(told, &[&entry]).await.unwrap();
    let (events, telling): (i64, i64) = (row.get(0), row.get(1));
    assert!(events > 0 && telling == 0, "{telling} of {events}");

    // The role by which the running registry adds events cannot take any away.
    for statement in [
        "UPDATE audit.event SET outcome = 0",
        "DELETE FROM audit.event",
        "TRUNCATE audit.event",
        "DELETE FROM audit.unread",
        "DROP SCHEMA audit CASCADE",
        "ALTER TABLE audit.event DISABLE TRIGGER ALL",
        "SET ROLE renkei",
    ] {
        let refused = indexer.batch_execute(statement).await.unwrap_err();
        let code = refused.code();
        assert_eq!(code, Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{statement}");
    }
}

/// A connection to the private cluster as one of the trail's roles, with the password that lies beside the cluster's.
async fn role(network: &Network, name: &str) -> Client {
    let folder = network.folder().join("registry/postgresql");
    let cluster = Cluster::ensure(&folder, ClusterOptions::default()).await.unwrap();
    let user = format!("renkei_audit_{name}");
    let password = fs::read_to_string(folder.join(format!("password-{user}"))).unwrap();
    let parameters = ConnectionParameters {
        user,
        password: Password::new(password),
        ..cluster.connection_parameters().clone()
    };
    connect(&parameters).await
}

async fn connect(parameters: &ConnectionParameters) -> Client {
    let (client, connection) = tokio_postgres::connect(&parameters.connection_string(), NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test]
async fn what_others_deliver_is_kept_and_strangers_are_told_of() {
    let network = network(Options::default()).await;
    let client = database(&network).await;
    let mut h2 = network.node("h2").unwrap().raw_audit().await.unwrap();
    let line = "<85>1 2026-11-24T00:00:00Z h2 emr 1 IHE+RFC-3881 - <AuditMessage>a login</AuditMessage>";
    let frame = format!("{} {line}", line.len());
    h2.write(frame.as_bytes()).await.unwrap();
    h2.write(frame.as_bytes()).await.unwrap();
    h2.finish().await.unwrap();
    let unread = "SELECT node, message FROM audit.unread";
    until("it is kept", CAUGHT_UP, || async {
        !client.query(unread, &[]).await.unwrap().is_empty()
    })
    .await;
    let kept = client.query(unread, &[]).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].get::<_, String>(0), "h2");
    assert_eq!(
        kept[0].get::<_, Vec<u8>>(1),
        b"<AuditMessage>a login</AuditMessage>"
    );

    network.pki().issue("stranger").unwrap();
    let mut stranger = network.node("stranger").unwrap().raw_audit().await.unwrap();
    // TLS 1.3: the refusal comes with the first read.
    let _ = stranger.write(frame.as_bytes()).await;
    assert!(!matches!(stranger.answer().await, Ok(Some(_))));
    until("the stranger is in the trail", CAUGHT_UP, || async {
        let refused = "SELECT count(*) FROM audit.event WHERE kind = 'handshake-refused'";
        client.query_one(refused, &[]).await.unwrap().get::<_, i64>(0) > 0
    })
    .await;
    let kept: i64 = client
        .query_one("SELECT count(*) FROM audit.unread WHERE node <> 'h2'", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(kept, 0);
}

/// What is committed survives an immediate stop.
fn given_cluster() -> ClusterOptions {
    ClusterOptions {
        durability: Durability::Full,
        ..ClusterOptions::for_tests()
    }
}

/// A PostgreSQL that is given, with the roles that its administrator makes.
async fn given(folder: &Path) -> (Cluster, ConnectionParameters) {
    let cluster = Cluster::ensure(folder, given_cluster()).await.unwrap();
    let parameters = cluster.connection_parameters().clone();
    let admin = connect(&parameters).await;
    for statement in [
        "CREATE ROLE own LOGIN CREATEROLE PASSWORD 'secret'",
        "CREATE ROLE serve LOGIN PASSWORD 'secret'",
        "CREATE ROLE adds LOGIN PASSWORD 'secret'",
        "CREATE ROLE reads LOGIN PASSWORD 'secret'",
        "CREATE ROLE signs LOGIN PASSWORD 'secret'",
        "GRANT serve TO own WITH ADMIN OPTION",
        "CREATE DATABASE given OWNER own",
    ] {
        admin.batch_execute(statement).await.unwrap();
    }
    let given = parameters.with_database("given");
    (cluster, given)
}

fn given_options(parameters: &ConnectionParameters, password: &Path) -> Options {
    let (host, password) = (parameters.socket_folder.display(), password.display());
    let roles = ["indexer", "reader", "operator"]
        .into_iter()
        .zip(["adds", "reads", "signs"]);
    let roles: String = roles
        .map(|(role, user)| format!("{role} = \"{user}\"\n{role}_password_file = \"{password}\"\n"))
        .collect();
    let registry = format!(
        "[database]\nhost = \"{host}\"\nname = \"given\"\nuser = \"serve\"\npassword_file = \"{password}\"\n\
         owner = \"own\"\nowner_password_file = \"{password}\"\n[database.audit]\n{roles}"
    );
    Options {
        registry,
        ..Options::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_away_gets_what_it_missed() {
    let folder = std::env::temp_dir().join(format!("renkei-given-{}", System.random().simple()));
    let (cluster, parameters) = given(&folder).await;
    let password = folder.join("secret");
    fs::write(&password, "secret\n").unwrap();
    let network = network(given_options(&parameters, &password)).await;
    let (h1, c1) = (network.node("h1").unwrap(), network.node("c1").unwrap());
    let known = patient(&network).await;
    let document = published(&h1, &known, "紹介状").await;

    cluster.stop(Shutdown::Immediate).await.unwrap();
    // Nobody gets an answer from it, and what was tried is told all the same.
    for _ in 0..3 {
        let found = c1.documents(&[document.unique_id().as_str()]).await;
        assert!(found.is_ok_and(|entries| entries.is_empty()));
    }
    until("the outage is seen", CAUGHT_UP, || async {
        let metrics = network.registry.metrics().unwrap();
        metrics.lines().any(|line| line == "renkei_audit_trail_failing 1")
    })
    .await;
    let told = journal(&network, Program::Registry).len();

    let cluster = Cluster::ensure(&folder, given_cluster()).await.unwrap();
    c1_is_served(&c1, &document.unique_id()).await;
    let client = connect(&ConnectionParameters {
        database: "given".to_owned(),
        ..cluster.connection_parameters().clone()
    })
    .await;
    caught_up(&client, &network).await;
    assert!(is_as_told(&client, &network).await >= told);
    let metrics = network.registry.metrics().unwrap();
    assert!(metrics.contains("renkei_audit_trail_failing 0"), "{metrics}");
    drop(network);
    cluster.stop(Shutdown::Immediate).await.unwrap();
    fs::remove_dir_all(&folder).unwrap();
}

async fn c1_is_served(c1: &renkei_network::Node, document: &str) {
    until("the registry serves again", CAUGHT_UP, || async {
        let found = c1.documents(&[document]).await;
        found.is_ok_and(|entries| !entries.is_empty())
    })
    .await;
}
