//! Trust that ends, and certificates that change, while both programs run.

use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use renkei_network::{DEFAULT_USER, Network, Node, Options, Program, RawConnection};
use xds_ebxml::rs::ResponseStatus;

use crate::http::good_query;
use crate::soap::simple;
use crate::support::{patient, published, run, start, until};

fn changing() -> &'static Network {
    static CHANGING: OnceLock<Network> = OnceLock::new();
    CHANGING.get_or_init(|| start(&Options::default()))
}

async fn network() -> &'static Network {
    tokio::task::spawn_blocking(changing).await.unwrap()
}

/// Makes a certificate, enrols it, and waits until both programs serve it.
async fn enrolled(network: &'static Network, name: &str) -> (Node, Vec<u8>) {
    let issued = network.pki().issue(name).unwrap();
    let c1 = network.node("c1").unwrap().organisation;
    network
        .enrol(name, c1.id, "ITI-18,ITI-41,ITI-43", DEFAULT_USER)
        .unwrap();
    let node = network.node(name).unwrap();
    until("the registry serves it", Duration::from_secs(10), || async {
        node.documents(&["1.2.3"]).await.is_ok()
    })
    .await;
    until("the repository serves it", Duration::from_secs(10), || async {
        node.retrieve(&["1.2.3"]).await.is_ok()
    })
    .await;
    (node, issued.serial)
}

/// A request on a connection that is open; whether it was served.
async fn served(connection: &mut RawConnection, program: Program) -> bool {
    let request = simple(program, good_query().as_bytes());
    if connection.write(&request).await.is_err() {
        return false;
    }
    match connection.answer().await {
        // The repository does not know the query, but it knows who asks.
        Ok(Some(answer)) => matches!(
            (program, answer.status),
            (Program::Registry, 200) | (Program::Repository, 400)
        ),
        Ok(None) | Err(_) => false,
    }
}

/// Until a request on the open connection is refused; how long that took.
async fn refused_after(node: &Node, program: Program, end: impl FnOnce()) -> Duration {
    let mut connection = match program {
        Program::Registry => node.raw_registry().await.unwrap(),
        Program::Repository => node.raw_repository().await.unwrap(),
    };
    assert!(served(&mut connection, program).await);
    end();
    let ended = Instant::now();
    while served(&mut connection, program).await {
        assert!(
            ended.elapsed() < Duration::from_secs(60),
            "{program:?} goes on serving"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ended.elapsed()
}

#[tokio::test]
async fn tls_18_a_revoked_certificate_is_refused_on_an_open_connection() {
    let network = network().await;
    let mut serials = Vec::new();
    for program in [Program::Registry, Program::Repository] {
        let (node, serial) = enrolled(network, &format!("leaver-{}", program.name())).await;
        serials.push(serial);
        let list = serials.clone();
        let took = refused_after(&node, program, || network.pki().revoke(&list).unwrap()).await;
        assert!(took < Duration::from_secs(10), "{program:?}: {took:?}");
        // Nor is a new one made, at either.
        until("both refuse it", Duration::from_secs(10), || async {
            node.documents(&["1.2.3"]).await.is_err() && node.retrieve(&["1.2.3"]).await.is_err()
        })
        .await;
    }
}

#[tokio::test]
async fn tls_18_a_node_that_ends_is_refused_on_an_open_connection() {
    let network = network().await;
    for program in [Program::Registry, Program::Repository] {
        let name = format!("ended-{}", program.name());
        let (node, _) = enrolled(network, &name).await;
        let end = || {
            drop(
                network
                    .command(Program::Registry, &["node", "end", "--name", &name])
                    .unwrap(),
            )
        };
        let took = refused_after(&node, program, end).await;
        assert!(took < Duration::from_secs(10), "{program:?}: {took:?}");
    }
}

/// Certificates of both servers are replaced under load: no request fails, and new connections see the new ones soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_23_rotation_under_load() {
    let network = network().await;
    let patient = patient(network).await;
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let loads: Vec<_> = (0..4)
        .map(|_| {
            let (h1, patient, stop) = (
                network.node("h1").unwrap(),
                patient.clone(),
                std::sync::Arc::clone(&stop),
            );
            tokio::spawn(async move {
                let mut done = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let document = published(&h1, &patient, "under load").await;
                    let (response, _) = h1.retrieve(&[document.unique_id()]).await.unwrap();
                    assert_eq!(response.status, ResponseStatus::Success);
                    // On a new connection now and then.
                    if done % 5 == 4 {
                        h1.client.drop_connections().unwrap();
                    }
                    done += 1;
                }
                done
            })
        })
        .collect();
    for round in 0..2 {
        for (name, port) in [
            ("registry-server", network.ports().registry),
            ("repository-server", network.ports().repository),
        ] {
            let issued = network.pki().issue(name).unwrap();
            let began = Instant::now();
            until("the new certificate is shown", Duration::from_secs(5), || async {
                shown(port).contains(issued.cert_pem.trim())
            })
            .await;
            println!("round {round}: {name} after {:?}", began.elapsed());
        }
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut done = 0;
    for load in loads {
        done += load.await.unwrap();
    }
    assert!(done > 10, "{done}");
}

/// A set of files that does not fit together changes nothing, and says so.
#[tokio::test]
async fn tls_24_a_bad_rotation_leaves_the_old_one_in_force() {
    let network = tokio::task::spawn_blocking(|| start(&Options::default()))
        .await
        .unwrap();
    let (key, old) = (
        network.pki().key("registry-server"),
        std::fs::read(network.pki().key("registry-server")).unwrap(),
    );
    let reloads = || {
        let metrics = network.registry.metrics().unwrap();
        let line = metrics
            .lines()
            .find(|line| line.contains("tls_reloads_total{") && line.contains("fail"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let before = reloads();
    std::fs::write(&key, std::fs::read(network.pki().key("h1")).unwrap()).unwrap();
    until("an alarm", Duration::from_secs(10), || async {
        network.registry.log().contains("alarm") && reloads() > before
    })
    .await;
    let h1 = network.node("h1").unwrap();
    assert_eq!(h1.documents(&["1.2.3"]).await.unwrap().len(), 0);
    std::fs::write(&key, old).unwrap();
}

/// The certificate that a server shows, as OpenSSL prints it.
fn shown(port: u16) -> String {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-showcerts"]);
    run(&mut command, b"").1
}
