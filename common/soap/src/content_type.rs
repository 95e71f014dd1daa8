//! The Content-Type of a message, read strictly: what decides how the body is cut into parts must have
//! one reading only.

/// How a message travels (ITI TF-2 Appendix V.3).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Packaging {
    /// One SOAP envelope, `application/soap+xml`.
    Simple,
    /// MTOM/XOP: multipart/related with the envelope as its root part.
    Mtom {
        /// The boundary between the parts: 1 to 70 characters of RFC 2046 section 5.1.1.
        boundary: String,
        /// The `start` parameter as sent: the Content-ID of the root part.
        start: Option<String>,
    },
}

impl Packaging {
    /// Reads the value of an HTTP Content-Type header.
    ///
    /// # Errors
    /// See [`ContentTypeError`]; its [`refusal`](ContentTypeError::refusal) says how to answer.
    pub fn parse(header: &str) -> Result<Self, ContentTypeError> {
        let media = MediaType::parse(header)?;
        media.require_utf8()?;
        match media.essence.as_str() {
            SOAP => Ok(Self::Simple),
            "multipart/related" => mtom(&media),
            "text/xml" => Err(ContentTypeError::Soap11),
            _ => Err(ContentTypeError::UnsupportedMediaType),
        }
    }

    /// Whether it is multipart.
    pub fn is_mtom(&self) -> bool {
        matches!(self, Self::Mtom { .. })
    }
}

/// The Content-Type header of a SIMPLE message of ours; faults included.
pub const SIMPLE_CONTENT_TYPE: &str = "application/soap+xml; charset=UTF-8";

/// Why a Content-Type was refused. Holds nothing that the client wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ContentTypeError {
    /// Neither SOAP 1.2 nor multipart/related.
    #[error("the media type must be application/soap+xml or multipart/related")]
    UnsupportedMediaType,
    /// `text/xml`, the media type of SOAP 1.1.
    #[error("text/xml is the media type of SOAP 1.1; SOAP 1.2 is application/soap+xml")]
    Soap11,
    /// Against the grammar of RFC 9110 section 8.3.1, or longer than any honest header.
    #[error("the Content-Type is malformed")]
    Malformed,
    /// The same parameter name twice, in any case.
    #[error("a parameter of the Content-Type stands twice")]
    DuplicateParameter,
    /// A charset other than UTF-8.
    #[error("the charset must be UTF-8")]
    Charset,
    /// `multipart/related` without a boundary.
    #[error("the boundary parameter is missing")]
    MissingBoundary,
    /// Empty, more than 70 characters, an excluded character, or a blank at the end.
    #[error("the boundary parameter is malformed")]
    MalformedBoundary,
    /// The `type` parameter is missing or is not `application/xop+xml`.
    #[error("the type parameter of multipart/related must be application/xop+xml")]
    NotXop,
    /// The `start-info` parameter names something else than SOAP 1.2, or the root part does.
    #[error("the SOAP type of the root part must be application/soap+xml")]
    NotSoap12,
}

/// How a refused Content-Type is answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// HTTP status 415.
    UnsupportedMediaType,
    /// A SOAP fault Sender.
    SenderFault,
    /// Read the envelope: a SOAP 1.1 one gets the fault VersionMismatch, anything else HTTP status 415.
    ReadEnvelope,
}

impl ContentTypeError {
    /// How to answer.
    pub fn refusal(self) -> Refusal {
        match self {
            Self::UnsupportedMediaType => Refusal::UnsupportedMediaType,
            Self::Soap11 => Refusal::ReadEnvelope,
            Self::Malformed
            | Self::DuplicateParameter
            | Self::Charset
            | Self::MissingBoundary
            | Self::MalformedBoundary
            | Self::NotXop
            | Self::NotSoap12 => Refusal::SenderFault,
        }
    }
}

const SOAP: &str = "application/soap+xml";
const XOP: &str = "application/xop+xml";
const BOUNDARY_CHARS_MAX: usize = 70;
const HEADER_BYTES_MAX: usize = 4096;
const PARAMETERS_MAX: usize = 32;

fn mtom(media: &MediaType) -> Result<Packaging, ContentTypeError> {
    let boundary = media
        .parameter("boundary")
        .ok_or(ContentTypeError::MissingBoundary)?;
    if !is_boundary(boundary) {
        return Err(ContentTypeError::MalformedBoundary);
    }
    if !media.parameter("type").is_some_and(|kind| is_essence(kind, XOP)) {
        return Err(ContentTypeError::NotXop);
    }
    // MTOM demands start-info, yet some toolkits leave it out; the root part names its type anyway.
    require_soap12(media.parameter("start-info"))?;
    Ok(Packaging::Mtom {
        boundary: boundary.to_owned(),
        start: media.parameter("start").map(str::to_owned),
    })
}

/// Whether the Content-Type of a part is that of the root of an XOP package holding SOAP 1.2 in UTF-8
/// (XOP section 4.1, MTOM section 3.2).
pub(crate) fn check_root_type(content_type: Option<&str>) -> Result<(), ContentTypeError> {
    let media = MediaType::parse(content_type.ok_or(ContentTypeError::NotXop)?)?;
    media.require_utf8()?;
    if media.essence != XOP {
        return Err(ContentTypeError::NotXop);
    }
    require_soap12(media.parameter("type"))
}

/// The part of a media type before its parameters, in lower case. `None` where there is none.
pub(crate) fn essence_of(content_type: &str) -> Option<String> {
    MediaType::parse(content_type).ok().map(|media| media.essence)
}

fn require_soap12(kind: Option<&str>) -> Result<(), ContentTypeError> {
    match kind {
        Some(kind) if !is_essence(kind, SOAP) => Err(ContentTypeError::NotSoap12),
        _ => Ok(()),
    }
}

/// Whether a parameter that holds a media type names `essence`; toolkits add an action parameter to it.
fn is_essence(value: &str, essence: &str) -> bool {
    MediaType::parse(value).is_ok_and(|media| media.essence == essence)
}

fn is_boundary(text: &str) -> bool {
    (1..=BOUNDARY_CHARS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&b))
        && !text.ends_with(' ')
}

/// A media type with its parameters (RFC 9110 section 8.3.1).
struct MediaType {
    /// `type/subtype` in lower case.
    essence: String,
    /// Names in lower case, each once.
    parameters: Vec<(String, String)>,
}

impl MediaType {
    fn parse(text: &str) -> Result<Self, ContentTypeError> {
        if text.len() > HEADER_BYTES_MAX {
            return Err(ContentTypeError::Malformed);
        }
        let mut scanner = Scanner { rest: text };
        scanner.blanks();
        let kind = scanner.token()?.to_ascii_lowercase();
        scanner.expect('/')?;
        let subtype = scanner.token()?.to_ascii_lowercase();
        let mut media = Self {
            essence: format!("{kind}/{subtype}"),
            parameters: Vec::new(),
        };
        while scanner.semicolon()? {
            media.read_parameter(&mut scanner)?;
        }
        Ok(media)
    }

    /// One `name=value`, or nothing: a semicolon may stand alone (RFC 9110 section 5.6.6).
    fn read_parameter(&mut self, scanner: &mut Scanner<'_>) -> Result<(), ContentTypeError> {
        if scanner.rest.is_empty() || scanner.rest.starts_with(';') {
            return Ok(());
        }
        let name = scanner.token()?.to_ascii_lowercase();
        scanner.expect('=')?;
        let value = scanner.value()?;
        if self.parameter(&name).is_some() {
            return Err(ContentTypeError::DuplicateParameter);
        }
        if self.parameters.len() >= PARAMETERS_MAX {
            return Err(ContentTypeError::Malformed);
        }
        self.parameters.push((name, value));
        Ok(())
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name)?;
        Some(&found.1)
    }

    fn require_utf8(&self) -> Result<(), ContentTypeError> {
        match self.parameter("charset") {
            Some(charset) if !charset.eq_ignore_ascii_case("utf-8") => Err(ContentTypeError::Charset),
            _ => Ok(()),
        }
    }
}

struct Scanner<'t> {
    rest: &'t str,
}

impl<'t> Scanner<'t> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn expect(&mut self, wanted: char) -> Result<(), ContentTypeError> {
        self.rest = self
            .rest
            .strip_prefix(wanted)
            .ok_or(ContentTypeError::Malformed)?;
        Ok(())
    }

    /// Passes over blanks and one semicolon; false at the end of the text.
    fn semicolon(&mut self) -> Result<bool, ContentTypeError> {
        self.blanks();
        if self.rest.is_empty() {
            return Ok(false);
        }
        self.expect(';')?;
        self.blanks();
        Ok(true)
    }

    fn token(&mut self) -> Result<&'t str, ContentTypeError> {
        let end = self
            .rest
            .bytes()
            .position(|b| !is_token_byte(b))
            .unwrap_or(self.rest.len());
        let (token, rest) = self
            .rest
            .split_at_checked(end)
            .ok_or(ContentTypeError::Malformed)?;
        if token.is_empty() {
            return Err(ContentTypeError::Malformed);
        }
        self.rest = rest;
        Ok(token)
    }

    fn value(&mut self) -> Result<String, ContentTypeError> {
        match self.rest.strip_prefix('"') {
            Some(rest) => {
                self.rest = rest;
                self.quoted()
            }
            None => self.token().map(str::to_owned),
        }
    }

    /// The rest of a quoted string whose opening quote has been read.
    fn quoted(&mut self) -> Result<String, ContentTypeError> {
        let mut value = String::new();
        let mut chars = self.rest.chars();
        loop {
            match chars.next().ok_or(ContentTypeError::Malformed)? {
                '"' => break,
                '\\' => value.push(visible(chars.next())?),
                other => value.push(visible(Some(other))?),
            }
        }
        self.rest = chars.as_str();
        Ok(value)
    }
}

fn visible(char: Option<char>) -> Result<char, ContentTypeError> {
    char.filter(|c| *c == '\t' || !c.is_control())
        .ok_or(ContentTypeError::Malformed)
}

/// `tchar` of RFC 9110 section 5.6.2.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
