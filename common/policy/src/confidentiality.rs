//! How confidential a document may be, by basis.

use crate::document::Document;
use crate::engine::Context;
use crate::instruments::agreement::{JointItem, JointUseAgreement};
use crate::instruments::consent::Consent;
use crate::instruments::contract::EntrustmentContract;
use crate::reasons::Reason;

/// Own record: a very restricted or sensitive document needs a role that may see such. To publish or remove
/// it takes no more than to have written it.
pub(crate) fn own(context: &Context<'_>, document: &Document) -> Result<(), Reason> {
    let hidden = context.request.op.discloses()
        && document.is_sensitive()
        && !context.role.is_some_and(|role| role.sensitive);
    if hidden {
        return Err(Reason::OwnSensitiveRole);
    }
    Ok(())
}

/// Entrustment: the class in scope; restricted documents where the class is named with them; very restricted
/// and sensitive ones where the contract names them.
pub(crate) fn entrust(contract: &EntrustmentContract, document: &Document) -> Result<(), Reason> {
    let very_restricted = document.confidentiality == crate::words::Confidentiality::V;
    let named = contract.covers(&document.class_code, document.confidentiality)
        && contract.names_sensitive(very_restricted, &document.sensitivity);
    if named {
        Ok(())
    } else {
        Err(Reason::ConfidentialityEntrust)
    }
}

/// Joint use: never very restricted or sensitive documents.
pub(crate) fn joint(item: &JointItem, document: &Document) -> Result<(), Reason> {
    if document.is_sensitive() || !JointUseAgreement::allows(item, document.confidentiality) {
        return Err(Reason::ConfidentialityJoint);
    }
    Ok(())
}

/// Consent: what it names.
pub(crate) fn consent(consent: &Consent, document: &Document) -> Result<(), Reason> {
    if consent.covers(document.confidentiality, &document.sensitivity) {
        Ok(())
    } else {
        Err(Reason::ConfidentialityConsent)
    }
}

/// Implied consent: normal documents only. A notice on the wall names nothing else.
pub(crate) fn implied(document: &Document) -> Result<(), Reason> {
    if document.is_sensitive() || document.confidentiality != crate::words::Confidentiality::N {
        return Err(Reason::ConfidentialityConsent);
    }
    Ok(())
}
