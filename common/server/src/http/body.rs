//! The body of a request, read piece by piece with a bound on size and a deadline on slowness.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};

use crate::config::Limits;

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
    pace: Pace,
    room: u64,
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
    /// A body of at most `bytes_max`.
    pub fn new(payload: Payload, pace: Pace, bytes_max: u64) -> Self {
        Self {
            payload,
            pace,
            room: bytes_max,
            in_window: 0,
            waited_in_window: Duration::ZERO,
            waited: Duration::ZERO,
        }
    }

    /// The next piece; none at the end.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
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
        self.room = self.room.checked_sub(size).ok_or(BodyError::TooLarge)?;
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

    /// The whole body, which is expected to be of this size.
    ///
    /// # Errors
    /// See [`BodyError`].
    pub async fn whole(mut self, expected: Option<u64>) -> Result<Bytes, BodyError> {
        let first = self.next().await?.unwrap_or_default();
        let Some(second) = self.next().await? else {
            return Ok(first);
        };
        let room = expected.map_or(0, |size| {
            usize::try_from(size.min(self.room + size)).unwrap_or_default()
        });
        let mut whole = BytesMut::with_capacity(room.max(first.len() + second.len()));
        whole.extend_from_slice(&first);
        whole.extend_from_slice(&second);
        while let Some(piece) = self.next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}
