//! Associations.

use xds_model::RuleId::*;

use super::{none, one, slot};
use crate::support::{changed, received};

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
