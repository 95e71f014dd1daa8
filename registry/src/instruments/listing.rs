//! Versions as lists have them.

use registry_store::Instrument;
use time::OffsetDateTime;
use xds_server::lang::Say;

use super::Refused;

/// Of each instrument the last version; they come by instrument and version.
pub(crate) fn latest_of_each(mut versions: Vec<Instrument>) -> Vec<Instrument> {
    versions.reverse();
    versions.dedup_by(|a, b| same(a, b));
    versions.reverse();
    versions
}

fn same(a: &Instrument, b: &Instrument) -> bool {
    let (a, b) = (a.reference(), b.reference());
    a.kind == b.kind && a.id == b.id
}

/// The version of this number of a history, or the latest.
pub(crate) fn version_of(history: &[Instrument], wanted: Option<u32>) -> Result<&Instrument, Refused> {
    history
        .iter()
        .rfind(|known| wanted.is_none_or(|wanted| known.reference().version == wanted))
        .ok_or(Refused::NoVersion)
}

/// Where a version stands at a moment, by its dates alone.
pub(crate) fn state(version: &Instrument, now: OffsetDateTime) -> Say {
    let [ja, en] = if now < version.effective_from() {
        ["発効前", "to come"]
    } else if version.effective_to().is_some_and(|to| to <= now) {
        ["終了", "ended"]
    } else {
        ["期間内", "in its time"]
    };
    Say::new(ja, en)
}
