//! XUA-13: an assertion belongs to the node that used it first, and a one-time one is used once.

use time::Duration;
use xds_model::principal::NodeName;
use xds_testkit::xua::AssertionSpec;
use xds_xua::{Assertion, ReplayCache, Use};

use crate::support::{NOW, check, rsa, spec};

fn assertion(change: impl FnOnce(&mut AssertionSpec)) -> Assertion {
    let mut spec = spec();
    change(&mut spec);
    check(&rsa().issue(&spec).unwrap()).unwrap()
}

fn named(id: &str) -> Assertion {
    assertion(|spec| spec.id = id.to_owned())
}

fn node(name: &str) -> NodeName {
    NodeName(name.to_owned())
}

fn code(result: Result<Use, xds_xua::Refused>) -> &'static str {
    result.unwrap_err().code()
}

#[test]
fn xua_13_again_by_the_same_node_is_normal_and_by_another_is_not() {
    let mut cache = ReplayCache::new(10);
    let assertion = named("_a");
    assert_eq!(cache.admit(&assertion, &node("n1"), NOW), Ok(Use::First));
    assert_eq!(cache.admit(&assertion, &node("n1"), NOW), Ok(Use::Again));
    assert_eq!(code(cache.admit(&assertion, &node("n2"), NOW)), "XUA-R01");
    assert_eq!(cache.admit(&assertion, &node("n1"), NOW), Ok(Use::Again));
}

#[test]
fn xua_13_one_time_use_twice() {
    let mut cache = ReplayCache::new(10);
    let assertion = assertion(|spec| spec.one_time_use = true);
    assert_eq!(cache.admit(&assertion, &node("n1"), NOW), Ok(Use::First));
    assert_eq!(code(cache.admit(&assertion, &node("n1"), NOW)), "XUA-R02");
}

#[test]
fn xua_13_one_id_for_two_assertions() {
    let mut cache = ReplayCache::new(10);
    assert_eq!(cache.admit(&named("_a"), &node("n1"), NOW), Ok(Use::First));
    let other = assertion(|spec| {
        spec.id = "_a".to_owned();
        spec.name_id = "other".to_owned();
    });
    assert_eq!(code(cache.admit(&other, &node("n1"), NOW)), "XUA-R03");
}

/// At the bound, one past it, and after expiry.
#[test]
fn xua_13_full_means_refused_until_something_expires() {
    let mut cache = ReplayCache::new(2);
    let (first, second, third) = (named("_a"), named("_b"), named("_c"));
    assert!(cache.admit(&first, &node("n1"), NOW).is_ok());
    assert!(cache.admit(&second, &node("n1"), NOW).is_ok());
    assert_eq!(code(cache.admit(&third, &node("n1"), NOW)), "XUA-R04");
    assert_eq!(cache.admit(&first, &node("n1"), NOW), Ok(Use::Again));
    let last = first.expires() - Duration::NANOSECOND;
    assert_eq!(code(cache.admit(&third, &node("n1"), last)), "XUA-R04");
    assert_eq!(cache.entries().len(), 2);
    assert_eq!(cache.admit(&third, &node("n1"), first.expires()), Ok(Use::First));
    assert_eq!(cache.entries().len(), 1);
}

#[test]
fn xua_13_survives_a_restart() {
    let mut cache = ReplayCache::new(2);
    let once = assertion(|spec| spec.one_time_use = true);
    assert!(cache.admit(&once, &node("n1"), NOW).is_ok());
    let written: Vec<_> = cache.entries().cloned().collect();
    let mut restarted = ReplayCache::new(2);
    restarted.restore(written.clone(), NOW);
    restarted.restore(written.clone(), NOW);
    assert_eq!(restarted.entries().len(), 1);
    assert_eq!(code(restarted.admit(&once, &node("n1"), NOW)), "XUA-R02");
    let mut later = ReplayCache::new(2);
    later.restore(written, once.expires());
    assert_eq!(later.entries().len(), 0);
}
