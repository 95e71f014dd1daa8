//! Submissions and requests, written by hand so that they can be wrong.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use xds_client::{Answer, CallError, OutgoingPart, PartContent};
use xds_ebxml::retrieve::{Content, DocumentRequest, RetrieveResponse, read_response, write_request};
use xds_ebxml::rs::{RegistryResponse, read_registry_response};
use xds_model::Transaction;
use xds_soap::{Cid, ContentId};
use xds_xml::Element;

use super::world::{Node, OURS, PATIENT};

pub(crate) const SET_UNIQUE_ID: &str = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8";
const SET_PATIENT: &str = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446";
const SET_SOURCE: &str = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832";
const SET_NODE: &str = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd";
pub(crate) const ENTRY_UNIQUE_ID: &str = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab";
const ENTRY_PATIENT: &str = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427";
const RIM: &str = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0";

pub(crate) fn attribute_of_identifier<'d>(element: Element<'d>, scheme: &str) -> Option<&'d str> {
    let fits =
        element.is(RIM, "ExternalIdentifier") && element.attribute("identificationScheme") == Some(scheme);
    fits.then(|| element.attribute("value")).flatten()
}

/// A DocumentEntry and its document.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) unique_id: String,
    pub(crate) mime_type: String,
    pub(crate) hash: Option<String>,
    pub(crate) size: Option<String>,
    pub(crate) content: Bytes,
    /// Further slots, as XML.
    pub(crate) slots: String,
    /// Classifications, as XML.
    pub(crate) classifications: String,
}

impl Entry {
    /// A document with a fresh uniqueId.
    pub(crate) fn new(content: impl Into<Bytes>) -> Self {
        let unique_id = fresh_id();
        Self {
            id: format!("Document-{unique_id}"),
            unique_id,
            mime_type: "application/octet-stream".to_owned(),
            hash: None,
            size: None,
            content: content.into(),
            slots: String::new(),
            classifications: String::new(),
        }
    }

    pub(crate) fn text(content: &str) -> Self {
        Self {
            mime_type: "text/plain".to_owned(),
            ..Self::new(content.to_owned())
        }
    }

    /// With hash and size in the metadata, right ones.
    pub(crate) fn described(mut self) -> Self {
        self.hash = Some(sha1(&self.content));
        self.size = Some(self.content.len().to_string());
        self
    }

    fn xml(&self) -> String {
        let slot = |name: &str, value: &Option<String>| {
            value.as_ref().map_or_else(String::new, |value| {
                format!("<rim:Slot name=\"{name}\"><rim:ValueList><rim:Value>{value}</rim:Value></rim:ValueList></rim:Slot>")
            })
        };
        let (id, mime, unique_id) = (&self.id, &self.mime_type, &self.unique_id);
        let slots = slot("hash", &self.hash) + &slot("size", &self.size) + &self.slots;
        let classifications = &self.classifications;
        format!(
            "<rim:ExtrinsicObject id=\"{id}\" mimeType=\"{mime}\" objectType=\"urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1\">\
             {slots}<rim:Name><rim:LocalizedString xml:lang=\"ja\" value=\"紹介状 &amp; CANARY-TITLE\"/></rim:Name>{classifications}{}{}</rim:ExtrinsicObject>",
            identifier(ENTRY_PATIENT, PATIENT, "XDSDocumentEntry.patientId"),
            identifier(ENTRY_UNIQUE_ID, unique_id, "XDSDocumentEntry.uniqueId"),
        )
    }
}

fn identifier(scheme: &str, value: &str, name: &str) -> String {
    let value = value.replace('&', "&amp;");
    format!(
        "<rim:ExternalIdentifier identificationScheme=\"{scheme}\" value=\"{value}\"><rim:Name>\
         <rim:LocalizedString value=\"{name}\"/></rim:Name></rim:ExternalIdentifier>"
    )
}

/// A submission.
#[derive(Clone)]
pub(crate) struct Submission {
    pub(crate) set: String,
    pub(crate) source: String,
    pub(crate) entries: Vec<Entry>,
}

impl Submission {
    pub(crate) fn of(entries: &[Entry]) -> Self {
        Self {
            set: fresh_id(),
            source: "1.2.3.4".to_owned(),
            entries: entries.to_vec(),
        }
    }

    /// The message with these `xds:Document` elements.
    pub(crate) fn message(&self, documents: &str) -> String {
        let entries: String = self.entries.iter().map(Entry::xml).collect();
        format!(
            "<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds=\"urn:ihe:iti:xds-b:2007\">\
             <lcm:SubmitObjectsRequest xmlns:lcm=\"urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0\" xmlns:rim=\"{RIM}\">\
             <rim:RegistryObjectList>{entries}<rim:RegistryPackage id=\"SubmissionSet\">\
             <rim:Classification classifiedObject=\"SubmissionSet\" classificationNode=\"{SET_NODE}\"/>{}{}{}\
             </rim:RegistryPackage></rim:RegistryObjectList></lcm:SubmitObjectsRequest>{documents}\
             </xds:ProvideAndRegisterDocumentSetRequest>",
            identifier(SET_PATIENT, PATIENT, "XDSSubmissionSet.patientId"),
            identifier(SET_UNIQUE_ID, &self.set, "XDSSubmissionSet.uniqueId"),
            identifier(SET_SOURCE, &self.source, "XDSSubmissionSet.sourceId"),
        )
    }

    pub(crate) fn inline(&self) -> String {
        let documents: String = self
            .entries
            .iter()
            .map(|entry| {
                format!(
                    "<xds:Document id=\"{}\">{}</xds:Document>",
                    entry.id,
                    STANDARD.encode(&entry.content)
                )
            })
            .collect();
        self.message(&documents)
    }

    pub(crate) fn mtom(&self) -> (String, Vec<OutgoingPart>) {
        let ids: Vec<ContentId> = (0..self.entries.len()).map(|_| content_id(&fresh_id())).collect();
        let documents: String = self
            .entries
            .iter()
            .zip(&ids)
            .map(|(entry, id)| include(&entry.id, &format!("cid:{id}")))
            .collect();
        let parts = self
            .entries
            .iter()
            .zip(ids)
            .map(|(entry, id)| part(id, entry.content.clone()));
        (self.message(&documents), parts.collect())
    }
}

pub(crate) fn include(document: &str, href: &str) -> String {
    format!(
        "<xds:Document id=\"{document}\"><xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" href=\"{href}\"/></xds:Document>"
    )
}

pub(crate) fn content_id(text: &str) -> ContentId {
    ContentId::from_header(text).unwrap()
}

pub(crate) fn part(content_id: ContentId, content: Bytes) -> OutgoingPart {
    OutgoingPart {
        content_id,
        content_type: "application/octet-stream".to_owned(),
        content: PartContent::Bytes(content),
    }
}

impl Node {
    /// ITI-41 in MTOM.
    pub(crate) async fn provide(&self, submission: &Submission) -> Result<RegistryResponse, CallError> {
        let (body, parts) = submission.mtom();
        registry_response(self.mtom(&body, parts).await?)
    }

    /// ITI-41 in MTOM, as it stands.
    pub(crate) async fn provide_raw(
        &self,
        body: &str,
        parts: Vec<OutgoingPart>,
    ) -> Result<RegistryResponse, CallError> {
        registry_response(self.mtom(body, parts).await?)
    }

    /// ITI-41 in SIMPLE.
    pub(crate) async fn provide_simple(&self, body: &str) -> Result<RegistryResponse, CallError> {
        let call = self.call(Transaction::Iti41);
        registry_response(self.client.call_simple(&call, |out| out.push_str(body)).await?)
    }

    /// ITI-43 in MTOM: the response, and the documents by the order of their DocumentResponses.
    pub(crate) async fn retrieve(
        &self,
        requests: &[DocumentRequest],
    ) -> Result<(RetrieveResponse, Vec<Vec<u8>>), CallError> {
        let mut answer = self.retrieve_start(requests).await?;
        let response = answer.body(read_response)?.unwrap();
        let mut documents = vec![None; response.documents.len()];
        while let Some(mut part) = answer.next_part().await? {
            let id = part.content_id.clone().unwrap();
            let position = response
                .documents
                .iter()
                .position(|document| matches!(&document.content, Content::Include(href) if Cid::from_href(href).unwrap().names(&id)))
                .unwrap();
            documents[position] = Some(part.bytes(1 << 30).await?);
        }
        Ok((response, documents.into_iter().map(Option::unwrap).collect()))
    }

    /// ITI-43 in MTOM, up to the end of the root part.
    pub(crate) async fn retrieve_start(&self, requests: &[DocumentRequest]) -> Result<Answer, CallError> {
        let call = self.call(Transaction::Iti43);
        self.client
            .call_mtom(&call, |out| write_request(requests, out), Vec::new())
            .await
    }

    /// ITI-43 in SIMPLE.
    pub(crate) async fn retrieve_simple(
        &self,
        requests: &[DocumentRequest],
    ) -> Result<RetrieveResponse, CallError> {
        let call = self.call(Transaction::Iti43);
        let (_, response) = self
            .client
            .call_simple_reading(&call, |out| write_request(requests, out), read_response)
            .await?;
        Ok(response.unwrap())
    }
}

fn registry_response(answer: Answer) -> Result<RegistryResponse, CallError> {
    Ok(answer.body(read_registry_response)?.unwrap())
}

/// Error codes and warnings of a response.
pub(crate) fn codes(response: &RegistryResponse) -> Vec<String> {
    response.errors.iter().map(|error| error.code.clone()).collect()
}

pub(crate) fn ask(document: &str) -> DocumentRequest {
    DocumentRequest {
        home: None,
        repository: OURS.to_owned(),
        document: document.to_owned(),
    }
}

pub(crate) fn fresh_id() -> String {
    use xds_model::IdSource;
    format!("2.25.{}", xds_model::time::System.random().as_u128())
}

pub(crate) fn sha1(content: &[u8]) -> String {
    let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, content);
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that no compression shortens.
pub(crate) fn noise(len: usize) -> Bytes {
    let mut bytes = vec![0; len];
    aws_lc_rs::rand::fill(&mut bytes).unwrap();
    bytes.into()
}
