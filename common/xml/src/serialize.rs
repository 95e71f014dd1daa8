use crate::{
    Element, escape,
    namespace::Namespace,
    store::{Declaration, Span},
};

/// Copies an element of a parsed document into another message: the bytes as they stand in the input, with the
/// namespace declarations that are in force there, and with the changes that `rewrite` asks for.
///
/// `rewrite` sees the element itself, then every element below it in document order, but nothing inside an
/// element that it drops. What it leaves alone is copied byte by byte, comments included.
///
/// ```
/// use xds_xml::{Document, Limits, serialize};
///
/// let input = br#"<e xmlns="urn:a"><m><old/><v>1</v></m></e>"#;
/// let document = Document::parse(input, &Limits::default())?;
/// let message = document.root().child("urn:a", "m").ok_or("no message")?;
/// let mut out = String::new();
/// serialize(message, &mut out, &mut |element, edits| {
///     if element.is("urn:a", "m") {
///         let prefix = edits.bind("urn:a", "p");
///         edits.insert_first(&format!("<{prefix}:new/>"));
///     }
///     if element.is("urn:a", "old") {
///         edits.drop_element();
///     }
/// });
/// assert_eq!(out, r#"<m xmlns="urn:a" xmlns:p="urn:a"><p:new/><v>1</v></m>"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn serialize<'d>(
    element: Element<'d>,
    out: &mut String,
    rewrite: &mut dyn FnMut(Element<'d>, &mut Edits<'d>),
) {
    let mut copy = Copy {
        out,
        input: element.tree.store.input,
        done: element.offset(),
        owed: Vec::new(),
    };
    // Where the last dropped element ends.
    let mut dropped_end = 0;
    for current in std::iter::once(element).chain(element.descendants()) {
        let span = current.data.span();
        if span.start() < dropped_end {
            continue;
        }
        let mut edits = Edits::new(current, current == element);
        rewrite(current, &mut edits);
        copy.settle(span.start());
        copy.start(edits);
        if copy.done >= span.end() {
            dropped_end = span.end();
        }
    }
    copy.settle(usize::MAX);
    copy.up_to(element.data.span().end());
}

/// What to change at one element while [`serialize()`] copies it.
///
/// Inserted XML must be well formed, and every prefix in it must be declared: by itself, or by asking
/// [`bind`](Self::bind), [`prefix_inside`](Self::prefix_inside) or [`prefix_outside`](Self::prefix_outside) at
/// the same element.
#[derive(Debug)]
pub struct Edits<'d> {
    element: Element<'d>,
    is_first: bool,
    dropped: bool,
    bound: Vec<(String, String)>,
    before: String,
    first: String,
    last: String,
    after: String,
}

impl<'d> Edits<'d> {
    fn new(element: Element<'d>, is_first: bool) -> Self {
        let nothing = String::new;
        Self {
            element,
            is_first,
            dropped: false,
            bound: Vec::new(),
            before: nothing(),
            first: nothing(),
            last: nothing(),
            after: nothing(),
        }
    }

    /// Leaves the element out, with all that is in it. What is inserted before and after it stays.
    pub fn drop_element(&mut self) {
        self.dropped = true;
    }

    /// Inserts XML in front of the element.
    pub fn insert_before(&mut self, xml: &str) {
        self.before.push_str(xml);
    }

    /// Inserts XML right after the start tag, before all content.
    pub fn insert_first(&mut self, xml: &str) {
        self.first.push_str(xml);
    }

    /// Inserts XML right before the end tag, after all content.
    pub fn insert_last(&mut self, xml: &str) {
        self.last.push_str(xml);
    }

    /// Inserts XML behind the element.
    pub fn insert_after(&mut self, xml: &str) {
        self.after.push_str(xml);
    }

    /// A prefix that means this namespace inside the element (first, last), if there is one.
    pub fn prefix_inside(&self, uri: &str) -> Option<&str> {
        let bound = self
            .bound
            .iter()
            .find(|(_, bound)| bound == uri)
            .map(|(prefix, _)| prefix.as_str());
        bound.or_else(|| find_prefix(self.element, in_force(self.element), uri))
    }

    /// A prefix that means this namespace beside the element (before, after), if there is one.
    pub fn prefix_outside(&self, uri: &str) -> Option<&str> {
        let parent = if self.is_first {
            None
        } else {
            self.element.parent()
        };
        find_prefix(self.element, in_force(parent?), uri)
    }

    /// A prefix that means this namespace inside the element (first, last). If there is none, one is declared
    /// on the element: the preferred one, with a number behind it if it has another meaning here.
    ///
    /// `preferred` must be a name without a colon that does not start with `xml`.
    pub fn bind(&mut self, uri: &str, preferred: &str) -> String {
        if let Some(prefix) = self.prefix_inside(uri) {
            return prefix.to_owned();
        }
        let input = self.element.tree.store.input;
        let taken = in_force(self.element);
        let is_free = |prefix: &str| {
            taken
                .iter()
                .all(|declaration| declaration.prefix.of(input) != prefix)
                && self.bound.iter().all(|(bound, _)| bound != prefix)
        };
        let numbered = (2_u32..).map(|number| format!("{preferred}{number}"));
        let mut candidates = std::iter::once(preferred.to_owned()).chain(numbered);
        let prefix = candidates
            .find(|prefix| is_free(prefix))
            .unwrap_or_else(|| preferred.to_owned());
        self.bound.push((prefix.clone(), uri.to_owned()));
        prefix
    }
}

/// The declarations in force inside an element, innermost first, without those that are hidden by others.
fn in_force(element: Element<'_>) -> Vec<Declaration> {
    let store = &element.tree.store;
    let mut found: Vec<Declaration> = Vec::new();
    for holder in std::iter::successors(Some(element), Element::parent) {
        for declaration in declared_on(holder) {
            let prefix = declaration.prefix.of(store.input);
            if found.iter().all(|other| other.prefix.of(store.input) != prefix) {
                found.push(*declaration);
            }
        }
    }
    found
}

fn declared_on<'d>(element: Element<'d>) -> &'d [Declaration] {
    let span = element.data.declarations;
    element
        .tree
        .store
        .declarations
        .get(span.start()..span.end())
        .unwrap_or_default()
}

fn find_prefix<'d>(element: Element<'d>, declarations: Vec<Declaration>, uri: &str) -> Option<&'d str> {
    let store = &element.tree.store;
    declarations
        .iter()
        .find(|declaration| !declaration.prefix.is_empty() && store.value(declaration.uri) == uri)
        .map(|declaration| declaration.prefix.of(store.input))
}

struct Copy<'o, 'd> {
    out: &'o mut String,
    input: &'d str,
    /// The input is written, or left out, up to here.
    done: usize,
    /// Inserts at the ends of elements that are still open, innermost last.
    owed: Vec<Owed>,
}

struct Owed {
    end: Span,
    last: String,
    after: String,
}

impl Copy<'_, '_> {
    fn up_to(&mut self, position: usize) {
        if position > self.done {
            self.out
                .push_str(self.input.get(self.done..position).unwrap_or_default());
            self.done = position;
        }
    }

    /// Writes what is owed for elements that end at or before `position`.
    fn settle(&mut self, position: usize) {
        while let Some(owed) = self.owed.pop_if(|owed| owed.end.end() <= position) {
            self.up_to(owed.end.start());
            self.out.push_str(&owed.last);
            self.up_to(owed.end.end());
            self.out.push_str(&owed.after);
        }
    }

    /// Writes the element up to its content, or skips it.
    fn start(&mut self, edits: Edits<'_>) {
        let data = edits.element.data;
        self.up_to(data.start_tag.start());
        self.out.push_str(&edits.before);
        if edits.dropped {
            self.done = data.span().end();
            self.out.push_str(&edits.after);
            return;
        }
        self.declarations(&edits);
        let mut last = edits.last;
        if !edits.first.is_empty() || !last.is_empty() {
            if data.is_empty_tag {
                self.open_up(edits.element, &edits.first, &last);
                last.clear();
            } else {
                self.up_to(data.start_tag.end());
                self.out.push_str(&edits.first);
            }
        }
        if !last.is_empty() || !edits.after.is_empty() {
            self.owed.push(Owed {
                end: data.end,
                last,
                after: edits.after,
            });
        }
    }

    /// Writes `<a/>` as `<a>...</a>`.
    fn open_up(&mut self, element: Element<'_>, first: &str, last: &str) {
        let tag = element.data.start_tag;
        self.up_to(tag.end().saturating_sub(2));
        let name = Span::new(tag.start().saturating_add(1), element.data.local.end());
        for piece in [">", first, last, "</", name.of(self.input), ">"] {
            self.out.push_str(piece);
        }
        self.done = tag.end();
    }

    /// Adds to the start tag what its element needs in the new place.
    fn declarations(&mut self, edits: &Edits<'_>) {
        let element = edits.element;
        let inherited = if edits.is_first {
            inherited(element)
        } else {
            Vec::new()
        };
        if inherited.is_empty() && edits.bound.is_empty() {
            return;
        }
        self.up_to(element.data.local.end());
        let store = &element.tree.store;
        for declaration in &inherited {
            self.declaration(declaration.prefix.of(store.input), store.value(declaration.uri));
        }
        for (prefix, uri) in &edits.bound {
            self.declaration(prefix, uri);
        }
    }

    fn declaration(&mut self, prefix: &str, uri: &str) {
        self.out
            .push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        self.out.push_str(prefix);
        self.out.push_str("=\"");
        escape::text(self.out, uri);
        self.out.push('"');
    }
}

/// The declarations that an element has from its ancestors. If nothing sets a default namespace and elements
/// without a namespace are copied, the default is undone: the new place may have one.
fn inherited(element: Element<'_>) -> Vec<Declaration> {
    let store = &element.tree.store;
    let own = declared_on(element);
    let is_own = |other: &Declaration| {
        own.iter()
            .any(|declaration| declaration.prefix.of(store.input) == other.prefix.of(store.input))
    };
    let mut all = in_force(element);
    let has_default = all.iter().any(|declaration| declaration.prefix.is_empty());
    let mut copied = std::iter::once(element).chain(element.descendants());
    if !has_default && copied.any(|element| element.data.namespace == Namespace::None) {
        all.push(Declaration {
            prefix: Span::default(),
            uri: Default::default(),
        });
    }
    all.retain(|declaration| !is_own(declaration));
    all
}
