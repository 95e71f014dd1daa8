//! Rows of the hardening catalogue on TLS, seen by OpenSSL, at every port that speaks TLS.

use std::process::Command;
use std::time::Duration;

use renkei_network::{Network, Program};
use time::{Duration as Span, OffsetDateTime};
use xds_model::Clock;
use xds_model::time::System;
use xds_testkit::pki::LeafSpec;

use crate::five_checks::Case;
use crate::soap::{QUERY, SIMPLE, envelope, find_documents, headers};
use crate::support::{run, until};

/// What OpenSSL saw: the number of the alert, whether it read an answer, and everything it said.
#[derive(Debug)]
struct Seen {
    alert: Option<u32>,
    answered: bool,
    said: String,
}

/// Connects with these arguments, sends a good query, and reads until the server closes.
fn s_client(port: u16, arguments: &[&str]) -> Seen {
    let body = envelope(&headers(QUERY), &find_documents("X^^^&amp;1.2.3&amp;ISO"));
    let request = format!(
        "POST /xds/registry HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: {SIMPLE}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut command = Command::new("timeout");
    command
        .args([
            "20",
            "openssl",
            "s_client",
            "-connect",
            &format!("127.0.0.1:{port}"),
            "-ign_eof",
        ])
        .args(arguments);
    let (_, said) = run(&mut command, request.as_bytes());
    let alert = said.split("SSL alert number ").nth(1).and_then(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    Seen {
        alert,
        answered: said.contains("HTTP/1.1 "),
        said,
    }
}

/// Arguments that present the certificate of this name.
fn presenting(network: &Network, name: &str) -> Vec<String> {
    let file = |path: std::path::PathBuf| path.display().to_string();
    let (certificate, key) = (
        file(network.pki().certificate(name)),
        file(network.pki().key(name)),
    );
    ["-cert", &certificate, "-cert_chain", &certificate, "-key", &key]
        .map(str::to_owned)
        .to_vec()
}

/// Every port that speaks TLS.
fn ports(network: &Network) -> [(u16, &'static str); 4] {
    let ports = network.ports();
    [
        (ports.registry, "the registry"),
        (ports.mllp, "the registry's feed"),
        (ports.audit, "the registry's audit repository"),
        (ports.repository, "the repository"),
    ]
}

/// Nobody gets an answer at any port, and each port's alert is one of these.
async fn refused(network: &'static Network, arguments: &[String], alerts: &[u32]) {
    let arguments: Vec<String> = arguments.to_vec();
    let alerts = alerts.to_vec();
    tokio::task::spawn_blocking(move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        for (port, name) in ports(network) {
            let seen = s_client(port, &arguments);
            assert!(!seen.answered, "{name}: {}", seen.said);
            assert!(
                seen.alert.is_some_and(|alert| alerts.contains(&alert)),
                "{name}: alert {:?} and not {alerts:?}: {}",
                seen.alert,
                seen.said
            );
        }
    })
    .await
    .unwrap();
}

const BAD_CERTIFICATE: u32 = 42;
const REVOKED: u32 = 44;
const EXPIRED: u32 = 45;
const UNKNOWN: u32 = 46;
const UNSUPPORTED: u32 = 43;
const UNKNOWN_CA: u32 = 48;
const ACCESS_DENIED: u32 = 49;
const DECRYPT_ERROR: u32 = 51;
const PROTOCOL_VERSION: u32 = 70;
const HANDSHAKE_FAILURE: u32 = 40;
const CERTIFICATE_REQUIRED: u32 = 116;

async fn begin() -> (Case, &'static Network) {
    Case::begin(async |network: &'static Network| network).await
}

fn tls12(arguments: &[String]) -> Vec<String> {
    [&["-tls1_2".to_owned()], arguments].concat()
}

/// At each port this many connections were refused, and each reason is in the journal.
async fn end(case: Case, times: usize) {
    for (program, times) in [(Program::Registry, 3 * times), (Program::Repository, times)] {
        let reasons = case.refused_connections(program);
        assert_eq!(
            reasons.values().sum::<u64>(),
            times as u64,
            "{program:?}: {reasons:?}"
        );
        for reason in reasons.keys() {
            let what = format!("an event of {program:?} for {reason}");
            until(&what, Duration::from_secs(5), || async {
                case.has_refused_connection(program, reason)
            })
            .await;
        }
    }
    case.end_with_any_refusals("").await;
}

#[tokio::test]
async fn tls_01_no_certificate() {
    let (case, network) = begin().await;
    refused(network, &["-tls1_3".to_owned()], &[CERTIFICATE_REQUIRED]).await;
    refused(
        network,
        &["-tls1_2".to_owned()],
        &[CERTIFICATE_REQUIRED, HANDSHAKE_FAILURE],
    )
    .await;
    end(case, 2).await;
}

#[tokio::test]
async fn tls_02_expired_and_not_yet_valid() {
    let (case, network) = begin().await;
    let now = System.now();
    let dates: [(Option<OffsetDateTime>, Option<OffsetDateTime>); 2] =
        [(None, Some(now - Span::SECOND)), (Some(now + Span::HOUR), None)];
    for (not_before, not_after) in dates {
        let spec = LeafSpec {
            not_before,
            not_after,
            ..LeafSpec::node("h1")
        };
        network
            .pki()
            .write(&network.pki().ca().leaf(&spec).unwrap(), "dated")
            .unwrap();
        let arguments = presenting(network, "dated");
        refused(network, &arguments, &[EXPIRED]).await;
        refused(network, &tls12(&arguments), &[EXPIRED]).await;
    }
    end(case, 4).await;
}

#[tokio::test]
async fn tls_04_another_root_of_the_same_name() {
    let (case, network) = begin().await;
    let impostor = network.pki().ca().impostor().unwrap();
    network
        .pki()
        .write(&impostor.leaf(&LeafSpec::node("h1")).unwrap(), "impostor")
        .unwrap();
    refused(network, &presenting(network, "impostor"), &[UNKNOWN_CA]).await;
    end(case, 1).await;
}

#[tokio::test]
async fn tls_05_revoked() {
    let (case, network) = begin().await;
    let revoked = network.pki().issue("revoked").unwrap();
    network.pki().revoke(&[revoked.serial]).unwrap();
    let arguments = presenting(network, "revoked");
    // Until the list is read it is one that nobody enrolled.
    let port = network.ports().registry;
    let probe: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut probes = 0;
    for port in [port, network.ports().repository] {
        until("the list is in force", Duration::from_secs(10), || async {
            s_client(port, &probe).alert == Some(REVOKED)
        })
        .await;
        probes += 1;
    }
    assert_eq!(probes, 2);
    refused(network, &arguments, &[REVOKED]).await;
    network.pki().revoke(&[]).unwrap();
    case.end_with_any_refusals("").await;
}

#[tokio::test]
async fn tls_07_wrong_usage() {
    let (case, network) = begin().await;
    let server_only = LeafSpec {
        extended_key_usages: vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth],
        ..LeafSpec::node("h1")
    };
    network
        .pki()
        .write(&network.pki().ca().leaf(&server_only).unwrap(), "usage")
        .unwrap();
    refused(network, &presenting(network, "usage"), &[UNSUPPORTED]).await;
    let ca = LeafSpec {
        is_ca: true,
        ..LeafSpec::node("h1")
    };
    network
        .pki()
        .write(&network.pki().ca().leaf(&ca).unwrap(), "usage")
        .unwrap();
    refused(
        network,
        &presenting(network, "usage"),
        &[UNKNOWN, BAD_CERTIFICATE],
    )
    .await;
    end(case, 2).await;
}

#[tokio::test]
async fn tls_09_a_key_that_is_not_the_certificates() {
    let (case, network) = begin().await;
    // OpenSSL refuses unequal pairs, so the certificate is changed in its signature instead: see the tests of xds-tls
    // for the key.
    let mut issued = network.pki().ca().leaf(&LeafSpec::node("h1")).unwrap();
    let mut lines: Vec<String> = issued.chain_pem.lines().map(str::to_owned).collect();
    let at = lines.len() - 3;
    let flipped = if lines[at].starts_with('A') { "B" } else { "A" };
    lines[at].replace_range(10..11, flipped);
    issued.chain_pem = lines.join("\n") + "\n";
    network.pki().write(&issued, "damaged").unwrap();
    let alerts = [UNKNOWN_CA, BAD_CERTIFICATE, UNKNOWN, DECRYPT_ERROR];
    refused(network, &presenting(network, "damaged"), &alerts).await;
    end(case, 1).await;
}

#[tokio::test]
async fn tls_10_self_signed_and_not_enrolled() {
    let (case, network) = begin().await;
    let now = System.now();
    let own = LeafSpec::node("h1")
        .self_signed(now - Span::DAY, now + Span::DAY)
        .unwrap();
    network.pki().write(&own, "own").unwrap();
    refused(network, &presenting(network, "own"), &[UNKNOWN_CA]).await;
    // The CA signed it, and nobody enrolled it.
    network.pki().issue("stranger").unwrap();
    refused(network, &presenting(network, "stranger"), &[ACCESS_DENIED]).await;
    end(case, 2).await;
}

#[tokio::test]
async fn tls_12_old_protocols() {
    let (case, network) = begin().await;
    let mut old = presenting(network, "h2");
    old.extend(["-cipher", "ALL:@SECLEVEL=0"].map(str::to_owned));
    for version in ["-tls1_1", "-tls1"] {
        let arguments = [&[version.to_owned()], old.as_slice()].concat();
        refused(network, &arguments, &[PROTOCOL_VERSION]).await;
    }
    // 1.2 for a node whose entry does not allow it.
    let arguments = tls12(&presenting(network, "h1"));
    refused(
        network,
        &arguments,
        &[PROTOCOL_VERSION, ACCESS_DENIED, HANDSHAKE_FAILURE],
    )
    .await;
    case.end_with_any_refusals("").await;
}

#[tokio::test]
async fn tls_13_weak_suites() {
    let (case, network) = begin().await;
    for suite in [
        "AES128-GCM-SHA256",
        "AES128-SHA",
        "ECDHE-ECDSA-AES128-SHA256",
        "ECDHE-RSA-AES256-SHA",
        "NULL-SHA256",
        "AECDH-AES128-SHA",
        "DHE-RSA-AES128-GCM-SHA256",
    ] {
        let mut arguments = tls12(&presenting(network, "h2"));
        arguments.extend(["-cipher".to_owned(), format!("{suite}:@SECLEVEL=0")]);
        refused(network, &arguments, &[HANDSHAKE_FAILURE]).await;
    }
    case.end_with_any_refusals("").await;
}

#[tokio::test]
async fn tls_14_good_suites() {
    let (case, network) = begin().await;
    let mut answered = 0;
    let good = tokio::task::spawn_blocking(move || {
        for (version, option, suite) in [
            ("-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"),
            ("-tls1_3", "-ciphersuites", "TLS_AES_256_GCM_SHA384"),
            ("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"),
            // The server's key is one for ECDSA.
            ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"),
            ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        ] {
            let mut arguments = presenting(network, "h2");
            arguments.extend([version, option, suite].map(str::to_owned));
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let seen = s_client(network.ports().registry, &arguments);
            assert!(seen.answered, "{suite}: {}", seen.said);
            assert!(seen.said.contains("HTTP/1.1 200"), "{suite}: {}", seen.said);
            answered += 1;
        }
        answered
    });
    assert_eq!(good.await.unwrap(), 5);
    case.end(&crate::five_checks::Audit::registry("ITI-18 0", 5), "")
        .await;
}
