//! XML-05: depth costs no stack, neither reading nor walking nor dropping.

use std::thread;

use xds_xml::{Document, Limits, XmlErrorKind, serialize};

use crate::support::{verdict, verdict_within};

const STACK_BYTES: usize = 256 << 10;

fn nested(depth: usize) -> Vec<u8> {
    [b"<a>".repeat(depth), b"</a>".repeat(depth)].concat()
}

fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(work)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn xml_05_depth_limit_is_64() {
    assert_eq!(verdict(&nested(64)), Ok(()));
    assert_eq!(verdict(&nested(65)), Err(XmlErrorKind::TooDeep));
    assert_eq!(verdict(&nested(640)), Err(XmlErrorKind::TooDeep));
}

#[test]
fn xml_05_100_000_levels_are_refused_on_a_small_stack() {
    on_a_small_stack(|| {
        assert_eq!(verdict(&nested(100_000)), Err(XmlErrorKind::TooDeep));
        assert_eq!(verdict(&b"<a>".repeat(100_000)), Err(XmlErrorKind::TooDeep));
    });
}

#[test]
fn xml_05_no_operation_recurses() {
    on_a_small_stack(|| {
        let bytes = nested(100_000);
        let limits = Limits {
            depth_max: 100_000,
            ..Limits::default()
        };
        assert_eq!(verdict_within(&bytes, &limits), Ok(()));

        let document = Document::parse(&bytes, &limits).unwrap();
        let deepest = document.root().descendants().last().unwrap();
        assert_eq!(deepest.path().len(), 2 * 100_000 - 1);
        let mut copy = String::new();
        serialize(document.root(), &mut copy, &mut |_, _| {});
        assert_eq!(copy.len(), bytes.len() + " xmlns=\"\"".len());
        drop(document);
    });
}
