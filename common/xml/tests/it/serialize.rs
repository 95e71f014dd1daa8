//! Copying a part of a document with changes.

use proptest::prelude::*;
use xds_xml::{Document, Edits, Element, Limits, serialize};

use crate::{generate::node, support::events};

const RIM: &str = "urn:rim";

fn rewritten<'d>(element: Element<'d>, mut rewrite: impl FnMut(Element<'d>, &mut Edits<'d>)) -> String {
    let mut out = String::new();
    serialize(element, &mut out, &mut rewrite);
    out
}

fn parse(text: &str) -> Document<'_> {
    Document::parse(text.as_bytes(), &Limits::default()).unwrap()
}

/// What a repository does when it forwards a submission: some Slots go, others come.
#[test]
fn slots_are_replaced() {
    let document = parse(concat!(
        r#"<l:Submit xmlns:l="urn:lcm" xmlns:r="urn:rim"><l:Request> <r:Object a="1"> <r:Slot name="hash"/>"#,
        r#"<r:Slot name="kept">&lt;<!-- c --></r:Slot><r:Slot name="size"><r:Value>1</r:Value></r:Slot><r:Name/></r:Object><r:Object/></l:Request></l:Submit>"#,
    ));
    let request = document.root().child("urn:lcm", "Request").unwrap();

    let out = rewritten(request, |element, edits| {
        if element.is(RIM, "Object") {
            let prefix = edits.bind(RIM, "rim");
            edits.insert_first(&format!("<{prefix}:Slot name=\"new\"/>"));
        }
        if matches!(element.attribute("name"), Some("hash" | "size")) {
            edits.drop_element();
        }
    });

    assert_eq!(
        out,
        concat!(
            r#"<l:Request xmlns:l="urn:lcm" xmlns:r="urn:rim"> <r:Object a="1"><r:Slot name="new"/> "#,
            r#"<r:Slot name="kept">&lt;<!-- c --></r:Slot><r:Name/></r:Object><r:Object><r:Slot name="new"/></r:Object></l:Request>"#,
        )
    );
}

#[test]
fn inserts_stand_where_they_are_asked_for() {
    let document = parse("<x><a>1</a><b/><c>2<d/>3</c></x>");

    let out = rewritten(document.root(), |element, edits| {
        let name = element.local();
        edits.insert_before(&format!("[{name}"));
        edits.insert_first(&format!("({name}"));
        edits.insert_last(&format!("{name})"));
        edits.insert_after(&format!("{name}]"));
    });

    assert_eq!(
        out,
        "[x<x xmlns=\"\">(x[a<a>(a1a)</a>a][b<b>(bb)</b>b][c<c>(c2[d<d>(dd)</d>d]3c)</c>c]x)</x>x]"
    );
}

#[test]
fn nothing_inside_a_dropped_element_is_asked_about() {
    let document = parse("<x><a><b/></a><c/></x>");
    let mut asked = Vec::new();

    let out = rewritten(document.root(), |element, edits| {
        asked.push(element.local());
        if element.local() == "a" {
            edits.drop_element();
            edits.insert_before("<n/>");
            edits.insert_first("never");
            edits.insert_after("<m/>");
        }
    });

    assert_eq!(asked, ["x", "a", "c"]);
    assert_eq!(out, "<x xmlns=\"\"><n/><m/><c/></x>");
}

#[test]
fn the_root_can_be_dropped() {
    let document = parse("<x><a/></x>");

    let out = rewritten(document.root(), |_, edits| edits.drop_element());

    assert_eq!(out, "");
}

#[test]
fn declarations_in_force_come_along_once() {
    let document = parse(concat!(
        r#"<x xmlns="urn:a" xmlns:p="urn:b&amp;c" xmlns:q="urn:d"><y xmlns:p="urn:e">"#,
        r#"<z xmlns:q="urn:f" p:a="q:name"/></y></x>"#,
    ));
    let z = document.root().descendants().last().unwrap();

    assert_eq!(
        rewritten(z, |_, _| {}),
        r#"<z xmlns:p="urn:e" xmlns="urn:a" xmlns:q="urn:f" p:a="q:name"/>"#
    );
}

#[test]
fn prefixes_are_found_where_they_are_not_hidden() {
    let document = parse(r#"<x xmlns:p="urn:a" xmlns:q="urn:b"><y xmlns:p="urn:b" xmlns:r="urn:c"/></x>"#);
    let mut checked = 0;

    rewritten(document.root(), |element, edits| {
        let inside: Vec<_> = ["urn:a", "urn:b", "urn:c"]
            .map(|uri| edits.prefix_inside(uri))
            .into();
        let outside: Vec<_> = ["urn:a", "urn:b", "urn:c"]
            .map(|uri| edits.prefix_outside(uri))
            .into();
        if element.local() == "x" {
            assert_eq!(
                (inside, outside),
                (vec![Some("p"), Some("q"), None], vec![None; 3])
            );
        } else {
            assert_eq!(inside, [None, Some("p"), Some("r")]);
            assert_eq!(outside, [Some("p"), Some("q"), None]);
        }
        checked += 1;
    });

    assert_eq!(checked, 2);
}

#[test]
fn a_bound_prefix_never_takes_one_that_means_something_else() {
    let document = parse(r#"<x xmlns:p="urn:a" xmlns:p2="urn:b"><y/></x>"#);
    let y = document.root().child("", "y").unwrap();

    let out = rewritten(y, |_, edits| {
        assert_eq!(edits.bind("urn:a", "z"), "p");
        assert_eq!(edits.bind("urn:n", "p"), "p3");
        assert_eq!(edits.bind("urn:n", "other"), "p3");
        assert_eq!(edits.bind("urn:m", "p"), "p4");
        assert_eq!(edits.prefix_inside("urn:m"), Some("p4"));
    });

    let read = parse(&out);
    assert_eq!(
        out,
        r#"<y xmlns:p="urn:a" xmlns:p2="urn:b" xmlns="" xmlns:p3="urn:n" xmlns:p4="urn:m"/>"#
    );
    assert!(read.root().is("", "y"));
}

proptest! {
    /// Drops and inserts at random leave a well-formed document with just the elements that were asked for.
    #[test]
    fn any_edits_leave_a_well_formed_document(node in node(), choices in proptest::collection::vec(0_u8..8, 1..40)) {
        let bytes = node.to_xml();
        let document = parse(&bytes);
        let mut expected: i64 = 0;
        let mut index = 0;
        let out = rewritten(document.root(), |element, edits| {
            let choice = choices[index % choices.len()];
            index += 1;
            let is_root = element == document.root();
            let prefix = edits.bind("urn:new", "p");
            let new = format!("<{prefix}:n/>");
            let dropped = choice == 0 && !is_root;
            match choice {
                0 if !is_root => edits.drop_element(),
                1 => edits.insert_first(&new),
                2 => edits.insert_last(&new),
                3 if !is_root => edits.insert_before("<n xmlns=\"urn:new\"/>"),
                4 if !is_root => edits.insert_after("<n xmlns=\"urn:new\"/>"),
                _ => return,
            }
            expected += i64::from(!dropped);
        });
        let read = parse(&out);
        prop_assert_eq!(read.root().descendants().filter(|element| element.is("urn:new", "n")).count() as i64, expected);
        prop_assert_eq!(read.root().local(), document.root().local());
        prop_assert!(events(out.as_bytes()).is_ok());
    }
}
