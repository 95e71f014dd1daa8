//! Starts and the running watch, with servers that change their mind.

use std::sync::Arc;
use std::time::Duration;

use xds_clock::state::{self, LastGood};
use xds_clock::{Ntp, Policy, Sources, Standing, StartRefused, Watch};
use xds_model::Clock;
use xds_model::time::System;

use crate::false_server::{FalseServer, Manner};
use crate::folder::Folder;

fn watch(folder: &Folder, server: &FalseServer) -> Watch {
    let ntp = Ntp::new([server.name.clone()]).patient_for(Duration::from_millis(1500));
    watch_of(folder, Sources::Ntp(ntp))
}

/// In a folder that nobody has made yet.
fn file(folder: &Folder) -> std::path::PathBuf {
    folder.path().join("journal/clock")
}

fn watch_of(folder: &Folder, sources: Sources) -> Watch {
    let policy = Policy {
        offset_ms_max: 1_000,
        state_file: file(folder),
    };
    Watch::new(sources, policy, Arc::new(System), Arc::new(System))
}

#[tokio::test]
async fn jp_l04_a_clock_that_is_off_does_not_start_and_leaves_no_good_measurement() {
    let (folder, server) = (Folder::new(), FalseServer::start(Manner::Ahead(5_000)));
    let refused = watch(&folder, &server).start().await.unwrap_err();
    assert!(
        matches!(refused, StartRefused::Off { max: 1_000, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("[time] offset_ms_max"), "{refused}");
    assert_eq!(state::read(&file(&folder)), None);
}

#[tokio::test]
async fn jp_l04_a_good_start_lets_the_next_one_begin_with_silent_sources() {
    let folder = Folder::new();
    let silent = FalseServer::start(Manner::Silent);
    let refused = watch(&folder, &silent).start().await.unwrap_err();
    assert!(matches!(refused, StartRefused::Unknown { .. }), "{refused}");

    let good = FalseServer::start(Manner::Ahead(0));
    let look = watch(&folder, &good).start().await.unwrap();
    assert!(matches!(look.standing, Standing::Good { .. }), "{look:?}");
    assert_eq!(look.not_kept, None);

    let look = watch(&folder, &silent).start().await.unwrap();
    assert!(matches!(look.standing, Standing::Unknown { .. }), "{look:?}");
}

#[tokio::test]
async fn jp_l04_an_old_or_damaged_state_file_is_no_good_measurement() {
    let (folder, silent) = (Folder::new(), FalseServer::start(Manner::Silent));
    let file = file(&folder);
    let at = System.now() - time::Duration::hours(25);
    state::write(&file, LastGood { at, offset_ms: 1 }).unwrap();
    assert!(watch(&folder, &silent).start().await.is_err());
    for damaged in ["", "x 1", "1790000000", "99999999999999999999 1", "\u{0}"] {
        std::fs::write(&file, damaged).unwrap();
        assert_eq!(state::read(&file), None, "{damaged:?}");
    }
}

#[tokio::test]
async fn no_source_starts_and_says_that_nobody_checks() {
    let folder = Folder::new();
    let look = watch_of(&folder, Sources::None).start().await.unwrap();
    assert_eq!(
        (look.standing, look.standing.offset_ms()),
        (Standing::Unchecked, None)
    );
}
