//! Coded attributes: one Classification each (ITI TF-3, 4.2.3.1.2).

use xds_model::RuleId;
use xds_model::code::{Code, CodedAttribute, CodedValue};

use super::element::{Nested, Object};
use super::faults::{Faults, found};
use super::slots::is_long;
use crate::terms::slot::CODING_SCHEME;

/// Takes the Classifications of a coded attribute that has any number of values.
pub(super) fn several(
    object: &mut Object<'_>,
    attribute: CodedAttribute,
    faults: &mut Faults,
) -> Vec<CodedValue> {
    let mut values = Vec::new();
    for nested in take(object, attribute) {
        match read(nested, attribute.list(), faults) {
            Some(value) => values.push(value),
            None => object.spoiled.push(attribute.list()),
        }
    }
    values
}

/// Takes the Classification of a coded attribute that has one value at most.
pub(super) fn single(
    object: &mut Object<'_>,
    attribute: CodedAttribute,
    faults: &mut Faults,
) -> Option<CodedValue> {
    let values = several(object, attribute, faults);
    if values.len() > 1 {
        let name = attribute.list();
        faults.add(
            RuleId::SingleValue,
            || place(object, name),
            &format!("{} codes of {name}", values.len()),
        );
    }
    values.into_iter().next()
}

/// Where the Classification of an attribute is, or would be.
pub(super) fn place(object: &Object<'_>, attribute: &str) -> String {
    format!("{}/Classification[{attribute}]", object.element.path())
}

fn take<'d>(object: &mut Object<'d>, attribute: CodedAttribute) -> Vec<Nested<'d>> {
    let scheme = attribute.scheme();
    let is_mine = |nested: &mut Nested<'d>| nested.scheme == Some(scheme);
    object.classifications.extract_if(.., is_mine).collect()
}

fn read(mut nested: Nested<'_>, name: &str, faults: &mut Faults) -> Option<CodedValue> {
    let element = nested.element;
    let mut wrong = |said: String| faults.at(RuleId::CodeForm, element, &said);
    let code = match nested.representation {
        Some(code) if !code.is_empty() && !is_long(code) && nested.node.is_none() => Some(code),
        Some(code) => {
            wrong(found(name, code));
            None
        }
        None => {
            wrong(format!("{name} without nodeRepresentation"));
            None
        }
    };
    let schemes = nested.slots.take(CODING_SCHEME);
    let scheme = match schemes.as_slice() {
        [scheme] => Some(*scheme),
        [] if nested.slots.is_spoiled(CODING_SCHEME) => None,
        other => {
            wrong(format!("{name} with {} values of {CODING_SCHEME}", other.len()));
            None
        }
    };
    if nested.name.first().is_none_or(str::is_empty) {
        wrong(format!("{name} without display name"));
        return None;
    }
    let extra_slots = nested.slots.extras(&[], faults);
    Some(CodedValue {
        id: nested.id,
        code: Code {
            code: code?.to_owned(),
            scheme: scheme?.to_owned(),
        },
        display: nested.name,
        extra_slots,
    })
}
