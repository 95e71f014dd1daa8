//! The documents of an ITI-43 answer on their way out: never more than a few pieces of them in memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use repository_core::retrieve::Lookup;
use repository_store::{DocumentReader, DocumentStore, StoreError, StoredDocument};
use tokio::sync::mpsc;
use xds_audit::{DocumentReference, Record};
use xds_ebxml::retrieve::{
    DocumentRequest, write_document_end, write_document_start, write_response_end, write_response_start,
};
use xds_model::Fault;
use xds_server::http::{Answer, Exchange, PackedReply, Refused, StreamedReply};
use xds_server::metrics::RequestOutcome;
use xds_soap::{ContentId, MultipartWriter, Packaging, SIMPLE_CONTENT_TYPE, write_include};

use crate::handlers::iti43::{Told, lookup_of, reference};
use crate::metrics::RepositoryMetrics;
use crate::outlet::{Base64Pieces, Gone, Out};

/// Pieces that wait for the connection.
const PIECES_WAITING: usize = 2;
/// Bytes of documents that are read before the answer begins, so that damage is found in time to say so.
const AHEAD_BYTES_MAX: usize = 1024 * 1024;

/// A document that is released and not known to be damaged.
pub(crate) struct Prepared {
    request: DocumentRequest,
    document: StoredDocument,
    /// Its beginning, when it was read ahead.
    ahead: Option<Ahead>,
}

struct Ahead {
    reader: DocumentReader,
    /// None for an empty document.
    first: Option<Bytes>,
}

impl Prepared {
    /// Reads the beginnings of the documents, as far as the limit goes. A short document is verified
    /// wholly by that.
    pub(crate) async fn all(
        store: &DocumentStore,
        metrics: &RepositoryMetrics,
        released: Vec<(DocumentRequest, StoredDocument)>,
    ) -> (Vec<Self>, Vec<(DocumentRequest, Lookup)>) {
        let (mut prepared, mut failed) = (Vec::with_capacity(released.len()), Vec::new());
        let mut ahead_bytes = 0;
        for (request, document) in released {
            if ahead_bytes >= AHEAD_BYTES_MAX {
                prepared.push(Self {
                    request,
                    document,
                    ahead: None,
                });
                continue;
            }
            match Ahead::read(store, &document).await {
                Ok(ahead) => {
                    ahead_bytes += ahead.first.as_ref().map_or(0, Bytes::len);
                    prepared.push(Self {
                        request,
                        document,
                        ahead: Some(ahead),
                    });
                }
                Err(error) => {
                    if matches!(error, StoreError::Damaged(_)) {
                        metrics.damaged();
                    }
                    failed.push((request, lookup_of(&error)));
                }
            }
        }
        (prepared, failed)
    }
}

impl Prepared {
    /// Whether all of it was read, and by that verified.
    fn is_whole(&self) -> bool {
        self.ahead.as_ref().is_some_and(|ahead| {
            let read = ahead.first.as_ref().map_or(0, Bytes::len);
            read as u64 == self.document.size
        })
    }
}

impl Ahead {
    async fn read(store: &DocumentStore, document: &StoredDocument) -> Result<Self, StoreError> {
        let mut reader = store.read(document).await?;
        let first = reader.next_piece().await?;
        Ok(Self { reader, first })
    }
}

/// Sends an answer with documents.
pub(crate) struct Delivery<'a, 'd> {
    pub(crate) exchange: &'a Exchange<'d>,
    pub(crate) metrics: RepositoryMetrics,
    pub(crate) store: DocumentStore,
}

impl Delivery<'_, '_> {
    /// Documents that are in memory already leave in one piece, their record closed before. Else the answer is only
    /// begun: a task writes the rest and closes the record when the last byte is out or the connection is gone.
    pub(crate) async fn start(
        self,
        record: Record,
        documents: Vec<Prepared>,
        faults: &[Fault],
        told: Told,
    ) -> Result<Answer, Refused> {
        let (frame, content_type) = self.frame();
        let script = self.script(&frame, &documents, faults);
        let outcome = if faults.is_empty() {
            RequestOutcome::Success
        } else {
            RequestOutcome::Partial
        };
        if documents.iter().all(Prepared::is_whole) {
            let pieces = self.pack(&frame, script, &documents);
            let delivered = documents.iter().map(|sent| reference(&sent.request)).collect();
            let reply = PackedReply { content_type, pieces };
            return Ok(
                Answer::packed(record, told.closing(delivered, Vec::new(), None), outcome, reply).await?,
            );
        }
        let (sender, pieces) = mpsc::channel(PIECES_WAITING);
        let taken = Arc::new(AtomicU64::new(0));
        let reply = StreamedReply {
            content_type,
            pieces,
            taken: Arc::clone(&taken),
        };
        let answer = Answer::streamed(&record, outcome, reply).await?;
        let sending = Sending {
            out: Out::new(sender, taken),
            base64: matches!(frame, Frame::Simple),
            metrics: self.metrics,
            store: self.store,
        };
        tokio::spawn(sending.run(record, script, documents.into(), told));
        Ok(answer)
    }

    /// The answer with documents that are whole.
    fn pack(&self, frame: &Frame, script: VecDeque<String>, documents: &[Prepared]) -> Vec<Bytes> {
        let mut pieces = Vec::with_capacity(script.len() + documents.len());
        let mut documents = documents.iter();
        for text in script {
            pieces.push(text.into());
            let Some(document) = documents.next() else { break };
            let bytes = document.ahead.as_ref().and_then(|ahead| ahead.first.clone());
            let bytes = bytes.unwrap_or_default();
            self.metrics.served_piece(bytes.len() as u64);
            self.metrics.served();
            pieces.push(match frame {
                Frame::Simple => STANDARD.encode(&bytes).into(),
                Frame::Mtom(_) => bytes,
            });
        }
        pieces
    }

    fn frame(&self) -> (Frame, String) {
        match self.exchange.packaging {
            Packaging::Simple => (Frame::Simple, SIMPLE_CONTENT_TYPE.to_owned()),
            Packaging::Mtom { .. } => {
                let ids = &self.exchange.gate.ids;
                let writer = MultipartWriter::new(ids.random(), ContentId::generated(ids.random()));
                let content_type = writer.content_type();
                (Frame::Mtom(writer), content_type)
            }
        }
    }

    /// The texts between the documents: one more than there are documents.
    fn script(&self, frame: &Frame, documents: &[Prepared], faults: &[Fault]) -> VecDeque<String> {
        let ids: Vec<ContentId> = documents
            .iter()
            .map(|_| ContentId::generated(self.exchange.gate.ids.random()))
            .collect();
        let mut cuts = Vec::with_capacity(documents.len());
        let envelope = self.exchange.envelope(|out| {
            write_response_start(faults, documents.len(), out);
            for (prepared, id) in documents.iter().zip(&ids) {
                write_document_start(&prepared.request, &prepared.document.mime_type, out);
                match frame {
                    Frame::Simple => cuts.push(out.len()),
                    Frame::Mtom(_) => write_include(out, id),
                }
                write_document_end(out);
            }
            write_response_end(out);
        });
        match frame {
            Frame::Simple => cut_at(&envelope, &cuts),
            Frame::Mtom(writer) => {
                let mut texts = VecDeque::with_capacity(documents.len() + 1);
                let mut text = writer.root_head() + &envelope;
                for (prepared, id) in documents.iter().zip(&ids) {
                    text.push_str(&writer.part_head(id, &prepared.document.mime_type));
                    texts.push_back(std::mem::take(&mut text));
                }
                texts.push_back(writer.closing());
                texts
            }
        }
    }
}

enum Frame {
    /// One envelope, documents in it in base64.
    Simple,
    /// An envelope and parts.
    Mtom(MultipartWriter),
}

fn cut_at(text: &str, cuts: &[usize]) -> VecDeque<String> {
    let starts = std::iter::once(0).chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain(std::iter::once(text.len()));
    starts
        .zip(ends)
        .map(|(start, end)| text.get(start..end).unwrap_or_default().to_owned())
        .collect()
}

/// The task that writes.
struct Sending {
    out: Out,
    base64: bool,
    metrics: RepositoryMetrics,
    store: DocumentStore,
}

/// Why the writing ended before its end.
enum Broken {
    /// The connection takes no more.
    Gone,
    /// A document cannot be read to its end.
    Unreadable,
}

impl From<Gone> for Broken {
    fn from(Gone: Gone) -> Self {
        Self::Gone
    }
}

impl Sending {
    async fn run(
        mut self,
        record: Record,
        mut script: VecDeque<String>,
        mut documents: VecDeque<Prepared>,
        told: Told,
    ) {
        // For each document the number of the piece that ends it.
        let mut ends: Vec<(DocumentReference, u64)> = Vec::with_capacity(documents.len());
        let mut result = Ok(());
        while let Some(prepared) = documents.front_mut() {
            let text = script.pop_front().unwrap_or_default();
            result = self.document(text, prepared).await;
            if result.is_err() {
                break;
            }
            ends.extend(
                documents
                    .pop_front()
                    .map(|sent| (reference(&sent.request), self.out.last_piece())),
            );
        }
        match &result {
            Ok(()) => {
                let text = script.pop_front().unwrap_or_default();
                result = self.out.end(text).await.map_err(Broken::from);
            }
            Err(Broken::Unreadable) => self.out.cut().await,
            Err(Broken::Gone) => {}
        }
        ends.extend(documents.iter().map(|left| (reference(&left.request), u64::MAX)));
        let (delivered, cut) = self.out.settle(ends).await;
        let why = match result {
            Err(Broken::Unreadable) => {
                Some("a document could not be read to its end; the connection was cut")
            }
            _ if cut.is_empty() => None,
            _ => Some("the client hung up"),
        };
        delivered.iter().for_each(|_| self.metrics.served());
        let closing = told.closing(delivered, cut, why);
        if let Err(error) = record.close(closing).await {
            tracing::error!(%error, "alarm: the end of a retrieval cannot be written to the journal");
        }
    }

    async fn document(&mut self, text: String, prepared: &mut Prepared) -> Result<(), Broken> {
        self.out.text(&text).await?;
        let ahead = match prepared.ahead.take() {
            Some(ahead) => ahead,
            None => Ahead::read(&self.store, &prepared.document)
                .await
                .map_err(|error| self.unreadable(&error))?,
        };
        let Ahead { mut reader, first } = ahead;
        let mut encoder = Base64Pieces::default();
        let mut piece = first;
        while let Some(bytes) = piece {
            self.metrics.served_piece(bytes.len() as u64);
            if self.base64 {
                self.out.text(&encoder.piece(&bytes)).await?;
            } else {
                self.out.bytes(bytes).await?;
            }
            piece = reader
                .next_piece()
                .await
                .map_err(|error| self.unreadable(&error))?;
        }
        if self.base64 {
            self.out.text(&encoder.end()).await?;
        }
        Ok(())
    }

    fn unreadable(&self, error: &StoreError) -> Broken {
        if matches!(error, StoreError::Damaged(_)) {
            self.metrics.damaged();
        }
        tracing::error!(%error, "alarm: a document cannot be read to its end; the connection is cut");
        Broken::Unreadable
    }
}
