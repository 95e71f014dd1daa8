//! What a reviewer should look at: hours and days that stand out. It accuses nobody.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime, Weekday};

use super::local::{JAPAN, MonthRange};
use crate::usage::{Hour, Who};

/// When something stands out. A file may hold them; what it leaves out is as here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Days of history that a day is compared with.
    pub history_days: u16,
    /// A day stands out with more than this many times the average day of the history ...
    pub volume_times: u32,
    /// ... and at least so many requests.
    pub volume_events_min: u64,
    /// Different patients of one user in one hour from which on it stands out.
    pub patients_per_hour: u64,
    /// Refused requests of one user in one hour from which on it stands out.
    pub denials_per_hour: u64,
    /// Requests of one user in an hour after hours from which on it stands out.
    pub after_hours_events_min: u64,
    /// The first open hour of the day, in Japan.
    pub open_from_hour: u8,
    /// The first closed hour after it.
    pub open_until_hour: u8,
    /// Days of the week that are closed, Monday 1 to Sunday 7.
    pub closed_weekdays: BTreeSet<u8>,
    /// Other closed days, `YYYY-MM-DD`.
    pub closed_days: BTreeSet<String>,
    /// Organisations that are always open, such as emergency hospitals: nothing is after hours there.
    pub always_open: BTreeSet<String>,
    /// Bases of decisions that stand for an emergency: each use stands out.
    pub emergency_bases: Vec<String>,
    /// Error codes of requests that should be tried again: no refusal.
    pub retry_errors: Vec<String>,
    /// Anomalies of one report at most.
    pub anomalies_max: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            history_days: 28,
            volume_times: 5,
            volume_events_min: 100,
            patients_per_hour: 30,
            denials_per_hour: 10,
            after_hours_events_min: 1,
            open_from_hour: 7,
            open_until_hour: 20,
            closed_weekdays: BTreeSet::from([6, 7]),
            closed_days: BTreeSet::new(),
            always_open: BTreeSet::new(),
            emergency_bases: texts(&["EMERG"]),
            retry_errors: texts(&[
                "XDSRegistryBusy",
                "XDSRepositoryBusy",
                "XDSRegistryOutOfResources",
                "XDSRepositoryOutOfResources",
            ]),
            anomalies_max: 10_000,
        }
    }
}

impl Thresholds {
    /// From when on hours are needed for a month.
    pub fn history_from(&self, month: MonthRange) -> OffsetDateTime {
        month.from - Duration::days(i64::from(self.history_days))
    }
}

/// Something that stands out.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Anomaly {
    /// What.
    pub kind: AnomalyKind,
    /// The hour, or the day's first.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who. For the volume of a node no user.
    pub who: Who,
    /// How many: requests or patients.
    pub count: u64,
    /// From how many on it stands out.
    pub limit: u64,
}

/// Why something stands out.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnomalyKind {
    /// Access on the ground of an emergency.
    Emergency,
    /// Many refused requests in an hour.
    RepeatedDenials,
    /// Many patients in an hour.
    ManyPatients,
    /// A user's day against the user's own history.
    UserVolume,
    /// A node's day against the node's own history.
    NodeVolume,
    /// Outside the open hours.
    AfterHours,
}

/// What stands out in the month, gravest kinds first. `hours` are those of the month and of the history before it
/// ([`Thresholds::history_from`]).
pub fn anomalies(hours: &[Hour], month: MonthRange, thresholds: &Thresholds) -> Vec<Anomaly> {
    let in_month = |at: OffsetDateTime| month.from <= at && at < month.until;
    let mut found: Vec<Anomaly> = hours
        .iter()
        .filter(|hour| in_month(hour.hour))
        .flat_map(|hour| of_hour(hour, thresholds))
        .collect();
    let user = |who: &Who| who.user.is_some().then(|| who.clone());
    let node = |who: &Who| {
        who.node.as_ref().map(|node| Who {
            node: Some(node.clone()),
            organisation: who.organisation.clone(),
            ..Who::default()
        })
    };
    found.extend(volumes(hours, month, thresholds, AnomalyKind::UserVolume, user));
    found.extend(volumes(hours, month, thresholds, AnomalyKind::NodeVolume, node));
    found.sort();
    found.truncate(thresholds.anomalies_max);
    found
}

fn of_hour<'a>(hour: &'a Hour, thresholds: &Thresholds) -> impl Iterator<Item = Anomaly> + 'a {
    let after_hours = if is_open(hour, thresholds) { 0 } else { hour.events };
    let seen = [
        (AnomalyKind::Emergency, hour.emergencies, 1),
        (
            AnomalyKind::RepeatedDenials,
            hour.denials,
            thresholds.denials_per_hour,
        ),
        (
            AnomalyKind::ManyPatients,
            hour.patients,
            thresholds.patients_per_hour,
        ),
        (
            AnomalyKind::AfterHours,
            after_hours,
            thresholds.after_hours_events_min,
        ),
    ];
    seen.into_iter()
        .filter(|(_, count, limit)| *count >= (*limit).max(1))
        .map(|(kind, count, limit)| Anomaly {
            kind,
            at: hour.hour,
            who: hour.who.clone(),
            count,
            limit,
        })
}

/// Machines without a user work at night too.
fn is_open(hour: &Hour, thresholds: &Thresholds) -> bool {
    let is_always = hour
        .who
        .organisation
        .as_ref()
        .is_some_and(|organisation| thresholds.always_open.contains(organisation));
    if is_always || hour.who.user.is_none() {
        return true;
    }
    let at = hour.hour.to_offset(JAPAN);
    let is_hour = (thresholds.open_from_hour..thresholds.open_until_hour).contains(&at.hour());
    let is_day = !thresholds.closed_weekdays.contains(&number(at.weekday()))
        && !thresholds.closed_days.contains(&super::local::date(at.date()));
    is_hour && is_day
}

fn number(weekday: Weekday) -> u8 {
    weekday.number_from_monday()
}

/// Days with more than so many times the average day of the history before each of them.
fn volumes(
    hours: &[Hour],
    month: MonthRange,
    thresholds: &Thresholds,
    kind: AnomalyKind,
    of: impl Fn(&Who) -> Option<Who>,
) -> Vec<Anomaly> {
    let mut days: BTreeMap<Who, BTreeMap<Date, u64>> = BTreeMap::new();
    for hour in hours {
        if let Some(who) = of(&hour.who) {
            let day = hour.hour.to_offset(JAPAN).date();
            *days.entry(who).or_default().entry(day).or_default() += hour.events;
        }
    }
    let history = u64::from(thresholds.history_days.max(1));
    let mut found = Vec::new();
    for (who, days) in &days {
        for (day, count) in days.range(month.first..) {
            let at = day.midnight().assume_offset(JAPAN);
            if at >= month.until {
                break;
            }
            let since = *day - Duration::days(i64::from(thresholds.history_days.max(1)));
            let before: u64 = days.range(since..*day).map(|(_, count)| count).sum();
            let limit = (before.saturating_mul(u64::from(thresholds.volume_times)) / history + 1)
                .max(thresholds.volume_events_min);
            if *count >= limit {
                found.push(Anomaly {
                    kind,
                    at,
                    who: who.clone(),
                    count: *count,
                    limit,
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn month() -> MonthRange {
        MonthRange::of(2026, 11).unwrap()
    }

    fn hour(at: OffsetDateTime, events: u64) -> Hour {
        Hour {
            hour: at,
            who: Who {
                node: Some("clinic-a".to_owned()),
                organisation: Some("1310000001".to_owned()),
                user: Some("dr.sato".to_owned()),
                issuer: None,
            },
            events,
            patients: 1,
            denials: 0,
            emergencies: 0,
        }
    }

    fn kinds(hours: &[Hour], thresholds: &Thresholds) -> Vec<AnomalyKind> {
        let found = anomalies(hours, month(), thresholds);
        found.iter().map(|anomaly| anomaly.kind).collect()
    }

    /// A Tuesday at ten in the morning.
    const OPEN: OffsetDateTime = datetime!(2026-11-24 10:00 +9);

    #[test]
    fn each_threshold_speaks_at_its_limit_and_not_below() {
        let thresholds = Thresholds::default();
        assert!(kinds(&[hour(OPEN, 1)], &thresholds).is_empty());
        let with = |change: fn(&mut Hour, u64), count| {
            let mut hour = hour(OPEN, 1);
            change(&mut hour, count);
            kinds(&[hour], &thresholds)
        };
        assert_eq!(with(|h, n| h.patients = n, 30), [AnomalyKind::ManyPatients]);
        assert!(with(|h, n| h.patients = n, 29).is_empty());
        assert_eq!(with(|h, n| h.denials = n, 10), [AnomalyKind::RepeatedDenials]);
        assert!(with(|h, n| h.denials = n, 9).is_empty());
        assert_eq!(with(|h, n| h.emergencies = n, 1), [AnomalyKind::Emergency]);
    }

    #[test]
    fn after_hours_is_told_by_the_clock_and_the_calendar_of_japan() {
        let mut thresholds = Thresholds::default();
        let after = [AnomalyKind::AfterHours];
        for closed in [
            datetime!(2026-11-24 06:00 +9),
            datetime!(2026-11-24 20:00 +9),
            datetime!(2026-11-28 10:00 +9),
        ] {
            assert_eq!(kinds(&[hour(closed, 1)], &thresholds), after, "{closed}");
        }
        for open in [datetime!(2026-11-24 07:00 +9), datetime!(2026-11-24 19:00 +9)] {
            assert!(kinds(&[hour(open, 1)], &thresholds).is_empty(), "{open}");
        }
        thresholds.closed_days.insert("2026-11-24".to_owned());
        assert_eq!(kinds(&[hour(OPEN, 1)], &thresholds), after);
        thresholds.always_open.insert("1310000001".to_owned());
        assert!(kinds(&[hour(OPEN, 1)], &thresholds).is_empty());
    }

    #[test]
    fn a_day_is_measured_against_its_own_history() {
        let thresholds = Thresholds {
            history_days: 10,
            volume_events_min: 10,
            ..Thresholds::default()
        };
        let mut hours: Vec<Hour> = (1..=10).map(|day| hour(OPEN - Duration::days(day), 9)).collect();
        hours.retain(|hour| !matches!(hour.hour.weekday(), Weekday::Saturday | Weekday::Sunday));
        // Seven or eight days of nine: 6 a day, so 5 times that is passed with the 37th at the latest.
        let before: u64 = hours.iter().map(|hour| hour.events).sum();
        hours.push(hour(OPEN, before * 5 / 10 + 1));
        let both = [AnomalyKind::UserVolume, AnomalyKind::NodeVolume];
        assert_eq!(kinds(&hours, &thresholds), both);
        hours.last_mut().unwrap().events -= 1;
        assert!(kinds(&hours, &thresholds).is_empty());
    }

    #[test]
    fn what_lies_outside_the_month_is_history_only() {
        let october = hour(datetime!(2026-10-31 23:00 +9), 500);
        let december = hour(datetime!(2026-12-01 00:00 +9), 500);
        assert!(kinds(&[october, december], &Thresholds::default()).is_empty());
    }

    #[test]
    fn thresholds_are_data() {
        let text = r#"{"patients_per_hour": 3, "emergency_bases": ["BTG"]}"#;
        let thresholds: Thresholds = serde_json::from_str(text).unwrap();
        assert_eq!(thresholds.patients_per_hour, 3);
        assert_eq!(thresholds.denials_per_hour, 10);
        assert!(serde_json::from_str::<Thresholds>(r#"{"patients": 3}"#).is_err());
    }
}
