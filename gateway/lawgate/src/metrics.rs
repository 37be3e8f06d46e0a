//! `[metrics]`: what the node does, in the text format of Prometheus, over HTTP.
//!
//! In the clear and to everybody on this machine, which is why it is off unless an address is named
//! and why nothing here names a person, a record or a value. It decides nothing; the gateway goes
//! on without anybody who reads it.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context as _;
use exchange::{AdapterMetrics, Exchange, Metrics};
use log_http::http::{Caching, Method, Reply, Request, ServerLimits, Service, serve};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::attest::bind;
use crate::client::metrics::{escaped, labels, text as adapters};
use crate::config::Address;

/// What a server of metrics puts up with: a few collectors that ask each ten seconds.
const LIMITS: ServerLimits = ServerLimits {
    max_connections: 16,
    max_body_bytes: 0,
    head_deadline: Duration::from_secs(10),
    body_deadline: Duration::from_secs(1),
    connection_age: Duration::from_secs(600),
    drain_deadline: Duration::from_secs(1),
};

/// The type of the text (exposition format 0.0.4).
const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves `/metrics`.
struct Metered(Weak<Exchange>);

impl Service for Metered {
    fn answer(&self, request: &Request) -> Reply {
        if request.path != "/metrics" {
            return Reply::not_found();
        }
        if request.method != Method::Get {
            return Reply::not_allowed();
        }
        match self.0.upgrade() {
            Some(exchange) => Reply {
                status: 200,
                content_type: TYPE,
                caching: Caching::Never,
                body: text(&exchange.metrics()).into_bytes(),
            },
            // The node is stopping.
            None => Reply::failed(),
        }
    }
}

/// A bound address whose metrics are not served yet.
pub(crate) struct MetricsEdge {
    listener: TcpListener,
    address: SocketAddr,
}

impl MetricsEdge {
    /// Binds the address, if one is named.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub(crate) async fn bind(address: Option<&Address>) -> anyhow::Result<Option<MetricsEdge>> {
        match address {
            Some(address) => {
                let listener = bind(address).await;
                let listener = listener.context("binding the address of [metrics]")?;
                let address = listener.local_addr().context("the address of [metrics]")?;
                Ok(Some(MetricsEdge { listener, address }))
            }
            None => Ok(None),
        }
    }

    /// The bound address, also where port 0 was asked for.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is told to stop.
    ///
    /// # Errors
    /// None that happens without TLS.
    pub(crate) async fn serve(
        self,
        exchange: Weak<Exchange>,
        mut stopped: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let stopping = async move {
            // A sender that is gone has stopped as well.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        };
        let service = Arc::new(Metered(exchange));
        Ok(serve(service, self.listener, None, LIMITS, stopping).await?)
    }
}

/// A metric without labels: name, type, help, value.
type Plain = (
    &'static str,
    &'static str,
    &'static str,
    fn(&Metrics) -> u64,
);

const PLAIN: [Plain; 12] = [
    (
        "submissions_under_way",
        "gauge",
        "Submissions that agencies have under way.",
        |it| it.in_flight,
    ),
    (
        "log_entries",
        "gauge",
        "Durable entries of the audit log.",
        |it| it.log_size,
    ),
    (
        "log_groups_total",
        "counter",
        "Groups of entries that were made durable together; entries by groups is their size.",
        |it| it.log_groups,
    ),
    (
        "log_largest_group_entries",
        "gauge",
        "Entries of the largest group since the start.",
        |it| it.log_largest_group,
    ),
    (
        "log_queue_entries",
        "gauge",
        "Entries that wait to be written.",
        |it| it.log_waiting.0 as u64,
    ),
    (
        "log_queue_bytes",
        "gauge",
        "Bytes of the entries that wait.",
        |it| it.log_waiting.1 as u64,
    ),
    (
        "evidence_queue_bundles",
        "gauge",
        "Bundles that wait to be written.",
        |it| it.evidence_waiting.0 as u64,
    ),
    (
        "evidence_queue_bytes",
        "gauge",
        "Bytes of the bundles that wait.",
        |it| it.evidence_waiting.1 as u64,
    ),
    (
        "conversions_fast",
        "gauge",
        "Sandboxes in use by submissions of the fast lane.",
        |it| it.conversions[0] as u64,
    ),
    (
        "conversions_slow",
        "gauge",
        "Sandboxes in use by submissions that stand back.",
        |it| it.conversions[1] as u64,
    ),
    (
        "conversions_waiting",
        "gauge",
        "Sandboxes of submissions that wait for the slow lane.",
        |it| it.conversions[2] as u64,
    ),
    (
        "healthy",
        "gauge",
        "1 while log and evidence store accept writes.",
        |it| u64::from(it.is_healthy),
    ),
];

/// A gauge of each version: name, help, value.
type OfVersion = (&'static str, &'static str, fn(&AdapterMetrics) -> u64);

const OF_VERSIONS: [OfVersion; 2] = [
    (
        "adapter_memory_peak_bytes",
        "Most memory that one call was granted.",
        |one| one.memory_peak_bytes,
    ),
    (
        "adapter_on_probation",
        "1 while its submissions stand back behind those of others.",
        |one| u64::from(one.is_on_probation),
    ),
];

/// The text.
fn text(metrics: &Metrics) -> String {
    let mut text = String::new();
    for (name, kind, help, value) in PLAIN {
        head(&mut text, name, kind, help);
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(text, "lawgate_{name} {}", value(metrics));
    }
    head(
        &mut text,
        "submissions_total",
        "counter",
        "Submissions by outcome: accepted, repeated, or the reason of a refusal.",
    );
    for (outcome, count) in &metrics.submissions {
        let outcome = escaped(outcome);
        let _ = writeln!(
            text,
            "lawgate_submissions_total{{outcome=\"{outcome}\"}} {count}"
        );
    }
    let usage: Vec<_> = metrics.adapters.iter().map(|one| &one.usage).collect();
    text.push_str(&adapters(&usage));
    for (name, help, value) in OF_VERSIONS {
        head(&mut text, name, "gauge", help);
        for one in &metrics.adapters {
            let labels = labels(&one.usage);
            let _ = writeln!(text, "lawgate_{name}{{{labels}}} {}", value(one));
        }
    }
    text
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP lawgate_{name} {help}");
    let _ = writeln!(text, "# TYPE lawgate_{name} {kind}");
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn metrics() -> Metrics {
        Metrics {
            submissions: BTreeMap::from([("accepted", 7), ("queue-full", 2)]),
            in_flight: 1,
            log_size: 20,
            log_groups: 4,
            log_largest_group: 9,
            log_waiting: (3, 300),
            evidence_waiting: (2, 200),
            conversions: [2, 1, 5],
            is_healthy: true,
            adapters: vec![AdapterMetrics {
                usage: proto::v1::AdapterUsage::default(),
                memory_peak_bytes: 65_536,
                is_on_probation: true,
            }],
        }
    }

    #[test]
    fn every_value_has_a_line_below_its_type() {
        let text = text(&metrics());
        for line in [
            "lawgate_submissions_total{outcome=\"accepted\"} 7",
            "lawgate_submissions_total{outcome=\"queue-full\"} 2",
            "lawgate_submissions_under_way 1",
            "lawgate_log_entries 20",
            "lawgate_log_groups_total 4",
            "lawgate_log_largest_group_entries 9",
            "lawgate_log_queue_entries 3",
            "lawgate_log_queue_bytes 300",
            "lawgate_evidence_queue_bundles 2",
            "lawgate_evidence_queue_bytes 200",
            "lawgate_conversions_fast 2",
            "lawgate_conversions_slow 1",
            "lawgate_conversions_waiting 5",
            "lawgate_healthy 1",
            "lawgate_adapter_memory_peak_bytes{feed=\"\",version=\"0\",adapter=\"\"} 65536",
            "lawgate_adapter_on_probation{feed=\"\",version=\"0\",adapter=\"\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        let mut typed = BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let name = rest.split(' ').next().expect("has a name");
                assert!(typed.insert(name), "{name} has two types");
            } else if !line.starts_with('#') {
                let name = line.split(['{', ' ']).next().expect("has a name");
                assert!(typed.contains(name), "{name} has no type");
            }
        }
    }

    #[test]
    fn only_the_one_path_is_served_and_only_for_reading() {
        let service = Metered(Weak::new());
        let ask = |method, path: &str| {
            let request = Request {
                method,
                path: path.to_owned(),
                query: None,
                body: Vec::new().into(),
            };
            service.answer(&request).status
        };
        assert_eq!(ask(Method::Get, "/"), 404);
        assert_eq!(ask(Method::Get, "/metrics/"), 404);
        assert_eq!(ask(Method::Post, "/metrics"), 405);
        assert_eq!(ask(Method::Get, "/metrics"), 500, "the node has gone");
    }
}
