//! One HTTP exchange: a request out, the head of the answer back, the body in chunks.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_LENGTH, HeaderMap};
use reqwest::{Body, Response, Url};

use crate::outgoing::OutgoingBody;
use crate::pace::Pace;
use crate::{CallError, Repeat};

/// An answer whose head has come.
#[derive(Debug)]
pub(crate) struct Incoming {
    response: Response,
    pace: Arc<Pace>,
    bytes: u64,
}

/// Sends bytes that are there.
pub(crate) async fn post_bytes(
    http: &reqwest::Client,
    url: &Url,
    headers: &HeaderMap,
    body: Bytes,
    pace: &Arc<Pace>,
    repeat: Repeat,
) -> Result<Incoming, CallError> {
    let outgoing = || OutgoingBody::whole(body.clone(), Arc::clone(pace));
    match post(http, url, headers.clone(), outgoing(), pace).await {
        Err(CallError::Broken) if repeat == Repeat::OnceIfBroken => {
            tracing::debug!("the connection broke before the answer; asking once more");
            post(http, url, headers.clone(), outgoing(), pace).await
        }
        outcome => outcome,
    }
}

/// Sends a body piece by piece.
pub(crate) async fn post(
    http: &reqwest::Client,
    url: &Url,
    mut headers: HeaderMap,
    body: OutgoingBody,
    pace: &Arc<Pace>,
) -> Result<Incoming, CallError> {
    if let Some(length) = body.length() {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    let request = http
        .post(url.clone())
        .headers(headers)
        .body(Body::wrap_stream(body));
    match pace.wait(request.send()).await? {
        Ok(response) => Ok(Incoming {
            response,
            pace: Arc::clone(pace),
            bytes: 0,
        }),
        Err(error) => Err(CallError::of_sending(&error)),
    }
}

impl Incoming {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn header(&self, name: reqwest::header::HeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Refuses at once an answer that announces more than `bytes_max`.
    pub(crate) fn check_announced(&self, bytes_max: u64) -> Result<(), CallError> {
        match self.response.content_length() {
            Some(length) if length > bytes_max => Err(CallError::TooLarge),
            _ => Ok(()),
        }
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self, bytes_max: u64) -> Result<Option<Bytes>, CallError> {
        let next = self.pace.wait(self.response.chunk()).await?;
        let Some(chunk) = next.map_err(|_| CallError::Broken)? else {
            return Ok(None);
        };
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        match self.bytes > bytes_max {
            true => Err(CallError::TooLarge),
            false => Ok(Some(chunk)),
        }
    }

    /// The whole body.
    pub(crate) async fn whole(&mut self, bytes_max: usize) -> Result<Bytes, CallError> {
        let bytes_max = bytes_max as u64;
        self.check_announced(bytes_max)?;
        let Some(first) = self.chunk(bytes_max).await? else {
            return Ok(Bytes::new());
        };
        let mut joined = BytesMut::from(first);
        while let Some(chunk) = self.chunk(bytes_max).await? {
            joined.extend_from_slice(&chunk);
        }
        Ok(joined.freeze())
    }
}
