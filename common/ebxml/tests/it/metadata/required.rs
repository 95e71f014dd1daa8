//! What must be there, and for whom.

use xds_ebxml::rim::{ObjectLimits, SenderColumn, read_submission};
use xds_model::RuleId::*;

use super::{ENTRY, FOLDER, LIST, SET, one, slot};
use crate::support::{COMPLETE, faults, summary, with_body};

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
