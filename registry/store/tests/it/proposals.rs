//! Versions that wait for a second operator, lists by page, and imports as they were planned.

use registry_store::{Change, Instrument, InstrumentError, PROPOSALS_MAX, Proposal};
use serde_json::json;
use time::Duration;
use xds_policy::format;
use xds_policy::hash::ContentHash;
use xds_policy::version::InstrumentKind;

use crate::db::{Db, fresh_space};
use crate::fixture::{Ids, now, uuid};

const DOMAIN: &str = include_str!("../../../../docs/examples/decide/domain.json");
const POLICY: InstrumentKind = InstrumentKind::DomainPolicy;

fn change(number: u128, who: &str, later: Duration) -> Change {
    Change {
        id: uuid(number),
        at: now() + later,
        who: who.to_owned(),
        reason: Some("理由".to_owned()),
    }
}

/// A first version of the domain's policy, written by ops-1.
fn proposal(number: u128) -> Proposal {
    let change = change(number, "ops-1", Duration::ZERO);
    let text = json!({
        "id": "policy", "effective_from": "2026-12-01T00:00:00Z", "terms": { "break_glass_hours": 2 },
    });
    let draft = Instrument::draft(POLICY, &text.to_string(), &change, &[]).unwrap();
    Proposal::new(uuid(1_000 + number), draft, &change).unwrap()
}

#[tokio::test]
async fn a_second_operator_enters_what_was_seen_and_once() {
    let db = Db::empty().await;
    let store = &db.store;
    let proposal = proposal(1);
    store.propose_instrument(&proposal).await.unwrap();
    assert_eq!(store.proposals().await.unwrap(), std::slice::from_ref(&proposal));
    let kept = store.proposal(proposal.id).await.unwrap().unwrap();
    assert_eq!(kept, proposal);
    assert_eq!(store.proposal(uuid(9)).await.unwrap(), None);

    let entering = change(2, "ops-1", Duration::HOUR);
    let approved = |who: &str, seen: &ContentHash, change: &Change| kept.approved(who, seen, change);
    let seen = &kept.sha256;
    assert!(matches!(
        approved("ops-1", seen, &entering),
        Err(InstrumentError::OwnProposal)
    ));
    assert!(matches!(
        approved("ops-2", &ContentHash::of_bytes(b"other"), &entering),
        Err(InstrumentError::ProposalDiffers)
    ));
    let late = change(3, "ops-1", Proposal::LIFE);
    assert!(matches!(
        approved("ops-2", seen, &late),
        Err(InstrumentError::ProposalOld)
    ));
    let last = change(4, "ops-1", Proposal::LIFE - Duration::SECOND);
    assert!(approved("ops-2", seen, &last).is_ok());

    let version = approved("ops-2", seen, &entering).unwrap();
    assert_eq!(version.entered_by(), "ops-1");
    assert_eq!(version.entered_at(), Some(entering.at));
    assert_eq!(version.approved_by(), ["ops-1", "ops-2"]);
    let enter = || store.approve_proposal("instrument approve", kept.id, &version, &entering);
    enter().await.unwrap();
    assert!(matches!(enter().await, Err(InstrumentError::ProposalGone)));
    assert_eq!(store.proposals().await.unwrap(), []);
    let history = store.instrument_history(POLICY, &"policy".into()).await.unwrap();
    assert_eq!(history, [version]);
    // The caller's event tells of it: nothing is owed.
    assert!(store.owed_acts().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_entered_goes_on_waiting() {
    let db = Db::empty().await;
    let store = &db.store;
    let [one, two] = [proposal(1), proposal(2)];
    store.propose_instrument(&one).await.unwrap();
    store.propose_instrument(&two).await.unwrap();
    for (number, waiting) in [(3, &one), (4, &two)] {
        let entering = change(number, "ops-1", Duration::HOUR);
        let version = waiting.approved("ops-2", &waiting.sha256, &entering).unwrap();
        let entered = store
            .approve_proposal("instrument approve", waiting.id, &version, &entering)
            .await;
        // Both are the first version: the second of them cannot follow.
        assert_eq!(entered.is_ok(), number == 3, "{entered:?}");
    }
    assert_eq!(store.proposals().await.unwrap(), std::slice::from_ref(&two));
    assert!(store.withdraw_proposal(two.id).await.unwrap());
    assert!(!store.withdraw_proposal(two.id).await.unwrap());
}

#[tokio::test]
async fn so_many_wait_and_no_more() {
    let db = Db::empty().await;
    let max = u128::try_from(PROPOSALS_MAX).unwrap();
    for number in 0..max {
        db.store.propose_instrument(&proposal(number)).await.unwrap();
    }
    let full = db.store.propose_instrument(&proposal(max)).await;
    assert!(matches!(full, Err(InstrumentError::ProposalsFull)));
    assert_eq!(db.store.proposals().await.unwrap().len(), PROPOSALS_MAX);
}

#[tokio::test]
async fn an_import_is_done_as_it_was_planned() {
    let db = Db::empty().await;
    db.add_patients(&["P0001^^^&1.2.392.200036.9125&ISO".parse().unwrap()])
        .await;
    let store = &db.store;
    let file = format::from_str(DOMAIN).unwrap();
    let all = Instrument::all_of(file.clone()).len();
    let change = change(1, "ops-1", Duration::days(400));
    let plan = store.plan_import(&file, change.at).await.unwrap();
    assert_eq!((plan.added.len(), plan.known, plan.here), (all, 0, 0));
    assert!(
        store.instruments(POLICY).await.unwrap().is_empty(),
        "nothing is done"
    );
    let ids = Ids::new(fresh_space());
    let stale = store
        .import_planned_domain(&file, ("file", 1), &change, &ids)
        .await;
    assert!(matches!(stale, Err(InstrumentError::PlanStale)));
    let imported = store
        .import_planned_domain(&file, ("file", 0), &change, &ids)
        .await
        .unwrap();
    assert_eq!((imported.added, imported.known), (all, 0));
    // Each version is told; the import itself is the caller's event.
    let owed = store.owed_acts().await.unwrap();
    assert_eq!(owed.len(), all);
    assert!(owed.iter().all(|act| act.deed.subject != "file"));
    let plan = store.plan_import(&file, change.at).await.unwrap();
    assert_eq!((plan.added.len(), plan.known, plan.here), (0, all, all));
}

#[tokio::test]
async fn a_list_has_the_latest_versions_page_by_page() {
    let db = Db::empty().await;
    let store = &db.store;
    let kind = InstrumentKind::LegalEntity;
    for (number, (id, version)) in [("E1", 1), ("E2", 1), ("E3", 1), ("E2", 2)]
        .into_iter()
        .enumerate()
    {
        let change = change(u128::try_from(number).unwrap(), "ops-1", Duration::ZERO);
        let text = json!({
            "id": id, "version": version, "effective_from": "2026-12-01T00:00:00Z",
            "terms": { "name": id, "address": "東京都", "representative": "代表" },
        });
        let draft = Instrument::draft(kind, &text.to_string(), &change, &[]).unwrap();
        store
            .add_opened_instrument("instrument add", &draft, &change)
            .await
            .unwrap();
    }
    assert!(store.owed_acts().await.unwrap().is_empty());
    let page = async |after: &str, rows| {
        let found = store.latest_instruments(kind, after, rows).await.unwrap();
        let found = found.iter().map(Instrument::reference);
        found
            .map(|found| (found.id.to_string(), found.version))
            .collect::<Vec<_>>()
    };
    let named = |id: &str, version| (id.to_owned(), version);
    assert_eq!(page("", 2).await, [named("E1", 1), named("E2", 2)]);
    assert_eq!(page("E2", 2).await, [named("E3", 1)]);
    assert_eq!(page("E3", 2).await, []);
}
