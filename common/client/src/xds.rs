//! The XDS transactions, from the model and back: what a Document Source, a Consumer and a Repository send.
//!
//! An answer that says Failure is no [`CallError`]: it is in the [`RegistryResponse`] with its errors.

use std::time::Duration;

use bytes::Bytes;
use xds_ebxml::provide::{ContentToProvide, DocumentToProvide, write_provide};
use xds_ebxml::query::{QueryBuilder, QueryResponse, read_query_response};
use xds_ebxml::retrieve::{
    Content, DocumentRequest, DocumentResponse, RetrieveResponse, read_response, write_request,
};
use xds_ebxml::rim::{Objects, write_submission};
use xds_ebxml::rs::{RegistryResponse, read_registry_response};
use xds_model::Transaction;
use xds_soap::{Cid, Includes};

use crate::{Answer, Call, CallError, Client, NotSoap, OutgoingPart, PartContent, Repeat};

/// Where to send to, and with what.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// An absolute https URL.
    pub url: &'a str,
    /// An assertion, as in [`Call::security_xml`].
    pub security_xml: Option<&'a str>,
    /// Further HTTP headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// For queries.
    pub repeat: Repeat,
}

impl<'a> From<&'a str> for Endpoint<'a> {
    fn from(url: &'a str) -> Self {
        Self {
            url,
            security_xml: None,
            headers: &[],
            repeat: Repeat::Never,
        }
    }
}

impl<'a> Endpoint<'a> {
    fn call(self, transaction: Transaction) -> Call<'a> {
        Call {
            url: self.url,
            transaction,
            action: None,
            security_xml: self.security_xml,
            headers: self.headers,
            repeat: self.repeat,
        }
    }
}

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply<T> {
    /// The message in the body.
    pub content: T,
    /// MessageID of the answer; see [`Answer::message_id`].
    pub message_id: Option<String>,
    /// From the start of the call to the head of the answer.
    pub first_byte: Duration,
}

/// A document to provide.
#[derive(Debug)]
pub struct Document {
    /// `@id` of its DocumentEntry.
    pub entry: String,
    /// Its MIME type.
    pub mime_type: String,
    /// Its bytes.
    pub content: PartContent,
}

impl Client {
    /// ITI-42, Register Document Set-b.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn register<'o>(
        &self,
        endpoint: impl Into<Endpoint<'_>>,
        objects: impl Into<Objects<'o>>,
    ) -> Result<Reply<RegistryResponse>, CallError> {
        self.submit(endpoint, Transaction::Iti42, |out| write_submission(objects, out))
            .await
    }

    /// Any transaction in SIMPLE that is answered with a RegistryResponse: ITI-42, 57, 61, 62, 86, 92.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn submit(
        &self,
        endpoint: impl Into<Endpoint<'_>>,
        transaction: Transaction,
        body: impl FnOnce(&mut String),
    ) -> Result<Reply<RegistryResponse>, CallError> {
        let call = endpoint.into().call(transaction);
        let (answer, content) = self
            .call_simple_reading(&call, body, read_registry_response)
            .await?;
        Ok(reply(&answer, content?))
    }

    /// ITI-18, Registry Stored Query.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn query(
        &self,
        endpoint: impl Into<Endpoint<'_>>,
        query: &QueryBuilder,
    ) -> Result<Reply<QueryResponse>, CallError> {
        let call = endpoint.into().call(Transaction::Iti18);
        let (answer, content) = self
            .call_simple_reading(&call, |out| query.write(out), read_query_response)
            .await?;
        Ok(reply(&answer, content?))
    }

    /// ITI-41, Provide and Register Document Set-b. Each document goes in a part of its own.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn provide<'o>(
        &self,
        endpoint: impl Into<Endpoint<'_>>,
        objects: impl Into<Objects<'o>>,
        documents: Vec<Document>,
    ) -> Result<Reply<RegistryResponse>, CallError> {
        let call = endpoint.into().call(Transaction::Iti41);
        let (entries, parts): (Vec<String>, Vec<OutgoingPart>) = documents
            .into_iter()
            .map(|document| {
                let part = OutgoingPart {
                    content_id: self.content_id(),
                    content_type: document.mime_type,
                    content: document.content,
                };
                (document.entry, part)
            })
            .unzip();
        let references: Vec<DocumentToProvide<'_>> = entries
            .iter()
            .zip(&parts)
            .map(|(entry, part)| DocumentToProvide {
                id: entry,
                content: ContentToProvide::Part(part.content_id.as_str()),
            })
            .collect();
        let mut body = String::new();
        write_provide(objects, &references, &mut body);
        let (mut answer, content) = self
            .call_mtom_reading(&call, |out| out.push_str(&body), parts, read_registry_response)
            .await?;
        // To its end, so that the connection can be used again.
        while answer.next_part().await?.is_some() {}
        Ok(reply(&answer, content?))
    }

    /// ITI-43, Retrieve Document Set: the documents come as a stream.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn retrieve(
        &self,
        endpoint: impl Into<Endpoint<'_>>,
        requests: &[DocumentRequest],
    ) -> Result<Retrieval, CallError> {
        let call = endpoint.into().call(Transaction::Iti43);
        let (answer, content) = self
            .call_mtom_reading(
                &call,
                |out| write_request(requests, out),
                Vec::new(),
                read_response,
            )
            .await?;
        Retrieval::new(answer, content?)
    }

    /// ITI-43 with everything in memory: each document with its bytes, in the order of the message.
    ///
    /// # Errors
    /// See [`CallError`]; [`CallError::TooLarge`] if one document has more than `bytes_max`.
    pub async fn retrieve_all(
        &self,
        endpoint: impl Into<Endpoint<'_>>,
        requests: &[DocumentRequest],
        bytes_max: usize,
    ) -> Result<Reply<(RegistryResponse, Vec<(DocumentResponse, Vec<u8>)>)>, CallError> {
        let mut retrieval = self.retrieve(endpoint, requests).await?;
        let mut documents = Vec::new();
        while let Some(mut document) = retrieval.next_document().await? {
            let bytes = document.bytes(bytes_max).await?;
            documents.push((document.document.clone(), bytes));
        }
        let response = retrieval.response.clone();
        Ok(reply(&retrieval.answer, (response, documents)))
    }
}

fn reply<T>(answer: &Answer, content: T) -> Reply<T> {
    Reply {
        content,
        message_id: answer.message_id.clone(),
        first_byte: answer.first_byte,
    }
}

/// An answer to ITI-43 whose documents come one by one.
#[derive(Debug)]
pub struct Retrieval {
    /// Status and errors.
    pub response: RegistryResponse,
    /// Status code, ids and times.
    pub answer: Answer,
    documents: Vec<DocumentResponse>,
    /// Of the documents in the envelope itself, those not handed out: their bytes, last first.
    inline: Vec<(usize, Bytes)>,
    includes: Includes<usize>,
}

/// One document of a [`Retrieval`]. What is not read of it is passed over.
#[derive(Debug)]
pub struct Retrieved<'a> {
    /// Which it is; its `content` is empty or the reference.
    pub document: &'a DocumentResponse,
    source: Source<'a>,
}

#[derive(Debug)]
enum Source<'a> {
    Inline(Option<Bytes>),
    Part(crate::IncomingPart<'a>),
}

impl Retrieval {
    fn new(answer: Answer, content: RetrieveResponse) -> Result<Self, CallError> {
        let RetrieveResponse {
            response,
            mut documents,
        } = content;
        let mut inline = Vec::new();
        let mut includes = Includes::new(None);
        for (index, document) in documents.iter_mut().enumerate() {
            match &mut document.content {
                Content::Inline(bytes) => inline.push((index, Bytes::from(std::mem::take(bytes)))),
                Content::Include(href) => {
                    let cid = Cid::from_href(href).map_err(NotSoap::Multipart)?;
                    includes.add(cid, index).map_err(NotSoap::Multipart)?;
                }
            }
        }
        inline.reverse();
        Ok(Self {
            response,
            answer,
            documents,
            inline,
            includes,
        })
    }

    /// What is announced, in the order of the message.
    pub fn documents(&self) -> &[DocumentResponse] {
        &self.documents
    }

    /// The next document: first those in the envelope, then the parts as they come. `None`: all have come, and the
    /// message is complete.
    ///
    /// # Errors
    /// As [`Answer::next_part`]; [`CallError::MissingPart`] at the end if a document did not come.
    pub async fn next_document(&mut self) -> Result<Option<Retrieved<'_>>, CallError> {
        if let Some((index, bytes)) = self.inline.pop() {
            let document = self.documents.get(index).ok_or(CallError::MissingPart)?;
            let source = Source::Inline(Some(bytes));
            return Ok(Some(Retrieved { document, source }));
        }
        while let Some(parts) = self.answer.parts() {
            let Some(headers) = parts.advance().await? else {
                break;
            };
            let claimed = self
                .includes
                .claim(headers.content_id.as_ref())
                .map_err(NotSoap::Multipart)?;
            let Some(document) = claimed.and_then(|index| self.documents.get(*index)) else {
                continue;
            };
            let parts = self.answer.parts().ok_or(CallError::MissingPart)?;
            let source = Source::Part(parts.current(headers));
            return Ok(Some(Retrieved { document, source }));
        }
        match self.includes.unclaimed().next() {
            None => Ok(None),
            Some(_) => Err(CallError::MissingPart),
        }
    }
}

impl Retrieved<'_> {
    /// The next piece of it; `None` at its end.
    ///
    /// # Errors
    /// As [`IncomingPart::next_chunk`](crate::IncomingPart::next_chunk).
    pub async fn next_chunk(&mut self) -> Result<Option<Bytes>, CallError> {
        match &mut self.source {
            Source::Inline(bytes) => Ok(bytes.take()),
            Source::Part(part) => part.next_chunk().await,
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// As [`next_chunk`](Self::next_chunk), and [`CallError::TooLarge`] above `bytes_max`.
    pub async fn bytes(&mut self, bytes_max: usize) -> Result<Vec<u8>, CallError> {
        match &mut self.source {
            Source::Inline(bytes) => match bytes.take().unwrap_or_default() {
                bytes if bytes.len() > bytes_max => Err(CallError::TooLarge),
                bytes => Ok(bytes.into()),
            },
            Source::Part(part) => part.bytes(bytes_max).await,
        }
    }
}
