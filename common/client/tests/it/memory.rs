//! Documents are streamed: the memory for them does not grow with their size.

use std::fs;
use std::process::Command;

use bytes::Bytes;
use futures_util::stream;
use xds_client::{Call, OutgoingPart, PartContent};
use xds_model::Transaction;

use crate::world::*;

const DOCUMENT_BYTES: usize = 256 << 20;
const GROWTH_BYTES_MAX: u64 = 32 << 20;
const PIECE: &[u8] = &[7; 64 << 10];

/// In a process of its own, for the other tests need memory too.
#[test]
fn documents_up_and_down_take_little_memory() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "memory::child", "--ignored"])
        .output()
        .unwrap();

    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

#[tokio::test]
#[ignore = "run by documents_up_and_down_take_little_memory"]
async fn child() {
    let world = World::new();
    let server = world.serve(counts_up_and_sends_down).await;
    let url = server.url();
    let client = world.client();

    let call = Call::new(&url, Transaction::Iti41);
    let upload = async |pieces: usize| {
        let content = stream::iter((0..pieces).map(|_| Ok(Bytes::from(PIECE.to_vec()))));
        let part = OutgoingPart {
            content_id: client.content_id(),
            content_type: "application/pdf".to_owned(),
            content: PartContent::stream(Some((pieces * PIECE.len()) as u64), content),
        };
        client
            .call_mtom(&call, |out| out.push_str("<p/>"), vec![part])
            .await
            .unwrap();
    };
    upload(1).await;
    let growth = measured(upload(DOCUMENT_BYTES / PIECE.len())).await;
    assert!(growth < GROWTH_BYTES_MAX, "{growth} bytes for an upload");
    assert!(server.seen()[1].bytes > DOCUMENT_BYTES);

    let call = Call::new(&url, Transaction::Iti43);
    let growth = measured(async {
        let mut answer = client
            .call_mtom(&call, |out| out.push_str("<q/>"), Vec::new())
            .await
            .unwrap();
        let mut part = answer.next_part().await.unwrap().unwrap();
        let mut bytes = 0;
        while let Some(chunk) = part.next_chunk().await.unwrap() {
            bytes += chunk.len();
        }
        assert_eq!(bytes, DOCUMENT_BYTES);
        assert!(answer.next_part().await.unwrap().is_none());
    })
    .await;
    assert!(growth < GROWTH_BYTES_MAX, "{growth} bytes for a download");
}

fn counts_up_and_sends_down(seen: &Seen) -> Vec<Act> {
    if seen
        .header("content-type")
        .unwrap()
        .contains("ProvideAndRegister")
    {
        return vec![http(200, SOAP, seen.response(PROVIDE_RESPONSE, "<r/>"))];
    }
    let body = multipart_open(&seen.response(RETRIEVE_RESPONSE, "<r/>"), &[("a@x", b"")]);
    let end = b"\r\n--b1--\r\n";
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {MTOM}\r\nContent-Length: {}\r\n\r\n",
        body.len() + DOCUMENT_BYTES + end.len()
    );
    vec![
        Act::Write([head.into_bytes(), body].concat()),
        Act::Zeros(DOCUMENT_BYTES),
        Act::Write(end.to_vec()),
    ]
}

/// By how many bytes the peak of the resident memory lies above what there was before.
async fn measured(work: impl Future<Output = ()>) -> u64 {
    let before = status("VmRSS:");
    // Sets the peak back to the present (proc(5)).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    work.await;
    status("VmHWM:").saturating_sub(before)
}

fn status(field: &str) -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kibibytes << 10
}
