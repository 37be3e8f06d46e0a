//! What versions have used, in the text format of Prometheus (exposition format 0.0.4).

use std::fmt::Write as _;

use proto::v1::AdapterUsage;

/// A metric: name, type, help, and its value for one version.
type Metric = (
    &'static str,
    &'static str,
    &'static str,
    fn(&AdapterUsage) -> String,
);

const METRICS: [Metric; 10] = [
    ("calls_total", "counter", "Calls of the sandbox.", |used| {
        used.calls.to_string()
    }),
    ("messages_total", "counter", "Messages given.", |used| {
        used.messages.to_string()
    }),
    ("input_bytes_total", "counter", "Bytes given.", |used| {
        used.input_bytes.to_string()
    }),
    ("output_bytes_total", "counter", "Bytes returned.", |used| {
        used.output_bytes.to_string()
    }),
    ("busy_seconds_total", "counter", "Time in calls.", |used| {
        seconds(used.busy_ns)
    }),
    (
        "longest_call_seconds",
        "gauge",
        "Longest call since the start.",
        |used| seconds(used.longest_ns),
    ),
    (
        "rejected_total",
        "counter",
        "Messages the adapter rejected.",
        |used| used.rejected.to_string(),
    ),
    (
        "stopped_total",
        "counter",
        "Messages not tried because the breaker was open.",
        |used| used.stopped.to_string(),
    ),
    ("running_calls", "gauge", "Calls under way.", |used| {
        used.running.to_string()
    }),
    (
        "breaker_open",
        "gauge",
        "1 while the breaker is open.",
        |used| u8::from(used.is_breaker_open).to_string(),
    ),
];

/// The text.
pub(crate) fn text(usage: &[&AdapterUsage]) -> String {
    let mut text = String::new();
    for (name, kind, help, value) in METRICS {
        head(&mut text, name, kind, help);
        for &used in usage {
            let labels = labels(used);
            let _ = writeln!(text, "lawgate_adapter_{name}{{{labels}}} {}", value(used));
        }
    }
    head(
        &mut text,
        "failures_total",
        "counter",
        "Calls that ended without a result.",
    );
    for &used in usage {
        for failure in &used.failures {
            let (labels, code) = (labels(used), escaped(&failure.code));
            let _ = writeln!(
                text,
                "lawgate_adapter_failures_total{{{labels},code=\"{code}\"}} {}",
                failure.count
            );
        }
    }
    text
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP lawgate_adapter_{name} {help}");
    let _ = writeln!(text, "# TYPE lawgate_adapter_{name} {kind}");
}

/// The labels of a version.
pub(crate) fn labels(used: &AdapterUsage) -> String {
    format!(
        "feed=\"{}\",version=\"{}\",adapter=\"{}\"",
        escaped(&used.feed),
        used.version,
        escaped(&used.adapter)
    )
}

/// A text as the value of a label.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn seconds(nanoseconds: u64) -> String {
    format!(
        "{}.{:09}",
        nanoseconds / 1_000_000_000,
        nanoseconds % 1_000_000_000
    )
}

#[cfg(test)]
mod tests {
    use proto::v1::CallFailures;

    use super::*;

    #[test]
    fn every_metric_has_a_head_and_a_line_for_each_version() {
        let used = AdapterUsage {
            feed: "hj212".to_owned(),
            version: 2,
            adapter: "hj212@0.1.0".to_owned(),
            calls: 7,
            busy_ns: 1_500_000_000,
            failures: vec![CallFailures {
                code: "adapter.trap".to_owned(),
                count: 3,
            }],
            is_breaker_open: true,
            ..AdapterUsage::default()
        };
        let text = text(&[&used]);
        let labels = "feed=\"hj212\",version=\"2\",adapter=\"hj212@0.1.0\"";
        for line in [
            "# TYPE lawgate_adapter_calls_total counter".to_owned(),
            format!("lawgate_adapter_calls_total{{{labels}}} 7"),
            format!("lawgate_adapter_busy_seconds_total{{{labels}}} 1.500000000"),
            format!("lawgate_adapter_breaker_open{{{labels}}} 1"),
            format!("lawgate_adapter_failures_total{{{labels},code=\"adapter.trap\"}} 3"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
