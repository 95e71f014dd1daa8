//! What an index asks a message, one of ours or of anybody.

use xds_model::Transaction;

use super::{
    ActiveParticipant, AuditMessage, EventPart, NameOrQuery, ObjectRole, ObjectType, ParticipantObject,
};
use crate::code;

impl AuditMessage {
    /// Its name, if one of ours wrote it.
    pub fn name(&self) -> Option<EventPart> {
        self.own_object()?.id.as_deref()?.parse().ok()
    }

    /// The object that carries the event's name, correlation id and decisions, if one of ours wrote it. Its
    /// details are those of [`crate::detail`].
    pub fn own_object(&self) -> Option<&ParticipantObject> {
        self.objects.iter().find(|object| object.id_type.is(&code::EVENT))
    }

    /// The transaction that its EventTypeCode names.
    pub fn transaction(&self) -> Option<Transaction> {
        self.event.types.iter().find_map(|kind| {
            Transaction::ALL
                .into_iter()
                .find(|transaction| code::transaction(*transaction).is(kind))
        })
    }

    /// The patient, as CX.
    pub fn patients(&self) -> impl Iterator<Item = &str> {
        self.ids(ObjectType::Person, ObjectRole::Patient)
    }

    /// Documents by uniqueId, and registry objects by entryUUID.
    pub fn reports(&self) -> impl Iterator<Item = &ParticipantObject> {
        self.objects.iter().filter(|object| {
            object.kind == Some(ObjectType::SystemObject) && object.role == Some(ObjectRole::Report)
        })
    }

    /// SubmissionSet.uniqueId.
    pub fn submission_set(&self) -> Option<&str> {
        self.objects
            .iter()
            .find(|object| object.id_type.is(&code::SUBMISSION_SET))?
            .id
            .as_deref()
    }

    /// The query, before base64.
    pub fn query(&self) -> Option<&[u8]> {
        self.objects
            .iter()
            .find_map(|object| match &object.name_or_query {
                Some(NameOrQuery::Query(query)) => Some(query.as_slice()),
                _ => None,
            })
    }

    /// Where the request or the data came from.
    pub fn sender(&self) -> Option<&ActiveParticipant> {
        self.with_role("110153")
    }

    /// Where the request or the data went.
    pub fn receiver(&self) -> Option<&ActiveParticipant> {
        self.with_role("110152")
    }

    /// The people: participants that are no program and no medium, and that are neither end of a connection.
    pub fn humans(&self) -> impl Iterator<Item = &ActiveParticipant> {
        self.participants.iter().filter(|participant| {
            !participant.roles.iter().any(|role| {
                let is_end = participant.network.is_some() && matches!(&*role.code, "110152" | "110153");
                let is_thing = matches!(&*role.code, "110150" | "110154" | "110155");
                role.system.eq_ignore_ascii_case(code::DCM) && (is_end || is_thing)
            })
        })
    }

    fn with_role(&self, role: &str) -> Option<&ActiveParticipant> {
        self.participants.iter().find(|participant| {
            participant
                .roles
                .iter()
                .any(|own| own.code == role && own.system.eq_ignore_ascii_case(code::DCM))
        })
    }

    fn ids(&self, kind: ObjectType, role: ObjectRole) -> impl Iterator<Item = &str> {
        self.objects
            .iter()
            .filter(move |object| object.kind == Some(kind) && object.role == Some(role))
            .filter_map(|object| object.id.as_deref())
    }
}
