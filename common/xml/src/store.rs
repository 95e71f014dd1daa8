//! Where the pieces of a document are kept: as ranges of the input, or of one pool for what had to be decoded.

use crate::{XML_NAMESPACE, namespace::Namespace};

/// A range of bytes of the input or of the pool. Both are below 4 GiB.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: small(start),
            end: small(end),
        }
    }

    pub(crate) fn start(self) -> usize {
        wide(self.start)
    }

    pub(crate) fn end(self) -> usize {
        wide(self.end)
    }

    pub(crate) fn len(self) -> usize {
        self.end().saturating_sub(self.start())
    }

    pub(crate) fn is_empty(self) -> bool {
        self.end <= self.start
    }

    /// The bytes of `text` that the range names.
    pub(crate) fn of(self, text: &str) -> &str {
        // Every span is made from positions inside the text it is used on.
        text.get(self.start()..self.end()).unwrap_or_default()
    }
}

/// How many elements, or attributes, so many bytes usually hold: less than what dense metadata has, so that room for a
/// large document is not taken before it is seen to need it.
pub(crate) fn expected(bytes: usize) -> usize {
    (bytes / 40).min(4_096)
}

/// Positions and counts are below the size of the input, which is checked to fit 32 bits.
pub(crate) fn small(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

pub(crate) fn wide(position: u32) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// Text as it is meant: references resolved, line ends normalised.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value {
    /// It stands so in the input.
    Input(Span),
    /// It had to be decoded into the pool.
    Pool(Span),
}

impl Default for Value {
    fn default() -> Self {
        Self::Input(Span::default())
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Attribute {
    pub(crate) prefix: Span,
    pub(crate) local: Span,
    pub(crate) namespace: Namespace,
    pub(crate) value: Value,
}

/// One `xmlns` or `xmlns:prefix`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declaration {
    /// Empty for the default namespace.
    pub(crate) prefix: Span,
    /// Empty where the default namespace is undone.
    pub(crate) uri: Value,
}

#[derive(Debug)]
pub(crate) struct Store<'a> {
    pub(crate) input: &'a str,
    pub(crate) pool: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) declarations: Vec<Declaration>,
}

impl<'a> Store<'a> {
    pub(crate) fn new(input: &'a str) -> Self {
        Self {
            input,
            pool: String::new(),
            attributes: Vec::with_capacity(expected(input.len())),
            declarations: Vec::new(),
        }
    }

    pub(crate) fn value(&self, value: Value) -> &str {
        match value {
            Value::Input(span) => span.of(self.input),
            Value::Pool(span) => span.of(&self.pool),
        }
    }

    pub(crate) fn uri(&self, namespace: Namespace) -> &str {
        match namespace {
            Namespace::None => "",
            Namespace::Xml => XML_NAMESPACE,
            Namespace::Declared(index) => self
                .declarations
                .get(wide(index))
                .map_or("", |declaration| self.value(declaration.uri)),
        }
    }

    pub(crate) fn attributes_in(&self, span: Span) -> &[Attribute] {
        self.attributes.get(span.start()..span.end()).unwrap_or_default()
    }

    /// The value of the attribute with this expanded name.
    pub(crate) fn find_attribute(&self, span: Span, namespace: &str, local: &str) -> Option<&str> {
        self.attributes_in(span)
            .iter()
            .find(|attribute| {
                attribute.local.of(self.input) == local && self.uri(attribute.namespace) == namespace
            })
            .map(|attribute| self.value(attribute.value))
    }
}

/// The namespace declarations of one start tag, in document order: (prefix, URI). The prefix is empty for the
/// default namespace, the URI where the default namespace is undone.
#[derive(Clone, Debug)]
pub(crate) struct Declarations<'d> {
    store: &'d Store<'d>,
    rest: std::slice::Iter<'d, Declaration>,
}

impl<'d> Declarations<'d> {
    pub(crate) fn new(store: &'d Store<'d>, span: Span) -> Self {
        let declared = store.declarations.get(span.start()..span.end());
        Self {
            store,
            rest: declared.unwrap_or_default().iter(),
        }
    }
}

impl<'d> Iterator for Declarations<'d> {
    type Item = (&'d str, &'d str);

    fn next(&mut self) -> Option<Self::Item> {
        let declaration = self.rest.next()?;
        Some((
            declaration.prefix.of(self.store.input),
            self.store.value(declaration.uri),
        ))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl ExactSizeIterator for Declarations<'_> {}

/// The attributes of one start tag with their prefixes, in document order. Only for writing the tag again:
/// attributes are told apart by namespace and local name, never by prefix.
#[derive(Clone, Debug)]
pub(crate) struct PrefixedAttributes<'d> {
    store: &'d Store<'d>,
    rest: std::slice::Iter<'d, Attribute>,
}

/// An attribute as [`PrefixedAttributes`] yields it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PrefixedAttribute<'d> {
    /// As written; empty for none.
    pub(crate) prefix: &'d str,
    /// What the prefix means; empty for no namespace.
    pub(crate) namespace: &'d str,
    /// The name without its prefix.
    pub(crate) local: &'d str,
    /// The value, references resolved.
    pub(crate) value: &'d str,
}

impl<'d> PrefixedAttributes<'d> {
    pub(crate) fn new(store: &'d Store<'d>, span: Span) -> Self {
        Self {
            store,
            rest: store.attributes_in(span).iter(),
        }
    }
}

impl<'d> Iterator for PrefixedAttributes<'d> {
    type Item = PrefixedAttribute<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        let attribute = self.rest.next()?;
        let store = self.store;
        Some(PrefixedAttribute {
            prefix: attribute.prefix.of(store.input),
            namespace: store.uri(attribute.namespace),
            local: attribute.local.of(store.input),
            value: store.value(attribute.value),
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl ExactSizeIterator for PrefixedAttributes<'_> {}

/// The attributes of an element, in document order: (namespace URI or "", local name, value).
/// Namespace declarations are not among them.
#[derive(Clone, Debug)]
pub struct Attributes<'d> {
    store: &'d Store<'d>,
    rest: std::slice::Iter<'d, Attribute>,
}

impl<'d> Attributes<'d> {
    pub(crate) fn new(store: &'d Store<'d>, span: Span) -> Self {
        Self {
            store,
            rest: store.attributes_in(span).iter(),
        }
    }
}

impl<'d> Iterator for Attributes<'d> {
    type Item = (&'d str, &'d str, &'d str);

    fn next(&mut self) -> Option<Self::Item> {
        let attribute = self.rest.next()?;
        let store = self.store;
        Some((
            store.uri(attribute.namespace),
            attribute.local.of(store.input),
            store.value(attribute.value),
        ))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rest.size_hint()
    }
}

impl ExactSizeIterator for Attributes<'_> {}
