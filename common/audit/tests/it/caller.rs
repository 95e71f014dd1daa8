//! Who an event is about, from the Principal of a request.

use xds_audit::{Caller, Coded};
use xds_model::Principal;
use xds_model::principal::{CodeLabel, EnrolledNode, User};

fn principal() -> Principal {
    let node: EnrolledNode = serde_json::from_value(serde_json::json!({
        "name": "n1",
        "fingerprint": "0",
        "organisation": "o",
        "entity": "e",
        "transactions": [],
        "allow_tls12": false,
        "acts_for_others": false,
        "in_flight_max": null,
        "source_ids": [],
        "feeds": [],
        "default_user": { "role": "nurse", "purpose": "TREAT", "two_factor": false },
    }))
    .unwrap();
    Principal::authenticated(node)
}

fn user(role: &str, purpose: &str) -> User {
    let label = |text: &str| CodeLabel {
        system: Some("1.2.3".to_owned()),
        text: Some(text.to_owned()),
    };
    User {
        id: "sato".to_owned(),
        issuer: Some("idp".to_owned()),
        alias: Some("佐藤".to_owned()),
        role: role.to_owned(),
        role_label: label("a role"),
        purpose: purpose.to_owned(),
        purpose_label: label("a purpose"),
        two_factor: true,
        by_default: false,
        declared: xds_model::principal::Declared::default(),
    }
}

#[test]
fn a_user_is_told_of_with_each_role_and_purpose_once() {
    let users = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")].map(|(role, purpose)| user(role, purpose));
    let caller = Caller::of(&principal().with_users(users.to_vec()), None);
    let told = caller.user.unwrap();
    let codes = |codes: &[Coded]| codes.iter().map(|code| code.code.clone()).collect::<Vec<_>>();
    assert_eq!(
        (codes(&told.roles), codes(&told.purposes)),
        (
            vec!["a".to_owned(), "b".to_owned()],
            vec!["x".to_owned(), "y".to_owned()]
        )
    );
    assert_eq!(told.alias.as_deref(), Some("佐藤"));
    assert_eq!(told.roles[0].text.as_deref(), Some("a role"));
    assert!(!told.by_default);

    let by_default = Caller::of(&principal(), None);
    let told = by_default.user.as_ref().unwrap();
    assert!(told.by_default && told.roles == [Coded::bare("nurse")]);
    let text = serde_json::to_string(&by_default).unwrap();
    assert!(!text.contains("repeat"), "what is not so takes no room: {text}");
    assert!(serde_json::from_str::<Caller>(&text).unwrap() == by_default);
}
