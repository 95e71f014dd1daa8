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
                // What comes behind is not read, so nothing can be said to be missing.
                return values;
            }
        }
        values.check_needs(query);
        values
    }

    /// Whether there was room for its values.
    fn slot(&mut self, parameter: &Parameter, slot: Element<'_>, left: &mut usize) -> bool {
        let name = parameter.name;
        let Some(items) = self.items(parameter, slot) else {
            self.spoiled.push(name);
            return true;
        };
        if items.len() > *left {
            return false;
        }
        *left -= items.len();
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

    /// The items of a slot; `None` if a value is wrong, which is reported.
    fn items(&mut self, parameter: &Parameter, slot: Element<'_>) -> Option<Vec<String>> {
        let name = parameter.name;
        let values = slot
            .children_named(RIM, "ValueList")
            .flat_map(|list| list.children_named(RIM, "Value"));
        let texts: Vec<&str> = match values.map(|value| value.text()).collect() {
            Ok(texts) => texts,
            Err(error) => {
                self.fault(RuleId::ParameterForm, name, &format!("{name}: {}", cut_by(error)));
                return None;
            }
        };
        if texts.is_empty() {
            return Some(Vec::new());
        }
        let must_be_list = parameter.multiplicity != Multiplicity::Single;
        let wrong = match scan(&texts) {
            Err(_) => "",
            Ok(values) if must_be_list && values.iter().any(|value| !value.is_list) => " without parentheses",
            Ok(values) => {
                let items = values.into_iter().flat_map(|value| value.items);
                match items.map(|item| item_text(item, parameter.kind)).collect() {
                    Some(items) => return Some(items),
                    None => " without quotes",
                }
            }
        };
        let said = format!("{}{wrong}", found(name, &texts.join(" ")));
        self.fault(RuleId::ParameterForm, name, &said);
        None
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

    /// A patient id. In place of a missing one, which the table reported, or a wrong one, something stands that
    /// lets the other parameters be judged too: with a fault no query comes out.
    pub(super) fn patient(&mut self, name: &str) -> Option<PatientId> {
        const STAND_IN: &str = "-^^^&0.0&ISO";
        let text = self.text(name).unwrap_or_else(|| STAND_IN.to_owned());
        text.parse().ok().or_else(|| {
            self.fault(RuleId::ParameterForm, name, &found(name, &text));
            STAND_IN.parse().ok()
        })
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

/// Numbers are for times only; times may be quoted as well.
fn item_text(item: Item, kind: Kind) -> Option<String> {
    match item {
        Item::Text(text) => Some(text),
        Item::Number(digits) => (kind == Kind::Time).then_some(digits),
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
