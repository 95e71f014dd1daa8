//! Every message of `conformance/vectors/samples` that has an envelope.

use std::fs;

use base64::Engine;
use bytes::Bytes;
use xds_model::Transaction;
use xds_soap::{
    FaultCode, Includes, MimeLimits, MtomEvent, MtomReader, Packaging, ReplyAddresses, ResponseError, action,
    ns, read_message_id_leniently, read_request, read_response, refuse_stray_includes, xop_include,
};
use xds_xml::{Document, Limits};

use crate::xmllint::vectors;

fn samples(prefixes: &[&str], extension: &str) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(vectors().join("samples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) && name.ends_with(extension) {
            found.push((name, fs::read(path).unwrap()));
        }
    }
    found
}

fn transaction_in(name: &str) -> Transaction {
    let number = name.trim_start_matches("iti").split('-').next().unwrap();
    Transaction::from_name(&format!("ITI-{number}")).unwrap()
}

#[test]
fn every_request_is_read_as_its_transaction() {
    let mut requests = samples(&["iti18", "iti4", "iti5", "iti6", "iti86"], ".xml");
    requests.retain(|(name, _)| !name.starts_with("iti44"));
    assert!(requests.len() >= 30, "samples were lost");
    for (name, bytes) in requests {
        let doc = Document::parse(&bytes, &Limits::default()).unwrap();
        let request = read_request(&doc, ReplyAddresses::AnonymousOnly)
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let resolved = action::resolve(&request.headers.action, request.body, &Transaction::ALL);
        assert_eq!(resolved, Ok(transaction_in(&name)), "{name}");
        assert_eq!(
            read_message_id_leniently(&doc),
            Some(request.headers.message_id),
            "{name}"
        );
    }
}

/// The ITI-44 samples are bodies only.
#[test]
fn every_hl7_v3_body_belongs_to_its_action() {
    let bodies = samples(&["iti44"], ".xml");
    assert_eq!(bodies.len(), 3);
    for (name, bytes) in bodies {
        let doc = Document::parse(&bytes, &Limits::default()).unwrap();
        let action = format!("urn:hl7-org:v3:{}", doc.root().local());
        let resolved = action::resolve(&action, doc.root(), &[Transaction::Iti44]);
        assert_eq!(resolved, Ok(Transaction::Iti44), "{name}");
    }
}

#[test]
fn every_response_is_read() {
    let responses = samples(&["response"], ".xml");
    assert!(responses.len() >= 6, "samples were lost");
    for (name, bytes) in responses {
        let doc = Document::parse(&bytes, &Limits::default()).unwrap();
        let header = doc.root().child(ns::SOAP12, "Header").unwrap();
        let text = |local| header.child(ns::WSA, local).unwrap().text().unwrap();
        let read = read_response(&doc, &[text("Action")], text("RelatesTo"));
        match name.as_str() {
            "response-soap-fault.xml" => {
                let Err(ResponseError::Fault(fault)) = read else {
                    panic!("{read:?}");
                };
                assert_eq!(fault.code, FaultCode::Sender);
            }
            _ => assert!(read.is_ok(), "{name}"),
        }
        assert_eq!(
            read_response(&doc, &[text("Action")], "urn:uuid:other"),
            Err(ResponseError::RelatesTo)
        );
    }
}

/// The id of a document in the envelope, and its bytes.
type NamedDocument = (String, Vec<u8>);

/// The envelope, its references, and the documents that came.
fn read_mime(bytes: &[u8]) -> (Vec<u8>, Includes<String>, Vec<NamedDocument>) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap();
    let header = std::str::from_utf8(&bytes[..end]).unwrap().trim();
    let header = header.strip_prefix("Content-Type: ").unwrap();
    let Ok(Packaging::Mtom { boundary, start }) = Packaging::parse(header) else {
        panic!("{header}");
    };
    let mut reader = MtomReader::new(&boundary, start.as_deref(), MimeLimits::default()).unwrap();
    for chunk in bytes[end..].chunks(1000) {
        reader.push(Bytes::copy_from_slice(chunk));
    }
    reader.finish();
    let mut root = Vec::new();
    let mut includes = Includes::new(None);
    let mut documents = Vec::new();
    while let Some(event) = reader.next().unwrap() {
        match event {
            MtomEvent::Root { envelope, content_id } => {
                root = envelope.to_vec();
                includes = find_includes(&root, Includes::new(content_id));
            }
            MtomEvent::PartStart(headers) => {
                let id = includes.claim(headers.content_id.as_ref()).unwrap();
                documents.push((id.unwrap().clone(), Vec::new()));
            }
            MtomEvent::Data(data) => documents.last_mut().unwrap().1.extend_from_slice(&data),
            MtomEvent::PartEnd | MtomEvent::End => {}
        }
    }
    assert!(reader.is_complete());
    (root, includes, documents)
}

fn find_includes(root: &[u8], mut includes: Includes<String>) -> Includes<String> {
    let doc = Document::parse(root, &Limits::default()).unwrap();
    refuse_stray_includes(&doc, Some((ns::XDS, "Document"))).unwrap();
    for element in doc.root().descendants().filter(|e| e.is(ns::XDS, "Document")) {
        let cid = xop_include(element).unwrap().unwrap();
        includes
            .add(cid, element.attribute("id").unwrap_or_default().to_owned())
            .unwrap();
    }
    includes
}

#[test]
fn the_iti41_sample_is_read_with_its_document() {
    let (_, bytes) = samples(&["iti41"], ".mime").remove(0);
    let (root, includes, documents) = read_mime(&bytes);
    let doc = Document::parse(&root, &Limits::default()).unwrap();
    let request = read_request(&doc, ReplyAddresses::AnonymousOnly).unwrap();
    let resolved = action::resolve(&request.headers.action, request.body, &[Transaction::Iti41]);
    assert_eq!(resolved, Ok(Transaction::Iti41));
    assert_eq!(includes.unclaimed().count(), 0);
    assert_eq!(documents.len(), 1);
    let (id, content) = &documents[0];
    let inline = inline_document("iti41-provide-and-register-inline.xml");
    assert_eq!((id, content), (&inline.0, &inline.1));
}

#[test]
fn the_iti43_sample_is_read_with_its_document() {
    let (_, bytes) = samples(&["response"], ".mime").remove(0);
    let (_, includes, documents) = read_mime(&bytes);
    assert_eq!(includes.unclaimed().count(), 0);
    let inline = inline_document("response-retrieve-partial-success-inline.xml");
    assert_eq!(documents[0].1, inline.1);
}

/// The document in the inline twin of a sample.
fn inline_document(file: &str) -> NamedDocument {
    let bytes = fs::read(vectors().join("samples").join(file)).unwrap();
    let doc = Document::parse(&bytes, &Limits::default()).unwrap();
    let mut documents = doc.root().descendants().filter(|e| e.is(ns::XDS, "Document"));
    let document = documents.next().unwrap();
    let id = document.attribute("id").unwrap_or_default().to_owned();
    let text: String = document.text().unwrap().split_whitespace().collect();
    (
        id,
        base64::engine::general_purpose::STANDARD.decode(text).unwrap(),
    )
}
