//! The program as a process: it starts, serves, flushes and stops.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};

use futures_util::StreamExt;
use futures_util::future::ready;
use futures_util::stream;
use xds_audit::EventKind;
use xds_client::PartContent;
use xds_ebxml::rs::ResponseStatus;

use crate::support::*;

/// A repository in a process of its own.
struct Program {
    child: Child,
    pid: u32,
    url: String,
}

impl Program {
    /// Starts it, under `wrapper` if there is one, and waits until it serves and hears signals.
    async fn start(ground: &Ground, wrapper: &[&str]) -> Self {
        let config = ground.write_config().to_str().unwrap().to_owned();
        let program = env!("CARGO_BIN_EXE_renkei-repository");
        let words: Vec<&str> = wrapper
            .iter()
            .copied()
            .chain([program, "--config", &config, "serve"])
            .collect();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let serves = tokio::task::spawn_blocking(move || {
            let line = log
                .by_ref()
                .find(|line| line.contains("the repository serves"))
                .unwrap();
            // Whatever it writes further is read, so that it never waits for us.
            std::thread::spawn(move || log.for_each(drop));
            serde_json::from_str::<serde_json::Value>(&line).unwrap()
        })
        .await
        .unwrap();
        let port = serves["clinical"]
            .as_str()
            .unwrap()
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned();
        let pid = match wrapper {
            [] => child.id(),
            _ => child_of(child.id()),
        };
        until("it hears SIGTERM", || catches_sigterm(pid)).await;
        Self {
            child,
            pid,
            url: format!("https://localhost:{port}/xds/repository"),
        }
    }

    /// Tells it to stop and waits for its end.
    async fn stop(mut self) -> ExitStatus {
        let pid = self.pid.to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        tokio::task::spawn_blocking(move || self.child.wait().unwrap())
            .await
            .unwrap()
    }
}

fn port_of(url: &str) -> &str {
    url.split([':', '/'])
        .find(|word| word.parse::<u16>().is_ok())
        .unwrap()
}

fn child_of(parent: u32) -> u32 {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    children.split_whitespace().next().unwrap().parse().unwrap()
}

fn catches_sigterm(pid: u32) -> bool {
    const SIGTERM: u32 = 15;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let caught = status
        .lines()
        .find_map(|line| line.strip_prefix("SigCgt:"))
        .unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & (1 << (SIGTERM - 1)) != 0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_serves_until_sigterm_and_ends_in_order() {
    let ground = Ground::new().await;
    let program = Program::start(&ground, &[]).await;
    let h1 = Node::new(ground.folder.path(), "h1", &program.url);
    let response = h1
        .provide(&Submission::of(&[Entry::text("hello")]))
        .await
        .unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
    let status = program.stop().await;
    assert!(status.success(), "{status}");
    assert!(events(&ground.journal()).last().unwrap().opening.kind == EventKind::NodeStop);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_in_flight_ends_before_the_program_does() {
    let ground = Ground::new().await;
    let program = Program::start(&ground, &[]).await;
    let h1 = Node::new(ground.folder.path(), "h1", &program.url);
    let submission = Submission::of(&[Entry::new(noise(1000))]);
    let (body, mut parts) = submission.mtom();
    let (go_on, waiting) = tokio::sync::oneshot::channel();
    let rest = async move {
        waiting.await.unwrap();
        Ok(noise(500))
    };
    parts[0].content = PartContent::stream(
        Some(1000),
        stream::once(ready(Ok(noise(500)))).chain(stream::once(rest)),
    );
    let sending = tokio::spawn(async move { h1.provide_raw(&body, parts).await });
    let journal = ground.journal();
    until("the request has reached its handler", || {
        events(&journal).len() == 2
    })
    .await;
    let port: u16 = port_of(&program.url).parse().unwrap();
    let stopped = tokio::spawn(program.stop());
    // It takes no new connections any more.
    until("it drains", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_err()
    })
    .await;
    go_on.send(()).unwrap();
    let response = sending.await.unwrap().unwrap();
    assert_eq!(response.status, ResponseStatus::Success);
    assert!(stopped.await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_does_not_grow_with_the_document() {
    const SIZE: u64 = 128 << 20;
    let ground = Ground::new().await;
    let program = Program::start(&ground, &[]).await;
    let h1 = Node::new(ground.folder.path(), "h1", &program.url);
    // What serving takes at all is there before it is measured.
    h1.provide(&Submission::of(&[Entry::new(noise(1 << 20))]))
        .await
        .unwrap();
    let before = peak_bytes(program.pid);

    let entry = Entry::new("");
    ground.registry.permit(&entry.unique_id);
    let (body, mut parts) = Submission::of(std::slice::from_ref(&entry)).mtom();
    let block = noise(1 << 20);
    let blocks = stream::iter(std::iter::repeat_n(block, 128).map(Ok));
    parts[0].content = PartContent::stream(Some(SIZE), blocks);
    let response = h1.provide_raw(&body, parts).await.unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
    let mut answer = h1.retrieve_start(&[ask(&entry.unique_id)]).await.unwrap();
    let mut part = answer.next_part().await.unwrap().unwrap();
    let mut bytes = 0;
    while let Some(chunk) = part.next_chunk().await.unwrap() {
        bytes += chunk.len() as u64;
    }
    assert_eq!(bytes, SIZE);
    let grown = peak_bytes(program.pid) - before;
    assert!(grown < 32 << 20, "{grown} bytes more than before");
    program.stop().await;
}

/// The most memory that a process has had.
fn peak_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    peak.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sto_20_documents_are_flushed_before_they_are_registered_and_answered() {
    let ground = Ground::new().await;
    let trace = ground.folder.path().join("trace");
    let trace_file = trace.to_str().unwrap().to_owned();
    let strace = [
        "strace",
        "-f",
        "-yy",
        "-e",
        "trace=fsync,fdatasync,syncfs,rename,write,pwrite64,writev,sendto",
        "-o",
        &trace_file,
    ];
    if !Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .status()
        .is_ok_and(|status| status.success())
    {
        eprintln!("skipped: strace cannot be used here");
        return;
    }
    let program = Program::start(&ground, &strace).await;
    let h1 = Node::new(ground.folder.path(), "h1", &program.url);
    let clinical = port_of(&program.url).to_owned();
    let response = h1
        .provide(&Submission::of(&[Entry::new(noise(100_000))]))
        .await
        .unwrap();
    assert_eq!(codes(&response), Vec::<String>::new());
    program.stop().await;

    let calls = completed_calls(&std::fs::read_to_string(trace).unwrap());
    let documents = ground.documents().to_str().unwrap().to_owned();
    // The first call from `from` on that holds all of these texts.
    let step = |from: usize, texts: &[&str]| {
        let fits = |call: &String| texts.iter().all(|text| call.contains(text));
        from + calls[from..]
            .iter()
            .position(fits)
            .unwrap_or_else(|| panic!("no {texts:?} in {:#?}", &calls[from..]))
    };
    let last = |what: &str, fits: &dyn Fn(&str) -> bool| {
        calls
            .iter()
            .rposition(|call| fits(call))
            .unwrap_or_else(|| panic!("no {what} in {calls:#?}"))
    };
    let to =
        |call: &str, from: &str, port: &str| call.contains("TCP") && call.contains(&format!("{from}{port}"));
    // The state lasts, then bytes and pointer together, and only then the submission goes to the registry.
    let bytes = step(0, &["write(", &format!("{documents}/blobs/")]);
    let noted = step(bytes, &["pwrite64(", "/begun-"]);
    let state = step(noted, &["fdatasync(", "/begun-"]);
    let pointer = step(state, &["rename(", &format!("{documents}/pointers/")]);
    let lasting = step(pointer, &["syncfs(", &documents]);
    let registered = step(
        lasting,
        &["TCP", &format!("->127.0.0.1:{}", ground.registry.port())],
    );
    let early = calls[bytes..lasting]
        .iter()
        .any(|call| call.contains(&format!("->127.0.0.1:{}", ground.registry.port())));
    assert!(!early, "nothing goes to the registry before, {calls:#?}");
    let answered = last("answer", &|call| to(call, "127.0.0.1:", &format!("{clinical}->")));
    let journal = calls[registered..answered]
        .iter()
        .any(|call| call.contains("sync(") && call.contains("/journal/"));
    assert!(journal, "the record is flushed before the answer, {calls:#?}");
}

/// The calls of an strace, in the order in which they were completed.
fn completed_calls(trace: &str) -> Vec<String> {
    let mut begun: HashMap<&str, &str> = HashMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((pid, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim();
        if let Some(start) = call.strip_suffix("<unfinished ...>") {
            begun.insert(pid, start);
        } else if call.starts_with("<...") {
            calls.extend(begun.remove(pid).map(str::to_owned));
        } else {
            calls.push(call.to_owned());
        }
    }
    calls
}
