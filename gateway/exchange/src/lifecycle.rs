//! The registry of adapters (适配器登记): which versions there are, and which converts what.
//!
//! Every step is an entry that is durable before it takes effect; the state is a fold over these entries, so that a
//! start finds what the last one left whenever it ended. One step is made at a time. Submissions look at the route of
//! their feed once, when they are admitted, and finish on the version they found there.

mod breaker;
mod change;
mod diff;
mod dry_run;
mod install;
mod restore;
mod route;
mod shadow;
mod show;
mod state;
mod uploads;
mod version;

pub use breaker::BreakerLimits;
pub use install::Install;
pub use restore::{Configured, RestoreError};

pub(crate) use route::{FeedSlot, Route};
pub(crate) use shadow::Published;
#[cfg(test)]
pub(crate) use version::PROBATION;
pub(crate) use version::{BREAKER_OPEN, LiveVersion};

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use audit_log::Appended;
use proto::v1::QuarantineState;

use crate::Exchange;
use crate::entry::{AdapterEntry, AdapterStep, CaseBinding};
use crate::policy::{Caller, Role};
use crate::ports::{AdapterFault, AdapterStore};
use crate::refusal::Refusal;
use crate::submit::run_blocking;
use crate::workbench::{QuarantineStates, StepTaken};

use state::{FeedLife, Lives, VersionLife};
use uploads::Uploads;

/// What the operator decides about adapters.
#[derive(Debug, Clone)]
pub struct AdapterRules {
    /// Agencies that may change the registry, besides staff whose role is administrator.
    pub administrators: Vec<String>,
    /// Different administrators who must approve a version before it converts submissions; at least 1.
    pub approvals: usize,
    /// When the breaker of a version opens.
    pub breaker: BreakerLimits,
    /// Longest time a dry run may take.
    pub dry_run: Duration,
}

impl Default for AdapterRules {
    fn default() -> AdapterRules {
        AdapterRules {
            administrators: Vec::new(),
            approvals: 1,
            breaker: BreakerLimits {
                failures: 8,
                pause: Duration::from_secs(30),
            },
            dry_run: Duration::from_secs(20),
        }
    }
}

/// The registry of one node.
pub(crate) struct Registry {
    pub(crate) store: Option<Arc<dyn AdapterStore>>,
    pub(crate) rules: AdapterRules,
    state: Mutex<State>,
    /// What became of quarantined messages, and where in the log that stands.
    quarantine: Mutex<(QuarantineStates, Vec<u64>)>,
    /// One upload is checked at a time, a few wait.
    uploads: Uploads,
}

/// The fold, and where in the log its entries are.
#[derive(Default)]
pub(crate) struct State {
    lives: Lives,
    positions: Vec<u64>,
}

impl Registry {
    pub(crate) fn new(store: Option<Arc<dyn AdapterStore>>, rules: AdapterRules) -> Registry {
        Registry {
            store,
            rules,
            state: Mutex::default(),
            quarantine: Mutex::default(),
            uploads: Uploads::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn quarantine(&self) -> MutexGuard<'_, (QuarantineStates, Vec<u64>)> {
        self.quarantine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// State of a message in quarantine.
    pub(crate) fn quarantine_state(&self, place: (u64, u16)) -> QuarantineState {
        self.quarantine().0.state(place)
    }

    /// The steps on a message in quarantine, in order.
    pub(crate) fn quarantine_steps(&self, place: (u64, u16)) -> Vec<StepTaken> {
        self.quarantine().0.steps(place)
    }

    /// Makes a step on a message: `append` writes it down and returns when it is durable. Blocks.
    ///
    /// Nobody remembers the size of the log between the two: a step below it would be missing at the next start.
    pub(crate) fn take_quarantine(
        &self,
        place: (u64, u16),
        state: QuarantineState,
        append: impl FnOnce() -> Result<Appended, Refusal>,
    ) -> Result<Appended, Refusal> {
        let mut quarantine = self.quarantine();
        let appended = append()?;
        quarantine.0.take(appended.position, place, state);
        quarantine.1.push(appended.position);
        Ok(appended)
    }

    fn store(&self) -> Result<&Arc<dyn AdapterStore>, Refusal> {
        self.store.as_ref().ok_or(Refusal::AdaptersNotOffered)
    }
}

/// A step that somebody asks for.
struct Step<'a> {
    caller: Option<&'a Caller>,
    feed: &'a str,
    case: &'a CaseBinding,
}

impl Exchange {
    /// Runs a call of an administrator; its refusal is an entry.
    pub(crate) async fn administering<T>(
        &self,
        caller: &Caller,
        method: &'static str,
        feed: &str,
        work: impl Future<Output = Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        let done = match self.administrator(caller) {
            Ok(()) => work.await,
            Err(refusal) => Err(refusal),
        };
        match done {
            Ok(answer) => Ok(answer),
            Err(refusal) => Err(self
                .refuse(Some(caller), &caller.certificate, method, feed, refusal)
                .await),
        }
    }

    /// Whether the caller may change the registry: whoever has the role, and agencies that are named.
    pub(crate) fn is_administrator(&self, caller: &Caller) -> bool {
        match self.policy.member(caller) {
            Some(member) => member.role == Role::Administrator,
            None => self.registry.rules.administrators.contains(&caller.agency),
        }
    }

    fn administrator(&self, caller: &Caller) -> Result<(), Refusal> {
        if self.is_administrator(caller) {
            return Ok(());
        }
        Err(Refusal::NotAdministrator {
            agency: caller.agency.clone(),
        })
    }

    /// Runs a change of the registry to its end, whatever becomes of the call that asked for it.
    async fn changing<T: Send + 'static>(
        self: &Arc<Self>,
        change: impl FnOnce(&Exchange, &mut State) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let exchange = Arc::clone(self);
        run_blocking(move || {
            let mut state = exchange.registry.state();
            let done = change(&exchange, &mut state);
            exchange.remember(&state);
            done
        })
        .await
    }

    /// Writes a step down and takes it over once it is durable. What it puts in force is the caller's to do.
    fn write_step(
        &self,
        state: &mut State,
        step: &Step<'_>,
        version: &VersionLife,
        what: AdapterStep,
    ) -> Result<(), Refusal> {
        let entry = AdapterEntry {
            feed: step.feed.to_owned(),
            version: version.number,
            adapter: version.adapter.clone(),
            step: what,
            by: step
                .caller
                .map_or_else(|| "gateway".to_owned(), |caller| caller.agency.clone()),
            case: step.case.clone(),
        };
        self.write_entry(state, step.caller, &entry).map(drop)
    }

    fn write_entry(
        &self,
        state: &mut State,
        caller: Option<&Caller>,
        entry: &AdapterEntry,
    ) -> Result<u64, Refusal> {
        let pending = self.log.append(entry.draft(caller));
        let pending = pending.map_err(|error| self.log_failed(error))?;
        let appended = pending.wait().map_err(|error| self.log_failed(error))?;
        state.lives.apply(appended.position, entry);
        state.positions.push(appended.position);
        Ok(appended.position)
    }

    /// The loaded version of this number; loads it from the store when it is not.
    fn live(&self, feed: &str, version: &VersionLife) -> Result<Arc<LiveVersion>, Refusal> {
        let slot = self.slot(feed)?;
        if let Some(loaded) = slot.loaded(version.number) {
            return Ok(loaded);
        }
        let loaded = self.load_version(&slot.kind, version)?;
        let live = Arc::new(LiveVersion::new(
            feed,
            version.number,
            loaded,
            self.registry.rules.breaker,
            self.log.clone(),
        ));
        slot.add(Arc::clone(&live));
        Ok(live)
    }

    /// The version of this number, or the active one for 0, whatever it does now; retired ones too. Blocks.
    pub(crate) fn live_version(
        &self,
        feed: &str,
        number: u32,
    ) -> Result<Arc<LiveVersion>, Refusal> {
        if number == 0 {
            let active = self.slot(feed)?.route().active.clone();
            return active.ok_or_else(|| Refusal::NoAdapter {
                feed: feed.to_owned(),
            });
        }
        let version = version_of(self.registry.state().lives.feed(feed), number)?;
        self.live(feed, &version)
    }

    fn load_version(
        &self,
        kind: &str,
        version: &VersionLife,
    ) -> Result<crate::ports::Loaded, Refusal> {
        let store = self.registry.store()?;
        let files = kept_files(&**store, version)?;
        store.load(&files, kind).map_err(refused)
    }

    fn slot(&self, feed: &str) -> Result<&FeedSlot, Refusal> {
        self.feeds.get(feed).ok_or_else(|| Refusal::UnknownFeed {
            feed: feed.to_owned(),
        })
    }
}

/// The files of a version, from the store.
fn kept_files(
    store: &dyn AdapterStore,
    version: &VersionLife,
) -> Result<crate::ports::AdapterFiles, Refusal> {
    let kept = |digest: &[u8; 32], what: &str| {
        let found = store
            .kept(digest)
            .map_err(|cause| Refusal::StoreFailed { cause })?;
        found.map(bytes::Bytes::from).ok_or_else(|| {
            let digest = crate::policy::hex(digest);
            state_of(format!("the {what} {digest} is not kept here"))
        })
    };
    let manifest = version
        .manifest
        .ok_or_else(|| state_of("its manifest is not known".to_owned()))?;
    Ok(crate::ports::AdapterFiles {
        component: kept(&version.adapter.component, "component")?,
        manifest: kept(&manifest, "manifest")?,
        configuration: kept(&version.adapter.configuration, "configuration")?,
        schema: match &version.schema {
            Some(digest) => kept(digest, "schema of configurations")?,
            None => bytes::Bytes::new(),
        },
    })
}

fn refused(fault: AdapterFault) -> Refusal {
    Refusal::AdapterRefused {
        code: fault.code,
        text: fault.text,
    }
}

fn state_of(text: String) -> Refusal {
    Refusal::AdapterState { text }
}

/// The version of this number of a feed.
fn version_of(life: Option<&FeedLife>, number: u32) -> Result<VersionLife, Refusal> {
    let found = life.and_then(|life| life.version(number));
    found.cloned().ok_or_else(|| Refusal::NotFound {
        what: "version",
        id: number.to_string(),
    })
}
