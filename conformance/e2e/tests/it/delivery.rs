//! Audit events reach an Audit Record Repository that we did not write: rsyslog, by syslog over mutual TLS (ITI-20).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use renkei_network::{Network, Options, Program, Rsyslog};
use time::OffsetDateTime;
use xds_atna::{AuditMessage, read, syslog};

use crate::support::{patient, published, run, start, until};

fn arrived(log: &Path) -> Vec<AuditMessage> {
    let bytes = fs::read(log).unwrap_or_default();
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    // The last line may be under way.
    lines
        .filter_map(|line| syslog::parse(line).ok())
        .filter_map(|line| read(line.audit_xml()?, OffsetDateTime::UNIX_EPOCH).ok())
        .map(|read| read.message)
        .collect()
}

/// What both journals tell, as `JOURNAL/SEQUENCE`: each whole event.
fn owed(network: &Network) -> BTreeSet<String> {
    [Program::Registry, Program::Repository]
        .into_iter()
        .flat_map(|program| {
            let mut follower = xds_audit::Follower::open(&network.journal(program), 0).unwrap();
            std::iter::from_fn(move || follower.next().unwrap()).map(|told| told.id.to_string())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn aud_01_what_the_journals_tell_arrives_at_rsyslog() {
    let Some(program) = Rsyslog::program() else {
        assert!(
            std::env::var_os("RENKEI_SKIP_OUTSIDE").is_some(),
            "rsyslog is not installed (Debian packages rsyslog and rsyslog-gnutls)"
        );
        return;
    };
    let port = xds_testkit::port().unwrap();
    let destination = format!(
        "[[audit.destination]]\nname = \"arr\"\naddress = \"127.0.0.1:{port}\"\nserver_name = \"localhost\"\n"
    );
    let options = Options {
        registry: destination.clone(),
        repository: destination,
        ..Options::default()
    };
    let network = tokio::task::block_in_place(|| start(&options));
    let (h1, c1) = (network.node("h1").unwrap(), network.node("c1").unwrap());

    // The first half happens while nobody receives.
    let patient = patient(&network).await;
    let first = published(&h1, &patient, "紹介状").await;
    let log: PathBuf = network.folder().join("arrived.log");
    let _rsyslog = Rsyslog::start(program, &network, port, &log).unwrap();
    c1.find(&patient).await.unwrap();
    let (_, documents) = c1
        .retrieve(&[first.entries[0].unique_id.to_string()])
        .await
        .unwrap();
    assert_eq!(documents.len(), 1);

    let names = || -> BTreeSet<String> {
        let messages = arrived(&log);
        messages
            .iter()
            .filter_map(AuditMessage::name)
            .map(|name| name.event.to_string())
            .collect()
    };
    until("every event has arrived", Duration::from_secs(60), || async {
        owed(&network).is_subset(&names())
    })
    .await;

    let messages = arrived(&log);
    let transactions: BTreeSet<String> = messages
        .iter()
        .filter_map(AuditMessage::transaction)
        .map(|transaction| transaction.name().to_owned())
        .collect();
    for transaction in ["ITI-8", "ITI-18", "ITI-41", "ITI-42", "ITI-43"] {
        assert!(transactions.contains(transaction), "{transactions:?}");
    }
    let of_patient = messages
        .iter()
        .filter(|message| message.patients().any(|known| known == patient.to_string()));
    assert!(of_patient.count() >= 5);
    valid(&network, &log);
    // What the metrics say of it.
    let metrics = network.server(Program::Registry).metrics().unwrap();
    assert!(
        metrics.contains("renkei_audit_destination_connected"),
        "{metrics}"
    );
}

/// Each message as it arrived is valid by the DICOM schema, judged by xmllint.
fn valid(network: &Network, log: &Path) {
    let schema = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../common/atna/tests/data/schema/audit-message-2017c.xsd"
    );
    let folder = network.folder().join("arrived");
    fs::create_dir_all(&folder).unwrap();
    let bytes = fs::read(log).unwrap();
    let mut files = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line = syslog::parse(line).unwrap();
        let file = folder.join(format!("{}.xml", files.len()));
        fs::write(&file, line.audit_xml().unwrap()).unwrap();
        files.push(file);
    }
    let mut command = Command::new("xmllint");
    command
        .args(["--nonet", "--noout", "--schema", schema])
        .args(&files);
    let (status, said) = run(&mut command, b"");
    assert_eq!(status, Some(0), "{said}");
}
