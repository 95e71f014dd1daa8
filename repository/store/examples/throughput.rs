//! How fast documents come in and go out, flushed to disk: `cargo run --release -p repository-store
//! --example throughput -- FOLDER`. The folder is made, and left for another look.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use repository_store::{
    DocumentStore, KeyRing, Location, NewDocument, ReceiveOptions, StoreConfig, SubmissionContext,
};
use xds_model::time::{IdSource, System};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .ok_or("name a folder")?;
    let store = DocumentStore::open(StoreConfig {
        location: Location::Folder(folder),
        repository_unique_id: "1.2.3".parse()?,
        keys: KeyRing::ephemeral()?,
        clock: Arc::new(System),
        ids: Arc::new(System),
        claim_wait: Duration::from_secs(5),
    })?;
    for (name, noise) in [("text", false), ("noise", true)] {
        let large = measure(&store, noise, 50_000_000, 5).await?;
        println!(
            "50 MB of {name}: in {:.0} MB/s, out {:.0} MB/s",
            mb_per_s(large.0),
            mb_per_s(large.1)
        );
        let small = measure(&store, noise, 10_000, 500).await?;
        println!("10 kB of {name}: in {:?}, out {:?}", small.0, small.1);
    }
    Ok(())
}

fn mb_per_s(time: Duration) -> f64 {
    50.0 / time.as_secs_f64()
}

/// Median time to store a document of `size` bytes, and to read it.
async fn measure(
    store: &DocumentStore,
    noise: bool,
    size: usize,
    rounds: usize,
) -> Result<(Duration, Duration), Box<dyn Error>> {
    let content = content(noise, size);
    let (mut into, mut out) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let id = System.random().simple().to_string();
        let start = Instant::now();
        store_one(store, &id, &content).await?;
        into.push(start.elapsed());

        let start = Instant::now();
        let document = store.open_document(&id.parse()?).await?.ok_or("not stored")?;
        let mut reader = store.read(&document).await?;
        let mut read = 0;
        while let Some(piece) = reader.next_piece().await? {
            read += piece.len();
        }
        out.push(start.elapsed());
        assert_eq!(read, size);
    }
    Ok((median(into), median(out)))
}

async fn store_one(store: &DocumentStore, id: &str, content: &Bytes) -> Result<(), Box<dyn Error>> {
    let pieces = (0..content.len()).step_by(64 * 1024).map(|start| {
        let end = content.len().min(start + 64 * 1024);
        Ok::<_, std::io::Error>(content.slice(start..end))
    });
    let options = ReceiveOptions {
        size_max: 1 << 30,
        mime_type: Some("text/xml".to_owned()),
        carried_bytes_max: repository_store::CARRIED_BYTES_MAX,
    };
    let received = store
        .receive(futures_util::stream::iter(pieces), &options)
        .await?;
    let document = NewDocument {
        unique_id: id.parse()?,
        mime_type: "text/xml".to_owned(),
        received,
    };
    let context = SubmissionContext {
        sender: "h1".to_owned(),
        submission_set: "1.9".to_owned(),
        patient: None,
    };
    store.begin(context, vec![document]).await?.finish().await?;
    Ok(())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn content(noise: bool, size: usize) -> Bytes {
    let mut state = 88_172_645_463_325_252_u64;
    let mut bytes = Vec::with_capacity(size + 64);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if noise {
            bytes.extend_from_slice(&state.to_le_bytes());
        } else {
            let line = format!(
                "<value code=\"{}\" displayName=\"検査 {}\"/>\n",
                state % 5000,
                state % 77
            );
            bytes.extend_from_slice(line.as_bytes());
        }
    }
    bytes.truncate(size);
    bytes.into()
}
