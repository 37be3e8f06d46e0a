//! `[metrics]` of the real binary.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use end_to_end::packet::minute_data;
use end_to_end::{Gateway, Site};

use crate::support::{request, run};

/// Head and body of the reply to a request.
fn ask(gateway: &Gateway, method: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(gateway.metrics()).expect("is served");
    let request = format!("{method} {path} HTTP/1.1\r\nHost: metrics\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("asks");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("is answered");
    let (head, body) = reply.split_once("\r\n\r\n").expect("has a body");
    (head.to_owned(), body.to_owned())
}

/// Every value by its name and labels.
fn values(gateway: &Gateway) -> BTreeMap<String, f64> {
    let (head, body) = ask(gateway, "GET", "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains("text/plain; version=0.0.4"), "{head}");
    let lines = body.lines().filter(|line| !line.starts_with('#'));
    let value = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        (name.to_owned(), value.parse().expect("is a number"))
    };
    lines.map(value).collect()
}

#[test]
fn what_the_gateway_did_is_served_in_numbers() {
    let site = Site::new().expect("sets up");
    site.set("metrics", "address = \"127.0.0.1:0\"")
        .expect("sets");
    let gateway = site.start().expect("starts");
    let labels = "feed=\"hj212\",version=\"1\",adapter=\"hj212@";
    let of_feed = |values: &BTreeMap<String, f64>, name: &str| {
        let begins = format!("lawgate_adapter_{name}{{{labels}");
        let mut found = values.iter().filter(|(name, _)| name.starts_with(&begins));
        let (_, value) = found.next().unwrap_or_else(|| panic!("{begins}"));
        assert!(found.next().is_none(), "{begins}");
        *value
    };
    let before = values(&gateway);
    assert!((of_feed(&before, "calls_total")).abs() < 0.5);
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let packets = [
            minute_data("LGT00000000000000000001", 1, 1),
            b"##no packet".to_vec(),
        ];
        for key in ["a", "b", "b"] {
            client.submit(request("hj212", key, &packets)).await?;
        }
        let refused = client.submit(request("police-case", "c", &packets)).await;
        assert!(refused.is_err(), "has no right to the feed");
        Ok(())
    });
    let after = values(&gateway);
    let exactly = |name: &str, expected: f64| {
        let value = after
            .get(name)
            .unwrap_or_else(|| panic!("{name}: {after:#?}"));
        assert!((value - expected).abs() < 1e-9, "{name} is {value}");
    };
    exactly("lawgate_submissions_total{outcome=\"accepted\"}", 2.0);
    exactly("lawgate_submissions_total{outcome=\"repeated\"}", 1.0);
    exactly(
        "lawgate_submissions_total{outcome=\"submit-not-granted\"}",
        1.0,
    );
    exactly("lawgate_submissions_under_way", 0.0);
    exactly("lawgate_conversions_fast", 0.0);
    exactly("lawgate_healthy", 1.0);
    assert!((of_feed(&after, "calls_total") - 2.0).abs() < 1e-9);
    assert!((of_feed(&after, "messages_total") - 4.0).abs() < 1e-9);
    assert!(of_feed(&after, "busy_seconds_total") > 0.0);
    assert!(of_feed(&after, "output_bytes_total") > 0.0);
    assert!(of_feed(&after, "memory_peak_bytes") >= 65_536.0);
    assert!(of_feed(&after, "breaker_open").abs() < 1e-9);
    let grew = after["lawgate_log_entries"] - before["lawgate_log_entries"];
    assert!(
        grew >= 3.0,
        "two submissions and a refusal, and grew by {grew}"
    );
    assert!(after["lawgate_log_groups_total"] > before["lawgate_log_groups_total"]);
    let (head, _) = ask(&gateway, "GET", "/");
    assert!(head.starts_with("HTTP/1.1 404 "), "{head}");
    let (head, _) = ask(&gateway, "DELETE", "/metrics");
    assert!(head.starts_with("HTTP/1.1 405 "), "{head}");
    gateway.stop().expect("stops");
}

#[test]
fn metrics_are_off_by_default_and_for_this_machine_only() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    assert_eq!(gateway.metrics(), "");
    gateway.stop().expect("stops");
    site.set("metrics", "address = \"0.0.0.0:0\"")
        .expect("sets");
    let error = site.start().err().expect("is refused").to_string();
    assert!(error.contains("metrics.address"), "{error}");
    site.set("metrics", "address = \"127.0.0.1:0\"")
        .expect("sets");
    site.set("metrics", "port = 7").expect("sets");
    let error = site.start().err().expect("is refused").to_string();
    assert!(error.contains("unknown key"), "{error}");
}
