//! `[time]`: what the clock is compared with, and what is asked of it (IHE CT).

use std::time::Duration;

use serde::Deserialize;
use xds_clock::sntp::SERVERS_MAX;
use xds_clock::{Chrony, Ntp, Sources};

/// The shortest time between two measurements, in seconds: NTP servers are shared with others.
const MEASURE_SECONDS_MIN: u64 = 16;
const MEASURE_SECONDS_MAX: u64 = 3600;
/// A clock that is a minute off serves nobody's audit trail.
const OFFSET_MS_MAX: u64 = 60_000;

/// `[time]`: where the clock is compared with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct TimeSection {
    /// NTP servers as `host` or `host:port`. One, or better three or more.
    pub ntp_servers: Vec<String>,
    /// Whom to ask.
    pub source: TimeSource,
    /// Milliseconds that the clock may be off; beyond, the process does not start.
    pub offset_ms_max: u64,
    /// Seconds between two measurements.
    pub measure_seconds: u64,
    /// Whether a running process stops, in order, when its clock is beyond the limit.
    pub stop_when_off: bool,
}

/// Whom to ask how far the clock is off.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum TimeSource {
    /// The `ntp_servers`. None of them: nobody checks the clock.
    #[default]
    Ntp,
    /// The chrony of this machine, by `chronyc`.
    Chrony,
}

impl Default for TimeSection {
    fn default() -> Self {
        Self {
            ntp_servers: Vec::new(),
            source: TimeSource::Ntp,
            offset_ms_max: 1000,
            measure_seconds: 60,
            stop_when_off: false,
        }
    }
}

impl TimeSection {
    /// Complaints about values.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.source == TimeSource::Chrony && !self.ntp_servers.is_empty() {
            complaints.push(
                "time.ntp_servers is for time.source = \"ntp\"; with \"chrony\" name the servers in chrony.conf"
                    .to_owned(),
            );
        }
        if self.ntp_servers.len() > SERVERS_MAX {
            complaints.push(format!("time.ntp_servers names {SERVERS_MAX} servers at most"));
        }
        if !(1..=OFFSET_MS_MAX).contains(&self.offset_ms_max) {
            complaints.push(format!("time.offset_ms_max is between 1 and {OFFSET_MS_MAX}"));
        }
        if !(MEASURE_SECONDS_MIN..=MEASURE_SECONDS_MAX).contains(&self.measure_seconds) {
            complaints.push(format!(
                "time.measure_seconds is between {MEASURE_SECONDS_MIN} and {MEASURE_SECONDS_MAX}"
            ));
        }
        complaints
    }

    /// As `xds-clock` takes it.
    pub fn sources(&self) -> Sources {
        match self.source {
            TimeSource::Chrony => Sources::Chrony(Chrony::default()),
            TimeSource::Ntp if self.ntp_servers.is_empty() => Sources::None,
            TimeSource::Ntp => Sources::Ntp(Ntp::new(self.ntp_servers.iter().cloned())),
        }
    }

    /// The time between two measurements.
    pub fn every(&self) -> Duration {
        Duration::from_secs(self.measure_seconds)
    }
}
