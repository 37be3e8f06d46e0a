//! An adapter that keeps failing: its breaker, its quarantine, and the feeds beside it.

use std::time::{Duration, Instant};

use end_to_end::packet::minute_data;
use end_to_end::{Gateway, Site, adapters, text};
use grpc_api::client::Exchange;
use proto::v1::SubmitResponse;
use serde_json::Value;

use super::{MN, entries, roles, site};
use crate::support::{request, run};

/// A site with a feed whose adapter does what a message says.
fn hostile_site() -> Site {
    let site = site(1, false);
    site.set("adapters", "breaker_failures = 3").expect("sets");
    site.set("adapters", "breaker_pause_ms = 300")
        .expect("sets");
    let file = site.folder().join("lawgate.toml");
    let folder = adapters().expect("are built").join("hostile");
    let text = std::fs::read_to_string(&file).expect("reads");
    let text = text.replace("submit = [\"hj212\"]", "submit = [\"hj212\", \"hostile\"]");
    let feed = format!(
        "\n[[feed]]\nid = \"hostile\"\nkind = \"hostile\"\nadapter = {:?}\n",
        folder.display().to_string()
    );
    std::fs::write(&file, text + &feed).expect("writes");
    site
}

async fn submit(
    client: &mut Exchange,
    feed: &str,
    key: &str,
    payload: &[u8],
) -> anyhow::Result<SubmitResponse> {
    let submission = request(feed, key, &[payload.to_vec()]);
    Ok(client.submit(submission).await?.into_inner())
}

fn code(answer: &SubmitResponse) -> String {
    let quarantine = answer.outcomes[0].quarantine.as_ref();
    quarantine
        .map(|quarantine| quarantine.code.clone())
        .unwrap_or_default()
}

fn quarantine(site: &Site, gateway: &Gateway, arguments: &[&str]) -> Result<Value, String> {
    let mut all = vec!["--output", "json", "quarantine", arguments[0]];
    all.extend([
        "--client",
        "client/city-eco.toml",
        "--address",
        gateway.address(),
    ]);
    all.extend(&arguments[1..]);
    let output = site.lawgate(&all).expect("runs");
    serde_json::from_slice(&output.stdout).map_err(|_| text(&output))
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
fn a_breaker_stops_one_feed_says_so_and_what_it_stopped_is_converted_later() {
    let site = hostile_site();
    let gateway = site.start().expect("starts");
    let stopped = run(async {
        let mut client = gateway.client("city-eco").await?;
        for number in 0..3 {
            let answer = submit(&mut client, "hostile", &format!("trap-{number}"), b"trap").await?;
            assert_eq!(code(&answer), "adapter.trap");
        }
        // Until the pause is over nothing is tried; each message is acknowledged all the same.
        let mut stopped = Vec::new();
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(100) {
            let number = stopped.len();
            let answer = submit(&mut client, "hostile", &format!("good-{number}"), b"echo").await?;
            assert_eq!(code(&answer), "adapter.breaker-open");
            assert!(answer.receipt.is_some());
            let healthy = submit(
                &mut client,
                "hj212",
                &format!("healthy-{number}"),
                &minute_data(MN, 1, number as u32),
            )
            .await?;
            assert_eq!(code(&healthy), "", "the feed beside it goes on");
            stopped.push(answer.submission_id);
        }
        Ok(stopped)
    });
    assert!(!stopped.is_empty());
    let log = gateway.log();
    let failed = log.lines().find(|line| line.contains("an adapter failed"));
    let failed = failed.unwrap_or_else(|| panic!("the operator is told: {log}"));
    for part in [
        "submission{agency=\"city-eco\" key=",
        "feed=\"hostile\"",
        "version=1",
    ] {
        assert!(failed.contains(part), "{part} is missing in: {failed}");
    }
    run(async {
        let mut client = gateway.client("city-eco").await?;
        let began = Instant::now();
        for number in 0.. {
            let answer =
                submit(&mut client, "hostile", &format!("probe-{number}"), b"echo").await?;
            if code(&answer).is_empty() {
                break;
            }
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "no probe closes the breaker"
            );
        }
        Ok(())
    });
    let listed = quarantine(
        &site,
        &gateway,
        &[
            "list", "--feed", "hostile", "--state", "open", "--limit", "1000",
        ],
    );
    let listed = listed.expect("lists");
    let messages = listed["messages"].as_array().expect("has messages").len();
    assert!(messages >= 3 + stopped.len());
    let shown = quarantine(&site, &gateway, &["show", &stopped[0], "0"]).expect("shows");
    assert_eq!(shown["text"], "echo");
    let redriven = quarantine(
        &site,
        &gateway,
        &[
            "redrive",
            "--feed",
            "hostile",
            "--code",
            "adapter.breaker-open",
        ],
    );
    let redriven = redriven.expect("converts again");
    assert_eq!(redriven["tried"], redriven["converted"]);
    assert!(
        redriven["tried"]
            .as_u64()
            .is_some_and(|tried| tried as usize >= stopped.len())
    );
    let again = quarantine(&site, &gateway, &["retry", &stopped[0], "0"]);
    assert!(again.expect_err("is closed").contains("quarantine-closed"));
    let left = quarantine(
        &site,
        &gateway,
        &["list", "--feed", "hostile", "--state", "open"],
    )
    .expect("lists");
    let left = left["messages"].as_array().expect("has messages").clone();
    assert_eq!(left.len(), 3, "those that trapped");
    let id = left[0]["submissionId"].as_str().expect("has one");
    let dismissed = quarantine(
        &site,
        &gateway,
        &["dismiss", id, "0", "--purpose", "an attack"],
    );
    assert!(dismissed.expect("dismisses")["step"]["position"].is_string());
    gateway.kill().expect("kills");
    let gateway = site.start().expect("starts again");
    let left = quarantine(
        &site,
        &gateway,
        &["list", "--feed", "hostile", "--state", "open"],
    )
    .expect("lists");
    assert_eq!(left["messages"].as_array().expect("has messages").len(), 2);
    assert_eq!(roles(&site, &gateway, "hostile").len(), 1);
    gateway.stop().expect("stops");
    site.verify().expect("verifies");
    assert_eq!(
        entries(&site, "adapter.breaker").len(),
        2,
        "opened and closed"
    );
    assert_eq!(entries(&site, "quarantine.dismiss").len(), 1);
    assert_eq!(entries(&site, "quarantine.redrive").len(), 1);
    let retried = entries(&site, "quarantine.retry").len() as u64;
    assert_eq!(Some(retried), redriven["tried"].as_u64());
}
