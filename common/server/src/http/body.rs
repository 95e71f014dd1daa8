//! The body of a request, read piece by piece with a bound on size and a deadline on slowness.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};

use crate::config::Limits;

/// What may be left of a body, and how long it may take to come, for the connection to go on after an
/// answer that was given without it.
const REST_BYTES_MAX: u64 = 64 * 1024;
const REST_MAX: Duration = Duration::from_millis(500);

/// How long a body may take.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Bytes that every window must bring.
    pub window_bytes_min: u64,
    /// Time spent waiting for the client that makes a window.
    pub window: Duration,
    /// Time spent waiting for the client in all.
    pub total: Duration,
}

impl Pace {
    /// As the limits say.
    pub fn of(limits: &Limits) -> Self {
        Self {
            window_bytes_min: u64::from(limits.body_bytes_per_second_min)
                * u64::from(limits.body_window_seconds),
            window: Limits::seconds(limits.body_window_seconds),
            total: Limits::seconds(limits.body_seconds_max),
        }
    }
}

/// Reads a request's body.
pub struct Body {
    payload: Payload,
    announced: Option<u64>,
    pace: Pace,
    bytes_max: u64,
    taken: u64,
    end: Option<Result<(), BodyError>>,
    in_window: u64,
    waited_in_window: Duration,
    waited: Duration,
}

/// Why a body cannot be read to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BodyError {
    /// More bytes than allowed.
    #[error("the request is larger than the limit")]
    TooLarge,
    /// The client sends too slowly, or nothing at all.
    #[error("the request comes too slowly")]
    TooSlow,
    /// The connection ended, or its framing is broken.
    #[error("the request is cut or broken")]
    Cut,
}

impl Body {
    /// A body of at most `bytes_max`; `announced` is its Content-Length.
    pub fn new(payload: Payload, announced: Option<u64>, pace: Pace, bytes_max: u64) -> Self {
        Self {
            payload,
            announced,
            pace,
            bytes_max,
            taken: 0,
            end: None,
            in_window: 0,
            waited_in_window: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    /// Allows no more than `bytes_max` in all.
    pub fn narrow(&mut self, bytes_max: u64) {
        self.bytes_max = self.bytes_max.min(bytes_max);
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// See [`BodyError`]; the same at every later call.
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        if let Some(end) = self.end {
            return end.map(|()| None);
        }
        let next = self.wait().await;
        match &next {
            Ok(Some(_)) => {}
            Ok(None) => self.end = Some(Ok(())),
            Err(error) => self.end = Some(Err(*error)),
        }
        next
    }

    async fn wait(&mut self) -> Result<Option<Bytes>, BodyError> {
        if self.announced.is_some_and(|bytes| bytes > self.bytes_max) {
            return Err(BodyError::TooLarge);
        }
        loop {
            let patience = self.pace.window.saturating_sub(self.waited_in_window);
            let began = Instant::now();
            let piece = timeout(patience, self.payload.next()).await;
            let waited = began.elapsed();
            self.waited += waited;
            self.waited_in_window += waited;
            match piece {
                Ok(None) => return Ok(None),
                Ok(Some(Ok(piece))) => return self.take(piece).map(Some),
                Ok(Some(Err(PayloadError::Overflow))) => return Err(BodyError::TooLarge),
                Ok(Some(Err(_))) => return Err(BodyError::Cut),
                Err(_) => self.turn_window()?,
            }
        }
    }

    fn take(&mut self, piece: Bytes) -> Result<Bytes, BodyError> {
        let size = piece.len() as u64;
        self.taken = self.taken.saturating_add(size);
        if self.taken > self.bytes_max {
            return Err(BodyError::TooLarge);
        }
        self.in_window += size;
        if self.waited_in_window >= self.pace.window {
            self.turn_window()?;
        }
        Ok(piece)
    }

    fn turn_window(&mut self) -> Result<(), BodyError> {
        if self.in_window < self.pace.window_bytes_min || self.waited > self.pace.total {
            return Err(BodyError::TooSlow);
        }
        self.in_window = 0;
        self.waited_in_window = Duration::ZERO;
        Ok(())
    }

    /// The whole body. One that came in one piece, as most do, is not copied.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub async fn whole(&mut self) -> Result<Bytes, BodyError> {
        let first = self.next().await?.unwrap_or_default();
        let Some(second) = self.next().await? else {
            return Ok(first);
        };
        let announced = self.announced.and_then(|bytes| usize::try_from(bytes).ok());
        let mut whole = BytesMut::with_capacity(announced.unwrap_or(2 * (first.len() + second.len())));
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }

    /// Reads what is left to the end and throws it away.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub async fn rest(&mut self) -> Result<(), BodyError> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// Whether the body was read to its end, or little enough is left to do so now.
    async fn settle(&mut self) -> bool {
        if let Some(end) = self.end {
            return end.is_ok();
        }
        self.narrow(self.taken.saturating_add(REST_BYTES_MAX));
        matches!(timeout(REST_MAX, self.rest()).await, Ok(Ok(())))
    }
}

/// Where a body is between those who read it.
#[derive(Clone, Default)]
pub(super) struct Shelf(Rc<Cell<Option<Body>>>);

impl Shelf {
    pub(super) fn holding(body: Body) -> Self {
        Self(Rc::new(Cell::new(Some(body))))
    }

    pub(super) fn take(&self) -> Option<Body> {
        self.0.take()
    }

    pub(super) fn put_back(&self, body: Body) {
        self.0.set(Some(body));
    }

    /// Whether the connection can go on: the body was read to its end. Not while somebody still reads it.
    pub(super) async fn settle(&self) -> bool {
        match self.take() {
            Some(mut body) => body.settle().await,
            None => false,
        }
    }
}
