//! What every registry object has on the wire, and its nested elements (ebRIM 3.0, RegistryObjectType).

use uuid::Uuid;
use xds_model::ident::{AvailabilityStatus, HomeCommunityId, ObjectId};
use xds_model::slot::{Classification, ExternalIdentifier};
use xds_model::text::{LocalizedString, Text};
use xds_model::{RuleId, Slot};
use xds_xml::{Element, XML_NAMESPACE};

use super::faults::{Faults, found};
use super::slots::{Slots, is_long};
use crate::ns::{RIM, XSI};

const IDENTIFIABLE: [&str; 5] = ["id", "home", "lid", "objectType", "status"];

/// A registry object whose children were sorted, for its reader to take from.
#[derive(Debug)]
pub(super) struct Object<'d> {
    pub(super) element: Element<'d>,
    /// `@id`; a symbol that nothing else has if it was missing or wrong.
    pub(super) id: ObjectId,
    /// Whether `@id` was there and well formed.
    pub(super) has_id: bool,
    pub(super) logical_id: Option<ObjectId>,
    pub(super) version: Option<u32>,
    pub(super) status: Option<AvailabilityStatus>,
    pub(super) home: Option<HomeCommunityId>,
    pub(super) slots: Slots<'d>,
    pub(super) name: Text,
    pub(super) description: Text,
    pub(super) classifications: Vec<Nested<'d>>,
    pub(super) identifiers: Vec<Identifier<'d>>,
    /// Attributes that had a fault, so that they are not reported missing as well.
    pub(super) spoiled: Vec<&'static str>,
}

impl<'d> Object<'d> {
    /// Sorts the children of an object. `attributes` are those of its type beside the common ones.
    pub(super) fn read(element: Element<'d>, attributes: &[&str], faults: &mut Faults) -> Self {
        check_attributes_of_two(element, &IDENTIFIABLE, attributes, faults);
        check_no_text(element, faults);
        let id = object_id(element, "id", faults);
        let mut object = Self {
            element,
            has_id: id.is_some(),
            id: id.unwrap_or_else(|| ObjectId::Symbol(element.attribute("id").unwrap_or_default().into())),
            logical_id: element
                .attribute("lid")
                .and_then(|_| object_id(element, "lid", faults)),
            version: None,
            status: element.attribute("status").and_then(AvailabilityStatus::from_urn),
            home: home(element, faults),
            slots: Slots::new(element),
            name: Text::default(),
            description: Text::default(),
            classifications: Vec::new(),
            identifiers: Vec::new(),
            spoiled: Vec::new(),
        };
        for child in element.children() {
            object.child(child, faults);
        }
        object
    }

    fn child(&mut self, child: Element<'d>, faults: &mut Faults) {
        if child.namespace() != RIM {
            return unknown_child(child, faults);
        }
        match child.local() {
            "Slot" => self.slots.read(child, faults),
            "Name" => self.name = text(child, faults),
            "Description" => self.description = text(child, faults),
            "VersionInfo" => self.version = version(child),
            "ContentVersionInfo" => {}
            "Classification" => self
                .classifications
                .push(Nested::read(child, self.element, faults)),
            "ExternalIdentifier" => {
                let identifier = Identifier::read(child, self.element, faults);
                self.identifiers.extend(identifier);
            }
            _ => unknown_child(child, faults),
        }
    }

    /// The one ExternalIdentifier of a scheme.
    pub(super) fn identifier(
        &mut self,
        attribute: &'static str,
        scheme: &str,
        faults: &mut Faults,
    ) -> Option<Identifier<'d>> {
        let (mut mine, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.identifiers)
            .into_iter()
            .partition(|identifier| identifier.scheme == scheme);
        self.identifiers = others;
        if mine.len() > 1 {
            faults.add(
                RuleId::SingleValue,
                || self.identifier_place(attribute),
                &format!("{} ExternalIdentifiers of {attribute}", mine.len()),
            );
        }
        (!mine.is_empty()).then(|| mine.swap_remove(0))
    }

    /// Where an ExternalIdentifier is, or would be.
    pub(super) fn identifier_place(&self, attribute: &str) -> String {
        format!("{}/ExternalIdentifier[{attribute}]", self.element.path())
    }

    /// The one ExternalIdentifier of a scheme, its value as a type of the model, with the UUID it had.
    pub(super) fn parsed_identifier<T>(
        &mut self,
        (attribute, scheme): (&'static str, &str),
        rule: RuleId,
        faults: &mut Faults,
    ) -> (Option<T>, Option<Uuid>)
    where
        T: std::str::FromStr,
    {
        let Some(identifier) = self.identifier(attribute, scheme, faults) else {
            return (None, None);
        };
        let value = identifier.value.parse().ok();
        if value.is_none() {
            self.spoiled.push(attribute);
            faults.add(
                rule,
                || self.identifier_place(attribute),
                &found(attribute, identifier.value),
            );
        }
        (value, identifier.id)
    }

    /// ExternalIdentifiers of schemes that nobody took.
    pub(super) fn extra_identifiers(&mut self) -> Vec<ExternalIdentifier> {
        std::mem::take(&mut self.identifiers)
            .into_iter()
            .map(|identifier| ExternalIdentifier {
                id: identifier.id,
                scheme: identifier.scheme.to_owned(),
                value: identifier.value.to_owned(),
                name: identifier.name,
            })
            .collect()
    }
}

/// A nested Classification.
#[derive(Debug)]
pub(super) struct Nested<'d> {
    pub(super) element: Element<'d>,
    /// `@id`, if it is a UUID.
    pub(super) id: Option<Uuid>,
    pub(super) scheme: Option<&'d str>,
    pub(super) node: Option<&'d str>,
    pub(super) representation: Option<&'d str>,
    pub(super) slots: Slots<'d>,
    pub(super) name: Text,
}

impl<'d> Nested<'d> {
    fn read(element: Element<'d>, owner: Element<'d>, faults: &mut Faults) -> Self {
        let nested = Self::read_alone(element, faults);
        check_enclosing(element, "classifiedObject", owner, faults);
        nested
    }

    /// Reads a Classification without looking at where it stands.
    pub(super) fn read_alone(element: Element<'d>, faults: &mut Faults) -> Self {
        const OWN: [&str; 4] = [
            "classificationScheme",
            "classifiedObject",
            "classificationNode",
            "nodeRepresentation",
        ];
        check_attributes_of_two(element, &IDENTIFIABLE, &OWN, faults);
        check_no_text(element, faults);
        let mut slots = Slots::new(element);
        let mut name = Text::default();
        for child in element.children() {
            match child.local() {
                _ if child.namespace() != RIM => unknown_child(child, faults),
                "Slot" => slots.read(child, faults),
                "Name" => name = text(child, faults),
                "Description" | "VersionInfo" => {}
                _ => unknown_child(child, faults),
            }
        }
        Self {
            element,
            id: nested_id(element, faults),
            scheme: element.attribute("classificationScheme"),
            node: element.attribute("classificationNode"),
            representation: element.attribute("nodeRepresentation"),
            slots,
            name,
        }
    }

    /// One that the model has no attribute for.
    pub(super) fn into_extra(self) -> Classification {
        let slots: Vec<Slot> = self.slots.rest();
        Classification {
            id: self.id,
            scheme: self.scheme.map(str::to_owned),
            node: self.node.map(str::to_owned),
            representation: self.representation.map(str::to_owned),
            slots,
            name: self.name,
        }
    }
}

/// A nested ExternalIdentifier.
#[derive(Debug)]
pub(super) struct Identifier<'d> {
    pub(super) id: Option<Uuid>,
    pub(super) scheme: &'d str,
    pub(super) value: &'d str,
    pub(super) name: Text,
}

impl<'d> Identifier<'d> {
    fn read(element: Element<'d>, owner: Element<'d>, faults: &mut Faults) -> Option<Self> {
        const OWN: [&str; 3] = ["registryObject", "identificationScheme", "value"];
        check_attributes_of_two(element, &IDENTIFIABLE, &OWN, faults);
        check_no_text(element, faults);
        check_enclosing(element, "registryObject", owner, faults);
        let mut name = Text::default();
        for child in element.children() {
            match child.local() {
                _ if child.namespace() != RIM => unknown_child(child, faults),
                "Name" => name = text(child, faults),
                "Slot" | "Description" | "VersionInfo" => {}
                _ => unknown_child(child, faults),
            }
        }
        let id = nested_id(element, faults);
        let scheme = required(element, "identificationScheme", faults);
        let value = required(element, "value", faults)?;
        if is_long(value) {
            faults.at_attribute(RuleId::SlotValueLength, element, "value", value);
        }
        Some(Self {
            id,
            scheme: scheme?,
            value,
            name,
        })
    }
}

/// An attribute that the schema requires.
pub(super) fn required<'d>(element: Element<'d>, name: &str, faults: &mut Faults) -> Option<&'d str> {
    let value = element.attribute(name);
    if value.is_none() {
        faults.at_attribute(RuleId::RequiredXmlAttribute, element, name, &format!("no {name}"));
    }
    value
}

/// An attribute that holds the id of an object; required.
pub(super) fn object_id(element: Element<'_>, name: &str, faults: &mut Faults) -> Option<ObjectId> {
    let text = required(element, name, faults)?;
    let id = text.parse().ok();
    if id.is_none() {
        faults.at_attribute(RuleId::ObjectIdForm, element, name, &found(name, text));
    }
    id
}

/// `@id` of a nested element, if it is a UUID. Symbols name nothing there.
fn nested_id(element: Element<'_>, faults: &mut Faults) -> Option<Uuid> {
    element.attribute("id").filter(|id| id.starts_with("urn:uuid:"))?;
    object_id(element, "id", faults)?.uuid()
}

fn check_enclosing(element: Element<'_>, name: &str, owner: Element<'_>, faults: &mut Faults) {
    if let Some(named) = required(element, name, faults)
        && owner.attribute("id").is_some_and(|id| id != named)
    {
        faults.at_attribute(RuleId::EnclosingId, element, name, &found(name, named));
    }
}

fn home(element: Element<'_>, faults: &mut Faults) -> Option<HomeCommunityId> {
    let text = element.attribute("home")?;
    let home = text.parse().ok();
    if home.is_none() {
        faults.at_attribute(RuleId::HomeForm, element, "home", &found("home", text));
    }
    home
}

fn version(element: Element<'_>) -> Option<u32> {
    element
        .attribute("versionName")?
        .parse()
        .ok()
        .filter(|version| *version > 0)
}

/// The strings of a Name or Description.
pub(super) fn text(element: Element<'_>, faults: &mut Faults) -> Text {
    check_attributes(element, &[], faults);
    check_no_text(element, faults);
    let mut strings = Vec::new();
    for child in element.children() {
        if !child.is(RIM, "LocalizedString") {
            unknown_child(child, faults);
            continue;
        }
        check_attributes(child, &["charset", "value"], faults);
        if let Some(value) = required(child, "value", faults) {
            strings.push(LocalizedString {
                lang: child.attribute_ns(XML_NAMESPACE, "lang").map(str::to_owned),
                charset: child.attribute("charset").map(str::to_owned),
                value: value.to_owned(),
            });
        }
    }
    Text { strings }
}

/// Refuses attributes that the schema does not know.
pub(super) fn check_attributes(element: Element<'_>, known: &[&str], faults: &mut Faults) {
    check_attributes_of_two(element, known, &[], faults);
}

fn check_attributes_of_two(element: Element<'_>, known: &[&str], others: &[&str], faults: &mut Faults) {
    for (namespace, local, _) in element.attributes() {
        let is_known = match namespace {
            "" => known.contains(&local) || others.contains(&local),
            XML_NAMESPACE => local == "lang",
            _ => namespace == XSI,
        };
        if !is_known {
            faults.at_attribute(
                RuleId::UnknownElement,
                element,
                local,
                &format!("attribute {local}"),
            );
        }
    }
}

/// Refuses text where only elements may stand.
pub(super) fn check_no_text(element: Element<'_>, faults: &mut Faults) {
    if element.has_text() {
        faults.at(RuleId::UnknownElement, element, "text between elements");
    }
}

/// An element that its parent may not hold.
pub(super) fn unknown_child(element: Element<'_>, faults: &mut Faults) {
    faults.at(
        RuleId::UnknownElement,
        element,
        &format!("element {}", element.local()),
    );
}
