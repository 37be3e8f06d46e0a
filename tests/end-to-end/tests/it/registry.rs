//! The registry of adapters over the real binary: by the command line, under load, through kills.

mod failing;
mod languages;
mod packages;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use end_to_end::packet::minute_data;
use end_to_end::{Gateway, Site, adapters, text};
use grpc_api::client::Exchange;
use proto::v1::SubmitStreamRequest;
use proto::v1::submit_stream_response::Answer;
use serde_json::Value;

use crate::support::{Random, request, run};

const MN: &str = "LGT00000000000000000001";

/// A site whose feeds may be changed by `city-eco` and `police`.
pub(crate) fn site(approvals: u32, require_signature: bool) -> Site {
    let site = Site::new().expect("sets up");
    let lines = [
        "administrators = [\"city-eco\", \"police\"]".to_owned(),
        format!("approvals = {approvals}"),
        format!("require_signature = {require_signature}"),
    ];
    for line in lines {
        site.set("adapters", &line).expect("sets");
    }
    site
}

/// Runs `lawgate adapter …` as an agency; the exit code and standard output as JSON, or what it said.
pub(crate) fn adapter(
    site: &Site,
    gateway: &Gateway,
    agency: &str,
    arguments: &[&str],
) -> Result<Value, String> {
    let client = format!("client/{agency}.toml");
    let mut all = vec!["--output", "json", "adapter", arguments[0]];
    all.extend(["--client", client.as_str(), "--address", gateway.address()]);
    all.extend(&arguments[1..]);
    let output = site.lawgate(&all).expect("runs");
    match serde_json::from_slice(&output.stdout) {
        Ok(value) => Ok(value),
        Err(_) => Err(text(&output)),
    }
}

/// A configuration of hj212 that reads the SO2 of one device in other units.
fn other_configuration(site: &Site, device: &str) -> PathBuf {
    let plain = adapters()
        .expect("are built")
        .join("hj212/configuration.json");
    let text = std::fs::read_to_string(plain).expect("reads");
    let mut value: Value = serde_json::from_str(&text).expect("is JSON");
    value["devices"][device] = serde_json::json!({"units": {"a21026": "ug/m3"}});
    let path = site.folder().join("other.json");
    std::fs::write(&path, value.to_string()).expect("writes");
    path
}

/// Installs another configuration of hj212 as a version.
pub(crate) fn install_other(site: &Site, gateway: &Gateway) -> Value {
    let path = other_configuration(site, MN);
    let path = path.display().to_string();
    let arguments = ["install", "--feed", "hj212", "--configuration", &path];
    adapter(site, gateway, "city-eco", &arguments).expect("installs")
}

/// Role of each version of a feed.
pub(crate) fn roles(site: &Site, gateway: &Gateway, feed: &str) -> Vec<(u64, String)> {
    let listed = adapter(site, gateway, "city-eco", &["list", "--feed", feed]).expect("lists");
    let versions = listed["versions"].as_array().expect("has versions");
    let role = |version: &Value| {
        let role = version["role"].as_str().unwrap_or("").to_owned();
        (version["version"].as_u64().expect("has a number"), role)
    };
    versions.iter().map(role).collect()
}

/// Entries of an event, as the log's reader prints them.
pub(crate) fn entries(site: &Site, event: &str) -> Vec<Value> {
    let audit = site.audit().display().to_string();
    let all = ["--output", "json", "audit", "list", "--log", &audit];
    let mut arguments = all.to_vec();
    arguments.extend(["--event", event, "--limit", "1000000"]);
    let output = site.lawgate(&arguments).expect("runs");
    let value: Value = serde_json::from_slice(&output.stdout).expect("is JSON");
    value["entries"].as_array().expect("is a list").clone()
}

/// Streams submissions until it is told to stop; how often each key was answered, and refusals.
pub(crate) async fn stream(
    mut client: Exchange,
    feed: String,
    message: impl Fn(u32) -> Vec<u8> + Send + 'static,
    stop: Arc<AtomicBool>,
) -> BTreeMap<String, (u32, u32)> {
    let (sender, receiver) = tokio::sync::mpsc::channel(32);
    let feeder = tokio::task::JoinSet::from_iter([async move {
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            let submission = request(&feed, &format!("{feed}-{number}"), &[message(number)]);
            let request = SubmitStreamRequest {
                submission: Some(submission),
            };
            if sender.send(request).await.is_err() {
                return number;
            }
            number += 1;
        }
        number
    }]);
    let requests = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut answers = client
        .submit_stream(requests)
        .await
        .expect("streams")
        .into_inner();
    let mut answered: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    while let Some(answer) = answers.message().await.expect("goes on") {
        let counts = answered.entry(answer.idempotency_key).or_default();
        match answer.answer {
            Some(Answer::Accepted(accepted)) => {
                let counted = accepted.counts.expect("counts");
                assert_eq!((counted.messages, counted.quarantined), (1, 0));
                counts.0 += 1;
            }
            _ => counts.1 += 1,
        }
    }
    let sent: Vec<u32> = feeder.join_all().await;
    assert_eq!(
        answered.len(),
        sent[0] as usize,
        "every submission is answered"
    );
    answered
}

#[test]
fn versions_come_and_go_under_load_and_no_submission_is_lost_or_answered_twice() {
    let site = site(1, false);
    let gateway = site.start().expect("starts");
    let answered = run(async {
        let stop = Arc::new(AtomicBool::new(false));
        let client = gateway.client("city-eco").await?;
        let mut load = tokio::task::JoinSet::new();
        let packet = |number: u32| minute_data(MN, number % 1000, number);
        load.spawn(stream(
            client,
            "hj212".to_owned(),
            packet,
            Arc::clone(&stop),
        ));
        let steps = tokio::task::block_in_place(|| life(&site, &gateway));
        stop.store(true, Ordering::Relaxed);
        let answered = load.join_next().await.expect("runs")?;
        steps?;
        Ok(answered)
    });
    assert!(answered.len() > 100, "{} submissions", answered.len());
    assert!(
        answered.values().all(|counts| *counts == (1, 0)),
        "every submission is accepted once"
    );
    gateway.stop().expect("stops");
    site.verify().expect("verifies");
    let submitted = entries(&site, "exchange.submit");
    assert_eq!(submitted.len(), answered.len(), "one entry for each");
    for event in [
        "install", "shadow", "canary", "activate", "rollback", "retire",
    ] {
        let found = entries(&site, &format!("adapter.{event}")).len();
        let expected = if ["shadow", "canary"].contains(&event) {
            2
        } else {
            1
        };
        assert_eq!(found, expected, "adapter.{event}");
    }
}

/// Install, shadow, canary, activate, roll back, retire; a little load passes at each step.
fn life(site: &Site, gateway: &Gateway) -> anyhow::Result<()> {
    let step = |arguments: &[&str]| adapter(site, gateway, "city-eco", arguments).expect("is done");
    let compared = |report: &Value| -> u64 {
        let count = report["compared"].as_str().unwrap_or("0");
        count.parse().expect("is a number")
    };
    install_other(site, gateway);
    step(&["shadow", "--feed", "hj212", "--version", "2"]);
    let mut report = Value::Null;
    while compared(&report) < 20 {
        report = step(&["shadow", "--feed", "hj212"]);
    }
    step(&["shadow", "--feed", "hj212", "--off"]);
    assert_eq!(report["compared"], report["differing"], "{report}");
    let paths = report["fields"].as_array().expect("has fields");
    assert!(
        paths.iter().any(|field| field["path"]
            .as_str()
            .is_some_and(|path| path.starts_with("converted.records.observation"))),
        "{report}"
    );
    let tried = step(&[
        "dry-run",
        "--feed",
        "hj212",
        "--version",
        "2",
        "--submissions",
        "5",
    ]);
    assert_eq!(tried["submissions"], 5);
    step(&[
        "canary",
        "--feed",
        "hj212",
        "--version",
        "2",
        "--percent",
        "30",
    ]);
    step(&[
        "canary",
        "--feed",
        "hj212",
        "--version",
        "2",
        "--percent",
        "0",
    ]);
    step(&["activate", "--feed", "hj212", "--version", "2"]);
    assert_eq!(roles(site, gateway, "hj212")[1].1, "ADAPTER_ROLE_ACTIVE");
    let back = step(&["rollback", "--feed", "hj212"]);
    assert_eq!(
        (&back["version"]["version"], &back["fromVersion"]),
        (&1.into(), &2.into())
    );
    step(&["retire", "--feed", "hj212", "--version", "2"]);
    let used = step(&["usage", "--feed", "hj212"]);
    assert!(
        used["usage"][0]["calls"]
            .as_str()
            .is_some_and(|calls| calls != "0"),
        "{used}"
    );
    Ok(())
}

/// The steps of the version that a round begins with, from install to retire.
fn life_of_version(site: &Site, round: u32) -> [String; 8] {
    let device = format!("LGT{round:021}");
    let file = other_configuration(site, &device);
    let number = round + 2;
    let of_version = |step: &str| format!("{step} --feed hj212 --version {number}");
    [
        format!("install --feed hj212 --configuration {}", file.display()),
        of_version("shadow"),
        of_version("canary") + " --percent 50",
        of_version("canary") + " --percent 0",
        of_version("activate"),
        "rollback --feed hj212".to_owned(),
        "shadow --feed hj212 --off".to_owned(),
        of_version("retire"),
    ]
}

/// Entries of every step that changes what a version is.
fn changes(site: &Site) -> usize {
    let steps = [
        "install", "shadow", "canary", "activate", "rollback", "retire",
    ];
    let entries = steps.map(|step| entries(site, &format!("adapter.{step}")).len());
    entries.iter().sum()
}

#[test]
fn a_kill_at_any_moment_of_a_step_leaves_what_the_log_says() {
    let site = site(1, false);
    let mut random = Random::new("steps");
    let (mut done, mut cut) = (0, 0);
    for round in 0..4 {
        for step in &life_of_version(&site, round) {
            let step: Vec<&str> = step.split(' ').collect();
            let gateway = site.start().expect("starts");
            let before = roles(&site, &gateway, "hj212");
            let events = |site: &Site| entries(site, &format!("adapter.{}", step[0])).len();
            let (counted, changed) = (events(&site), changes(&site));
            // An installation does more before its entry than the other steps.
            let longest = if step[0] == "install" {
                800_000
            } else {
                160_000
            };
            let pause = Duration::from_micros(random.below(longest));
            let client = "client/city-eco.toml".to_owned();
            let address = gateway.address().to_owned();
            let mut all = vec![
                "adapter",
                step[0],
                "--client",
                &client,
                "--address",
                &address,
            ];
            all.extend(&step[1..]);
            let mut command = std::process::Command::new(end_to_end::binary().expect("is built"))
                .args(&all)
                .current_dir(site.folder())
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("runs");
            std::thread::sleep(pause);
            gateway.kill().expect("kills");
            let was_answered = command.wait().expect("ends").success();
            let gateway = site.start().expect("starts again");
            site.verify().expect("verifies");
            let after = roles(&site, &gateway, "hj212");
            let is_written = events(&site) > counted;
            assert!(
                is_written || !was_answered,
                "round {round}: {step:?} was answered and is lost: {before:?} became {after:?}"
            );
            // A version that is activated ends its own shadow first, with an entry of its own.
            let is_changed = changes(&site) > changed;
            assert_eq!(
                before != after,
                is_changed,
                "round {round}: {step:?}: {before:?} became {after:?}, entry: {is_changed}"
            );
            assert!(
                is_written || !is_changed || step[0] == "activate",
                "round {round}: {step:?} changed something and is not written"
            );
            done += u32::from(is_written);
            cut += u32::from(!is_written);
            drop(gateway);
            // What was cut is made up for, so that each round goes through every step.
            if !is_written {
                let gateway = site.start().expect("starts");
                let _ = adapter(&site, &gateway, "city-eco", &step);
            }
        }
    }
    println!("{done} steps were durable when the gateway was killed, {cut} were not");
}

#[test]
fn a_version_needs_two_administrators_where_the_policy_says_so() {
    let site = site(2, false);
    let gateway = site.start().expect("starts");
    install_other(&site, &gateway);
    let activate = [
        "activate",
        "--feed",
        "hj212",
        "--version",
        "2",
        "--purpose",
        "change 17",
    ];
    let first = adapter(&site, &gateway, "city-eco", &activate).expect("approves");
    assert_eq!(first["approvalsMissing"], 1);
    let again = adapter(&site, &gateway, "city-eco", &activate).expect("is the same");
    assert_eq!(again["approvalsMissing"], 1);
    let refused = adapter(&site, &gateway, "region", &activate).expect_err("no administrator");
    assert!(refused.contains("administrator-only"), "{refused}");
    assert_eq!(roles(&site, &gateway, "hj212")[0].1, "ADAPTER_ROLE_ACTIVE");
    let second = adapter(&site, &gateway, "police", &activate).expect("activates");
    assert_eq!(second["version"]["role"], "ADAPTER_ROLE_ACTIVE");
    gateway.stop().expect("stops");
    let by = |event: &str| -> Vec<String> {
        let found = entries(&site, event);
        found.iter().map(ToString::to_string).collect()
    };
    let approvals = by("adapter.approve");
    assert_eq!(approvals.len(), 2);
    assert!(approvals[0].contains("city-eco") && approvals[1].contains("police"));
    assert_eq!(by("adapter.activate").len(), 1);
    let denied = by("exchange.deny");
    assert!(
        denied
            .iter()
            .any(|entry| entry.contains("administrator-only")),
        "{denied:?}"
    );
}
