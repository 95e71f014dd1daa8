//! Many at once.

use std::sync::{Arc, Mutex};

use xds_audit::verify::{VerifyOptions, verify};
use xds_audit::{Closing, Content};

use crate::support::{Folder, event, open, opening};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_appenders_lose_nothing_and_each_keeps_its_order() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let (journal, acknowledged) = (journal.clone(), Arc::clone(&acknowledged));
            tokio::spawn(async move {
                for number in 0..50 {
                    let name = format!("{task}/{number:02}");
                    let sequence = journal.single(event(&name)).await.unwrap();
                    assert!(journal.stats().durable() >= sequence);
                    acknowledged.lock().unwrap().push((sequence, name));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let syncs = journal.stats().syncs();
    journal.shutdown().await;

    let mut found: Vec<(u64, String)> = folder
        .contents()
        .into_iter()
        .filter_map(|(sequence, content)| match content {
            Content::Single(single) => Some((sequence, single.event.opening.correlation)),
            _ => None,
        })
        .collect();
    let mut expected = acknowledged.lock().unwrap().clone();
    expected.sort();
    assert_eq!(found, expected);
    found.sort_by(|a, b| a.1.cmp(&b.1));
    assert!(
        found
            .chunks(50)
            .all(|task| task.is_sorted_by_key(|(sequence, _)| *sequence))
    );
    assert!(syncs < 3_200, "{syncs} syncs: nobody shared one");
    assert!(
        verify(folder.path(), &VerifyOptions::default())
            .unwrap()
            .is_whole()
    );
}

#[tokio::test]
async fn a_single_appender_does_not_wait_for_others() {
    let folder = Folder::new();
    let journal = open(&folder).journal;
    let before = journal.stats().syncs();
    for number in 0..20 {
        let record = journal.open(opening(&number.to_string())).await.unwrap();
        record.close(Closing::success()).await.unwrap();
    }
    // One sync per closing part, and none for the opening parts (a slow machine may add some).
    let syncs = journal.stats().syncs() - before;
    assert!((20..40).contains(&syncs), "{syncs}");
    journal.shutdown().await;
}
