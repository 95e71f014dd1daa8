use memchr::{memchr_iter, memrchr};

/// Why a document was refused, and where. Holds no text of the document.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{kind} (line {line}, column {column})")]
pub struct XmlError {
    kind: XmlErrorKind,
    offset: usize,
    line: usize,
    column: usize,
}

impl XmlError {
    pub(crate) fn new(kind: XmlErrorKind, input: &[u8], offset: usize) -> Self {
        let (line, column) = place(input, offset);
        Self {
            kind,
            offset,
            line,
            column,
        }
    }

    /// The rule that was broken.
    pub fn kind(&self) -> XmlErrorKind {
        self.kind
    }

    /// Bytes from the start of the input to the place of the fault.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Line of the fault, the first being 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// Column of the fault in bytes, the first being 1.
    pub fn column(&self) -> usize {
        self.column
    }
}

/// Line and column of a byte, both from 1.
pub(crate) fn place(input: &[u8], offset: usize) -> (usize, usize) {
    let before = input.get(..offset).unwrap_or(input);
    let line = memchr_iter(b'\n', before).count().saturating_add(1);
    let line_start = memrchr(b'\n', before).map_or(0, |newline| newline.saturating_add(1));
    (line, before.len().saturating_sub(line_start).saturating_add(1))
}

/// The rules of the door, one variant each.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum XmlErrorKind {
    /// More bytes than [`Limits::document_bytes_max`](crate::Limits::document_bytes_max).
    #[error("the document is too large")]
    DocumentTooLarge,
    /// Bytes that are no UTF-8: overlong forms and surrogates included.
    #[error("the document is not UTF-8")]
    NotUtf8,
    /// The declaration or the first bytes announce an encoding other than UTF-8.
    #[error("only UTF-8 is accepted")]
    UnsupportedEncoding,
    /// U+FEFF anywhere but at the very start.
    #[error("a byte order mark stands inside the document")]
    MisplacedByteOrderMark,
    /// A character that XML 1.0 section 2.2 excludes.
    #[error("a character that XML does not allow")]
    ForbiddenCharacter,
    /// A character reference to a character that XML 1.0 section 2.2 excludes.
    #[error("a reference to a character that XML does not allow")]
    ForbiddenCharacterReference,
    /// No root element.
    #[error("the document has no root element")]
    NoRoot,
    /// A second element after the root.
    #[error("a second root element")]
    SecondRoot,
    /// Characters, references or CDATA outside the root.
    #[error("text outside the root element")]
    TextOutsideRoot,
    /// A document type declaration; never accepted.
    #[error("a document type declaration")]
    Doctype,
    /// A processing instruction; never accepted.
    #[error("a processing instruction")]
    ProcessingInstruction,
    /// An XML declaration that is not at the very start.
    #[error("an XML declaration that is not at the start")]
    MisplacedDeclaration,
    /// An XML declaration against XML 1.0 section 2.8.
    #[error("a malformed XML declaration")]
    MalformedDeclaration,
    /// A version other than 1.0.
    #[error("an XML version other than 1.0")]
    UnsupportedVersion,
    /// A tag, comment or section that does not end.
    #[error("markup that is not closed")]
    UnclosedMarkup,
    /// `<` followed by nothing that XML knows.
    #[error("malformed markup")]
    MalformedMarkup,
    /// `--` inside a comment.
    #[error("a double hyphen in a comment")]
    DoubleHyphenInComment,
    /// `]]>` in text.
    #[error("the end of a CDATA section in text")]
    CDataEndInText,
    /// An element that is still open at the end.
    #[error("an element that is not closed")]
    UnclosedElement,
    /// An end tag that closes nothing, or something else.
    #[error("an end tag that does not match")]
    MismatchedEndTag,
    /// An end tag with attributes.
    #[error("an attribute in an end tag")]
    AttributeInEndTag,
    /// A name against XML 1.0 section 2.3.
    #[error("an invalid name")]
    InvalidName,
    /// A name with two colons, or with nothing before or after the colon.
    #[error("an invalid qualified name")]
    InvalidQualifiedName,
    /// The same expanded name twice on one element.
    #[error("an attribute stands twice")]
    DuplicateAttribute,
    /// The same prefix declared twice on one element.
    #[error("a namespace prefix is declared twice")]
    DuplicateNamespaceDeclaration,
    /// `<` in an attribute value.
    #[error("a less-than sign in an attribute value")]
    LessThanInAttribute,
    /// An attribute value without quotes.
    #[error("an attribute value without quotes")]
    UnquotedAttribute,
    /// An attribute name without a value.
    #[error("an attribute without a value")]
    AttributeWithoutValue,
    /// Two attributes with no white space between.
    #[error("no white space between attributes")]
    MissingSpaceBetweenAttributes,
    /// An ampersand that starts no reference.
    #[error("a malformed reference")]
    MalformedReference,
    /// A reference to an entity other than the five that XML defines.
    #[error("an undefined entity")]
    UndefinedEntity,
    /// A prefix that nothing binds.
    #[error("an undeclared namespace prefix")]
    UndeclaredPrefix,
    /// `xmlns:p=""`, which only XML 1.1 allows.
    #[error("a namespace prefix bound to nothing")]
    EmptyNamespace,
    /// The prefixes `xml` and `xmlns`, or their namespaces, bound otherwise.
    #[error("a reserved namespace prefix or name is bound")]
    ReservedNamespace,
    /// See [`Limits::depth_max`](crate::Limits::depth_max).
    #[error("elements are nested too deep")]
    TooDeep,
    /// See [`Limits::elements_max`](crate::Limits::elements_max).
    #[error("too many elements")]
    TooManyElements,
    /// See [`Limits::attributes_max`](crate::Limits::attributes_max).
    #[error("too many attributes")]
    TooManyAttributes,
    /// See [`Limits::namespaces_max`](crate::Limits::namespaces_max) and
    /// [`Limits::namespaces_in_scope_max`](crate::Limits::namespaces_in_scope_max).
    #[error("too many namespace declarations")]
    TooManyNamespaces,
    /// See [`Limits::attribute_bytes_max`](crate::Limits::attribute_bytes_max).
    #[error("an attribute value is too long")]
    AttributeTooLong,
    /// See [`Limits::text_bytes_max`](crate::Limits::text_bytes_max).
    #[error("a text is too long")]
    TextTooLong,
    /// See [`Limits::name_bytes_max`](crate::Limits::name_bytes_max).
    #[error("a name is too long")]
    NameTooLong,
}

impl XmlErrorKind {
    /// Whether one of the [`Limits`](crate::Limits) was exceeded, not a rule of XML broken.
    pub fn is_limit(self) -> bool {
        matches!(
            self,
            Self::DocumentTooLarge
                | Self::TooDeep
                | Self::TooManyElements
                | Self::TooManyAttributes
                | Self::TooManyNamespaces
                | Self::AttributeTooLong
                | Self::TextTooLong
                | Self::NameTooLong
        )
    }
}
