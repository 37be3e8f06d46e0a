//! `unary-durable-p50`: one durable submission ÷ (bare unary call + two `fdatasync`).

use std::time::Instant;

use grpc_api::client::Exchange;
use proto::v1::{Message, SubmitRequest};

use crate::convert::packets;
use crate::fdatasync;
use crate::report::{Row, median};
use crate::stream::{baseline, settled, site};

/// Calls of one run.
const CALLS: usize = 300;
/// Runs of each side.
const RUNS: usize = 5;
/// Bytes of one write of the bare durability: a page, as evidence and log write at least.
const BLOCK_BYTES: usize = 4096;

/// The row.
pub(crate) fn rows() -> anyhow::Result<Vec<Row>> {
    let site = site()?;
    let gateway = settled(&site)?;
    let baseline = baseline(&site)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let payload = packets().swap_remove(0).0;
    let runs = runtime.block_on(async {
        let mut durable = gateway.client("city-eco").await?;
        let mut bare = baseline.client("city-eco").await?;
        let mut runs = Vec::new();
        for run in 0..=RUNS {
            let value = p50(&mut durable, run, &payload).await?;
            let call = p50(&mut bare, run, &payload).await?;
            let sync = fdatasync::p50(site.folder(), BLOCK_BYTES, CALLS)?.as_secs_f64() * 1e6;
            if run > 0 {
                println!("unary: durable {value:.0} us, bare call {call:.0} us, one fdatasync {sync:.0} us");
                runs.push((value, call + 2.0 * sync));
            }
        }
        anyhow::Ok(runs)
    })?;
    gateway.stop()?;
    Ok(vec![Row::new("unary-durable-p50", "us", "<= 2", runs)])
}

/// Median time of one call, in microseconds.
async fn p50(client: &mut Exchange, run: usize, payload: &[u8]) -> anyhow::Result<f64> {
    let mut times = Vec::with_capacity(CALLS);
    for number in 0..CALLS {
        let request = SubmitRequest {
            feed: "hj212".to_owned(),
            idempotency_key: format!("unary-{run}-{number}"),
            messages: vec![Message {
                payload: payload.to_vec().into(),
                attributes: Vec::new(),
            }],
            purpose: None,
            party: None,
        };
        let start = Instant::now();
        client.submit(request).await?;
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    Ok(median(times.into_iter()))
}
