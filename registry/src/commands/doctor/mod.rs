//! `doctor`: looks at what the registry needs and says what to do.

mod law;

use std::net::{SocketAddr, TcpListener};

use xds_model::Clock;
use xds_model::time::System;
use xds_server::doctor::{
    Diagnosis, Finding, assertions, audit_trail, certificates, clock, encrypted_volume, free_space,
};
use xds_server::lang::Say;

use super::Done;
use super::output::Output;
use crate::config::Config;
use crate::database::Database;
use crate::disclosure;
use crate::trail;

pub(super) async fn run(config: &Config, output: Output) -> Done {
    let mut diagnosis = Diagnosis::default();
    diagnosis.add(certificates(&config.clinical.tls, System.now()));
    diagnosis.add(assertions(config.xua.as_ref(), System.now()));
    diagnosis.add(clock(&config.time, &System, &System).await);
    diagnosis.add([
        free_space(&config.audit.journal, config.audit.free_bytes_min),
        encrypted_volume(&config.audit.journal),
        encrypted_volume(&config.registry.data),
    ]);
    diagnosis.add(audit_trail(&config.audit));
    diagnosis.add(database(config).await);
    diagnosis.add([
        listener("clinical", config.clinical.listen),
        listener("status", config.status.listen),
    ]);
    diagnosis.add(config.mllp.as_ref().map(|mllp| listener("mllp", mllp.listen)));
    let repository = config.audit_repository.as_ref();
    diagnosis.add(repository.map(|repository| listener("audit_repository", repository.listen)));
    let operator = config.operator.as_ref();
    diagnosis.add(operator.map(|operator| listener("operator", operator.listen)));
    let good = diagnosis.is_healthy();
    Ok(output.verdict(&diagnosis.text(output.lang), &diagnosis.json(), good))
}

const DATABASE: &str = "database";

async fn database(config: &Config) -> Vec<Finding> {
    let database = match Database::open(config).await {
        Ok(database) => database,
        Err(error) => {
            let found = Say::new(
                format!("データベースを使えません: {error}"),
                format!("the database cannot be used: {error}"),
            );
            let repair = Say::new("上のメッセージに従ってください。", "do as the message says");
            return vec![Finding::bad(DATABASE, found, repair)];
        }
    };
    let findings = look(&database).await;
    database.close().await;
    findings
}

async fn look(database: &Database) -> Vec<Finding> {
    let kind = if database.is_private() {
        ("専用クラスター", "private cluster")
    } else {
        ("既存の PostgreSQL", "existing PostgreSQL")
    };
    let store = match database.store(None) {
        Ok(store) => store,
        Err(error) => {
            let found = Say::new(
                format!("データベースに接続できません: {error}"),
                format!("no connection to the database: {error}"),
            );
            let repair = Say::new("[database] を確かめてください。", "check [database]");
            return vec![Finding::bad(DATABASE, found, repair)];
        }
    };
    if let Err(error) = store.ping().await {
        let found = Say::new(
            format!("データベースが応答しません: {error}"),
            format!("the database does not answer: {error}"),
        );
        let repair = Say::new(
            "PostgreSQL が動いているか、[database] が正しいか確かめてください。",
            "check that PostgreSQL runs and that [database] is right",
        );
        return vec![Finding::bad(DATABASE, found, repair)];
    }
    let answers = Finding::good(
        DATABASE,
        Say::new(format!("応答あり ({})", kind.0), format!("answers ({})", kind.1)),
    );
    let schema = match store.check_schema().await {
        Ok(version) => Finding::good(
            DATABASE,
            Say::new(
                format!("スキーマの版 {version}"),
                format!("schema version {version}"),
            ),
        ),
        Err(error) => Finding::bad(
            DATABASE,
            Say::new(format!("スキーマ: {error}"), format!("schema: {error}")),
            Say::new(
                "`renkei-registry migrate` を実行してください。",
                "run `renkei-registry migrate`",
            ),
        ),
    };
    let nodes = match store.enrolled_nodes().await {
        Ok(nodes) if nodes.is_empty() => Finding::warning(
            "nodes",
            Say::new("登録されたノードがありません", "no node is enrolled"),
            Say::new(
                "`org add` と `node add` で登録してください。",
                "enter them with `org add` and `node add`",
            ),
        ),
        Ok(nodes) => Finding::good(
            "nodes",
            Say::new(
                format!("登録ノード {} 台", nodes.len()),
                format!("{} nodes enrolled", nodes.len()),
            ),
        ),
        Err(error) => Finding::bad(
            "nodes",
            Say::new(
                format!("ノードを読めません: {error}"),
                format!("the nodes cannot be read: {error}"),
            ),
            Say::new("スキーマを確かめてください。", "check the schema"),
        ),
    };
    let mut findings = vec![answers, schema, nodes];
    findings.extend(law::examine(&store, System.now()).await);
    findings.extend(disclosure::examine(&store, System.now()).await);
    findings.extend(trail::examine(database).await);
    findings
}

/// Whether an address is free, or used: by the running registry, one hopes.
fn listener(part: &'static str, address: SocketAddr) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::good(
            part,
            Say::new(format!("{address} は空いています"), format!("{address} is free")),
        ),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Finding::good(
            part,
            Say::new(
                format!("{address} は使用中です(稼働中のレジストリ)"),
                format!("{address} is in use (the running registry)"),
            ),
        ),
        Err(error) => Finding::bad(
            part,
            Say::new(
                format!("{address} で待ち受けできません: {error}"),
                format!("cannot listen on {address}: {error}"),
            ),
            Say::new("アドレスを確かめてください。", "check the address"),
        ),
    }
}
