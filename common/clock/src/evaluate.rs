//! What several readings say together. Pure: nothing is asked here.

use std::fmt;

/// Above this a source does not know the time well enough to judge a clock by: MAXDIST of RFC 5905.
pub const UNCERTAINTY_MICROS_MAX: u64 = 1_000_000;
/// Two sources agree when they are no further apart than what they are uncertain by, and this.
const AGREEMENT_MICROS: u64 = 100_000;

/// What one source said once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sample {
    /// Microseconds that the source is ahead of our clock: positive means that our clock is behind.
    pub offset_micros: i64,
    /// Microseconds that the offset may be wrong by, either way.
    pub uncertainty_micros: u64,
    /// Microseconds that the network took, there and back.
    pub delay_micros: u64,
}

/// Why a source is not believed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// No answer in time, or one from another address only.
    #[error("does not answer")]
    Silent,
    /// Its name cannot be resolved, or it cannot be sent to.
    #[error("cannot be reached")]
    Unreachable,
    /// An answer to a question that we did not ask.
    #[error("answers another question (originate timestamp)")]
    NotOurs,
    /// No answer of a server.
    #[error("sends something that is no answer of an NTP server")]
    Malformed,
    /// Kiss-o'-death with its code (RFC 5905, section 7.4): it wants to be left alone.
    #[error("refuses to answer (kiss-o'-death {})", Code(.0))]
    Kiss([u8; 4]),
    /// It asked to be left alone not long ago.
    #[error("asked to be left alone; it is asked again later")]
    LeftAlone,
    /// Leap indicator 3 or stratum 16: the source itself has no time.
    #[error("is not synchronised itself")]
    NotSynchronised,
    /// Timestamps that cannot be.
    #[error("sends timestamps that cannot be")]
    Implausible,
    /// The source may itself be off by a second or more.
    #[error("is itself uncertain by a second or more")]
    Uncertain,
    /// chronyc is missing or failed.
    #[error("cannot be asked (is chrony installed, does chronyd run, may this user run chronyc?)")]
    NoChrony,
}

impl Refused {
    /// A kiss-o'-death.
    pub fn kiss(code: [u8; 4]) -> Self {
        Self::Kiss(code)
    }
}

/// The code of a kiss as text, whatever its octets.
struct Code<'c>(&'c [u8; 4]);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| {
            let shown = if octet.is_ascii_alphanumeric() {
                char::from(*octet)
            } else {
                '?'
            };
            write!(f, "{shown}")
        })
    }
}

/// What became of asking one source.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reading {
    /// The source as configured.
    pub source: String,
    /// Its best sample, or why there is none.
    pub outcome: Result<Sample, Refused>,
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.outcome {
            Ok(sample) => write!(f, "{}: {} ms", self.source, millis(sample.offset_micros)),
            Err(refused) => write!(f, "{} {refused}", self.source),
        }
    }
}

/// How far the clock is off.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Measured {
    /// Milliseconds that the sources are ahead of our clock: positive means that our clock is behind.
    pub offset_ms: i64,
    /// Milliseconds that this may be wrong by, rounded up.
    pub uncertainty_ms: u64,
    /// Every source that was asked.
    pub readings: Vec<Reading>,
}

/// Why it is not known how far the clock is off.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unknown {
    /// No source is configured.
    #[error("no time source is configured")]
    NoSource,
    /// Half of the sources or more gave no usable answer.
    #[error("{} of {} time sources answered, and more than half must: {}", answered(.0), .0.len(), list(.0))]
    TooFew(Vec<Reading>),
    /// No more than half of the sources agree with each other.
    #[error("the time sources do not agree: {}", list(.0))]
    Disagree(Vec<Reading>),
}

/// The sample that is best of one source: that of the lowest delay, as the network had the least part in it.
pub fn best(samples: impl IntoIterator<Item = Sample>) -> Option<Sample> {
    samples.into_iter().min_by_key(|sample| sample.delay_micros)
}

/// The median of the sources, when more than half of those that were asked agree with it. One liar among three is
/// outvoted; one among two cannot be told from the other, so that nothing is known.
///
/// # Errors
/// When too few answered, or too few agree.
pub fn majority(readings: Vec<Reading>) -> Result<Measured, Unknown> {
    let asked = readings.len();
    if asked == 0 {
        return Err(Unknown::NoSource);
    }
    let mut samples: Vec<Sample> = (readings.iter())
        .filter_map(|reading| reading.outcome.ok())
        .collect();
    if samples.len() * 2 <= asked {
        return Err(Unknown::TooFew(readings));
    }
    samples.sort_unstable_by_key(|sample| sample.offset_micros);
    let votes = |candidate: &Sample| samples.iter().filter(|other| agree(candidate, other)).count();
    // Of an even number both in the middle are candidates.
    let middle = (samples.len() - 1) / 2..=samples.len() / 2;
    let elected = (samples.get(middle).unwrap_or_default().iter()).max_by_key(|candidate| votes(candidate));
    match elected {
        Some(elected) if votes(elected) * 2 > asked => Ok(Measured {
            offset_ms: millis(elected.offset_micros),
            uncertainty_ms: elected.uncertainty_micros.div_ceil(1_000),
            readings,
        }),
        _ => Err(Unknown::Disagree(readings)),
    }
}

fn agree(one: &Sample, other: &Sample) -> bool {
    let margin = one
        .uncertainty_micros
        .saturating_add(other.uncertainty_micros)
        .saturating_add(AGREEMENT_MICROS);
    one.offset_micros.abs_diff(other.offset_micros) <= margin
}

/// Whole milliseconds, away from zero: what is beyond a limit must not be rounded to it.
fn millis(micros: i64) -> i64 {
    let away = i64::try_from(micros.unsigned_abs().div_ceil(1_000)).unwrap_or(i64::MAX);
    if micros < 0 { -away } else { away }
}

fn answered(readings: &[Reading]) -> usize {
    readings.iter().filter(|reading| reading.outcome.is_ok()).count()
}

fn list(readings: &[Reading]) -> String {
    let texts: Vec<String> = readings.iter().map(Reading::to_string).collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(offset_ms: i64, delay_ms: u64) -> Sample {
        Sample {
            offset_micros: offset_ms * 1_000,
            uncertainty_micros: delay_ms * 500,
            delay_micros: delay_ms * 1_000,
        }
    }

    fn said(offsets: &[Option<i64>]) -> Vec<Reading> {
        let reading = |(index, offset): (usize, &Option<i64>)| Reading {
            source: format!("ntp{index}:123"),
            outcome: offset.map(|ms| sample(ms, 10)).ok_or(Refused::Silent),
        };
        offsets.iter().enumerate().map(reading).collect()
    }

    fn offset(offsets: &[Option<i64>]) -> Result<i64, Unknown> {
        majority(said(offsets)).map(|measured| measured.offset_ms)
    }

    #[test]
    fn the_lowest_delay_wins() {
        let best = best([sample(300, 700), sample(2, 3), sample(90, 200)]).unwrap();
        assert_eq!(best, sample(2, 3));
    }

    #[test]
    fn one_liar_among_three_is_outvoted_whichever_way_it_lies() {
        for liar in [5_000, -5_000] {
            for order in [[liar, 3, 4], [3, liar, 4], [3, 4, liar]] {
                let measured = offset(&order.map(Some)).unwrap();
                assert!((3..=4).contains(&measured), "{order:?}: {measured}");
            }
        }
        assert!(matches!(
            offset(&[Some(1), Some(5_000), Some(2), Some(3)]),
            Ok(2 | 3)
        ));
    }

    #[test]
    fn what_no_majority_says_is_not_known() {
        assert!(matches!(offset(&[]), Err(Unknown::NoSource)));
        assert!(matches!(
            offset(&[Some(1), Some(5_000)]),
            Err(Unknown::Disagree(_))
        ));
        assert!(matches!(
            offset(&[Some(1), Some(5_000), Some(-5_000)]),
            Err(Unknown::Disagree(_))
        ));
        assert!(matches!(
            offset(&[Some(1), Some(2), Some(5_000), Some(5_001)]),
            Err(Unknown::Disagree(_))
        ));
        assert!(matches!(
            offset(&[Some(5_000), None, None]),
            Err(Unknown::TooFew(_))
        ));
        assert!(matches!(offset(&[Some(1), None]), Err(Unknown::TooFew(_))));
        // A liar and a silent one leave one honest source: no majority of three.
        assert!(matches!(
            offset(&[Some(1), Some(5_000), None]),
            Err(Unknown::Disagree(_))
        ));
        assert_eq!(offset(&[Some(1), Some(1), None]), Ok(1));
        assert_eq!(offset(&[Some(5_000)]), Ok(5_000));
    }

    #[test]
    fn a_millisecond_is_rounded_away_from_zero() {
        assert_eq!(
            (millis(1_000_001), millis(-1_000_001), millis(0)),
            (1_001, -1_001, 0)
        );
    }

    #[test]
    fn the_reason_names_each_source() {
        let text = majority(said(&[Some(3), None])).unwrap_err().to_string();
        assert_eq!(
            text,
            "1 of 2 time sources answered, and more than half must: ntp0:123: 3 ms; ntp1:123 does not answer"
        );
        assert_eq!(
            Refused::Kiss(*b"R\n\0E").to_string(),
            "refuses to answer (kiss-o'-death R??E)"
        );
    }
}
