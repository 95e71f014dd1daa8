//! Slots, ids, and elements and attributes that nobody knows.

use xds_model::RuleId::*;

use super::{ENTRY, LIST, none, one, slot};
use crate::support::{COMPLETE, changed, faults, received, summary};

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
