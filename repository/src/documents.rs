//! The documents of a submission, taken into the store as they come.

use futures_util::stream;
use repository_store::{
    CARRIED_BYTES_MAX, DocumentStore, ReceiveError, ReceiveOptions, Received, StoreError,
};
use xds_ebxml::provide::ProvidedDocument;
use xds_model::RuleId;
use xds_server::http::{PartEvent, Parts, Refused};
use xds_soap::{Fault, Includes, xop_include};

use crate::acknowledgement::{self, Head, kept};
use crate::inline;

/// Bytes of a submission's documents that are held in memory until it begins: enough for the usual few small ones.
const SUBMISSION_CARRIED_MAX: usize = 4 * CARRIED_BYTES_MAX;

/// How documents are taken.
pub(crate) struct Intake<'a> {
    /// Where to.
    pub(crate) store: &'a DocumentStore,
    /// Bytes of one document.
    pub(crate) size_max: u64,
}

/// A document of the request and the mimeType that its DocumentEntry names.
pub(crate) struct Expected<'d> {
    pub(crate) document: ProvidedDocument<'d>,
    pub(crate) mime_type: String,
    /// Whether it is looked into, as an acknowledgement of privacy policies.
    pub(crate) is_acknowledgement: bool,
}

/// A document that was taken.
pub(crate) struct Taken {
    pub(crate) received: Received,
    /// What it says, if it was looked into.
    pub(crate) acknowledgement: Option<acknowledgement::Reading>,
}

/// Why the documents of a submission were not taken.
pub(crate) enum Untaken {
    /// The request itself cannot be read to its end.
    Refused(Refused),
    /// A document is missing or cannot be kept; the request was read to its end.
    Faults(Vec<xds_model::Fault>),
}

impl From<Refused> for Untaken {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Fault> for Untaken {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault.into())
    }
}

impl Intake<'_> {
    /// Takes every document, those in the message first, then those in parts. `Ok` only when the
    /// message was read to its end: before that nothing of it may take effect (ITI TF-2 Appendix V).
    ///
    /// The result is in the order of `expected`. Parts that nobody refers to are dropped unread.
    pub(crate) async fn take(
        &self,
        expected: &[Expected<'_>],
        parts: Option<&mut Parts>,
    ) -> Result<Vec<Taken>, Untaken> {
        let root = parts.as_ref().and_then(|parts| parts.root_content_id().cloned());
        let mut includes = Includes::new(root);
        let mut taken: Vec<Option<Taken>> = expected.iter().map(|_| None).collect();
        let mut failed = Vec::new();
        for (position, expected) in expected.iter().enumerate() {
            match xop_include(expected.document.element)? {
                Some(cid) => includes.add(cid, position)?,
                None if failed.is_empty() => match self.inline(expected, &taken).await? {
                    Ok(document) => put(&mut taken, position, document),
                    Err(error) => failed.push(store_fault(expected, &error)),
                },
                None => {}
            }
        }
        if let Some(parts) = parts {
            self.parts(expected, parts, &mut includes, &mut taken, &mut failed)
                .await?;
        }
        for position in includes.unclaimed() {
            failed.extend(expected.get(*position).map(missing));
        }
        let taken: Option<Vec<Taken>> = taken.into_iter().collect();
        match taken {
            Some(taken) if failed.is_empty() => Ok(taken),
            _ => Err(Untaken::Faults(failed)),
        }
    }

    async fn inline(
        &self,
        expected: &Expected<'_>,
        taken: &[Option<Taken>],
    ) -> Result<Result<Taken, StoreError>, Refused> {
        let content = inline::decoded(expected.document.element)?;
        match self.one(content, expected, taken).await {
            Ok(taken) => Ok(Ok(taken)),
            Err(ReceiveError::Store(error)) => Ok(Err(error)),
            Err(ReceiveError::Incoming(fault)) => Err(fault.into()),
        }
    }

    async fn parts(
        &self,
        expected: &[Expected<'_>],
        parts: &mut Parts,
        includes: &mut Includes<usize>,
        taken: &mut [Option<Taken>],
        failed: &mut Vec<xds_model::Fault>,
    ) -> Result<(), Refused> {
        while let Some(event) = parts.next().await? {
            // What is not taken is passed over piece by piece.
            let PartEvent::Start(headers) = event else {
                continue;
            };
            let Some(position) = includes.claim(headers.content_id.as_ref())?.copied() else {
                continue;
            };
            let (Some(expected), true) = (expected.get(position), failed.is_empty()) else {
                continue;
            };
            match self.one(content_of(parts), expected, taken).await {
                Ok(document) => put(taken, position, document),
                Err(ReceiveError::Store(error)) => failed.push(store_fault(expected, &error)),
                Err(ReceiveError::Incoming(refused)) => return Err(refused),
            }
        }
        Ok(())
    }

    /// Takes one document, and looks into it on the way if it is an acknowledgement.
    async fn one<E>(
        &self,
        content: impl stream::Stream<Item = Result<bytes::Bytes, E>>,
        expected: &Expected<'_>,
        taken: &[Option<Taken>],
    ) -> Result<Taken, ReceiveError<E>> {
        let mut head = expected.is_acknowledgement.then(Head::default);
        let content = kept(content, head.as_mut());
        let received = self
            .store
            .receive(content, &self.options(expected, taken))
            .await?;
        Ok(Taken {
            received,
            acknowledgement: head.as_ref().map(acknowledgement::read),
        })
    }

    fn options(&self, expected: &Expected<'_>, taken: &[Option<Taken>]) -> ReceiveOptions {
        let taken = taken.iter().flatten();
        let held: usize = taken.map(|taken| taken.received.carried_bytes()).sum();
        ReceiveOptions {
            size_max: self.size_max,
            mime_type: Some(expected.mime_type.clone()),
            carried_bytes_max: SUBMISSION_CARRIED_MAX.saturating_sub(held).min(CARRIED_BYTES_MAX),
        }
    }
}

/// Reads a message to its end without taking anything, so that a client that first sends and then reads
/// gets its answer.
pub(crate) async fn pass_over(parts: Option<&mut Parts>) -> Result<(), Refused> {
    if let Some(parts) = parts {
        while parts.next().await?.is_some() {}
    }
    Ok(())
}

/// The content of the part that has begun.
fn content_of(parts: &mut Parts) -> impl stream::Stream<Item = Result<bytes::Bytes, Refused>> {
    stream::try_unfold(parts, |parts| async move {
        match parts.next().await? {
            Some(PartEvent::Data(data)) => Ok(Some((data, parts))),
            _ => Ok(None),
        }
    })
}

fn put(taken: &mut [Option<Taken>], position: usize, document: Taken) {
    if let Some(place) = taken.get_mut(position) {
        *place = Some(document);
    }
}

fn missing(expected: &Expected<'_>) -> xds_model::Fault {
    let document = expected.document;
    xds_model::Fault::new(RuleId::MissingDocument, document.element.path(), document.id)
}

fn store_fault(expected: &Expected<'_>, error: &StoreError) -> xds_model::Fault {
    log_store(error);
    xds_model::Fault::new(
        error.rule(),
        expected.document.element.path(),
        expected.document.id,
    )
}

/// Tells the operator of a failure that is not the sender's.
pub(crate) fn log_store(error: &StoreError) {
    match error {
        StoreError::TooLarge { .. } | StoreError::Busy => tracing::info!(%error, "a document was not taken"),
        _ => tracing::error!(%error, "alarm: the document store failed"),
    }
}
