//! XUA-10: canonical form, byte for byte as libxml2 has it.
//!
//! `RENKEI_C14N` says how many random documents (2,000 without it). Without xmllint, or without Python's lxml, the
//! comparison says so and passes.

use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};

use xds_xml::canonical::Canonical;
use xds_xml::{Document, Limits};

use crate::mutate::Random;
use crate::outside::samples;

/// Our canonical form of the element with this index, in document order.
fn ours(document: &str, index: usize, inclusive: &[&str]) -> String {
    let tree = Document::parse(document.as_bytes(), &Limits::default()).unwrap();
    let element = std::iter::once(tree.root())
        .chain(tree.root().descendants())
        .nth(index)
        .unwrap();
    let what = Canonical {
        inclusive,
        ..Canonical::of(element)
    };
    what.octets().unwrap()
}

/// Exclusive XML Canonicalization 1.0, section 2.2, and Canonical XML 1.0, section 3, with what they say.
#[test]
fn xua_10_examples_of_the_recommendations() {
    let with_context = r#"<n0:pdu xmlns:n0='http://a.example' xmlns:n2="http://foo.example" xml:lang="fr" xml:space="retain"><n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2></n0:pdu>"#;
    assert_eq!(
        ours(with_context, 1, &[]),
        r#"<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>"#
    );
    assert_eq!(
        ours(with_context, 1, &["n2", "absent"]),
        r#"<n1:elem2 xmlns:n1="http://example.net" xmlns:n2="http://foo.example" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>"#
    );
    let attributes = r#"<e5 xmlns="http://example.org" xmlns:b="http://www.ietf.org" xmlns:a="http://www.w3.org" a:attr="out" b:attr="sorted" attr2="all" attr="I'm"/>"#;
    assert_eq!(
        ours(attributes, 0, &[]),
        r#"<e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I'm" attr2="all" b:attr="sorted" a:attr="out"></e5>"#
    );
    let default = r#"<a xmlns="urn:a"><b xmlns=""><c xmlns="urn:c"/><d/></b></a>"#;
    assert_eq!(
        ours(default, 0, &[]),
        r#"<a xmlns="urn:a"><b xmlns=""><c xmlns="urn:c"></c><d></d></b></a>"#
    );
    assert_eq!(ours(default, 1, &[]), r#"<b><c xmlns="urn:c"></c><d></d></b>"#);
    let texts = "<doc a='&quot;&#9;&#10;&#13;&lt;&gt;&amp;\t'>1&#13;2\r\n3<![CDATA[<&>]]><!-- gone -->&gt;&quot;</doc>";
    assert_eq!(
        ours(texts, 0, &[]),
        "<doc a=\"&quot;&#x9;&#xA;&#xD;&lt;>&amp; \">1&#xD;2\n3&lt;&amp;&gt;&gt;\"</doc>"
    );
}

/// The signature left out leaves no trace.
#[test]
fn xua_10_an_element_is_left_out() {
    let document = b"<a xmlns=\"urn:a\"> <b xmlns=\"urn:b\"><c/>x</b>y<b/></a>";
    let document = Document::parse(document, &Limits::default()).unwrap();
    let what = Canonical {
        omitted: document.root().child("urn:b", "b"),
        ..Canonical::of(document.root())
    };
    assert_eq!(what.octets().unwrap(), "<a xmlns=\"urn:a\"> y<b></b></a>");
}

#[test]
fn xua_10_outside_samples_as_xmllint_has_them() {
    for (title, message) in samples().into_iter().step_by(3) {
        let Some(theirs) = xmllint(message) else { return };
        assert_eq!(ours(message, 0, &[]), theirs, "{title}");
    }
}

fn xmllint(document: &str) -> Option<String> {
    let spawned = Command::new("xmllint")
        .args(["--nonet", "--exc-c14n", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match spawned {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("xmllint is not installed: not compared");
            return None;
        }
        spawned => spawned.unwrap(),
    };
    child
        .stdin
        .take()
        .unwrap()
        .write_all(document.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    // Comments are not kept by us, and the samples have none.
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A random element of a random document, with a random PrefixList.
struct Case {
    document: String,
    index: usize,
    prefixes: Vec<&'static str>,
}

#[test]
fn xua_10_random_documents_as_libxml2_has_them() {
    let count = std::env::var("RENKEI_C14N").map_or(2_000, |value| value.parse().unwrap());
    let cases: Vec<Case> = (0..count).map(case).collect();
    let Some(theirs) = libxml2(&cases) else { return };
    assert_eq!(theirs.len(), cases.len());
    for (case, theirs) in cases.iter().zip(theirs) {
        let Case {
            document,
            index,
            prefixes,
        } = case;
        assert_eq!(
            ours(document, *index, prefixes),
            theirs,
            "element {index}, {prefixes:?} of\n{document}"
        );
    }
}

fn case(number: u64) -> Case {
    let mut random = Random::new(number);
    let mut document = String::new();
    let elements = element(&mut document, 0, &[("", ""), ("xml", "")], &mut random);
    // lxml drops #default from a PrefixList: the outside samples cover it.
    let all = ["p", "q", "患"];
    Case {
        document,
        index: random.below(elements),
        prefixes: all.into_iter().filter(|_| random.below(4) == 0).collect(),
    }
}

/// Writes an element and returns how many there are in it. `scope` holds the prefixes that are bound.
fn element(
    out: &mut String,
    depth: usize,
    scope: &[(&'static str, &'static str)],
    random: &mut Random,
) -> usize {
    const URIS: [&str; 4] = ["urn:a", "urn:b", "http://example.org/it's", "urn:c?d=1"];
    let mut scope = scope.to_vec();
    let mut tag = String::new();
    for prefix in ["", "p", "q", "患"] {
        if random.below(3) == 0 {
            let uri = if prefix.is_empty() && random.below(2) == 0 {
                ""
            } else {
                *random.pick(&URIS)
            };
            tag.push_str(&if prefix.is_empty() {
                format!(" xmlns=\"{uri}\"")
            } else {
                format!(" xmlns:{prefix}='{}'", uri.replace('\'', "&apos;"))
            });
            scope.retain(|(other, _)| *other != prefix);
            scope.push((prefix, uri));
        }
    }
    let usable: Vec<(&str, &str)> = scope
        .iter()
        .copied()
        .filter(|(prefix, _)| *prefix != "xml")
        .collect();
    let (prefix, _) = *random.pick(&usable);
    let name = qualified(prefix, &random.pick(&["a", "b", "Slot", "名"])[..]);
    let mut taken: Vec<(String, &str)> = Vec::new();
    for local in ["x", "ID", "属", "lang"] {
        let (prefix, uri) = *random.pick(&scope);
        let uri = if prefix.is_empty() {
            ""
        } else if prefix == "xml" {
            "xml"
        } else {
            uri
        };
        if random.below(2) == 0 && !taken.contains(&(uri.to_owned(), local)) {
            taken.push((uri.to_owned(), local));
            tag.push_str(&format!(
                "\n {}=\"{}\"",
                qualified(prefix, local),
                text(random).replace('"', "&quot;").replace('<', "&lt;")
            ));
        }
    }
    out.push_str(&format!("<{name}{tag}>"));
    let mut elements = 1;
    for _ in 0..random.below(4) {
        match random.below(4) {
            0 => out.push_str(&text(random).replace('<', "&lt;").replace("]]>", "]]&gt;")),
            1 => out.push_str(&format!(
                "<![CDATA[{}]]>",
                text(random).replace("&", "&<").replace("]]>", "")
            )),
            _ if depth < 5 => elements += element(out, depth + 1, &scope, random),
            _ => out.push_str("<!-- c -->"),
        }
    }
    out.push_str(&format!("</{name}>"));
    elements
}

fn qualified(prefix: &str, local: &str) -> String {
    if prefix.is_empty() {
        local.to_owned()
    } else {
        format!("{prefix}:{local}")
    }
}

fn text(random: &mut Random) -> String {
    const PIECES: [&str; 14] = [
        "a",
        " ",
        "\t",
        "\n",
        "\r\n",
        "&amp;",
        "&#13;",
        "&#9;",
        "'",
        ">",
        "𠮷",
        "か\u{3099}",
        "\u{85}",
        "&#x2028;",
    ];
    (0..random.below(6)).map(|_| *random.pick(&PIECES)).collect()
}

const PYTHON: &str = r#"
import base64, io, json, sys
import lxml.etree as etree
for line in sys.stdin.buffer:
    case = json.loads(line)
    root = etree.fromstring(case["document"].encode())
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    octets = etree.tostring(elements[case["index"]], method="c14n", exclusive=True, with_comments=False,
                            inclusive_ns_prefixes=case["prefixes"] or None)
    sys.stdout.write(base64.b64encode(octets).decode() + "\n")
"#;

fn libxml2(cases: &[Case]) -> Option<Vec<String>> {
    use base64::Engine as _;
    let found = Command::new("/usr/bin/python3")
        .args(["-c", "import lxml.etree"])
        .stderr(Stdio::null())
        .status();
    if !found.is_ok_and(|status| status.success()) {
        println!("Python's lxml is not installed: not compared");
        return None;
    }
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input: String = cases
        .iter()
        .map(|case| {
            serde_json::json!({"document": case.document, "index": case.index, "prefixes": case.prefixes})
                .to_string()
                + "\n"
        })
        .collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let decode = |line: &str| {
        let octets = base64::engine::general_purpose::STANDARD.decode(line).unwrap();
        String::from_utf8(octets).unwrap()
    };
    Some(
        std::str::from_utf8(&output.stdout)
            .unwrap()
            .lines()
            .map(decode)
            .collect(),
    )
}
