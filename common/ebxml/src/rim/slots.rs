//! Slots of an object, Classification or Association.

use xds_model::format::{self, LONG_NAME_CHARS_MAX};
use xds_model::slot::Slot;
use xds_model::{Dtm, Oid, RuleId};
use xds_xml::Element;

use super::element::{check_attributes, check_no_text, unknown_child};
use super::faults::{Faults, cut_by, found};
use crate::ns::RIM;

/// Slots of one object, Classification or Association at most.
pub const SLOTS_MAX: usize = 1_000;

/// The slots of one element, to be taken by name.
#[derive(Debug)]
pub(super) struct Slots<'d> {
    owner: Element<'d>,
    slots: Vec<Entry<'d>>,
    /// Names of slots that had a fault, so that they are not reported missing as well.
    spoiled: Vec<&'d str>,
}

#[derive(Debug)]
struct Entry<'d> {
    name: &'d str,
    slot_type: Option<&'d str>,
    values: Vec<&'d str>,
    taken: bool,
}

impl<'d> Slots<'d> {
    pub(super) fn new(owner: Element<'d>) -> Self {
        Self {
            owner,
            slots: Vec::new(),
            spoiled: Vec::new(),
        }
    }

    /// Reads a `rim:Slot`.
    pub(super) fn read(&mut self, element: Element<'d>, faults: &mut Faults) {
        check_attributes(element, &["name", "slotType"], faults);
        check_no_text(element, faults);
        let Some(name) = element.attribute("name") else {
            faults.at_attribute(RuleId::RequiredXmlAttribute, element, "name", "");
            return;
        };
        if is_long(name) {
            faults.at(RuleId::SlotValueLength, element, name);
        }
        if self.slots.len() == SLOTS_MAX {
            faults.at(RuleId::SlotCount, element, "one slot too many");
            return;
        }
        if self.slots.iter().any(|slot| slot.name == name) {
            faults.add(RuleId::SlotNameUnique, || self.place(name), name);
            return;
        }
        let before = self.spoiled.len();
        let values = self.values(element, name, faults);
        if values.is_empty() && self.spoiled.len() == before {
            faults.add(RuleId::SlotValues, || self.place(name), name);
            self.spoiled.push(name);
        }
        self.slots.push(Entry {
            name,
            slot_type: element.attribute("slotType"),
            values,
            taken: false,
        });
    }

    fn values(&mut self, element: Element<'d>, name: &'d str, faults: &mut Faults) -> Vec<&'d str> {
        let mut values = Vec::new();
        for list in element.children() {
            if !list.is(RIM, "ValueList") {
                unknown_child(list, faults);
                continue;
            }
            check_attributes(list, &[], faults);
            check_no_text(list, faults);
            for value in list.children() {
                match self.value(value, name, faults) {
                    Some(_) if values.len() >= faults.limits().slot_values_max => {
                        faults.add(RuleId::SlotValues, || self.place(name), name);
                        self.spoiled.push(name);
                        return values;
                    }
                    Some(text) => values.push(text),
                    None => self.spoiled.push(name),
                }
            }
        }
        values
    }

    fn value(&self, element: Element<'d>, name: &str, faults: &mut Faults) -> Option<&'d str> {
        if !element.is(RIM, "Value") {
            unknown_child(element, faults);
            return None;
        }
        check_attributes(element, &[], faults);
        let (rule, said) = match element.text() {
            Err(error) => (RuleId::CommentCut, format!("{name}: {}", cut_by(error))),
            Ok("") => (RuleId::SlotValues, format!("an empty value of {name}")),
            Ok(text) if is_long(text) => (RuleId::SlotValueLength, found(name, text)),
            Ok(text) => return Some(text),
        };
        faults.add(rule, || self.place(name), &said);
        None
    }

    /// Where a slot of this name is, or would be.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}/Slot[{name}]", self.owner.path())
    }

    /// Whether a slot of this name was there but wrong.
    pub(super) fn is_spoiled(&self, name: &str) -> bool {
        self.spoiled.contains(&name)
    }

    /// The values of the slot, which is then no extra one.
    pub(super) fn take(&mut self, name: &str) -> Vec<&'d str> {
        match self.slots.iter_mut().find(|slot| slot.name == name) {
            Some(slot) => {
                slot.taken = true;
                std::mem::take(&mut slot.values)
            }
            None => Vec::new(),
        }
    }

    /// The slot as it is, which is then no extra one.
    pub(super) fn take_whole(&mut self, name: &str) -> Option<Slot> {
        let slot = self.slots.iter_mut().find(|slot| slot.name == name)?;
        slot.taken = true;
        Some(owned(slot))
    }

    /// The one value of the slot.
    pub(super) fn single(&mut self, name: &'static str, faults: &mut Faults) -> Option<&'d str> {
        let values = self.take(name);
        if values.len() > 1 {
            faults.add(
                RuleId::SingleValue,
                || self.place(name),
                &format!("{} values of {name}", values.len()),
            );
            self.spoiled.push(name);
        }
        values.first().copied()
    }

    /// The one value of the slot, as a type of the model.
    pub(super) fn parsed<T>(
        &mut self,
        name: &'static str,
        rule: RuleId,
        faults: &mut Faults,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.single(name, faults)?;
        let value = parse(text);
        if value.is_none() {
            faults.add(rule, || self.place(name), &found(name, text));
            self.spoiled.push(name);
        }
        value
    }

    /// The one value of the slot, kept as text once its form was judged.
    pub(super) fn text(
        &mut self,
        name: &'static str,
        rule: RuleId,
        faults: &mut Faults,
        is: impl FnOnce(&str) -> bool,
    ) -> Option<String> {
        self.parsed(name, rule, faults, |text| is(text).then(|| text.to_owned()))
    }

    /// A DTM.
    pub(super) fn time(&mut self, name: &'static str, faults: &mut Faults) -> Option<Dtm> {
        self.parsed(name, RuleId::TimeForm, faults, |text| text.parse().ok())
    }

    /// An OID.
    pub(super) fn oid(&mut self, name: &'static str, faults: &mut Faults) -> Option<Oid> {
        self.parsed(name, RuleId::OidForm, faults, |text| text.parse().ok())
    }

    /// All values of the slot, each of which has a form.
    pub(super) fn texts(
        &mut self,
        name: &'static str,
        rule: RuleId,
        faults: &mut Faults,
        is: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        let values = self.take(name);
        for value in &values {
            if !is(value) {
                faults.add(rule, || self.place(name), &found(name, value));
                self.spoiled.push(name);
            }
        }
        values.into_iter().map(str::to_owned).collect()
    }

    /// What was not taken: additional slots, whose names must be URNs of somebody else than IHE
    /// (ITI TF-3, 4.2.3.1.6), or among those `allowed`.
    pub(super) fn extras(self, allowed: &[&str], faults: &mut Faults) -> Vec<Slot> {
        let rest = self.slots.iter().filter(|slot| !slot.taken);
        rest.map(|slot| {
            let is_legal =
                allowed.contains(&slot.name) || (format::is_urn(slot.name) && !is_of_ihe(slot.name));
            if !is_legal {
                faults.add(RuleId::ExtraSlotName, || self.place(slot.name), slot.name);
            }
            owned(slot)
        })
        .collect()
    }

    /// What was not taken, whatever it is called.
    pub(super) fn rest(self) -> Vec<Slot> {
        self.slots.iter().filter(|slot| !slot.taken).map(owned).collect()
    }
}

fn owned(slot: &Entry<'_>) -> Slot {
    Slot {
        name: slot.name.to_owned(),
        slot_type: slot.slot_type.map(str::to_owned),
        values: slot.values.iter().map(|value| (*value).to_owned()).collect(),
    }
}

fn is_of_ihe(name: &str) -> bool {
    name.get(..8)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:ihe:"))
}

/// Longer than ebRIM's LongName.
pub(super) fn is_long(text: &str) -> bool {
    text.len() > LONG_NAME_CHARS_MAX && text.chars().count() > LONG_NAME_CHARS_MAX
}
