//! One client of both programs: a certificate, and connections that belong to the runtime it is used in.

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use uuid::Uuid;
use xds_client::mllp::{MllpClient, MllpError, MllpSettings};
use xds_client::xds::{Endpoint, Reply};
use xds_client::{CallError, Client, ClientSettings};
use xds_ebxml::query::{QueryBuilder, QueryResponse};
use xds_ebxml::retrieve::{DocumentRequest, DocumentResponse};
use xds_ebxml::rs::{RegistryResponse, ResponseStatus};
use xds_model::query::{QueryId, ReturnType};
use xds_model::time::System;
use xds_model::{AvailabilityStatus, Clock, DocumentEntry, PatientId};
use xds_tls::{ClientTls, CrlPolicy, LiveMaterial, MaterialPaths};

use crate::adt;
use crate::error::NetworkError;
use crate::metadata::Draft;
use crate::pki::Pki;
use crate::ports::Ports;
use crate::raw::RawConnection;
use crate::roster::{NODES, ORGANISATIONS, Organisation, REPOSITORY_UNIQUE_ID};

/// The largest document that is read into memory.
const DOCUMENT_BYTES_MAX: usize = 1 << 30;

/// A client with the certificate of a node. Make one in each test: its connections belong to the test's runtime.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whose it is; that of `h1` for a certificate that is nobody's.
    pub organisation: Organisation,
    /// The SOAP caller.
    pub client: Client,
    /// The registry's endpoint.
    pub registry: String,
    /// The repository's endpoint.
    pub repository: String,
    /// The assertion that goes with every request.
    pub assertion: Option<String>,
    tls: ClientTls,
    ports: Ports,
}

/// A submission that was accepted.
#[derive(Clone, Debug)]
pub struct Published {
    /// What was sent.
    pub draft: Draft,
    /// The DocumentEntries as the registry has them, in the order of the draft.
    pub entries: Vec<DocumentEntry>,
}

impl Published {
    /// entryUUID of the first document.
    pub fn entry(&self) -> Option<Uuid> {
        self.entries.first()?.id.uuid()
    }

    /// uniqueId of the first document.
    pub fn unique_id(&self) -> String {
        self.draft.unique_id()
    }
}

impl Node {
    pub(crate) fn new(
        name: &str,
        pki: &Pki,
        ports: Ports,
        urls: (String, String),
    ) -> Result<Self, NetworkError> {
        let paths = MaterialPaths {
            certificate: pki.certificate(name),
            key: pki.key(name),
            trusted_roots: vec![pki.ca_file()],
            crls: Vec::new(),
            directly_trusted: Vec::new(),
            // A node whose own certificate is revoked is to be refused by the server.
            crl: CrlPolicy::None,
            crl_grace_h: 24,
        };
        let material = LiveMaterial::load(paths, Arc::new(|| System.now()))
            .map_err(|error| NetworkError::Tls(error.to_string()))?;
        let tls = ClientTls::new(material, xds_tls::ClientSettings::default())
            .map_err(|error| NetworkError::Tls(error.to_string()))?;
        let client = Client::new(&tls, Arc::new(System), ClientSettings::default())
            .map_err(|error| NetworkError::Tls(error.to_string()))?;
        let [first, ..] = ORGANISATIONS;
        let organisation = NODES.iter().find(|node| node.name == name);
        let (registry, repository) = urls;
        Ok(Self {
            name: name.to_owned(),
            organisation: organisation.map_or(first, crate::Member::organisation),
            client,
            registry,
            repository,
            assertion: None,
            tls,
            ports,
        })
    }

    /// The same with an assertion about its user in every request.
    #[must_use]
    pub fn with_assertion(&self, assertion: String) -> Self {
        Self {
            assertion: Some(assertion),
            ..self.clone()
        }
    }

    fn to<'a>(&'a self, url: &'a str) -> Endpoint<'a> {
        Endpoint {
            security_xml: self.assertion.as_deref(),
            ..Endpoint::from(url)
        }
    }

    /// A raw TLS connection to the registry.
    ///
    /// # Errors
    /// When it is not made. With TLS 1.3 a server's refusal comes with the first read only.
    pub async fn raw_registry(&self) -> io::Result<RawConnection> {
        self.raw(self.ports.registry).await
    }

    /// A raw TLS connection to the repository.
    ///
    /// # Errors
    /// As [`raw_registry`](Self::raw_registry).
    pub async fn raw_repository(&self) -> io::Result<RawConnection> {
        self.raw(self.ports.repository).await
    }

    /// A raw TLS connection to the registry as an Audit Record Repository.
    ///
    /// # Errors
    /// As [`raw_registry`](Self::raw_registry).
    pub async fn raw_audit(&self) -> io::Result<RawConnection> {
        self.raw(self.ports.audit).await
    }

    /// A raw TLS connection to the registry's operator listener.
    ///
    /// # Errors
    /// As [`raw_registry`](Self::raw_registry).
    pub async fn raw_operator(&self) -> io::Result<RawConnection> {
        self.raw(self.ports.operator).await
    }

    async fn raw(&self, port: u16) -> io::Result<RawConnection> {
        let tcp = TcpStream::connect(("127.0.0.1", port)).await?;
        tcp.set_nodelay(true)?;
        let name = "localhost".try_into().map_err(io::Error::other)?;
        let stream = self.tls.connect(name, tcp).await.map_err(io::Error::other)?;
        Ok(RawConnection::new(stream))
    }

    /// A connection of the patient identity feed.
    ///
    /// # Errors
    /// When it is not made.
    pub async fn feed(&self) -> Result<MllpClient, MllpError> {
        let address = format!("localhost:{}", self.ports.mllp);
        MllpClient::connect(&address, &self.tls, MllpSettings::default()).await
    }

    /// Tells the registry of a patient (A04) and returns the acknowledgment.
    ///
    /// # Errors
    /// When there is none.
    pub async fn feed_patient(&self, patient: &PatientId, kanji: (&str, &str)) -> Result<String, MllpError> {
        let message = adt::registration(patient, kanji).unwrap_or_default();
        let mut feed = self.feed().await?;
        let answer = feed.send(&message).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    /// ITI-41.
    ///
    /// # Errors
    /// See [`CallError`]. A response that says Failure is none.
    pub async fn provide(&self, draft: &Draft) -> Result<RegistryResponse, CallError> {
        let reply = self
            .client
            .provide(self.to(&self.repository), draft.objects(), draft.documents())
            .await?;
        Ok(reply.content)
    }

    /// ITI-42.
    ///
    /// # Errors
    /// See [`CallError`]. A response that says Failure is none.
    pub async fn register(&self, draft: &Draft) -> Result<RegistryResponse, CallError> {
        let reply = self
            .client
            .register(self.to(&self.registry), draft.objects())
            .await?;
        Ok(reply.content)
    }

    /// ITI-41, and then the entries as this node sees them. The response when it says Failure.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn publish(&self, draft: Draft) -> Result<Result<Published, RegistryResponse>, CallError> {
        let response = self.provide(&draft).await?;
        if response.status != ResponseStatus::Success {
            return Ok(Err(response));
        }
        let ids: Vec<String> = draft
            .entries
            .iter()
            .map(|entry| entry.unique_id.to_string())
            .collect();
        let mut entries = if ids.is_empty() {
            Vec::new()
        } else {
            self.documents(&ids).await?
        };
        entries.sort_by_key(|entry| ids.iter().position(|id| *id == entry.unique_id.to_string()));
        Ok(Ok(Published { draft, entries }))
    }

    /// ITI-18.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn query(&self, query: &QueryBuilder) -> Result<QueryResponse, CallError> {
        let reply: Reply<QueryResponse> = self.client.query(self.to(&self.registry), query).await?;
        Ok(reply.content)
    }

    /// FindDocuments: the Approved documents of a patient.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn find(&self, patient: &PatientId) -> Result<Vec<DocumentEntry>, CallError> {
        let query = QueryBuilder::new(QueryId::FindDocuments, ReturnType::LeafClass)
            .patient("$XDSDocumentEntryPatientId", patient)
            .statuses("$XDSDocumentEntryStatus", [AvailabilityStatus::Approved]);
        Ok(self.query(&query).await?.objects.entries)
    }

    /// GetDocuments by uniqueId.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn documents<T: AsRef<str>>(&self, unique_ids: &[T]) -> Result<Vec<DocumentEntry>, CallError> {
        let query = QueryBuilder::new(QueryId::GetDocuments, ReturnType::LeafClass)
            .list("$XDSDocumentEntryUniqueId", unique_ids);
        Ok(self.query(&query).await?.objects.entries)
    }

    /// ITI-43 for documents of the network's repository.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn retrieve<T: AsRef<str>>(
        &self,
        unique_ids: &[T],
    ) -> Result<(RegistryResponse, Vec<(DocumentResponse, Vec<u8>)>), CallError> {
        let requests: Vec<_> = unique_ids
            .iter()
            .map(|unique_id| DocumentRequest {
                home: None,
                repository: REPOSITORY_UNIQUE_ID.to_owned(),
                document: unique_id.as_ref().to_owned(),
            })
            .collect();
        let reply = self
            .client
            .retrieve_all(self.to(&self.repository), &requests, DOCUMENT_BYTES_MAX)
            .await?;
        Ok(reply.content)
    }
}
