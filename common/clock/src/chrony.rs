//! Reads what chrony knows: `chronyc -c -n tracking`, as a child process.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::evaluate::{Reading, Refused, Sample, UNCERTAINTY_MICROS_MAX};

/// The largest report that is read, in bytes.
const REPORT_BYTES_MAX: u64 = 4096;
const PATIENCE: Duration = Duration::from_secs(5);
/// Fields of a report.
const FIELDS: usize = 14;
/// Reference id of a chrony that follows its own clock and nothing else (127.127.1.1).
const LOCAL: &str = "7F7F0101";

/// The chrony of this machine.
#[derive(Clone, Debug)]
pub struct Chrony {
    arguments: Vec<String>,
}

impl Default for Chrony {
    fn default() -> Self {
        Self::with_arguments([])
    }
}

impl Chrony {
    /// With more arguments for chronyc, such as `-h` and the socket of a chronyd that is not the machine's.
    pub fn with_arguments(arguments: impl IntoIterator<Item = String>) -> Self {
        Self {
            arguments: arguments.into_iter().collect(),
        }
    }

    /// Asks chrony how far the clock is off.
    pub async fn ask(&self) -> Reading {
        let outcome = match tokio::time::timeout(PATIENCE, self.report()).await {
            Ok(Ok(report)) => parse(&report),
            Ok(Err(_)) => Err(Refused::NoChrony),
            Err(_) => Err(Refused::Silent),
        };
        Reading {
            source: "chrony".to_owned(),
            outcome,
        }
    }

    async fn report(&self) -> std::io::Result<String> {
        let mut child = Command::new("chronyc")
            .args(["-c", "-n"])
            .args(&self.arguments)
            .arg("tracking")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut report = String::new();
        if let Some(output) = child.stdout.take() {
            output.take(REPORT_BYTES_MAX).read_to_string(&mut report).await?;
        }
        if child.wait().await?.success() {
            Ok(report)
        } else {
            Err(std::io::ErrorKind::Other.into())
        }
    }
}

/// Reads a report: reference id, its address, stratum, reference time, system time, last offset, RMS offset,
/// frequency, residual frequency, skew, root delay, root dispersion, update interval, leap status.
///
/// # Errors
/// When it is no report, or says that chrony does not know the time.
pub fn parse(report: &str) -> Result<Sample, Refused> {
    let fields: Vec<&str> = report.trim().split(',').collect();
    let fields: [&str; FIELDS] = fields.try_into().map_err(|_| Refused::Malformed)?;
    let [
        reference,
        _,
        stratum,
        _,
        system,
        _,
        _,
        _,
        _,
        _,
        root_delay,
        root_dispersion,
        _,
        leap,
    ] = fields;
    let stratum: u8 = stratum.parse().map_err(|_| Refused::Malformed)?;
    if leap == "Not synchronised" || reference == LOCAL || !(1..=15).contains(&stratum) {
        return Err(Refused::NotSynchronised);
    }
    let (system, root_delay) = (micros(system)?, micros(root_delay)?.unsigned_abs());
    // Chrony counts a correction that is still to be made as dispersion; here it is the offset, not a doubt about it.
    let dispersion = micros(root_dispersion)?
        .unsigned_abs()
        .saturating_sub(system.unsigned_abs());
    let root = root_delay / 2 + dispersion;
    if root >= UNCERTAINTY_MICROS_MAX {
        return Err(Refused::Uncertain);
    }
    Ok(Sample {
        // Positive is "slow of NTP time": the same sense as ours.
        offset_micros: system,
        uncertainty_micros: root,
        delay_micros: root_delay,
    })
}

/// Microseconds of seconds with a fraction; less than one is no matter here.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked before")]
fn micros(seconds: &str) -> Result<i64, Refused> {
    let seconds: f64 = seconds.parse().map_err(|_| Refused::Malformed)?;
    if seconds.is_finite() && seconds.abs() < 1e12 {
        Ok((seconds * 1e6) as i64)
    } else {
        Err(Refused::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "C0A80001,192.168.0.1,3,1790000000.123456789,0.004500000,-0.000002000,0.000010000,\
                          -12.345,0.001,0.020,0.010000000,0.006500000,64.2,Normal\n";

    #[test]
    fn a_report_is_read() {
        let sample = parse(REPORT).unwrap();
        assert_eq!(sample.offset_micros, 4_500);
        assert_eq!(sample.uncertainty_micros, 7_000);
        let ahead = parse(
            &REPORT
                .replace(",0.004500000,", ",-6.000000000,")
                .replace(",0.006500000,", ",6.002000000,"),
        )
        .unwrap();
        assert_eq!(
            (ahead.offset_micros, ahead.uncertainty_micros),
            (-6_000_000, 7_000)
        );
    }

    #[test]
    fn a_chrony_that_does_not_know_the_time_is_not_believed() {
        for (old, new, refused) in [
            ("Normal", "Not synchronised", Refused::NotSynchronised),
            ("C0A80001", LOCAL, Refused::NotSynchronised),
            (".1,3,", ".1,0,", Refused::NotSynchronised),
            (",0.006500000,", ",1.200000000,", Refused::Uncertain),
            (",0.004500000,", ",NaN,", Refused::Malformed),
            (",64.2,", ",", Refused::Malformed),
        ] {
            let report = REPORT.replace(old, new);
            assert_ne!(report, REPORT);
            assert_eq!(parse(&report), Err(refused), "{new}");
        }
        assert_eq!(parse(""), Err(Refused::Malformed));
    }
}
