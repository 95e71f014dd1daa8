//! Who asks, as the law's engine is asked: a Principal to policy requests.

use time::OffsetDateTime;
use xds_model::Principal;
use xds_model::principal::{Declared, Emergency, User};
use xds_policy::instruments::session::EmergencyReason;
use xds_policy::request::{BreakGlass, Capacity, Request, SecondConfirmation, SensitiveNeed};
use xds_policy::words::{
    AuthLevel, EncounterId, InstrumentId, Operation, Purpose, RoleCode, SensitivityCode, UserId,
};

/// What a principal asks, once for each combination of role and purpose of its user, and once when no user is known:
/// something is permitted only if it is permitted to every one. None of them names a patient yet.
///
/// The organisation that asks is that of the certificate: an assertion is believed for that one only.
pub fn requests(principal: &Principal, op: Operation, at: OffsetDateTime) -> Vec<Request> {
    let of_node = of_node(principal, op, at);
    if principal.users().is_empty() {
        return vec![of_node];
    }
    let users = principal.users().iter();
    users.map(|user| of_user(of_node.clone(), user)).collect()
}

fn of_node(principal: &Principal, op: Operation, at: OffsetDateTime) -> Request {
    let organisation = principal.organisation();
    Request {
        op,
        at,
        cert_org: organisation.clone(),
        // Enrolment bound the certificate to the node, and the node to its organisation.
        certificate: None,
        req_org: organisation.clone(),
        req_entity: None,
        user: None,
        role: None,
        auth_level: AuthLevel::None,
        purpose: None,
        capacity: Capacity::Itself,
        patient: None,
        encounter: None,
        break_glass: None,
        recipient: None,
        recipient_user: None,
    }
}

fn of_user(request: Request, user: &User) -> Request {
    let declared: &Declared = &user.declared;
    let capacity = declared.contractor.as_ref().map(|work| Capacity::ContractorOf {
        entity: work.entity.clone(),
        contract: InstrumentId(work.contract.clone()),
    });
    Request {
        user: Some(UserId(user.id.clone())),
        role: Some(RoleCode(user.role.clone())),
        auth_level: if user.two_factor {
            AuthLevel::TwoFactor
        } else {
            AuthLevel::SingleFactor
        },
        purpose: Some(Purpose::from_code(&user.purpose)),
        capacity: capacity.unwrap_or_default(),
        encounter: declared.encounter.clone().map(EncounterId),
        break_glass: declared.emergency.as_ref().and_then(break_glass),
        ..request
    }
}

/// A declaration whose reason the law's engine does not know is none.
fn break_glass(declared: &Emergency) -> Option<BreakGlass> {
    let need = declared.need.as_ref().map(|need| SensitiveNeed {
        text: need.text.clone(),
        sensitivities: need.sensitivities.iter().cloned().map(SensitivityCode).collect(),
        very_restricted: need.very_restricted,
    });
    let second = declared.second.as_ref().map(|second| SecondConfirmation {
        by: UserId(second.by.clone()),
        role: RoleCode(second.role.clone()),
        at: second.at,
    });
    Some(BreakGlass {
        reason_code: EmergencyReason::from_code(&declared.reason)?,
        free_text: declared.text.clone(),
        attested_by: UserId(declared.attested_by.clone()),
        attested_at: declared.attested_at,
        // That is what is attested.
        consent_unobtainable: true,
        confirmed: declared.confirmed,
        sensitive_need: need,
        second,
    })
}
