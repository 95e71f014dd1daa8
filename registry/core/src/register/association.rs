//! Rules about the ends of each association (ITI TF-3 4.2.2).

use std::collections::HashSet;

use xds_model::association::{Association, AssociationType, SubmissionSetStatus};
use xds_model::document_entry::DocumentEntry;
use xds_model::{AvailabilityStatus, DocumentEntryType, ObjectId, RuleId};

use super::request::{ASSOCIATION, End, Faults, Own, Request, Who, at};
use super::structure::is_folder_membership;
use crate::ObjectKind;
use crate::facts::ObjectFact;

const SOURCE: &str = "@sourceObject";
const TARGET: &str = "@targetObject";

pub(super) fn check(request: &Request<'_>, faults: &mut Faults) {
    for association in &request.received.associations {
        let mut link = Link {
            request,
            association,
            faults,
        };
        link.check();
    }
    replaced_once(request, faults);
}

fn replaced_once(request: &Request<'_>, faults: &mut Faults) {
    let mut seen = HashSet::new();
    for association in &request.received.associations {
        if association.kind.replaces() && !seen.insert(&association.target) {
            faults.add(
                RuleId::ReplacedOnce,
                at(ASSOCIATION, &association.id, TARGET),
                association.target.to_string(),
            );
        }
    }
}

struct Link<'a, 'f> {
    request: &'a Request<'a>,
    association: &'a Association,
    faults: &'f mut Faults,
}

impl<'a> Link<'a, '_> {
    fn check(&mut self) {
        let Association { source, target, .. } = self.association;
        if self.has_loose_end() {
            return;
        }
        if source == target {
            self.fault(RuleId::SelfReference, TARGET, target);
            return;
        }
        let ends = (self.request.end(source), self.request.end(target));
        if self.touches_closed_set(ends) {
            return;
        }
        match (self.association.kind, ends) {
            (_, (End::Own(Own::Unreadable), _) | (_, End::Own(Own::Unreadable))) => {}
            (AssociationType::HasMember, (source, target)) => self.membership(source, target),
            // Refused as a whole, by another rule.
            (AssociationType::UpdateAvailabilityStatus | AssociationType::SubmitAssociation, _) => {}
            (_, (source, target)) => self.relationship(source, target),
        }
    }

    fn fault(&mut self, rule: RuleId, attribute: &str, id: &ObjectId) {
        self.faults.add(
            rule,
            at(ASSOCIATION, &self.association.id, attribute),
            id.to_string(),
        );
    }

    fn fault_at_target(&mut self, rule: RuleId) {
        self.fault(rule, TARGET, &self.association.target);
    }

    fn fault_at_source(&mut self, rule: RuleId) {
        self.fault(rule, SOURCE, &self.association.source);
    }

    fn has_loose_end(&mut self) -> bool {
        let mut loose = false;
        for (attribute, id) in [
            (SOURCE, &self.association.source),
            (TARGET, &self.association.target),
        ] {
            if self.request.is_loose_symbol(id) {
                self.fault(RuleId::SymbolResolves, attribute, id);
                loose = true;
            }
        }
        loose
    }

    fn touches_closed_set(&mut self, ends: (End<'a>, End<'a>)) -> bool {
        let closed = |end| matches!(end, End::Registered(fact) if fact.kind == ObjectKind::SubmissionSet);
        if closed(ends.0) {
            self.fault_at_source(RuleId::ClosedSubmissionSet);
        }
        if closed(ends.1) {
            self.fault_at_target(RuleId::ClosedSubmissionSet);
        }
        closed(ends.0) || closed(ends.1)
    }

    fn membership(&mut self, source: End<'a>, target: End<'a>) {
        match source {
            End::Own(Own::Set) => self.set_member(target),
            End::Own(Own::Folder) => self.folder_member(target),
            End::Registered(folder) if folder.kind == ObjectKind::Folder => {
                if folder.status != AvailabilityStatus::Approved {
                    self.fault_at_source(RuleId::TargetDeprecated);
                }
                self.same_patient(SOURCE, folder);
                self.folder_member(target);
            }
            End::Absent => self.fault_at_source(RuleId::TargetExists),
            _ => self.fault_at_source(RuleId::HasMemberEnds),
        }
    }

    fn set_member(&mut self, target: End<'a>) {
        use SubmissionSetStatus::{Original, Reference};
        match target {
            End::Own(Own::Entry(_)) => self.status(Some(Original)),
            End::Own(Own::Folder) => self.status(None),
            End::Own(Own::Association(held)) if is_folder_membership(self.request, held) => {
                self.status(None);
            }
            End::Registered(entry) if entry.kind == ObjectKind::DocumentEntry => {
                self.status(Some(Reference));
                self.approved(entry);
            }
            End::Registered(folder) if folder.kind == ObjectKind::Folder => {
                self.status(None);
                self.approved(folder);
                self.same_patient(TARGET, folder);
            }
            End::Absent => self.fault_at_target(RuleId::TargetExists),
            _ => self.fault_at_target(RuleId::HasMemberEnds),
        }
    }

    fn folder_member(&mut self, target: End<'a>) {
        self.status(None);
        match target {
            End::Own(Own::Entry(_)) => {}
            End::Registered(entry) if entry.kind == ObjectKind::DocumentEntry => {
                self.approved(entry);
                self.same_patient(TARGET, entry);
            }
            End::Absent => self.fault_at_target(RuleId::TargetExists),
            _ => self.fault_at_target(RuleId::HasMemberEnds),
        }
    }

    fn status(&mut self, expected: Option<SubmissionSetStatus>) {
        let found = self.association.submission_set_status;
        if found != expected {
            let location = at(ASSOCIATION, &self.association.id, "Slot[SubmissionSetStatus]");
            let found = found.map_or("none", SubmissionSetStatus::as_str);
            self.faults.add(RuleId::OriginalOrReference, location, found);
        }
    }

    fn approved(&mut self, target: &ObjectFact) {
        if target.status != AvailabilityStatus::Approved {
            self.fault_at_target(RuleId::TargetDeprecated);
        }
    }

    /// A registered object is of the submission's patient. The text names only the id that was sent.
    fn same_patient(&mut self, attribute: &str, registered: &ObjectFact) {
        let set = self.request.set();
        let patient = set.and_then(|set| self.request.who(set.patient_id.as_ref()));
        self.of_patient(patient, attribute, registered);
    }

    fn of_patient(&mut self, patient: Option<Who<'_>>, attribute: &str, registered: &ObjectFact) {
        if patient.is_some_and(|who| who != Who::Known(registered.patient)) {
            let id = if attribute == SOURCE {
                &self.association.source
            } else {
                &self.association.target
            };
            self.fault(RuleId::TargetPatient, attribute, id);
        }
    }

    fn relationship(&mut self, source: End<'a>, target: End<'a>) {
        self.status(None);
        let source = match source {
            End::Own(Own::Entry(entry)) => Some(entry),
            _ => {
                self.fault_at_source(RuleId::SourceInRequest);
                None
            }
        };
        match target {
            End::Own(Own::Entry(_)) => self.relationship_within(),
            End::Registered(entry) if entry.kind == ObjectKind::DocumentEntry => {
                self.relationship_to_registered(source, entry);
            }
            End::Absent => self.fault_at_target(RuleId::TargetExists),
            _ => self.fault_at_target(RuleId::TargetKind),
        }
    }

    fn relationship_within(&mut self) {
        let kind = self.association.kind;
        if kind.replaces() || kind == AssociationType::IsSnapshotOf {
            self.fault_at_target(RuleId::TargetExists);
        }
        let transforms = |other: &Association| {
            other.kind == AssociationType::Transform && other.source == self.association.target
        };
        if kind == AssociationType::Append && self.request.received.associations.iter().any(transforms) {
            self.fault_at_target(RuleId::AppendToTransform);
        }
    }

    fn relationship_to_registered(&mut self, source: Option<&'a DocumentEntry>, target: &ObjectFact) {
        let kind = self.association.kind;
        self.approved(target);
        let patient = source.and_then(|source| self.request.who(source.patient_id.as_ref()));
        self.of_patient(patient, TARGET, target);
        let target_id = self.association.target.uuid();
        if kind == AssociationType::Append
            && target_id.is_some_and(|id| self.request.facts.transformations.contains(&id))
        {
            self.fault_at_target(RuleId::AppendToTransform);
        }
        if kind == AssociationType::IsSnapshotOf {
            let stable = source.is_none_or(|entry| entry.object_type == DocumentEntryType::Stable);
            if !stable || target.entry_type != Some(DocumentEntryType::OnDemand) {
                self.fault_at_target(RuleId::SnapshotKinds);
            }
        }
        if kind.replaces() {
            self.folders_of_replaced(patient);
        }
    }

    /// The replacement goes into the folders of what it replaces, and so has their patient.
    fn folders_of_replaced(&mut self, patient: Option<Who<'_>>) {
        let target = self.association.target.uuid();
        let strange = (self.request.facts.holders.iter())
            .filter(|holder| Some(holder.entry) == target)
            .any(|holder| patient.is_some_and(|who| who != Who::Known(holder.patient)));
        if strange {
            self.fault_at_target(RuleId::FolderPatient);
        }
    }
}
