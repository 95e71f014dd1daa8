//! What a version of a joint-use agreement would give and take, before it is entered.

use std::collections::{BTreeMap, BTreeSet};

use registry_store::{Instrument, Store};
use time::OffsetDateTime;
use xds_model::principal::OrganisationId;
use xds_policy::impact::{Impact, impact};
use xds_policy::ledger::Ledger;

use super::Refused;
use super::verdict::obstacle;

/// What a version would do to each organisation.
pub(crate) struct Reach {
    /// By organisation.
    pub(crate) organisations: Vec<Impact>,
    /// Why it could not be entered, if it could not.
    pub(crate) obstacle: Option<Refused>,
}

/// Goes through the documents of all that a joint use could reach before or after, as of an instant.
pub(crate) async fn reach(store: &Store, draft: Instrument, at: OffsetDateTime) -> Result<Reach, Refused> {
    let obstacle = obstacle(store, &draft).await?;
    let mut domain = store.export_domain(false).await?;
    let before = domain.clone().into_facts().0;
    if let Instrument::JointUseAgreement(version) = draft {
        domain.joint_use_agreements.push(version);
    }
    let after = domain.into_facts().0;
    let mut sum: BTreeMap<OrganisationId, Impact> = BTreeMap::new();
    store
        .holdings(&users(&[&before, &after], at), |documents| {
            for part in impact(&before, &after, documents, at) {
                add(&mut sum, part);
            }
        })
        .await?;
    Ok(Reach {
        organisations: sum.into_values().collect(),
        obstacle,
    })
}

/// Whose documents a joint use before or after could reach.
fn users(ledgers: &[&Ledger], at: OffsetDateTime) -> Vec<OrganisationId> {
    let agreements = ledgers.iter().flat_map(|ledger| ledger.agreements());
    let users: BTreeSet<OrganisationId> = agreements
        .filter_map(|history| history.in_force(at))
        .flat_map(|agreement| agreement.terms.users.iter())
        .map(|user| user.organisation.clone())
        .collect();
    users.into_iter().collect()
}

/// Batches part no patient, so their numbers add up.
fn add(sum: &mut BTreeMap<OrganisationId, Impact>, part: Impact) {
    let Some(known) = sum.get_mut(&part.organisation) else {
        sum.insert(part.organisation.clone(), part);
        return;
    };
    let pairs = [
        (&mut known.before, part.before),
        (&mut known.after, part.after),
        (&mut known.lost, part.lost),
        (&mut known.gained, part.gained),
        (&mut known.uncovered, part.uncovered),
    ];
    for (known, more) in pairs {
        known.patients = known.patients.saturating_add(more.patients);
        known.documents = known.documents.saturating_add(more.documents);
    }
}

#[cfg(test)]
mod tests {
    use xds_policy::impact::Count;

    use super::*;

    #[test]
    fn batches_add_up_by_organisation() {
        let count = |patients, documents| Count { patients, documents };
        let part = |id: &str, lost| Impact {
            organisation: OrganisationId(id.to_owned()),
            before: count(2, 5),
            after: count(1, 3),
            lost,
            gained: Count::default(),
            uncovered: lost,
        };
        let mut sum = BTreeMap::new();
        for part in [
            part("H1", count(1, 2)),
            part("C1", count(0, 0)),
            part("H1", count(3, 4)),
        ] {
            add(&mut sum, part);
        }
        let sum: Vec<Impact> = sum.into_values().collect();
        assert_eq!(sum[0], part("C1", count(0, 0)));
        let h1 = &sum[1];
        assert_eq!((h1.before, h1.after), (count(4, 10), count(2, 6)));
        assert_eq!(
            (h1.lost, h1.gained, h1.uncovered),
            (count(4, 6), count(0, 0), count(4, 6))
        );
    }
}
