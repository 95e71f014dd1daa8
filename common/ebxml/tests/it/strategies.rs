//! Arbitrary objects of the model that keep the rules: what a client may send.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use uuid::Uuid;
use xds_model::author::Author;
use xds_model::code::{Code, CodedValue};
use xds_model::slot::{Classification, ExternalIdentifier, Extras, IdentifierIds, Slot};
use xds_model::text::{LocalizedString, Text};
use xds_model::{
    Association, AssociationType, AvailabilityStatus, DocumentEntry, DocumentEntryType, Dtm, Folder,
    HomeCommunityId, ObjectId, Oid, PatientId, SubmissionSet, SubmissionSetStatus,
};

/// Any text that XML can hold, with much of what has a meaning somewhere.
pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9 ]{1,8}",
        2 => "[診療情報提供書花子𠮷〜ｶﾞが]{1,6}",
        1 => Just("&amp;".to_owned()),
        1 => Just("]]>".to_owned()),
        3 => "[<>&\"'^|~\\\\\t\n\r%_{}\u{85}\u{2028}é]{1,3}",
    ];
    vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

/// A text without HL7 delimiters.
fn word() -> impl Strategy<Value = String> {
    "[A-Za-z0-9<>\"'診療花子𠮷]{1,12}"
}

fn oid() -> impl Strategy<Value = String> {
    "[0-2](\\.[1-9][0-9]{0,5}){1,6}"
}

fn parsed_oid() -> impl Strategy<Value = Oid> {
    oid().prop_map(|oid| oid.parse().unwrap())
}

fn authority() -> impl Strategy<Value = String> {
    oid().prop_map(|oid| format!("&{oid}&ISO"))
}

fn time() -> impl Strategy<Value = Dtm> {
    let digits = (
        1900..2100_u32,
        1..13_u32,
        1..29_u32,
        0..24_u32,
        0..60_u32,
        0..60_u32,
    )
        .prop_map(|(y, m, d, h, min, s)| format!("{y:04}{m:02}{d:02}{h:02}{min:02}{s:02}"));
    (digits, prop::sample::select(vec![4, 6, 8, 10, 12, 14]))
        .prop_map(|(digits, len)| digits[..len].parse().unwrap())
}

pub(crate) fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(|bits| Uuid::from_u128(bits | 1))
}

fn object_id() -> impl Strategy<Value = ObjectId> {
    prop_oneof![
        uuid().prop_map(ObjectId::Uuid),
        "[A-Za-z][A-Za-z0-9_.<&-]{0,12}".prop_map(|symbol| ObjectId::Symbol(symbol.into())),
    ]
}

fn localized(value: impl Strategy<Value = String>) -> impl Strategy<Value = LocalizedString> {
    let lang = option::of(prop::sample::select(vec!["ja-JP".to_owned(), "en-US".to_owned()]));
    let charset = option::weighted(0.2, Just("UTF-8".to_owned()));
    (lang, charset, value).prop_map(|(lang, charset, value)| LocalizedString { lang, charset, value })
}

fn texts() -> impl Strategy<Value = Text> {
    vec(localized(text()), 0..3).prop_map(|strings| Text { strings })
}

fn slot() -> impl Strategy<Value = Slot> {
    (
        "urn:[a-z]{2,9}:[a-zA-Z0-9&<_-]{1,20}",
        option::weighted(0.3, text()),
        vec(text(), 1..4),
    )
        .prop_filter("not IHE's", |(name, ..)| !name.starts_with("urn:ihe:"))
        .prop_map(|(name, slot_type, values)| Slot {
            name,
            slot_type,
            values,
        })
}

fn slots() -> impl Strategy<Value = Vec<Slot>> {
    vec(slot(), 0..3).prop_map(|slots| {
        let mut names = std::collections::HashSet::new();
        slots
            .into_iter()
            .filter(|slot| names.insert(slot.name.clone()))
            .collect()
    })
}

fn coded() -> impl Strategy<Value = CodedValue> {
    let display = prop_oneof![text().prop_map(Text::plain), texts()]
        .prop_filter("a name", |name| name.first().is_some_and(|name| !name.is_empty()));
    (
        option::of(uuid()),
        text(),
        text(),
        display,
        option::weighted(0.1, slots()),
    )
        .prop_map(|(id, code, scheme, display, extra)| CodedValue {
            id,
            code: Code { code, scheme },
            display,
            extra_slots: extra.unwrap_or_default(),
        })
}

fn person() -> impl Strategy<Value = String> {
    (word(), word(), word(), authority())
        .prop_map(|(id, family, given, authority)| format!("{id}^{family}^{given}^^^^^^{authority}"))
}

fn institution() -> impl Strategy<Value = String> {
    prop_oneof![
        word(),
        (word(), authority(), word()).prop_map(|(name, hd, id)| format!("{name}^^^^^{hd}^^^^{id}")),
        (word(), oid()).prop_map(|(name, oid)| format!("{name}^^^^^^^^^{oid}")),
    ]
}

fn telecommunication() -> impl Strategy<Value = String> {
    word().prop_map(|user| format!("^NET^Internet^{user}@example.org"))
}

fn author() -> impl Strategy<Value = Author> {
    (
        option::of(uuid()),
        person(),
        vec(institution(), 0..3),
        vec(text(), 0..2),
        vec(text(), 0..2),
        vec(telecommunication(), 0..2),
        option::weighted(0.1, slots()),
    )
        .prop_map(
            |(id, person, institutions, roles, specialties, telecommunications, extra)| Author {
                id,
                person: Some(person),
                institutions,
                roles,
                specialties,
                telecommunications,
                extra_slots: extra.unwrap_or_default(),
            },
        )
}

fn extras() -> impl Strategy<Value = Extras> {
    let classification = (
        option::of(uuid()),
        option::of(text()),
        option::of(text()),
        slots(),
        texts(),
    )
        .prop_map(|(id, node, representation, slots, name)| Classification {
            id,
            scheme: Some("urn:uuid:11111111-2222-4333-8444-555555555555".to_owned()),
            node,
            representation,
            slots,
            name,
        });
    let identifier = (option::of(uuid()), text(), texts()).prop_map(|(id, value, name)| ExternalIdentifier {
        id,
        scheme: "urn:uuid:66666666-7777-4888-8999-aaaaaaaaaaaa".to_owned(),
        value,
        name,
    });
    (slots(), vec(classification, 0..2), vec(identifier, 0..2)).prop_map(
        |(slots, classifications, identifiers)| Extras {
            slots,
            classifications,
            identifiers,
        },
    )
}

fn patient() -> impl Strategy<Value = PatientId> {
    (word(), parsed_oid()).prop_map(|(id, authority)| PatientId::new(&id, authority).unwrap())
}

fn status() -> impl Strategy<Value = AvailabilityStatus> {
    prop_oneof![
        Just(AvailabilityStatus::Approved),
        Just(AvailabilityStatus::Deprecated)
    ]
}

pub(crate) fn home() -> impl Strategy<Value = HomeCommunityId> {
    parsed_oid().prop_map(HomeCommunityId::from)
}

/// id, lid, version, status, home, patient, ids of identifiers, extras.
type Common = (
    ObjectId,
    Option<ObjectId>,
    Option<u32>,
    Option<AvailabilityStatus>,
    Option<HomeCommunityId>,
    PatientId,
    IdentifierIds,
    Extras,
);

fn common() -> impl Strategy<Value = Common> {
    let ids = (option::of(uuid()), option::of(uuid())).prop_map(|(patient_id, unique_id)| IdentifierIds {
        patient_id,
        unique_id,
        source_id: None,
    });
    (
        object_id(),
        option::of(object_id()),
        option::of(1..u32::MAX),
        option::of(status()),
        option::of(home()),
        patient(),
        ids,
        extras(),
    )
}

pub(crate) fn entry() -> impl Strategy<Value = DocumentEntry> {
    let codes = (vec(coded(), 5), vec(coded(), 1..3), vec(coded(), 0..4));
    let people = (vec(author(), 0..3), option::of(person()), vec(text(), 0..3));
    let times = (time(), option::of(time()));
    let texts = (texts(), texts());
    let storage = ("[0-9a-fA-F]{40}", 0..i64::MAX.unsigned_abs(), parsed_oid());
    let rest = (option::of("[!-~]{1,64}"), "[!-~]{1,64}", authority());
    (common(), codes, people, times, texts, storage, rest).prop_map(
        |(common, codes, people, times, texts, storage, rest)| {
            let (id, logical_id, version, status, home, patient_id, identifier_ids, extras) = common;
            let mut entry = DocumentEntry::new(
                id,
                DocumentEntryType::Stable,
                "text/xml".to_owned(),
                rest.1.parse().unwrap(),
            );
            (entry.logical_id, entry.version, entry.status, entry.home) = (logical_id, version, status, home);
            entry.source_patient_id = Some(format!("S1^^^{}", rest.2));
            entry.patient_id = Some(patient_id);
            (entry.identifier_ids, entry.extras) = (identifier_ids, extras);
            let mut single = codes.0.into_iter();
            entry.class_code = single.next();
            entry.type_code = single.next();
            entry.format_code = single.next();
            entry.healthcare_facility_type_code = single.next();
            entry.practice_setting_code = single.next();
            (entry.confidentiality_codes, entry.event_codes) = (codes.1, codes.2);
            (entry.authors, entry.legal_authenticator) = (people.0, people.1);
            entry.source_patient_info = people.2.iter().map(|value| format!("PID-5|{value}")).collect();
            (entry.creation_time, entry.service_stop_time) = (Some(times.0), times.1);
            (entry.title, entry.comments) = texts;
            (entry.hash, entry.size) = (Some(storage.0.parse().unwrap()), Some(storage.1));
            entry.repository_unique_id = Some(storage.2);
            entry.uri = rest.0;
            entry.language_code = Some("ja-JP".to_owned());
            entry.reference_ids = vec![format!("a^^^{}^urn:ihe:iti:xds:2013:order", rest.2)];
            entry.document_availability = Some("urn:ihe:iti:2010:DocumentAvailability:Offline".to_owned());
            entry
        },
    )
}

pub(crate) fn set() -> impl Strategy<Value = SubmissionSet> {
    let recipients = vec(institution(), 0..3);
    (
        common(),
        vec(author(), 0..3),
        coded(),
        (time(), texts(), texts()),
        recipients,
        parsed_oid(),
        parsed_oid(),
    )
        .prop_map(
            |(common, authors, code, (time, title, comments), intended_recipients, unique, source)| {
                let (id, _, _, status, home, patient_id, mut identifier_ids, extras) = common;
                identifier_ids.source_id = identifier_ids.patient_id;
                SubmissionSet {
                    status,
                    home,
                    source_id: Some(source),
                    patient_id: Some(patient_id),
                    authors,
                    content_type_code: Some(code),
                    submission_time: Some(time),
                    title,
                    comments,
                    intended_recipients,
                    identifier_ids,
                    extras,
                    ..SubmissionSet::new(id, unique)
                }
            },
        )
}

pub(crate) fn folder() -> impl Strategy<Value = Folder> {
    let title = vec(localized(text()), 1..3).prop_map(|strings| Text { strings });
    (common(), vec(coded(), 1..4), time(), title, texts(), parsed_oid()).prop_map(
        |(common, codes, time, title, comments, unique)| {
            let (id, logical_id, version, status, home, patient_id, identifier_ids, extras) = common;
            Folder {
                logical_id,
                version,
                status,
                home,
                patient_id: Some(patient_id),
                codes,
                last_update_time: Some(time),
                title,
                comments,
                identifier_ids,
                extras,
                ..Folder::new(id, unique)
            }
        },
    )
}

pub(crate) fn association() -> impl Strategy<Value = Association> {
    let ends = (object_id(), object_id());
    let member = prop_oneof![
        Just(None),
        Just(Some(SubmissionSetStatus::Original)),
        Just(Some(SubmissionSetStatus::Reference)),
    ];
    let kind = prop::sample::select(AssociationType::ALL.to_vec());
    (
        common(),
        ends,
        kind,
        member,
        option::of(coded()),
        (texts(), texts()),
    )
        .prop_map(
            |(common, (source, target), kind, member, documentation, (name, description))| {
                let (id, _, _, status, home, _, _, extras) = common;
                Association {
                    status,
                    home,
                    submission_set_status: member,
                    previous_version: member.map(|_| Slot::single("PreviousVersion", "1")),
                    documentation: documentation.filter(|_| kind.is_relationship()),
                    name,
                    description,
                    extras,
                    ..Association::new(id, kind, source, target)
                }
            },
        )
}
