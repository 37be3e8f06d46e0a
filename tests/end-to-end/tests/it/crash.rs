//! Power cuts: the gateway is killed at random moments, the log's tail is cut at every byte.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use end_to_end::packet::minute_data;
use end_to_end::{Gateway, Site};
use grpc_api::client::Exchange;
use proto::v1::submit_stream_response::Answer;
use proto::v1::{
    GetSubmissionRequest, SubmissionKey, SubmitResponse, SubmitStreamRequest,
    get_submission_request::By,
};

use crate::support::{Random, request, run};

const MN: &str = "LGT00000000000000000001";

/// How often the gateway is killed.
const KILLS: u32 = 200;

/// Streams submissions named `prefix-n` until the stream breaks; returns what was acknowledged.
async fn stream_until_it_breaks(
    mut client: Exchange,
    prefix: String,
) -> BTreeMap<String, SubmitResponse> {
    let requests = (0u32..).map(move |number| {
        let messages: Vec<Vec<u8>> = (0..number % 4 + 1)
            .map(|step| minute_data(MN, number + step, number))
            .collect();
        SubmitStreamRequest {
            submission: Some(request("hj212", &format!("{prefix}-{number}"), &messages)),
        }
    });
    let mut acknowledged = BTreeMap::new();
    let Ok(answers) = client.submit_stream(tokio_stream::iter(requests)).await else {
        return acknowledged;
    };
    let mut answers = answers.into_inner();
    while let Ok(Some(answer)) = answers.message().await {
        if let Some(Answer::Accepted(accepted)) = answer.answer {
            acknowledged.insert(answer.idempotency_key, accepted);
        }
    }
    acknowledged
}

/// Every acknowledged submission is there and gives the answer it gave.
async fn check_all(
    gateway: &Gateway,
    acknowledged: &BTreeMap<String, SubmitResponse>,
) -> anyhow::Result<()> {
    let client = gateway.client("city-eco").await?;
    let mut calls = tokio::task::JoinSet::new();
    for (key, answer) in acknowledged.clone() {
        let mut client = client.clone();
        calls.spawn(async move {
            let by = By::Key(SubmissionKey {
                feed: "hj212".into(),
                idempotency_key: key.clone(),
            });
            let got = client
                .get_submission(GetSubmissionRequest { by: Some(by) })
                .await;
            (key, answer, got)
        });
        if calls.len() >= 64 {
            check_one(calls.join_next().await)?;
        }
    }
    while let Some(call) = calls.join_next().await {
        check_one(Some(call))?;
    }
    Ok(())
}

type Checked = (
    String,
    SubmitResponse,
    Result<grpc_api::client::Response<proto::v1::GetSubmissionResponse>, grpc_api::client::Status>,
);

fn check_one(call: Option<Result<Checked, tokio::task::JoinError>>) -> anyhow::Result<()> {
    let Some(call) = call else { return Ok(()) };
    let (key, answer, got) = call?;
    let got =
        got.unwrap_or_else(|status| panic!("acknowledged submission {key} is lost: {status}"));
    assert_eq!(
        got.into_inner().submission.as_ref(),
        Some(&answer),
        "acknowledged submission {key} changed"
    );
    Ok(())
}

#[test]
fn nothing_acknowledged_is_lost_when_the_gateway_is_killed_two_hundred_times() {
    let site = Site::new().expect("sets up");
    let mut random = Random::new("kills");
    let (mut last, mut all) = (BTreeMap::new(), BTreeMap::new());
    for round in 0..KILLS {
        let gateway = site
            .start()
            .unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        site.verify()
            .unwrap_or_else(|error| panic!("round {round}: {error:?}"));
        let pause = Duration::from_micros(random.below(60_000));
        last = run(async {
            check_all(&gateway, &last).await?;
            let client = gateway.client("city-eco").await?;
            let killer = async {
                tokio::time::sleep(pause).await;
                std::process::Command::new("kill")
                    .args(["-9", &gateway.id().to_string()])
                    .status()
            };
            let streamed = stream_until_it_breaks(client, format!("round-{round}"));
            let (acknowledged, killed) = tokio::join!(streamed, killer);
            anyhow::ensure!(killed?.success(), "the gateway was not killed");
            Ok(acknowledged)
        });
        all.extend(last.clone());
    }
    let gateway = site.start().expect("starts");
    run(check_all(&gateway, &all));
    gateway.stop().expect("stops");
    let printed = site.verify().expect("the log verifies");
    println!(
        "{KILLS} kills, {} acknowledged submissions\n{printed}",
        all.len()
    );
    let most_rounds = KILLS as usize / 2;
    assert!(
        all.len() > most_rounds,
        "only {} submissions were acknowledged: too few to prove anything",
        all.len()
    );
}

/// The open segment of a log.
fn open_segment(audit: &Path) -> PathBuf {
    let listing = fs::read_dir(audit).expect("reads the folder");
    let mut files = listing.filter_map(|entry| Some(entry.ok()?.path()));
    files
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "open")
        })
        .expect("a log that was killed has an open segment")
}

#[test]
fn a_tail_cut_at_every_byte_of_the_last_group_leaves_every_earlier_submission() {
    let site = Site::new().expect("sets up");
    let gateway = site.start().expect("starts");
    let mut acknowledged = BTreeMap::new();
    let (before, last) = run(async {
        let mut client = gateway.client("city-eco").await?;
        for number in 0..5u32 {
            let key = format!("cut-{number}");
            let answer = client
                .submit(request("hj212", &key, &[minute_data(MN, number, number)]))
                .await?
                .into_inner();
            acknowledged.insert(key, answer);
        }
        let before = fs::read(open_segment(&site.audit()))?;
        let last = client
            .submit(request("hj212", "cut-last", &[minute_data(MN, 9, 9)]))
            .await?
            .into_inner();
        Ok((before, last))
    });
    gateway.kill().expect("kills");
    let segment = open_segment(&site.audit());
    let whole = fs::read(&segment).expect("reads");
    let from = before
        .iter()
        .zip(&whole)
        .position(|(a, b)| a != b)
        .expect("the last submission was written");
    let to = whole
        .iter()
        .rposition(|byte| *byte != 0)
        .expect("the segment is not empty")
        + 1;
    println!("the last group is bytes {from} to {to}");
    for cut in from..to {
        let copy = site.copied().expect("copies");
        let mut bytes = whole.clone();
        bytes[cut..].fill(0);
        fs::write(open_segment(&copy.audit()), &bytes).expect("writes");
        // The whole gateway for some of the cuts, the log alone for all.
        if (cut - from) % 64 == 0 {
            let gateway = copy
                .start()
                .unwrap_or_else(|error| panic!("cut at {cut}: {error:?}"));
            run(check_all(&gateway, &acknowledged));
            run(async {
                let mut client = gateway.client("city-eco").await?;
                let again = client
                    .submit(request("hj212", "cut-last", &[minute_data(MN, 9, 9)]))
                    .await?
                    .into_inner();
                assert_eq!(
                    again.counts, last.counts,
                    "the cut submission can be sent again"
                );
                Ok(())
            });
            gateway.stop().expect("stops");
        } else {
            reopen(&copy.audit(), cut);
        }
        copy.verify()
            .unwrap_or_else(|error| panic!("cut at {cut}: {error:?}"));
    }
}

/// Opens and closes the log alone, as a start does.
fn reopen(audit: &Path, cut: usize) {
    struct Fixed;
    impl audit_log::Clock for Fixed {
        fn now_ns(&self) -> u64 {
            2_000_000_000_000_000_000
        }
    }
    let origin = audit_log::verify(audit, &audit_log::Options::default())
        .origin
        .unwrap_or_else(|| panic!("cut at {cut}: the origin cannot be read"));
    let config = audit_log::Config {
        dir: audit.to_owned(),
        origin,
        policy_digest: [0; 32],
        former_root: None,
        suite: audit_log::LogSuite::Sha256,
        segment_bytes: 1 << 20,
        queue_entries: 16,
        queue_bytes: 1 << 20,
    };
    let (log, _) = audit_log::open(config, std::sync::Arc::new(Fixed))
        .unwrap_or_else(|error| panic!("cut at {cut}: {error:?}"));
    log.close()
        .unwrap_or_else(|error| panic!("cut at {cut}: {error:?}"));
}
