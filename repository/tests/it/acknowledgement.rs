//! ITI-41 of acknowledgements of privacy policies (BPPC): the registry is told the SHA-256, and a document that does not
//! say what its metadata say is refused.

use aws_lc_rs::digest;
use xds_ebxml::rs::ResponseStatus;

use crate::support::*;

const POLICY: &str = "1.2.392.9.9.9.100.1";
const SLOT: &str = "urn:renkei:document-sha256";

fn sha256(content: &[u8]) -> String {
    let digest = digest::digest(&digest::SHA256, content);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn slot(name: &str, value: &str) -> String {
    format!(
        "<rim:Slot name=\"{name}\"><rim:ValueList><rim:Value>{value}</rim:Value></rim:ValueList></rim:Slot>"
    )
}

fn classification(scheme: &str, code: &str) -> String {
    format!(
        "<rim:Classification classificationScheme=\"{scheme}\" classifiedObject=\"x\" nodeRepresentation=\"{code}\"/>"
    )
}

/// The document: in it the patient of the tests acknowledges these policies, with something in its body.
fn cda(policies: &[&str], body: &str) -> String {
    let events: String = policies
        .iter()
        .map(|policy| {
            format!(
                "<documentationOf typeCode=\"DOC\"><serviceEvent classCode=\"ACT\" moodCode=\"EVN\">\
                 <templateId root=\"1.3.6.1.4.1.19376.1.5.3.1.2.6\"/><id root=\"1.2.3\"/>\
                 <code code=\"{policy}\" codeSystem=\"1.2.392.9.9.9.100\"/>\
                 <effectiveTime><low value=\"20261101090000+0900\"/></effectiveTime></serviceEvent></documentationOf>"
            )
        })
        .collect();
    format!(
        "<ClinicalDocument xmlns=\"urn:hl7-org:v3\"><recordTarget><patientRole>\
         <id root=\"1.2.392.1\" extension=\"CANARY-PATIENT\"/></patientRole></recordTarget>{events}\
         <component><nonXMLBody><text>{body}</text></nonXMLBody></component></ClinicalDocument>"
    )
}

/// An entry that says that [`POLICY`] was acknowledged, with a document.
fn acknowledgement(content: String) -> Entry {
    Entry {
        mime_type: "text/xml".to_owned(),
        slots: slot("serviceStartTime", "20261101000000"),
        classifications: classification(
            "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d",
            "urn:ihe:iti:bppc:2007",
        ) + &classification("urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4", POLICY),
        ..Entry::new(content)
    }
}

async fn forwarded(entry: &Entry) -> String {
    let world = World::new().await;
    let submission = Submission::of(std::slice::from_ref(entry));
    for simple in [true, false] {
        let response = match simple {
            true => world.h1.provide_simple(&submission.inline()).await.unwrap(),
            false => world.h1.provide(&submission).await.unwrap(),
        };
        assert_eq!(response.status, ResponseStatus::Success, "{:?}", response.errors);
    }
    let sent = world.ground.registry.submissions();
    assert_eq!(sent.len(), 2);
    sent.into_iter().last().unwrap().1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_registry_is_told_the_sha_256_of_an_acknowledgement() {
    let content = cda(&[POLICY], "");
    let mut entry = acknowledgement(content.clone());
    // The sender's word for it counts for nothing.
    entry.slots.push_str(&slot(SLOT, &"0".repeat(64)));
    let body = forwarded(&entry).await;
    assert_eq!(body.matches(SLOT).count(), 1, "{body}");
    assert!(body.contains(&sha256(content.as_bytes())), "{body}");
    assert!(!body.contains(&"0".repeat(64)), "{body}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_other_documents_it_is_not_told() {
    let mut entry = Entry::text("hello");
    entry.slots = slot(SLOT, &"0".repeat(64));
    assert!(!forwarded(&entry).await.contains(SLOT));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_of_any_length_is_looked_into_as_far_as_its_body() {
    let content = cda(&[POLICY], &"QUJD".repeat(1 << 19));
    let body = forwarded(&acknowledgement(content.clone())).await;
    assert!(body.contains(&sha256(content.as_bytes())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_says_something_else_is_refused() {
    let world = World::new().await;
    let right = cda(&[POLICY], "");
    let before = world.ground.stored();
    for (name, content) in [
        ("another policy", cda(&["1.2.3"], "")),
        ("one more", cda(&[POLICY, "1.2.3"], "")),
        ("none", cda(&[], "")),
        ("another patient", right.replace("CANARY-PATIENT", "P2")),
        ("another time", right.replace("20261101", "20261102")),
        (
            "an end",
            right.replace("</effectiveTime>", "<high value=\"2027\"/></effectiveTime>"),
        ),
        ("no CDA", right.replace("urn:hl7-org:v3", "urn:else")),
        ("no XML", "%PDF-1.7".to_owned()),
    ] {
        let entry = acknowledgement(content);
        let submission = Submission::of(std::slice::from_ref(&entry));
        for simple in [true, false] {
            let response = match simple {
                true => world.h1.provide_simple(&submission.inline()).await.unwrap(),
                false => world.h1.provide(&submission).await.unwrap(),
            };
            assert_eq!(response.status, ResponseStatus::Failure, "{name}");
            assert_eq!(codes(&response), ["InvalidDocumentContent"], "{name}");
            let context = &response.errors[0].context;
            assert!(
                context.starts_with(&entry.unique_id) && context.contains("REP-012"),
                "{context}"
            );
        }
    }
    assert_eq!(world.ground.registry.submissions(), []);
    world.ground.wait_for_stored(&before).await;
}
