//! What has been read from the source and is not known to have arrived.

use std::collections::VecDeque;

use super::cursor::Cursor;
use super::destination::Limits;
use crate::Owed;
use crate::frame::encode;

/// Records between the cursor and the end of what was read: first those that were written to the running session, then
/// those that wait. A session that fails moves the former back before the latter: order is kept.
#[derive(Debug)]
pub(super) struct Window {
    written: VecDeque<Owed>,
    waiting: VecDeque<Owed>,
    /// Messages and bytes of `written`.
    written_events: u64,
    written_bytes: usize,
    /// Everything up to here has been written at least once.
    once_written: u64,
    read_to: u64,
    cursor: Cursor,
}

/// What a batch of frames holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Taken {
    pub(super) sent: u64,
    pub(super) resent: u64,
}

/// One line of a record.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Line {
    pub(super) sequence: u64,
    pub(super) text: String,
}

/// What became of a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fate {
    Delivered,
    SetAside,
    Owed,
}

impl Window {
    pub(super) fn new(cursor: Cursor) -> Self {
        Self {
            written: VecDeque::new(),
            waiting: VecDeque::new(),
            written_events: 0,
            written_bytes: 0,
            once_written: 0,
            read_to: cursor.settled,
            cursor,
        }
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// The number after which the source has not been read.
    pub(super) fn read_to(&self) -> u64 {
        self.read_to
    }

    /// Whether messages are under way.
    pub(super) fn is_open(&self) -> bool {
        self.written_events > 0
    }

    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The oldest record that owes something.
    pub(super) fn oldest(&self) -> Option<&Owed> {
        let owing = |owed: &&Owed| !owed.lines.is_empty();
        self.written.iter().chain(&self.waiting).find(owing)
    }

    /// Takes what was read from the source. Numbers that do not grow are not taken twice. Records that owe nothing are
    /// settled at once where nothing before them is open.
    pub(super) fn push(&mut self, read: Vec<Owed>) {
        for mut owed in read {
            if owed.sequence > self.read_to {
                self.read_to = owed.sequence;
                // An empty line has no frame.
                owed.lines.retain(|line| !line.is_empty());
                self.waiting.push_back(owed);
            }
        }
        self.pass_over();
    }

    /// Whether the session should end: as much is under way as may be sent twice.
    pub(super) fn is_full(&self, limits: &Limits) -> bool {
        self.written_events >= self.events_max(limits) || self.written_bytes >= limits.window_bytes_max
    }

    /// Messages that may be under way at once. If the session fails they are sent twice, so it is half a percent of all
    /// that was ever delivered, less what has been sent twice already: duplicates stay below one percent however often
    /// the receiver dies. The least allowed keeps a young destination moving.
    fn events_max(&self, limits: &Limits) -> u64 {
        let allowance = (self.cursor.delivered / ALLOWANCE_DIVISOR).saturating_sub(self.cursor.resent);
        allowance
            .min(limits.window_events_max)
            .max(limits.window_events_min)
            .max(1)
    }

    /// Moves waiting records to the written ones and their frames to `out`, until the window is full or `out` is long
    /// enough.
    pub(super) fn take(&mut self, limits: &Limits, out: &mut Vec<u8>) -> Taken {
        let mut taken = Taken::default();
        while out.len() < BATCH_BYTES && !self.is_full(limits) {
            let Some(owed) = self.waiting.pop_front() else {
                break;
            };
            let before = out.len();
            owed.lines.iter().for_each(|line| encode(line, out));
            self.write(owed, out.len() - before, &mut taken);
        }
        self.cursor.resent += taken.resent;
        taken
    }

    /// The same for a receiver that acknowledges: the lines themselves, until there are enough of them. It is told of
    /// each, so as many may be under way.
    pub(super) fn take_lines(&mut self, limits: &Limits, out: &mut Vec<Line>) -> Taken {
        let (mut taken, mut bytes) = (Taken::default(), 0_usize);
        while out.len() < limits.posts_events_max && bytes < limits.posts_bytes_max {
            let Some(owed) = self.waiting.pop_front() else {
                break;
            };
            let sequence = owed.sequence;
            out.extend(owed.lines.iter().cloned().map(|text| Line { sequence, text }));
            let length = owed.lines.iter().map(String::len).sum();
            bytes = bytes.saturating_add(length);
            self.write(owed, length, &mut taken);
        }
        self.cursor.resent += taken.resent;
        taken
    }

    fn write(&mut self, owed: Owed, bytes: usize, taken: &mut Taken) {
        let events = owed.lines.len() as u64;
        self.written_events += events;
        self.written_bytes = self.written_bytes.saturating_add(bytes);
        taken.sent += events;
        if owed.sequence <= self.once_written {
            taken.resent += events;
        } else {
            self.once_written = owed.sequence;
        }
        self.written.push_back(owed);
    }

    /// What became of each line that was written, in order. The rest waits again, and nothing else of its record.
    pub(super) fn settle_lines(&mut self, fates: &[Fate]) {
        let mut fates = fates.iter();
        for owed in &mut self.written {
            owed.lines.retain(|_| {
                fates.next().is_none_or(|fate| match fate {
                    Fate::Owed => true,
                    Fate::SetAside => false,
                    Fate::Delivered => {
                        self.cursor.delivered += 1;
                        false
                    }
                })
            });
        }
        self.rewind();
    }

    /// Everything written has arrived.
    pub(super) fn settle(&mut self) {
        if let Some(last) = self.written.back() {
            self.cursor.settled = last.sequence;
            self.cursor.delivered += self.written_events;
        }
        self.written.clear();
        self.written_events = 0;
        self.written_bytes = 0;
        self.pass_over();
    }

    /// Nothing is known about what was written: it waits again, before the rest.
    pub(super) fn rewind(&mut self) {
        while let Some(owed) = self.written.pop_back() {
            self.waiting.push_front(owed);
        }
        self.written_events = 0;
        self.written_bytes = 0;
        self.pass_over();
    }

    fn pass_over(&mut self) {
        while self.written.is_empty()
            && let Some(owed) = self.waiting.pop_front_if(|owed| owed.lines.is_empty())
        {
            self.cursor.settled = owed.sequence;
        }
    }
}

/// Frames that are handed to the session at once, in bytes, by whole records.
const BATCH_BYTES: usize = 64 * 1024;

/// 1 / 200 is half a percent.
const ALLOWANCE_DIVISOR: u64 = 200;

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn owed(sequence: u64, lines: &[&str]) -> Owed {
        Owed {
            sequence,
            at: OffsetDateTime::UNIX_EPOCH,
            lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        }
    }

    fn limits(events: u64) -> Limits {
        Limits {
            window_events_min: events,
            ..Limits::default()
        }
    }

    fn take(window: &mut Window, limits: &Limits) -> (String, Taken) {
        let mut out = Vec::new();
        let taken = window.take(limits, &mut out);
        (String::from_utf8(out).unwrap(), taken)
    }

    #[test]
    fn what_was_written_counts_only_once_settled_and_is_sent_again_in_order_until_then() {
        let mut window = Window::new(Cursor::default());
        window.push(vec![owed(1, &["a"]), owed(2, &["b", "c"]), owed(5, &["d"])]);
        let (first, taken) = take(&mut window, &limits(3));
        assert_eq!(
            (first.as_str(), taken),
            ("1 a1 b1 c", Taken { sent: 3, resent: 0 })
        );
        assert!(window.is_full(&limits(3)));
        assert_eq!(window.cursor().settled, 0);

        window.rewind();
        let (again, taken) = take(&mut window, &limits(16));
        assert_eq!(
            (again.as_str(), taken),
            ("1 a1 b1 c1 d", Taken { sent: 4, resent: 3 })
        );

        window.settle();
        let expected = Cursor {
            settled: 5,
            delivered: 4,
            resent: 3,
        };
        assert_eq!(window.cursor(), expected);
        assert!(!window.is_open() && window.oldest().is_none());
    }

    #[test]
    fn the_cursor_passes_over_records_that_owe_nothing_but_not_over_open_ones() {
        let mut window = Window::new(Cursor::default());
        window.push(vec![owed(1, &[]), owed(2, &[""]), owed(3, &["a"]), owed(4, &[])]);
        assert_eq!(window.cursor().settled, 2);
        assert_eq!(window.oldest().unwrap().sequence, 3);
        take(&mut window, &limits(1));
        window.push(vec![owed(5, &[])]);
        assert_eq!(window.cursor().settled, 2);
        window.settle();
        assert_eq!(window.cursor().settled, 5);
    }

    #[test]
    fn of_a_record_only_what_was_not_taken_is_sent_again() {
        let mut window = Window::new(Cursor::default());
        window.push(vec![owed(1, &["a"]), owed(2, &["b", "c"]), owed(3, &["d"])]);
        let take = |window: &mut Window| {
            let mut lines = Vec::new();
            let taken = window.take_lines(&Limits::default(), &mut lines);
            let texts: Vec<String> = lines.into_iter().map(|line| line.text).collect();
            (texts.concat(), taken)
        };
        assert_eq!(
            take(&mut window),
            ("abcd".to_owned(), Taken { sent: 4, resent: 0 })
        );
        use Fate::{Delivered, Owed, SetAside};
        window.settle_lines(&[Delivered, Owed, Delivered, Delivered]);
        assert_eq!((window.cursor().settled, window.cursor().delivered), (1, 3));
        assert_eq!(take(&mut window), ("b".to_owned(), Taken { sent: 1, resent: 1 }));
        window.settle_lines(&[SetAside]);
        assert_eq!((window.cursor().settled, window.cursor().delivered), (3, 3));
        assert!(take(&mut window).0.is_empty());
    }

    #[test]
    fn a_number_that_comes_twice_is_taken_once() {
        let mut window = Window::new(Cursor::default());
        window.push(vec![owed(1, &["a"]), owed(1, &["a"])]);
        window.push(vec![owed(1, &["a"]), owed(2, &["b"])]);
        assert_eq!(take(&mut window, &limits(9)).0, "1 a1 b");
    }

    #[test]
    fn the_window_is_half_a_percent_of_all_deliveries_less_what_was_repeated() {
        let at = |delivered, resent| {
            let cursor = Cursor {
                settled: 0,
                delivered,
                resent,
            };
            Window::new(cursor).events_max(&Limits::default())
        };
        assert_eq!(at(0, 0), 16);
        assert_eq!(at(20_000, 0), 100);
        assert_eq!(at(20_000, 60), 40);
        assert_eq!(at(20_000, 500), 16);
        assert_eq!(at(100_000_000, 0), 4096);
    }

    #[test]
    fn bytes_end_a_session_too_and_one_huge_message_still_goes() {
        let limits = Limits {
            window_bytes_max: 10,
            ..Limits::default()
        };
        let mut window = Window::new(Cursor::default());
        let huge = "x".repeat(100);
        window.push(vec![owed(1, &[&huge]), owed(2, &["b"])]);
        assert_eq!(take(&mut window, &limits).1.sent, 1);
        assert!(window.is_full(&limits));
        assert_eq!(take(&mut window, &limits).1.sent, 0);
    }
}
