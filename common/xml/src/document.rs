use crate::{
    Element, Limits, builder,
    error::XmlError,
    namespace::Namespace,
    scan::Tag,
    store::{Span, Store, Value},
};

/// A checked XML document as a compact tree: one array of elements, text and names borrowed from the input.
///
/// Building, walking and dropping it never recurse.
#[derive(Debug)]
pub struct Document<'a>(Tree<'a>);

impl<'a> Document<'a> {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// The first rule of XML 1.0 or Namespaces in XML 1.0, or the first limit, that the document breaks. DTDs,
    /// processing instructions and encodings other than UTF-8 are refused as well.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, XmlError> {
        builder::build(bytes, limits).map(Self)
    }

    /// The root element.
    pub fn root(&self) -> Element<'_> {
        Element::root(&self.0)
    }
}

#[derive(Debug)]
pub(crate) struct Tree<'a> {
    pub(crate) store: Store<'a>,
    /// In document order: the descendants of an element follow it.
    pub(crate) elements: Vec<ElementData>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ElementData {
    pub(crate) namespace: Namespace,
    pub(crate) local: Span,
    /// From `<` to `>`.
    pub(crate) start_tag: Span,
    /// From `</` to `>`; empty, and right after the start tag, for `<a/>`.
    pub(crate) end: Span,
    pub(crate) attributes: Span,
    pub(crate) declarations: Span,
    /// Text of an element without child elements.
    pub(crate) text: Value,
    pub(crate) parent: Option<u32>,
    pub(crate) first_child: Option<u32>,
    pub(crate) next_sibling: Option<u32>,
    /// Text other than white space stands directly inside.
    pub(crate) has_text: bool,
    /// A comment stands directly inside.
    pub(crate) has_comment: bool,
    /// `<a/>`.
    pub(crate) is_empty_tag: bool,
}

impl ElementData {
    pub(crate) fn new(tag: &Tag, parent: Option<u32>) -> Self {
        Self {
            namespace: tag.namespace,
            local: tag.local,
            start_tag: tag.span,
            end: tag.span,
            attributes: tag.attributes,
            declarations: tag.declarations,
            text: Value::default(),
            parent,
            first_child: None,
            next_sibling: None,
            has_text: false,
            has_comment: false,
            is_empty_tag: tag.empty,
        }
    }

    /// The element from its first to its last byte.
    pub(crate) fn span(&self) -> Span {
        Span {
            start: self.start_tag.start,
            end: self.end.end,
        }
    }
}
