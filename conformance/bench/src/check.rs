//! Whether an answer is right.

use memchr::memmem;

use crate::content::Hash;

/// Bytes of an answer that are kept to be looked at: more than any answer without a document has.
const KEPT_BYTES_MAX: usize = 4 << 20;

/// What an answer must be.
#[derive(Clone, Debug)]
pub(crate) enum Expect {
    /// A RegistryResponse with the status Success.
    Success,
    /// The same, with so many DocumentEntries.
    Leaves(usize),
    /// The same, with so many ObjectRefs.
    References(usize),
    /// The same, in the root of a multipart message whose second part is this document.
    Document {
        /// Its length.
        bytes: u64,
        /// Its SHA-1.
        sha1: [u8; 20],
    },
    /// So many bytes of any kind.
    Filler {
        /// How many.
        bytes: u64,
        /// Whether they are hashed, as those of a document are.
        hashed: bool,
    },
}

/// What is wrong with an answer.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Wrong {
    /// An HTTP status other than 200.
    #[error("HTTP status {0}; {1}")]
    Status(u16, String),
    /// No Success.
    #[error("no Success; {0}")]
    NoSuccess(String),
    /// Too many or too few objects.
    #[error("{got} objects, not {want}")]
    Objects {
        /// As many as there must be.
        want: usize,
        /// As many as there are.
        got: usize,
    },
    /// Another number of bytes.
    #[error("{got} bytes, not {want}")]
    Length {
        /// As many as there must be.
        want: u64,
        /// As many as came.
        got: u64,
    },
    /// A document with another hash.
    #[error("the document's hash is another")]
    Hash,
    /// A multipart message without the document.
    #[error("no document in the answer")]
    NoDocument,
    /// An answer that does not end.
    #[error("the answer is too long")]
    TooLong,
}

/// Looks at an answer as it comes.
pub(crate) struct Checker {
    status: u16,
    expect: Expect,
    /// The answer up to the document, or all of it.
    kept: Vec<u8>,
    hash: Hash,
    /// Bytes of the document, or of filler.
    got: u64,
    /// Whether `kept` is all that comes before the document.
    in_document: bool,
    /// What comes behind the document.
    after: Vec<u8>,
}

impl Checker {
    pub(crate) fn new(status: u16, expect: Expect) -> Self {
        Self {
            status,
            expect,
            kept: Vec::new(),
            hash: Hash::new(),
            got: 0,
            in_document: false,
            after: Vec::new(),
        }
    }

    /// The next bytes.
    ///
    /// # Errors
    /// [`Wrong::TooLong`].
    pub(crate) fn piece(&mut self, piece: &[u8]) -> Result<(), Wrong> {
        match self.expect {
            Expect::Filler { hashed, .. } if self.status == 200 => {
                if hashed {
                    self.hash.update(piece);
                }
                self.got += piece.len() as u64;
                Ok(())
            }
            Expect::Document { bytes, .. } if self.in_document => self.document(piece, bytes),
            Expect::Document { bytes, .. } => {
                keep(&mut self.kept, piece)?;
                let Some(begin) = document_begin(&self.kept) else {
                    return Ok(());
                };
                let rest = self.kept.split_off(begin);
                self.in_document = true;
                self.document(&rest, bytes)
            }
            _ => keep(&mut self.kept, piece),
        }
    }

    fn document(&mut self, piece: &[u8], bytes: u64) -> Result<(), Wrong> {
        let left = usize::try_from(bytes - self.got).unwrap_or(usize::MAX);
        let (document, after) = piece.split_at_checked(left).unwrap_or((piece, &[]));
        self.hash.update(document);
        self.got += document.len() as u64;
        keep(&mut self.after, after)
    }

    /// Judges the whole.
    ///
    /// # Errors
    /// See [`Wrong`].
    pub(crate) fn finish(self) -> Result<(), Wrong> {
        if self.status != 200 {
            return Err(Wrong::Status(self.status, beginning(&self.kept)));
        }
        match self.expect {
            Expect::Filler { bytes, .. } => exactly(bytes, self.got),
            Expect::Success => success(&self.kept),
            Expect::Leaves(want) => {
                success(&self.kept)?;
                objects(want, &self.kept, "ExtrinsicObject ")
            }
            Expect::References(want) => {
                success(&self.kept)?;
                objects(want, &self.kept, "ObjectRef ")
            }
            Expect::Document { bytes, sha1 } => {
                success(&self.kept)?;
                if !self.in_document {
                    return Err(Wrong::NoDocument);
                }
                exactly(bytes, self.got)?;
                // A longer document would have its end behind our count.
                if !is_boundary(&self.after, &self.kept) {
                    let got = bytes + self.after.len() as u64;
                    return Err(Wrong::Length { want: bytes, got });
                }
                if self.hash.finish() == sha1 {
                    Ok(())
                } else {
                    Err(Wrong::Hash)
                }
            }
        }
    }
}

fn keep(kept: &mut Vec<u8>, piece: &[u8]) -> Result<(), Wrong> {
    if kept.len() + piece.len() > KEPT_BYTES_MAX {
        return Err(Wrong::TooLong);
    }
    kept.extend_from_slice(piece);
    Ok(())
}

fn exactly(want: u64, got: u64) -> Result<(), Wrong> {
    if want == got {
        Ok(())
    } else {
        Err(Wrong::Length { want, got })
    }
}

fn success(answer: &[u8]) -> Result<(), Wrong> {
    match memmem::find(answer, b"ResponseStatusType:Success\"") {
        Some(_) => Ok(()),
        None => Err(Wrong::NoSuccess(beginning(answer))),
    }
}

/// Counts start tags of a name, whatever its prefix.
fn objects(want: usize, answer: &[u8], name: &str) -> Result<(), Wrong> {
    let before = |at: usize| at.checked_sub(1).and_then(|at| answer.get(at));
    let got = memmem::find_iter(answer, name.as_bytes())
        .filter(|at| matches!(before(*at), Some(b':' | b'<')))
        .count();
    if want == got {
        Ok(())
    } else {
        Err(Wrong::Objects { want, got })
    }
}

/// Where the second part of a multipart message has its first byte, once it is there.
fn document_begin(message: &[u8]) -> Option<usize> {
    let delimiter = delimiter(message)?;
    let second = delimiter.len() + memmem::find(message.get(delimiter.len()..)?, delimiter)?;
    let head = message.get(second..)?;
    Some(second + memmem::find(head, b"\r\n\r\n")? + 4)
}

/// The first line of a multipart message: two hyphens and the boundary.
fn delimiter(message: &[u8]) -> Option<&[u8]> {
    let line = message.get(..memmem::find(message, b"\r\n")?)?;
    line.starts_with(b"--").then_some(line)
}

fn is_boundary(after: &[u8], message: &[u8]) -> bool {
    let behind = after.strip_prefix(b"\r\n");
    matches!((behind, delimiter(message)), (Some(behind), Some(line)) if behind.starts_with(line))
}

/// The answer from its body on, for a person to see what a server does not like. The data are made up.
fn beginning(answer: &[u8]) -> String {
    let from = memmem::find(answer, b"Body>").unwrap_or_default();
    let shown = answer.get(from..).unwrap_or_default();
    String::from_utf8_lossy(shown).chars().take(600).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Content;

    const SUCCESS: &str = "<x status=\"urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success\">";

    fn judge(expect: &Expect, answer: &[u8], pieces: usize) -> Result<(), Wrong> {
        let mut checker = Checker::new(200, expect.clone());
        for piece in answer.chunks(pieces) {
            checker.piece(piece)?;
        }
        checker.finish()
    }

    #[test]
    fn only_success_is_success() {
        assert_eq!(judge(&Expect::Success, SUCCESS.as_bytes(), 7), Ok(()));
        let partial = SUCCESS.replace("Success", "PartialSuccess");
        assert!(matches!(
            judge(&Expect::Success, partial.as_bytes(), 7),
            Err(Wrong::NoSuccess(_))
        ));
        let mut checker = Checker::new(500, Expect::Success);
        checker.piece(SUCCESS.as_bytes()).unwrap();
        assert!(matches!(checker.finish(), Err(Wrong::Status(500, _))));
    }

    #[test]
    fn objects_are_counted_by_their_start_tags() {
        let answer = format!(
            "{SUCCESS}<rim:ExtrinsicObject id=\"ExtrinsicObject a\"></rim:ExtrinsicObject><ExtrinsicObject id>"
        );
        assert_eq!(judge(&Expect::Leaves(2), answer.as_bytes(), 9), Ok(()));
        let wrong = judge(&Expect::Leaves(3), answer.as_bytes(), 9);
        assert_eq!(wrong, Err(Wrong::Objects { want: 3, got: 2 }));
        assert_eq!(judge(&Expect::References(0), answer.as_bytes(), 9), Ok(()));
    }

    fn message(document: &[u8]) -> Vec<u8> {
        let head = format!("--b\r\nA: b\r\n\r\n{SUCCESS}\r\n--b\r\nContent-ID: <c>\r\n\r\n");
        [head.as_bytes(), document, b"\r\n--b--\r\n"].concat()
    }

    #[test]
    fn a_document_is_found_whatever_the_pieces() {
        let content = Content::new(5_000);
        let expect = Expect::Document {
            bytes: content.bytes,
            sha1: content.sha1,
        };
        let answer = message(&content.pieces.concat());
        for pieces in [1, 2, 3, 100, 4_999, 100_000] {
            assert_eq!(judge(&expect, &answer, pieces), Ok(()));
        }
    }

    #[test]
    fn another_document_is_wrong() {
        let content = Content::new(5_000);
        let expect = Expect::Document {
            bytes: content.bytes,
            sha1: content.sha1,
        };
        let bytes = content.pieces.concat();
        let mut changed = bytes.clone();
        changed[77] ^= 1;
        assert_eq!(judge(&expect, &message(&changed), 99), Err(Wrong::Hash));
        let shorter = judge(&expect, &message(&bytes[1..]), 99);
        assert!(matches!(shorter, Err(Wrong::Length { want: 5_000, .. })));
        let longer = judge(&expect, &message(&[&bytes[..], b"x"].concat()), 99);
        assert!(matches!(longer, Err(Wrong::Length { want: 5_000, .. })));
        let none = format!("--b\r\n\r\n{SUCCESS}\r\n--b--\r\n");
        assert_eq!(judge(&expect, none.as_bytes(), 99), Err(Wrong::NoDocument));
    }

    #[test]
    fn filler_is_counted_and_answers_have_an_end() {
        let expect = Expect::Filler {
            bytes: 10,
            hashed: true,
        };
        assert_eq!(judge(&expect, b"0123456789", 3), Ok(()));
        assert_eq!(
            judge(&expect, b"012345678", 3),
            Err(Wrong::Length { want: 10, got: 9 })
        );
        let endless = vec![b' '; KEPT_BYTES_MAX + 1];
        assert_eq!(judge(&Expect::Success, &endless, 65_536), Err(Wrong::TooLong));
    }
}
