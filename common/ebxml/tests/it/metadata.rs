//! Each rule of reading one object: broken by one change to a complete submission, it and nothing else is
//! reported, at the right place.

use xds_ebxml::rim::{ObjectLimits, SenderColumn, read_submission};
use xds_model::RuleId::{self, *};

use crate::support::{COMPLETE, changed, faults, received, summary, with_body};

const LIST: &str = "SubmitObjectsRequest/RegistryObjectList";
const ENTRY: &str = "ExtrinsicObject";
const SET: &str = "RegistryPackage[1]";
const FOLDER: &str = "RegistryPackage[2]";

/// Changes one text of the complete submission, and expects one fault.
fn one(from: &str, to: &str, rule: RuleId, place: &str) {
    let text = changed(from, to);
    let place = format!("{LIST}/{place}");
    assert_eq!(faults(&text), [(rule, place)], "{from} -> {to}");
}

/// Changes one text of the complete submission, and expects no fault.
fn none(from: &str, to: &str) {
    assert_eq!(faults(&changed(from, to)), [], "{from} -> {to}");
}

fn slot(name: &str, value: &str) -> String {
    format!(
        r#"<rim:Slot name="{name}"><rim:ValueList><rim:Value>{value}</rim:Value></rim:ValueList></rim:Slot>"#
    )
}

/// Gives a slot of the DocumentEntry another value.
fn entry_slot(name: &str, from: &str, to: &str, rule: RuleId) {
    one(
        &slot(name, from),
        &slot(name, to),
        rule,
        &format!("{ENTRY}/Slot[{name}]"),
    );
}

#[test]
fn xds_27_times() {
    for bad in [
        "20261",
        "20261332",
        "20260230",
        "00000101",
        "20261124054533.1",
        "20261124054533+0900",
        "x",
    ] {
        entry_slot("creationTime", "20261124", bad, TimeForm);
    }
    one(
        ">20261124050000<",
        ">2026112405000<",
        TimeForm,
        &format!("{SET}/Slot[submissionTime]"),
    );
    one(
        ">20200101000000<",
        ">yesterday<",
        TimeForm,
        &format!("{FOLDER}/Slot[lastUpdateTime]"),
    );
    one(
        ">202611230900<",
        ">202611230700<",
        ServiceTimeOrder,
        &format!("{ENTRY}/Slot[serviceStartTime]"),
    );
    none(">202611230900<", ">20261123<");
}

#[test]
fn xds_01_hash_and_size() {
    const HASH: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    for bad in [
        &HASH[1..],
        &format!("{HASH}0"),
        &format!("0x{}", &HASH[2..]),
        &format!("{}g", &HASH[1..]),
    ] {
        entry_slot("hash", HASH, bad, HashForm);
    }
    none(HASH, &HASH.to_uppercase());
    for bad in ["+5", "005", "-1", "9223372036854775808", "4 ", "four"] {
        entry_slot("size", "0", bad, SizeForm);
    }
    none(&slot("size", "0"), &slot("size", "9223372036854775807"));
}

#[test]
fn oids() {
    for bad in [
        "1",
        "3.1",
        "1.02",
        "1..2",
        "1.2.",
        "1.a",
        &format!("1.{}", "1".repeat(63)),
    ] {
        entry_slot("repositoryUniqueId", "1.2.392.9.1", bad, OidForm);
    }
    let longest = format!("1.{}", "1".repeat(62));
    none(
        &slot("repositoryUniqueId", "1.2.392.9.1"),
        &slot("repositoryUniqueId", &longest),
    );
    one(
        "\"1.2.392.9.1.2\"",
        "\"x\"",
        OidForm,
        &format!("{SET}/ExternalIdentifier[uniqueId]"),
    );
    one(
        "\"1.2.392.9.8\"",
        "\"x\"",
        OidForm,
        &format!("{SET}/ExternalIdentifier[sourceId]"),
    );
    one(
        "\"1.2.392.9.1.3\"",
        "\"x\"",
        OidForm,
        &format!("{FOLDER}/ExternalIdentifier[uniqueId]"),
    );
    one("urn:oid:1.2.3\"", "1.2.3\"", HomeForm, &format!("{ENTRY}/@home"));
}

#[test]
fn unique_ids_of_documents() {
    let place = format!("{ENTRY}/ExternalIdentifier[uniqueId]");
    for bad in ["", "a b", "漢", &"x".repeat(129)] {
        one("\"1.2.392.9.1.1\"", &format!("\"{bad}\""), UniqueIdForm, &place);
    }
    for good in ["1.2^ext", "urn:uuid:x", "http://a/b", &"x".repeat(128)] {
        none("\"1.2.392.9.1.1\"", &format!("\"{good}\""));
    }
}

#[test]
fn patient_ids() {
    let whole = r#"registryObject="Document01" value="R1^^^&amp;1.2.392.9.9&amp;ISO""#;
    let place = format!("{ENTRY}/ExternalIdentifier[patientId]");
    for bad in [
        "R1",
        "R1^^^",
        "^^^&amp;1.2&amp;ISO",
        "R1^^^NS&amp;1.2&amp;ISO",
        "R1^^^&amp;1.2&amp;ISO^MR",
        "R1^^^&amp;amp;1.2&amp;amp;ISO",
    ] {
        one(
            whole,
            &format!(r#"registryObject="Document01" value="{bad}""#),
            PatientIdForm,
            &place,
        );
    }
    entry_slot(
        "sourcePatientId",
        "P1^^^&amp;1.2.392.9.2&amp;ISO",
        "P1^^^NS",
        PatientIdForm,
    );
}

#[test]
fn texts_with_a_form() {
    entry_slot("languageCode", "ja-JP", "ja_JP", LanguageForm);
    entry_slot(
        "documentAvailability",
        "urn:ihe:iti:2010:DocumentAvailability:Online",
        "Online",
        AvailabilityForm,
    );
    entry_slot("URI", "http://", "a b", UriForm);
    none(&slot("URI", "http://"), &slot("URI", &"u".repeat(256)));
    entry_slot(
        "legalAuthenticator",
        "D01^佐藤^花子^^^^^^&amp;1.2.392.9&amp;ISO",
        "^^花子",
        PersonForm,
    );
    let reference = "1^^^&amp;1.2.3&amp;ISO^urn:ihe:iti:xds:2013:order";
    entry_slot(
        "urn:ihe:iti:xds:2013:referenceIdList",
        reference,
        "1^^^&amp;1.2.3&amp;ISO",
        ReferenceIdForm,
    );
    one(
        ">PID-8|M<",
        ">PID-7|19560528<",
        SourcePatientInfoForm,
        &format!("{ENTRY}/Slot[sourcePatientInfo]"),
    );
    one(
        ">PID-8|M<",
        ">PID-40|M<",
        SourcePatientInfoForm,
        &format!("{ENTRY}/Slot[sourcePatientInfo]"),
    );
    one(
        "77|^Welby^Marcus",
        "77|^",
        IntendedRecipientForm,
        &format!("{SET}/Slot[intendedRecipient]"),
    );
    for bad in ["text", "a/b;x", "", "text/xml "] {
        one(
            "mimeType=\"text/xml\"",
            &format!("mimeType=\"{bad}\""),
            MimeTypeForm,
            &format!("{ENTRY}/@mimeType"),
        );
    }
    one(
        " mimeType=\"text/xml\"",
        "",
        RequiredAttribute,
        &format!("{ENTRY}/@mimeType"),
    );
}

#[test]
fn titles() {
    let title = |chars: usize| format!("value=\"{}\"", "題".repeat(chars));
    none("value=\"診療情報提供書\"", &title(128));
    one(
        "value=\"診療情報提供書\"",
        &title(129),
        TitleLength,
        &format!("{ENTRY}/Name"),
    );
    none("value=\"Set\"", &title(256));
    one("value=\"Set\"", &title(257), TitleLength, &format!("{SET}/Name"));
    one(
        "value=\"Folder\"",
        &title(257),
        TitleLength,
        &format!("{FOLDER}/Name"),
    );
    none("value=\"comment\"", &title(5000));
}

#[test]
fn authors() {
    let at = |slot: &str| format!("{ENTRY}/Classification[1]/Slot[{slot}]");
    one(">^Smitty^Gerald<", ">^<", PersonForm, &at("authorPerson"));
    one(
        "中央病院^^^^^",
        "中央病院^",
        InstitutionForm,
        &at("authorInstitution"),
    );
    one(
        ">^NET^Internet^a@example.org<",
        ">a@example.org<",
        TelecommunicationForm,
        &at("authorTelecommunication"),
    );
    let set_author = format!("{SET}/Classification[1]");
    one(
        r#"classifiedObject="SubmissionSet01" nodeRepresentation="""#,
        r#"classifiedObject="SubmissionSet01" nodeRepresentation="x""#,
        AuthorForm,
        &format!("{set_author}/@nodeRepresentation"),
    );
    one(&slot("authorPerson", "^Set^Author"), "", AuthorForm, &set_author);
    none(
        &slot("authorPerson", "^Set^Author"),
        &slot("authorInstitution", "Somewhere"),
    );
    one(
        &slot("authorPerson", "^Set^Author"),
        &slot("authorRole", "Doctor"),
        AuthorForm,
        &set_author,
    );
    one(
        ">^Set^Author<",
        ">^Set^Author</rim:Value><rim:Value>^Second<",
        SingleValue,
        &format!("{set_author}/Slot[authorPerson]"),
    );
}

#[test]
fn codes() {
    let class = format!("{ENTRY}/Classification[2]");
    one(
        "nodeRepresentation=\"CLASS\"",
        "nodeRepresentation=\"\"",
        CodeForm,
        &class,
    );
    one(" nodeRepresentation=\"CLASS\"", "", CodeForm, &class);
    one(&slot("codingScheme", "1.2.3.1"), "", CodeForm, &class);
    let two = "<rim:Value>1.2.3.1</rim:Value>";
    one(two, &two.repeat(2), CodeForm, &class);
    one("value=\"Class\"", "value=\"\"", CodeForm, &class);
    one(
        "<rim:Name><rim:LocalizedString value=\"Class\"/></rim:Name>",
        "",
        CodeForm,
        &class,
    );
    let long = |chars: usize| format!("nodeRepresentation=\"{}\"", "c".repeat(chars));
    none("nodeRepresentation=\"CLASS\"", &long(256));
    one("nodeRepresentation=\"CLASS\"", &long(257), CodeForm, &class);
    // Of a node and of a scheme at once.
    one(
        "nodeRepresentation=\"CLASS\"",
        "nodeRepresentation=\"CLASS\" classificationNode=\"urn:x\"",
        CodeForm,
        &class,
    );
    // A second classCode in place of the typeCode: one too many, one too few.
    let second = changed(
        "f0306f51-975f-434e-a61c-c59651d33983",
        "41a5887f-8865-4c09-adf7-e362475b143a",
    );
    let place = |name| format!("{LIST}/{ENTRY}/Classification[{name}]");
    assert_eq!(
        faults(&second),
        [
            (SingleValue, place("classCode")),
            (RequiredAttribute, place("typeCode"))
        ]
    );
}

#[test]
fn required_attributes_of_the_registry() {
    // Slots.
    for (name, value) in [
        ("creationTime", "20261124"),
        ("hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("languageCode", "ja-JP"),
        ("repositoryUniqueId", "1.2.392.9.1"),
        ("size", "0"),
        ("sourcePatientId", "P1^^^&amp;1.2.392.9.2&amp;ISO"),
    ] {
        one(
            &slot(name, value),
            "",
            RequiredAttribute,
            &format!("{ENTRY}/Slot[{name}]"),
        );
    }
    one(
        &slot("submissionTime", "20261124050000"),
        "",
        RequiredAttribute,
        &format!("{SET}/Slot[submissionTime]"),
    );
    // Codes and identifiers, made to be of unknown schemes.
    for (scheme, name, object) in [
        (
            "41a5887f-8865-4c09-adf7-e362475b143a",
            "Classification[classCode]",
            ENTRY,
        ),
        (
            "f0306f51-975f-434e-a61c-c59651d33983",
            "Classification[typeCode]",
            ENTRY,
        ),
        (
            "a09d5840-386c-46f2-b5ad-9c3699a4309d",
            "Classification[formatCode]",
            ENTRY,
        ),
        (
            "f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1",
            "Classification[healthcareFacilityTypeCode]",
            ENTRY,
        ),
        (
            "cccf5598-8b07-4b77-a05e-ae952c785ead",
            "Classification[practiceSettingCode]",
            ENTRY,
        ),
        (
            "f4f85eac-e6cb-4883-b524-f2705394840f",
            "Classification[confidentialityCode]",
            ENTRY,
        ),
        (
            "58a6f841-87b3-4a3e-92fd-a8ffeff98427",
            "ExternalIdentifier[patientId]",
            ENTRY,
        ),
        (
            "2e82c1f6-a085-4c72-9da3-8640a32e42ab",
            "ExternalIdentifier[uniqueId]",
            ENTRY,
        ),
        (
            "aa543740-bdda-424e-8c96-df4873be8500",
            "Classification[contentTypeCode]",
            SET,
        ),
        (
            "96fdda7c-d067-4183-912e-bf5ee74998a8",
            "ExternalIdentifier[uniqueId]",
            SET,
        ),
        (
            "554ac39e-e3fe-47fe-b233-965d2a147832",
            "ExternalIdentifier[sourceId]",
            SET,
        ),
        (
            "6b5aea1a-874d-4603-a4bc-96a0a7b38446",
            "ExternalIdentifier[patientId]",
            SET,
        ),
        (
            "1ba97051-7806-41a8-a48b-8fce7af683c5",
            "Classification[folderCodeList]",
            FOLDER,
        ),
        (
            "75df8f67-9973-4fbe-a900-df66cefecc5a",
            "ExternalIdentifier[uniqueId]",
            FOLDER,
        ),
        (
            "f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a",
            "ExternalIdentifier[patientId]",
            FOLDER,
        ),
    ] {
        let unknown = "00000000-0000-4000-8000-000000000001";
        one(scheme, unknown, RequiredAttribute, &format!("{object}/{name}"));
    }
    one(
        "<rim:Name><rim:LocalizedString value=\"Folder\"/></rim:Name>",
        "",
        RequiredAttribute,
        &format!("{FOLDER}/Name"),
    );
}

#[test]
fn columns_differ_by_sender() {
    let by = |text: &str, column| {
        with_body(text, |root| {
            summary(&read_submission(root, column, ObjectLimits::default()).faults)
        })
    };
    let bare = ["creationTime", "languageCode"]
        .iter()
        .fold(COMPLETE.to_owned(), |text, name| {
            let value = if *name == "creationTime" {
                "20261124"
            } else {
                "ja-JP"
            };
            text.replace(&slot(name, value), "")
        });
    assert_eq!(by(&bare, SenderColumn::XdsDs).len(), 2);
    assert_eq!(by(&bare, SenderColumn::XdmMc).len(), 0);
    assert_eq!(by(&bare, SenderColumn::Answer).len(), 0);
    // Limited metadata must say so, and then only in the columns that know it.
    let unmarked = by(&bare, SenderColumn::XdrMs);
    assert!(!unmarked.is_empty() && unmarked.iter().all(|(rule, _)| *rule == RequiredAttribute));
    let mark = |object, node| {
        format!(
            r#"<rim:Classification classificationNode="urn:uuid:{node}" classifiedObject="{object}" id="lim{object}"/>"#
        )
    };
    let marked = bare
        .replace(
            "<rim:Classification classificationScheme=\"urn:uuid:93606bcf",
            &format!(
                "{}<rim:Classification classificationScheme=\"urn:uuid:93606bcf",
                mark("Document01", "ab9b591b-83ab-4d03-8f5d-f93b1fb92e85")
            ),
        )
        .replace(
            "<rim:Classification classificationScheme=\"urn:uuid:a7058bb9",
            &format!(
                "{}<rim:Classification classificationScheme=\"urn:uuid:a7058bb9",
                mark("SubmissionSet01", "5003a9db-8d8d-49e6-bf0c-990e34ac7707")
            ),
        )
        .replace(
            "<rim:Classification classificationScheme=\"urn:uuid:1ba97051",
            &format!(
                "{}<rim:Classification classificationScheme=\"urn:uuid:1ba97051",
                mark("Folder01", "2c144a76-29a9-4b7c-af54-b25409fe7d03")
            ),
        );
    assert_eq!(by(&marked, SenderColumn::XdrMs), []);
    let refused: Vec<_> = by(&marked, SenderColumn::XdsDr)
        .into_iter()
        .filter(|(rule, _)| *rule == LimitedMetadata)
        .collect();
    assert_eq!(refused.len(), 3);
}

#[test]
fn on_demand_entries_have_no_content() {
    let on_demand = COMPLETE.replace(
        "7edca82f-054d-47f2-a032-9b2a5b5186c1",
        "34268e47-fdf5-41a6-ba33-82133c465248",
    );
    let place = |name| format!("{LIST}/{ENTRY}/Slot[{name}]");
    let expected = ["creationTime", "hash", "size"].map(|name| (ForbiddenAttribute, place(name)));
    assert_eq!(faults(&on_demand), expected);
    one(
        "7edca82f-054d-47f2-a032-9b2a5b5186c1",
        "7edca82f",
        DocumentEntryType,
        &format!("{ENTRY}/@objectType"),
    );
}

#[test]
fn slots() {
    let scope = slot("urn:renkei:sharing-scope", "SHARED");
    let at = |name: &str| format!("{ENTRY}/Slot[{name}]");
    none(&scope, &slot("urn:example:x", "1"));
    for name in [
        "sharing-scope",
        "urn:ihe:iti:unknown",
        "URN:IHE:x:y",
        "urn:renkei:",
        "submissionTime",
    ] {
        one(&scope, &slot(name, "1"), ExtraSlotName, &at(name));
    }
    one(
        &scope,
        &scope.repeat(2),
        SlotNameUnique,
        &at("urn:renkei:sharing-scope"),
    );
    one(
        &scope,
        &slot("urn:renkei:sharing-scope", ""),
        SlotValues,
        &at("urn:renkei:sharing-scope"),
    );
    one(
        "<rim:Value>SHARED</rim:Value>",
        "",
        SlotValues,
        &at("urn:renkei:sharing-scope"),
    );
    none(">SHARED<", &format!(">{}<", "漢".repeat(256)));
    one(
        ">SHARED<",
        &format!(">{}<", "漢".repeat(257)),
        SlotValueLength,
        &at("urn:renkei:sharing-scope"),
    );
    one(
        ">ja-JP</rim:Value>",
        ">ja-JP</rim:Value><rim:Value>en</rim:Value>",
        SingleValue,
        &at("languageCode"),
    );
    one(
        " name=\"urn:renkei:sharing-scope\"",
        "",
        RequiredXmlAttribute,
        &format!("{ENTRY}/Slot[14]/@name"),
    );
    one(
        "name=\"authorRole\"",
        "name=\"authorRoles\"",
        ExtraSlotName,
        &format!("{ENTRY}/Classification[1]/Slot[authorRoles]"),
    );
}

#[test]
fn xml_12_values_cut_by_a_comment() {
    for (from, to, name) in [
        (">1.2.392.9.1<", ">1.2.392<!-- -->.9.1<", "repositoryUniqueId"),
        (
            ">P1^^^&amp;1.2.392.9.2&amp;ISO<",
            ">P1^^^&amp;1.2<!--x-->.392.9.2&amp;ISO<",
            "sourcePatientId",
        ),
        (">ja-JP<", "><b/>ja-JP<", "languageCode"),
    ] {
        one(from, to, CommentCut, &format!("{ENTRY}/Slot[{name}]"));
    }
    none(">ja-JP<", "><![CDATA[ja]]>-JP<");
    none(
        "<rim:ValueList><rim:Value>ja-JP",
        "<!-- a --><rim:ValueList><!-- b --><rim:Value>ja-JP",
    );
}

#[test]
fn xml_14_unknown_elements_and_attributes() {
    let scope = slot("urn:renkei:sharing-scope", "SHARED");
    one(
        &scope,
        &format!("{scope}<rim:Other/>"),
        UnknownElement,
        &format!("{ENTRY}/Other"),
    );
    one(
        &scope,
        &format!("{scope}<x:Slot xmlns:x=\"urn:x\"/>"),
        UnknownElement,
        &format!("{ENTRY}/Slot"),
    );
    one(&scope, &format!("{scope}text"), UnknownElement, ENTRY);
    one(
        "mimeType=",
        "extra=\"1\" mimeType=",
        UnknownElement,
        &format!("{ENTRY}/@extra"),
    );
    one(
        "mimeType=",
        "xmlns:x=\"urn:x\" x:e=\"1\" mimeType=",
        UnknownElement,
        &format!("{ENTRY}/@e"),
    );
    none(
        "mimeType=",
        "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"rim:ExtrinsicObjectType\" isOpaque=\"false\" mimeType=",
    );
    let end = "</rim:RegistryObjectList>";
    one(
        end,
        &format!("<rim:ExternalLink id=\"x\"/>{end}"),
        UnknownElement,
        "ExternalLink",
    );
    none(
        end,
        &format!("<rim:ObjectRef id=\"urn:uuid:bbc362bb-88b3-593a-a324-1881ef3c52d7\"/>{end}"),
    );
    let list = "<rim:RegistryObjectList>";
    none(list, &format!("<rs:RequestSlotList/>{list}"));
    assert_eq!(
        faults(&changed(list, &format!("<rim:RegistryObjectList/>{list}")))[0],
        (UnknownElement, "SubmitObjectsRequest".to_owned())
    );
}

#[test]
fn the_wrong_root_is_a_fault() {
    let read =
        received(r#"<rim:RegistryObjectList xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"/>"#);
    assert!(
        summary(&read.faults)
            .iter()
            .all(|(rule, _)| *rule == UnknownElement)
    );
    assert_eq!(read.faults.len(), 2);
}

#[test]
fn ids() {
    let bad = COMPLETE.replace(
        "\"Document01\"",
        "\"urn:uuid:BBC362BB-88b3-593a-a324-1881ef3c52d7\"",
    );
    let read = received(&bad);
    // The entry itself and the two ends that name it.
    assert!(
        summary(&read.faults)
            .iter()
            .all(|(rule, _)| *rule == ObjectIdForm)
    );
    assert_eq!(summary(&read.faults)[0].1, format!("{LIST}/{ENTRY}/@id"));
    assert_eq!((read.entries.len(), read.unreadable.len()), (0, 4));
    for nil in ["urn:uuid:00000000-0000-0000-0000-000000000000", "urn:uuid:", ""] {
        one(
            "targetObject=\"as3\"",
            &format!("targetObject=\"{nil}\""),
            ObjectIdForm,
            "Association[4]/@targetObject",
        );
    }
    one(" id=\"as3\"", "", RequiredXmlAttribute, "Association[3]/@id");
    one(
        " sourceObject=\"Folder01\"",
        "",
        RequiredXmlAttribute,
        "Association[3]/@sourceObject",
    );
    one(
        "id=\"c1\"",
        "id=\"urn:uuid:X\"",
        ObjectIdForm,
        &format!("{ENTRY}/Classification[2]/@id"),
    );
    none(" id=\"c1\"", "");
}

#[test]
fn nested_elements_name_their_object() {
    let code = "classificationScheme=\"urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a\" classifiedObject=\"Document01\"";
    let class = format!("{ENTRY}/Classification[2]/@classifiedObject");
    one(code, &code.replace("Document01", "Folder01"), EnclosingId, &class);
    one(
        code,
        &code.replace(" classifiedObject=\"Document01\"", ""),
        RequiredXmlAttribute,
        &class,
    );
    let identifier = "registryObject=\"Document01\" value=\"1.2.392.9.1.1\"";
    let unique = format!("{ENTRY}/ExternalIdentifier[2]/@registryObject");
    one(
        identifier,
        &identifier.replace("Document01", "Folder01"),
        EnclosingId,
        &unique,
    );
    one(
        identifier,
        &identifier.replace("registryObject=\"Document01\"", ""),
        RequiredXmlAttribute,
        &unique,
    );
}

#[test]
fn packages_are_labelled_inside_or_beside() {
    let beside = "<rim:Classification classificationNode=\"urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd\" classifiedObject=\"SubmissionSet01\" id=\"l1\"/>";
    let inside = "<rim:Classification classificationNode=\"urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2\" classifiedObject=\"Folder01\" id=\"l2\"/>";
    one(beside, "", PackageLabel, SET);
    one(inside, "", PackageLabel, FOLDER);
    one(
        inside,
        &format!("{inside}{}", beside.replace("SubmissionSet01", "Folder01")),
        PackageLabel,
        FOLDER,
    );
    none(inside, &inside.repeat(2));
    // The label of the folder moved beside it, and that of the set into it.
    let moved = COMPLETE.replace(inside, "").replace(beside, inside).replace(
        "<rim:Classification classificationScheme=\"urn:uuid:a7058bb9",
        &format!("{beside}<rim:Classification classificationScheme=\"urn:uuid:a7058bb9"),
    );
    assert_eq!(faults(&moved), []);
    assert_eq!(
        (received(&moved).sets.len(), received(&moved).folders.len()),
        (1, 1)
    );
    // Labels of nothing.
    let stray = beside.replace("SubmissionSet01", "Nobody");
    one(
        beside,
        &format!("{beside}{stray}"),
        PackageLabel,
        "Classification[2]/@classifiedObject",
    );
    let coded = beside.replace(
        "a54d6aa5-d40d-43f9-88c5-b4633d873bdd",
        "41a5887f-8865-4c09-adf7-e362475b143a",
    );
    one(
        beside,
        &format!("{beside}{coded}"),
        EnclosingId,
        "Classification[2]",
    );
}

#[test]
fn associations() {
    for bad in [
        "HasMember",
        "urn:ihe:iti:2007:AssociationType:Signs",
        "urn:elga-bes:AssociationType:NonVersioningUpdate",
    ] {
        one(
            "urn:ihe:iti:2007:AssociationType:XFRM",
            bad,
            AssociationType,
            "Association[5]/@associationType",
        );
    }
    one(
        ">Original<",
        ">original<",
        SubmissionSetStatusForm,
        "Association[1]/Slot[SubmissionSetStatus]",
    );
    one(
        ">Original<",
        ">Original</rim:Value><rim:Value>Reference<",
        SingleValue,
        "Association[1]/Slot[SubmissionSetStatus]",
    );
    one(
        "urn:ihe:iti:2007:AssociationType:XFRM",
        "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember",
        DocumentationForm,
        "Association[5]/Classification[associationDocumentation]",
    );
    let original = slot("SubmissionSetStatus", "Original");
    let update = [
        original.as_str(),
        &slot("PreviousVersion", "1"),
        &slot("AssociationPropagation", "no"),
    ]
    .concat();
    none(&original, &update);
    let member = &received(&changed(&original, &update)).associations[0];
    assert_eq!(member.previous_version.as_ref().unwrap().values, ["1"]);
    assert_eq!(member.extras.slots[0].name, "AssociationPropagation");
}

#[test]
fn all_faults_are_collected() {
    let text = COMPLETE
        .replace(">20261124<", ">x<")
        .replace(">ja-JP<", ">x_y<")
        .replace("nodeRepresentation=\"CLASS\"", "nodeRepresentation=\"\"")
        .replace("\"1.2.392.9.8\"", "\"x\"")
        .replace(">Original<", ">x<");
    let rules: Vec<_> = faults(&text).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(
        rules,
        [TimeForm, LanguageForm, CodeForm, OidForm, SubmissionSetStatusForm]
    );
}

#[test]
fn order_prefixes_and_unknown_schemes_do_not_matter() {
    let other = COMPLETE
        .replace("rim:", "a:")
        .replace("xmlns:rim", "xmlns:a")
        .replace("lcm:", "b:")
        .replace("xmlns:lcm", "xmlns:b")
        .replace(
            "urn:oasis:names:tc:ebxml-regrep:xsd:a:3.0",
            "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
        )
        .replace(
            "urn:oasis:names:tc:ebxml-regrep:xsd:b:3.0",
            "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0",
        );
    assert_eq!(received(&other), received(COMPLETE));
    // Name before the slots, as in examples of the Technical Framework.
    let name = "<rim:Name><rim:LocalizedString value=\"Set\"/></rim:Name>";
    let moved = COMPLETE.replace(name, "").replace(
        "<rim:RegistryPackage id=\"SubmissionSet01\">",
        &format!("<rim:RegistryPackage id=\"SubmissionSet01\">{name}"),
    );
    assert_eq!(received(&moved), received(COMPLETE));
    // Codes and identifiers that nobody knows are kept.
    let code = "<rim:Classification classificationScheme=\"urn:uuid:00000000-0000-4000-8000-000000000001\" classifiedObject=\"Document01\" nodeRepresentation=\"X\" id=\"urn:uuid:00000000-0000-4000-8000-000000000002\"/>";
    let identifier = "<rim:ExternalIdentifier identificationScheme=\"urn:uuid:00000000-0000-4000-8000-000000000003\" registryObject=\"Document01\" value=\"v\" id=\"x\"/>";
    let with = changed(
        "</rim:ExtrinsicObject>",
        &format!("{code}{identifier}</rim:ExtrinsicObject>"),
    );
    let read = received(&with);
    assert_eq!(summary(&read.faults), []);
    let extras = &read.entries[0].extras;
    assert_eq!(extras.classifications[0].representation.as_deref(), Some("X"));
    assert!(extras.classifications[0].id.is_some());
    assert_eq!(
        (extras.identifiers[0].value.as_str(), extras.identifiers[0].id),
        ("v", None)
    );
}

#[test]
fn faults_say_what_was_found() {
    let read = received(&changed(">ja-JP<", ">ja_JP<"));
    assert_eq!(
        read.faults[0].context(),
        "languageCode 'ja_JP': languageCode is a tag of RFC 5646 such as ja-JP [MD-026, ITI TF-3 4.2.3.2.13]"
    );
    let long = received(&changed(">ja-JP<", &format!(">{}<", "語".repeat(200))));
    assert!(long.faults[0].found().chars().count() <= 121);
}
