//! The tree.

use std::path::Path;

use xds_xml::{Document, Limits};

const MESSAGE: &str = r#"<?xml version="1.0"?>
<l:SubmitObjectsRequest xmlns:l="urn:lcm" xmlns="urn:rim">
  <RegistryObjectList>
    <ExtrinsicObject id="a"/>
    <ExtrinsicObject id="b">
      <Slot name="hash"><ValueList><Value>1</Value><Value>2</Value></ValueList></Slot>
      <l:Slot/>
      <Name/>
    </ExtrinsicObject>
  </RegistryObjectList>
</l:SubmitObjectsRequest>"#;

fn message() -> Document<'static> {
    Document::parse(MESSAGE.as_bytes(), &Limits::default()).unwrap()
}

#[test]
fn a_comment_is_known_where_it_stands() {
    let document = Document::parse(
        b"<a><b>x<!-- c --></b><c><!-- c --><d/></c><e/></a>",
        &Limits::default(),
    )
    .unwrap();
    let commented: Vec<&str> = document
        .root()
        .descendants()
        .filter(|element| element.has_comment())
        .map(|element| element.local())
        .collect();

    assert_eq!(commented, ["b", "c"]);
    assert!(!document.root().has_comment());
}

#[test]
fn path_names_the_place_of_an_element() {
    let document = message();
    let paths: Vec<String> = document
        .root()
        .descendants()
        .map(|element| element.path())
        .collect();

    let object = "SubmitObjectsRequest/RegistryObjectList/ExtrinsicObject";
    assert_eq!(
        paths,
        [
            "SubmitObjectsRequest/RegistryObjectList".to_owned(),
            format!("{object}[1]"),
            format!("{object}[2]"),
            format!("{object}[2]/Slot"),
            format!("{object}[2]/Slot/ValueList"),
            format!("{object}[2]/Slot/ValueList/Value[1]"),
            format!("{object}[2]/Slot/ValueList/Value[2]"),
            format!("{object}[2]/Slot"),
            format!("{object}[2]/Name"),
        ]
    );
    assert_eq!(document.root().path(), "SubmitObjectsRequest");
}

#[test]
fn children_parents_and_descendants() {
    let document = message();
    let root = document.root();
    let list = root.child("urn:rim", "RegistryObjectList").unwrap();
    let ids: Vec<_> = list
        .children_named("urn:rim", "ExtrinsicObject")
        .map(|object| object.attribute("id"))
        .collect();

    assert_eq!(ids, [Some("a"), Some("b")]);
    let second = list.children().nth(1).unwrap();
    assert_eq!(
        second.children().map(|child| child.local()).collect::<Vec<_>>(),
        ["Slot", "Slot", "Name"]
    );
    assert_eq!(second.parent(), Some(list));
    assert_eq!(root.parent(), None);
    assert_eq!(second.descendants().count(), 6);
    assert_eq!(list.children().next().unwrap().descendants().count(), 0);
    assert_eq!(second.child("urn:lcm", "Slot").unwrap().descendants().count(), 0);
    assert_ne!(second.child("urn:lcm", "Slot"), second.child("urn:rim", "Slot"));
}

#[test]
fn place_and_source() {
    let document = message();
    for element in document.root().descendants() {
        let source = element.source();
        assert_eq!(
            &MESSAGE[element.offset()..element.offset() + source.len()],
            source
        );
        assert!(source.starts_with('<') && source.ends_with('>'));
        assert_eq!(element.line(), MESSAGE[..element.offset()].lines().count());
    }
    let value = document
        .root()
        .descendants()
        .find(|element| element.local() == "Value")
        .unwrap();
    assert_eq!((value.source(), value.line()), ("<Value>1</Value>", 6));
    assert_eq!(document.root().source(), &MESSAGE[22..]);
}

#[test]
fn text_directly_inside_is_seen() {
    let bytes =
        b"<x><a> \n</a><b>1</b><c><d/>1</c><e>1<d/></e><f><d>1</d> </f><g>&#32;</g><h>&#49;<d/></h></x>";
    let document = Document::parse(bytes, &Limits::default()).unwrap();

    let seen: String = document
        .root()
        .children()
        .filter(|child| child.has_text())
        .map(|child| child.local())
        .collect();

    assert_eq!(seen, "bceh");
    assert_eq!(document.root().child("", "a").unwrap().text(), Ok(" \n"));
    assert_eq!(document.root().child("", "g").unwrap().text(), Ok(" "));
    assert!(!document.root().has_text());
}

/// All sample messages of the standard pass.
#[test]
fn the_samples_of_the_conformance_vectors_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors/samples");
    let mut accepted = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let bytes = std::fs::read(&path).unwrap();
            assert!(
                Document::parse(&bytes, &Limits::default()).is_ok(),
                "{}",
                path.display()
            );
            accepted += 1;
        }
    }
    assert!(accepted > 30);
}
