//! The messages of a transaction.

use xds_audit::Action;
use xds_model::Transaction;

use super::parts::{Half, Part, by_patient, halves};
use super::table::{Row, Side, Subject, row};
use super::{Draft, Scene, detail, node, objects, participants};
use crate::code;
use crate::message::{AuditMessage, Detail, EventIdentification, ObjectLifeCycle, ParticipantObject};

/// `action`: where the transaction alone does not tell it.
pub(super) fn drafts(
    scene: &Scene<'_>,
    transaction: Transaction,
    side: Side,
    action: Option<Action>,
) -> Vec<Draft> {
    let row = row(transaction, side);
    let writing = Writing {
        scene,
        transaction,
        side,
        action: action.unwrap_or(row.action),
        row,
    };
    let mut drafts = Vec::new();
    for half in &halves(&scene.told.event, writing.row.subject) {
        let first = drafts.len() + 1;
        drafts.extend(by_patient(half).iter().map(|part| Draft {
            message: writing.message(part),
            shared_in: (!part.has_shared).then_some(first),
        }));
    }
    drafts
}

struct Writing<'a> {
    scene: &'a Scene<'a>,
    transaction: Transaction,
    side: Side,
    action: Action,
    row: Row,
}

impl Writing<'_> {
    fn message(&self, part: &Part<'_>) -> AuditMessage {
        AuditMessage {
            event: self.event(part),
            participants: participants::of_transaction(self.scene, self.side, self.row.flow),
            source: node::audit_source(self.scene),
            objects: self.objects(part),
        }
    }

    fn event(&self, part: &Part<'_>) -> EventIdentification {
        let Half { outcome, errors, .. } = part.half;
        node::identification(
            self.scene,
            self.row.id.clone(),
            vec![code::transaction(self.transaction)],
            part.action.unwrap_or(self.action),
        )
        .ended(*outcome, errors)
    }

    fn objects(&self, part: &Part<'_>) -> Vec<ParticipantObject> {
        let mut list: Vec<ParticipantObject> = part
            .patient
            .map(|patient| self.patient(patient, part))
            .into_iter()
            .collect();
        match self.row.subject {
            Subject::Query | Subject::PatientsOfQuery => list.extend(self.query(part)),
            Subject::Submission => list.extend(submission_set(part, None)),
            Subject::SubmissionOfCommunity => {
                list.extend(submission_set(part, part.half.objects.home.as_deref()));
            }
            Subject::Documents => list.extend(self.documents(part, None)),
            Subject::RemovedDocuments => {
                list.extend(self.documents(part, Some(ObjectLifeCycle::PermanentErasure)));
            }
            Subject::RemovedObjects => list.extend(removed(part)),
            Subject::Patient(_) => {}
            Subject::Question => {
                list.extend(submission_set(part, None));
                list.extend(self.documents(part, None));
            }
        }
        list
    }

    fn patient(&self, patient: &str, part: &Part<'_>) -> ParticipantObject {
        let mut object = objects::patient(patient);
        if let (Subject::Patient(kind), Some(id)) = (self.row.subject, &part.half.objects.message_control_id)
        {
            object.details.push(Detail::text(kind, id));
        }
        object
    }

    fn query(&self, part: &Part<'_>) -> Option<ParticipantObject> {
        let query = part.half.objects.query.as_ref()?;
        Some(objects::query(self.transaction, query, part.has_shared))
    }

    fn documents(
        &self,
        part: &Part<'_>,
        life_cycle: Option<ObjectLifeCycle>,
    ) -> impl Iterator<Item = ParticipantObject> {
        let spelling = self.scene.source.repository_unique_id_detail;
        part.documents
            .iter()
            .map(move |document| objects::document(document, spelling, life_cycle))
    }
}

fn submission_set(part: &Part<'_>, home: Option<&str>) -> Option<ParticipantObject> {
    let id = part.half.objects.submission_set.as_deref()?;
    Some(objects::with_home(
        objects::submission_set(id),
        detail::HOME_OF_QUERY,
        home,
    ))
}

fn removed(part: &Part<'_>) -> impl Iterator<Item = ParticipantObject> {
    let home = part.half.objects.home.as_deref();
    part.registry_objects
        .iter()
        .map(move |object| objects::removed(object, home))
}
