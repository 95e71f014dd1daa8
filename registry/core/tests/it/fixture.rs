//! A small affinity domain, two organisations, and submissions that are right until a test breaks them.

use std::sync::atomic::{AtomicU64, Ordering};

use registry_core::codes::{AffinityDomain, CodeFile, UnknownCodes};
use registry_core::facts::{Facts, FactsWanted, ObjectFact, UniqueIdUse};
use registry_core::ledger::{Directory, Node, Organisation};
use registry_core::object::{BodyEncoder, ObjectKind};
use registry_core::policy_facts::{Columns, PolicyFacts};
use registry_core::register::{Context, SubmissionLimits, UnknownInstitution};
use registry_core::{Person, Persons};
use time::OffsetDateTime;
use uuid::Uuid;
use xds_model::code::CodedValue;
use xds_model::principal::{DefaultUser, EntityId, NodeName, OrganisationId};
use xds_model::submission::ReceivedSubmission;
use xds_model::{
    Association, AssociationType, AvailabilityStatus, DocumentEntry, DocumentEntryType, Fault, Folder,
    IdSource, ObjectId, Oid, PatientId, Principal, RuleId, SubmissionSet, SubmissionSetStatus, Text,
    Transaction,
};
use xds_policy::SharingScope;
use xds_policy::ledger::{Ledger, PatientInstruments};

use crate::law;

pub(crate) const AUTHORITY: &str = "1.2.392.9.9.9.1";
pub(crate) const HASH: &str = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
pub(crate) const OTHER_HASH: &str = "aa39a3ee5e6b4b0d3255bfef95601890afd80709";

/// Ids that count: random ones of this process never meet those of another test.
pub(crate) struct Ids {
    space: u64,
    next: AtomicU64,
}

impl Ids {
    pub(crate) fn new(space: u64) -> Self {
        Self {
            space,
            next: AtomicU64::new(1),
        }
    }
}

impl IdSource for Ids {
    fn random(&self) -> Uuid {
        Uuid::from_u64_pair(self.space, self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn ordered(&self) -> Uuid {
        self.random()
    }
}

/// A codec for tests: what a body is, is no matter of these crates.
pub(crate) struct Bodies;

impl BodyEncoder for Bodies {
    fn document_entry(&self, entry: &DocumentEntry) -> Vec<u8> {
        format!("entry {}", entry.unique_id).into_bytes()
    }

    fn submission_set(&self, set: &SubmissionSet) -> Vec<u8> {
        format!("set {}", set.unique_id).into_bytes()
    }

    fn folder(&self, folder: &Folder) -> Vec<u8> {
        format!("folder {}", folder.unique_id).into_bytes()
    }

    fn association(&self, association: &Association) -> Vec<u8> {
        format!("{} to {}", association.source, association.target).into_bytes()
    }
}

pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_795_500_000).unwrap()
}

pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0xabc0_0000_0000_0000_0000_0000_0000_0000 + number)
}

pub(crate) fn id(symbol: &str) -> ObjectId {
    symbol.parse().unwrap()
}

pub(crate) fn oid(text: &str) -> Oid {
    text.parse().unwrap()
}

pub(crate) fn patient(id: &str) -> PatientId {
    PatientId::new(id, oid(AUTHORITY)).unwrap()
}

const CODES: &str = r#"{"codeSets": {
    "classCode": {"codes": [["class", "1.9"]]}, "typeCode": {"codes": [["type", "1.9"], ["type2", "1.9"]]},
    "confidentialityCode": {"codes": [["N", "2.16.840.1.113883.5.25"], ["R", "2.16.840.1.113883.5.25"]]},
    "eventCodeList": {"codes": [["event", "1.9"], ["event2", "1.9"]]},
    "formatCode": {"codes": [["format", "1.9"]]}, "healthcareFacilityTypeCode": {"codes": [["facility", "1.9"]]},
    "practiceSettingCode": {"codes": [["practice", "1.9"]]}, "contentTypeCode": {"codes": [["content", "1.9"]]},
    "folderCodeList": {"codes": [["folder", "1.9"]]},
    "associationDocumentation": {"codes": [["why", "1.9"]]}},
  "mimeTypes": [{"mimeType": "text/plain"}],
  "assigningAuthorities": [{"oid": "1.2.392.9.9.9.1", "name": "HIMEJI"}]}"#;

pub(crate) fn affinity(unknown: UnknownCodes) -> AffinityDomain {
    AffinityDomain::combine([&CodeFile::parse(CODES).unwrap()], unknown)
}

pub(crate) fn code(text: &str) -> CodedValue {
    let scheme = match text {
        "N" | "R" | "V" => "2.16.840.1.113883.5.25",
        _ => "1.9",
    };
    CodedValue::new(text, scheme, text)
}

/// h1 and h1b are of entity e1, h2 of e2.
pub(crate) fn organisations() -> Vec<Organisation> {
    let organisation = |id: &str, entity: &str, code: &str| Organisation {
        id: OrganisationId(id.into()),
        name: id.to_uppercase(),
        kana: None,
        entity: EntityId(entity.into()),
        entity_name: entity.to_uppercase(),
        facility_codes: [code.to_owned()].into(),
        oids: Default::default(),
    };
    vec![
        organisation("h1", "e1", "1311111111"),
        organisation("h1b", "e1", "1311111112"),
        organisation("h2", "e2", "1311111113"),
    ]
}

pub(crate) fn directory() -> Directory {
    Directory::of(&organisations())
}

pub(crate) fn node(organisation: &str) -> Node {
    let first = organisation.bytes().map(u32::from).sum::<u32>();
    Node {
        name: NodeName(format!("node-{organisation}")),
        fingerprint: format!("{first:064x}"),
        organisation: OrganisationId(organisation.into()),
        transactions: Transaction::ALL.into(),
        rights: Default::default(),
        allow_tls12: false,
        acts_for_others: false,
        in_flight_max: None,
        source_ids: Default::default(),
        feeds: [AUTHORITY.to_owned()].into(),
        default_user: Some(DefaultUser {
            role: "physician".into(),
            purpose: "TREAT".into(),
            two_factor: true,
        }),
    }
}

pub(crate) fn principal(organisation: &str) -> Principal {
    let entity = if organisation == "h2" { "e2" } else { "e1" };
    Principal::authenticated(node(organisation).enrolled(EntityId(entity.into())))
}

/// The same through a repository of another organisation.
pub(crate) fn through(organisation: &str, repository: &str) -> Principal {
    Principal::on_behalf_of(principal(organisation).node().clone(), &principal(repository))
}

pub(crate) fn xon(code: &str) -> String {
    format!("病院^^^^^&1.2.3&ISO^^^^{code}")
}

/// Everything that a decision is made by.
pub(crate) struct World {
    pub(crate) principal: Principal,
    pub(crate) affinity: AffinityDomain,
    pub(crate) ledger: Ledger,
    pub(crate) directory: Directory,
    pub(crate) ids: Ids,
}

impl World {
    pub(crate) fn of(organisation: &str) -> Self {
        Self {
            principal: principal(organisation),
            affinity: affinity(UnknownCodes::Refuse),
            ledger: law::joint(),
            directory: directory(),
            ids: Ids::new(0xfeed),
        }
    }

    /// The same without joint use.
    pub(crate) fn apart(organisation: &str) -> Self {
        Self {
            ledger: Ledger::new(law::apart()),
            ..Self::of(organisation)
        }
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context {
            principal: &self.principal,
            affinity: &self.affinity,
            ledger: &self.ledger,
            directory: &self.directory,
            unknown_institution: UnknownInstitution::Attribute,
            limits: SubmissionLimits::default(),
            ids: &self.ids,
            now: now(),
        }
    }
}

pub(crate) fn entry(symbol: &str, unique_id: &str, patient_id: &PatientId) -> DocumentEntry {
    let mut entry = DocumentEntry::new(
        id(symbol),
        DocumentEntryType::Stable,
        "text/plain".to_owned(),
        unique_id.parse().unwrap(),
    );
    entry.patient_id = Some(patient_id.clone());
    entry.source_patient_id = Some("1^^^&1.2.3&ISO".to_owned());
    entry.class_code = Some(code("class"));
    entry.type_code = Some(code("type"));
    entry.format_code = Some(code("format"));
    entry.healthcare_facility_type_code = Some(code("facility"));
    entry.practice_setting_code = Some(code("practice"));
    entry.confidentiality_codes = vec![code("N")];
    entry.creation_time = Some("20260101".parse().unwrap());
    entry.language_code = Some("ja-JP".to_owned());
    entry.hash = Some(HASH.parse().unwrap());
    entry.size = Some(0);
    entry.repository_unique_id = Some(oid("1.2.3.4"));
    entry
}

pub(crate) fn folder(symbol: &str, unique_id: &str, patient_id: &PatientId) -> Folder {
    let mut folder = Folder::new(id(symbol), oid(unique_id));
    folder.patient_id = Some(patient_id.clone());
    folder.codes = vec![code("folder")];
    folder.title = Text::plain("入院");
    folder
}

pub(crate) fn set(unique_id: &str, patient_id: &PatientId) -> SubmissionSet {
    let mut set = SubmissionSet::new(id("set"), oid(unique_id));
    set.patient_id = Some(patient_id.clone());
    set.source_id = Some(oid("1.2.3.5"));
    set.content_type_code = Some(code("content"));
    set.submission_time = Some("20260102030405".parse().unwrap());
    set
}

pub(crate) fn link(symbol: &str, kind: AssociationType, source: &str, target: &str) -> Association {
    Association::new(id(symbol), kind, id(source), id(target))
}

/// A HasMember from the set, with the SubmissionSetStatus that it needs.
pub(crate) fn held(symbol: &str, target: &str, status: Option<SubmissionSetStatus>) -> Association {
    let mut held = link(symbol, AssociationType::HasMember, "set", target);
    held.submission_set_status = status;
    held
}

pub(crate) const ORIGINAL: Option<SubmissionSetStatus> = Some(SubmissionSetStatus::Original);
pub(crate) const REFERENCE: Option<SubmissionSetStatus> = Some(SubmissionSetStatus::Reference);

/// A submission with nothing but its set.
pub(crate) fn bare(set_id: &str, patient_id: &PatientId) -> ReceivedSubmission {
    ReceivedSubmission {
        sets: vec![set(set_id, patient_id)],
        ..ReceivedSubmission::default()
    }
}

/// One document `doc` of patient `patient_id`.
pub(crate) fn one(set_id: &str, unique_id: &str, patient_id: &PatientId) -> ReceivedSubmission {
    let mut submission = bare(set_id, patient_id);
    submission.entries.push(entry("doc", unique_id, patient_id));
    submission.associations.push(held("doc-in-set", "doc", ORIGINAL));
    submission
}

/// Adds a folder `folder` that holds `doc`.
pub(crate) fn in_folder(submission: &mut ReceivedSubmission, unique_id: &str, patient_id: &PatientId) {
    submission.folders.push(folder("folder", unique_id, patient_id));
    submission
        .associations
        .push(held("folder-in-set", "folder", None));
    file(submission, "folder", "doc");
}

/// Adds a folder membership and the HasMember that it needs.
pub(crate) fn file(submission: &mut ReceivedSubmission, folder: &str, entry: &str) {
    let name = |id: &str| id.replace("urn:uuid:", "the ");
    let membership = format!("{} in {}", name(entry), name(folder));
    (submission.associations).push(link(&membership, AssociationType::HasMember, folder, entry));
    (submission.associations).push(held(&format!("{membership} in set"), &membership, None));
}

/// Adds a relationship from `doc` to something.
pub(crate) fn relate(submission: &mut ReceivedSubmission, kind: AssociationType, target: &str) {
    submission
        .associations
        .push(link("relation", kind, "doc", target));
}

pub(crate) fn urn(uuid: Uuid) -> String {
    format!("urn:uuid:{uuid}")
}

pub(crate) const PATIENT: &str = "P1";

/// Facts in which this patient is known, with key `uuid(1)`.
pub(crate) fn facts() -> Facts {
    let mut facts = Facts::default();
    facts.patients.insert(patient(PATIENT), uuid(1));
    facts.patients.insert(patient("P2"), uuid(2));
    facts.persons = persons();
    facts
}

/// P1 with key `uuid(1)` and P2 with `uuid(2)`, who said nothing.
pub(crate) fn persons() -> Persons {
    let mut persons = Persons::default();
    for (name, key) in [("P1", 1), ("P2", 2)] {
        let person = Person::new(&patient(name), PatientInstruments::default());
        persons.add(person, [uuid(key)]);
    }
    persons
}

/// What policy decides a document of patient `uuid(1)` on.
pub(crate) fn policy(organisation: &str, scope: SharingScope) -> PolicyFacts {
    let columns = Columns {
        unique_id: "1.2.100",
        organisation,
        class_code: Some("class^^1.9"),
        type_code: Some("type^^1.9"),
        confidentiality_codes: &["N^^2.16.840.1.113883.5.25"],
        scope,
        registered_at: now(),
        keeper: None,
    };
    PolicyFacts {
        stored_under: uuid(1),
        document: columns.document(),
    }
}

/// A registered object of patient `uuid(1)` from h1.
pub(crate) fn registered(kind: ObjectKind) -> ObjectFact {
    registered_by("h1", kind, SharingScope::Shared)
}

/// The same from somebody.
pub(crate) fn registered_by(organisation: &str, kind: ObjectKind, scope: SharingScope) -> ObjectFact {
    let entry = kind == ObjectKind::DocumentEntry;
    ObjectFact {
        kind,
        stored_under: uuid(1),
        patient: uuid(1),
        status: AvailabilityStatus::Approved,
        entry_type: entry.then_some(DocumentEntryType::Stable),
        organisation: (kind != ObjectKind::Association).then(|| organisation.to_owned()),
        policy: entry.then(|| policy(organisation, scope)),
    }
}

pub(crate) fn used_by(kind: ObjectKind) -> UniqueIdUse {
    let entry = kind == ObjectKind::DocumentEntry;
    UniqueIdUse {
        kind,
        entry_type: entry.then_some(DocumentEntryType::Stable),
        hash: entry.then(|| HASH.parse().unwrap()),
        size: entry.then_some(0),
        ordinal: 0,
    }
}

/// The rules that a submission breaks, in order and each once.
pub(crate) fn broken(submission: &ReceivedSubmission, facts: &Facts) -> Vec<RuleId> {
    let world = World::of("h1");
    let checked = registry_core::register::check(submission, facts, &world.context());
    let mut rules: Vec<RuleId> = checked
        .err()
        .unwrap_or_default()
        .iter()
        .map(Fault::rule)
        .collect();
    rules.sort();
    rules.dedup();
    rules
}

pub(crate) fn wanted(submission: &ReceivedSubmission) -> FactsWanted {
    FactsWanted::of(submission)
}
