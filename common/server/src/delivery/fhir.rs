//! The FHIR feed of audit events (ITI-20, ATX: FHIR Feed): a batch Bundle of AuditEvents, or one AuditEvent, by HTTPS.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use xds_client::{CallError, Client, ClientSettings, ConnectFailure, Repeat};
use xds_model::time::SharedIds;
use xds_syslog::sender::{Poster, Posting, Trouble, Verdict};
use xds_tls::{ClientTls, LiveMaterial};

const MEDIA_TYPE: &str = "application/fhir+json";
/// Seconds that an Audit Record Repository may take for an answer.
const ANSWER_SECONDS_MAX: u64 = 60;
/// Seconds for a whole exchange.
const EXCHANGE_SECONDS_MAX: u64 = 300;
/// Bytes of an answer: some hundred outcomes.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// One receiver.
pub(super) struct FhirFeed {
    client: Client,
    /// The base address, without a slash at its end.
    base: String,
    material: Arc<LiveMaterial>,
    /// The material that the connections were made with.
    generation: AtomicU64,
}

impl std::fmt::Debug for FhirFeed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FhirFeed")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl FhirFeed {
    /// A feed to this base address. `tls` was made of `material`.
    ///
    /// # Errors
    /// When the HTTP client does not take the TLS configuration.
    pub(super) fn new(
        url: &str,
        tls: &ClientTls,
        material: Arc<LiveMaterial>,
        ids: SharedIds,
    ) -> Result<Self, CallError> {
        let settings = ClientSettings {
            answer_seconds_max: ANSWER_SECONDS_MAX,
            exchange_seconds_max: EXCHANGE_SECONDS_MAX,
            answer_bytes_max: ANSWER_BYTES_MAX,
            idle_per_host_max: 1,
            ..ClientSettings::default()
        };
        Ok(Self {
            client: Client::new(tls, ids, settings)?,
            base: url.trim_end_matches('/').to_owned(),
            generation: AtomicU64::new(material.generation()),
            material,
        })
    }

    async fn deliver(&self, messages: &[String]) -> Result<Vec<Verdict>, Trouble> {
        self.follow_material();
        match messages {
            [one] => Ok(vec![self.create(one).await?]),
            many => match self.batch(many).await? {
                Some(verdicts) => Ok(verdicts),
                // One of them spoils it, or this receiver takes no batches: each by itself.
                None => self.each(many).await,
            },
        }
    }

    /// New certificates: the receiver is judged again, and judges us again.
    fn follow_material(&self) {
        let now = self.material.generation();
        if self.generation.swap(now, Ordering::Relaxed) != now
            && let Err(error) = self.client.drop_connections()
        {
            tracing::warn!(%error, "connections to an Audit Record Repository could not be renewed");
        }
    }

    /// Send Audit Bundle Request. None where the receiver refuses the Bundle as such.
    async fn batch(&self, messages: &[String]) -> Result<Option<Vec<Verdict>>, Trouble> {
        let (status, answer) = self.send(&self.base, bundle(messages)).await?;
        match status {
            200..=299 => verdicts(&answer, messages.len()).map(Some),
            400 | 404 | 405 | 413 | 422 | 501 => Ok(None),
            _ => Err(Trouble::Status),
        }
    }

    /// Send Audit Resource Request.
    async fn create(&self, message: &str) -> Result<Verdict, Trouble> {
        let url = format!("{}/AuditEvent", self.base);
        let (status, _) = self.send(&url, message.to_owned()).await?;
        match verdict(status) {
            Verdict::Later => Err(Trouble::Status),
            verdict => Ok(verdict),
        }
    }

    async fn each(&self, messages: &[String]) -> Result<Vec<Verdict>, Trouble> {
        let mut verdicts = Vec::with_capacity(messages.len());
        for message in messages {
            match self.create(message).await {
                Ok(verdict) => verdicts.push(verdict),
                Err(trouble) if verdicts.is_empty() => return Err(trouble),
                Err(_) => break,
            }
        }
        verdicts.resize(messages.len(), Verdict::Later);
        Ok(verdicts)
    }

    async fn send(&self, url: &str, document: String) -> Result<(u16, Vec<u8>), Trouble> {
        // What is sent twice is taken for a duplicate by its name.
        let answer = self
            .client
            .post_document(url, MEDIA_TYPE, document.into(), Repeat::OnceIfBroken)
            .await;
        let answer = answer.map_err(|error| trouble(&error))?;
        Ok((answer.status, answer.body.to_vec()))
    }
}

impl Poster for FhirFeed {
    fn post(&self, messages: Vec<String>) -> Posting<'_> {
        Box::pin(async move { self.deliver(&messages).await })
    }
}

/// By the HTTP status of a message: refused is what says that the message is wrong. Statuses that speak of us, of the
/// address or of the moment (401, 403, 404, 408, 429, all of 5xx) are no word about the message.
fn verdict(status: u16) -> Verdict {
    match status {
        200..=299 => Verdict::Taken,
        400 | 409 | 410 | 412 | 413 | 415 | 422 => Verdict::Refused { status },
        _ => Verdict::Later,
    }
}

/// A Bundle of the type batch, which is answered message by message.
fn bundle(messages: &[String]) -> String {
    let length: usize = messages.iter().map(|message| message.len() + ENTRY.len()).sum();
    let mut bundle = String::with_capacity(length + 64);
    bundle.push_str(r#"{"resourceType":"Bundle","type":"batch","entry":["#);
    for (number, message) in messages.iter().enumerate() {
        if number > 0 {
            bundle.push(',');
        }
        bundle.push_str(r#"{"resource":"#);
        bundle.push_str(message);
        bundle.push_str(ENTRY);
    }
    bundle.push_str("]}");
    bundle
}

const ENTRY: &str = r#","request":{"method":"POST","url":"AuditEvent"}}"#;

#[derive(Deserialize)]
struct BatchResponse {
    #[serde(rename = "resourceType")]
    resource_type: String,
    #[serde(default)]
    entry: Vec<ResponseEntry>,
}

#[derive(Deserialize)]
struct ResponseEntry {
    response: EntryResponse,
}

#[derive(Deserialize)]
struct EntryResponse {
    status: String,
}

/// The batch-response: an entry for each of ours, in order; its status begins with the number.
fn verdicts(answer: &[u8], count: usize) -> Result<Vec<Verdict>, Trouble> {
    let answer: BatchResponse = serde_json::from_slice(answer).map_err(|_| Trouble::Answer)?;
    if answer.resource_type != "Bundle" || answer.entry.len() != count {
        return Err(Trouble::Answer);
    }
    let read = |entry: &ResponseEntry| {
        let number = entry.response.status.get(..3).and_then(|text| text.parse().ok());
        number.map(verdict).ok_or(Trouble::Answer)
    };
    answer.entry.iter().map(read).collect()
}

fn trouble(error: &CallError) -> Trouble {
    match error {
        CallError::Connect(failure) => match failure {
            ConnectFailure::Resolve => Trouble::Address,
            ConnectFailure::Refused => Trouble::ConnectRefused,
            ConnectFailure::Timeout => Trouble::ConnectTimeout,
            ConnectFailure::Alert(_) | ConnectFailure::Tls(_) | ConnectFailure::Closed => Trouble::Handshake,
            ConnectFailure::Unreachable | ConnectFailure::Other => Trouble::Connect,
        },
        CallError::Timeout => Trouble::AnswerTimeout,
        CallError::Status(_) => Trouble::Status,
        CallError::Request(_) => Trouble::Address,
        CallError::TooLarge => Trouble::Answer,
        _ => Trouble::Reset,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_holds_each_message_with_its_request() {
        let text = bundle(&[r#"{"a":1}"#.to_owned(), r#"{"b":2}"#.to_owned()]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["type"], "batch");
        assert_eq!(value["entry"][1]["resource"]["b"], 2);
        assert_eq!(value["entry"][1]["request"]["url"], "AuditEvent");
        assert_eq!(value["entry"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn each_entry_of_an_answer_is_a_verdict_and_all_must_be_there() {
        let answer = |statuses: &[&str]| {
            let entries: Vec<_> = statuses
                .iter()
                .map(|status| serde_json::json!({ "response": { "status": status } }))
                .collect();
            serde_json::json!({ "resourceType": "Bundle", "type": "batch-response", "entry": entries })
                .to_string()
        };
        let refused = Verdict::Refused { status: 422 };
        let text = answer(&["201 Created", "422 Unprocessable", "503", "403 Forbidden"]);
        assert_eq!(
            verdicts(text.as_bytes(), 4),
            Ok(vec![Verdict::Taken, refused, Verdict::Later, Verdict::Later])
        );
        assert_eq!(verdicts(text.as_bytes(), 3), Err(Trouble::Answer));
        for bad in [answer(&["ok"]), "{}".to_owned(), "no JSON".to_owned()] {
            assert_eq!(verdicts(bad.as_bytes(), 1), Err(Trouble::Answer));
        }
        let other = r#"{"resourceType":"OperationOutcome"}"#;
        assert_eq!(verdicts(other.as_bytes(), 0), Err(Trouble::Answer));
    }
}
