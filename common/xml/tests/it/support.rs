//! What the modules share.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use xds_xml::{Document, Event, Limits, Reader, XmlError, XmlErrorKind};

/// An event as a value: attributes sorted, text that is empty left out.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Seen {
    Start {
        namespace: String,
        local: String,
        attributes: Vec<(String, String, String)>,
    },
    Text(String),
    End,
}

pub(crate) fn events(bytes: &[u8]) -> Result<Vec<Seen>, XmlError> {
    let mut reader = Reader::new(bytes, &Limits::default())?;
    let mut seen = Vec::new();
    loop {
        match reader.read()? {
            Event::Start(start) => seen.push(Seen::Start {
                namespace: start.namespace().to_owned(),
                local: start.local().to_owned(),
                attributes: sorted(start.attributes().map(owned)),
            }),
            Event::Text(text) if text.value().is_empty() => {}
            Event::Text(text) => seen.push(Seen::Text(text.value().to_owned())),
            Event::End => seen.push(Seen::End),
            Event::Eof => return Ok(seen),
        }
    }
}

pub(crate) fn owned((namespace, local, value): (&str, &str, &str)) -> (String, String, String) {
    (namespace.to_owned(), local.to_owned(), value.to_owned())
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort();
    items
}

/// The verdict, which tree and reader must share.
pub(crate) fn verdict(bytes: &[u8]) -> Result<(), XmlErrorKind> {
    verdict_within(bytes, &Limits::default())
}

pub(crate) fn verdict_within(bytes: &[u8], limits: &Limits) -> Result<(), XmlErrorKind> {
    let by_tree = Document::parse(bytes, limits).map(drop);
    let by_reader = read_all(bytes, limits);
    assert_eq!(by_tree, by_reader, "tree and reader disagree");
    by_tree.map_err(|error| error.kind())
}

fn read_all(bytes: &[u8], limits: &Limits) -> Result<(), XmlError> {
    let mut reader = Reader::new(bytes, limits)?;
    while !matches!(reader.read()?, Event::Eof) {}
    Ok(())
}

pub(crate) fn assert_refused(cases: &[(&str, XmlErrorKind)]) {
    for (document, kind) in cases {
        assert_eq!(verdict(document.as_bytes()), Err(*kind), "{document}");
    }
}

/// Runs `work` and returns what it says if it was quick. Debug builds on shared machines get more time, so the
/// factor must stay far below what a quadratic reading would take.
pub(crate) fn within<T>(release: Duration, work: impl Fn() -> T) -> T {
    let bound = if cfg!(debug_assertions) {
        release.saturating_mul(100)
    } else {
        release
    };
    // A shared machine may stall once; an algorithm that is too slow is so each time.
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let start = Instant::now();
        let result = work();
        best = best.min(start.elapsed());
        if best <= bound {
            return result;
        }
    }
    panic!("took {best:?}, bound {bound:?}");
}

pub(crate) fn corpus_files(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/corpus")
        .join(folder);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}
