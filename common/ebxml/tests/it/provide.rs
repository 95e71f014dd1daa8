//! ITI-41: what a repository reads, checks and forwards.

use xds_ebxml::provide::{
    ContentToProvide, DocumentToProvide, EntryChange, forward, read_provide, write_provide,
};
use xds_ebxml::rim::ObjectLimits;
use xds_model::submission::ReceivedSubmission;
use xds_model::{Fault, RuleId};
use xds_xml::{Document, Limits};

use crate::support::{COMPLETE, assert_valid, received, sample, summary, with_body};

/// The complete submission with these documents.
fn provide(documents: &str) -> String {
    format!(
        r#"<x:ProvideAndRegisterDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007">{COMPLETE}{documents}</x:ProvideAndRegisterDocumentSetRequest>"#
    )
}

const DOCUMENT: &str = r#"<x:Document id="Document01">QUJD</x:Document>"#;
const PREFIX: &str = "ProvideAndRegisterDocumentSetRequest";
const ENTRY: &str =
    "ProvideAndRegisterDocumentSetRequest/SubmitObjectsRequest/RegistryObjectList/ExtrinsicObject";

fn faults(text: &str) -> Vec<(RuleId, String)> {
    with_body(text, |root| {
        summary(
            &read_provide(root, ObjectLimits::default())
                .err()
                .unwrap_or_default(),
        )
    })
}

fn change(id: &str) -> EntryChange {
    EntryChange {
        id: id.to_owned(),
        repository_unique_id: "1.2.392.7.7".parse().unwrap(),
        hash: "e543712c0e10501972de13a5bfcbe826c49feb75".parse().unwrap(),
        size: 4,
        sha256: None,
    }
}

fn forwarded(text: &str, changes: &[EntryChange]) -> String {
    with_body(text, |root| {
        forward(
            read_provide(root, ObjectLimits::default()).unwrap().submission,
            changes,
        )
    })
}

#[test]
fn what_a_repository_needs_is_read() {
    with_body(&provide(DOCUMENT), |root| {
        let read = read_provide(root, ObjectLimits::default()).unwrap();
        let entry = &read.entries[0];
        assert_eq!(
            (entry.id.as_str(), entry.unique_id.as_str()),
            ("Document01", "1.2.392.9.1.1")
        );
        assert_eq!((entry.mime_type.as_str(), entry.size), ("text/xml", Some(0)));
        assert!(entry.hash.is_some());
        assert_eq!(entry.patient_id.as_deref(), Some("R1^^^&1.2.392.9.9&ISO"));
        assert_eq!(
            entry.author_institutions,
            ["中央病院^^^^^&1.2.392.9&ISO^^^^1311234567"]
        );
        assert_eq!(read.set_unique_id.as_deref(), Some("1.2.392.9.1.2"));
        assert_eq!(read.source_id.as_deref(), Some("1.2.392.9.8"));
        assert_eq!(read.patient_id.as_deref(), Some("R1^^^&1.2.392.9.9&ISO"));
        assert!(read.author_institutions.is_empty());
    });
}

#[test]
fn nothing_stricter_than_a_repository_must() {
    let loose = provide(DOCUMENT)
        .replace(">ja-JP<", ">x_y<")
        .replace("nodeRepresentation=\"CLASS\"", "")
        .replace(">20261124<", ">never<")
        .replace("\"R1^^^&amp;1.2.392.9.9&amp;ISO\"", "\"R1\"")
        .replace("a54d6aa5-d40d-43f9-88c5-b4633d873bdd", "x");
    assert_eq!(faults(&loose), []);
}

#[test]
fn each_entry_has_its_document_and_each_document_its_entry() {
    let list = format!("{PREFIX}/Document");
    assert_eq!(
        faults(&provide("")),
        [(RuleId::MissingDocument, ENTRY.to_owned())]
    );
    assert_eq!(
        faults(&provide(&format!(
            "{DOCUMENT}{}",
            DOCUMENT.replace("Document01", "Other")
        ))),
        [(RuleId::MissingDocumentMetadata, format!("{list}[2]"))]
    );
    assert_eq!(
        faults(&provide(&DOCUMENT.repeat(2))),
        [(RuleId::MissingDocumentMetadata, format!("{list}[2]"))]
    );
    assert_eq!(
        faults(&provide(&DOCUMENT.replace("Document01", "document01"))),
        [
            (RuleId::MissingDocument, ENTRY.to_owned()),
            (RuleId::MissingDocumentMetadata, list.clone())
        ]
    );
    assert_eq!(
        faults(&provide(&format!("{DOCUMENT}<x:Document>QUJD</x:Document>"))),
        [(RuleId::MissingDocumentMetadata, format!("{list}[2]"))]
    );
}

#[test]
fn xds_08_two_entries_do_not_share_a_document() {
    let start = COMPLETE.find("<rim:ExtrinsicObject").unwrap();
    let end = COMPLETE.find("</rim:ExtrinsicObject>").unwrap() + "</rim:ExtrinsicObject>".len();
    let second = COMPLETE[start..end].replace("\"1.2.392.9.1.1\"", "\"1.2.392.9.1.9\"");
    let text = provide(DOCUMENT).replacen(
        "<rim:RegistryPackage",
        &format!("{second}<rim:RegistryPackage"),
        1,
    );
    assert_eq!(faults(&text), [(RuleId::MissingDocument, format!("{ENTRY}[2]"))]);
}

#[test]
fn missing_documents_are_named_by_their_entry() {
    let found = |text: &str| {
        with_body(text, |root| {
            read_provide(root, ObjectLimits::default()).unwrap_err()[0].context()
        })
    };
    assert!(found(&provide("")).starts_with("Document01: "));
}

#[test]
fn no_document_at_all_is_legal() {
    let text = sample("iti41-provide-and-register-inline.xml");
    let start = text.find("<rim:ExtrinsicObject").unwrap();
    let end = text.find("</rim:ExtrinsicObject>").unwrap() + "</rim:ExtrinsicObject>".len();
    let mut bare = text.clone();
    bare.replace_range(start..end, "");
    let from = bare.find("<xdsb:Document ").unwrap();
    let to = bare.find("</xdsb:Document>").unwrap() + "</xdsb:Document>".len();
    bare.replace_range(from..to, "");
    assert_eq!(faults(&bare), []);
}

#[test]
fn xds_01_hash_and_size_are_well_formed() {
    let text = provide(DOCUMENT);
    let place = |name: &str| format!("{ENTRY}/Slot[{name}]");
    for bad in ["+5", "005", "-1", "9223372036854775808", ""] {
        let faults = faults(&text.replace("<rim:Value>0<", &format!("<rim:Value>{bad}<")));
        assert_eq!(faults, [(RuleId::RepositoryMetadata, place("size"))], "{bad}");
    }
    for bad in ["da39", "0xda39a3ee5e6b4b0d3255bfef95601890afd80709"] {
        let faults = faults(&text.replace("da39a3ee5e6b4b0d3255bfef95601890afd80709", bad));
        assert_eq!(faults, [(RuleId::RepositoryMetadata, place("hash"))], "{bad}");
    }
    let commented = text.replace("<rim:Value>0<", "<rim:Value><!-- -->0<");
    assert_eq!(faults(&commented), [(RuleId::RepositoryMetadata, place("size"))]);
}

#[test]
fn ids_and_mime_types_are_needed() {
    let text = provide(DOCUMENT);
    for (from, to, place) in [
        (
            "value=\"1.2.392.9.1.1\"",
            "value=\"a b\"",
            "ExternalIdentifier[uniqueId]",
        ),
        (
            "2e82c1f6-a085-4c72-9da3-8640a32e42ab",
            "x",
            "ExternalIdentifier[uniqueId]",
        ),
        ("mimeType=\"text/xml\"", "", "@mimeType"),
        (
            "mimeType=\"text/xml\"",
            "mimeType=\"a/b&#13;&#10;X: y\"",
            "@mimeType",
        ),
    ] {
        let expected = (RuleId::RepositoryMetadata, format!("{ENTRY}/{place}"));
        assert_eq!(faults(&text.replace(from, to)), [expected], "{to}");
    }
}

#[test]
fn xds_08_unique_ids_are_used_once() {
    let start = COMPLETE.find("<rim:ExtrinsicObject").unwrap();
    let end = COMPLETE.find("</rim:ExtrinsicObject>").unwrap() + "</rim:ExtrinsicObject>".len();
    let second = COMPLETE[start..end].replace("Document01", "Document02");
    let text = provide(&format!(
        "{DOCUMENT}{}",
        DOCUMENT.replace("Document01", "Document02")
    ))
    .replace(
        "</rim:ExtrinsicObject>",
        &format!("</rim:ExtrinsicObject>{second}"),
    );
    let faults = with_body(&text, |root| {
        read_provide(root, ObjectLimits::default()).unwrap_err()
    });
    let rules: Vec<_> = faults.iter().map(Fault::rule).collect();
    assert_eq!(rules, [RuleId::RepositoryUniqueIdOnce]);
    assert!(faults[0].context().starts_with("1.2.392.9.1.1"));
}

#[test]
fn other_messages_are_refused() {
    for text in [
        COMPLETE,
        r#"<x:ProvideAndRegisterDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"/>"#,
    ] {
        assert_eq!(faults(text)[0].0, RuleId::RepositoryMetadata);
    }
}

/// What the registry will read, but for the three slots.
fn without_storage(mut submission: ReceivedSubmission) -> ReceivedSubmission {
    submission.faults.clear();
    for entry in &mut submission.entries {
        (entry.repository_unique_id, entry.hash, entry.size) = (None, None, None);
    }
    submission
}

#[test]
fn forwarding_changes_three_slots_only() {
    let text = provide(DOCUMENT);
    let out = forwarded(&text, &[change("Document01")]);
    assert_valid(&out);
    let read = received(&out);
    assert_eq!(summary(&read.faults), []);
    let entry = &read.entries[0];
    assert_eq!(
        entry.repository_unique_id.as_ref().unwrap().as_str(),
        "1.2.392.7.7"
    );
    // hash and size were sent: they stay.
    assert_eq!(
        (entry.size, entry.hash.as_ref().unwrap().as_str()),
        (Some(0), xds_model::DocumentHash::OF_NOTHING)
    );
    assert_eq!(without_storage(read), without_storage(received(COMPLETE)));
    // Everything else byte by byte, but for the declaration that was in force around it.
    let slot = |value: &str| {
        format!(
            "<rim:Slot name=\"repositoryUniqueId\"><rim:ValueList><rim:Value>{value}</rim:Value></rim:ValueList></rim:Slot>"
        )
    };
    let bare = |text: &str, value: &str| {
        text.replace(&slot(value), "")
            .replace(" xmlns:x=\"urn:ihe:iti:xds-b:2007\"", "")
    };
    assert_eq!(
        bare(&out, "1.2.392.7.7"),
        bare(COMPLETE.trim_end(), "1.2.392.9.1")
    );
}

#[test]
fn forwarding_adds_hash_and_size_where_they_are_missing() {
    let text = sample("iti41-provide-and-register-inline.xml");
    let id = with_body(&text, |root| {
        read_provide(root, ObjectLimits::default()).unwrap().entries[0]
            .id
            .clone()
    });
    let out = forwarded(&text, &[change(&id)]);
    assert_valid(&out);
    let read = received(&out);
    assert_eq!(summary(&read.faults), []);
    assert_eq!(
        read.entries[0].repository_unique_id.as_ref().unwrap().as_str(),
        "1.2.392.7.7"
    );
    assert!(read.entries[0].hash.is_some() && read.entries[0].size.is_some());
}

#[test]
fn forwarding_works_with_the_default_namespace() {
    let text = provide(DOCUMENT)
        .replace("<rim:", "<")
        .replace("</rim:", "</")
        .replace("xmlns:rim=\"", "xmlns=\"")
        .replace(" mimeType", " xmlns:lcm=\"urn:other\" mimeType");
    let out = forwarded(&text, &[change("Document01")]);
    assert!(Document::parse(out.as_bytes(), &Limits::default()).is_ok());
    assert_eq!(
        received(&out).entries[0]
            .repository_unique_id
            .as_ref()
            .unwrap()
            .as_str(),
        "1.2.392.7.7"
    );
}

#[test]
fn what_clients_write_is_read() {
    let submission = received(COMPLETE);
    let mut inline = String::new();
    let document = |content| DocumentToProvide {
        id: "Document01",
        content,
    };
    write_provide(
        &submission,
        &[document(ContentToProvide::Inline(b"ABC"))],
        &mut inline,
    );
    assert_valid(&inline);
    assert_eq!(faults(&inline), []);
    let mut part = String::new();
    write_provide(
        &submission,
        &[document(ContentToProvide::Part("d1@example.org"))],
        &mut part,
    );
    assert_eq!(faults(&part), []);
    assert!(part.contains("href=\"cid:d1@example.org\""));
}

/// R8: at the limit, one past it, ten times it; a repository passes on no slot that is larger.
#[test]
fn values_of_a_slot() {
    let text = |count: usize| {
        let value = "<rim:Value>SHARED</rim:Value>";
        provide(DOCUMENT).replace(value, &value.repeat(count))
    };
    let limits = ObjectLimits { slot_values_max: 5 };
    let within = |text: &str| {
        with_body(text, |root| {
            summary(&read_provide(root, limits).err().unwrap_or_default())
        })
    };
    assert_eq!(within(&text(5)), []);
    for past in [6, 50] {
        let found = within(&text(past));
        assert_eq!((found.len(), found[0].0), (1, RuleId::SlotValues));
    }
}
