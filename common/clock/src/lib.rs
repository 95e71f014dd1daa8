//! Time sources: how far the wall clock is off (IHE CT, ITI-1).
//!
//! Nothing here sets the clock. [`measure`] asks NTP servers (RFC 5905, as an SNTP client) or chrony, and says how far
//! the clock is off, or why that is not known. [`watch`] judges it at the start and while a process runs.

pub mod chrony;
pub mod evaluate;
mod holdoff;
pub mod packet;
pub mod sntp;
pub mod state;
pub mod watch;

pub use chrony::Chrony;
pub use evaluate::{Measured, Reading, Sample, Unknown};
pub use sntp::Ntp;
pub use watch::{Look, Policy, Standing, StartRefused, Watch};

use xds_model::time::{Clock, IdSource};

/// What the clock is compared with.
#[derive(Clone, Debug)]
pub enum Sources {
    /// Nothing: nobody checks the clock.
    None,
    /// NTP servers, each asked over UDP.
    Ntp(Ntp),
    /// The chrony of this machine.
    Chrony(Chrony),
}

/// Measures how far the clock is off.
///
/// # Errors
/// Why it is not known; see [`Unknown`].
pub async fn measure(sources: &Sources, clock: &dyn Clock, ids: &dyn IdSource) -> Result<Measured, Unknown> {
    match sources {
        Sources::None => Err(Unknown::NoSource),
        Sources::Ntp(ntp) => evaluate::majority(ntp.ask(clock, ids).await),
        Sources::Chrony(chrony) => evaluate::majority(vec![chrony.ask().await]),
    }
}
