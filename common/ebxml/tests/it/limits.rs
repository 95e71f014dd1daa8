//! Each limit: at it, and one past it.

use std::fmt::Write as _;
use std::time::Instant;

use xds_ebxml::rim::{FAULTS_MAX, ObjectLimits, SLOTS_MAX, SenderColumn, read_submission};
use xds_model::RuleId;

use crate::support::{COMPLETE, changed, faults, received, summary, with_body};

const SCOPE: &str = r#"<rim:Slot name="urn:renkei:sharing-scope"><rim:ValueList><rim:Value>SHARED</rim:Value></rim:ValueList></rim:Slot>"#;

#[test]
fn values_of_a_slot() {
    let values = |count: usize| {
        changed(
            "<rim:Value>SHARED</rim:Value>",
            &"<rim:Value>x</rim:Value>".repeat(count),
        )
    };
    for slot_values_max in [3, 1_000, 1_500] {
        let limits = ObjectLimits { slot_values_max };
        let within = |text: &str| {
            with_body(text, |root| {
                summary(&read_submission(root, SenderColumn::XdsDr, limits).faults)
            })
        };
        assert_eq!(within(&values(slot_values_max)), []);
        for past in [slot_values_max + 1, 10 * slot_values_max] {
            let found = within(&values(past));
            assert_eq!((found.len(), found[0].0), (1, RuleId::SlotValues));
        }
    }
    assert_eq!(ObjectLimits::default().slot_values_max, 1_000);
}

#[test]
fn slots_of_an_object() {
    let slots = |count: usize| {
        let mut text = String::new();
        for index in 0..count {
            write!(text, "{}", SCOPE.replace("sharing-scope", &index.to_string())).unwrap();
        }
        changed(SCOPE, &text)
    };
    let known = COMPLETE
        .split("<rim:Name>")
        .next()
        .unwrap()
        .matches("<rim:Slot")
        .count()
        - 1;
    assert_eq!(faults(&slots(SLOTS_MAX - known)), []);
    let past = faults(&slots(SLOTS_MAX - known + 1));
    assert_eq!((past.len(), past[0].0), (1, RuleId::SlotCount));
}

#[test]
fn faults_of_a_request() {
    let bad = |count: usize| changed(SCOPE, &"<rim:Bad/>".repeat(count));
    assert_eq!(faults(&bad(FAULTS_MAX)).len(), FAULTS_MAX);
    assert_eq!(faults(&bad(FAULTS_MAX + 1)).len(), FAULTS_MAX);
}

/// Work grows with the size of the message, not with its square.
#[test]
fn many_objects_take_little_time() {
    let label = r#"<rim:Classification classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd" classifiedObject="S" id="l"/>"#;
    let package = r#"<rim:RegistryPackage id="P"/>"#;
    let end = "</rim:RegistryObjectList>";
    let text = changed(
        end,
        &format!("{}{}{end}", label.repeat(20_000), package.repeat(20_000)),
    );
    let start = Instant::now();
    assert_eq!(received(&text).faults.len(), FAULTS_MAX);
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
}
