//! Association from `rim:Association` (ITI TF-3, 4.2.2).

use xds_model::code::CodedAttribute;
use xds_model::slot::Extras;
use xds_model::{Association, AssociationType, ObjectId, RuleId, SubmissionSetStatus};
use xds_xml::Element;

use super::coded;
use super::element::{Nested, Object, object_id, required};
use super::faults::{Faults, found};
use crate::terms::slot;

/// Slots of Metadata Update, which the model keeps among the extra ones.
const UPDATE_SLOTS: [&str; 3] = [
    slot::ASSOCIATION_PROPAGATION,
    slot::ORIGINAL_STATUS,
    slot::NEW_STATUS,
];

/// Reads an Association.
///
/// # Errors
///
/// Its id, if it has no usable id, ends or type.
pub(super) fn read(element: Element<'_>, faults: &mut Faults) -> Result<Association, ObjectId> {
    let mut object = Object::read(
        element,
        &["associationType", "sourceObject", "targetObject"],
        faults,
    );
    let source = object_id(element, "sourceObject", faults);
    let target = object_id(element, "targetObject", faults);
    let kind = association_type(element, faults);
    let submission_set_status = object.slots.parsed(
        slot::SUBMISSION_SET_STATUS,
        RuleId::SubmissionSetStatusForm,
        faults,
        status,
    );
    let previous_version = object.slots.take_whole(slot::PREVIOUS_VERSION);
    let documentation = documentation(&mut object, kind, faults);
    let identifiers = object.extra_identifiers();
    let extras = Extras {
        identifiers,
        classifications: object.classifications.drain(..).map(Nested::into_extra).collect(),
        slots: object.slots.extras(&UPDATE_SLOTS, faults),
    };
    let (Some(source), Some(target), Some(kind), true) = (source, target, kind, object.has_id) else {
        return Err(object.id);
    };
    Ok(Association {
        id: object.id,
        status: object.status,
        home: object.home,
        kind,
        source,
        target,
        submission_set_status,
        previous_version,
        documentation,
        name: object.name,
        description: object.description,
        extras,
    })
}

fn association_type(element: Element<'_>, faults: &mut Faults) -> Option<AssociationType> {
    let text = required(element, "associationType", faults)?;
    let kind = AssociationType::from_urn(text);
    if kind.is_none() {
        faults.at_attribute(
            RuleId::AssociationType,
            element,
            "associationType",
            &found("associationType", text),
        );
    }
    kind
}

fn status(text: &str) -> Option<SubmissionSetStatus> {
    [SubmissionSetStatus::Original, SubmissionSetStatus::Reference]
        .into_iter()
        .find(|status| status.as_str() == text)
}

fn documentation(
    object: &mut Object<'_>,
    kind: Option<AssociationType>,
    faults: &mut Faults,
) -> Option<xds_model::CodedValue> {
    let attribute = CodedAttribute::AssociationDocumentation;
    let values = coded::several(object, attribute, faults);
    let allowed = usize::from(kind.is_none_or(AssociationType::is_relationship));
    if values.len() > allowed {
        faults.add(
            RuleId::DocumentationForm,
            || coded::place(object, attribute.list()),
            &format!("{} documentation Classifications", values.len()),
        );
    }
    values.into_iter().next()
}
