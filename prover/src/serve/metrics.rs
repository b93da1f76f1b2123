//! How the server does, for operators (OpenMetrics 1.0). Nothing in it tells who asked.

use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(super) enum Asked {
    /// A statement.
    Statement,
    /// A file of the publication, or anything else.
    File,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    asked: Asked,
    status: u16,
}

/// The counters.
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<AskedLabel, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AskedLabel {
    asked: Asked,
}

/// From a quarter of a millisecond to four seconds.
fn histogram() -> Histogram {
    Histogram::new((0..15).map(|step| f64::from(1 << step) * 0.000_25))
}

impl Metrics {
    /// Counters at nothing; `latest` is the sequence of the last attestation with statements.
    pub(super) fn new(latest: Option<u64>) -> Self {
        let mut registry = Registry::with_prefix("por");
        let requests = Family::default();
        let seconds = Family::new_with_constructor(histogram as fn() -> Histogram);
        registry.register(
            "requests",
            "Requests answered, by what was asked for and the status",
            requests.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "Time from a request's head to its answer's",
            Unit::Seconds,
            seconds.clone(),
        );
        let sequence: Gauge = Gauge::default();
        sequence.set(
            latest
                .and_then(|latest| i64::try_from(latest).ok())
                .unwrap_or(-1),
        );
        registry.register(
            "latest_sequence",
            "Sequence of the last attestation with statements, -1 without any",
            sequence,
        );
        Self {
            registry,
            requests,
            seconds,
        }
    }

    /// Counts an answer.
    pub(super) fn answered(&self, asked: Asked, status: u16, took: Duration) {
        self.requests.get_or_create(&Labels { asked, status }).inc();
        let seconds = self.seconds.get_or_create(&AskedLabel { asked });
        seconds.observe(took.as_secs_f64());
    }

    /// The text that Prometheus reads.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}
