//! JP-L04, IHE CT: a program whose clock is off does not start, and one that runs says so.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use renkei_network::{Network, Options, Program};

use crate::support::until;

/// Seconds from 1900 to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

/// An NTP server whose clock is ahead by as many seconds as are stored in the number.
fn ntp_server(ahead: Arc<AtomicU64>) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let name = socket.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let mut question = [0; 48];
        while let Ok((48, from)) = socket.recv_from(&mut question) {
            let _ = socket.send_to(&answer(&question, ahead.load(Ordering::SeqCst)), from);
        }
    });
    name
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server judges the programs' clock, which is the machine's"
)]
fn answer(question: &[u8; 48], ahead: u64) -> [u8; 48] {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    let fixed = ((now.as_secs() + NTP_EPOCH + ahead) << 32) | fraction;
    let mut answer = [0; 48];
    answer[0] = 0x24;
    answer[1] = 2;
    answer[24..32].copy_from_slice(&question[40..48]);
    answer[32..40].copy_from_slice(&fixed.to_be_bytes());
    answer[40..48].copy_from_slice(&fixed.to_be_bytes());
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jp_l04_a_registry_that_is_5_s_off_does_not_start_and_stops_when_told_so() {
    let ahead = Arc::new(AtomicU64::new(5));
    let server = ntp_server(Arc::clone(&ahead));
    let time = format!("[time]\nntp_servers = [\"{server}\"]\nmeasure_seconds = 16\nstop_when_off = true\n");
    let options = Options {
        registry: time.clone(),
        repository: time,
        ..Options::default()
    };
    let network = tokio::task::block_in_place(|| Network::make(&options)).unwrap();

    for program in [Program::Registry, Program::Repository] {
        let output = network.output(program, &["serve"]).unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(1), "{program:?}: {said}");
        assert!(said.contains("ms off its time sources"), "{program:?}: {said}");
        assert!(said.contains("[time] offset_ms_max"), "{program:?}: {said}");
    }
    let lock = network.folder().join("registry/postgresql/data/postmaster.pid");
    assert!(!lock.exists(), "PostgreSQL goes on");

    ahead.store(0, Ordering::SeqCst);
    tokio::task::block_in_place(|| network.registry.start()).unwrap();
    let metrics = network.registry.metrics().unwrap();
    assert!(
        metrics.contains("renkei_clock_standing{standing=\"good\"} 1"),
        "{metrics}"
    );

    ahead.store(5, Ordering::SeqCst);
    until("the registry stops", Duration::from_secs(60), || async {
        !network.registry.is_running()
    })
    .await;
    let log = network.registry.log();
    assert!(log.contains("alarm: the clock is off"), "{log}");
    let (events, _) = network.events(Program::Registry, 1).unwrap();
    assert_eq!(events.last().unwrap().summary(), "node-stop 0");
}
