//! libxml2 as the second opinion: what the door accepts, `xmllint` accepts and reads alike. We may be stricter,
//! never laxer.
//!
//! Without `xmllint` (Debian: libxml2-utils) these tests say so and pass.

use std::{
    io::{ErrorKind, Write as _},
    process::{Command, Stdio},
    sync::OnceLock,
};

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    generate::node,
    support::{corpus_files, events, verdict},
};

/// The canonical form that libxml2 reads the document as, or what it says against it. `None` without xmllint.
fn libxml2(document: &[u8]) -> Option<Result<Vec<u8>, String>> {
    static MISSING: OnceLock<bool> = OnceLock::new();
    if *MISSING.get_or_init(is_missing) {
        return None;
    }
    let mut child = Command::new("xmllint")
        .args(["--nonet", "--c14n", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may stop reading before the end of a bad document.
    let _ = child.stdin.take().unwrap().write_all(document);
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    // A namespace error leaves the exit status at 0.
    if output.status.success() && !complaint.contains("error") {
        Some(Ok(output.stdout))
    } else {
        Some(Err(complaint))
    }
}

fn is_missing() -> bool {
    let found = Command::new("xmllint").arg("--version").output();
    let missing = found.is_err_and(|error| error.kind() == ErrorKind::NotFound);
    if missing {
        println!("xmllint is not installed: not compared with libxml2");
    }
    missing
}

/// Canonical XML cannot be made where a namespace name is relative, and libxml2 reports names that are no URI.
/// Neither is a matter of well-formedness.
fn is_about_namespace_names(complaint: &str) -> bool {
    ["is not absolute", "is not a valid URI", "Relative namespace"]
        .iter()
        .any(|known| complaint.contains(known))
}

fn assert_agreed(document: &[u8]) {
    if verdict(document).is_err() {
        return;
    }
    match libxml2(document) {
        None => {}
        Some(Ok(canonical)) => {
            let shown = String::from_utf8_lossy(document);
            assert_eq!(events(&canonical), events(document), "{shown}");
        }
        Some(Err(complaint)) => {
            assert!(
                is_about_namespace_names(&complaint),
                "{complaint}\n{}",
                String::from_utf8_lossy(document)
            );
        }
    }
}

#[test]
fn libxml2_agrees_on_the_corpus() {
    for (_, bytes) in corpus_files("accept").into_iter().chain(corpus_files("refuse")) {
        assert_agreed(&bytes);
    }
}

/// The comparison itself can fail.
#[test]
fn libxml2_is_heard() {
    if let Some(opinion) = libxml2(b"<p:x/>") {
        assert!(opinion.unwrap_err().contains("not defined"));
        assert!(libxml2(b"<x>").unwrap().is_err());
        assert_eq!(
            libxml2(b"<x  a='1'/>").unwrap().as_deref(),
            Ok(b"<x a=\"1\"></x>".as_slice())
        );
    }
}

const PIECES: [&str; 32] = [
    "<",
    ">",
    "&",
    ";",
    "\"",
    "'",
    "=",
    "/",
    "!",
    "?",
    "-",
    "--",
    "[",
    "]",
    "]]>",
    ":",
    "x",
    "1",
    " ",
    "\r",
    "\n",
    "\t",
    "<y/>",
    "</a>",
    "&#13;",
    "&lt;",
    "<!-- -->",
    "<![CDATA[",
    "xmlns",
    "p:",
    "\u{B7}",
    "\u{D7}",
];

#[derive(Clone, Debug)]
struct Mutation {
    at: Index,
    remove: usize,
    insert: usize,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    (any::<Index>(), 0_usize..4, 0..PIECES.len() + 1).prop_map(|(at, remove, insert)| Mutation {
        at,
        remove,
        insert,
    })
}

fn mutate(text: &str, mutations: &[Mutation]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for mutation in mutations {
        let at = mutation.at.index(chars.len() + 1);
        let end = (at + mutation.remove).min(chars.len());
        let piece = PIECES.get(mutation.insert).copied().unwrap_or("");
        chars.splice(at..end, piece.chars());
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn libxml2_agrees_on_random_documents(node in node()) {
        let document = node.to_xml();
        prop_assert_eq!(verdict(document.as_bytes()), Ok(()));
        assert_agreed(document.as_bytes());
    }

    /// Documents broken at random: most are refused; those that are not must be right.
    #[test]
    fn libxml2_agrees_on_broken_documents(node in node(), mutations in vec(mutation(), 1..4)) {
        assert_agreed(mutate(&node.to_xml(), &mutations).as_bytes());
    }
}
