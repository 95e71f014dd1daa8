//! What is printed.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::catch_up::CatchUp;
use crate::figures::{Row, as_f64};
use crate::journal::JournalRow;
use crate::large::Memory;
use crate::trail::TrailFigures;

/// What the figures were measured on and how.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Conditions {
    pub(crate) cpu: String,
    pub(crate) cores: usize,
    pub(crate) seconds: f64,
    pub(crate) connections: u64,
    pub(crate) rounds: u64,
    pub(crate) patients: u64,
    pub(crate) basis: &'static str,
}

impl Conditions {
    fn line(&self) -> String {
        format!(
            "{} cores, {}; {} rounds of {} s, {} connections; medians; generator, servers and PostgreSQL on the same cores",
            self.cores, self.cpu, self.rounds, self.seconds, self.connections
        )
    }
}

/// The model of the processor, from the text of `/proc/cpuinfo`.
pub(crate) fn cpu_model(text: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("model name"));
    let model = line
        .and_then(|line| line.split_once(':'))
        .map(|(_, model)| model.trim());
    model.unwrap_or("unknown processor").to_owned()
}

/// The table of cases.
pub(crate) fn cases(conditions: &Conditions, rows: &[Row]) -> String {
    let mut table = new_table(&[
        "case",
        "req/s",
        "CPU us",
        "p50 ms",
        "p99 ms",
        "bytes in",
        "bytes out",
        "floor req/s",
        "floor CPU us",
        "CPU ratio",
        "rate ratio",
        "",
    ]);
    for row in rows {
        table.add_row([
            row.case.to_owned(),
            number(row.figures.requests_per_second),
            number(row.figures.cpu_us),
            number(row.p50_ms),
            number(row.p99_ms),
            row.bytes_in.to_string(),
            row.bytes_out.to_string(),
            number(row.floor.requests_per_second),
            number(row.floor.cpu_us),
            ratio(row.cpu_ratio),
            ratio(row.rate_ratio),
            if row.slow { "SLOW" } else { "" }.to_owned(),
        ]);
    }
    right(&mut table, 1..=10);
    format!(
        "{}\n\n{table}\n\n{LEGEND}\n\n{}\n",
        conditions.line(),
        parts(rows)
    )
}

const LEGEND: &str = "CPU: of registry, repository and PostgreSQL for each request. Ratios: case to floor, by CPU and by rate; \
                      SLOW: one of them is more than 3.";

/// Where the CPU time of each case goes, and what its floor is made of.
fn parts(rows: &[Row]) -> Table {
    let mut table = new_table(&["case", "part", "req/s", "CPU us"]);
    for row in rows {
        let processes = [
            ("registry", row.registry_cpu_us),
            ("repository", row.repository_cpu_us),
            ("PostgreSQL", row.postgresql_cpu_us),
        ];
        for (process, cpu_us) in processes {
            table.add_row([
                row.case.to_owned(),
                process.to_owned(),
                String::new(),
                number(cpu_us),
            ]);
        }
        for part in &row.floor_parts {
            table.add_row([
                row.case.to_owned(),
                format!("floor: {}", part.name),
                number(part.figures.requests_per_second),
                number(part.figures.cpu_us),
            ]);
        }
    }
    right(&mut table, 2..=3);
    table
}

/// The table of the journal alone.
pub(crate) fn journal(conditions: &Conditions, rows: &[JournalRow]) -> String {
    let mut table = new_table(&[
        "callers",
        "events/s",
        "CPU us",
        "events/sync",
        "bytes",
        "floor events/s",
        "rate ratio",
        "followed/s",
    ]);
    for row in rows {
        table.add_row([
            row.callers.to_string(),
            number(row.events_per_second),
            number(row.cpu_us),
            number(row.events_per_sync),
            number(row.bytes_per_event),
            number(row.floor_events_per_second),
            ratio(row.rate_ratio),
            number(row.followed_per_second),
        ]);
    }
    right(&mut table, 0..=7);
    format!("{}\n\n{table}\n\n{JOURNAL_LEGEND}\n", conditions.line())
}

const JOURNAL_LEGEND: &str = "An event is a request: an opening and a closing part. CPU: of the whole process for each event. Floor: the same bytes \
                              written and synced in groups of the same size. Followed: read back, joined and parsed.";

/// The table of delivery after an outage.
pub(crate) fn catch_up(conditions: &Conditions, figures: &CatchUp) -> String {
    let mut table = new_table(&[
        "events waiting",
        "queries/s in the outage",
        "seconds",
        "events/s delivered",
        "queries/s meanwhile",
    ]);
    table.add_row([
        figures.waiting.to_string(),
        number(figures.served_before),
        number(figures.seconds),
        number(figures.delivered),
        number(figures.served),
    ]);
    right(&mut table, 0..=4);
    format!("{}\n\n{table}\n\n{CATCH_UP_LEGEND}\n", conditions.line())
}

const CATCH_UP_LEGEND: &str = "Delivered: lines in rsyslog's file, by syslog over mutual TLS, from the first that arrived until as many had arrived \
                               as had waited. The queries of that time make events of their own.";

/// The tables of the audit trail alone.
pub(crate) fn trail(conditions: &Conditions, figures: &TrailFigures) -> String {
    let (index, search) = (&figures.index, &figures.search);
    let mut indexed = new_table(&[
        "events",
        "indexed/s",
        "CPU us",
        "bytes",
        "floor/s",
        "floor CPU us",
        "CPU ratio",
        "rate ratio",
    ]);
    indexed.add_row([
        index.events.to_string(),
        number(index.events_per_second),
        number(index.cpu_us),
        number(index.bytes_per_event),
        number(index.floor_events_per_second),
        number(index.floor_cpu_us),
        ratio(index.cpu_ratio),
        ratio(index.rate_ratio),
    ]);
    right(&mut indexed, 0..=7);
    let mut searched = new_table(&[
        "events",
        "patients",
        "found",
        "searches",
        "first ms",
        "p50 ms",
        "p95 ms",
        "longest ms",
        "goal ms",
        "",
    ]);
    searched.add_row([
        search.events.to_string(),
        search.patients.to_string(),
        search.events_found.to_string(),
        search.searches.to_string(),
        number(search.first_ms),
        number(search.p50_ms),
        number(search.p95_ms),
        number(search.longest_ms),
        number(search.goal_ms),
        if search.p50_ms > search.goal_ms {
            "MORE"
        } else {
            ""
        }
        .to_owned(),
    ]);
    right(&mut searched, 0..=8);
    format!(
        "{} cores, {}; {} rounds; medians; indexer and PostgreSQL on the same cores\n\n{indexed}\n\n{searched}\n\n{TRAIL_LEGEND}\n\n```\n{}\n```\n",
        conditions.cores,
        conditions.cpu,
        conditions.rounds,
        search.plan.join("\n")
    )
}

const TRAIL_LEGEND: &str = "CPU: of indexer and PostgreSQL for each event. Floor: a binary COPY of the same rows into the same tables with the \
                            same indexes. A search is for all events of a patient, no time given. The plan of one of them:";

/// The table of memory.
pub(crate) fn memory(conditions: &Conditions, steps: &[Memory]) -> String {
    let mut table = new_table(&[
        "repository",
        "seconds",
        "MB/s",
        "idle MiB",
        "peak above idle MiB",
        "goal MiB",
        "",
    ]);
    for step in steps {
        table.add_row([
            step.step.to_owned(),
            number(step.seconds),
            number(as_f64(step.bytes) / 1e6 / step.seconds),
            mebibytes(step.idle_bytes),
            mebibytes(step.above_idle_bytes),
            mebibytes(step.goal_bytes),
            if step.above_idle_bytes > step.goal_bytes {
                "MORE"
            } else {
                ""
            }
            .to_owned(),
        ]);
    }
    right(&mut table, 1..=5);
    format!("{} cores, {}\n\n{table}\n", conditions.cores, conditions.cpu)
}

fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header(header);
    table
}

fn right(table: &mut Table, columns: std::ops::RangeInclusive<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// Three digits that count, or a whole number.
fn number(value: f64) -> String {
    match value {
        value if !value.is_finite() => "-".to_owned(),
        value if value >= 99.95 => format!("{value:.0}"),
        value if value >= 9.995 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn ratio(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.2}")
    } else {
        "-".to_owned()
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", as_f64(bytes) / 1_048_576.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::tests::round;

    fn conditions() -> Conditions {
        Conditions {
            cpu: "Example".to_owned(),
            cores: 2,
            seconds: 5.0,
            connections: 8,
            rounds: 3,
            patients: 100,
        }
    }

    #[test]
    fn numbers_have_three_digits() {
        let texts = [0.0, 0.123, 9.99, 9.996, 99.94, 99.96, 12_345.6].map(number);
        assert_eq!(texts, ["0.00", "0.12", "9.99", "10.0", "99.9", "100", "12346"]);
        assert_eq!(number(f64::NAN), "-");
        assert_eq!(number(f64::INFINITY), "-");
    }

    #[test]
    fn a_slow_case_is_marked_and_its_floor_taken_apart() {
        let fast = Row::new("fast", &[round(100.0, 90.0, &[(200.0, 50.0)])]);
        let slow = Row::new("slow-one", &[round(100.0, 390.0, &[(200.0, 50.0), (100.0, 7.0)])]);
        let text = cases(&conditions(), &[fast, slow]);
        let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap().to_owned();
        assert!(!line("fast").contains("SLOW"));
        assert!(line("slow-one").contains("SLOW") && line("slow-one").contains(" 400 |"));
        let parts = text
            .lines()
            .filter(|line| line.contains("slow-one") && line.contains("floor: part"));
        assert_eq!(parts.count(), 2);
        let postgresql = text
            .lines()
            .filter(|line| line.contains("| PostgreSQL ") && line.contains(" 10.0 |"));
        assert_eq!(postgresql.count(), 2);
        assert!(text.starts_with("2 cores, Example; 3 rounds of 5 s, 8 connections"));
    }

    #[test]
    fn memory_above_the_goal_is_marked() {
        let step = |above_idle_bytes| Memory {
            step: "1 GiB up",
            seconds: 2.0,
            bytes: 1 << 30,
            idle_bytes: 15 << 20,
            above_idle_bytes,
            goal_bytes: 32 << 20,
        };
        let within = memory(&conditions(), &[step(32 << 20)]);
        assert!(within.contains("32.0") && within.contains("537") && !within.contains("MORE"));
        assert!(memory(&conditions(), &[step((32 << 20) + 1)]).contains("MORE"));
    }

    #[test]
    fn a_search_that_takes_longer_than_it_should_is_marked() {
        let figures = |p50_ms| TrailFigures {
            index: crate::trail::IndexRow {
                events: 50_000,
                events_per_second: 10_000.0,
                cpu_us: 120.0,
                bytes_per_event: 1_500.0,
                floor_events_per_second: 25_000.0,
                floor_cpu_us: 40.0,
                cpu_ratio: 3.0,
                rate_ratio: 2.5,
            },
            search: crate::trail::SearchRow {
                events: 10_000_000,
                patients: 100_000,
                events_found: 100,
                searches: 201,
                first_ms: 120.0,
                p50_ms,
                p95_ms: 30.0,
                longest_ms: 130.0,
                goal_ms: 100.0,
                plan: vec!["Limit".to_owned()],
            },
        };
        let text = trail(&conditions(), &figures(12.3));
        assert!(
            text.contains("12.3") && text.contains("2.50") && text.contains("```\nLimit\n```"),
            "{text}"
        );
        assert!(!text.contains("MORE") && trail(&conditions(), &figures(100.1)).contains("MORE"));
    }

    #[test]
    fn the_processor_has_a_name_or_none() {
        assert_eq!(
            cpu_model("processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\n"),
            "Some CPU @ 2 GHz"
        );
        assert_eq!(cpu_model("processor\t: 0\n"), "unknown processor");
    }
}
