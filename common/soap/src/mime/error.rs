/// Why a multipart message was refused. Holds nothing of the message.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum MimeError {
    /// The input ended before the closing delimiter.
    #[error("the multipart message ends without its closing delimiter")]
    MissingFinalDelimiter,
    /// A closing delimiter before any part.
    #[error("the multipart message has no part")]
    NoPart,
    /// A line that begins as a delimiter and goes on with something else than blanks.
    #[error("a line begins with the boundary but is no delimiter")]
    MalformedDelimiter,
    /// A delimiter among the headers of a part.
    #[error("a part has no blank line after its headers")]
    MissingBlankLine,
    /// A header line against RFC 5322 section 2.2.
    #[error("a part has a malformed header")]
    MalformedHeader,
    /// Content-ID, Content-Type or Content-Transfer-Encoding twice on one part.
    #[error("a part has the same header twice")]
    DuplicateHeader,
    /// A Content-ID that is empty or holds blanks or angle brackets.
    #[error("a part has a malformed Content-ID")]
    MalformedContentId,
    /// Two parts with one Content-ID.
    #[error("two parts have the same Content-ID")]
    DuplicateContentId,
    /// A part that is multipart itself.
    #[error("a part is multipart itself")]
    NestedMultipart,
    /// A Content-Transfer-Encoding other than binary, 8bit, 7bit and base64.
    #[error("the Content-Transfer-Encoding of a part is not supported")]
    UnsupportedTransferEncoding,
    /// Content in base64 that is none.
    #[error("a part in base64 has invalid content")]
    InvalidBase64,
    /// See [`MimeLimits::preamble_bytes_max`](crate::MimeLimits::preamble_bytes_max).
    #[error("too many bytes before the first delimiter")]
    PreambleTooLarge,
    /// See [`MimeLimits::parts_max`](crate::MimeLimits::parts_max).
    #[error("too many parts")]
    TooManyParts,
    /// See [`MimeLimits::header_bytes_max`](crate::MimeLimits::header_bytes_max).
    #[error("the headers of a part are too large")]
    HeadersTooLarge,
    /// See [`MimeLimits::header_lines_max`](crate::MimeLimits::header_lines_max).
    #[error("a part has too many header lines")]
    TooManyHeaderLines,
    /// See [`MimeLimits::part_bytes_max`](crate::MimeLimits::part_bytes_max).
    #[error("a part is too large")]
    PartTooLarge,
}

impl MimeError {
    /// Whether a limit was exceeded, not a rule of MIME broken.
    pub fn is_limit(self) -> bool {
        matches!(
            self,
            Self::PreambleTooLarge
                | Self::TooManyParts
                | Self::HeadersTooLarge
                | Self::TooManyHeaderLines
                | Self::PartTooLarge
        )
    }
}
