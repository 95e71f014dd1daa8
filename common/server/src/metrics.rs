//! What a server counts. Label values come from fixed sets only, never from a request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use xds_audit::JournalStats;
use xds_model::Transaction;
use xds_syslog::sender::DestinationStatus;

use crate::timekeeping::ClockGauges;

/// The counters of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    seconds: Family<TransactionLabels, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
    refused_handshakes: Family<ReasonLabels, Counter>,
    tls_reloads: Family<OutcomeLabels, Counter>,
    audit: AuditGauges,
    clock: ClockGauges,
}

/// How the journal and its delivery stand.
#[derive(Clone, Debug, Default)]
struct AuditGauges {
    durable_records: Gauge,
    growth_bytes_per_day: Gauge,
    days_left: Gauge,
    connected: Family<DestinationLabels, Gauge>,
    oldest_seconds: Family<DestinationLabels, Gauge>,
    sent: Family<DestinationLabels, Gauge>,
    resent: Family<DestinationLabels, Gauge>,
    failures: Family<DestinationLabels, Gauge>,
    set_aside: Family<DestinationLabels, Gauge>,
}

/// A destination by its name in the configuration.
#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct DestinationLabels {
    destination: String,
}

impl AuditGauges {
    fn register(&self, registry: &mut Registry) {
        let plain = [
            (
                "audit_journal_durable_records",
                "Number of the newest record on the disk",
                &self.durable_records,
            ),
            (
                "audit_journal_growth_bytes_per_day",
                "Growth of the journal",
                &self.growth_bytes_per_day,
            ),
            (
                "audit_journal_days_left",
                "Days until the journal's volume is full, at this growth",
                &self.days_left,
            ),
        ];
        for (name, help, gauge) in plain {
            registry.register(name, help, gauge.clone());
        }
        let families = [
            (
                "audit_destination_connected",
                "Whether a session stands",
                &self.connected,
            ),
            (
                "audit_destination_oldest_seconds",
                "Age of the oldest event that is not known to have arrived",
                &self.oldest_seconds,
            ),
            (
                "audit_destination_sent",
                "Messages sent since the start",
                &self.sent,
            ),
            (
                "audit_destination_resent",
                "Of these, messages that were sent before",
                &self.resent,
            ),
            (
                "audit_destination_failures",
                "Sessions that failed since the start",
                &self.failures,
            ),
            (
                "audit_destination_set_aside",
                "Messages that the receiver refuses, each in a file",
                &self.set_aside,
            ),
        ];
        for (name, help, family) in families {
            registry.register(name, help, family.clone());
        }
    }
}

/// Shared between the workers.
pub type SharedMetrics = Arc<Metrics>;

/// How a request ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum RequestOutcome {
    /// Status Success.
    Success,
    /// Status PartialSuccess.
    Partial,
    /// Status Failure: the sender broke a rule.
    Failure,
    /// A SOAP fault.
    Fault,
    /// Refused before SOAP: HTTP status 4xx, or busy.
    Refused,
}

impl RequestOutcome {
    /// The label value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Failure => "failure",
            Self::Fault => "fault",
            Self::Refused => "refused",
        }
    }
}

/// A label value that is a constant of the program.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Word(&'static str);

impl EncodeLabelValue for Word {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.encode(encoder)
    }
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct RequestLabels {
    transaction: Word,
    outcome: Word,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct TransactionLabels {
    transaction: Word,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct OutcomeLabels {
    outcome: Word,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct ReasonLabels {
    reason: Word,
}

fn seconds_histogram() -> Histogram {
    Histogram::new([
        0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0,
    ])
}

impl Metrics {
    /// The counters every server has; `extend` adds a server's own.
    pub fn new(extend: impl FnOnce(&mut Registry)) -> SharedMetrics {
        let mut registry = Registry::with_prefix("renkei");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(seconds_histogram as fn() -> Histogram);
        let in_flight = Gauge::<i64, AtomicI64>::default();
        let refused_handshakes = Family::default();
        let tls_reloads = Family::default();
        registry.register(
            "requests",
            "Requests by transaction and outcome",
            requests.clone(),
        );
        registry.register(
            "request_seconds",
            "Time until the answer is there; a streamed one goes on longer",
            seconds.clone(),
        );
        registry.register("in_flight", "Requests being served", in_flight.clone());
        registry.register(
            "refused_handshakes",
            "TLS connections refused, by reason",
            refused_handshakes.clone(),
        );
        registry.register(
            "tls_reloads",
            "Reloads of certificates and revocation lists, by outcome",
            tls_reloads.clone(),
        );
        let audit = AuditGauges::default();
        audit.register(&mut registry);
        let clock = ClockGauges::default();
        clock.register(&mut registry);
        extend(&mut registry);
        Arc::new(Self {
            registry,
            requests,
            seconds,
            in_flight,
            refused_handshakes,
            tls_reloads,
            audit,
            clock,
        })
    }

    /// One request ended.
    pub fn request(&self, transaction: Option<Transaction>, outcome: RequestOutcome, took: Duration) {
        self.named_request(transaction.map_or("none", Transaction::name), outcome, took);
    }

    /// The same for a request that is no transaction, by a fixed name.
    pub fn named_request(&self, name: &'static str, outcome: RequestOutcome, took: Duration) {
        let transaction = Word(name);
        self.requests
            .get_or_create(&RequestLabels {
                transaction,
                outcome: Word(outcome.as_str()),
            })
            .inc();
        self.seconds
            .get_or_create(&TransactionLabels { transaction })
            .observe(took.as_secs_f64());
    }

    /// One TLS connection was refused.
    pub fn refused_handshake(&self, reason: &'static str) {
        self.refused_handshakes
            .get_or_create(&ReasonLabels { reason: Word(reason) })
            .inc();
    }

    /// Certificates and revocation lists were read again.
    pub fn tls_reload(&self, good: bool) {
        let outcome = Word(if good { "success" } else { "failure" });
        self.tls_reloads.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// How the audit journal stands.
    pub fn audit_journal(&self, stats: &JournalStats) {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        self.audit.durable_records.set(number(stats.durable()));
        if let Some(growth) = stats.growth_bytes_per_day() {
            self.audit.growth_bytes_per_day.set(number(growth));
        }
        if let Some(days) = stats.days_left() {
            let whole = Duration::try_from_secs_f64(days).map_or(u64::MAX, |days| days.as_secs());
            self.audit.days_left.set(number(whole));
        }
    }

    /// How a destination of audit events stands.
    pub fn audit_destination(&self, status: &DestinationStatus) {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let labels = DestinationLabels {
            destination: status.name.to_string(),
        };
        let oldest = status.oldest.map_or(0, |oldest| oldest.age.as_secs());
        for (family, value) in [
            (&self.audit.connected, i64::from(status.connected)),
            (&self.audit.oldest_seconds, number(oldest)),
            (&self.audit.sent, number(status.sent)),
            (&self.audit.resent, number(status.resent)),
            (&self.audit.failures, number(status.failures)),
            (&self.audit.set_aside, number(status.set_aside)),
        ] {
            family.get_or_create(&labels).set(value);
        }
    }

    /// How the clock stands.
    pub fn clock(&self) -> &ClockGauges {
        &self.clock
    }

    /// Requests being served.
    pub fn in_flight(&self) -> &Gauge {
        &self.in_flight
    }

    /// All counters in OpenMetrics text.
    ///
    /// # Errors
    /// When a counter cannot be formatted.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A counter that something else keeps as an atomic number, read when metrics are asked for.
pub type SharedNumber = Arc<AtomicU64>;
