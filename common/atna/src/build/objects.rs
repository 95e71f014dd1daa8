//! What it was about.

use xds_audit::{DocumentReference, QueryText};
use xds_model::Transaction;

use super::detail;
use crate::code;
use crate::message::{Detail, NameOrQuery, ObjectLifeCycle, ObjectRole, ObjectType, ParticipantObject};
use crate::source::{RepositoryUniqueIdDetail, known};

/// The patient, as CX.
pub(super) fn patient(id: &str) -> ParticipantObject {
    ParticipantObject::new(
        ObjectType::Person,
        ObjectRole::Patient,
        code::PATIENT_NUMBER,
        known(id),
    )
}

/// The SubmissionSet, by uniqueId.
pub(super) fn submission_set(id: &str) -> ParticipantObject {
    ParticipantObject::new(
        ObjectType::SystemObject,
        ObjectRole::Job,
        code::SUBMISSION_SET,
        known(id),
    )
}

/// The stored query. Without its text, which then stands in another message of the event, if `has_text` is false.
pub(super) fn query(transaction: Transaction, query: &QueryText, has_text: bool) -> ParticipantObject {
    let mut object = ParticipantObject::new(
        ObjectType::SystemObject,
        ObjectRole::Query,
        code::transaction(transaction),
        known(&query.id),
    )
    .with(detail::QUERY_ENCODING, "UTF-8");
    if has_text {
        object.name_or_query = Some(NameOrQuery::Query(query.text.clone().into_bytes()));
    }
    with_home(object, detail::HOME_OF_QUERY, query.home.as_deref())
}

/// A document, by uniqueId and repository.
pub(super) fn document(
    document: &DocumentReference,
    spelling: RepositoryUniqueIdDetail,
    life_cycle: Option<ObjectLifeCycle>,
) -> ParticipantObject {
    let object = ParticipantObject::new(
        ObjectType::SystemObject,
        ObjectRole::Report,
        code::REPORT_NUMBER,
        known(&document.unique_id),
    )
    .with(spelling.as_str(), known(&document.repository_unique_id));
    ParticipantObject {
        life_cycle,
        ..with_home(object, detail::HOME_OF_DOCUMENT, document.home.as_deref())
    }
}

/// A registry object that was removed, by entryUUID.
pub(super) fn removed(entry_uuid: &str, home: Option<&str>) -> ParticipantObject {
    let object = ParticipantObject::new(
        ObjectType::SystemObject,
        ObjectRole::Report,
        code::OBJECT_REF,
        known(entry_uuid),
    );
    ParticipantObject {
        life_cycle: Some(ObjectLifeCycle::PermanentErasure),
        ..with_home(object, detail::HOME_OF_QUERY, home)
    }
}

/// The same with the community, if that is known.
pub(super) fn with_home(mut object: ParticipantObject, kind: &str, home: Option<&str>) -> ParticipantObject {
    object.details.extend(home.map(|home| Detail::text(kind, home)));
    object
}
