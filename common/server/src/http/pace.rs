//! How fast a client must take what it is sent.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// Watches the writes of one connection. Only the time spent waiting for the client counts: each window of
/// it must bring a number of bytes. So neither a stop nor a trickle holds an answer for ever.
#[derive(Debug)]
pub(super) struct WritePace {
    window: Duration,
    window_bytes_min: u64,
    in_window: u64,
    waited_in_window: Duration,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    deadline: Pin<Box<Sleep>>,
}

impl WritePace {
    /// At the start of a connection.
    pub(super) fn new(window: Duration, window_bytes_min: u64) -> Self {
        Self {
            window,
            window_bytes_min,
            in_window: 0,
            waited_in_window: Duration::ZERO,
            waiting: None,
        }
    }

    /// Takes note of what came of a write; `bytes` says how many were taken.
    pub(super) fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> u64,
    ) -> Poll<io::Result<T>> {
        match outcome {
            Poll::Ready(Ok(value)) => {
                self.in_window = self.in_window.saturating_add(bytes(&value));
                if let Some(waiting) = self.waiting.take() {
                    self.waited_in_window += waiting.since.elapsed();
                    if self.waited_in_window >= self.window && !self.turn() {
                        return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                    }
                }
                Poll::Ready(Ok(value))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => self.wait(cx),
        }
    }

    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            let left = self.window.saturating_sub(self.waited_in_window);
            let waiting = self.waiting.get_or_insert_with(|| {
                let since = Instant::now();
                Waiting {
                    since,
                    deadline: Box::pin(sleep_until(since + left)),
                }
            });
            if waiting.deadline.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.waiting = None;
            if !self.turn() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
    }

    /// Begins the next window; false when this one brought too little.
    fn turn(&mut self) -> bool {
        let enough = self.in_window >= self.window_bytes_min;
        self.in_window = 0;
        self.waited_in_window = Duration::ZERO;
        enough
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const WINDOW: Duration = Duration::from_millis(40);

    fn write(pace: &mut WritePace, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        pace.watch(&mut Context::from_waker(Waker::noop()), outcome, |bytes| {
            *bytes as u64
        })
    }

    /// Writes that each wait for the client: how long until one fails.
    async fn trickle(bytes: usize, every: Duration, rounds: usize) -> bool {
        let mut pace = WritePace::new(WINDOW, 1000);
        for _ in 0..rounds {
            if write(&mut pace, Poll::Pending).is_ready() {
                return false;
            }
            tokio::time::sleep(every).await;
            if let Poll::Ready(Err(_)) = write(&mut pace, Poll::Ready(Ok(bytes))) {
                return false;
            }
        }
        true
    }

    #[tokio::test]
    async fn http_03_a_trickle_is_cut_and_an_honest_pace_is_not() {
        let every = Duration::from_millis(15);
        assert!(!trickle(10, every, 40).await);
        assert!(trickle(2000, every, 12).await);
    }

    #[tokio::test]
    async fn time_between_writes_does_not_count() {
        let mut pace = WritePace::new(WINDOW, 1000);
        for _ in 0..4 {
            assert!(matches!(write(&mut pace, Poll::Ready(Ok(1))), Poll::Ready(Ok(1))));
            tokio::time::sleep(WINDOW).await;
        }
    }
}
