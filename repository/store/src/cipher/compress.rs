//! Zstandard in a stream, with a window small enough that many documents can pass at once.

use zstd::stream::raw::{CParameter, DParameter, Decoder, Encoder, InBuffer, Operation, OutBuffer};

use crate::error::StoreError;

const LEVEL: i32 = 3;
/// A window of 256 KiB: about 1 MiB of memory for a document on its way in, half of it on its way out.
const WINDOW_LOG: u32 = 18;
/// Room that a step of the (de)compressor gets.
pub(crate) const STEP: usize = 32 * 1024;

/// Compresses what is pushed.
pub(crate) struct Compressor(Encoder<'static>);

impl Compressor {
    /// For content of this size, if it is known: a small document then takes small tables, whose clearing
    /// costs more than its compression.
    pub(crate) fn new(size: Option<usize>) -> Result<Self, StoreError> {
        let mut encoder = Encoder::new(LEVEL).map_err(failed)?;
        encoder
            .set_parameter(CParameter::WindowLog(WINDOW_LOG))
            .map_err(failed)?;
        encoder
            .set_pledged_src_size(size.map(|size| size as u64))
            .map_err(failed)?;
        Ok(Self(encoder))
    }

    /// Compresses `plain`, appending to `out` what is ready.
    pub(crate) fn push(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), StoreError> {
        let mut input = InBuffer::around(plain);
        while input.pos() < plain.len() {
            append(out, |to| self.0.run(&mut input, to))?;
        }
        Ok(())
    }

    /// Appends everything pushed so far to `out`.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        while append(out, |to| self.0.flush(to))? > 0 {}
        Ok(())
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), StoreError> {
        while append(out, |to| self.0.finish(to, true))? > 0 {}
        Ok(())
    }
}

/// Expands what is pushed, never more of it at a time than asked for.
pub(crate) struct Decompressor {
    decoder: Decoder<'static>,
    at_end: bool,
}

impl Decompressor {
    pub(crate) fn new() -> Result<Self, StoreError> {
        let mut decoder = Decoder::new().map_err(failed)?;
        decoder
            .set_parameter(DParameter::WindowLogMax(WINDOW_LOG))
            .map_err(failed)?;
        Ok(Self {
            decoder,
            at_end: false,
        })
    }

    /// Expands from the start of `input` until it is used up or `out` has `len_max` bytes or more
    /// (by less than one step). Returns how many bytes of `input` were used.
    pub(crate) fn expand(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        len_max: usize,
    ) -> Result<usize, StoreError> {
        let mut from = InBuffer::around(input);
        while out.len() < len_max {
            let (used, len) = (from.pos(), out.len());
            if self.at_end && used < input.len() {
                return Err(DAMAGED);
            }
            if !self.at_end {
                let hint = append(out, |to| self.decoder.run(&mut from, to)).map_err(|_| DAMAGED)?;
                self.at_end = hint == 0;
            }
            if from.pos() == used && out.len() == len {
                break;
            }
        }
        Ok(from.pos())
    }

    /// Whether the stream came to its end.
    pub(crate) fn at_end(&self) -> bool {
        self.at_end
    }
}

const DAMAGED: StoreError = StoreError::Damaged("a compressed document does not expand");

/// Runs `step` with room for [`STEP`] more bytes behind those in `out`.
fn append<F>(out: &mut Vec<u8>, step: F) -> Result<usize, StoreError>
where
    F: FnOnce(&mut OutBuffer<'_, Vec<u8>>) -> std::io::Result<usize>,
{
    out.reserve(STEP);
    let start = out.len();
    step(&mut OutBuffer::around_pos(out, start)).map_err(failed)
}

fn failed(_: std::io::Error) -> StoreError {
    StoreError::Internal("compression")
}

/// Whether content of this mimeType is compressed by its own format, so that trying is in vain.
pub(crate) fn is_compressed_type(mime_type: &str) -> bool {
    let essence = mime_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    matches!(
        essence.as_str(),
        "image/jpeg"
            | "image/png"
            | "image/gif"
            | "image/webp"
            | "image/jp2"
            | "image/heic"
            | "application/zip"
            | "application/gzip"
            | "application/zstd"
            | "application/x-7z-compressed"
            | "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            | "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    ) || essence.starts_with("video/")
        || (essence.starts_with("audio/") && !essence.ends_with("wav"))
}
