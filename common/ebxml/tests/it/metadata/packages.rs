//! SubmissionSets and Folders: packages and their labels.

use xds_model::RuleId::*;

use super::{FOLDER, SET, none, one};
use crate::support::{COMPLETE, faults, received};

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
