//! A shadow (影子运行): a version that converts what was published already, and what it would have made otherwise.
//!
//! It has a thread of its own and a queue with two bounds. A submission is offered to it after its entry is durable and
//! its answer made; what does not fit is counted and not compared, and nothing waits for it.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::diff::Report;
use super::version::LiveVersion;
use crate::Exchange;
use crate::convert::{self, messages_of};
use crate::entry::{ShadowSums, SubmitEntry};
use crate::ports::{AdapterIdentity, ConvertFailure, Converted, Converter, Message};
use crate::replay;

/// Most submissions waiting.
const QUEUE: usize = 64;

/// Most payload bytes waiting.
const QUEUE_BYTES: usize = 32 << 20;

/// A submission as it was published.
pub(crate) struct Published {
    pub(crate) position: u64,
    /// Part 0 is the request without its payloads; the results follow.
    pub(crate) results: Arc<[Bytes]>,
    pub(crate) payloads: Arc<[Bytes]>,
    /// Whether the results were sealed since, and are in their canonical encoding, whatever the adapter's own was.
    pub(crate) was_sealed: bool,
}

/// Lets a report be changed, for as long as one note takes.
pub(crate) type Noting<'a> = dyn FnMut(&mut dyn FnMut(&mut Report)) + 'a;

/// A running shadow; its thread ends when it is dropped.
pub(crate) struct Shadow {
    pub(crate) version: Arc<LiveVersion>,
    queue: SyncSender<Published>,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    report: Mutex<Report>,
    waiting_bytes: AtomicUsize,
}

impl Shadow {
    /// Starts the shadow's thread, which stands back behind submissions.
    ///
    /// # Errors
    /// The system's, when there is no thread.
    pub(crate) fn start(version: Arc<LiveVersion>, stand_back: fn()) -> std::io::Result<Shadow> {
        let (queue, waiting) = mpsc::sync_channel::<Published>(QUEUE);
        let shared = Arc::new(Shared::default());
        let (of_thread, converter) = (Arc::clone(&shared), version.bare());
        std::thread::Builder::new()
            .name(format!("shadow-{}", version.feed))
            .spawn(move || {
                stand_back();
                while let Ok(published) = waiting.recv() {
                    of_thread.compare(&*converter, &published);
                    let bytes = published.bytes();
                    of_thread.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
                }
            })?;
        Ok(Shadow {
            version,
            queue,
            shared,
        })
    }

    /// Offers a submission; never waits.
    pub(crate) fn offer(&self, published: Published) {
        let (bytes, messages) = (published.bytes(), published.payloads.len() as u64);
        let before = self
            .shared
            .waiting_bytes
            .fetch_add(bytes, Ordering::Relaxed);
        let fits = before == 0 || before + bytes <= QUEUE_BYTES;
        let is_taken = fits
            && match self.queue.try_send(published) {
                Ok(()) => true,
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
            };
        if !is_taken {
            self.shared
                .waiting_bytes
                .fetch_sub(bytes, Ordering::Relaxed);
            self.shared.report().dropped += messages;
        }
    }

    /// What it has seen.
    pub(crate) fn report(&self) -> Report {
        self.shared.report().clone()
    }

    /// The same in numbers.
    pub(crate) fn sums(&self) -> ShadowSums {
        let report = self.shared.report();
        ShadowSums {
            compared: report.compared,
            differing: report.differing,
            dropped: report.dropped,
        }
    }
}

impl Exchange {
    /// Offers a submission to the shadow of its feed, if there is one and the active version made it.
    pub(crate) fn offer_to_shadow(
        &self,
        entry: &SubmitEntry,
        published: impl FnOnce() -> Published,
    ) {
        let Some(slot) = self.feeds.get(&entry.feed) else {
            return;
        };
        let route = slot.route();
        let (Some(shadow), Some(active)) = (&route.shadow, &route.active) else {
            return;
        };
        if *active.identity() == entry.adapter {
            shadow.offer(published());
        }
    }
}

impl Published {
    fn bytes(&self) -> usize {
        self.payloads.iter().map(Bytes::len).sum()
    }
}

impl Shared {
    fn report(&self) -> std::sync::MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn compare(&self, converter: &dyn Converter, published: &Published) {
        compare(converter, published, &mut |note| note(&mut self.report()));
    }
}

/// Counts the calls that end without a result; the results say so of each message only.
struct Counting<'c> {
    converter: &'c dyn Converter,
    failed: AtomicU64,
}

impl Converter for Counting<'_> {
    fn identity(&self) -> &AdapterIdentity {
        self.converter.identity()
    }

    fn messages_per_call(&self) -> usize {
        self.converter.messages_per_call()
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let result = self.converter.convert(messages);
        self.failed
            .fetch_add(u64::from(result.is_err()), Ordering::Relaxed);
        result
    }
}

/// Converts a published submission again and hands what differs to `report`, one short piece after another.
pub(crate) fn compare(converter: &dyn Converter, published: &Published, report: &mut Noting<'_>) {
    let Some((manifest, results)) = published.results.split_first() else {
        return;
    };
    let position = published.position;
    let _span = tracing::error_span!("comparison", position).entered();
    let counting = Counting {
        converter,
        failed: AtomicU64::new(0),
    };
    let messages = messages_of(manifest, &published.payloads);
    let made = messages.map(|messages| convert::results(&counting, &messages));
    // What is kept and cannot be given to a call is one that failed.
    let failed = counting.failed.into_inner() + u64::from(made.is_none());
    report(&mut |report| report.failed += failed);
    let Some(Ok(made)) = made else { return };
    for (number, (before, now)) in (0..).zip(results.iter().zip(made)) {
        let now = match published.was_sealed {
            true => replay::canonical(now),
            false => now,
        };
        report(&mut |report| report.compare(published.position, number, before, &now));
    }
}
