//! Whom found events concern.

use std::collections::BTreeSet;

use registry_trail::Found;

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
