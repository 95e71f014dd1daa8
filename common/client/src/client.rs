use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Url, redirect, retry};
use rustls::ClientConfig;
use xds_model::Transaction;
use xds_model::time::SharedIds;
use xds_soap::{ContentId, MultipartWriter, SIMPLE_CONTENT_TYPE, write_request};
use xds_tls::ClientTls;
use xds_xml::Element;

use crate::answer::receive;
use crate::call::{header_map, header_value, parse_url};
use crate::exchange::{Incoming, post, post_bytes};
use crate::outgoing::OutgoingBody;
use crate::pace::Pace;
use crate::{Answer, Call, CallError, ClientSettings, OutgoingPart, RequestProblem};

/// Calls servers over mutual TLS, with a pool of connections. Clones share it.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: ArcSwap<reqwest::Client>,
    tls: Arc<ClientConfig>,
    ids: SharedIds,
    settings: ClientSettings,
}

impl Client {
    /// A client that presents and trusts what the material of `tls` says, over its reloads.
    ///
    /// # Errors
    /// [`RequestProblem::Tls`] if the HTTP client does not take the configuration.
    pub fn new(tls: &ClientTls, ids: SharedIds, settings: ClientSettings) -> Result<Self, CallError> {
        Self::with_rustls(tls.config(), ids, settings)
    }

    /// The same over a rustls configuration, for tests and tools.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_rustls(
        tls: Arc<ClientConfig>,
        ids: SharedIds,
        settings: ClientSettings,
    ) -> Result<Self, CallError> {
        let http = ArcSwap::from_pointee(build(&tls, &settings)?);
        Ok(Self(Arc::new(Inner {
            http,
            tls,
            ids,
            settings,
        })))
    }

    /// Makes every further call on new connections, so that the servers are judged again. Call it whenever the TLS
    /// material was reloaded: new connections follow that by themselves, kept ones do not. Calls under way go on.
    ///
    /// # Errors
    /// As [`Client::new`]; the old connections stay.
    pub fn drop_connections(&self) -> Result<(), CallError> {
        self.0.http.store(Arc::new(build(&self.0.tls, &self.0.settings)?));
        Ok(())
    }

    /// The settings.
    pub fn settings(&self) -> &ClientSettings {
        &self.0.settings
    }

    /// A fresh Content-ID for an [`OutgoingPart`].
    pub fn content_id(&self) -> ContentId {
        ContentId::generated(self.0.ids.random())
    }

    /// Sends a SIMPLE message and waits for the answer. `body` appends the element in the SOAP body, with its
    /// namespace declarations.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call_simple(
        &self,
        call: &Call<'_>,
        body: impl FnOnce(&mut String),
    ) -> Result<Answer, CallError> {
        let (answer, ()) = self.call_simple_reading(call, body, |_| ()).await?;
        Ok(answer)
    }

    /// As [`call_simple`](Self::call_simple), and hands the element in the body of the answer to `read`: cheaper for a
    /// large answer than [`Answer::body`], which parses it again.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call_simple_reading<T>(
        &self,
        call: &Call<'_>,
        body: impl FnOnce(&mut String),
        read: impl FnOnce(Element<'_>) -> T,
    ) -> Result<(Answer, T), CallError> {
        let request = self.request(call, body)?;
        let headers = request.headers(SIMPLE_CONTENT_TYPE)?;
        let sending = post_bytes(
            &request.http,
            &request.url,
            &headers,
            Bytes::from(request.envelope),
            &request.pace,
            call.repeat(),
        );
        let incoming = logged(
            call.transaction,
            &request.message_id,
            &request.pace,
            sending.await,
        )?;
        let first_byte = request.pace.elapsed();
        let settings = &self.0.settings;
        receive(incoming, call, request.message_id, first_byte, settings, read).await
    }

    /// Sends an MTOM message, its documents as a stream, and waits for the head and the envelope of the answer, which
    /// may come as MTOM or SIMPLE. `body` refers to the parts by [`xds_soap::write_include`].
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call_mtom(
        &self,
        call: &Call<'_>,
        body: impl FnOnce(&mut String),
        parts: Vec<OutgoingPart>,
    ) -> Result<Answer, CallError> {
        let (answer, ()) = self.call_mtom_reading(call, body, parts, |_| ()).await?;
        Ok(answer)
    }

    /// [`call_mtom`](Self::call_mtom) as [`call_simple_reading`](Self::call_simple_reading) does it.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call_mtom_reading<T>(
        &self,
        call: &Call<'_>,
        body: impl FnOnce(&mut String),
        parts: Vec<OutgoingPart>,
        read: impl FnOnce(Element<'_>) -> T,
    ) -> Result<(Answer, T), CallError> {
        let request = self.request(call, body)?;
        let frame = MultipartWriter::new(self.0.ids.random(), self.content_id());
        let headers = request.headers(&frame.content_type())?;
        let body = OutgoingBody::mtom(&frame, request.envelope, parts, Arc::clone(&request.pace));
        let sending = post(&request.http, &request.url, headers, body, &request.pace);
        let incoming = logged(
            call.transaction,
            &request.message_id,
            &request.pace,
            sending.await,
        )?;
        let first_byte = request.pace.elapsed();
        let settings = &self.0.settings;
        receive(incoming, call, request.message_id, first_byte, settings, read).await
    }

    pub(crate) fn http(&self) -> Arc<reqwest::Client> {
        self.0.http.load_full()
    }

    pub(crate) fn pace(&self) -> Arc<Pace> {
        Arc::new(Pace::start(&self.0.settings))
    }

    fn request<'a>(
        &self,
        call: &Call<'a>,
        body: impl FnOnce(&mut String),
    ) -> Result<Request<'a>, RequestProblem> {
        let url = parse_url(call.url)?;
        let action = call.request_action()?;
        let message_id = self.0.ids.random().urn().to_string();
        let envelope = write_request(action, &message_id, url.as_str(), call.security_xml, body);
        Ok(Request {
            http: self.http(),
            pace: self.pace(),
            extra: header_map(call.headers)?,
            url,
            action,
            message_id,
            envelope,
        })
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("settings", &self.0.settings)
            .finish_non_exhaustive()
    }
}

/// A message ready to go.
struct Request<'a> {
    http: Arc<reqwest::Client>,
    pace: Arc<Pace>,
    url: Url,
    extra: HeaderMap,
    action: &'a str,
    message_id: String,
    envelope: String,
}

impl Request<'_> {
    /// The action goes into the Content-Type too: not demanded, but older toolkits look for it there.
    fn headers(&self, content_type: &str) -> Result<HeaderMap, RequestProblem> {
        let content_type = format!("{content_type}; action=\"{}\"", self.action);
        let mut headers = self.extra.clone();
        headers.insert(CONTENT_TYPE, header_value(&content_type)?);
        Ok(headers)
    }
}

fn logged(
    transaction: Transaction,
    message_id: &str,
    pace: &Pace,
    outcome: Result<Incoming, CallError>,
) -> Result<Incoming, CallError> {
    let milliseconds = u64::try_from(pace.elapsed().as_millis()).unwrap_or(u64::MAX);
    let transaction = transaction.name();
    match &outcome {
        Ok(incoming) => {
            let status = incoming.status();
            tracing::debug!(transaction, message_id, status, milliseconds, "answered");
        }
        Err(error) => tracing::debug!(transaction, message_id, %error, milliseconds, "no answer"),
    }
    outcome
}

fn build(tls: &Arc<ClientConfig>, settings: &ClientSettings) -> Result<reqwest::Client, RequestProblem> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(ClientConfig::clone(tls))
        .https_only(true)
        .http1_only()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .http1_max_headers(HEADERS_MAX)
        .connect_timeout(settings.connect_max())
        .tcp_nodelay(true)
        .tcp_keepalive(TCP_KEEPALIVE)
        // A server that answers early may leave us writing to it when nobody waits any more.
        .tcp_user_timeout(settings.answer_max())
        .pool_max_idle_per_host(settings.idle_per_host_max)
        .pool_idle_timeout(settings.idle_max())
        .build()
        .map_err(|_| RequestProblem::Tls)
}

const HEADERS_MAX: usize = 64;
const TCP_KEEPALIVE: Duration = Duration::from_secs(30);
