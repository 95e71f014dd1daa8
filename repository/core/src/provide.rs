//! Provide and Register (ITI-41): what the repository checks, and what it does in which order.
//!
//! [`Provided::read`] takes the five attributes that a repository needs from each DocumentEntry, and
//! matches entries and documents. Then the submission passes its stages, each with the facts that the
//! store found: [`Provide<Received>`] (the bytes are in), [`Provide<Stored>`] (the documents are
//! retrievable), and a [`Conclusion`] once the registry has been asked. Everything else in the
//! metadata is left to the registry (ITI TF-2 3.41.4.1.3).

use std::collections::{HashMap, HashSet};

use xds_model::{DocumentHash, Fault, Oid, RuleId, UniqueId};

/// A DocumentEntry as submitted, as far as the repository looks at it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EntryText {
    /// `@id`, exactly as written.
    pub id: String,
    /// Value of the ExternalIdentifier XDSDocumentEntry.uniqueId.
    pub unique_id: Option<String>,
    /// `@mimeType`.
    pub mime_type: Option<String>,
    /// Every value of slot `hash`; no value when there is no such slot.
    pub hash: Vec<String>,
    /// Every value of slot `size`; no value when there is no such slot.
    pub size: Vec<String>,
}

/// The five attributes that a repository needs, read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// `@id`, exactly as written.
    pub id: String,
    /// uniqueId.
    pub unique_id: UniqueId,
    /// mimeType.
    pub mime_type: String,
    /// The submitted hash.
    pub hash: Option<DocumentHash>,
    /// The submitted size.
    pub size: Option<u64>,
}

/// A submission whose entries and documents match, one to one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Provided {
    entries: Vec<Entry>,
    /// For each entry the position of its document in the request.
    documents: Vec<usize>,
}

impl Provided {
    /// Reads the entries and matches them with the ids of the documents, in the order of the request.
    ///
    /// # Errors
    /// Every fault: REP-001 and REP-002 (an entry without document, a document without entry, or with
    /// one that another document has taken), REP-005 (a uniqueId twice), REP-008 (an attribute that
    /// cannot be used).
    pub fn read(entries: &[EntryText], document_ids: &[String]) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let read: Vec<Entry> = entries
            .iter()
            .enumerate()
            .filter_map(|(position, entry)| read_entry(position, entry, &mut faults))
            .collect();
        let documents = match_documents(entries, document_ids, &mut faults);
        faults.extend(unique_ids_used_again(entries));
        if faults.is_empty() {
            Ok(Self {
                entries: read,
                documents,
            })
        } else {
            Err(faults)
        }
    }

    /// The entries, in the order of the request.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The position of each entry's document among the documents of the request.
    pub fn documents(&self) -> &[usize] {
        &self.documents
    }

    /// The bytes are in: judges submitted hash and size. `contents` are in the order of the entries.
    ///
    /// # Errors
    /// REP-003 and REP-004 for each entry whose hash or size is not that of its bytes; the bytes are to
    /// be dropped. REP-001 for an entry that `contents` has nothing for.
    pub fn received(self, contents: Vec<Content>) -> Result<Provide<Received>, Vec<Fault>> {
        let faults: Vec<Fault> = self
            .entries
            .iter()
            .enumerate()
            .flat_map(|(position, entry)| check_content(position, entry, contents.get(position)))
            .collect();
        if faults.is_empty() {
            Ok(Provide {
                entries: self.entries,
                stage: Received { contents },
            })
        } else {
            Err(faults)
        }
    }
}

/// What the bytes of a document turned out to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Content {
    /// SHA-1.
    pub hash: DocumentHash,
    /// Size in bytes.
    pub size: u64,
}

/// A submission at a stage. The next one cannot be reached without the facts of the step before it.
#[derive(Clone, Debug)]
pub struct Provide<Stage> {
    entries: Vec<Entry>,
    stage: Stage,
}

/// The bytes are in and are what the metadata says.
#[derive(Clone, Debug)]
pub struct Received {
    contents: Vec<Content>,
}

/// The documents are retrievable; ITI-42 may be sent.
#[derive(Clone, Debug)]
pub struct Stored {
    contents: Vec<Content>,
}

/// What the store said about an entry's uniqueId.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Holding {
    /// Nobody had it; it is this submission's now.
    New,
    /// It was stored before, with the same bytes.
    Identical,
    /// It was stored before, with these other bytes.
    Different(Content),
}

impl<Stage> Provide<Stage> {
    /// The entries, in the order of the request.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Provide<Received> {
    /// The store has taken the uniqueIds. `holdings` are in the order of the entries.
    ///
    /// # Errors
    /// REP-006 and REP-007 for each uniqueId that is stored with other bytes. The submission is to be
    /// undone; ITI-42 is not sent.
    pub fn stored(self, holdings: &[Holding]) -> Result<Provide<Stored>, Vec<Fault>> {
        let faults: Vec<Fault> = self
            .entries
            .iter()
            .zip(&self.stage.contents)
            .zip(holdings)
            .flat_map(|((entry, content), holding)| check_holding(entry, content, holding))
            .collect();
        if faults.is_empty() {
            Ok(Provide {
                entries: self.entries,
                stage: Stored {
                    contents: self.stage.contents,
                },
            })
        } else {
            Err(faults)
        }
    }
}

impl Provide<Stored> {
    /// What ITI-42 says more than ITI-41 did, for each entry in order (ITI TF-2 3.41.4.1.3).
    pub fn additions(&self, repository_unique_id: &Oid) -> Vec<Additions> {
        self.entries
            .iter()
            .zip(&self.stage.contents)
            .map(|(entry, content)| Additions {
                repository_unique_id: repository_unique_id.clone(),
                hash: entry.hash.is_none().then(|| content.hash.clone()),
                size: entry.size.is_none().then_some(content.size),
            })
            .collect()
    }

    /// The registry has been asked: what becomes of the documents.
    pub fn conclude(self, registry: RegistryOutcome) -> Conclusion {
        match registry {
            RegistryOutcome::Registered => Conclusion::Keep,
            RegistryOutcome::Refused => Conclusion::Undo(Vec::new()),
            RegistryOutcome::NotSent => Conclusion::Undo(vec![registry_not_available()]),
            RegistryOutcome::Unknown => Conclusion::Leave(vec![registry_not_available()]),
        }
    }
}

/// What the repository sets in an entry that it forwards. All else passes unchanged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Additions {
    /// repositoryUniqueId: set, or put in the place of a submitted one.
    pub repository_unique_id: Oid,
    /// hash, when it was not submitted.
    pub hash: Option<DocumentHash>,
    /// size, when it was not submitted.
    pub size: Option<u64>,
}

/// How ITI-42 ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RegistryOutcome {
    /// Answered with Success.
    Registered,
    /// Answered with a RegistryResponse of status Failure: nothing was registered.
    Refused,
    /// No byte of the request was sent: no connection.
    NotSent,
    /// Sent, and anything else came of it: silence, a cut connection, a SOAP fault, an answer that
    /// cannot be read. It may have been registered.
    Unknown,
}

/// What becomes of the documents, with the repository's own faults; the registry's errors and
/// warnings are copied to the answer besides.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Conclusion {
    /// They stay.
    Keep,
    /// Those that this submission stored first are removed.
    Undo(Vec<Fault>),
    /// They stay until recovery has asked the registry.
    Leave(Vec<Fault>),
}

fn read_entry(position: usize, text: &EntryText, faults: &mut Vec<Fault>) -> Option<Entry> {
    let before = faults.len();
    let mut wrong = |attribute: &str, found: &str| {
        faults.push(Fault::new(
            RuleId::RepositoryMetadata,
            entry_location(position, attribute),
            found,
        ));
    };
    if text.id.is_empty() {
        wrong("@id", "no id");
    }
    let mime_type = text
        .mime_type
        .as_deref()
        .filter(|mime_type| !mime_type.is_empty());
    if mime_type.is_none() {
        wrong("@mimeType", "no mimeType");
    }
    let unique_id = match text.unique_id.as_deref().map(str::parse) {
        Some(Ok(unique_id)) => Some(unique_id),
        Some(Err(_)) => {
            wrong("uniqueId", text.unique_id.as_deref().unwrap_or_default());
            None
        }
        None => {
            wrong("uniqueId", "no uniqueId");
            None
        }
    };
    let hash = one_value(&text.hash, |text| text.parse().ok());
    if hash.is_err() {
        wrong("hash", &text.hash.join(", "));
    }
    let size = one_value(&text.size, parse_size);
    if size.is_err() {
        wrong("size", &text.size.join(", "));
    }
    let (Some(unique_id), Some(mime_type), Ok(hash), Ok(size)) = (unique_id, mime_type, hash, size) else {
        return None;
    };
    (faults.len() == before).then(|| Entry {
        id: text.id.clone(),
        unique_id,
        mime_type: mime_type.to_owned(),
        hash,
        size,
    })
}

/// No value, or one that can be read.
fn one_value<T>(values: &[String], read: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, ()> {
    match values {
        [] => Ok(None),
        [value] => read(value).map(Some).ok_or(()),
        _ => Err(()),
    }
}

/// Decimal digits without sign or leading zero, below 2^63 (ITI TF-3 4.2.3.2.23).
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if !digits || (text.starts_with('0') && text != "0") {
        return None;
    }
    text.parse().ok().filter(|size| i64::try_from(*size).is_ok())
}

/// For each entry the position of its document.
fn match_documents(entries: &[EntryText], document_ids: &[String], faults: &mut Vec<Fault>) -> Vec<usize> {
    let mut free: HashMap<&str, usize> = HashMap::new();
    for (position, id) in document_ids.iter().enumerate() {
        if free.insert(id, position).is_some() {
            faults.push(document_fault(position, id));
        }
    }
    let mut matched = Vec::with_capacity(entries.len());
    for (position, entry) in entries.iter().enumerate() {
        match free.remove(entry.id.as_str()) {
            Some(document) => matched.push(document),
            None => faults.push(Fault::new(
                RuleId::MissingDocument,
                entry_location(position, ""),
                &entry.id,
            )),
        }
    }
    let mut left: Vec<_> = free.into_iter().collect();
    left.sort_by_key(|(_, position)| *position);
    faults.extend(left.iter().map(|(id, position)| document_fault(*position, id)));
    matched
}

fn document_fault(position: usize, id: &str) -> Fault {
    Fault::new(
        RuleId::MissingDocumentMetadata,
        format!("Document {}", position + 1),
        id,
    )
}

/// One fault for each uniqueId that is used more than once.
fn unique_ids_used_again(entries: &[EntryText]) -> Vec<Fault> {
    let (mut seen, mut told) = (HashSet::new(), HashSet::new());
    let mut faults = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        let Some(unique_id) = entry.unique_id.as_deref() else {
            continue;
        };
        if !seen.insert(unique_id) && told.insert(unique_id) {
            faults.push(Fault::new(
                RuleId::RepositoryUniqueIdOnce,
                entry_location(position, "uniqueId"),
                unique_id,
            ));
        }
    }
    faults
}

fn check_content(position: usize, entry: &Entry, content: Option<&Content>) -> Vec<Fault> {
    let Some(content) = content else {
        return vec![Fault::new(
            RuleId::MissingDocument,
            entry_location(position, ""),
            &entry.id,
        )];
    };
    let mut faults = Vec::new();
    if let Some(hash) = entry.hash.as_ref().filter(|hash| **hash != content.hash) {
        faults.push(Fault::new(
            RuleId::DocumentHash,
            entry_location(position, "hash"),
            format!("submitted {hash}, the bytes have {}", content.hash),
        ));
    }
    if let Some(size) = entry.size.filter(|size| *size != content.size) {
        faults.push(Fault::new(
            RuleId::DocumentSize,
            entry_location(position, "size"),
            format!("submitted {size}, the bytes are {}", content.size),
        ));
    }
    faults
}

/// codeContext is the uniqueId (ITI TF-3, Table 4.2.4.1-2); nothing is told of the stored bytes.
fn check_holding(entry: &Entry, content: &Content, holding: &Holding) -> Vec<Fault> {
    let Holding::Different(stored) = holding else {
        return Vec::new();
    };
    let mut rules = Vec::new();
    if stored.hash != content.hash || stored.size == content.size {
        rules.push(RuleId::StoredWithOtherHash);
    }
    if stored.size != content.size {
        rules.push(RuleId::StoredWithOtherSize);
    }
    rules
        .into_iter()
        .map(|rule| Fault::new(rule, "", entry.unique_id.as_str()))
        .collect()
}

fn registry_not_available() -> Fault {
    Fault::new(RuleId::RegistryNotAvailable, "", "")
}

/// `DocumentEntry 2 hash`, counted from 1.
fn entry_location(position: usize, attribute: &str) -> String {
    let mut text = format!("DocumentEntry {}", position + 1);
    if !attribute.is_empty() {
        text.push(' ');
        text.push_str(attribute);
    }
    text
}
