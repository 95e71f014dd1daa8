//! What values look like: times, ids, codes, texts.

use xds_model::RuleId::*;

use super::{ENTRY, FOLDER, LIST, SET, entry_slot, none, one, slot};
use crate::support::{changed, faults};

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
