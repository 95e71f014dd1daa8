//! A node that calls the servers: its TLS material, and the transactions, each with its reply kept.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use xds_client::mllp::{MllpClient, MllpError, MllpSettings};
use xds_client::xds::Endpoint;
use xds_client::{Call, CallError, Client, ClientSettings, OutgoingPart, PartContent};
use xds_ebxml::provide::{ContentToProvide, DocumentToProvide, write_provide};
use xds_ebxml::query::{QueryBuilder, QueryResponse, read_query_response};
use xds_ebxml::retrieve::{DocumentRequest, DocumentResponse};
use xds_ebxml::rim::Objects;
use xds_ebxml::rs::{RegistryResponse, read_registry_response};
use xds_model::Transaction;
use xds_model::time::{Clock, SharedIds, System};
use xds_tls::{ClientTls, CrlPolicy, LiveMaterial, MaterialPaths};

use crate::configuration::Ports;
use crate::replies::{Replies, with_documents};
use crate::stopped::Stopped;

/// The largest document that the demo opens, in bytes.
const DOCUMENT_BYTES_MAX: usize = 16 << 20;

/// A node.
pub(crate) struct Caller {
    /// Its name.
    pub(crate) name: &'static str,
    /// The assertion about its user that goes with every request.
    assertion: Option<String>,
    client: Client,
    tls: ClientTls,
    ports: Ports,
    replies: Arc<Replies>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// The call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer came but could not be kept.
    #[error(transparent)]
    Kept(#[from] Stopped),
}

/// A document to be sent: `@id` of its entry, mimeType, bytes.
pub(crate) type Provided = (String, &'static str, Bytes);

/// Documents that came, each with what the answer says about it.
pub(crate) type Retrieved = Vec<(DocumentResponse, Vec<u8>)>;

impl Caller {
    /// The node of this name, with the files that step 1 made.
    pub(crate) fn new(
        name: &'static str,
        pki: &Path,
        ports: Ports,
        replies: &Arc<Replies>,
    ) -> Result<Self, Stopped> {
        let unusable = |error: &dyn std::fmt::Display| Stopped::file(&pki.join(format!("{name}.pem")), error);
        let paths = MaterialPaths {
            certificate: pki.join(format!("{name}.pem")),
            key: pki.join(format!("{name}.key")),
            trusted_roots: vec![pki.join("ca.pem")],
            crls: vec![pki.join("ca.crl")],
            directly_trusted: Vec::new(),
            crl: CrlPolicy::Required,
            crl_grace_h: 0,
        };
        let material =
            LiveMaterial::load(paths, Arc::new(|| System.now())).map_err(|error| unusable(&error))?;
        let settings = xds_tls::ClientSettings {
            fqdn_check: true,
            ..xds_tls::ClientSettings::default()
        };
        let tls = ClientTls::new(material, settings).map_err(|error| unusable(&error))?;
        let ids: SharedIds = Arc::new(System);
        let client = Client::new(&tls, ids, ClientSettings::default()).map_err(|error| unusable(&error))?;
        Ok(Self {
            name,
            assertion: None,
            client,
            tls,
            ports,
            replies: Arc::clone(replies),
        })
    }

    /// The same with an assertion about its user.
    pub(crate) fn with_assertion(&self, assertion: String) -> Self {
        Self {
            assertion: Some(assertion),
            name: self.name,
            client: self.client.clone(),
            tls: self.tls.clone(),
            ports: self.ports,
            replies: Arc::clone(&self.replies),
        }
    }

    fn call<'c>(&'c self, url: &'c str, transaction: Transaction) -> Call<'c> {
        Call {
            security_xml: self.assertion.as_deref(),
            ..Call::new(url, transaction)
        }
    }

    /// Connects to the patient identity feed (ITI-8).
    pub(crate) async fn feed(&self) -> Result<MllpClient, MllpError> {
        MllpClient::connect(&self.ports.feed(), &self.tls, MllpSettings::default()).await
    }

    /// ITI-18. `label` names the query in the file of the reply.
    pub(crate) async fn query(&self, label: &str, query: &QueryBuilder) -> Result<QueryResponse, Unanswered> {
        let url = self.ports.registry_url();
        let call = self.call(&url, Transaction::Iti18);
        let (answer, response) = self
            .client
            .call_simple_reading(&call, |out| query.write(out), read_query_response)
            .await?;
        self.replies
            .keep(&format!("iti18-{label}-{}", self.name), answer.envelope())?;
        Ok(response.map_err(CallError::from)?)
    }

    /// ITI-41, each document in a part of its own.
    pub(crate) async fn provide(
        &self,
        label: &str,
        objects: Objects<'_>,
        documents: &[Provided],
    ) -> Result<RegistryResponse, Unanswered> {
        let url = self.ports.repository_url();
        let call = self.call(&url, Transaction::Iti41);
        let parts: Vec<OutgoingPart> = documents
            .iter()
            .map(|(_, mime_type, bytes)| OutgoingPart {
                content_id: self.client.content_id(),
                content_type: (*mime_type).to_owned(),
                content: PartContent::Bytes(bytes.clone()),
            })
            .collect();
        let references: Vec<DocumentToProvide<'_>> = documents
            .iter()
            .zip(&parts)
            .map(|((id, ..), part)| DocumentToProvide {
                id,
                content: ContentToProvide::Part(part.content_id.as_str()),
            })
            .collect();
        let mut body = String::new();
        write_provide(objects, &references, &mut body);
        let (mut answer, response) = self
            .client
            .call_mtom_reading(&call, |out| out.push_str(&body), parts, read_registry_response)
            .await?;
        // To its end, so that the connection can be used again.
        while answer.next_part().await?.is_some() {}
        self.replies
            .keep(&format!("iti41-{label}-{}", self.name), answer.envelope())?;
        Ok(response.map_err(CallError::from)?)
    }

    /// ITI-43: everything that these requests bring.
    pub(crate) async fn retrieve(
        &self,
        label: &str,
        requests: &[DocumentRequest],
    ) -> Result<(RegistryResponse, Retrieved), Unanswered> {
        let url = self.ports.repository_url();
        let endpoint = Endpoint {
            security_xml: self.assertion.as_deref(),
            ..Endpoint::from(url.as_str())
        };
        let mut retrieval = self.client.retrieve(endpoint, requests).await?;
        let mut documents = Vec::new();
        while let Some(mut document) = retrieval.next_document().await? {
            let bytes = document.bytes(DOCUMENT_BYTES_MAX).await?;
            documents.push((document.document.clone(), bytes));
        }
        let envelope = with_documents(retrieval.answer.envelope(), &documents)
            .map_err(|error| Stopped::file(Path::new("ITI-43"), error))?;
        self.replies
            .keep(&format!("iti43-{label}-{}", self.name), envelope.as_bytes())?;
        Ok((retrieval.response.clone(), documents))
    }
}

/// An answer in one line: status, and each error with its code.
pub(crate) fn summary(response: &RegistryResponse) -> String {
    let errors: Vec<String> = response
        .errors
        .iter()
        .map(|error| format!("{}: {}", error.code, error.context))
        .collect();
    format!("{:?} {}", response.status, errors.join("; "))
        .trim_end()
        .to_owned()
}
