//! Registry objects on the wire: reading with every fault, and writing submissions (ITI TF-3, 4.2).

mod association;
mod author;
mod coded;
mod columns;
mod document_entry;
mod element;
mod faults;
mod folder;
mod slots;
mod submission_set;
mod write;

use std::collections::{HashMap, HashSet};

use xds_model::submission::ReceivedSubmission;
use xds_model::text::Text;
use xds_model::{Folder, RuleId, SubmissionSet};
use xds_xml::Element;

use crate::ns::{LCM, RIM, RS};
pub use columns::SenderColumn;
use element::{Nested, Object, check_no_text, unknown_child};
pub use faults::{FAULTS_MAX, ObjectLimits};
pub(crate) use faults::{Faults, cut_by, found};
pub use slots::SLOTS_MAX;
pub use write::{Objects, write_objects, write_submission};

/// Reads a `lcm:SubmitObjectsRequest` (ITI-42, ITI-61 and inside ITI-41).
///
/// Never stops at a fault: everything that can be read is in the answer, beside all that is wrong with
/// attributes and elements. Whether the objects belong together is not looked at here.
pub fn read_submission(
    request: Element<'_>,
    column: SenderColumn,
    limits: ObjectLimits,
) -> ReceivedSubmission {
    let mut faults = Faults::within(limits);
    let mut received = ReceivedSubmission::default();
    if request.is(LCM, "SubmitObjectsRequest") {
        check_no_text(request, &mut faults);
    } else {
        unknown_child(request, &mut faults);
    }
    let mut lists = 0_usize;
    for child in request.children() {
        if child.is(RIM, "RegistryObjectList") {
            lists += 1;
            read_list(child, column, &mut received, &mut faults);
        } else if !child.is(RS, "RequestSlotList") {
            unknown_child(child, &mut faults);
        }
    }
    if lists != 1 {
        let said = format!("{lists} RegistryObjectLists");
        faults.at(RuleId::UnknownElement, request, &said);
    }
    received.faults = faults.into_vec();
    received
}

/// Reads the objects of a `rim:RegistryObjectList`, as in the answer to a query. ObjectRefs are left out.
pub fn read_objects(list: Element<'_>, column: SenderColumn) -> ReceivedSubmission {
    let mut faults = Faults::default();
    let mut received = ReceivedSubmission::default();
    read_list(list, column, &mut received, &mut faults);
    received.faults = faults.into_vec();
    received
}

fn read_list(
    list: Element<'_>,
    column: SenderColumn,
    received: &mut ReceivedSubmission,
    faults: &mut Faults,
) {
    check_no_text(list, faults);
    let labels = Labels::read(list, faults);
    for child in list.children() {
        if child.namespace() != RIM {
            unknown_child(child, faults);
            continue;
        }
        match child.local() {
            "ExtrinsicObject" => match document_entry::read(child, column, faults) {
                Ok(entry) => received.entries.push(entry),
                Err(id) => received.unreadable.push(id),
            },
            "Association" => match association::read(child, faults) {
                Ok(association) => received.associations.push(association),
                Err(id) => received.unreadable.push(id),
            },
            "RegistryPackage" => read_package(child, &labels, column, received, faults),
            // Labels were read before; an ObjectRef says nothing (ITI TF-3, 4.2.1).
            "Classification" | "ObjectRef" => {}
            _ => unknown_child(child, faults),
        }
    }
    labels.check_used(list, faults);
}

fn read_package(
    element: Element<'_>,
    labels: &Labels<'_>,
    column: SenderColumn,
    received: &mut ReceivedSubmission,
    faults: &mut Faults,
) {
    let mut object = Object::read(element, &[], faults);
    let mut nodes: Vec<&str> = labels.of(element).to_vec();
    let is_label =
        |nested: &mut Nested<'_>| nested.scheme.is_none() && nested.node.is_some_and(is_package_node);
    nodes.extend(
        object
            .classifications
            .extract_if(.., is_label)
            .filter_map(|label| label.node),
    );
    nodes.retain(|node| is_package_node(node));
    nodes.sort_unstable();
    nodes.dedup();
    match nodes.as_slice() {
        [node] if *node == SubmissionSet::NODE => match submission_set::read(object, column, faults) {
            Ok(set) => received.sets.push(set),
            Err(id) => received.unreadable.push(id),
        },
        [_] => match folder::read(object, column, faults) {
            Ok(folder) => received.folders.push(folder),
            Err(id) => received.unreadable.push(id),
        },
        other => {
            faults.at(RuleId::PackageLabel, element, &format!("{} labels", other.len()));
            received.unreadable.push(object.id);
        }
    }
}

fn is_package_node(node: &str) -> bool {
    node == SubmissionSet::NODE || node == Folder::NODE
}

/// Classifications beside the packages that they label.
struct Labels<'d> {
    by_package: HashMap<&'d str, Vec<&'d str>>,
    elements: Vec<Element<'d>>,
}

impl<'d> Labels<'d> {
    fn read(list: Element<'d>, faults: &mut Faults) -> Self {
        let mut labels = Self {
            by_package: HashMap::new(),
            elements: Vec::new(),
        };
        for element in list.children_named(RIM, "Classification") {
            let label = Nested::read_alone(element, faults);
            labels.elements.push(element);
            if let (Some(node), Some(package)) = (label.node, element.attribute("classifiedObject")) {
                labels.by_package.entry(package).or_default().push(node);
            }
        }
        labels
    }

    /// The nodes that a package is classified by.
    fn of(&self, package: Element<'_>) -> &[&'d str] {
        let id = package.attribute("id").unwrap_or_default();
        self.by_package.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// A Classification outside of objects may only label a package of the request.
    fn check_used(&self, list: Element<'_>, faults: &mut Faults) {
        let packages: HashSet<_> = list
            .children_named(RIM, "RegistryPackage")
            .map(|package| package.attribute("id"))
            .collect();
        for element in &self.elements {
            let is_label = element
                .attribute("classificationNode")
                .is_some_and(is_package_node);
            let labelled = element.attribute("classifiedObject");
            if !is_label {
                faults.at(
                    RuleId::EnclosingId,
                    *element,
                    "a Classification outside its object",
                );
            } else if labelled.is_none() || !packages.contains(&labelled) {
                let said = found("classifiedObject", labelled.unwrap_or_default());
                faults.at_attribute(RuleId::PackageLabel, *element, "classifiedObject", &said);
            }
        }
    }
}

/// Takes the Classification that marks limited metadata.
fn limited_metadata(object: &mut Object<'_>, node: &str) -> bool {
    let before = object.classifications.len();
    object.classifications.retain(|nested| nested.node != Some(node));
    object.classifications.len() < before
}

/// Takes the title, whose strings have at most so many characters.
fn title(object: &mut Object<'_>, chars_max: usize, faults: &mut Faults) -> Text {
    let title = std::mem::take(&mut object.name);
    for string in &title.strings {
        let chars = string.value.chars().count();
        if chars > chars_max {
            faults.add(
                RuleId::TitleLength,
                || format!("{}/Name", object.element.path()),
                &format!("a title of {chars} characters"),
            );
        }
    }
    title
}
