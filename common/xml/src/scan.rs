//! quick-xml's events, checked: what the rest of the crate is built on.

use memchr::memchr_iter;
use quick_xml::{
    Error as QuickError, Reader as QuickReader,
    errors::{IllFormedError, SyntaxError},
    events::Event as QuickEvent,
};

use crate::{
    Limits,
    chars::is_blank,
    declaration, decode,
    error::{XmlError, XmlErrorKind},
    input::Input,
    namespace::{Namespace, Scope},
    store::{Span, Store, Value, small},
    tag,
};

/// A start tag, its names resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tag {
    pub(crate) namespace: Namespace,
    pub(crate) local: Span,
    /// The tag itself, from `<` to `>`.
    pub(crate) span: Span,
    /// Indexes of its attributes in the store.
    pub(crate) attributes: Span,
    /// Indexes of its namespace declarations in the store.
    pub(crate) declarations: Span,
    /// `<a/>`: an end follows that has no tag of its own.
    pub(crate) empty: bool,
}

/// A checked piece of the document. Text arrives in pieces: [`Run`] joins them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Token {
    Start(Tag),
    Text(Piece),
    Comment,
    /// The end of the innermost open element, and where it lies: from `</` to `>`, empty for `<a/>`.
    End(Span),
    Eof,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Piece {
    /// Characters that mean themselves.
    Plain(Span),
    /// Characters with carriage returns among them.
    WithCr(Span),
    /// A resolved reference.
    Char(char),
}

/// The text between two tags while it is gathered: a range of the input as long as one plain piece is all
/// there is, else a part of the pool.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run {
    value: Option<Value>,
    /// A comment stands in it.
    pub(crate) commented: bool,
}

impl Run {
    pub(crate) fn value(&self) -> Option<Value> {
        self.value
    }

    pub(crate) fn push(&mut self, store: &mut Store<'_>, piece: Piece) {
        if let (None, Piece::Plain(span)) = (self.value, piece) {
            self.value = Some(Value::Input(span));
            return;
        }
        let start = match self.value {
            Some(Value::Pool(span)) => span.start,
            Some(Value::Input(span)) => {
                let start = small(store.pool.len());
                store.pool.push_str(span.of(store.input));
                start
            }
            None => small(store.pool.len()),
        };
        match piece {
            Piece::Plain(span) => store.pool.push_str(span.of(store.input)),
            Piece::WithCr(span) => decode::push_normalised(&mut store.pool, span.of(store.input)),
            Piece::Char(char) => store.pool.push(char),
        }
        self.value = Some(Value::Pool(Span {
            start,
            end: small(store.pool.len()),
        }));
    }
}

#[derive(Debug)]
/// Where the scan stands: before, in or after the root element.
enum Phase {
    Prolog,
    Content,
    Epilog,
}

#[derive(Debug)]
struct Open {
    /// The name with its prefix, for the end tag to match.
    name: Span,
    /// How many declarations are in force outside of it.
    scope_len: usize,
}

pub(crate) struct Scanner<'a> {
    pub(crate) store: Store<'a>,
    quick: QuickReader<&'a [u8]>,
    input: Input<'a>,
    limits: Limits,
    scope: Scope,
    open: Vec<Open>,
    phase: Phase,
    elements: usize,
    text_bytes: usize,
    /// The end of an empty element is owed.
    owed_end: Option<Span>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(bytes: &'a [u8], limits: &Limits) -> Result<Self, XmlError> {
        let input = Input::check(bytes, limits.document_bytes_max)?;
        let mut quick = QuickReader::from_reader(bytes.get(input.start..).unwrap_or_default());
        // What these two would check is checked here, with our own errors and without copying names.
        let config = quick.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        Ok(Self {
            store: Store::new(input.text),
            quick,
            input,
            limits: *limits,
            scope: Scope::default(),
            open: Vec::new(),
            phase: Phase::Prolog,
            elements: 0,
            text_bytes: 0,
            owed_end: None,
        })
    }

    pub(crate) fn next(&mut self) -> Result<Token, XmlError> {
        if let Some(end) = self.owed_end.take() {
            self.close();
            return Ok(Token::End(end));
        }
        loop {
            let start = self.position();
            self.refuse_by_first_bytes(start)?;
            let event = self
                .quick
                .read_event()
                .map_err(|fault| self.quick_error(&fault, start))?;
            let span = Span::new(start, self.position());
            match event {
                QuickEvent::Start(_) => return self.start_tag(span, false),
                QuickEvent::Empty(_) => return self.start_tag(span, true),
                QuickEvent::End(_) => return self.end_tag(span),
                QuickEvent::Text(_) => {
                    if let Some(token) = self.text(span)? {
                        return Ok(token);
                    }
                }
                QuickEvent::CData(_) => return self.cdata(span),
                QuickEvent::GeneralRef(_) => return self.general_reference(span),
                QuickEvent::Comment(_) => return self.comment(span),
                QuickEvent::Decl(_) => self.declaration(span)?,
                QuickEvent::PI(_) => return Err(self.error(XmlErrorKind::ProcessingInstruction, start)),
                QuickEvent::DocType(_) => return Err(self.error(XmlErrorKind::Doctype, start)),
                QuickEvent::Eof => return self.eof(start),
            }
        }
    }

    /// Bytes from the start of the input to the next token.
    fn position(&self) -> usize {
        let read = usize::try_from(self.quick.buffer_position()).unwrap_or(usize::MAX);
        self.input.start.saturating_add(read)
    }

    pub(crate) fn error(&self, kind: XmlErrorKind, offset: usize) -> XmlError {
        XmlError::new(kind, self.input.text.as_bytes(), offset)
    }

    /// Turns a DTD and a processing instruction down at their first bytes, before the lexer looks for
    /// their ends.
    fn refuse_by_first_bytes(&self, start: usize) -> Result<(), XmlError> {
        let rest = self.input.text.as_bytes().get(start..).unwrap_or_default();
        let kind = match rest {
            [b'<', b'!', b'-', b'-', ..] => return Ok(()),
            [b'<', b'!', b'[', b'C', b'D', b'A', b'T', b'A', b'[', ..] => return Ok(()),
            [b'<', b'!', b'D' | b'd', ..] => XmlErrorKind::Doctype,
            [b'<', b'!', ..] => XmlErrorKind::MalformedMarkup,
            [
                b'<',
                b'?',
                b'x',
                b'm',
                b'l',
                b' ' | b'\t' | b'\n' | b'\r' | b'?',
                ..,
            ] => {
                if start == self.input.start {
                    return Ok(());
                }
                XmlErrorKind::MisplacedDeclaration
            }
            [b'<', b'?', ..] => XmlErrorKind::ProcessingInstruction,
            _ => return Ok(()),
        };
        Err(self.error(kind, start))
    }

    fn declaration(&mut self, span: Span) -> Result<(), XmlError> {
        let inner = Span::new(span.start().saturating_add(5), span.end().saturating_sub(2));
        declaration::check(inner.of(self.input.text)).map_err(|kind| self.error(kind, span.start()))
    }

    fn start_tag(&mut self, span: Span, empty: bool) -> Result<Token, XmlError> {
        match self.phase {
            Phase::Prolog => self.phase = Phase::Content,
            Phase::Content => {}
            Phase::Epilog => return Err(self.error(XmlErrorKind::SecondRoot, span.start())),
        }
        self.elements = self.elements.saturating_add(1);
        if self.elements > self.limits.elements_max {
            return Err(self.error(XmlErrorKind::TooManyElements, span.start()));
        }
        if self.open.len() >= self.limits.depth_max {
            return Err(self.error(XmlErrorKind::TooDeep, span.start()));
        }
        self.text_bytes = 0;
        let scope_len = self.scope.len();
        let closing = if empty { 2 } else { 1 };
        let content = Span::new(span.start().saturating_add(1), span.end().saturating_sub(closing));
        let scanned = tag::scan(&mut self.store, &mut self.scope, &self.limits, content)
            .map_err(|(kind, offset)| self.error(kind, offset))?;
        self.open.push(Open {
            name: scanned.name,
            scope_len,
        });
        if empty {
            self.owed_end = Some(Span {
                start: span.end,
                end: span.end,
            });
        }
        Ok(Token::Start(Tag {
            namespace: scanned.namespace,
            local: scanned.local,
            span,
            attributes: scanned.attributes,
            declarations: scanned.declarations,
            empty,
        }))
    }

    fn end_tag(&mut self, span: Span) -> Result<Token, XmlError> {
        let content = Span::new(span.start().saturating_add(2), span.end().saturating_sub(1));
        let expected = self.open.last().map(|open| open.name.of(self.input.text));
        let rest = expected.and_then(|name| content.of(self.input.text).strip_prefix(name));
        let kind = match rest {
            Some(rest) if is_blank(rest) => {
                self.text_bytes = 0;
                self.close();
                return Ok(Token::End(span));
            }
            Some(rest) if rest.bytes().next().is_some_and(crate::chars::is_space) => {
                XmlErrorKind::AttributeInEndTag
            }
            _ => XmlErrorKind::MismatchedEndTag,
        };
        Err(self.error(kind, span.start()))
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.scope.truncate(open.scope_len);
        }
        if self.open.is_empty() {
            self.phase = Phase::Epilog;
        }
    }

    fn text(&mut self, span: Span) -> Result<Option<Token>, XmlError> {
        let text = span.of(self.input.text);
        if !matches!(self.phase, Phase::Content) {
            return match text.bytes().position(|byte| !crate::chars::is_space(byte)) {
                None => Ok(None),
                Some(within) => {
                    Err(self.error(XmlErrorKind::TextOutsideRoot, span.start().saturating_add(within)))
                }
            };
        }
        if let Some(within) = find_cdata_end(text.as_bytes()) {
            return Err(self.error(XmlErrorKind::CDataEndInText, span.start().saturating_add(within)));
        }
        self.characters(span).map(Some)
    }

    fn cdata(&mut self, span: Span) -> Result<Token, XmlError> {
        if !matches!(self.phase, Phase::Content) {
            return Err(self.error(XmlErrorKind::TextOutsideRoot, span.start()));
        }
        self.characters(Span::new(
            span.start().saturating_add(9),
            span.end().saturating_sub(3),
        ))
    }

    fn characters(&mut self, span: Span) -> Result<Token, XmlError> {
        self.count_text(span.len(), span.start())?;
        let has_cr = self.input.has_cr && span.of(self.input.text).contains('\r');
        Ok(Token::Text(if has_cr {
            Piece::WithCr(span)
        } else {
            Piece::Plain(span)
        }))
    }

    fn general_reference(&mut self, span: Span) -> Result<Token, XmlError> {
        if !matches!(self.phase, Phase::Content) {
            return Err(self.error(XmlErrorKind::TextOutsideRoot, span.start()));
        }
        let name = Span::new(span.start().saturating_add(1), span.end().saturating_sub(1));
        let char =
            decode::reference(name.of(self.input.text)).map_err(|kind| self.error(kind, span.start()))?;
        self.count_text(char.len_utf8(), span.start())?;
        Ok(Token::Text(Piece::Char(char)))
    }

    fn count_text(&mut self, bytes: usize, offset: usize) -> Result<(), XmlError> {
        self.text_bytes = self.text_bytes.saturating_add(bytes);
        if self.text_bytes > self.limits.text_bytes_max {
            return Err(self.error(XmlErrorKind::TextTooLong, offset));
        }
        Ok(())
    }

    fn comment(&mut self, span: Span) -> Result<Token, XmlError> {
        let inner = Span::new(span.start().saturating_add(4), span.end().saturating_sub(3));
        let text = inner.of(self.input.text);
        if text.contains("--") || text.ends_with('-') {
            return Err(self.error(XmlErrorKind::DoubleHyphenInComment, span.start()));
        }
        Ok(Token::Comment)
    }

    fn eof(&self, offset: usize) -> Result<Token, XmlError> {
        match (&self.phase, self.open.last()) {
            (_, Some(open)) => {
                Err(self.error(XmlErrorKind::UnclosedElement, open.name.start().saturating_sub(1)))
            }
            (Phase::Prolog, None) => Err(self.error(XmlErrorKind::NoRoot, offset)),
            (Phase::Content | Phase::Epilog, None) => Ok(Token::Eof),
        }
    }

    fn quick_error(&self, fault: &QuickError, start: usize) -> XmlError {
        let kind = match fault {
            QuickError::Syntax(SyntaxError::UnclosedDoctype) => XmlErrorKind::Doctype,
            QuickError::Syntax(SyntaxError::InvalidBangMarkup) => XmlErrorKind::MalformedMarkup,
            QuickError::Syntax(_) => XmlErrorKind::UnclosedMarkup,
            QuickError::IllFormed(IllFormedError::UnclosedReference) => XmlErrorKind::MalformedReference,
            QuickError::IllFormed(IllFormedError::DoubleHyphenInComment) => {
                XmlErrorKind::DoubleHyphenInComment
            }
            QuickError::IllFormed(IllFormedError::MissingDeclVersion(_)) => {
                XmlErrorKind::MalformedDeclaration
            }
            QuickError::IllFormed(IllFormedError::UnknownVersion) => XmlErrorKind::UnsupportedVersion,
            QuickError::Encoding(_) => XmlErrorKind::NotUtf8,
            _ => XmlErrorKind::MalformedMarkup,
        };
        self.error(kind, start)
    }
}

/// Where `]]>` starts. Looks for the rare character of the three: cheaper on short texts than a substring search.
fn find_cdata_end(text: &[u8]) -> Option<usize> {
    memchr_iter(b'>', text)
        .filter_map(|end| end.checked_sub(2))
        .find(|start| text.get(*start..).is_some_and(|rest| rest.starts_with(b"]]>")))
}
