use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{header_map, parse_url};
use crate::exchange::post_bytes;
use crate::{CallError, Client, Repeat, RequestProblem};

impl Client {
    /// Asks one of our own servers a question: JSON out, JSON back. `repeat` as for [`Call`](crate::Call).
    ///
    /// # Errors
    /// See [`CallError`]; any status but 2xx is [`CallError::Status`].
    pub async fn post_json<T: DeserializeOwned>(
        &self,
        url: &str,
        question: &impl Serialize,
        headers: &[(&str, &str)],
        repeat: Repeat,
    ) -> Result<T, CallError> {
        let body = serde_json::to_vec(question).map_err(|_| RequestProblem::Json)?;
        let url = parse_url(url)?;
        let headers = json_headers(headers)?;
        let pace = self.pace();
        let mut incoming = post_bytes(&self.http(), &url, &headers, Bytes::from(body), &pace, repeat).await?;
        let status = incoming.status();
        if !(200..300).contains(&status) {
            return Err(CallError::Status(status));
        }
        if !incoming.header(CONTENT_TYPE).is_some_and(is_json) {
            return Err(CallError::NotJson);
        }
        let answer = incoming.whole(self.settings().answer_bytes_max).await?;
        serde_json::from_slice(&answer).map_err(|_| CallError::NotJson)
    }
}

impl Client {
    /// Posts a document of another media type, and takes the same back: whatever the status is, it is the caller's to
    /// judge.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post_document(
        &self,
        url: &str,
        media_type: &'static str,
        document: Bytes,
        repeat: Repeat,
    ) -> Result<DocumentAnswer, CallError> {
        let url = parse_url(url)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(ACCEPT, HeaderValue::from_static(media_type));
        let pace = self.pace();
        let mut incoming = post_bytes(&self.http(), &url, &headers, document, &pace, repeat).await?;
        Ok(DocumentAnswer {
            status: incoming.status(),
            body: incoming.whole(self.settings().answer_bytes_max).await?,
        })
    }
}

/// What came back for a document.
#[derive(Clone)]
pub struct DocumentAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body, of whatever media type.
    pub body: Bytes,
}

impl std::fmt::Debug for DocumentAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DocumentAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

fn json_headers(extra: &[(&str, &str)]) -> Result<HeaderMap, RequestProblem> {
    let mut headers = header_map(extra)?;
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, JSON);
    Ok(headers)
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
