//! Starts of elements that are put together once, so that an answer copies each in one go.

use std::sync::LazyLock;

use super::tags;
use super::template::{SLOT, SLOT_VALUE};
use crate::terms::slot;

/// The starts.
pub(super) static PIECES: LazyLock<Pieces> = LazyLock::new(Pieces::new);

/// Starts of elements, by part number.
#[derive(Debug)]
pub(super) struct Pieces {
    slots: Vec<Option<String>>,
    coded: Vec<String>,
}

impl Pieces {
    fn new() -> Self {
        let slot = |tag| slot_name(tag).map(|name| [SLOT, name, SLOT_VALUE].concat());
        let coded = tags::CODED.map(|(_, attribute)| {
            let scheme = attribute.scheme();
            format!("<rim:Classification classificationScheme=\"{scheme}\"")
        });
        Self {
            slots: (0..tags::EXTRA_SLOT).map(slot).collect(),
            coded: coded.to_vec(),
        }
    }

    /// The start of a slot of one value, up to the value.
    pub(super) fn slot(&self, tag: u8) -> Option<&str> {
        self.slots.get(usize::from(tag))?.as_deref()
    }

    /// The start of the Classification of a coded attribute, up to its scheme.
    pub(super) fn coded(&self, tag: u8) -> Option<&str> {
        let index = usize::from(tag.checked_sub(tags::CODED_FIRST)?);
        self.coded.get(index).map(String::as_str)
    }
}

/// The name of a slot of one value.
fn slot_name(tag: u8) -> Option<&'static str> {
    Some(match tag {
        tags::CREATION_TIME => slot::CREATION_TIME,
        tags::DOCUMENT_AVAILABILITY => slot::DOCUMENT_AVAILABILITY,
        tags::HASH => slot::HASH,
        tags::LANGUAGE_CODE => slot::LANGUAGE_CODE,
        tags::LEGAL_AUTHENTICATOR => slot::LEGAL_AUTHENTICATOR,
        tags::REPOSITORY_UNIQUE_ID => slot::REPOSITORY_UNIQUE_ID,
        tags::SERVICE_START_TIME => slot::SERVICE_START_TIME,
        tags::SERVICE_STOP_TIME => slot::SERVICE_STOP_TIME,
        tags::SIZE => slot::SIZE,
        tags::SOURCE_PATIENT_ID => slot::SOURCE_PATIENT_ID,
        tags::URI => slot::URI,
        tags::SUBMISSION_TIME => slot::SUBMISSION_TIME,
        _ => return None,
    })
}
