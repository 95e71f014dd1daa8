//! The slots of a query, checked against its parameter table.

use std::collections::HashMap;

use uuid::Uuid;
use xds_model::code::Code;
use xds_model::ident::AvailabilityStatus;
use xds_model::query::{AnyOfAll, Pattern, QueryId, TimeRange};
use xds_model::{DocumentEntryType, Dtm, PatientId, RuleId};
use xds_xml::Element;

use super::parameters::{Kind, Multiplicity, Need, Parameter, parameter, parameters};
use super::scan::{Item, scan};
use crate::ns::RIM;
use crate::rim::{Faults, cut_by, found};

/// The values of a query's parameters by name, one list for each time that a slot was given.
#[derive(Debug)]
pub(super) struct Values<'f> {
    place: String,
    given: HashMap<&'static str, Vec<Vec<String>>>,
    /// Parameters with a fault, so that they are not reported missing as well.
    spoiled: Vec<&'static str>,
    pub(super) faults: &'f mut Faults,
}

impl<'f> Values<'f> {
    /// Reads the slots of a `rim:AdhocQuery`. More than `values_max` values are a fault.
    pub(super) fn read(
        query: QueryId,
        adhoc: Element<'_>,
        values_max: usize,
        faults: &'f mut Faults,
    ) -> Self {
        let mut values = Self {
            place: adhoc.path(),
            given: HashMap::new(),
            spoiled: Vec::new(),
            faults,
        };
        let mut left = values_max;
        for slot in adhoc.children_named(RIM, "Slot") {
            let name = slot.attribute("name").unwrap_or_default();
            let Some(parameter) = parameter(query, name) else {
                continue;
            };
            if !values.slot(parameter, slot, &mut left) {
                let said = format!("{name}: more than {values_max} values in the query");
                values.fault(RuleId::TooManyValues, parameter.name, &said);
                break;
            }
        }
        values.check_needs(query);
        values
    }

    /// Whether there was room for its values.
    fn slot(&mut self, parameter: &Parameter, slot: Element<'_>, left: &mut usize) -> bool {
        let lists = slot.children_named(RIM, "ValueList");
        let mut items = Vec::new();
        for value in lists.flat_map(|list| list.children_named(RIM, "Value")) {
            match self.scanned(parameter, value) {
                Some(some) if some.len() > *left => return false,
                Some(some) => {
                    *left -= some.len();
                    items.extend(some);
                }
                None => self.spoiled.push(parameter.name),
            }
        }
        let name = parameter.name;
        if parameter.multiplicity == Multiplicity::Single && items.len() > 1 {
            self.fault(
                RuleId::ParameterNumber,
                name,
                &format!("{name}: {} values", items.len()),
            );
        }
        let lists = self.given.entry(name).or_default();
        if !items.is_empty() {
            lists.push(items);
        }
        if lists.len() > 1 && parameter.multiplicity != Multiplicity::ListOfLists {
            self.fault(RuleId::ParameterNumber, name, &format!("{name}: given twice"));
        }
        true
    }

    fn scanned(&mut self, parameter: &Parameter, value: Element<'_>) -> Option<Vec<String>> {
        let name = parameter.name;
        let text = match value.text() {
            Ok(text) => text,
            Err(error) => {
                self.fault(RuleId::ParameterForm, name, &format!("{name}: {}", cut_by(error)));
                return None;
            }
        };
        let Ok(scanned) = scan(text) else {
            self.fault(RuleId::ParameterForm, name, &found(name, text));
            return None;
        };
        if parameter.multiplicity != Multiplicity::Single && !scanned.is_list {
            let said = format!("{} without parentheses", found(name, text));
            self.fault(RuleId::ParameterForm, name, &said);
            return None;
        }
        let items = scanned.items.into_iter().map(|item| match item {
            Item::Text(text) => Some(text),
            Item::Number(digits) => (parameter.kind == Kind::Time).then_some(digits),
        });
        let items: Option<Vec<String>> = items.collect();
        if items.is_none() {
            let said = format!("{} without quotes", found(name, text));
            self.fault(RuleId::ParameterForm, name, &said);
        }
        items
    }

    fn check_needs(&mut self, query: QueryId) {
        let mut group: Vec<&'static str> = Vec::new();
        let mut given = 0_usize;
        for parameter in parameters(query) {
            let is_there = self
                .given
                .get(parameter.name)
                .is_some_and(|lists| !lists.is_empty())
                || self.spoiled.contains(&parameter.name);
            match parameter.need {
                Need::Required if !is_there => self.missing(parameter.name),
                Need::OneOf => {
                    group.push(parameter.name);
                    given += usize::from(is_there);
                }
                Need::Required | Need::Optional => {}
            }
        }
        let (Some(first), false) = (group.first(), given == 1) else {
            return;
        };
        let rule = match given {
            0 => RuleId::MissingParameter,
            _ => RuleId::ParameterNumber,
        };
        self.fault(rule, first, &group.join(" or "));
    }

    fn missing(&mut self, name: &str) {
        self.fault(RuleId::MissingParameter, name, name);
    }

    pub(super) fn fault(&mut self, rule: RuleId, name: &str, said: &str) {
        let place = &self.place;
        self.faults.add(rule, || format!("{place}/Slot[{name}]"), said);
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    fn lists(&mut self, name: &str) -> Vec<Vec<String>> {
        self.given.remove(name).unwrap_or_default()
    }

    /// All values of a parameter.
    pub(super) fn texts(&mut self, name: &str) -> Vec<String> {
        self.lists(name).into_iter().flatten().collect()
    }

    /// The value of a parameter of one value.
    pub(super) fn text(&mut self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    /// A patient id. A missing one was reported by the table.
    pub(super) fn patient(&mut self, name: &str) -> Option<PatientId> {
        let text = self.text(name)?;
        let patient = text.parse().ok();
        if patient.is_none() {
            self.fault(RuleId::ParameterForm, name, &found(name, &text));
        }
        patient
    }

    /// Statuses that are understood; the others do not count as given.
    pub(super) fn statuses(&mut self, name: &str) -> Vec<AvailabilityStatus> {
        let texts = self.texts(name);
        let statuses: Vec<_> = texts
            .iter()
            .filter_map(|text| AvailabilityStatus::from_urn(text))
            .collect();
        if statuses.is_empty() && !texts.is_empty() {
            self.missing(name);
        }
        statuses
    }

    /// Kinds of DocumentEntry; Stable if the parameter was not given.
    pub(super) fn types(&mut self, name: &str) -> Vec<DocumentEntryType> {
        let texts = self.texts(name);
        if texts.is_empty() {
            return vec![DocumentEntryType::Stable];
        }
        let mut types = Vec::new();
        for text in texts {
            match DocumentEntryType::from_urn(&text) {
                Some(kind) => types.push(kind),
                None => self.fault(RuleId::ParameterForm, name, &found(name, &text)),
            }
        }
        types
    }

    /// UUIDs of objects. What is no UUID names nothing, and is left out: unknown ids are no error.
    pub(super) fn uuids(&mut self, name: &str) -> Vec<Uuid> {
        self.texts(name).iter().filter_map(|text| uuid(text)).collect()
    }

    pub(super) fn codes(&mut self, name: &str) -> Vec<Code> {
        self.code_lists(name).0.into_iter().flatten().collect()
    }

    pub(super) fn code_lists(&mut self, name: &str) -> AnyOfAll<Code> {
        let mut lists = Vec::new();
        for texts in self.lists(name) {
            let mut codes = Vec::new();
            for text in texts {
                match code(&text) {
                    Some(code) => codes.push(code),
                    None => self.fault(RuleId::CodeParameterForm, name, &found(name, &text)),
                }
            }
            lists.push(codes);
        }
        AnyOfAll(lists)
    }

    pub(super) fn patterns(&mut self, name: &str) -> Vec<Pattern> {
        self.texts(name).into_iter().map(Pattern).collect()
    }

    /// The range between the parameters with this name and `From` or `To` behind it.
    pub(super) fn range(&mut self, name: &str) -> TimeRange {
        TimeRange {
            from: self.time(&format!("{name}From")),
            to: self.time(&format!("{name}To")),
        }
    }

    fn time(&mut self, name: &str) -> Option<Dtm> {
        let text = self.text(name)?;
        let time = text.parse().ok();
        if time.is_none() {
            self.fault(RuleId::ParameterForm, name, &found(name, &text));
        }
        time
    }
}

/// `urn:uuid:` and a UUID, in either case: ids are compared, not registered, here.
pub(super) fn uuid(text: &str) -> Option<Uuid> {
    let rest = text.strip_prefix("urn:uuid:").filter(|rest| rest.len() == 36)?;
    Uuid::try_parse(rest).ok()
}

fn code(text: &str) -> Option<Code> {
    let mut parts = text.split('^');
    let (code, middle, scheme) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = middle.is_empty() && !code.is_empty() && !scheme.is_empty() && parts.next().is_none();
    is_whole.then(|| Code {
        code: code.to_owned(),
        scheme: scheme.to_owned(),
    })
}
