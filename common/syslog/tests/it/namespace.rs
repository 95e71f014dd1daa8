//! rsyslog behind a network that drops packets: in a namespace of its own, cut off by nftables.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::outside::count;
use crate::rsyslog::{Driver, Rsyslog, is_there};
use crate::source::{Journal, Ledger};
use crate::world::{World, settled, until};

/// A network namespace with one wire to us.
struct Namespace {
    name: String,
    net: u8,
}

impl Namespace {
    /// None where we may not make one, or the tools are missing.
    fn new() -> Option<Self> {
        let id = std::process::id();
        let name = format!("renkei-{id}");
        let namespace = Self {
            name: name.clone(),
            net: (id % 250) as u8 + 1,
        };
        let (outer, inner) = (format!("rko{id}"), format!("rki{id}"));
        let net = namespace.net;
        let made = run(&["ip", "netns", "add", &name])
            && run(&[
                "ip", "link", "add", &outer, "type", "veth", "peer", "name", &inner, "netns", &name,
            ])
            && run(&["ip", "addr", "add", &format!("10.213.{net}.1/30"), "dev", &outer])
            && run(&["ip", "link", "set", &outer, "up"])
            && namespace.run(&["ip", "addr", "add", &format!("10.213.{net}.2/30"), "dev", &inner])
            && namespace.run(&["ip", "link", "set", &inner, "up"])
            && namespace.run(&["ip", "link", "set", "lo", "up"])
            && namespace.cut()
            && namespace.mend();
        made.then_some(namespace)
    }

    fn run(&self, command: &[&str]) -> bool {
        run(&[&["ip", "netns", "exec", &self.name], command].concat())
    }

    /// Drops what comes in and what goes out, without a word.
    fn cut(&self) -> bool {
        self.run(&["nft", "add", "table", "inet", "cut"])
            && ["input", "output"].iter().all(|hook| {
                let policy = format!("{{ type filter hook {hook} priority 0; policy drop; }}");
                self.run(&["nft", "add", "chain", "inet", "cut", hook, &policy])
            })
    }

    fn mend(&self) -> bool {
        self.run(&["nft", "delete", "table", "inet", "cut"])
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        run(&["ip", "netns", "delete", &self.name]);
    }
}

fn run(command: &[&str]) -> bool {
    let [program, arguments @ ..] = command else {
        return false;
    };
    let status = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aud_03_rsyslog_cut_off_by_dropped_packets_loses_nothing() {
    if !is_there(Driver::Gtls) {
        return;
    }
    let Some(namespace) = Namespace::new() else {
        println!(
            "no network namespace here (root, iproute2 and nftables are needed): the silent proxy stands in"
        );
        return;
    };
    println!("packets are dropped by nftables in a network namespace");
    let world = World::new();
    let address = format!("10.213.{}.2:6514", namespace.net).parse().unwrap();
    let mut rsyslog = Rsyslog::receiver(&world, Driver::Gtls, address).in_namespace(&namespace.name);
    rsyslog.start().await;
    let mut destination = world.destination(address);
    destination.limits.close_max = Duration::from_millis(700);
    destination.limits.write_max = Duration::from_millis(700);
    let (events, cuts) = (
        count("RENKEI_SYSLOG_EVENTS", 24_000),
        count("RENKEI_SYSLOG_CUTS", 6),
    );
    let journal = Journal::new(0);
    let sender = world.sender(destination, &journal);
    let cutting = async {
        for cut in 1..=cuts {
            let some = || sender.status().sent >= events * 6 / 7 * cut / (cuts + 1);
            until(600, some, || format!("{:?}", sender.status())).await;
            let before = sender.status().failures;
            assert!(namespace.cut());
            let noticed = || sender.status().failures > before + 1;
            until(20, noticed, || format!("{:?}", sender.status())).await;
            assert!(namespace.mend());
        }
    };
    tokio::join!(journal.load(events, 4000), cutting);
    settled(&sender, events, 120).await;

    let ledger = Ledger::of(events, &rsyslog.arrived());
    ledger.print(&format!("{cuts} times cut off by dropped packets"));
    ledger.assert_whole();
    assert!(ledger.duplicate_share() < 0.01, "{ledger:?}");
}
