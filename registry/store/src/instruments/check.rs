//! Whether a version may follow the one before it. Pure: what it needs was read under a lock.

use time::OffsetDateTime;
use xds_policy::change::check_new_version;
use xds_policy::format::{DomainFile, Problem, check};
use xds_policy::version::InstrumentKind;

use super::error::InstrumentError;
use super::kinds::Instrument;

/// Legal orders are approved by two people.
const APPROVERS_OF_ORDER: usize = 2;

/// Whether a version may be the next of its instrument: `before` is the latest one there is.
pub(super) fn follows(before: Option<&Instrument>, new: &Instrument) -> Result<(), InstrumentError> {
    let reference = new.reference();
    let latest = before.map_or(0, |before| before.reference().version);
    if latest.checked_add(1) != Some(reference.version) {
        return Err(not_next(new, latest));
    }
    approved(new)?;
    let Some(before) = before else { return Ok(()) };
    if !same_subject(before, new) {
        return Err(InstrumentError::AnotherSubject {
            kind: reference.kind,
            id: reference.id.clone(),
            version: reference.version,
        });
    }
    let (Instrument::JointUseAgreement(old), Instrument::JointUseAgreement(agreement)) = (before, new) else {
        return Ok(());
    };
    check_new_version(old, agreement).map_err(|faults| InstrumentError::Change {
        kind: reference.kind,
        id: reference.id.clone(),
        version: reference.version,
        faults,
    })
}

pub(super) fn not_next(new: &Instrument, latest: u32) -> InstrumentError {
    let reference = new.reference();
    InstrumentError::NotNext {
        kind: reference.kind,
        id: reference.id.clone(),
        latest,
        given: reference.version,
    }
}

/// A version that never is in force, which ends its order at once, gives nothing and waits for nobody.
fn approved(new: &Instrument) -> Result<(), InstrumentError> {
    let common = new.common();
    let from = common.entered_at.map_or(common.effective_from, |entered| {
        entered.max(common.effective_from)
    });
    let gives = common.effective_to.is_none_or(|to| from < to);
    let is_order = common.reference.kind == InstrumentKind::LegalOrder;
    if is_order && gives && common.approvers < APPROVERS_OF_ORDER {
        return Err(InstrumentError::Approvers {
            kind: common.reference.kind,
            id: common.reference.id.clone(),
            given: common.approvers,
        });
    }
    Ok(())
}

/// A version about another patient would take the first one's protection away. A session is one user's, at one
/// organisation, from one moment.
fn same_subject(before: &Instrument, new: &Instrument) -> bool {
    let of_session = match (before, new) {
        (Instrument::BreakGlassSession(before), Instrument::BreakGlassSession(new)) => {
            let (before, new) = (&before.terms, &new.terms);
            before.user == new.user && before.organisation == new.organisation && before.opened == new.opened
        }
        _ => true,
    };
    before.patient() == new.patient() && of_session
}

/// Whether the parts of a domain fit each other.
pub(super) fn fits(file: &DomainFile) -> Result<(), InstrumentError> {
    let problems: Vec<Problem> = check(file);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(InstrumentError::Unfit(problems))
    }
}

/// Whether a version of a file was entered after everything that is here (`newest`), and before now. A domain
/// without instruments takes any past.
pub(super) fn entered_since(
    newest: Option<OffsetDateTime>,
    new: &Instrument,
    now: OffsetDateTime,
) -> Result<(), InstrumentError> {
    let entered = new.entered_at();
    let after = newest.is_none_or(|newest| entered.is_some_and(|entered| newest < entered));
    if after && entered.is_none_or(|entered| entered <= now) {
        return Ok(());
    }
    let reference = new.reference();
    Err(InstrumentError::EnteredInThePast {
        kind: reference.kind,
        id: reference.id.clone(),
        version: reference.version,
    })
}
