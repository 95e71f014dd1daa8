//! author: one Classification each (ITI TF-3, 4.2.3.1.4 and 4.2.3.2.1).

use xds_model::author::Author;
use xds_model::{RuleId, format};

use super::element::{Nested, Object};
use super::faults::{Faults, found};
use crate::terms::slot;

/// Takes the authors of an object.
pub(super) fn authors(object: &mut Object<'_>, scheme: &str, faults: &mut Faults) -> Vec<Author> {
    object
        .classifications
        .extract_if(.., |nested| nested.scheme == Some(scheme))
        .map(|nested| read(nested, faults))
        .collect()
}

fn read(mut nested: Nested<'_>, faults: &mut Faults) -> Author {
    let element = nested.element;
    if let Some(code) = nested.representation.filter(|code| !code.is_empty()) {
        faults.at_attribute(
            RuleId::AuthorForm,
            element,
            "nodeRepresentation",
            &found("nodeRepresentation", code),
        );
    }
    let slots = &mut nested.slots;
    let any = |_: &str| true;
    let person = slots.text(slot::AUTHOR_PERSON, RuleId::PersonForm, faults, format::is_person);
    let institutions = slots.texts(
        slot::AUTHOR_INSTITUTION,
        RuleId::InstitutionForm,
        faults,
        format::is_institution,
    );
    let roles = slots.texts(slot::AUTHOR_ROLE, RuleId::AuthorForm, faults, any);
    let specialties = slots.texts(slot::AUTHOR_SPECIALTY, RuleId::AuthorForm, faults, any);
    let telecommunications = slots.texts(
        slot::AUTHOR_TELECOMMUNICATION,
        RuleId::TelecommunicationForm,
        faults,
        format::is_telecommunication,
    );
    let someone = [
        slot::AUTHOR_PERSON,
        slot::AUTHOR_INSTITUTION,
        slot::AUTHOR_TELECOMMUNICATION,
    ];
    let is_named = person.is_some() || !institutions.is_empty() || !telecommunications.is_empty();
    if !is_named && !someone.iter().any(|name| slots.is_spoiled(name)) {
        faults.at(
            RuleId::AuthorForm,
            element,
            "author without person, institution and telecommunication",
        );
    }
    Author {
        id: nested.id,
        person,
        institutions,
        roles,
        specialties,
        telecommunications,
        extra_slots: nested.slots.extras(&[], faults),
    }
}
