//! The clock, as `serve` measures it (IHE CT, ITI-1: within one second).

use xds_clock::{Measured, Sources, Unknown, measure};
use xds_model::time::{Clock, IdSource};

use super::Finding;
use crate::config::TimeSection;
use crate::lang::Say;

const PART: &str = "clock";

/// Measures how far the clock is off. No source: a loud warning.
pub async fn clock(section: &TimeSection, clock: &dyn Clock, ids: &dyn IdSource) -> Vec<Finding> {
    let sources = section.sources();
    if matches!(sources, Sources::None) {
        return vec![nobody_checks()];
    }
    match measure(&sources, clock, ids).await {
        Ok(measured) => {
            let silent = (measured.readings.iter()).filter(|reading| reading.outcome.is_err());
            let silent: Vec<Finding> = silent.map(|reading| not_asked(&reading.to_string())).collect();
            let mut findings = vec![judged(&measured, section.offset_ms_max)];
            findings.extend(silent);
            findings
        }
        Err(unknown) => vec![not_known(&unknown)],
    }
}

fn nobody_checks() -> Finding {
    let found = Say::new(
        "時刻の基準が設定されていません",
        "no time source is configured: nobody checks the clock",
    );
    let repair = Say::new(
        "[time] ntp_servers に NTP サーバーを書くか、source = \"chrony\" にしてください(ずれは 1 秒以内)。",
        "name NTP servers in [time] ntp_servers, or set source = \"chrony\" (the clock must be within 1 second)",
    );
    Finding::warning(PART, found, repair)
}

fn judged(measured: &Measured, max: u64) -> Finding {
    let Measured {
        offset_ms,
        uncertainty_ms,
        ..
    } = measured;
    let found = Say::new(
        format!("時刻の基準とのずれ {offset_ms} ミリ秒(誤差 {uncertainty_ms} ミリ秒、上限 {max} ミリ秒)"),
        format!(
            "{offset_ms} ms off the time sources (give or take {uncertainty_ms} ms; {max} ms is allowed)"
        ),
    );
    if offset_ms.unsigned_abs() <= max {
        return Finding::good(PART, found);
    }
    let repair = Say::new(
        "時計を合わせ、時刻同期(chrony など)を直してください。このままでは起動しません。",
        "set the clock and repair the time synchronisation (chrony or the like); `serve` refuses to start",
    );
    Finding::bad(PART, found, repair)
}

fn not_asked(reading: &str) -> Finding {
    Finding::warning(
        PART,
        Say::new(
            format!("時刻の基準が使えません: {reading}"),
            format!("a time source is of no use: {reading}"),
        ),
        repair(),
    )
}

fn not_known(unknown: &Unknown) -> Finding {
    Finding::warning(
        PART,
        Say::new(
            format!("時計が正しいか分かりません: {unknown}"),
            format!("it is not known whether the clock is right: {unknown}"),
        ),
        repair(),
    )
}

fn repair() -> Say {
    Say::new(
        "[time] と、NTP (UDP 123) が通るか、chronyd が動いているかを確かめてください。",
        "check [time], that NTP (UDP 123) can pass, or that chronyd runs",
    )
}

#[cfg(test)]
mod tests {
    use xds_model::time::System;

    use super::super::Gravity;
    use super::*;

    fn measured(offset_ms: i64) -> Measured {
        Measured {
            offset_ms,
            uncertainty_ms: 2,
            readings: Vec::new(),
        }
    }

    #[tokio::test]
    async fn no_source_is_a_warning() {
        let findings = clock(&TimeSection::default(), &System, &System).await;
        assert_eq!(findings[0].gravity, Gravity::Warning);
    }

    #[tokio::test]
    async fn a_server_that_does_not_exist_is_a_warning_with_its_name() {
        let section = TimeSection {
            ntp_servers: vec!["ntp.invalid".to_owned()],
            ..TimeSection::default()
        };
        let findings = clock(&section, &System, &System).await;
        assert_eq!(findings[0].gravity, Gravity::Warning);
        assert!(
            format!("{:?}", findings[0].found).contains("ntp.invalid"),
            "{findings:?}"
        );
    }

    #[test]
    fn beyond_the_limit_is_bad() {
        assert_eq!(judged(&measured(1_000), 1_000).gravity, Gravity::Good);
        assert_eq!(judged(&measured(-1_001), 1_000).gravity, Gravity::Bad);
    }
}
