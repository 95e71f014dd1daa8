//! Exclusive XML Canonicalization 1.0 without comments, of one element of a document.
//!
//! The scan has resolved references, line ends, attribute values and CDATA sections already (there are no defaults:
//! no DTD): what is left is order, escapes and namespaces. Prefixes are part of the canonical form, which is why it is
//! written here: nobody outside sees one.

use crate::{Element, Event, Limits, Reader, Start, XML_NAMESPACE, store::PrefixedAttribute};

/// What to canonicalise.
///
/// ```
/// use xds_xml::{Document, Limits, canonical::Canonical};
///
/// let document = Document::parse(b"<a xmlns='urn:a' xmlns:b='urn:b'><c y='2' x='&#49;'/></a>", &Limits::default())?;
/// let element = document.root().child("urn:a", "c").ok_or("no c")?;
/// assert_eq!(Canonical::of(element).octets()?, r#"<c xmlns="urn:a" x="1" y="2"></c>"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Canonical<'a, 'd> {
    /// The element, with all that is in it.
    pub element: Element<'d>,
    /// An element inside that is left out with all its content: the signature that the enveloped-signature
    /// transform removes.
    pub omitted: Option<Element<'d>>,
    /// The PrefixList of InclusiveNamespaces; `#default` for the default namespace.
    pub inclusive: &'a [&'a str],
    /// Bytes of the result before the work is given up.
    pub bytes_max: usize,
}

/// Why an element has no canonical form.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum CanonicalError {
    /// A namespace name is no absolute URI (Canonical XML 1.0, section 1.3).
    #[error("a relative namespace name")]
    RelativeNamespace,
    /// More than [`Canonical::bytes_max`].
    #[error("the canonical form is too long")]
    TooLong,
    /// What precedes the element exceeds the default [`Limits`], which its document was not read by.
    #[error("the document exceeds the default limits")]
    Limits,
}

impl<'d> Canonical<'_, 'd> {
    /// The whole element, without a PrefixList, of any length.
    pub fn of(element: Element<'d>) -> Self {
        Self {
            element,
            omitted: None,
            inclusive: &[],
            bytes_max: usize::MAX,
        }
    }

    /// The canonical octets (Exclusive XML Canonicalization 1.0, section 3). Never empty.
    ///
    /// Of the document only the part up to the end of the element is read.
    ///
    /// # Errors
    ///
    /// See [`CanonicalError`].
    pub fn octets(&self) -> Result<String, CanonicalError> {
        let limits = Limits {
            document_bytes_max: usize::MAX,
            ..Limits::default()
        };
        let input = self.element.tree.store.input.as_bytes();
        let part = input.get(..self.element.data.span().end()).unwrap_or_default();
        let mut reader = Reader::new(part, &limits).map_err(|_| CanonicalError::Limits)?;
        let mut work = Work::new(*self);
        loop {
            match reader.read().map_err(|_| CanonicalError::Limits)? {
                Event::Start(start) => work.start(start)?,
                Event::Text(text) => work.text(text.value()),
                Event::End => work.end(),
                Event::Eof => return Err(CanonicalError::Limits),
            }
            if work.out.len() > self.bytes_max {
                return Err(CanonicalError::TooLong);
            }
            if work.is_done {
                return Ok(work.out);
            }
        }
    }
}

/// A prefix and the URI it means; both empty for "no default namespace".
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Binding {
    prefix: String,
    uri: String,
}

/// What to restore when an element ends.
struct Open {
    scope_len: usize,
    rendered_len: usize,
    /// Its end tag, where the element is written.
    end_tag: Option<String>,
}

struct Work<'a, 'd> {
    what: Canonical<'a, 'd>,
    /// The declarations in force, innermost last.
    scope: Vec<Binding>,
    /// The declarations written on open elements of the output, innermost last.
    rendered: Vec<Binding>,
    open: Vec<Open>,
    /// How many elements are open at the apex; none before it is reached.
    apex_depth: Option<usize>,
    /// How many elements are open at the omitted element, while inside it.
    omitted_depth: Option<usize>,
    out: String,
    is_done: bool,
}

impl<'a, 'd> Work<'a, 'd> {
    fn new(what: Canonical<'a, 'd>) -> Self {
        Self {
            what,
            scope: Vec::new(),
            rendered: Vec::new(),
            open: Vec::new(),
            apex_depth: None,
            omitted_depth: None,
            out: String::new(),
            is_done: false,
        }
    }

    fn is_writing(&self) -> bool {
        self.apex_depth.is_some() && self.omitted_depth.is_none()
    }

    fn start(&mut self, start: Start<'_>) -> Result<(), CanonicalError> {
        let (scope_len, rendered_len) = (self.scope.len(), self.rendered.len());
        let declared = start.declarations().map(|(prefix, uri)| Binding {
            prefix: prefix.to_owned(),
            uri: uri.to_owned(),
        });
        self.scope.extend(declared);
        let depth = self.open.len();
        if self.apex_depth.is_none() && start.offset() == self.what.element.offset() {
            self.apex_depth = Some(depth);
        } else if self.is_writing()
            && self
                .what
                .omitted
                .is_some_and(|omitted| omitted.offset() == start.offset())
        {
            self.omitted_depth = Some(depth);
        }
        let end_tag = if self.is_writing() {
            self.check_declared(scope_len)?;
            Some(self.start_tag(start)?)
        } else {
            None
        };
        self.open.push(Open {
            scope_len,
            rendered_len,
            end_tag,
        });
        Ok(())
    }

    fn text(&mut self, text: &str) {
        if self.is_writing() {
            push_escaped(&mut self.out, text, in_text);
        }
    }

    fn end(&mut self) {
        let Some(open) = self.open.pop() else { return };
        self.scope.truncate(open.scope_len);
        self.rendered.truncate(open.rendered_len);
        if let Some(end_tag) = open.end_tag {
            self.out.push_str(&end_tag);
        }
        let depth = Some(self.open.len());
        if self.omitted_depth == depth {
            self.omitted_depth = None;
        }
        self.is_done = self.apex_depth == depth;
    }

    /// Namespace names that stand inside must be absolute even where no name uses them.
    fn check_declared(&self, from: usize) -> Result<(), CanonicalError> {
        let declared = self.scope.get(from..).unwrap_or_default();
        if declared.iter().all(|binding| is_absolute(&binding.uri)) {
            Ok(())
        } else {
            Err(CanonicalError::RelativeNamespace)
        }
    }

    /// Writes a start tag and returns the end tag that closes it.
    fn start_tag(&mut self, start: Start<'_>) -> Result<String, CanonicalError> {
        let mut name = String::new();
        push_name(&mut name, start.prefix(), start.local());
        self.out.push('<');
        self.out.push_str(&name);
        for binding in self.namespaces(start) {
            if !is_absolute(&binding.uri) {
                return Err(CanonicalError::RelativeNamespace);
            }
            push_declaration(&mut self.out, &binding);
            self.rendered.push(binding);
        }
        let mut attributes: Vec<PrefixedAttribute<'_>> = start.prefixed_attributes().collect();
        attributes.sort_by_key(|attribute| (attribute.namespace, attribute.local));
        for attribute in attributes {
            self.out.push(' ');
            push_name(&mut self.out, attribute.prefix, attribute.local);
            self.out.push_str("=\"");
            push_escaped(&mut self.out, attribute.value, in_attribute);
            self.out.push('"');
        }
        self.out.push('>');
        Ok(format!("</{name}>"))
    }

    /// The namespace declarations that the start tag must show, in canonical order.
    fn namespaces(&self, start: Start<'_>) -> Vec<Binding> {
        let mut wanted: Vec<&str> = vec![start.prefix()];
        wanted.extend(
            start
                .prefixed_attributes()
                .map(|attribute| attribute.prefix)
                .filter(|prefix| !prefix.is_empty()),
        );
        wanted.extend(self.what.inclusive.iter().map(|token| match *token {
            DEFAULT_TOKEN => "",
            prefix => prefix,
        }));
        wanted.sort_unstable();
        wanted.dedup();
        wanted
            .into_iter()
            .filter(|prefix| *prefix != "xml")
            .filter_map(|prefix| self.owed(prefix))
            .collect()
    }

    /// The declaration of a prefix, unless the output says the same already.
    fn owed(&self, prefix: &str) -> Option<Binding> {
        let uri = uri_of(&self.scope, prefix);
        (uri != uri_of(&self.rendered, prefix)).then(|| Binding {
            prefix: prefix.to_owned(),
            uri: uri.to_owned(),
        })
    }
}

/// What a prefix means; empty if nothing binds it.
fn uri_of<'b>(bindings: &'b [Binding], prefix: &str) -> &'b str {
    bindings
        .iter()
        .rev()
        .find(|binding| binding.prefix == prefix)
        .map_or("", |binding| binding.uri.as_str())
}

/// RFC 3986, section 3.1: a scheme and a colon. The empty name undoes the default namespace.
fn is_absolute(uri: &str) -> bool {
    if uri.is_empty() || uri == XML_NAMESPACE {
        return true;
    }
    let Some((scheme, _)) = uri.split_once(':') else {
        return false;
    };
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

fn push_name(out: &mut String, prefix: &str, local: &str) {
    if !prefix.is_empty() {
        out.push_str(prefix);
        out.push(':');
    }
    out.push_str(local);
}

fn push_declaration(out: &mut String, binding: &Binding) {
    out.push_str(if binding.prefix.is_empty() {
        " xmlns"
    } else {
        " xmlns:"
    });
    out.push_str(&binding.prefix);
    out.push_str("=\"");
    push_escaped(out, &binding.uri, in_attribute);
    out.push('"');
}

fn push_escaped(out: &mut String, text: &str, reference: fn(u8) -> Option<&'static str>) {
    let mut rest = text;
    while let Some((at, replacement)) = next_special(rest, reference) {
        let (plain, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        out.push_str(replacement);
        rest = after.get(1..).unwrap_or_default();
    }
    out.push_str(rest);
}

fn next_special(text: &str, reference: fn(u8) -> Option<&'static str>) -> Option<(usize, &'static str)> {
    text.bytes()
        .enumerate()
        .find_map(|(at, byte)| reference(byte).map(|replacement| (at, replacement)))
}

/// Canonical XML 1.0, section 2.3, text nodes.
fn in_text(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

/// Canonical XML 1.0, section 2.3, attribute nodes.
fn in_attribute(byte: u8) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    }
}

/// How a PrefixList names the default namespace.
const DEFAULT_TOKEN: &str = "#default";
