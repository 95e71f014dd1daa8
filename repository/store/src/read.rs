//! Reading a document: decrypted, expanded and verified while it streams out.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, stream};

use crate::cipher::{Decompressor, Decryptor, STEP};
use crate::error::StoreError;
use crate::layout;
use crate::pointer::{Place, StoredDocument};
use crate::store::DocumentStore;

/// Plain bytes in a piece, about: small enough to stay in the processor's cache from one step to the next
/// (decryption, expansion, hash, TLS).
const PIECE: usize = 32 * 1024;

impl DocumentStore {
    /// Starts reading a document's bytes.
    ///
    /// # Errors
    /// The backend's failure, or [`StoreError::Damaged`] when the bytes are gone.
    pub async fn read(&self, document: &StoredDocument) -> Result<DocumentReader, StoreError> {
        let (stored, piece) = match &document.place {
            Place::Blob => (
                self.backend().read(&layout::blob(document.blob)).await?,
                Bytes::new(),
            ),
            Place::Pointer(Some(bytes)) => (stream::empty().boxed(), bytes.clone()),
            Place::Pointer(None) => (stream::empty().boxed(), self.carried(document).await?),
        };
        Ok(DocumentReader {
            store: self.clone(),
            stored: Some(stored),
            piece,
            decryptor: Decryptor::start(document.blob),
            decompressor: None,
            compressed: Vec::new(),
            digest: Context::new(&SHA256),
            size: 0,
            expected: (document.size, document.sha256),
            held: Bytes::new(),
            done: false,
        })
    }
}

/// A document on its way out.
///
/// Every byte given out was authenticated; the last piece is withheld until size and SHA-256 of the
/// whole are right. So a reader that gets to the end has the document, and one that gets an error has
/// at most a true beginning of it. A document of one piece is verified wholly before any byte is out.
pub struct DocumentReader {
    store: DocumentStore,
    /// None when all stored bytes were read.
    stored: Option<BoxStream<'static, Result<Bytes, StoreError>>>,
    /// Stored bytes read, not yet decrypted: a backend gives pieces of any size.
    piece: Bytes,
    decryptor: Decryptor,
    decompressor: Option<Decompressor>,
    /// Decrypted, not yet expanded.
    compressed: Vec<u8>,
    digest: Context,
    size: u64,
    expected: (u64, [u8; 32]),
    held: Bytes,
    done: bool,
}

impl DocumentReader {
    /// The next piece, none at the verified end.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or the backend's failure; after an error there is nothing more to read.
    pub async fn next_piece(&mut self) -> Result<Option<Bytes>, StoreError> {
        if self.done {
            return Ok(None);
        }
        let piece = self.step().await;
        if !matches!(piece, Ok(Some(_))) {
            self.done = true;
        }
        piece
    }

    /// The document as a stream of pieces.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, StoreError>> + Send {
        futures_util::stream::try_unfold(self, |mut reader| async move {
            Ok(reader.next_piece().await?.map(|piece| (piece, reader)))
        })
    }

    async fn step(&mut self) -> Result<Option<Bytes>, StoreError> {
        loop {
            let piece = self.plain_piece().await?;
            if piece.is_empty() {
                self.verify_whole()?;
                let last = std::mem::take(&mut self.held);
                self.done = true;
                return Ok((!last.is_empty()).then_some(last));
            }
            self.digest.update(&piece);
            self.size = self.size.saturating_add(piece.len() as u64);
            if self.size > self.expected.0 {
                return Err(StoreError::Damaged("a document is longer than recorded"));
            }
            let ready = std::mem::replace(&mut self.held, piece);
            if !ready.is_empty() {
                return Ok(Some(ready));
            }
        }
    }

    fn verify_whole(&mut self) -> Result<(), StoreError> {
        let hash = std::mem::replace(&mut self.digest, Context::new(&SHA256)).finish();
        if self.size == self.expected.0 && hash.as_ref() == self.expected.1 {
            Ok(())
        } else {
            Err(StoreError::Damaged("a document is not the one that was recorded"))
        }
    }

    /// The next plain bytes; none at the end.
    async fn plain_piece(&mut self) -> Result<Bytes, StoreError> {
        loop {
            if self.decompressor.is_some() {
                let mut out = Vec::with_capacity(self.room());
                self.expand(&mut out)?;
                if !out.is_empty() {
                    return Ok(out.into());
                }
            }
            let mut out = Vec::new();
            let at_end = self.stored.is_none();
            if at_end {
                return self.check_end().map(|()| Bytes::new());
            }
            self.decrypt(&mut out).await?;
            if !self.decryptor.compressed() {
                if !out.is_empty() {
                    return Ok(out.into());
                }
                continue;
            }
            if self.decompressor.is_none() {
                self.decompressor = Some(Decompressor::new()?);
            }
            self.compressed = out;
        }
    }

    /// Decrypts the next stored bytes, a piece at most.
    async fn decrypt(&mut self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        if self.piece.is_empty()
            && let Some(stored) = &mut self.stored
        {
            match stored.next().await.transpose()? {
                Some(piece) => self.piece = piece,
                None => self.stored = None,
            }
        }
        let keys = self.store.keys();
        if self.stored.is_none() {
            return self.decryptor.finish(keys, out);
        }
        let piece = self.piece.split_to(self.piece.len().min(PIECE));
        out.reserve(piece.len());
        self.decryptor.push(keys, &piece, out)
    }

    /// Room for the next piece of an expanded document and what the decompressor wants beside it.
    fn room(&self) -> usize {
        let left = usize::try_from(self.expected.0.saturating_sub(self.size)).unwrap_or(PIECE);
        left.min(PIECE) + STEP
    }

    fn expand(&mut self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        let Some(decompressor) = &mut self.decompressor else {
            return Ok(());
        };
        let used = decompressor.expand(&self.compressed, out, PIECE)?;
        self.compressed.drain(..used);
        Ok(())
    }

    fn check_end(&self) -> Result<(), StoreError> {
        match &self.decompressor {
            Some(decompressor) if !decompressor.at_end() || !self.compressed.is_empty() => {
                Err(StoreError::Damaged("a compressed document is cut"))
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for DocumentReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DocumentReader")
            .field("read", &self.size)
            .field("size", &self.expected.0)
            .finish_non_exhaustive()
    }
}
