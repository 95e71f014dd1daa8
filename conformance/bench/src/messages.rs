//! The requests of every case, as templates.

use std::sync::Arc;

use bytes::Bytes;
use renkei_network::{AUTHORITY, REPOSITORY_UNIQUE_ID};
use uuid::Uuid;
use xds_ebxml::provide::{ContentToProvide, DocumentToProvide, write_provide};
use xds_ebxml::query::QueryBuilder;
use xds_ebxml::retrieve::{DocumentRequest, write_request as write_retrieve};
use xds_ebxml::rim::write_submission;
use xds_model::query::{QueryId, ReturnType};
use xds_model::time::System;
use xds_model::{AvailabilityStatus, IdSource, PatientId, Transaction};
use xds_soap::{ContentId, MultipartWriter, SIMPLE_CONTENT_TYPE, write_request};

use crate::case::RESULTS;
use crate::check::Expect;
use crate::connection::Request;
use crate::content::Content;
use crate::error::BenchError;
use crate::metadata::{draft, sender};
use crate::template::Template;

/// What stands in the templates where something else stands in each message.
const MESSAGE_ID: &str = "urn:uuid:00000000-0000-4000-8000-0000000b1a4c";
const PATIENT: &str = "BLANK-PATIENT";
const DOCUMENT: &str = "2.25.11111111111111111111111111111111";
const SET: &str = "2.25.22222222222222222222222222222222";
const BLANKS: [&str; 4] = [MESSAGE_ID, PATIENT, DOCUMENT, SET];

/// The patient id with this text.
pub(crate) fn patient(id: &str) -> Option<PatientId> {
    format!("{id}^^^&{AUTHORITY}&ISO").parse().ok()
}

/// The OID with this number, in a series of its own.
pub(crate) fn numbered_oid(series: u64, number: u64) -> String {
    format!("2.25.{}", (u128::from(series) << 64) | u128::from(number))
}

/// A message whose blanks are filled for each request.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    headers: String,
    before: Template,
    document: Option<(Content, Bytes)>,
}

/// What is filled in.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ids<'a> {
    /// The patient's id, without its authority.
    pub(crate) patient: &'a str,
    /// The document's uniqueId.
    pub(crate) document: &'a str,
    /// The SubmissionSet's uniqueId.
    pub(crate) set: &'a str,
}

impl Message {
    /// ITI-42.
    ///
    /// # Errors
    /// [`BenchError::Message`], as in the others.
    pub(crate) fn register(url: &str, content: &Content) -> Result<Self, BenchError> {
        let draft = blank_draft(content).ok_or(BenchError::Message("a submission"))?;
        simple(url, Transaction::Iti42, |out| {
            write_submission(draft.objects(), out)
        })
    }

    /// ITI-18 FindDocuments: Approved documents of a patient.
    pub(crate) fn find(url: &str, form: ReturnType) -> Result<Self, BenchError> {
        let patient = patient(PATIENT).ok_or(BenchError::Message("a patient id"))?;
        let query = QueryBuilder::new(QueryId::FindDocuments, form)
            .patient("$XDSDocumentEntryPatientId", &patient)
            .statuses("$XDSDocumentEntryStatus", [AvailabilityStatus::Approved]);
        simple(url, Transaction::Iti18, |out| query.write(out))
    }

    /// ITI-18 GetDocuments: one uniqueId.
    pub(crate) fn get(url: &str) -> Result<Self, BenchError> {
        let query = QueryBuilder::new(QueryId::GetDocuments, ReturnType::LeafClass)
            .list("$XDSDocumentEntryUniqueId", [DOCUMENT]);
        simple(url, Transaction::Iti18, |out| query.write(out))
    }

    /// ITI-41.
    pub(crate) fn provide(url: &str, content: Content) -> Result<Self, BenchError> {
        let draft = blank_draft(&content).ok_or(BenchError::Message("a submission"))?;
        let entry = draft
            .entries
            .first()
            .map(|entry| entry.id.to_string())
            .unwrap_or_default();
        let part = ContentId::generated(System.random());
        let documents = [DocumentToProvide {
            id: &entry,
            content: ContentToProvide::Part(part.as_str()),
        }];
        let envelope = envelope(url, Transaction::Iti41, |out| {
            write_provide(draft.objects(), &documents, out);
        })?;
        let frame = frame();
        let before = [
            frame.root_head(),
            envelope,
            frame.part_head(&part, "application/pdf"),
        ]
        .concat();
        Ok(Self {
            headers: headers(&frame.content_type(), Transaction::Iti41),
            before: Template::new(&before, &BLANKS),
            document: Some((content, frame.closing().into())),
        })
    }

    /// ITI-43: one document.
    pub(crate) fn retrieve(url: &str) -> Result<Self, BenchError> {
        let requests = [DocumentRequest {
            home: None,
            repository: REPOSITORY_UNIQUE_ID.to_owned(),
            document: DOCUMENT.to_owned(),
        }];
        let envelope = envelope(url, Transaction::Iti43, |out| write_retrieve(&requests, out))?;
        let frame = frame();
        let whole = [frame.root_head(), envelope, frame.closing()].concat();
        Ok(Self {
            headers: headers(&frame.content_type(), Transaction::Iti43),
            before: Template::new(&whole, &BLANKS),
            document: None,
        })
    }

    /// A request with these ids and a fresh MessageID.
    pub(crate) fn request(&self, ids: Ids<'_>, expect: Expect) -> Request {
        let message_id = System.random().urn().to_string();
        let text = self
            .before
            .fill(&[&message_id, ids.patient, ids.document, ids.set]);
        let mut body = vec![Bytes::from(text)];
        if let Some((content, closing)) = &self.document {
            body.extend(content.pieces.iter().cloned());
            body.push(closing.clone());
        }
        Request {
            headers: self.headers.clone(),
            body,
            expect,
        }
    }
}

fn blank_draft(content: &Content) -> Option<renkei_network::Draft> {
    draft(&sender()?, &patient(PATIENT)?, content, DOCUMENT, SET)
}

fn simple(
    url: &str,
    transaction: Transaction,
    body: impl FnOnce(&mut String),
) -> Result<Message, BenchError> {
    let envelope = envelope(url, transaction, body)?;
    Ok(Message {
        headers: headers(SIMPLE_CONTENT_TYPE, transaction),
        before: Template::new(&envelope, &BLANKS),
        document: None,
    })
}

fn envelope(
    url: &str,
    transaction: Transaction,
    body: impl FnOnce(&mut String),
) -> Result<String, BenchError> {
    let action = transaction
        .request_action()
        .ok_or(BenchError::Message("an action"))?;
    Ok(write_request(action, MESSAGE_ID, url, None, body))
}

fn headers(content_type: &str, transaction: Transaction) -> String {
    let action = transaction.request_action().unwrap_or_default();
    format!("Content-Type: {content_type}; action=\"{action}\"\r\n")
}

/// The boundary may stay the same: documents of ours never hold it.
fn frame() -> MultipartWriter {
    MultipartWriter::new(Uuid::from_u128(0xb0), ContentId::generated(Uuid::from_u128(0xb1)))
}

/// The messages that a run needs.
#[derive(Clone, Debug)]
pub(crate) struct Messages {
    pub(crate) register: Message,
    pub(crate) leaves: Message,
    pub(crate) references: Message,
    pub(crate) get: Message,
    pub(crate) retrieve: Message,
}

impl Messages {
    /// All but those with documents, which are made for each case.
    pub(crate) fn new(registry: &str, repository: &str) -> Result<Arc<Self>, BenchError> {
        Ok(Arc::new(Self {
            register: Message::register(registry, &Content::new(10_000))?,
            leaves: Message::find(registry, ReturnType::LeafClass)?,
            references: Message::find(registry, ReturnType::ObjectRef)?,
            get: Message::get(registry)?,
            retrieve: Message::retrieve(repository)?,
        }))
    }

    /// FindDocuments for a patient that has [`RESULTS`] documents.
    pub(crate) fn find(&self, form: ReturnType, patient: &str) -> Request {
        let results = usize::try_from(RESULTS).unwrap_or_default();
        let (message, expect) = match form {
            ReturnType::LeafClass => (&self.leaves, Expect::Leaves(results)),
            ReturnType::ObjectRef => (&self.references, Expect::References(results)),
        };
        let ids = Ids {
            patient,
            ..Ids::default()
        };
        message.request(ids, expect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://localhost:1/xds/registry";

    fn text(request: &Request) -> String {
        String::from_utf8_lossy(&request.body.concat()).into_owned()
    }

    #[test]
    fn a_registration_is_about_as_long_as_a_full_one_and_has_its_ids() {
        let message = Message::register(URL, &Content::new(10_000)).unwrap();
        let ids = Ids {
            patient: "W7",
            document: "2.25.71",
            set: "2.25.72",
        };
        let request = message.request(ids, Expect::Success);
        let text = text(&request);
        assert!((12_900..14_000).contains(&text.len()), "{}", text.len());
        for id in ["W7^^^", "\"2.25.71\"", "\"2.25.72\""] {
            assert!(text.contains(id), "{id}");
        }
        for blank in BLANKS {
            assert!(!text.contains(blank), "{blank}");
        }
        assert!(
            request
                .headers
                .contains("action=\"urn:ihe:iti:2007:RegisterDocumentSet-b\"")
        );
    }

    #[test]
    fn a_document_stands_between_its_head_and_the_end() {
        let content = Content::new(100_000);
        let message = Message::provide(URL, content.clone()).unwrap();
        let request = message.request(Ids::default(), Expect::Success);
        let body = request.body.concat();
        let closing = frame().closing();
        let document = &body[body.len() - closing.len() - 100_000..body.len() - closing.len()];
        assert_eq!(document, content.pieces.concat());
        assert!(body.ends_with(closing.as_bytes()));
    }

    #[test]
    fn message_ids_are_fresh_and_oids_differ() {
        let message = Message::get(URL).unwrap();
        let one = text(&message.request(Ids::default(), Expect::Leaves(1)));
        let other = text(&message.request(Ids::default(), Expect::Leaves(1)));
        assert_ne!(one, other);
        assert_ne!(numbered_oid(1, 2), numbered_oid(2, 1));
        assert_eq!(numbered_oid(1, 0), "2.25.18446744073709551616");
    }
}
