//! XML-02: nothing outside of the document is ever read. The forms are in the corpus.

use std::path::Path;

use xds_xml::{Document, Limits};

#[test]
fn xml_02_xinclude_and_schema_location_mean_nothing() {
    let include = br#"<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname" parse="text"/></x>"#;

    let document = Document::parse(include, &Limits::default()).unwrap();

    let element = document
        .root()
        .child("http://www.w3.org/2001/XInclude", "include")
        .unwrap();
    assert_eq!(element.text(), Ok(""));
    assert_eq!(element.attribute("href"), Some("file:///etc/hostname"));
}

/// The crate has nothing to open a file or a socket with.
#[test]
fn xml_02_no_source_file_names_files_or_sockets() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let source = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for word in ["std::fs", "std::net", "File::", "Path", "Command", "std::io"] {
            assert!(!source.contains(word), "{word}");
        }
        files += 1;
    }
    assert!(files > 10);
}
