//! Events read back from the journal.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use xds_audit::{Closing, Content, Opening};

/// A request's record: both parts, or an event of one moment.
#[derive(Clone)]
pub(crate) struct Ended {
    pub(crate) opening: Opening,
    /// None: still open.
    pub(crate) closing: Option<Closing>,
}

/// Every event of the journal, in the order of the opening parts.
pub(crate) fn events(folder: &Path) -> Vec<Ended> {
    let mut found: BTreeMap<u64, Ended> = BTreeMap::new();
    xds_audit::read(folder, 1, |sequence, content| {
        match content {
            Content::Open(open) => {
                found.insert(
                    sequence,
                    Ended {
                        opening: open.opening,
                        closing: None,
                    },
                );
            }
            Content::Close(close) => {
                if let Some(event) = found.get_mut(&close.opened) {
                    event.closing = Some(close.closing);
                }
            }
            Content::Single(single) => {
                found.insert(
                    sequence,
                    Ended {
                        opening: single.event.opening,
                        closing: Some(single.event.closing),
                    },
                );
            }
            Content::Checkpoint(_) => {}
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    found.into_values().collect()
}
