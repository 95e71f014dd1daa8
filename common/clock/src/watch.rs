//! Judges the clock at the start and while a process runs.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use time::{Duration, OffsetDateTime};
use xds_model::time::{SharedClock, SharedIds};

use crate::evaluate::{Measured, Unknown};
use crate::state::{self, LastGood};
use crate::{Sources, measure};

/// How old the last good measurement may be for a start without any.
pub const LAST_GOOD_AGE_MAX: Duration = Duration::hours(24);

/// What is asked of the clock.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Milliseconds that it may be off, either way.
    pub offset_ms_max: u64,
    /// Where the last good measurement is kept.
    pub state_file: PathBuf,
}

/// How the clock stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Standing {
    /// No source is configured: nobody knows.
    Unchecked,
    /// Within the limit.
    Good {
        /// Milliseconds that the sources are ahead.
        offset_ms: i64,
    },
    /// Beyond the limit.
    Off {
        /// Milliseconds that the sources are ahead.
        offset_ms: i64,
    },
    /// No source could be asked, or they do not agree.
    Unknown {
        /// Since when, by the clock itself.
        since: OffsetDateTime,
    },
}

impl Standing {
    /// The offset, where it is known.
    pub fn offset_ms(&self) -> Option<i64> {
        match self {
            Self::Good { offset_ms } | Self::Off { offset_ms } => Some(*offset_ms),
            Self::Unchecked | Self::Unknown { .. } => None,
        }
    }

    /// A word for it that never changes.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Good { .. } => "good",
            Self::Off { .. } => "off",
            Self::Unknown { .. } => "unknown",
        }
    }
}

/// One look at the clock.
#[derive(Clone, Debug)]
pub struct Look {
    /// How it stood before; none at the first look.
    pub before: Option<Standing>,
    /// How it stands.
    pub standing: Standing,
    /// What was measured, or why nothing was.
    pub measured: Result<Measured, Unknown>,
    /// Why the measurement could not be kept for the next start.
    pub not_kept: Option<String>,
}

/// Why a process must not start.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StartRefused {
    /// The clock is wrong.
    #[error(
        "the clock of this machine is {offset_ms} ms off its time sources (positive: it is behind), and {max} ms is \
         allowed ([time] offset_ms_max): set the clock, repair the time synchronisation (chrony or the like), start \
         again / 時計が基準から {offset_ms} ミリ秒ずれています(上限 {max} ミリ秒)。時計と時刻同期を直してから、もう一度\
         起動してください。"
    )]
    Off {
        /// Milliseconds that the sources are ahead.
        offset_ms: i64,
        /// What is allowed.
        max: u64,
    },
    /// Nobody knows, and it was not seen to be right within a day.
    #[error(
        "it is not known whether the clock of this machine is right: {why}. It was not seen to be right within the last \
         24 hours either. Make the sources of [time] answer, then start again / 時計が正しいか分かりません。[time] の基準が答えるように\
         してから、もう一度起動してください。"
    )]
    Unknown {
        /// What the sources said.
        why: Unknown,
    },
}

/// Looks at the clock again and again.
pub struct Watch {
    sources: Sources,
    policy: Policy,
    clock: SharedClock,
    ids: SharedIds,
    standing: Mutex<Option<Standing>>,
}

impl Watch {
    /// A watch that has not looked yet.
    pub fn new(sources: Sources, policy: Policy, clock: SharedClock, ids: SharedIds) -> Self {
        Self {
            sources,
            policy,
            clock,
            ids,
            standing: Mutex::new(None),
        }
    }

    /// The first look, at the start of a process.
    ///
    /// # Errors
    /// When the process must not start: see [`admit`].
    pub async fn start(&self) -> Result<Look, StartRefused> {
        // Before the look: it may write a new one.
        let last = state::read(&self.policy.state_file);
        let look = self.look().await;
        admit(&look, last, self.clock.now(), self.policy.offset_ms_max)?;
        Ok(look)
    }

    /// Measures and judges; a good measurement is kept for the next start.
    pub async fn look(&self) -> Look {
        let measured = measure(&self.sources, self.clock.as_ref(), self.ids.as_ref()).await;
        let now = self.clock.now();
        let mut kept = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *kept;
        let standing = judge(&measured, before, self.policy.offset_ms_max, now);
        *kept = Some(standing);
        drop(kept);
        let not_kept = match standing {
            Standing::Good { offset_ms } => {
                let good = LastGood { at: now, offset_ms };
                state::write(&self.policy.state_file, good).err()
            }
            _ => None,
        };
        Look {
            before,
            standing,
            measured,
            not_kept: not_kept.map(|error| error.to_string()),
        }
    }

    /// How the clock stood at the last look.
    pub fn standing(&self) -> Option<Standing> {
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a measurement means.
pub fn judge(
    measured: &Result<Measured, Unknown>,
    before: Option<Standing>,
    offset_ms_max: u64,
    now: OffsetDateTime,
) -> Standing {
    match (measured, before) {
        (Ok(Measured { offset_ms, .. }), _) if offset_ms.unsigned_abs() <= offset_ms_max => Standing::Good {
            offset_ms: *offset_ms,
        },
        (Ok(Measured { offset_ms, .. }), _) => Standing::Off {
            offset_ms: *offset_ms,
        },
        (Err(Unknown::NoSource), _) => Standing::Unchecked,
        (Err(_), Some(Standing::Unknown { since })) => Standing::Unknown { since },
        (Err(_), _) => Standing::Unknown { since: now },
    }
}

/// Whether a process may start: with a good clock; with one that nobody checks, as configured; with one of which
/// nothing is known only when it was seen to be right within the last [`LAST_GOOD_AGE_MAX`].
///
/// # Errors
/// Why not.
pub fn admit(
    look: &Look,
    last: Option<LastGood>,
    now: OffsetDateTime,
    offset_ms_max: u64,
) -> Result<(), StartRefused> {
    match (&look.measured, look.standing) {
        (_, Standing::Off { offset_ms }) => Err(StartRefused::Off {
            offset_ms,
            max: offset_ms_max,
        }),
        (Err(why), Standing::Unknown { .. }) if !last.is_some_and(|last| is_recent(last, now)) => {
            Err(StartRefused::Unknown { why: why.clone() })
        }
        _ => Ok(()),
    }
}

/// A measurement from the future is none: the clock was set back since.
fn is_recent(last: LastGood, now: OffsetDateTime) -> bool {
    (Duration::seconds(-1)..=LAST_GOOD_AGE_MAX).contains(&(now - last.at))
}

#[cfg(test)]
mod tests {
    use ::time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-24 10:00 UTC);

    fn measured(offset_ms: i64) -> Result<Measured, Unknown> {
        Ok(Measured {
            offset_ms,
            uncertainty_ms: 1,
            readings: Vec::new(),
        })
    }

    fn look(measured: Result<Measured, Unknown>) -> Look {
        Look {
            before: None,
            standing: judge(&measured, None, 1_000, NOW),
            measured,
            not_kept: None,
        }
    }

    #[test]
    fn jp_l04_the_limit_itself_is_allowed_and_a_millisecond_more_is_not() {
        for offset in [0, 1_000, -1_000] {
            assert_eq!(
                admit(&look(measured(offset)), None, NOW, 1_000),
                Ok(()),
                "{offset}"
            );
        }
        for offset_ms in [1_001, -1_001, i64::MIN] {
            let refused = StartRefused::Off {
                offset_ms,
                max: 1_000,
            };
            assert_eq!(admit(&look(measured(offset_ms)), None, NOW, 1_000), Err(refused));
        }
    }

    #[test]
    fn jp_l04_silent_sources_need_a_good_measurement_of_the_last_day() {
        let silent = look(Err(Unknown::TooFew(Vec::new())));
        let ago = |age| {
            Some(LastGood {
                at: NOW - age,
                offset_ms: 3,
            })
        };
        for (last, starts) in [
            (None, false),
            (ago(Duration::hours(1)), true),
            (ago(Duration::hours(24)), true),
            (ago(Duration::hours(24) + Duration::seconds(1)), false),
            (ago(Duration::hours(-1)), false),
        ] {
            assert_eq!(admit(&silent, last, NOW, 1_000).is_ok(), starts, "{last:?}");
        }
        // Off is off, whatever was measured yesterday.
        assert!(admit(&look(measured(5_000)), ago(Duration::hours(1)), NOW, 1_000).is_err());
        assert!(admit(&look(Err(Unknown::NoSource)), None, NOW, 1_000).is_ok());
    }

    #[test]
    fn jp_l04_a_refusal_speaks_both_languages() {
        let off = StartRefused::Off {
            offset_ms: -5_001,
            max: 1_000,
        };
        let unknown = StartRefused::Unknown {
            why: Unknown::TooFew(Vec::new()),
        };
        let (off, unknown) = (off.to_string(), unknown.to_string());
        assert!(off.contains("-5001 ms off its time sources") && off.contains("-5001 ミリ秒ずれています"));
        assert!(unknown.contains("start again / 時計が正しいか分かりません"));
    }

    #[test]
    fn unknown_remembers_since_when() {
        let silent = Err(Unknown::TooFew(Vec::new()));
        let since = NOW - Duration::hours(3);
        let before = Some(Standing::Unknown { since });
        assert_eq!(judge(&silent, before, 1_000, NOW), Standing::Unknown { since });
        let good = Some(Standing::Good { offset_ms: 1 });
        assert_eq!(judge(&silent, good, 1_000, NOW), Standing::Unknown { since: NOW });
    }
}
