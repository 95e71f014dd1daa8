//! The 48 octets of an NTP message, and what a client believes of an answer (RFC 5905, sections 6, 7.3, 8 and 14).

use std::time::Duration;

use time::OffsetDateTime;

use crate::evaluate::{Refused, Sample, UNCERTAINTY_MICROS_MAX};

/// Octets of a message without extension fields.
pub const OCTETS: usize = 48;
/// The largest answer that is read: a header with extension fields and a digest, which are not looked at.
pub const OCTETS_MAX: usize = 512;

/// Seconds from 1900 (NTP) to 1970 (Unix).
const UNIX_EPOCH: i128 = 2_208_988_800;
const NANOS: i128 = 1_000_000_000;
/// Leap indicator of a server that is not synchronised.
const LEAP_ALARM: u8 = 3;
/// Stratum of a server that is not synchronised; greater ones are reserved.
const STRATUM_UNSYNCHRONISED: u8 = 16;
const MODE_CLIENT: u8 = 3;
const MODE_SERVER: u8 = 4;
const VERSION: u8 = 4;

/// An NTP timestamp: seconds since 1900 in 32.32 bits, modulo 2^32 seconds (an era).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The timestamp of an instant, in whichever era.
    pub fn of(at: OffsetDateTime) -> Self {
        let nanos = at.unix_timestamp_nanos() + UNIX_EPOCH * NANOS;
        let (seconds, rest) = (nanos.div_euclid(NANOS), nanos.rem_euclid(NANOS));
        let fixed = (seconds << 32) + (rest << 32) / NANOS;
        // The seconds wrap at the end of an era; that is what the type is.
        Self(u64::try_from(fixed.rem_euclid(1 << 64)).unwrap_or_default())
    }

    /// Microseconds from `earlier` to `self`: right whatever the eras, as long as they are less than 68 years apart.
    fn micros_since(self, earlier: Self) -> i64 {
        let fixed = i128::from(self.0.wrapping_sub(earlier.0).cast_signed());
        i64::try_from((fixed * 1_000_000) >> 32).unwrap_or(i64::MAX)
    }
}

/// A question of a client: nothing of ours in it but a number that only the asked server can know.
///
/// The transmit timestamp is that number, not our time: a server merely repeats it, and the time of this machine is not
/// shown to the network.
pub fn request(nonce: u64) -> [u8; OCTETS] {
    let mut octets = [0; OCTETS];
    let [first, .., n1, n2, n3, n4, n5, n6, n7, n8] = &mut octets;
    *first = (VERSION << 3) | MODE_CLIENT;
    [*n1, *n2, *n3, *n4, *n5, *n6, *n7, *n8] = nonce.to_be_bytes();
    octets
}

/// The moments that the client notes by itself.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// The number in the question.
    pub nonce: u64,
    /// When it was sent, by the clock that is being judged.
    pub sent: OffsetDateTime,
    /// How long the answer took, by a clock that is never set.
    pub took: Duration,
}

/// Judges an answer. Whose it is comes first: what a stranger says of anything else is not looked at.
///
/// # Errors
/// Why it is not believed.
pub fn judge(octets: &[u8], exchange: Exchange) -> Result<Sample, Refused> {
    let header = Header::read(octets).ok_or(Refused::Malformed)?;
    if header.originate.0 != exchange.nonce {
        return Err(Refused::NotOurs);
    }
    if header.mode != MODE_SERVER || !(3..=VERSION).contains(&header.version) {
        return Err(Refused::Malformed);
    }
    if header.stratum == 0 {
        return Err(Refused::kiss(header.reference_id));
    }
    if header.leap == LEAP_ALARM || header.stratum >= STRATUM_UNSYNCHRONISED {
        return Err(Refused::NotSynchronised);
    }
    if header.receive.0 == 0 || header.transmit.0 == 0 {
        return Err(Refused::Implausible);
    }
    header.sample(exchange)
}

/// The fields that a client looks at.
struct Header {
    leap: u8,
    version: u8,
    mode: u8,
    stratum: u8,
    root_delay: u32,
    root_dispersion: u32,
    reference_id: [u8; 4],
    originate: Timestamp,
    receive: Timestamp,
    transmit: Timestamp,
}

impl Header {
    fn read(octets: &[u8]) -> Option<Self> {
        let first = *octets.first()?;
        Some(Self {
            leap: first >> 6,
            version: (first >> 3) & 7,
            mode: first & 7,
            stratum: *octets.get(1)?,
            root_delay: u32::from_be_bytes(field(octets, 4)?),
            root_dispersion: u32::from_be_bytes(field(octets, 8)?),
            reference_id: field(octets, 12)?,
            originate: Timestamp(u64::from_be_bytes(field(octets, 24)?)),
            receive: Timestamp(u64::from_be_bytes(field(octets, 32)?)),
            transmit: Timestamp(u64::from_be_bytes(field(octets, 40)?)),
        })
    }

    /// Offset and delay of RFC 5905, section 8.
    fn sample(&self, exchange: Exchange) -> Result<Sample, Refused> {
        let took = i64::try_from(exchange.took.as_micros()).map_err(|_| Refused::Implausible)?;
        let sent = Timestamp::of(exchange.sent);
        let held = self.transmit.micros_since(self.receive);
        // The server cannot have held the question for longer than the whole exchange; a millisecond is left for
        // two clocks that do not run alike.
        if held < 0 || held > took.saturating_add(1_000) {
            return Err(Refused::Implausible);
        }
        let delay = (took - held).max(0);
        let there = self.receive.micros_since(sent);
        let back = self.transmit.micros_since(sent).saturating_sub(took);
        let root = short_micros(self.root_delay) / 2 + short_micros(self.root_dispersion);
        if root >= UNCERTAINTY_MICROS_MAX {
            return Err(Refused::Uncertain);
        }
        Ok(Sample {
            offset_micros: there / 2 + back / 2,
            uncertainty_micros: root.saturating_add(delay.unsigned_abs() / 2),
            delay_micros: delay.unsigned_abs(),
        })
    }
}

fn field<const N: usize>(octets: &[u8], at: usize) -> Option<[u8; N]> {
    octets.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Microseconds of the 16.16 format.
fn short_micros(fixed: u32) -> u64 {
    (u64::from(fixed) * 1_000_000) >> 16
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NONCE: u64 = 0x0123_4567_89ab_cdef;
    const SENT: OffsetDateTime = datetime!(2026-11-24 10:00 UTC);

    fn exchange() -> Exchange {
        Exchange {
            nonce: NONCE,
            sent: SENT,
            took: Duration::from_millis(20),
        }
    }

    /// An answer whose server is ahead by this much and held the question for 4 ms.
    fn answer(ahead: time::Duration) -> [u8; OCTETS] {
        let received = SENT + ahead + time::Duration::milliseconds(8);
        let mut octets = [0; OCTETS];
        octets[0] = 0x24;
        octets[1] = 2;
        octets[24..32].copy_from_slice(&NONCE.to_be_bytes());
        octets[32..40].copy_from_slice(&Timestamp::of(received).0.to_be_bytes());
        let transmitted = received + time::Duration::milliseconds(4);
        octets[40..48].copy_from_slice(&Timestamp::of(transmitted).0.to_be_bytes());
        octets
    }

    #[test]
    fn offset_and_delay_are_those_of_the_rfc() {
        for ahead in [0, 1, -1, 5_000, -5_000, 86_400_000] {
            let sample = judge(&answer(time::Duration::milliseconds(ahead)), exchange()).unwrap();
            assert!(
                (sample.offset_micros - ahead * 1_000).abs() <= 2,
                "{ahead}: {sample:?}"
            );
            assert!(sample.delay_micros.abs_diff(16_000) <= 2, "{sample:?}");
            assert!(sample.uncertainty_micros.abs_diff(8_000) <= 2, "{sample:?}");
        }
    }

    #[test]
    fn the_end_of_the_era_in_2036_is_no_jump() {
        let before = Timestamp::of(datetime!(2036-02-07 06:28:15 UTC));
        let after = Timestamp::of(datetime!(2036-02-07 06:28:17 UTC));
        assert!(after.0 < before.0);
        assert_eq!(after.micros_since(before), 2_000_000);
        assert_eq!(before.micros_since(after), -2_000_000);
    }

    #[test]
    fn an_answer_that_is_not_right_is_refused_with_its_reason() {
        type Change = fn(&mut [u8; OCTETS]);
        let cases: [(&str, Change, Refused); 9] = [
            ("originate", |o| o[31] ^= 1, Refused::NotOurs),
            ("mode of a client", |o| o[0] = 0x23, Refused::Malformed),
            ("version 1", |o| o[0] = 0x0c, Refused::Malformed),
            ("leap alarm", |o| o[0] = 0xe4, Refused::NotSynchronised),
            ("stratum 16", |o| o[1] = 16, Refused::NotSynchronised),
            ("no transmit", |o| o[40..48].fill(0), Refused::Implausible),
            ("held for long", |o| o[43] += 2, Refused::Implausible),
            ("root dispersion", |o| o[9] = 2, Refused::Uncertain),
            (
                "kiss",
                |o| {
                    o[1] = 0;
                    o[12..16].copy_from_slice(b"RATE");
                },
                Refused::Kiss(*b"RATE"),
            ),
        ];
        for (name, change, reason) in cases {
            let mut octets = answer(time::Duration::ZERO);
            change(&mut octets);
            assert_eq!(judge(&octets, exchange()), Err(reason), "{name}");
        }
        assert_eq!(judge(&[0x24; 47], exchange()), Err(Refused::Malformed));
    }

    #[test]
    fn a_question_shows_nothing_but_the_nonce() {
        let octets = request(NONCE);
        assert_eq!(octets[0], 0x23);
        assert!(octets[1..40].iter().all(|octet| *octet == 0));
        assert_eq!(octets[40..], NONCE.to_be_bytes());
    }
}
