//! `stream-durable`: messages per second through the durable stream ÷ native conversion and nothing else.
//!
//! Same edge, same TLS, same client, same messages. The gateway adds the
//! sandbox, the checks, the evidence, the log and two `fdatasync` a group.

use std::process::Command;
use std::time::{Duration, Instant};

use end_to_end::{Gateway, Site, adapters};
use grpc_api::client::Exchange;
use proto::v1::{Message, SubmitRequest, SubmitStreamRequest, submit_stream_response::Answer};

use crate::convert::packets;
use crate::report::Row;

/// Submissions of one run; each has 64 messages.
const SUBMISSIONS: usize = 400;
/// Runs of each side.
const RUNS: usize = 5;
/// Longest time in which adapters are compiled.
const SETTLING: Duration = Duration::from_secs(120);

/// The row.
pub(crate) fn rows() -> anyhow::Result<Vec<Row>> {
    let site = site()?;
    let gateway = settled(&site)?;
    let baseline = baseline(&site)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let messages: Vec<Message> = packets()
        .into_iter()
        .map(|(payload, _)| Message {
            payload: payload.into(),
            attributes: Vec::new(),
        })
        .collect();
    let runs = runtime.block_on(async {
        let mut durable = gateway.client("city-eco").await?;
        let mut bare = baseline.client("city-eco").await?;
        let mut runs = Vec::new();
        // The first run of each side warms connections and caches and is not counted.
        for run in 0..=RUNS {
            let pair = (
                rate(&mut durable, run, &messages).await?,
                rate(&mut bare, run, &messages).await?,
            );
            if run > 0 {
                runs.push(pair);
            }
        }
        anyhow::Ok(runs)
    })?;
    gateway.stop()?;
    println!("{}", site.verify()?.trim_end());
    Ok(vec![Row::new(
        "stream-durable",
        "messages/s",
        ">= 0.5",
        runs,
    )])
}

/// A site whose limits do not stand in the way.
pub(crate) fn site() -> anyhow::Result<Site> {
    let site = Site::new()?;
    site.set("audit", "segment_mib = 64")?;
    site.set("evidence", "segment_mib = 256")?;
    Ok(site)
}

/// Starts the gateway and waits until its sandboxes begin configured: what a gateway does in its
/// first seconds after it was installed is no part of a rate.
pub(crate) fn settled(site: &Site) -> anyhow::Result<Gateway> {
    let configuration = std::fs::read_to_string(site.folder().join("lawgate.toml"))?;
    // The file explains more feeds in comments.
    let feeds = configuration
        .lines()
        .filter(|line| *line == "[[feed]]")
        .count();
    anyhow::ensure!(feeds > 0, "the site has no feeds");
    settled_for(site, feeds)
}

/// The same for the first `feeds` adapters that are made to begin configured.
pub(crate) fn settled_for(site: &Site, feeds: usize) -> anyhow::Result<Gateway> {
    let gateway = site.start()?;
    let started = Instant::now();
    loop {
        let mut configured = 0;
        for file in std::fs::read_dir(site.folder().join("data/adapter-cache"))? {
            let name = file?.file_name();
            let name = name.to_string_lossy();
            // The digests of a component and of a configuration, and not half-written.
            configured += usize::from(name.len() > 2 * 64 && !name.ends_with(".draft"));
        }
        if configured >= feeds {
            return Ok(gateway);
        }
        anyhow::ensure!(
            started.elapsed() < SETTLING,
            "{configured} of {feeds} adapters begin configured after {SETTLING:?}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The baseline server over the same site's certificates.
pub(crate) fn baseline(site: &Site) -> anyhow::Result<Gateway> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg("baseline-server")
        .arg(site.folder())
        .arg(adapters()?.join("hj212"));
    site.start_with(command)
}

/// Messages per second of one run.
async fn rate(client: &mut Exchange, run: usize, messages: &[Message]) -> anyhow::Result<f64> {
    let messages = messages.to_vec();
    let count = messages.len() * SUBMISSIONS;
    let requests = (0..SUBMISSIONS).map(move |number| SubmitStreamRequest {
        submission: Some(SubmitRequest {
            feed: "hj212".to_owned(),
            idempotency_key: format!("run-{run}-{number}"),
            messages: messages.clone(),
            purpose: None,
            party: None,
        }),
    });
    let start = Instant::now();
    let mut answers = client
        .submit_stream(tokio_stream::iter(requests))
        .await?
        .into_inner();
    let mut answered = 0;
    while let Some(answer) = answers.message().await? {
        match answer.answer {
            Some(Answer::Accepted(accepted)) => answered += accepted.outcomes.len(),
            other => anyhow::bail!("a submission was not accepted: {other:?}"),
        }
    }
    anyhow::ensure!(
        answered == count,
        "{answered} of {count} messages were answered"
    );
    Ok(count as f64 / start.elapsed().as_secs_f64())
}
