//! Own record 自院: receiver and author are one legal entity; no provision takes place.

use std::sync::Arc;

use super::{Grant, Miss};
use crate::confidentiality;
use crate::document::Document;
use crate::engine::{Author, Context};
use crate::obligations::{self, Obligation};
use crate::reasons::Reason;
use crate::request::Capacity;
use crate::words::Purpose;

#[derive(Debug)]
pub(crate) struct OwnSide {
    missed: Option<Reason>,
    obligations: Arc<[Obligation]>,
}

impl OwnSide {
    pub(crate) fn new(context: &Context<'_>) -> Self {
        Self {
            missed: of_request(context).err(),
            obligations: obligations::own(context.request.op),
        }
    }

    /// Whether the request may rest on this basis at all.
    pub(crate) fn holds(&self) -> bool {
        self.missed.is_none()
    }

    pub(crate) fn decide(
        &self,
        context: &Context<'_>,
        document: &Document,
        author: &Author<'_>,
    ) -> Result<Grant, Miss> {
        self.missed.map_or(Ok(()), Err)?;
        let receiver = context
            .receiver
            .filter(|_| context.receiver_is_of(author))
            .ok_or(Reason::OwnOtherEntity)?;
        confidentiality::own(context, document)?;
        Ok(Grant {
            instrument: Arc::clone(receiver.reference()),
            obligations: Arc::clone(&self.obligations),
            route: None,
        })
    }
}

/// Publishing, changing and removing need no purpose.
fn of_request(context: &Context<'_>) -> Result<(), Reason> {
    if context.request.capacity != Capacity::Itself {
        return Err(Reason::CapacityNotSelf);
    }
    let purpose = context.request.purpose;
    let own = matches!(
        purpose,
        Some(Purpose::Treatment | Purpose::Emergency | Purpose::PatientRequest)
    );
    let nothing_shown = purpose.is_none() && !context.request.op.discloses();
    if own || nothing_shown {
        Ok(())
    } else {
        Err(Reason::OwnPurpose)
    }
}
