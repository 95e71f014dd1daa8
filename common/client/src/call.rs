use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use xds_model::Transaction;
use xds_soap::action;

use crate::RequestProblem;

/// What to call, and how.
///
/// ```
/// use xds_client::{Call, Repeat};
/// use xds_model::Transaction;
///
/// let call = Call {
///     repeat: Repeat::OnceIfBroken,
///     ..Call::new("https://registry.example/xds", Transaction::Iti18)
/// };
/// assert_eq!(call.transaction, Transaction::Iti18);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The endpoint: an absolute https URL.
    pub url: &'a str,
    /// Which transaction.
    pub transaction: Transaction,
    /// wsa:Action of the request where the transaction has several (ITI-44); `None`: the one it has.
    pub action: Option<&'a str>,
    /// The content of wsse:Security: an assertion, well formed by itself, written as it is (ITI-40).
    pub security_xml: Option<&'a str>,
    /// Further HTTP headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// What to do when the connection breaks before an answer.
    pub repeat: Repeat,
}

/// What to do when a connection breaks before the answer has begun, as one does that the server had just closed for
/// idleness. What certainly did not reach the server is always sent again.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Repeat {
    /// Fail: the request may have been carried out.
    #[default]
    Never,
    /// Send the same message once more. For what changes nothing: queries and decisions. Ignored for a transaction
    /// that does, and for [`Client::call_mtom`](crate::Client::call_mtom).
    OnceIfBroken,
}

impl<'a> Call<'a> {
    /// A call with nothing special.
    pub fn new(url: &'a str, transaction: Transaction) -> Self {
        Self {
            url,
            transaction,
            action: None,
            security_xml: None,
            headers: &[],
            repeat: Repeat::Never,
        }
    }

    pub(crate) fn request_action(&self) -> Result<&'a str, RequestProblem> {
        match self.action {
            Some(action) if action::transaction(action) == Some(self.transaction) => Ok(action),
            Some(_) => Err(RequestProblem::Action),
            None => self.transaction.request_action().ok_or(RequestProblem::Action),
        }
    }

    pub(crate) fn repeat(&self) -> Repeat {
        match self.transaction {
            Transaction::Iti18 | Transaction::Iti51 | Transaction::Decision => self.repeat,
            _ => Repeat::Never,
        }
    }
}

pub(crate) fn parse_url(url: &str) -> Result<Url, RequestProblem> {
    Url::parse(url)
        .ok()
        .filter(|url| url.scheme() == "https" && url.has_host())
        .ok_or(RequestProblem::Url)
}

pub(crate) fn header_map(headers: &[(&str, &str)]) -> Result<HeaderMap, RequestProblem> {
    headers
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::try_from(*name).map_err(|_| RequestProblem::Header)?;
            Ok((name, header_value(value)?))
        })
        .collect()
}

pub(crate) fn header_value(value: &str) -> Result<HeaderValue, RequestProblem> {
    HeaderValue::try_from(value).map_err(|_| RequestProblem::Header)
}
