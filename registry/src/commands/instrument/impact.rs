//! `agreement impact`: what a version would give and take, before it is entered.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use registry_store::{Change, Instrument, InstrumentError, Store};
use serde_json::json;
use time::OffsetDateTime;
use xds_model::principal::OrganisationId;
use xds_policy::impact::{Count, Impact, impact};
use xds_policy::ledger::Ledger;
use xds_policy::version::InstrumentKind;
use xds_server::lang::Say;

use super::super::Done;
use super::super::output::Output;
use super::{files, looked, refused, subject};

pub(super) async fn run(
    store: &Store,
    file: &Path,
    at: Option<OffsetDateTime>,
    change: &Change,
    output: Output,
) -> Done {
    let kind = InstrumentKind::JointUseAgreement;
    let text = files::text(file, Instrument::BYTES_MAX)?;
    let draft = Instrument::draft(kind, &text, change, &[])?;
    let reference = draft.reference().clone();
    looked(
        store,
        change,
        "agreement impact",
        &subject(kind, reference.id.as_str()),
        &[],
    )
    .await?;
    let obstacle = match store.judge_instrument(&draft).await {
        Ok(()) => None,
        Err(InstrumentError::Store(error)) => return Err(error.into()),
        Err(error) => Some(refused(&error, output).to_string()),
    };
    let at = at.unwrap_or_else(|| change.at.max(draft.effective_from()));
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
    let impacts: Vec<&Impact> = sum.values().collect();
    let rows = impacts.iter().map(|impact| row(impact)).collect();
    let value = json!({
        "instrument": reference,
        "cannot_be_entered": obstacle,
        "organisations": impacts,
    });
    Ok(output.list(&headings(obstacle.as_deref()), rows, &value))
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

fn headings(obstacle: Option<&str>) -> [Say; 6] {
    let (ja, en) = match obstacle {
        Some(obstacle) => (
            format!("機関 ※このままでは登録できません: {obstacle}"),
            format!("organisation (it cannot be entered as it is: {obstacle})"),
        ),
        None => ("機関".to_owned(), "organisation".to_owned()),
    };
    [
        Say::new(ja, en),
        Say::new("現在 (患者/文書)", "now (patients/documents)"),
        Say::new("変更後", "after"),
        Say::new("失う", "lost"),
        Say::new("新たに得る", "gained"),
        Say::new("対象外のまま", "uncovered"),
    ]
}

fn row(impact: &Impact) -> Vec<String> {
    let cell = |count: Count| format!("{}/{}", count.patients, count.documents);
    vec![
        impact.organisation.to_string(),
        cell(impact.before),
        cell(impact.after),
        cell(impact.lost),
        cell(impact.gained),
        cell(impact.uncovered),
    ]
}

#[cfg(test)]
mod tests {
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
        let rows: Vec<_> = sum.values().map(row).collect();
        assert_eq!(rows[0], ["C1", "2/5", "1/3", "0/0", "0/0", "0/0"]);
        assert_eq!(rows[1], ["H1", "4/10", "2/6", "4/6", "0/0", "4/6"]);
    }
}
