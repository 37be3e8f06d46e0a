//! `lawgate serve`: load, build, run, drain.
//!
//! The order is the reverse of what depends on what: stores before the
//! exchange, the exchange before the edge. Stopping goes the other way.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use exchange::{Exchange, Follower, Parts, entry};
use grpc_api::Edge;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use crate::attest::keys::KeyRing;
use crate::attest::{self, Attestation, Board, Cosigners, Publishing};
use crate::config::model::Config;
use crate::metrics::MetricsEdge;
use crate::wiring;

/// Serves until SIGINT or SIGTERM.
///
/// # Errors
/// Whatever keeps the gateway from starting, or ends it, with its chain of causes.
pub(crate) async fn serve(config: Config, configuration: &[u8]) -> anyhow::Result<()> {
    let (node, attestation) = open(&config, configuration).await?;
    let edge = Edge::bind(edge_config(&config)?).await?;
    let metrics = MetricsEdge::bind(config.metrics.as_ref()).await?;
    let mut attesting = attestation.run(&node.exchange)?;
    let mut follower = tokio::task::JoinSet::new();
    follower.spawn(
        Arc::new(Follower::new(
            Arc::clone(&node.exchange),
            config.index.batch_rows,
        ))
        .run(),
    );
    let keeper = Arc::clone(&node.exchange);
    follower.spawn(async move { remember_adapters(keeper).await });
    let (metrics_stop, metrics_stopped) = watch::channel(false);
    let mut measuring = tokio::task::JoinSet::new();
    let metrics_at = metrics.as_ref().map(MetricsEdge::address);
    if let Some(metrics) = metrics {
        // It looks at the exchange and does not keep it.
        measuring.spawn(metrics.serve(Arc::downgrade(&node.exchange), metrics_stopped));
    }
    // Before the line: whoever has read it may stop the gateway at once.
    let stop = stop_signal()?;
    if let Some(at) = metrics_at {
        announce(&format!("lawgate metrics at http://{at}/metrics"));
    }
    // The line scripts wait for: the bound address, also where port 0 was asked for.
    announce(&format!(
        "lawgate {} listening on {} as {} ({})",
        env!("CARGO_PKG_VERSION"),
        edge.address(),
        config.gateway.origin,
        config.gateway.name
    ));
    let served = tokio::select! {
        served = edge.serve(Arc::clone(&node.exchange), stop) => served.context("the gRPC edge ended"),
        // The follower ends only when the log has stopped or it panicked: either is the end.
        _ = follower.join_next() => Err(anyhow::anyhow!("the follower of the index ended; see the log for why")),
        error = attesting.failed() => Err(error),
    };
    follower.shutdown().await;
    metrics_stop.send_replace(true);
    while let Some(ended) = measuring.join_next().await {
        if !matches!(ended, Ok(Ok(()))) {
            tracing::error!(?ended, "serving metrics ended with a fault");
        }
    }
    // The stop is an entry, and the last checkpoint covers it.
    let stopped = node.note_stop();
    attesting.finish().await;
    node.close()?;
    stopped?;
    served
}

/// How often the registry remembers how far it has read the log, so that a start need not read much of it.
const REMEMBERING: Duration = Duration::from_secs(60);

/// Keeps the memory of the registry near the log's size; never ends.
async fn remember_adapters(exchange: Arc<Exchange>) {
    loop {
        tokio::time::sleep(REMEMBERING).await;
        let exchange = Arc::clone(&exchange);
        // A panic there is said by the hook; the memory is a cache.
        let _ = tokio::task::spawn_blocking(move || exchange.remember_adapters()).await;
    }
}

#[expect(
    clippy::print_stdout,
    reason = "whoever started the gateway waits for this line"
)]
pub(crate) fn announce(line: &str) {
    println!("{line}");
}

/// Everything behind the edge.
struct Node {
    log: audit_log::Log,
    exchange: Arc<Exchange>,
}

/// Opens the log as the one that was signed, and builds what stands on it.
async fn open(config: &Config, configuration: &[u8]) -> anyhow::Result<(Node, Attestation)> {
    let data = &config.gateway.data_dir;
    std::fs::create_dir_all(data)
        .with_context(|| format!("making the data folder {}", data.display()))?;
    attest::keys::ensure_no_rotation(config)?;
    let keys = KeyRing::open(config)?;
    for path in &keys.made {
        tracing::warn!(path = %path.display(), "a signing key was made; keep a copy where the log is not");
    }
    let cosigners = Cosigners::open(config, &keys)?.map(Arc::new);
    let opened = attest::open(config, &keys)?;
    if let Some(cosigners) = &cosigners
        && let Err(refused) = opened.check_witnesses(cosigners).await
    {
        return Err(attest::close_refused(opened, refused));
    }
    let policy = cosigners.as_ref().map(|them| them.policy().clone());
    if !policy
        .as_ref()
        .is_some_and(|policy| policy.needs_witnesses())
    {
        tracing::warn!("no witness has to cosign: every checkpoint of this log stays provisional");
    }
    let board = Arc::new(Board::new(policy));
    let (log, opened, publishing) = Publishing::of_node(opened, board);
    let node = Node::build(config, configuration, (log, opened), &publishing, &keys)?;
    // Whatever was begun may have been acknowledged: it is carried out before anybody is served.
    if node
        .exchange
        .resume_erasure()
        .await
        .context("finishing an erasure")?
    {
        tracing::warn!("an erasure that was cut off has been carried out");
    }
    let repeated = node.exchange.repeat_erasures().await;
    let repeated = repeated.context("erasing again what the log says was erased")?;
    if repeated > 0 {
        tracing::warn!(
            people = repeated,
            "keys that were destroyed were there again, from a copy older than their erasure; they are destroyed"
        );
    }
    let attestation = Attestation::open(config, publishing, cosigners).await?;
    Ok((node, attestation))
}

impl Node {
    fn build(
        config: &Config,
        configuration: &[u8],
        (log, opened): (audit_log::Log, audit_log::Opened),
        publishing: &Publishing,
        keys: &KeyRing,
    ) -> anyhow::Result<Node> {
        let data = &config.gateway.data_dir;
        note_recovery(&log, opened.recovered.as_ref())?;
        let (store, kept) =
            evidence::open(evidence_config(config)).context("opening the evidence store")?;
        report_evidence(&kept);
        let vault = wiring::vault(config.vault.as_ref(), data)?;
        // One key for digests: that of the vault where there is one, else one of the node's own.
        let search_key = exchange::SearchKey::new(match &vault {
            Some(vault) => vault.keyed_digest(&Sha256::digest(b"lawgate/search").into()),
            None => wiring::own_key(&data.join("search.key"))?,
        });
        let index_config = index::Config {
            dir: data.join("index"),
            origin: config.gateway.origin.clone(),
        };
        let index = index::SqliteIndex::open(&index_config).context("opening the index")?;
        let (feeds, configured) = wiring::feeds(config)?;
        let parts = Parts {
            log: log.clone(),
            evidence: Arc::new(wiring::Evidence(store)),
            index: Arc::new(index),
            receipts: Some(Arc::new(wiring::Receipts {
                log: log.clone(),
                tiles: publishing.tiles(),
                board: publishing.board(),
                signer: Arc::clone(&keys.receipt),
            })),
            proofs: Some(Arc::new(wiring::Proofs::new(
                publishing.tiles(),
                publishing.board(),
            ))),
            vault,
            approvers: config.vault.as_ref().map_or(1, |vault| vault.approvers),
            policy: wiring::policy(&config.agencies, &config.staff),
            search_key,
            working_days: wiring::working_days(config.calendar.as_deref())?,
            feeds,
            adapters: adapters(config)?,
            limits: limits(config),
        };
        let exchange = Exchange::build(parts);
        let packages = wiring::PackageFiles::open(config, keys, publishing.tiles());
        exchange.offer_packages(Arc::new(packages.context("preparing evidence packages")?));
        let ahead = catch_up(&exchange, config, opened.size)?;
        note_start(&log, ahead, configuration)?;
        exchange.restore_adapters(&configured).map_err(|error| {
            // The reason goes into the line that is shown without --verbose.
            let text = format!("feed {}: {}", error.feed, wiring::chain(&error.cause));
            anyhow::Error::new(error).context(text)
        })?;
        log.append(keys.start(config.audit.suite).draft())?.wait()?;
        Ok(Node { log, exchange })
    }

    /// Writes the stop down: everything accepted is durable.
    fn note_stop(&self) -> anyhow::Result<()> {
        self.exchange.remember_adapters();
        if self.exchange.is_healthy() {
            self.log.append(entry::node_stop())?.wait()?;
        }
        Ok(())
    }

    /// Closes the log.
    fn close(self) -> anyhow::Result<()> {
        self.log.close().context("closing the audit log")?;
        Ok(())
    }
}

pub(crate) fn evidence_config(config: &Config) -> evidence::Config {
    evidence::Config {
        dir: config.gateway.data_dir.join("evidence"),
        segment_bytes: config.evidence.segment_bytes,
        queue_bundles: config.audit.queue_entries,
        queue_bytes: config.evidence.queue_bytes,
    }
}

/// Says what the evidence store found at its end. Bytes lost there were never acknowledged:
/// an entry refers only to bundles that were durable before it.
fn report_evidence(opened: &evidence::Opened) {
    if opened.torn_bytes > 0 {
        tracing::warn!(
            bytes = opened.torn_bytes,
            "the evidence store ended in an unfinished write, which was removed"
        );
    }
    for range in &opened.damaged {
        tracing::error!(
            segment = range.segment,
            "the evidence store has a damaged range at the end of a segment"
        );
    }
    if !opened.rebuilt_indexes.is_empty() {
        tracing::info!(
            indexes = opened.rebuilt_indexes.len(),
            "indexes of the evidence store were rebuilt"
        );
    }
}

/// Writes an unfinished write down as soon as the log is open: whatever else keeps this start
/// from succeeding, the next one could not tell any more.
fn note_recovery(
    log: &audit_log::Log,
    recovered: Option<&audit_log::Recovered>,
) -> anyhow::Result<()> {
    let Some(found) = recovered else {
        return Ok(());
    };
    tracing::warn!(
        zeroed = found.zeroed_bytes,
        offset = found.from_offset,
        "the audit log ended in an unfinished write, which nobody was answered for"
    );
    log.append(entry::log_recovery(
        found.zeroed_bytes,
        found.from_offset,
        0,
    ))?
    .wait()?;
    Ok(())
}

/// Writes down what a start has to: an index ahead of the log, and the start itself.
fn note_start(log: &audit_log::Log, index_ahead: u64, configuration: &[u8]) -> anyhow::Result<()> {
    if index_ahead > 0 {
        tracing::error!(
            entries = index_ahead,
            "the index knew entries that the log no longer has: they may have been acknowledged"
        );
        log.append(entry::log_recovery(0, 0, index_ahead))?.wait()?;
    }
    let digest: [u8; 32] = Sha256::digest(configuration).into();
    log.append(entry::node_start(env!("CARGO_PKG_VERSION"), &digest))?
        .wait()?;
    Ok(())
}

/// Brings the index to the log's size before anybody is served; returns by how much it was ahead.
fn catch_up(exchange: &Arc<Exchange>, config: &Config, opened: u64) -> anyhow::Result<u64> {
    let follower = Follower::new(Arc::clone(exchange), config.index.batch_rows);
    follower
        .catch_up(opened, |indexed, size| {
            if size - indexed > 0 {
                tracing::info!(indexed, size, "bringing the index up to the log");
            }
        })
        .context("bringing the index to the log's size")
}

/// The registry of adapters: where they are kept, and what the operator decides.
fn adapters(config: &Config) -> anyhow::Result<exchange::Adapters> {
    let (stated, workers) = (&config.adapters, workers(config));
    let host = wiring::host(config, workers)?;
    let publishers =
        wiring::Publishers::open(stated.publishers.as_deref(), stated.require_signature)?;
    let caps = wiring::Caps {
        output_bytes: config.sandbox.output_bytes as u64,
        log_lines: config.sandbox.log_lines,
        messages_per_call: stated.messages_per_call,
        concurrency: match stated.concurrency {
            0 => workers,
            calls => calls,
        },
        component_bytes: usize::try_from(config.sandbox.component_bytes).unwrap_or(usize::MAX),
    };
    let store = wiring::AdapterFolder::open(&config.gateway.data_dir, host, publishers, caps);
    let store = store.context("opening the store of adapters")?;
    Ok(exchange::Adapters {
        store: Some(Arc::new(store)),
        rules: exchange::lifecycle::AdapterRules {
            administrators: stated.administrators.clone(),
            approvals: stated.approvals,
            breaker: exchange::lifecycle::BreakerLimits {
                failures: stated.breaker_failures,
                pause: stated.breaker_pause,
            },
            dry_run: config.limits.request_deadline / 2,
        },
    })
}

fn limits(config: &Config) -> exchange::Limits {
    let limits = &config.limits;
    exchange::Limits {
        submission_bytes: limits.submission_bytes,
        submission_messages: limits.submission_messages,
        in_flight_submissions: limits.in_flight_submissions,
        in_flight_bytes: limits.in_flight_bytes,
        page_size: limits.page_size,
        request_deadline: limits.request_deadline,
        index_wait: config.index.wait,
        workers: workers(config),
    }
}

/// Conversions at once: as configured, or one for each core.
pub(crate) fn workers(config: &Config) -> usize {
    if config.sandbox.workers > 0 {
        return config.sandbox.workers;
    }
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Room for what a request carries besides payloads: keys, attributes, tags and lengths.
const REQUEST_OVERHEAD_BYTES: usize = 1 << 20;

fn edge_config(config: &Config) -> anyhow::Result<grpc_api::Config> {
    use std::net::ToSocketAddrs as _;
    let listen = &config.listen;
    let address = (listen.address.host.as_str(), listen.address.port)
        .to_socket_addrs()
        .with_context(|| format!("resolving {}", listen.address))?
        .next()
        .with_context(|| format!("{} has no address", listen.address))?;
    Ok(grpc_api::Config {
        address,
        certificate: listen.certificate.clone(),
        key: listen.key.clone(),
        client_ca: listen.client_ca.clone(),
        handshake_timeout: listen.handshake_timeout,
        max_connections: listen.max_connections,
        max_streams_per_connection: listen.max_streams_per_connection,
        // Twice the limit, so that what is a little too large is refused by name and written down.
        max_request_bytes: config.limits.submission_bytes * 2 + REQUEST_OVERHEAD_BYTES,
        max_upload_bytes: usize::try_from(config.sandbox.component_bytes * 2).unwrap_or(usize::MAX),
        drain_timeout: listen.drain_timeout,
    })
}

/// Resolves at SIGINT or SIGTERM.
pub(crate) fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Starts the runtime and serves.
///
/// # Errors
/// As [`serve`].
pub(crate) fn run(config: Config, file: &Path) -> anyhow::Result<()> {
    let configuration =
        std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(serve(config, &configuration))
}
