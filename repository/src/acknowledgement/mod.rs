//! Acknowledgements of privacy policies (BPPC, ITI TF-3 5.1): whether the document says what its metadata say. The
//! registry enters consents and refusals from the metadata alone; only here are both at hand.

mod agreement;
mod cda;
mod head;

use xds_ebxml::provide::ProvidedAcknowledgement;
use xds_model::{Fault, RuleId, UniqueId};

pub(crate) use head::{Head, kept};

use agreement::disagreement;
use cda::Cda;

/// What became of a document that was looked into.
pub(crate) type Reading = Result<Cda, cda::Unreadable>;

/// Looks into the first bytes of a document.
pub(crate) fn read(head: &Head) -> Reading {
    Cda::read(head.bytes(), head.is_whole())
}

/// The fault of an acknowledgement whose document says something else, or cannot be read. One for each document, and
/// its codeContext begins with the uniqueId (ITI TF-3, Table 4.2.4.1-2).
pub(crate) fn fault(
    position: usize,
    unique_id: &UniqueId,
    metadata: &ProvidedAcknowledgement,
    reading: &Reading,
) -> Option<Fault> {
    let place = match reading {
        Ok(cda) => disagreement(metadata, cda)?,
        Err(unreadable) => unreadable.place(),
    };
    let location = format!("DocumentEntry {} {place}", position.saturating_add(1));
    let fault = Fault::new(RuleId::AcknowledgementContent, location, unique_id.as_str());
    Some(fault)
}
