//! A version that is loaded: its converter behind its breaker, its limits and its counters.
//!
//! What submissions are given is this and not the bare converter. A call on behalf of an administrator (a retry, a dry
//! run, a shadow) takes the bare one, because it must not trip the breaker of what is in force.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use audit_log::Log;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::{Breaker, BreakerLimits, Change, Pass};
use crate::entry::{AdapterEntry, AdapterStep, CaseBinding};
use crate::ports::{
    AdapterIdentity, ConvertFailure, Converted, Converter, Loaded, Message, VersionLimits,
};

/// Code of messages that are quarantined because the breaker is open.
pub(crate) const BREAKER_OPEN: &str = "adapter.breaker-open";

/// A loaded version of a feed.
pub(crate) struct LiveVersion {
    pub(crate) feed: String,
    pub(crate) number: u32,
    pub(crate) limits: VersionLimits,
    pub(crate) usage: Usage,
    converter: Arc<dyn Converter>,
    pub(crate) conduct: Conduct,
    permits: Arc<Semaphore>,
    breaker: Mutex<Breaker>,
    since: Instant,
    log: Log,
}

/// Good calls that end a probation: enough that a hostile version gets the fast lane for one slice
/// in a few dozen calls, few enough that one bad message is soon forgotten.
pub(crate) const PROBATION: u32 = 32;

/// How a version behaved of late. One that failed, or ran longer than its slice, is on probation
/// until it has behaved for some calls in a row.
#[derive(Default)]
pub(crate) struct Conduct(AtomicU32);

impl Conduct {
    pub(crate) fn is_on_probation(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn was_bad(&self) {
        self.0.store(PROBATION, Ordering::Relaxed);
    }

    pub(crate) fn was_good(&self) {
        let less = |left: u32| left.checked_sub(1);
        // An error: it is not on probation.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// What a version has used since it was loaded.
#[derive(Default)]
pub(crate) struct Usage {
    pub(crate) calls: AtomicU64,
    pub(crate) messages: AtomicU64,
    pub(crate) input_bytes: AtomicU64,
    pub(crate) output_bytes: AtomicU64,
    pub(crate) busy_ns: AtomicU64,
    pub(crate) longest_ns: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) stopped: AtomicU64,
    pub(crate) running: AtomicU64,
    failures: Mutex<BTreeMap<String, u64>>,
}

impl Usage {
    /// Failed calls by code.
    pub(crate) fn failures(&self) -> BTreeMap<String, u64> {
        lock(&self.failures).clone()
    }

    fn began(&self, messages: &[Message]) {
        let bytes: usize = messages.iter().map(|message| message.payload.len()).sum();
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.running.fetch_add(1, Ordering::Relaxed);
        self.messages
            .fetch_add(messages.len() as u64, Ordering::Relaxed);
        self.input_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn ended(&self, took: Duration, result: &Result<Vec<Converted>, ConvertFailure>) {
        let took = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.running.fetch_sub(1, Ordering::Relaxed);
        self.busy_ns.fetch_add(took, Ordering::Relaxed);
        self.longest_ns.fetch_max(took, Ordering::Relaxed);
        match result {
            Ok(converted) => {
                let (mut bytes, mut rejected) = (0, 0);
                for one in converted {
                    match one {
                        Converted::Conversion(conversion) => bytes += conversion.len() as u64,
                        Converted::Rejected { .. } => rejected += 1,
                    }
                }
                self.output_bytes.fetch_add(bytes, Ordering::Relaxed);
                self.rejected.fetch_add(rejected, Ordering::Relaxed);
            }
            Err(failure) => {
                *lock(&self.failures)
                    .entry(failure.code.clone())
                    .or_default() += 1;
            }
        }
    }
}

impl LiveVersion {
    pub(crate) fn new(
        feed: &str,
        number: u32,
        loaded: Loaded,
        breaker: BreakerLimits,
        log: Log,
    ) -> LiveVersion {
        LiveVersion {
            feed: feed.to_owned(),
            number,
            permits: Arc::new(Semaphore::new(loaded.limits.concurrency.max(1))),
            limits: loaded.limits,
            converter: loaded.converter,
            usage: Usage::default(),
            conduct: Conduct::default(),
            breaker: Mutex::new(Breaker::new(breaker)),
            since: Instant::now(),
            log,
        }
    }

    /// A converter of no registry, without limits of its own.
    pub(crate) fn fixed(
        feed: &str,
        converter: Arc<dyn Converter>,
        breaker: BreakerLimits,
        log: &Log,
    ) -> LiveVersion {
        let limits = VersionLimits {
            memory_bytes: 0,
            deadline: Duration::ZERO,
            output_bytes: 0,
            messages_per_call: usize::MAX,
            host_calls: 0,
            concurrency: Semaphore::MAX_PERMITS,
        };
        let loaded = Loaded { converter, limits };
        LiveVersion::new(feed, 1, loaded, breaker, log.clone())
    }

    /// The converter without breaker and counters, for whoever publishes nothing by it.
    pub(crate) fn bare(&self) -> Arc<dyn Converter> {
        Arc::new(Bare {
            feed: self.feed.clone(),
            number: self.number,
            messages_per_call: self.limits.messages_per_call,
            converter: Arc::clone(&self.converter),
        })
    }

    /// Waits for the right to one of the calls it may have at the same time.
    pub(crate) async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    pub(crate) fn is_breaker_open(&self) -> bool {
        lock(&self.breaker).is_open()
    }

    /// Tells the breaker how a call ended, and the log what that changed.
    ///
    /// The entry is queued before anything can be quarantined by it, and the log keeps the order of its queue: no
    /// submission that the breaker stopped is durable without it.
    fn judge(&self, pass: Pass, result: &Result<Vec<Converted>, ConvertFailure>) {
        let now = self.since.elapsed();
        let mut breaker = lock(&self.breaker);
        let change = match result {
            Ok(_) => breaker.succeeded(pass),
            Err(failure) if failure.temporary => {
                breaker.undecided(pass);
                None
            }
            Err(_) => breaker.failed(pass, now),
        };
        let Some(change) = change else { return };
        let code = match result {
            Err(failure) => failure.code.clone(),
            Ok(_) => String::new(),
        };
        let (is_open, failures) = match change {
            Change::Opened { failures } => (true, failures),
            Change::Closed { failures } => (false, failures),
        };
        let entry = AdapterEntry {
            feed: self.feed.clone(),
            version: self.number,
            adapter: self.converter.identity().clone(),
            step: AdapterStep::Breaker {
                is_open,
                failures,
                code: code.clone(),
            },
            by: String::new(),
            case: CaseBinding::default(),
        };
        if let Err(error) = self.log.append(entry.draft(None)) {
            // What is not in the log does not take effect; the next call decides again.
            breaker.take_back(change, now);
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a breaker's change cannot be written down"
            );
            return;
        }
        let (feed, version) = (&self.feed, self.number);
        if is_open {
            tracing::error!(
                feed,
                version,
                failures,
                code,
                "the breaker of an adapter opened: its messages are quarantined"
            );
        } else {
            tracing::warn!(feed, version, failures, "the breaker of an adapter closed");
        }
    }
}

/// The converter of a version, which is given no more messages a call than the version takes.
struct Bare {
    feed: String,
    number: u32,
    messages_per_call: usize,
    converter: Arc<dyn Converter>,
}

impl Converter for Bare {
    fn identity(&self) -> &AdapterIdentity {
        self.converter.identity()
    }

    fn messages_per_call(&self) -> usize {
        self.messages_per_call
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        named(&self.feed, self.number, || self.converter.convert(messages))
    }

    fn memory_peak(&self) -> u64 {
        self.converter.memory_peak()
    }

    fn convert_sliced(
        &self,
        messages: &[Message],
        slice: Duration,
    ) -> Result<Option<Vec<Converted>>, ConvertFailure> {
        named(&self.feed, self.number, || {
            self.converter.convert_sliced(messages, slice)
        })
    }
}

/// One call; what is said in it for the operator names the version.
fn named<T>(feed: &str, version: u32, call: impl FnOnce() -> T) -> T {
    let _span = tracing::error_span!("adapter", feed, version).entered();
    call()
}

impl LiveVersion {
    /// Converts within a slice of time, or else once more after `overrun`, which may block, and
    /// with all the time that a call has. One call behind the breaker and in what is counted.
    ///
    /// # Errors
    /// As [`Converter::convert`].
    pub(crate) fn convert_after(
        &self,
        messages: &[Message],
        slice: Duration,
        overrun: impl FnOnce(),
    ) -> Result<Vec<Converted>, ConvertFailure> {
        self.watched(messages, || {
            if let Some(converted) = self.converter.convert_sliced(messages, slice)? {
                return Ok(converted);
            }
            overrun();
            self.converter.convert(messages)
        })
    }

    /// A call behind the breaker, and counted.
    fn watched(
        &self,
        messages: &[Message],
        call: impl FnOnce() -> Result<Vec<Converted>, ConvertFailure>,
    ) -> Result<Vec<Converted>, ConvertFailure> {
        let pass = lock(&self.breaker).ask(self.since.elapsed());
        if pass == Pass::Stop {
            self.usage
                .stopped
                .fetch_add(messages.len() as u64, Ordering::Relaxed);
            return Err(ConvertFailure {
                code: BREAKER_OPEN.to_owned(),
                text: "the adapter failed too often in a row and was not tried".to_owned(),
                temporary: false,
            });
        }
        self.usage.began(messages);
        let began = Instant::now();
        let result = named(&self.feed, self.number, call);
        self.usage.ended(began.elapsed(), &result);
        self.judge(pass, &result);
        result
    }
}

impl Converter for LiveVersion {
    fn identity(&self) -> &AdapterIdentity {
        self.converter.identity()
    }

    fn messages_per_call(&self) -> usize {
        self.limits.messages_per_call
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        self.watched(messages, || self.converter.convert(messages))
    }

    fn memory_peak(&self) -> u64 {
        self.converter.memory_peak()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
