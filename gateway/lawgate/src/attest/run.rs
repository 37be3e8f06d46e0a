//! The tasks of attesting: publish, have cosigned, have stamped, watch the clock, serve.
//!
//! Each goes on by itself and none waits for another; a failure of the network is said and tried again. An error after
//! which nothing may be signed ends the node: a log that cannot be attested must not take exchanges for long, and the
//! next start says what is wrong. [`Attesting::finish`] publishes what the end of the node wrote.

use std::net::ToSocketAddrs as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use audit_log::{Clock as _, Published};
use exchange::Exchange;
use exchange::entry::Dependency;
use exchange::ports::Standing;
use log_http::serve::{LOG_LIMITS, LogService};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::clock_watch::{ClockWatch, Reading};
use super::cosign::Cosigners;
use super::outage::Outages;
use super::publish::Publishing;
use super::stamp::Stamper;
use crate::config::{Address, Config};
use crate::wiring::SystemClock;

/// How soon witnesses are asked again while the quorum is missing.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// How often the wall clock is compared, and outages are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How long the end of the node waits for cosignatures of its last checkpoint.
const LAST_ASK: Duration = Duration::from_secs(3);

/// What attests one node, before it runs.
pub(crate) struct Attestation {
    publishing: Arc<Publishing>,
    cosigners: Option<Arc<Cosigners>>,
    stamper: Option<Arc<Stamper>>,
    outages: Arc<Mutex<Outages>>,
    listener: Option<TcpListener>,
    checkpoint_interval: Duration,
    refuses: bool,
}

/// The tasks that attest a node.
pub(crate) struct Attesting {
    tasks: JoinSet<anyhow::Result<()>>,
    stop: watch::Sender<bool>,
    publishing: Arc<Publishing>,
    cosigners: Option<Arc<Cosigners>>,
}

/// What the tasks share.
#[derive(Clone)]
struct Shared {
    publishing: Arc<Publishing>,
    outages: Arc<Mutex<Outages>>,
    stopped: watch::Receiver<bool>,
}

impl Attestation {
    /// Prepares everything that can fail before the node serves.
    ///
    /// # Errors
    /// A file cannot be read, or the address of `[audit.http]` cannot be bound.
    pub(crate) async fn open(
        config: &Config,
        publishing: Arc<Publishing>,
        cosigners: Option<Arc<Cosigners>>,
    ) -> anyhow::Result<Attestation> {
        let stamper = config.audit.timestamp.as_ref();
        let stamper = stamper.map(Stamper::open).transpose()?.map(Arc::new);
        let needs_witnesses = cosigners
            .as_ref()
            .is_some_and(|cosigners| cosigners.policy().needs_witnesses());
        let mut watched = Vec::new();
        watched.extend(needs_witnesses.then_some(Dependency::Witnesses));
        watched.extend(stamper.as_ref().map(|_| Dependency::Timestamps));
        let outages = Outages::open(
            publishing.folder().join("outage"),
            config.audit.outage.after,
            &watched,
        )?;
        let listener = match &config.audit.http {
            Some(address) => Some(bind(address).await.context("[audit.http]")?),
            None => None,
        };
        Ok(Attestation {
            publishing,
            cosigners,
            stamper,
            outages: Arc::new(Mutex::new(outages)),
            listener,
            checkpoint_interval: config.audit.checkpoint_interval,
            refuses: config.audit.outage.refuses,
        })
    }

    /// Starts the tasks.
    ///
    /// # Errors
    /// The address that is served cannot be told.
    pub(crate) fn run(self, exchange: &Arc<Exchange>) -> anyhow::Result<Attesting> {
        let (stop, stopped) = watch::channel(false);
        let shared = Shared {
            publishing: Arc::clone(&self.publishing),
            outages: Arc::clone(&self.outages),
            stopped,
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(shared.clone().publish(self.checkpoint_interval));
        if let Some(cosigners) = &self.cosigners {
            tasks.spawn(shared.clone().cosign(Arc::clone(cosigners)));
        }
        if let Some(stamper) = self.stamper {
            tasks.spawn(shared.clone().stamp(stamper));
        }
        let exchange = Arc::clone(exchange);
        tasks.spawn(shared.clone().watch(exchange, self.refuses));
        if let Some(listener) = self.listener {
            let address = listener
                .local_addr()
                .context("the address of [audit.http]")?;
            tracing::info!(%address, "serving checkpoints and tiles");
            tasks.spawn(serve(listener, shared));
        }
        Ok(Attesting {
            tasks,
            stop,
            publishing: self.publishing,
            cosigners: self.cosigners,
        })
    }
}

impl Attesting {
    /// Resolves when a task has ended, which is the end of the node.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        match self.tasks.join_next().await {
            Some(Ok(Err(error))) => error.context("attesting the audit log ended"),
            Some(Err(error)) => anyhow::Error::new(error).context("attesting the audit log ended"),
            Some(Ok(Ok(()))) | None => anyhow::anyhow!("attesting the audit log ended"),
        }
    }

    /// Ends the tasks, publishes what the node wrote at its end, and asks the witnesses a last time.
    pub(crate) async fn finish(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Ok(Err(error)) = ended {
                tracing::error!(error = %error, "attesting the audit log ended");
            }
        }
        let publishing = Arc::clone(&self.publishing);
        let published = tokio::task::spawn_blocking(move || publishing.publish_all()).await;
        if let Ok(Err(error)) = published {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the last checkpoint was not signed");
            return;
        }
        let newest = self.publishing.follow().borrow().clone();
        if let (Some(cosigners), Some(newest)) = (&self.cosigners, newest) {
            let limit = LAST_ASK.min(2 * cosigners.deadline());
            let asked = timeout(limit, cosigners.ask(&self.publishing, &newest)).await;
            if !matches!(asked, Ok(Ok(Standing::Final))) {
                tracing::warn!("the last checkpoint is provisional: too few witnesses cosigned it");
            }
        }
    }
}

impl Shared {
    /// Resolves when the node stops.
    async fn stopping(&self) {
        let mut stopped = self.stopped.clone();
        // A sender that is gone has stopped as well.
        let _ = stopped.wait_for(|stopped| *stopped).await;
    }

    async fn publish(self, every: Duration) -> anyhow::Result<()> {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.stopping() => return Ok(()),
            }
            let publishing = Arc::clone(&self.publishing);
            let published = tokio::task::spawn_blocking(move || publishing.publish()).await?;
            match published {
                Ok(()) => {}
                Err(error) if error.is_passing() => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "no checkpoint was signed; it is tried again");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    async fn cosign(self, cosigners: Arc<Cosigners>) -> anyhow::Result<()> {
        let mut newest = self.publishing.follow();
        // What was published before may still be provisional.
        newest.mark_changed();
        let mut was = None;
        loop {
            tokio::select! {
                changed = newest.changed() => changed?,
                () = tokio::time::sleep(ASK_AGAIN), if was == Some(Standing::Provisional) => {}
                () = self.stopping() => return Ok(()),
            }
            let published = newest.borrow_and_update().clone();
            let Some(published) = published else { continue };
            let asked = tokio::select! {
                asked = cosigners.ask(&self.publishing, &published) => asked,
                () = self.stopping() => return Ok(()),
            };
            let standing = asked?;
            if cosigners.policy().needs_witnesses() {
                let is_final = standing == Standing::Final;
                self.state(Dependency::Witnesses, is_final).await?;
            }
            if was.replace(standing) != Some(standing) {
                say(&published, standing);
            }
        }
    }

    async fn stamp(self, stamper: Arc<Stamper>) -> anyhow::Result<()> {
        let mut ticks = interval(stamper.interval());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.stopping() => return Ok(()),
            }
            let publishing = Arc::clone(&self.publishing);
            let published = tokio::task::spawn_blocking(move || publishing.publish_all()).await?;
            if let Err(error) = published {
                // The publishing task meets the same and decides.
                tracing::debug!(error = &error as &dyn std::error::Error, "nothing to stamp");
                continue;
            }
            let newest = self.publishing.follow().borrow().clone();
            let Some(newest) = newest else { continue };
            let stamped = tokio::select! {
                stamped = stamper.stamp(&self.publishing, &newest) => stamped,
                () = self.stopping() => return Ok(()),
            };
            if let Err(error) = &stamped {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the checkpoint was not stamped; it is tried again"
                );
            }
            self.state(Dependency::Timestamps, stamped.is_ok()).await?;
        }
    }

    /// Notes whether something was to be had.
    async fn state(&self, what: Dependency, has_worked: bool) -> anyhow::Result<()> {
        let (publishing, outages) = (Arc::clone(&self.publishing), Arc::clone(&self.outages));
        tokio::task::spawn_blocking(move || {
            let mut outages = outages.lock().unwrap_or_else(PoisonError::into_inner);
            let ended = if has_worked {
                outages.worked(what)?
            } else {
                outages.failed(what, SystemClock.now_ns())?;
                None
            };
            drop(outages);
            if let Some(entry) = ended {
                tracing::warn!(what = what.word(), "what was missing is there again");
                publishing.append(entry.draft())?;
            }
            Ok(())
        })
        .await?
    }

    /// Compares the clocks, and holds the exchange while an outage lasts too long.
    async fn watch(self, exchange: Arc<Exchange>, refuses: bool) -> anyhow::Result<()> {
        let (mut ticks, start) = (interval(LOOK), Instant::now());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut clock = ClockWatch::default();
        let mut was_too_long = false;
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = self.stopping() => return Ok(()),
            }
            let reading = read_clocks(start);
            if let Some(step) = clock.look(reading) {
                let step_ms = step.step_ns() / 1_000_000;
                tracing::error!(step_ms, "the clock of this machine jumped");
                let publishing = Arc::clone(&self.publishing);
                tokio::task::spawn_blocking(move || publishing.append(step.draft())).await??;
            }
            let missing = self.look(reading.wall_ns).await?;
            if missing.is_some() != was_too_long {
                was_too_long = missing.is_some();
                let what = missing.map_or("nothing", |(what, _)| what.word());
                tracing::error!(
                    missing = what,
                    exchanges_are_refused = was_too_long && refuses,
                    "what attests the audit log: missing for too long"
                );
            }
            exchange.hold(missing.filter(|_| refuses));
        }
    }
}

impl Shared {
    /// Enters outages that have begun; returns what has been missing for too long.
    async fn look(&self, now_ns: u64) -> anyhow::Result<Option<(Dependency, Duration)>> {
        let (publishing, outages) = (Arc::clone(&self.publishing), Arc::clone(&self.outages));
        tokio::task::spawn_blocking(move || {
            let mut outages = outages.lock().unwrap_or_else(PoisonError::into_inner);
            let begun = outages.due(now_ns)?;
            let missing = outages.too_long(now_ns);
            drop(outages);
            for entry in begun {
                tracing::warn!(missing = entry.what.word(), "an outage has begun");
                publishing.append(entry.draft())?;
            }
            Ok(missing)
        })
        .await?
    }
}

fn say(published: &Published, standing: Standing) {
    let size = published.main.checkpoint.size();
    match standing {
        Standing::Final => tracing::info!(size, "checkpoints are final: the quorum cosigns"),
        Standing::Provisional => {
            tracing::warn!(
                size,
                "checkpoints are provisional: too few witnesses cosign"
            );
        }
    }
}

fn read_clocks(start: Instant) -> Reading {
    let since_start = || u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let before_ns = since_start();
    let wall_ns = SystemClock.now_ns();
    Reading {
        wall_ns,
        before_ns,
        after_ns: since_start(),
    }
}

/// Binds an address of the configuration.
///
/// # Errors
/// It has no address, or another program listens there.
pub(crate) async fn bind(address: &Address) -> anyhow::Result<TcpListener> {
    let found = (address.host.as_str(), address.port)
        .to_socket_addrs()
        .with_context(|| format!("resolving {address}"))?
        .next()
        .with_context(|| format!("{address} has no address"))?;
    TcpListener::bind(found)
        .await
        .with_context(|| format!("listening on {address}"))
}

async fn serve(listener: TcpListener, shared: Shared) -> anyhow::Result<()> {
    let service = Arc::new(LogService::new(&shared.publishing.tiles()));
    let stopping = async move { shared.stopping().await };
    log_http::http::serve(service, listener, None, LOG_LIMITS, stopping).await?;
    Ok(())
}
