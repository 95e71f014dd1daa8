//! Provide and Register Document Set-b, ITI-41: what a repository needs of it, and what it passes on
//! (ITI TF-2, 3.41.4.1.3).

use std::collections::{HashMap, HashSet};

use xds_model::code::CodedAttribute;
use xds_model::{DocumentHash, Fault, Oid, RuleId, UniqueId, acknowledgement, format};
use xds_xml::{Element, escape, serialize};

use crate::ns::{LCM, RIM, XDS};
use crate::retrieve::{write_include, write_inline};
use crate::rim::{Faults, ObjectLimits, Objects, found, write_submission};
use crate::terms::{self, slot};

/// A `xds:ProvideAndRegisterDocumentSetRequest`, as far as a repository looks into it.
#[derive(Debug)]
pub struct Provide<'d> {
    /// The `lcm:SubmitObjectsRequest`, to be forwarded.
    pub submission: Element<'d>,
    /// What the repository needs of each DocumentEntry, in order.
    pub entries: Vec<ProvidedEntry>,
    /// The documents, in order. Each belongs to exactly one entry, the one with the same id.
    pub documents: Vec<ProvidedDocument<'d>>,
    /// SubmissionSet.uniqueId as sent, if there is one SubmissionSet with one.
    pub set_unique_id: Option<String>,
    /// SubmissionSet.sourceId as sent.
    pub source_id: Option<String>,
    /// SubmissionSet.patientId as sent.
    pub patient_id: Option<String>,
    /// authorInstitution values of the SubmissionSet as sent.
    pub author_institutions: Vec<String>,
}

/// What a repository needs of a DocumentEntry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ProvidedEntry {
    /// `@id` as sent: the same text as on its document.
    pub id: String,
    /// uniqueId.
    pub unique_id: UniqueId,
    /// mimeType.
    pub mime_type: String,
    /// hash, if it was sent.
    pub hash: Option<DocumentHash>,
    /// size in bytes, if it was sent.
    pub size: Option<u64>,
    /// patientId as sent.
    pub patient_id: Option<String>,
    /// authorInstitution values as sent, of all authors.
    pub author_institutions: Vec<String>,
    /// What it says that a patient acknowledged, if its format is that of such documents.
    pub acknowledgement: Option<ProvidedAcknowledgement>,
}

/// What metadata say of an acknowledgement of privacy policies, as sent (BPPC, ITI TF-3 5.1.2.1).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ProvidedAcknowledgement {
    /// Codes of eventCodeList.
    pub policies: Vec<String>,
    /// patientId and sourcePatientId.
    pub patient_ids: Vec<String>,
    /// serviceStartTime.
    pub start: Option<String>,
    /// serviceStopTime.
    pub stop: Option<String>,
}

/// One `xds:Document`.
#[derive(Clone, Copy, Debug)]
pub struct ProvidedDocument<'d> {
    /// `@id`: that of its DocumentEntry.
    pub id: &'d str,
    /// The element that holds the content: `xop:Include` or base64, see [`Content`](crate::retrieve::Content).
    pub element: Element<'d>,
}

/// Reads what a repository checks, and nothing stricter: the rest is the registry's to judge.
///
/// # Errors
///
/// Every fault by the rules `REP-001`, `002`, `005`, `008`, and `MD-016` for a slot with more values than `limits`
/// allow.
pub fn read_provide(root: Element<'_>, limits: ObjectLimits) -> Result<Provide<'_>, Vec<Fault>> {
    let mut faults = Faults::within(limits);
    let submission = root.child(LCM, "SubmitObjectsRequest");
    let list = submission.and_then(|submission| submission.child(RIM, "RegistryObjectList"));
    let (true, Some(submission), Some(list)) = (
        root.is(XDS, "ProvideAndRegisterDocumentSetRequest"),
        submission,
        list,
    ) else {
        faults.at(
            RuleId::RepositoryMetadata,
            root,
            "no SubmitObjectsRequest with a RegistryObjectList",
        );
        return Err(faults.into_vec());
    };
    let entries: Vec<_> = list
        .children_named(RIM, "ExtrinsicObject")
        .filter_map(|element| read_entry(element, &mut faults))
        .collect();
    let documents = read_documents(root, &mut faults);
    check_pairs(list, &documents, &mut faults);
    check_unique_ids(&entries, list, &mut faults);
    check_slots(list, &mut faults);
    let faults = faults.into_vec();
    if !faults.is_empty() {
        return Err(faults);
    }
    let set = submission_set(list);
    let identifier = |scheme| set.and_then(|set| identifier(set, scheme)).map(str::to_owned);
    Ok(Provide {
        submission,
        entries,
        documents,
        set_unique_id: identifier(terms::SUBMISSION_SET.unique_id.0),
        source_id: terms::SUBMISSION_SET
            .source_id
            .and_then(|(scheme, _)| identifier(scheme)),
        patient_id: identifier(terms::SUBMISSION_SET.patient_id.0),
        author_institutions: set
            .map(|set| institutions(set, terms::SUBMISSION_SET.author))
            .unwrap_or_default(),
    })
}

fn read_entry(element: Element<'_>, faults: &mut Faults) -> Option<ProvidedEntry> {
    let schemes = &terms::DOCUMENT_ENTRY;
    let mut wrong = |place: &str, said: &str| {
        let place = || format!("{}/{place}", element.path());
        faults.add(RuleId::RepositoryMetadata, place, said);
    };
    let id = element.attribute("id").filter(|id| !id.is_empty());
    if id.is_none() {
        wrong("@id", "no id");
    }
    let mime_type = element
        .attribute("mimeType")
        .filter(|text| format::is_mime_type(text));
    if mime_type.is_none() {
        let text = element.attribute("mimeType").unwrap_or_default();
        wrong("@mimeType", &found("mimeType", text));
    }
    let text = identifier(element, schemes.unique_id.0).unwrap_or_default();
    let unique_id: Option<UniqueId> = text.parse().ok();
    if unique_id.is_none() {
        wrong("ExternalIdentifier[uniqueId]", &found("uniqueId", text));
    }
    let hash = one_value(element, slot::HASH, |text| text.parse().ok(), &mut wrong);
    let size = one_value(element, slot::SIZE, format::size, &mut wrong);
    Some(ProvidedEntry {
        id: id?.to_owned(),
        unique_id: unique_id?,
        mime_type: mime_type?.to_owned(),
        hash,
        size,
        patient_id: identifier(element, schemes.patient_id.0).map(str::to_owned),
        author_institutions: institutions(element, schemes.author),
        acknowledgement: read_acknowledgement(element),
    })
}

fn read_acknowledgement(entry: Element<'_>) -> Option<ProvidedAcknowledgement> {
    if !codes(entry, CodedAttribute::FormatCode).any(acknowledgement::is_format) {
        return None;
    }
    let text = |name| {
        let value = slots_named(entry, name).flat_map(value_elements).next();
        value.and_then(|value| value.text().ok()).map(str::to_owned)
    };
    let patient = identifier(entry, terms::DOCUMENT_ENTRY.patient_id.0).map(str::to_owned);
    Some(ProvidedAcknowledgement {
        policies: codes(entry, CodedAttribute::EventCodeList)
            .map(str::to_owned)
            .collect(),
        patient_ids: patient.into_iter().chain(text(slot::SOURCE_PATIENT_ID)).collect(),
        start: text(slot::SERVICE_START_TIME),
        stop: text(slot::SERVICE_STOP_TIME),
    })
}

fn codes<'d>(object: Element<'d>, attribute: CodedAttribute) -> impl Iterator<Item = &'d str> {
    object
        .children_named(RIM, "Classification")
        .filter(move |child| child.attribute("classificationScheme") == Some(attribute.scheme()))
        .filter_map(|child| child.attribute("nodeRepresentation"))
}

/// The one value of a slot that may be missing but not wrong.
fn one_value<T>(
    object: Element<'_>,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    wrong: &mut impl FnMut(&str, &str),
) -> Option<T> {
    let slots: Vec<_> = slots_named(object, name).collect();
    let values: Vec<_> = slots.iter().flat_map(|slot| value_elements(*slot)).collect();
    let text = match values.as_slice() {
        [] if slots.is_empty() => return None,
        [value] => value.text().unwrap_or_default(),
        _ => "",
    };
    let value = parse(text);
    if value.is_none() {
        wrong(&format!("Slot[{name}]"), &found(name, text));
    }
    value
}

fn read_documents<'d>(root: Element<'d>, faults: &mut Faults) -> Vec<ProvidedDocument<'d>> {
    let mut documents = Vec::new();
    for element in root.children_named(XDS, "Document") {
        match element.attribute("id") {
            Some(id) => documents.push(ProvidedDocument { id, element }),
            None => faults.at(RuleId::MissingDocumentMetadata, element, "a document without id"),
        }
    }
    documents
}

/// Each entry has one document and each document one entry.
fn check_pairs(list: Element<'_>, documents: &[ProvidedDocument<'_>], faults: &mut Faults) {
    let mut open: HashMap<&str, usize> = HashMap::new();
    for document in documents {
        *open.entry(document.id).or_default() += 1;
    }
    for entry in list.children_named(RIM, "ExtrinsicObject") {
        let Some(id) = entry.attribute("id") else { continue };
        match open.get_mut(id) {
            Some(left) if *left > 0 => *left -= 1,
            _ => faults.at(RuleId::MissingDocument, entry, id),
        }
    }
    for document in documents.iter().rev() {
        if let Some(left) = open.get_mut(document.id).filter(|left| **left > 0) {
            *left -= 1;
            faults.at(RuleId::MissingDocumentMetadata, document.element, document.id);
        }
    }
}

fn check_unique_ids(entries: &[ProvidedEntry], list: Element<'_>, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for entry in entries {
        if !seen.insert(&entry.unique_id) {
            faults.at(RuleId::RepositoryUniqueIdOnce, list, entry.unique_id.as_str());
        }
    }
}

/// A slot of any object, Classification or Association: what has too many values is not passed on.
fn check_slots(list: Element<'_>, faults: &mut Faults) {
    let values_max = faults.limits().slot_values_max;
    for slot in list.descendants().filter(|element| element.is(RIM, "Slot")) {
        if value_elements(slot).take(values_max.saturating_add(1)).count() > values_max {
            let name = slot.attribute("name").unwrap_or_default();
            faults.at(RuleId::SlotValues, slot, name);
        }
    }
}

/// The package labelled as SubmissionSet, by a Classification inside or beside it.
fn submission_set(list: Element<'_>) -> Option<Element<'_>> {
    let is_label = |element: &Element<'_>| {
        element.attribute("classificationNode") == Some(xds_model::SubmissionSet::NODE)
    };
    let labelled: HashSet<_> = list
        .children_named(RIM, "Classification")
        .filter(is_label)
        .filter_map(|label| label.attribute("classifiedObject"))
        .collect();
    list.children_named(RIM, "RegistryPackage").find(|package| {
        package.attribute("id").is_some_and(|id| labelled.contains(id))
            || package
                .children_named(RIM, "Classification")
                .any(|child| is_label(&child))
    })
}

fn identifier<'d>(object: Element<'d>, scheme: &str) -> Option<&'d str> {
    object
        .children_named(RIM, "ExternalIdentifier")
        .find(|identifier| identifier.attribute("identificationScheme") == Some(scheme))?
        .attribute("value")
}

fn institutions(object: Element<'_>, scheme: Option<&str>) -> Vec<String> {
    object
        .children_named(RIM, "Classification")
        .filter(|child| child.attribute("classificationScheme") == scheme)
        .flat_map(|author| slots_named(author, slot::AUTHOR_INSTITUTION))
        .flat_map(value_elements)
        .filter_map(|value| value.text().ok())
        .map(str::to_owned)
        .collect()
}

fn slots_named<'d>(object: Element<'d>, name: &str) -> impl Iterator<Item = Element<'d>> {
    object
        .children_named(RIM, "Slot")
        .filter(move |slot| slot.attribute("name") == Some(name))
}

fn value_elements(slot: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    slot.children_named(RIM, "ValueList")
        .flat_map(|list| list.children_named(RIM, "Value"))
}

/// What the repository changes in one DocumentEntry that it forwards.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EntryChange {
    /// `@id` of the entry as sent.
    pub id: String,
    /// Replaces whatever was sent.
    pub repository_unique_id: Oid,
    /// Added if none was sent.
    pub hash: DocumentHash,
    /// Added if none was sent.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal digits, for an acknowledgement of privacy policies: replaces whatever was sent.
    pub sha256: Option<String>,
}

/// The `lcm:SubmitObjectsRequest` as it was received, but for the slots that the repository sets
/// (ITI TF-2, 3.41.4.1.3): repositoryUniqueId always, hash and size where they are missing, the SHA-256 of
/// acknowledgements. A sender's word for that one is passed on of no document.
pub fn forward(submission: Element<'_>, changes: &[EntryChange]) -> String {
    let by_id: HashMap<&str, &EntryChange> = changes
        .iter()
        .map(|change| (change.id.as_str(), change))
        .collect();
    let change_of = |entry: Element<'_>| {
        let is_entry = entry.is(RIM, "ExtrinsicObject")
            && entry
                .parent()
                .is_some_and(|list| list.is(RIM, "RegistryObjectList") && list.parent() == Some(submission));
        entry
            .attribute("id")
            .filter(|_| is_entry)
            .and_then(|id| by_id.get(id).copied())
    };
    let mut out = String::with_capacity(submission.source().len() + 1024 * changes.len() + 256);
    serialize(submission, &mut out, &mut |element, edits| {
        if let Some(change) = change_of(element) {
            let prefix = edits.bind(RIM, "rim");
            edits.insert_first(&added_slots(element, change, &prefix));
        } else if element.attribute("name").is_some_and(is_ours)
            && element.is(RIM, "Slot")
            && element.parent().and_then(change_of).is_some()
        {
            edits.drop_element();
        }
    });
    out
}

/// Slots that a repository sets, whatever was sent.
fn is_ours(slot: &str) -> bool {
    slot == slot::REPOSITORY_UNIQUE_ID || slot == acknowledgement::SHA256_SLOT
}

fn added_slots(entry: Element<'_>, change: &EntryChange, prefix: &str) -> String {
    let has = |name: &str| slots_named(entry, name).next().is_some();
    let mut slots = String::new();
    let mut add = |name: &str, value: &str| {
        let open = |element: &str| format!("<{prefix}:{element}>");
        let close = |element: &str| format!("</{prefix}:{element}>");
        slots.push_str(&format!("<{prefix}:Slot name=\"{name}\">"));
        slots.push_str(&[open("ValueList"), open("Value")].concat());
        escape::text(&mut slots, value);
        slots.push_str(&[close("Value"), close("ValueList"), close("Slot")].concat());
    };
    add(slot::REPOSITORY_UNIQUE_ID, change.repository_unique_id.as_str());
    if !has(slot::HASH) {
        add(slot::HASH, change.hash.as_str());
    }
    if !has(slot::SIZE) {
        add(slot::SIZE, &change.size.to_string());
    }
    if let Some(sha256) = &change.sha256 {
        add(acknowledgement::SHA256_SLOT, sha256);
    }
    slots
}

/// A document to send with its entry.
#[derive(Clone, Copy, Debug)]
pub struct DocumentToProvide<'a> {
    /// `@id` of its DocumentEntry.
    pub id: &'a str,
    /// Its bytes, or the Content-ID of their MIME part.
    pub content: ContentToProvide<'a>,
}

/// How a document travels.
#[derive(Clone, Copy, Debug)]
pub enum ContentToProvide<'a> {
    /// In the message, in base64.
    Inline(&'a [u8]),
    /// In the MIME part with this Content-ID (without brackets).
    Part(&'a str),
}

/// Appends a `xds:ProvideAndRegisterDocumentSetRequest` (ITI TF-2, 3.41.4.1.2).
pub fn write_provide<'a>(
    objects: impl Into<Objects<'a>>,
    documents: &[DocumentToProvide<'_>],
    out: &mut String,
) {
    for piece in [
        "<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds=\"",
        XDS,
        "\">",
    ] {
        out.push_str(piece);
    }
    write_submission(objects, out);
    for document in documents {
        out.push_str("<xds:Document id=\"");
        escape::text(out, document.id);
        out.push_str("\">");
        match document.content {
            ContentToProvide::Inline(bytes) => write_inline(bytes, out),
            ContentToProvide::Part(content_id) => write_include(content_id, out),
        }
        out.push_str("</xds:Document>");
    }
    out.push_str("</xds:ProvideAndRegisterDocumentSetRequest>");
}
