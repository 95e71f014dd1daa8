//! Who asks, as the law's engine is asked.

use registry_core::asking::requests;
use registry_core::view::Viewer;
use xds_model::Principal;
use xds_model::principal::{Contractor, Declared, Emergency, EntityId, User};
use xds_policy::SharingScope::Shared;
use xds_policy::decision::DenyCode;
use xds_policy::instruments::session::EmergencyReason;
use xds_policy::request::Capacity;
use xds_policy::words::{AuthLevel, Operation, Purpose};

use crate::fixture::*;

fn user(role: &str, purpose: &str) -> User {
    User {
        role: role.into(),
        purpose: purpose.into(),
        ..principal("h2").user().unwrap().clone()
    }
}

fn asked_by(users: Vec<User>) -> Principal {
    principal("h2").with_users(users)
}

#[test]
fn every_combination_of_role_and_purpose_asks_and_all_must_be_permitted() {
    let world = World::of("h2");
    let (good, bad) = (user("physician", "TREAT"), user("physician", "HRESCH"));
    let persons = persons();
    let decided = |users: Vec<User>| {
        let principal = asked_by(users);
        let viewer = Viewer::new(&principal, &world.ledger, now());
        viewer.judge(&persons).permit(&policy("h1", Shared))
    };
    assert_eq!(decided(vec![good.clone()]).unwrap().basis.code(), "JOINT");
    assert!(decided(vec![good.clone(), user("nurse", "TREAT")]).is_ok());
    for users in [vec![good.clone(), bad.clone()], vec![bad, good]] {
        assert_eq!(decided(users).unwrap_err().code, DenyCode::Purpose);
    }
    // Nobody looks at anything without being somebody.
    assert_eq!(decided(vec![]).unwrap_err().code, DenyCode::User);
}

#[test]
fn what_is_declared_goes_to_the_engine_as_it_is_said() {
    let declared = Declared {
        encounter: Some("E1".into()),
        emergency: Some(Emergency {
            reason: "UNCONSCIOUS".into(),
            text: "words".into(),
            attested_by: "node-h2".into(),
            attested_at: now(),
            confirmed: true,
            need: None,
            second: None,
        }),
        contractor: Some(Contractor {
            entity: EntityId("e1".into()),
            contract: "rad".into(),
        }),
    };
    let asking = User {
        declared,
        two_factor: false,
        ..user("physician", "ETREAT")
    };
    let asked = requests(&asked_by(vec![asking.clone()]), Operation::Query, now());
    let [request] = asked.as_slice() else {
        panic!("one user, one request");
    };
    assert_eq!(
        (request.cert_org.0.as_str(), request.req_org.0.as_str()),
        ("h2", "h2")
    );
    assert_eq!((request.at, request.op), (now(), Operation::Query));
    assert_eq!(request.auth_level, AuthLevel::SingleFactor);
    assert_eq!(request.purpose, Some(Purpose::Emergency));
    assert_eq!(request.encounter.as_ref().unwrap().as_str(), "E1");
    let declared = request.break_glass.as_ref().unwrap();
    assert_eq!(declared.reason_code, EmergencyReason::Unconscious);
    assert!(declared.confirmed && declared.consent_unobtainable);
    let capacity = Capacity::ContractorOf {
        entity: EntityId("e1".into()),
        contract: "rad".into(),
    };
    assert_eq!(request.capacity, capacity);
    // A reason that the engine does not know declares nothing.
    let mut bored = asking;
    bored.declared.emergency.as_mut().unwrap().reason = "BORED".into();
    assert_eq!(
        requests(&asked_by(vec![bored]), Operation::Query, now())[0].break_glass,
        None
    );
    let machine = requests(&asked_by(vec![]), Operation::Register, now());
    assert_eq!(
        (machine.len(), machine[0].user.clone(), machine[0].auth_level),
        (1, None, AuthLevel::None)
    );
}
