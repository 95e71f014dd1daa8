//! XML-16: parse, print, parse gives the same tree.

use std::fmt::Write as _;

use proptest::prelude::*;
use xds_xml::{Document, Limits, escape, serialize};

use crate::{
    generate::node,
    support::{Seen, corpus_files, events},
};

/// Prints what was read, with prefixes of its own.
fn print(events: &[Seen]) -> String {
    let mut out = String::new();
    for event in events {
        match event {
            Seen::Start {
                namespace,
                attributes,
                local,
            } => {
                write!(out, "<{}", name(namespace, local, "e")).unwrap();
                declare(&mut out, namespace, "e");
                for (index, (namespace, local, value)) in attributes.iter().enumerate() {
                    let prefix = format!("a{index}");
                    declare(&mut out, namespace, &prefix);
                    write!(
                        out,
                        " {}=\"{}\"",
                        name(namespace, local, &prefix),
                        escape::escaped(value)
                    )
                    .unwrap();
                }
                out.push('>');
            }
            Seen::Text(text) => escape::text(&mut out, text),
            Seen::End => out.push_str("</>"),
        }
    }
    close(&out, events)
}

fn name(namespace: &str, local: &str, prefix: &str) -> String {
    match namespace {
        "" => local.to_owned(),
        xds_xml::XML_NAMESPACE => format!("xml:{local}"),
        _ => format!("{prefix}:{local}"),
    }
}

fn declare(out: &mut String, namespace: &str, prefix: &str) {
    if !namespace.is_empty() && namespace != xds_xml::XML_NAMESPACE {
        write!(out, " xmlns:{prefix}=\"{}\"", escape::escaped(namespace)).unwrap();
    }
}

/// Fills the names into the end tags.
fn close(out: &str, events: &[Seen]) -> String {
    let mut open = Vec::new();
    let mut names = Vec::new();
    for event in events {
        match event {
            Seen::Start { namespace, local, .. } => open.push(name(namespace, local, "e")),
            Seen::End => names.push(open.pop().unwrap()),
            Seen::Text(_) => {}
        }
    }
    let mut pieces = out.split("</>");
    let mut closed = pieces.next().unwrap().to_owned();
    for (piece, name) in pieces.zip(names) {
        write!(closed, "</{name}>{piece}").unwrap();
    }
    closed
}

fn assert_round_trip(bytes: &[u8]) {
    let read = events(bytes).unwrap();
    assert_eq!(
        events(print(&read).as_bytes()).as_ref(),
        Ok(&read),
        "printed anew"
    );

    let document = Document::parse(bytes, &Limits::default()).unwrap();
    let mut copy = String::new();
    serialize(document.root(), &mut copy, &mut |_, _| {});
    assert_eq!(events(copy.as_bytes()).as_ref(), Ok(&read), "serialised");
}

#[test]
fn xml_16_corpus() {
    for (_, bytes) in corpus_files("accept") {
        assert_round_trip(&bytes);
    }
}

proptest! {
    #[test]
    fn xml_16_random_documents(node in node()) {
        assert_round_trip(node.to_xml().as_bytes());
    }

    /// Every element, taken out of its document and put into one with another default namespace, is the same.
    #[test]
    fn xml_16_every_subtree_stands_alone(node in node()) {
        let bytes = node.to_xml();
        let whole = events(bytes.as_bytes()).unwrap();
        let starts: Vec<usize> =
            (0..whole.len()).filter(|index| matches!(whole[*index], Seen::Start { .. })).collect();
        let document = Document::parse(bytes.as_bytes(), &Limits::default()).unwrap();
        let elements = std::iter::once(document.root()).chain(document.root().descendants());
        for (element, start) in elements.zip(starts) {
            let mut copy = String::from("<other xmlns=\"urn:other\" xmlns:p=\"urn:p\">");
            serialize(element, &mut copy, &mut |_, _| {});
            copy.push_str("</other>");
            let read = events(copy.as_bytes()).unwrap();
            let subtree = &read[1..read.len() - 1];
            prop_assert_eq!(subtree, &whole[start..start + subtree.len()]);
        }
    }

    #[test]
    fn xml_16_tree_and_reader_see_the_same(node in node()) {
        let bytes = node.to_xml();
        let document = Document::parse(bytes.as_bytes(), &Limits::default()).unwrap();
        let by_tree: Vec<_> = std::iter::once(document.root())
            .chain(document.root().descendants())
            .map(|element| (element.namespace().to_owned(), element.local().to_owned(), element.attributes().count()))
            .collect();
        let by_reader: Vec<_> = events(bytes.as_bytes())
            .unwrap()
            .into_iter()
            .filter_map(|event| match event {
                Seen::Start { namespace, local, attributes } => Some((namespace, local, attributes.len())),
                Seen::Text(_) | Seen::End => None,
            })
            .collect();
        prop_assert_eq!(by_tree, by_reader);
    }

    #[test]
    fn xml_16_no_input_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = crate::support::verdict(&bytes);
    }
}
