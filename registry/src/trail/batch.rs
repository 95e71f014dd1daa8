//! Reading the journal, a batch of whole events at a time.

use xds_audit::{Follower, Journal, JournalError, Told};

/// Events and bytes of a batch: of one database transaction.
const EVENTS_MAX: usize = 500;
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// What was read.
pub(super) struct Batch {
    /// In the order of their numbers; none where the journal has no more now.
    pub(super) events: Vec<Told>,
    /// Records that should have come before these, and are not there.
    pub(super) gap: Option<Gap>,
}

/// Records that are not in the journal any more.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Gap {
    /// The first one.
    pub(super) from: u64,
    /// The last one.
    pub(super) to: u64,
}

/// Where reading stands. It blocks on the disk.
pub(super) struct Reading {
    journal: Journal,
    /// The number of the last event that was read.
    after: u64,
    follower: Option<Follower>,
}

impl Reading {
    /// From the event after this one on.
    pub(super) fn from(journal: Journal, after: u64) -> Self {
        Self {
            journal,
            after,
            follower: None,
        }
    }

    /// The next events. After an error the next call reads again.
    pub(super) fn next(&mut self) -> Result<Batch, JournalError> {
        let (mut follower, gap) = match self.follower.take() {
            Some(follower) => (follower, None),
            None => self.begin()?,
        };
        let mut batch = Batch {
            events: Vec::new(),
            gap,
        };
        let mut bytes = 0;
        while batch.events.len() < EVENTS_MAX && bytes < BYTES_MAX {
            match follower.next() {
                Ok(Some(told)) => {
                    bytes += follower.told_bytes();
                    self.after = told.id.sequence;
                    batch.events.push(told);
                }
                Ok(None) => break,
                // What came before a record that cannot be read is not held up by it: it is met again.
                Err(_) if !batch.events.is_empty() => return Ok(batch),
                Err(error) => return Err(error),
            }
        }
        self.follower = Some(follower);
        Ok(batch)
    }

    fn begin(&self) -> Result<(Follower, Option<Gap>), JournalError> {
        let follower = self.journal.follow(self.after)?;
        let gap = gap(self.after, follower.next_sequence());
        Ok((follower, gap))
    }
}

/// Reading begins at or before the next record: at an older one for the sake of requests that were open. Where it
/// begins after it, what lies between is gone.
fn gap(after: u64, next: u64) -> Option<Gap> {
    let from = after.saturating_add(1);
    (next > from).then(|| Gap { from, to: next - 1 })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use xds_audit::{Closing, Event, EventKind, JournalOptions};
    use xds_model::IdSource;
    use xds_model::time::System;

    use super::*;

    /// A journal with so many events, a segment to a few of them; removed with its folder.
    struct Fixture {
        folder: PathBuf,
        journal: Journal,
    }

    impl Drop for Fixture {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }

    async fn fixture(events: usize) -> Fixture {
        let folder = std::env::temp_dir().join(format!("renkei-batch-{}", System.random().simple()));
        let options = JournalOptions {
            segment_bytes_max: 4_096,
            free_bytes_min: 0,
            seal: false,
            ..JournalOptions::default()
        };
        let journal = Journal::open_dir(&folder, options, Arc::new(System), &System)
            .unwrap()
            .journal;
        for _ in 0..events {
            let event = Event::of_machine(EventKind::NodeStart, Closing::success());
            journal.single(event).await.unwrap();
        }
        Fixture { folder, journal }
    }

    fn segments(folder: &Path) -> Vec<PathBuf> {
        let mut segments: Vec<(u64, PathBuf)> = fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name()?.to_str()?;
                let number = name.strip_prefix("journal-")?.strip_suffix(".seg")?;
                Some((number.parse().ok()?, path))
            })
            .collect();
        segments.sort();
        segments.into_iter().map(|(_, path)| path).collect()
    }

    fn sequences(batch: &Batch) -> Vec<u64> {
        batch.events.iter().map(|told| told.id.sequence).collect()
    }

    #[tokio::test]
    async fn batches_follow_one_another_from_anywhere() {
        let fixture = fixture(EVENTS_MAX + 7).await;
        let mut reading = Reading::from(fixture.journal.clone(), 0);
        let (first, second) = (reading.next().unwrap(), reading.next().unwrap());
        assert_eq!((first.events.len(), first.gap), (EVENTS_MAX, None));
        assert_eq!((second.events.len(), second.gap), (7, None));
        assert!(reading.next().unwrap().events.is_empty());
        let middle = sequences(&first)[20];
        let again = Reading::from(fixture.journal.clone(), middle).next().unwrap();
        assert_eq!(again.gap, None);
        assert_eq!(sequences(&again)[..10], sequences(&first)[21..31]);
    }

    #[tokio::test]
    async fn what_is_gone_from_the_beginning_is_a_gap_and_the_rest_is_read() {
        let fixture = fixture(60).await;
        let before = Reading::from(fixture.journal.clone(), 0).next().unwrap();
        let segments = segments(&fixture.folder);
        assert!(segments.len() > 2);
        fs::remove_file(&segments[0]).unwrap();
        let mut reading = Reading::from(fixture.journal.clone(), 0);
        let after = reading.next().unwrap();
        let kept = sequences(&after)[0];
        assert!(kept > 1);
        let gap = after.gap.unwrap();
        assert!(gap.from == 1 && gap.to < kept, "{gap:?}");
        assert!(sequences(&before).ends_with(&sequences(&after)));
        // Told once, and not where the trail is past it.
        assert_eq!(reading.next().unwrap().gap, None);
        let mut later = Reading::from(fixture.journal.clone(), kept);
        assert_eq!(later.next().unwrap().gap, None);
    }

    #[tokio::test]
    async fn what_comes_before_a_record_that_cannot_be_read_is_read() {
        let fixture = fixture(60).await;
        let segments = segments(&fixture.folder);
        fs::remove_file(&segments[1]).unwrap();
        let mut reading = Reading::from(fixture.journal.clone(), 0);
        let before = reading.next().unwrap();
        assert!(!before.events.is_empty() && before.gap.is_none());
        assert!(reading.next().is_err());
        assert!(reading.next().is_err());
    }
}
