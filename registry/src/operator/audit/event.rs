//! A found event as a value; `audit search --json` on the command line prints the same.

use std::collections::BTreeSet;

use registry_trail::Found;
use serde::Serialize;
use xds_audit::{Event, Stamp};

/// A found event, without what was withheld.
#[derive(Serialize)]
pub(super) struct EventValue<'a> {
    /// `JOURNAL/SEQUENCE`: what `/v1/audit/events/` takes.
    id: String,
    /// 0 for the whole event, else which message of those that another system delivered.
    part: u32,
    /// Where a page goes on after it.
    position: String,
    began: Stamp,
    ended: Stamp,
    event: &'a Event,
}

impl<'a> From<&'a Found> for EventValue<'a> {
    fn from(found: &'a Found) -> Self {
        Self {
            id: found.told.id.to_string(),
            part: found.part,
            position: found.position.to_string(),
            began: found.told.began,
            ended: found.told.ended,
            event: &found.told.event,
        }
    }
}

/// Whom the events concern.
pub(in crate::operator) fn patients(found: &[Found]) -> Vec<String> {
    let patients: BTreeSet<&String> = found
        .iter()
        .flat_map(|found| {
            let event = &found.told.event;
            let objects = [&event.opening.objects, &event.closing.objects];
            objects.into_iter().flat_map(|objects| &objects.patients)
        })
        .collect();
    patients.into_iter().cloned().collect()
}
