//! The use cases of the gateway, in reading order: submit, follow, query.
//!
//! Owns the traits it needs from the world ([`ports`]) and decides everything
//! between the edge and the stores: who may, what is kept, in which order it
//! becomes durable, what is answered. Knows neither gRPC nor wasmtime nor SQL;
//! reads no clock, file or environment of its own.
#![forbid(unsafe_code)]

pub mod block;
pub mod entry;
pub mod ids;
pub mod party;
pub mod policy;
pub mod ports;
pub mod refusal;
pub mod replay;
pub mod words;
pub mod working_days;

mod admit;
mod answer;
mod assemble;
mod check;
mod chronicle;
mod convert;
mod export;
mod facts;
mod follow;
mod idempotency;
mod lanes;
pub mod lifecycle;
mod list;
mod mask;
mod metrics;
mod personal;
mod prove;
mod read;
mod receipt;
mod search;
mod secrecy;
mod stored;
mod submit;
#[cfg(test)]
mod tests;
mod workbench;

pub use export::{ExportEvidence, ExportSubject, ExportedPackage};
pub use follow::Follower;
pub use lanes::sandboxes;
pub use list::{ListQuarantine, ListRecords};
pub use mask::MASK;
pub use metrics::{AdapterMetrics, Metrics};
pub use party::PartySignature;
pub use personal::{EraseAnswer, FindSubjects, RestrictAnswer, open_question};
pub use policy::{Agency, Caller, CertificateName, PeerCertificate, Policy, Rights, Role, Staff};
pub use prove::{EntryName, MAX_RANGE};
pub use read::SubmissionName;
pub use refusal::Refusal;
pub use search::SearchEntries;
pub use secrecy::SearchKey;
pub use submit::{Submission, Turn, Waiting};
pub use workbench::Redrive;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use audit_log::Log;
use tokio::sync::{Notify, Semaphore};
use vault::Vault;

use crate::admit::InFlight;
use crate::entry::Dependency;
use crate::follow::HandOver;
use crate::idempotency::Recent;
use crate::lanes::Lanes;
use crate::lifecycle::{AdapterRules, FeedSlot, Registry, Route};
use crate::metrics::Outcomes;
use crate::personal::Approvals;
use crate::ports::{
    AdapterStore, Converter, EvidenceStore, Index, PackageSource, Proofs, Receipts,
};
use crate::working_days::WorkingDays;

/// Limits of the exchange. Every one is a promise to the operator that memory is bounded.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest submission: sum of the payload bytes of its messages.
    pub submission_bytes: usize,
    /// Most messages in one submission; at most [`ids::MAX_MESSAGES`].
    pub submission_messages: usize,
    /// Most submissions one agency may have under way.
    pub in_flight_submissions: usize,
    /// Most payload bytes one agency may have under way.
    pub in_flight_bytes: usize,
    /// Most records or messages on one page of a list.
    pub page_size: u32,
    /// Longest time one call may take before it is refused.
    pub request_deadline: Duration,
    /// Longest time a query waits for the index to reach the log's size.
    pub index_wait: Duration,
    /// Conversions at the same time.
    pub workers: usize,
}

/// A feed.
pub struct Feed {
    /// Name agencies submit to.
    pub id: String,
    /// Its kind, as manifests of adapters name it.
    pub kind: String,
    /// A converter in force from the beginning, for a node without a registry.
    pub converter: Option<Arc<dyn Converter>>,
}

/// The registry of adapters: where they are kept, and what the operator decides.
#[derive(Clone, Default)]
pub struct Adapters {
    /// The store; without it there is no registry.
    pub store: Option<Arc<dyn AdapterStore>>,
    /// What the operator decides.
    pub rules: AdapterRules,
}

/// What the exchange is built from.
pub struct Parts {
    /// The audit log.
    pub log: Log,
    /// Payloads and results.
    pub evidence: Arc<dyn EvidenceStore>,
    /// Queryable views.
    pub index: Arc<dyn Index>,
    /// Signs receipts; without it answers have none.
    pub receipts: Option<Arc<dyn Receipts>>,
    /// Checkpoints and proofs; without it calls that ask for them are refused.
    pub proofs: Option<Arc<dyn Proofs>>,
    /// Keys of personal data; without it nothing is sealed.
    pub vault: Option<Arc<Vault>>,
    /// Officers that an erasure takes: 1 or 2.
    pub approvers: u32,
    /// Who may do what.
    pub policy: Policy,
    /// Makes the digests that stand in entries for what may name a person.
    pub search_key: SearchKey,
    /// Working days, for the deadlines of a case.
    pub working_days: WorkingDays,
    /// The feeds.
    pub feeds: Vec<Feed>,
    /// The registry of their adapters.
    pub adapters: Adapters,
    /// Limits.
    pub limits: Limits,
}

/// The exchange: one instance a node, shared by every connection.
pub struct Exchange {
    log: Log,
    evidence: Arc<dyn EvidenceStore>,
    index: Arc<dyn Index>,
    receipts: Option<Arc<dyn Receipts>>,
    proofs: Option<Arc<dyn Proofs>>,
    vault: Option<Arc<Vault>>,
    approvals: Approvals,
    packages: OnceLock<Arc<dyn PackageSource>>,
    policy: Policy,
    search_key: SearchKey,
    working_days: WorkingDays,
    feeds: HashMap<String, FeedSlot>,
    registry: Registry,
    /// One step on the quarantine is made at a time.
    workbench: tokio::sync::Mutex<()>,
    limits: Limits,
    recent: Arc<Recent>,
    handed_over: HandOver,
    indexed: Notify,
    /// Readers that wait for the index now, and what tells the follower that there are some.
    readers_waiting: AtomicUsize,
    wanted: Notify,
    in_flight: HashMap<String, InFlight>,
    readings: HashMap<String, Arc<Semaphore>>,
    lanes: Lanes,
    outcomes: Outcomes,
    healthy: AtomicBool,
    stopping: AtomicBool,
    held: Mutex<Option<(Dependency, Duration)>>,
}

impl Exchange {
    /// Builds the exchange. Nothing runs until it is called.
    pub fn build(parts: Parts) -> Arc<Exchange> {
        let in_flight = parts
            .policy
            .agencies()
            .map(|agency| (agency.id.clone(), InFlight::default()))
            .collect();
        let readings = parts
            .policy
            .callers()
            .map(|id| (id.to_owned(), Arc::new(Semaphore::new(read::READINGS))))
            .collect();
        let store = parts.adapters.store.as_ref();
        let stand_back = store.map_or((|| {}) as fn(), |store| store.stand_back());
        Arc::new(Exchange {
            lanes: Lanes::new(parts.limits.workers, stand_back),
            outcomes: Outcomes::default(),
            recent: Arc::new(Recent::default()),
            handed_over: HandOver::default(),
            indexed: Notify::new(),
            readers_waiting: AtomicUsize::new(0),
            wanted: Notify::new(),
            feeds: slots(parts.feeds, &parts.adapters.rules, &parts.log),
            workbench: tokio::sync::Mutex::default(),
            registry: Registry::new(parts.adapters.store, parts.adapters.rules),
            log: parts.log,
            evidence: parts.evidence,
            index: parts.index,
            receipts: parts.receipts,
            proofs: parts.proofs,
            vault: parts.vault,
            approvals: Approvals::new(parts.approvers),
            packages: OnceLock::new(),
            policy: parts.policy,
            search_key: parts.search_key,
            working_days: parts.working_days,
            limits: parts.limits,
            in_flight,
            readings,
            healthy: AtomicBool::new(true),
            stopping: AtomicBool::new(false),
            held: Mutex::new(None),
        })
    }

    /// Recognises the peer by its certificate.
    ///
    /// # Errors
    /// [`Refusal::UnknownAgency`].
    pub fn recognise(&self, peer: &PeerCertificate) -> Result<Caller, Refusal> {
        self.policy.recognise(peer)
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Takes no further submission; what is under way is finished.
    pub fn stop_accepting(&self) {
        self.stopping
            .store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Whether new submissions are refused because the node is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Refuses submissions while what is named has been missing for the time given, until it is told `None`. Reading goes
    /// on: those who look for what is wrong need it.
    pub fn hold(&self, missing: Option<(Dependency, Duration)>) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = missing;
    }

    /// What submissions are refused for.
    pub(crate) fn held(&self) -> Option<(Dependency, Duration)> {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the log and the evidence store still accept writes.
    pub fn is_healthy(&self) -> bool {
        self.healthy.load(std::sync::atomic::Ordering::Relaxed)
    }
}

/// The feeds, each with its converter in force if it has one.
fn slots(feeds: Vec<Feed>, rules: &AdapterRules, log: &Log) -> HashMap<String, FeedSlot> {
    let slot = |feed: Feed| {
        let slot = FeedSlot::new(&feed.kind);
        if let Some(converter) = feed.converter {
            let version = lifecycle::LiveVersion::fixed(&feed.id, converter, rules.breaker, log);
            slot.put(Route {
                active: Some(Arc::new(version)),
                ..Route::default()
            });
        }
        (feed.id, slot)
    };
    feeds.into_iter().map(slot).collect()
}
