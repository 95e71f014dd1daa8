//! Random documents: namespaces rebound and undone, mixed content, text written in every way.

use std::fmt::Write as _;

use proptest::{collection::vec, prelude::*, sample::select};
use xds_xml::escape;

/// Characters that matter, and any other that XML allows.
pub(crate) fn character() -> impl Strategy<Value = char> {
    let odd = "\t\n\r &<>\"']-;#xａ𠮷か\u{3099}〜～ｶ\u{E000}\u{85}\u{2028}\u{7F}\u{FFFD}\u{3000}";
    prop_oneof![
        3 => select(odd.chars().collect::<Vec<_>>()),
        2 => prop::char::range('a', 'z'),
        1 => any::<char>().prop_filter("legal", |char| is_legal(*char)),
    ]
}

fn is_legal(char: char) -> bool {
    !matches!(char, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    vec(character(), 0..24).prop_map(String::from_iter)
}

/// Prefix and namespace are indexes into these; 0 is none. No ampersand: libxml2 writes it into canonical XML
/// as it is.
pub(crate) const PREFIXES: [&str; 4] = ["", "p", "q", "患"];
pub(crate) const NAMESPACES: [&str; 4] = ["", "urn:a", "urn:b", "http://example.org/it's"];

#[derive(Clone, Debug)]
pub(crate) struct Node {
    prefix: usize,
    local: &'static str,
    declarations: Vec<(usize, usize)>,
    attributes: Vec<(usize, &'static str, String)>,
    content: Vec<Content>,
}

#[derive(Clone, Debug)]
enum Content {
    Node(Node),
    Plain(String),
    CData(String),
    Reference(char),
    Comment,
}

pub(crate) fn node() -> impl Strategy<Value = Node> {
    let leaf = element(Just(Vec::new()).boxed());
    leaf.prop_recursive(5, 40, 5, |inner| {
        let content = prop_oneof![
            4 => inner.prop_map(Content::Node),
            3 => text().prop_map(Content::Plain),
            1 => text().prop_map(|text| Content::CData(text.replace("]]>", "]]"))),
            1 => character().prop_map(Content::Reference),
            1 => Just(Content::Comment),
        ];
        element(vec(content, 0..6).boxed())
    })
}

fn element(content: BoxedStrategy<Vec<Content>>) -> impl Strategy<Value = Node> {
    let local = || select(vec!["a", "b", "Slot", "名"]);
    let declarations = vec((0..PREFIXES.len(), 0..NAMESPACES.len()), 0..3);
    let attributes = vec((0..PREFIXES.len(), local(), text()), 0..3);
    (0..PREFIXES.len(), local(), declarations, attributes, content).prop_map(
        |(prefix, local, declarations, attributes, content)| Node {
            prefix,
            local,
            declarations,
            attributes,
            content,
        },
    )
}

impl Node {
    /// A well-formed document: what the random choice left undeclared or doubled is mended here.
    pub(crate) fn to_xml(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, [0, 0, 0, 0]);
        out
    }

    /// `scope` holds the namespace of each prefix; 0 is undeclared.
    fn write(&self, out: &mut String, mut scope: [usize; 4]) {
        let mut declared = [false; 4];
        let mut tag = String::new();
        let mut declare = |prefix: usize, namespace: usize, scope: &mut [usize; 4], tag: &mut String| {
            if declared[prefix] || (prefix != 0 && namespace == 0) {
                return;
            }
            declared[prefix] = true;
            scope[prefix] = namespace;
            let colon = if prefix == 0 { "" } else { ":" };
            let uri = escape::escaped(NAMESPACES[namespace]);
            write!(tag, " xmlns{colon}{}=\"{uri}\"", PREFIXES[prefix]).unwrap();
        };
        for (prefix, namespace) in &self.declarations {
            declare(*prefix, *namespace, &mut scope, &mut tag);
        }
        for prefix in self
            .attributes
            .iter()
            .map(|(prefix, ..)| *prefix)
            .chain([self.prefix])
        {
            if prefix != 0 && scope[prefix] == 0 {
                declare(prefix, prefix, &mut scope, &mut tag);
            }
        }
        let mut names = Vec::new();
        for (prefix, local, value) in &self.attributes {
            let namespace = if *prefix == 0 { 0 } else { scope[*prefix] };
            if !names.contains(&(namespace, *local)) {
                names.push((namespace, *local));
                write!(tag, " {}=\"{}\"", qualified(*prefix, local), plain(value)).unwrap();
            }
        }
        let name = qualified(self.prefix, self.local);
        if self.content.is_empty() {
            write!(out, "<{name}{tag}/>").unwrap();
            return;
        }
        write!(out, "<{name}{tag}>").unwrap();
        for content in &self.content {
            match content {
                Content::Node(node) => node.write(out, scope),
                Content::Plain(text) => out.push_str(&plain(text)),
                Content::CData(text) => write!(out, "<![CDATA[{text}]]>").unwrap(),
                Content::Reference(char) => write!(out, "&#{};", u32::from(*char)).unwrap(),
                Content::Comment => out.push_str("<!-- <&]]> -->"),
            }
        }
        write!(out, "</{name}>").unwrap();
    }
}

fn qualified(prefix: usize, local: &str) -> String {
    if prefix == 0 {
        local.to_owned()
    } else {
        format!("{}:{local}", PREFIXES[prefix])
    }
}

/// Only what must be escaped is: line ends stay as they are.
fn plain(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace("]]>", "]]&gt;")
        .replace('"', "&quot;")
}
