//! What is published: which hospital sends what about whom, in order.

use xds_model::AssociationType;

use crate::documents::Kind;
use crate::network::{FIRST, PATIENTS, Patient, SECOND, Sender};

/// One submission.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    /// Who sends it.
    pub(crate) sender: &'static Sender,
    /// About whom.
    pub(crate) patient: &'static Patient,
    /// Its documents.
    pub(crate) kinds: &'static [Kind],
    /// What comes behind the titles.
    pub(crate) title_suffix: &'static str,
    /// How many days ago the documents were made.
    pub(crate) days_ago: i64,
    /// What the first document is to the patient's first document of a kind by the same sender.
    pub(crate) relation: Option<(AssociationType, Kind)>,
    /// Title of a folder that holds the documents.
    pub(crate) folder: Option<&'static str>,
}

/// Every submission.
pub(crate) fn plan() -> Vec<Planned> {
    let mut plan = Vec::new();
    for (index, patient) in PATIENTS.iter().enumerate() {
        let kinds: &[Kind] = if index % 2 == 0 {
            &[Kind::Referral]
        } else {
            &[Kind::Discharge]
        };
        plan.push(Planned::new(&FIRST, patient, kinds, 20));
    }
    for (index, patient) in PATIENTS.iter().enumerate() {
        let kinds: &[Kind] = match index % 4 {
            0 => &[Kind::Laboratory],
            1 => &[Kind::Picture],
            2 => &[Kind::Prescription],
            _ => &[Kind::KeyImages],
        };
        plan.push(Planned::new(&SECOND, patient, kinds, 10));
    }
    for patient in PATIENTS.iter().take(4) {
        plan.push(Planned {
            folder: Some("紹介一式"),
            ..Planned::new(&FIRST, patient, &[Kind::Laboratory, Kind::Prescription], 5)
        });
    }
    let [first, second, _, fourth, ..] = &PATIENTS;
    plan.push(Planned::new(&FIRST, fourth, &[Kind::Referral], 3));
    plan.push(Planned::new(&FIRST, fourth, &[Kind::Picture], 3));
    plan.push(Planned {
        title_suffix: "（訂正版）",
        relation: Some((AssociationType::Replace, Kind::Referral)),
        ..Planned::new(&FIRST, first, &[Kind::Referral], 2)
    });
    plan.push(Planned {
        title_suffix: "（追記）",
        relation: Some((AssociationType::Append, Kind::Discharge)),
        ..Planned::new(&FIRST, second, &[Kind::Laboratory], 1)
    });
    plan
}

impl Planned {
    fn new(
        sender: &'static Sender,
        patient: &'static Patient,
        kinds: &'static [Kind],
        days_ago: i64,
    ) -> Self {
        Self {
            sender,
            patient,
            kinds,
            title_suffix: "",
            days_ago,
            relation: None,
            folder: None,
        }
    }
}

/// Documents of a plan.
pub(crate) fn documents(plan: &[Planned]) -> usize {
    plan.iter().map(|planned| planned.kinds.len()).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn holds_what_the_demo_promises() {
        let plan = plan();
        assert!(documents(&plan) >= 30, "{}", documents(&plan));
        let kinds: HashSet<_> = plan
            .iter()
            .flat_map(|planned| planned.kinds)
            .map(|kind| format!("{kind:?}"))
            .collect();
        assert_eq!(kinds.len(), 6, "{kinds:?}");
        let senders: HashSet<_> = plan.iter().map(|planned| planned.sender.node).collect();
        assert_eq!(senders.len(), 2);
        for relation in [AssociationType::Replace, AssociationType::Append] {
            let index = plan
                .iter()
                .position(|planned| planned.relation.is_some_and(|(kind, _)| kind == relation))
                .unwrap();
            let (_, target) = plan[index].relation.unwrap();
            let is_target = |earlier: &Planned| {
                earlier.patient.number == plan[index].patient.number
                    && earlier.sender.node == plan[index].sender.node
                    && earlier.kinds.contains(&target)
            };
            assert!(plan[..index].iter().any(is_target), "{relation:?} has its target");
        }
        assert!(
            plan.iter()
                .any(|planned| planned.folder.is_some() && planned.kinds.len() > 1)
        );
    }
}
