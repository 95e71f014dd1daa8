use std::fmt::Write as _;

use crate::{
    Attributes,
    document::{ElementData, Tree},
    error::place,
    store::wide,
};

/// An element of a [`Document`](crate::Document). A small handle: copy it freely.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    pub(crate) tree: &'d Tree<'d>,
    pub(crate) data: &'d ElementData,
    index: u32,
}

/// Why the text of an element cannot be taken.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum TextError {
    /// Child elements stand where only text may.
    #[error("child elements where only text may stand")]
    ChildElement,
    /// A comment stands in the text. Readers differ on what the text then is, so it is none.
    #[error("a comment inside text")]
    Comment,
}

impl<'d> Element<'d> {
    pub(crate) fn new(tree: &'d Tree<'d>, index: u32) -> Option<Self> {
        tree.elements
            .get(wide(index))
            .map(|data| Self { tree, data, index })
    }

    pub(crate) fn root(tree: &'d Tree<'d>) -> Self {
        #[expect(
            clippy::indexing_slicing,
            reason = "the scan ends with an error if there was no root"
        )]
        let data = &tree.elements[0];
        Self { tree, data, index: 0 }
    }

    /// The namespace URI; empty for no namespace.
    pub fn namespace(&self) -> &'d str {
        self.tree.store.uri(self.data.namespace)
    }

    /// The name without its prefix.
    pub fn local(&self) -> &'d str {
        self.data.local.of(self.tree.store.input)
    }

    /// Whether this is the element with that expanded name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local() == local && self.namespace() == namespace
    }

    /// The value of the attribute with this name in no namespace.
    pub fn attribute(&self, local: &str) -> Option<&'d str> {
        self.attribute_ns("", local)
    }

    /// The value of the attribute with this expanded name.
    pub fn attribute_ns(&self, namespace: &str, local: &str) -> Option<&'d str> {
        self.tree
            .store
            .find_attribute(self.data.attributes, namespace, local)
    }

    /// All attributes: (namespace URI or "", local name, value), in document order.
    pub fn attributes(&self) -> Attributes<'d> {
        Attributes::new(&self.tree.store, self.data.attributes)
    }

    /// The element that holds this one; `None` for the root.
    pub fn parent(&self) -> Option<Element<'d>> {
        self.data.parent.and_then(|index| Self::new(self.tree, index))
    }

    /// The child elements, in document order.
    pub fn children(&self) -> Children<'d> {
        Children {
            tree: self.tree,
            next: self.data.first_child,
        }
    }

    /// The first child element with this expanded name.
    pub fn child(&self, namespace: &str, local: &str) -> Option<Element<'d>> {
        self.children().find(|child| child.is(namespace, local))
    }

    /// The child elements with this expanded name, in document order.
    pub fn children_named<'n>(&self, namespace: &'n str, local: &'n str) -> ChildrenNamed<'d, 'n> {
        ChildrenNamed {
            children: self.children(),
            namespace,
            local,
        }
    }

    /// All elements below this one, in document order.
    pub fn descendants(&self) -> Descendants<'d> {
        Descendants {
            tree: self.tree,
            next: self.index.saturating_add(1),
            end: self.data.end.end,
        }
    }

    /// The text of an element that holds nothing but text: character data, CDATA sections and references
    /// joined, white space kept.
    ///
    /// # Errors
    ///
    /// If a comment stands in it, or a child element.
    pub fn text(&self) -> Result<&'d str, TextError> {
        if self.data.first_child.is_some() {
            return Err(TextError::ChildElement);
        }
        if self.data.has_comment {
            return Err(TextError::Comment);
        }
        Ok(self.tree.store.value(self.data.text))
    }

    /// Whether text other than white space stands directly inside.
    pub fn has_text(&self) -> bool {
        self.data.has_text
    }

    /// Whether a comment stands directly inside.
    pub fn has_comment(&self) -> bool {
        self.data.has_comment
    }

    /// Bytes from the start of the input to the `<` of this element.
    pub fn offset(&self) -> usize {
        self.data.start_tag.start()
    }

    /// The line of this element, the first being 1. Counts from the start of the input: for messages.
    pub fn line(&self) -> usize {
        place(self.tree.store.input.as_bytes(), self.offset()).0
    }

    /// The element as it stands in the input, from `<` to `>`.
    pub fn source(&self) -> &'d str {
        self.data.span().of(self.tree.store.input)
    }

    /// Where the element stands, as local names from the root down, with a position where several siblings
    /// share the name: `SubmitObjectsRequest/RegistryObjectList/ExtrinsicObject[2]/Slot[1]`.
    ///
    /// Looks at all siblings of all ancestors: for messages.
    pub fn path(&self) -> String {
        let mut elements: Vec<Self> = std::iter::successors(Some(*self), Self::parent).collect();
        elements.reverse();
        let mut path = String::new();
        for element in elements {
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(element.local());
            if let Some(position) = element.position() {
                // Writing to a String cannot fail.
                let _ = write!(path, "[{position}]");
            }
        }
        path
    }

    /// Position among the siblings with the same expanded name, from 1; `None` if there is no other.
    fn position(&self) -> Option<usize> {
        let parent = self.parent()?;
        let mut before = 0_usize;
        let mut after = 0_usize;
        for sibling in parent.children_named(self.namespace(), self.local()) {
            let side = if sibling.index <= self.index {
                &mut before
            } else {
                &mut after
            };
            *side = side.saturating_add(1);
        }
        (before.saturating_add(after) > 1).then_some(before)
    }
}

/// Two handles are equal if they name the same element of the same document.
impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && std::ptr::eq(self.data, other.data)
    }
}

impl Eq for Element<'_> {}

/// Name and place only.
impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Element")
            .field("local", &self.local())
            .field("offset", &self.offset())
            .finish()
    }
}

/// The child elements of an element.
#[derive(Clone)]
pub struct Children<'d> {
    tree: &'d Tree<'d>,
    next: Option<u32>,
}

impl<'d> Iterator for Children<'d> {
    type Item = Element<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        let element = Element::new(self.tree, self.next?)?;
        self.next = element.data.next_sibling;
        Some(element)
    }
}

/// The child elements of an element that have a certain name.
#[derive(Clone)]
pub struct ChildrenNamed<'d, 'n> {
    children: Children<'d>,
    namespace: &'n str,
    local: &'n str,
}

impl<'d> Iterator for ChildrenNamed<'d, '_> {
    type Item = Element<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        let (namespace, local) = (self.namespace, self.local);
        self.children.find(|child| child.is(namespace, local))
    }
}

/// All elements below an element.
#[derive(Clone)]
pub struct Descendants<'d> {
    tree: &'d Tree<'d>,
    next: u32,
    /// Where in the input the element ends.
    end: u32,
}

impl<'d> Iterator for Descendants<'d> {
    type Item = Element<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        let element =
            Element::new(self.tree, self.next).filter(|element| element.data.start_tag.start < self.end)?;
        self.next = self.next.saturating_add(1);
        Some(element)
    }
}
