//! Each rule of reading one object: broken by one change to a complete submission, it and nothing else is
//! reported, at the right place.

mod associations;
mod elements;
mod packages;
mod required;
mod values;
mod whole;

use xds_model::RuleId;

use crate::support::{changed, faults};

pub(super) const LIST: &str = "SubmitObjectsRequest/RegistryObjectList";
pub(super) const ENTRY: &str = "ExtrinsicObject";
pub(super) const SET: &str = "RegistryPackage[1]";
pub(super) const FOLDER: &str = "RegistryPackage[2]";

/// Changes one text of the complete submission, and expects one fault.
pub(super) fn one(from: &str, to: &str, rule: RuleId, place: &str) {
    let text = changed(from, to);
    let place = format!("{LIST}/{place}");
    assert_eq!(faults(&text), [(rule, place)], "{from} -> {to}");
}

/// Changes one text of the complete submission, and expects no fault.
pub(super) fn none(from: &str, to: &str) {
    assert_eq!(faults(&changed(from, to)), [], "{from} -> {to}");
}

pub(super) fn slot(name: &str, value: &str) -> String {
    format!(
        r#"<rim:Slot name="{name}"><rim:ValueList><rim:Value>{value}</rim:Value></rim:ValueList></rim:Slot>"#
    )
}

/// Gives a slot of the DocumentEntry another value.
pub(super) fn entry_slot(name: &str, from: &str, to: &str, rule: RuleId) {
    one(
        &slot(name, from),
        &slot(name, to),
        rule,
        &format!("{ENTRY}/Slot[{name}]"),
    );
}
