use crate::{
    Attributes, Limits,
    error::XmlError,
    scan::{Run, Scanner, Tag, Token},
    store::{Declarations, PrefixedAttributes, Span, Store},
};

/// Checked pull events over a document in memory, for one pass without a tree.
///
/// ```
/// use xds_xml::{Event, Limits, Reader};
///
/// let mut reader = Reader::new(b"<a>1<b/>2</a>", &Limits::default())?;
/// let mut text = String::new();
/// loop {
///     match reader.read()? {
///         Event::Text(piece) => text.push_str(piece.value()),
///         Event::Start(_) | Event::End => {}
///         Event::Eof => break,
///     }
/// }
/// assert_eq!(text, "12");
/// # Ok::<(), xds_xml::XmlError>(())
/// ```
pub struct Reader<'a> {
    scanner: Scanner<'a>,
    /// The token that ended a text.
    pending: Option<Token>,
    failed: Option<XmlError>,
}

impl<'a> Reader<'a> {
    /// Checks size, encoding and characters of the whole input, and stands before the first event.
    ///
    /// # Errors
    ///
    /// If the input is too large, no UTF-8, or holds a character that XML excludes.
    pub fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, XmlError> {
        Ok(Self {
            scanner: Scanner::new(bytes, limits)?,
            pending: None,
            failed: None,
        })
    }

    /// The next event. Until [`Event::Eof`] was seen the document is not known to be well formed: act on
    /// nothing before.
    ///
    /// # Errors
    ///
    /// The rule or limit broken next; then always the same error.
    pub fn read(&mut self) -> Result<Event<'_>, XmlError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let token = match self.next_token() {
            Ok(token) => token,
            Err(error) => {
                self.failed = Some(error);
                return Err(error);
            }
        };
        let store = &self.scanner.store;
        Ok(match token {
            Joined::Text(run) => Event::Text(Text {
                value: run.value().map_or("", |value| store.value(value)),
                commented: run.commented,
            }),
            Joined::Start(tag) => Event::Start(Start { store, tag }),
            Joined::End => Event::End,
            Joined::Eof => Event::Eof,
        })
    }

    fn next_token(&mut self) -> Result<Joined, XmlError> {
        let mut run = Run::default();
        loop {
            let token = match self.pending.take() {
                Some(token) => token,
                None => {
                    self.scanner.store.attributes.clear();
                    self.scanner.next()?
                }
            };
            match token {
                Token::Text(piece) => run.push(&mut self.scanner.store, piece),
                Token::Comment => run.commented = true,
                Token::Start(_) | Token::End(_) | Token::Eof if run.value().is_some() || run.commented => {
                    self.pending = Some(token);
                    return Ok(Joined::Text(run));
                }
                Token::Start(tag) => return Ok(Joined::Start(tag)),
                Token::End(_) => return Ok(Joined::End),
                Token::Eof => {
                    self.pending = Some(Token::Eof);
                    return Ok(Joined::Eof);
                }
            }
        }
    }
}

/// A token with text joined.
enum Joined {
    Start(Tag),
    Text(Run),
    End,
    Eof,
}

/// What the [`Reader`] finds.
#[derive(Debug)]
pub enum Event<'r> {
    /// A start tag, or `<a/>`, which [`Event::End`] follows at once.
    Start(Start<'r>),
    /// All text between two tags.
    Text(Text<'r>),
    /// The end of the innermost open element.
    End,
    /// The document ended, and was well formed.
    Eof,
}

/// A start tag with its names resolved.
#[derive(Clone, Copy)]
pub struct Start<'r> {
    store: &'r Store<'r>,
    tag: Tag,
}

impl<'r> Start<'r> {
    /// The namespace URI; empty for no namespace.
    pub fn namespace(&self) -> &'r str {
        self.store.uri(self.tag.namespace)
    }

    /// The name without its prefix.
    pub fn local(&self) -> &'r str {
        self.tag.local.of(self.store.input)
    }

    /// Whether this is the element with that expanded name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local() == local && self.namespace() == namespace
    }

    /// The value of the attribute with this name in no namespace.
    pub fn attribute(&self, local: &str) -> Option<&'r str> {
        self.attribute_ns("", local)
    }

    /// The value of the attribute with this expanded name.
    pub fn attribute_ns(&self, namespace: &str, local: &str) -> Option<&'r str> {
        self.store.find_attribute(self.attribute_span(), namespace, local)
    }

    /// All attributes: (namespace URI or "", local name, value), in document order.
    pub fn attributes(&self) -> Attributes<'r> {
        Attributes::new(self.store, self.attribute_span())
    }

    /// The prefix as written; empty for none. Only for writing the tag again: names are told apart by
    /// namespace and local name.
    pub(crate) fn prefix(&self) -> &'r str {
        let start = self.tag.span.start().saturating_add(1);
        let end = self.tag.local.start().saturating_sub(1);
        self.store.input.get(start..end).unwrap_or_default()
    }

    /// The namespace declarations that stand in the tag.
    pub(crate) fn declarations(&self) -> Declarations<'r> {
        Declarations::new(self.store, self.tag.declarations)
    }

    /// All attributes with their prefixes, for writing the tag again.
    pub(crate) fn prefixed_attributes(&self) -> PrefixedAttributes<'r> {
        PrefixedAttributes::new(self.store, self.attribute_span())
    }

    /// Bytes from the start of the input to the `<` of the tag.
    pub fn offset(&self) -> usize {
        self.tag.span.start()
    }

    fn attribute_span(&self) -> Span {
        self.tag.attributes
    }
}

/// Name and place only.
impl std::fmt::Debug for Start<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Start")
            .field("local", &self.local())
            .field("offset", &self.offset())
            .finish()
    }
}

/// The text between two tags.
#[derive(Clone, Copy)]
pub struct Text<'r> {
    value: &'r str,
    commented: bool,
}

impl<'r> Text<'r> {
    /// Character data, CDATA sections and references, joined. Empty if only a comment stands there.
    pub fn value(&self) -> &'r str {
        self.value
    }

    /// Whether a comment stands in it. An id or value must then be refused.
    pub fn is_commented(&self) -> bool {
        self.commented
    }
}

/// The length only.
impl std::fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text")
            .field("bytes", &self.value.len())
            .field("commented", &self.commented)
            .finish()
    }
}
