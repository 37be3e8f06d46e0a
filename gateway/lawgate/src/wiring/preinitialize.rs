//! Making adapters begin configured, one after the other, beside the running gateway.
//!
//! It compiles, so it has a thread of its own and happens after an adapter is in use; until then,
//! and where it cannot be, each sandbox is configured by itself and gives the same bytes. What is
//! not done when the program ends is done at the next start.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};

use adapter_host::Adapter;
use bytes::Bytes;

/// Most adapters that wait. One more goes on being configured in every sandbox until the next start.
const WAITING: usize = 256;

/// An adapter to be made to begin configured, unless it is gone by then, and its component.
type Work = (Weak<Adapter>, Bytes);

/// The queue to the thread, which ends with it.
pub(super) struct Preinitializer(SyncSender<Work>);

impl Preinitializer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives none.
    pub(super) fn start() -> std::io::Result<Preinitializer> {
        let (sender, receiver) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("preinitialize".to_owned())
            .spawn(move || run(&receiver))?;
        Ok(Preinitializer(sender))
    }

    /// Queues an adapter that does not begin configured yet.
    pub(super) fn later(&self, adapter: &Arc<Adapter>, component: &Bytes) {
        if adapter.is_preinitialized() {
            return;
        }
        let work = (Arc::downgrade(adapter), component.clone());
        if self.0.try_send(work).is_err() {
            tracing::info!(
                adapter = adapter.describe().id,
                "the adapter is configured in every sandbox: too many wait to be compiled"
            );
        }
    }
}

fn run(work: &Receiver<Work>) {
    while let Ok((adapter, component)) = work.recv() {
        let Some(adapter) = adapter.upgrade() else {
            continue;
        };
        let id = &adapter.describe().id;
        match adapter.preinitialize(&component) {
            Ok(()) => tracing::debug!(adapter = id, "sandboxes begin configured"),
            Err(error) => tracing::info!(
                adapter = id,
                error = &error as &dyn std::error::Error,
                "the adapter is configured in every sandbox"
            ),
        }
    }
}
