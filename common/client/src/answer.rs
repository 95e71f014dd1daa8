use std::time::Duration;

use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use xds_soap::{MtomReader, Packaging, action, read_message_id_leniently, read_response};
use xds_xml::{Document, Element, Limits};

use crate::exchange::Incoming;
use crate::parts::IncomingParts;
use crate::{Call, CallError, ClientSettings, IncomingPart, NotSoap};

/// A response to a call: SOAP 1.2, of the expected wsa:Action, related to the request, and no fault.
pub struct Answer {
    /// HTTP status; 2xx.
    pub status: u16,
    /// How it came.
    pub packaging: Packaging,
    /// MessageID of the request.
    pub request_id: String,
    /// MessageID of the answer, if it has one: our servers put the id there under which they log and audit.
    pub message_id: Option<String>,
    /// From the start of the call to the head of the answer.
    pub first_byte: Duration,
    root: Bytes,
    xml: Limits,
    parts: Option<Box<IncomingParts>>,
}

impl Answer {
    /// The envelope as it came.
    pub fn envelope(&self) -> &Bytes {
        &self.root
    }

    /// Parses the envelope again and gives the element in its body to `read`.
    ///
    /// # Errors
    /// None that can occur: the envelope was parsed before.
    pub fn body<T>(&self, read: impl FnOnce(Element<'_>) -> T) -> Result<T, CallError> {
        let document = Document::parse(&self.root, &self.xml).map_err(|error| NotSoap::Xml(error.kind()))?;
        let body = document
            .root()
            .child(xds_soap::ns::SOAP12, "Body")
            .and_then(|body| body.children().next())
            .ok_or(NotSoap::Envelope)?;
        Ok(read(body))
    }

    /// The next document; what is left of the one before is passed over. `None`: the message is complete, or it came
    /// without documents. Until then the documents may be only a part of what was sent.
    ///
    /// # Errors
    /// When the connection breaks, a limit is exceeded, or the message turns out malformed.
    pub async fn next_part(&mut self) -> Result<Option<IncomingPart<'_>>, CallError> {
        let Some(parts) = self.parts.as_deref_mut() else {
            return Ok(None);
        };
        let headers = parts.advance().await?;
        Ok(headers.map(|headers| parts.current(headers)))
    }

    pub(crate) fn parts(&mut self) -> Option<&mut IncomingParts> {
        self.parts.as_deref_mut()
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("message_id", &self.message_id)
            .finish_non_exhaustive()
    }
}

/// Reads and checks an answer. `read` gets the element in its body, so that it is parsed once only.
pub(crate) async fn receive<T>(
    mut incoming: Incoming,
    call: &Call<'_>,
    request_id: String,
    first_byte: Duration,
    settings: &ClientSettings,
    read: impl FnOnce(Element<'_>) -> T,
) -> Result<(Answer, T), CallError> {
    let status = incoming.status();
    let packaging = packaging(&incoming)?;
    let (root, parts) = match &packaging {
        Packaging::Simple => (incoming.whole(settings.answer_bytes_max).await?, None),
        Packaging::Mtom { boundary, start } => {
            incoming.check_announced(settings.message_bytes_max)?;
            let reader = MtomReader::new(boundary, start.as_deref(), settings.mime_limits())
                .map_err(NotSoap::Multipart)?;
            let (root, parts) = IncomingParts::open(incoming, reader, settings.message_bytes_max).await?;
            (root, Some(Box::new(parts)))
        }
    };
    let (message_id, value) = check(&root, call, &request_id, status, settings, read)?;
    let answer = Answer {
        status,
        packaging,
        request_id,
        message_id,
        first_byte,
        root,
        xml: settings.xml,
        parts,
    };
    Ok((answer, value))
}

fn packaging(incoming: &Incoming) -> Result<Packaging, CallError> {
    let parsed = match incoming.header(CONTENT_TYPE) {
        Some(header) => Packaging::parse(header).map_err(NotSoap::ContentType),
        None => Err(NotSoap::NoContentType),
    };
    parsed.map_err(|problem| match incoming.status() {
        200..=299 => problem.into(),
        status => CallError::Status(status),
    })
}

fn check<T>(
    root: &[u8],
    call: &Call<'_>,
    request_id: &str,
    status: u16,
    settings: &ClientSettings,
    read: impl FnOnce(Element<'_>) -> T,
) -> Result<(Option<String>, T), CallError> {
    let success = (200..300).contains(&status);
    let outcome = Document::parse(root, &settings.xml)
        .map_err(|error| CallError::NotSoap(NotSoap::Xml(error.kind())))
        .and_then(|document| {
            let actions = action::accepted_response_actions(call.transaction);
            let body = read_response(&document, &actions, request_id)
                .map_err(|error| CallError::of_response(error, status))?;
            match success {
                true => Ok((read_message_id_leniently(&document), read(body))),
                false => Err(CallError::Status(status)),
            }
        });
    match outcome {
        // An error page that says it is SOAP is still an error page.
        Err(CallError::NotSoap(_)) if !success => Err(CallError::Status(status)),
        outcome => outcome,
    }
}
