//! A sandbox: one store with its limits, and the guest in it.
//!
//! It lives for one call of the host and is dropped after it, whatever
//! happened. The limits are set before instantiation, because a guest's start
//! function is its code already.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use wasmtime::component::HasSelf;
use wasmtime::{Engine, ResourceLimiter, Store};

use crate::call::CallError;
use crate::clock::Clock;
use crate::config::{Config, Level, LogSink};
use crate::contract::lawgate::adapter::{host, types};
use crate::contract::{self, AdapterPre};
use crate::description::Granted;
use crate::engine::TABLE_ELEMENTS;
use crate::snapshot::State as Snapshot;
use crate::stop::{Address, Stop};
use crate::watch::{Calls, ticks};

/// Longest log text passed on, in bytes; the rest of a line is cut off.
const LOG_TEXT_BYTES: usize = 1024;

/// Most core instances, tables and memories of one guest; the pool has its own limits below.
const PARTS: usize = 64;

/// The component's linker: the log, and nothing else.
pub(crate) type Linker = wasmtime::component::Linker<State>;

/// A component that can be instantiated.
pub(crate) type Ready = AdapterPre<State>;

/// What a sandbox's limits are made from.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    granted: Granted,
    ticks: u64,
    tick: Duration,
    output_bytes: usize,
    log_lines: u32,
    log: LogSink,
    /// Most memory that a sandbox under these limits was granted so far, in bytes.
    memory_peak: Arc<AtomicU64>,
}

impl Limits {
    /// The limits of an adapter's sandboxes.
    pub(crate) fn new(config: &Config, granted: Granted) -> Self {
        Self {
            granted,
            ticks: ticks(granted.deadline, config.tick),
            tick: config.tick,
            output_bytes: config.output_bytes,
            log_lines: config.log_lines,
            log: config.log,
            memory_peak: Arc::default(),
        }
    }

    /// Most memory that a sandbox under these limits was granted so far, in bytes.
    pub(crate) fn memory_peak(&self) -> u64 {
        self.memory_peak.load(Ordering::Relaxed)
    }

    /// The same with less output and fewer log lines, where less is asked for; 0 asks for nothing.
    pub(crate) fn at_most(mut self, output_bytes: u64, log_lines: u32) -> Self {
        if output_bytes > 0 {
            let asked = usize::try_from(output_bytes).unwrap_or(usize::MAX);
            self.output_bytes = asked.min(self.output_bytes);
        }
        if log_lines > 0 {
            self.log_lines = log_lines.min(self.log_lines);
        }
        self
    }
}

/// Where sandboxes are: the engine, and what watches their calls.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) engine: Engine,
    pub(crate) calls: Arc<Calls>,
}

/// A guest in its store.
pub(crate) struct Sandbox {
    cell: Cell,
    guest: contract::Adapter,
}

/// A store under its limits, watched while anything runs in it.
struct Cell {
    store: Store<State>,
    calls: Arc<Calls>,
    stop: Arc<Stop>,
    /// In ticks.
    deadline: u64,
    tick: Duration,
    /// A slice of time, and since when it runs.
    slice: Option<(Duration, Instant)>,
}

impl Sandbox {
    /// Instantiates a component. With a slice of time, that and all calls of the sandbox take no
    /// longer together.
    ///
    /// # Errors
    /// Whatever limit its start meets, and [`CallError::PoolExhausted`].
    pub(crate) fn start(
        place: &Place,
        ready: &Ready,
        adapter: &Arc<str>,
        limits: &Limits,
        slice: Option<Duration>,
    ) -> Result<Self, CallError> {
        let mut cell = Cell::new(place, adapter, limits, slice);
        let guest = cell.run(|store| ready.instantiate(store))?;
        Ok(Self { cell, guest })
    }

    /// Instantiates a component, configures it and reads its state; `None` when it does not give
    /// its state away. The configuration was accepted before.
    ///
    /// # Errors
    /// Whatever limit the guest meets.
    pub(crate) fn configured_state(
        place: &Place,
        ready: &Ready,
        adapter: &Arc<str>,
        limits: &Limits,
        configuration: &[u8],
    ) -> Result<Option<Snapshot>, CallError> {
        let mut cell = Cell::new(place, adapter, limits, None);
        // A memory is read whole, and it is the guest's own limit that bounds it.
        (cell.store).set_hostcall_fuel(limits.granted.memory_bytes.saturating_mul(2));
        cell.run(|store| {
            let pre = ready.instance_pre();
            let instance = pre.instantiate(&mut *store)?;
            let guest = contract::Adapter::new(&mut *store, &instance)?;
            if guest.call_configure(&mut *store, configuration)?.is_err() {
                return Ok(None);
            }
            Snapshot::read(pre.component(), store, &instance)
        })
    }

    /// Calls `describe`.
    pub(crate) fn describe(&mut self) -> Result<contract::Description, CallError> {
        self.call(|guest, store| guest.call_describe(store))
    }

    /// Calls `configure`.
    pub(crate) fn configure(
        &mut self,
        configuration: &[u8],
    ) -> Result<Result<(), Vec<contract::ConfigurationFault>>, CallError> {
        self.call(|guest, store| guest.call_configure(store, configuration))
    }

    /// Calls `convert`.
    pub(crate) fn convert(
        &mut self,
        messages: &[contract::Message<'_>],
    ) -> Result<Vec<contract::Outcome>, CallError> {
        self.call(|guest, store| guest.call_convert(store, messages))
    }

    fn call<T>(
        &mut self,
        function: impl FnOnce(&contract::Adapter, &mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        let guest = &self.guest;
        self.cell.run(|store| function(guest, store))
    }
}

impl Cell {
    /// A store in which nothing has run.
    fn new(place: &Place, adapter: &Arc<str>, limits: &Limits, slice: Option<Duration>) -> Self {
        let stop = Arc::new(Stop::new());
        let state = State::new(adapter, limits, Arc::clone(&stop));
        let mut store = Store::new(&place.engine, state);
        store.limiter(|state| state);
        store.set_hostcall_fuel(limits.output_bytes);
        Self {
            store,
            calls: Arc::clone(&place.calls),
            stop,
            deadline: limits.ticks,
            tick: limits.tick,
            slice: slice.map(|slice| (slice, Instant::now())),
        }
    }

    /// Runs something of the guest until it ends or its time is over.
    fn run<T>(
        &mut self,
        work: impl FnOnce(&mut Store<State>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        // It may have been stopped between two calls: the first ended a moment after its time.
        if let Some(reason) = self.stop.reason() {
            return Err(CallError::stopped(reason));
        }
        let left = |(slice, since): (Duration, Instant)| slice.saturating_sub(since.elapsed());
        let clock = Clock::new(self.deadline, self.tick, self.slice.map(left));
        let watched = self.calls.begin(&self.stop, clock);
        let result = work(&mut self.store);
        drop(watched);
        result.map_err(|cause| {
            let memory_denied = self.store.data().memory_denied;
            CallError::from_guest(cause, self.stop.reason(), memory_denied)
        })
    }
}

/// What the host keeps for one sandbox. Guests read the beginning of it.
#[repr(C)]
pub(crate) struct State {
    words: Address,
    /// Keeps the words alive.
    stop: Arc<Stop>,
    adapter: Arc<str>,
    memory_bytes: usize,
    /// Whether growing the memory was refused: guests abort after that, and
    /// the abort alone would not tell why.
    memory_denied: bool,
    memory_peak: Arc<AtomicU64>,
    log_lines_left: u32,
    log: LogSink,
}

/// Where compiled guests look for the address of the words.
const _: () = assert!(std::mem::offset_of!(State, words) == 0);

impl State {
    fn new(adapter: &Arc<str>, limits: &Limits, stop: Arc<Stop>) -> Self {
        Self {
            words: stop.address(),
            stop,
            adapter: Arc::clone(adapter),
            memory_bytes: limits.granted.memory_bytes,
            memory_denied: false,
            memory_peak: Arc::clone(&limits.memory_peak),
            log_lines_left: limits.log_lines,
            log: limits.log,
        }
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let is_granted = desired <= self.memory_bytes;
        self.memory_denied |= !is_granted;
        if is_granted {
            self.memory_peak
                .fetch_max(desired as u64, Ordering::Relaxed);
        }
        Ok(is_granted)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        PARTS
    }

    fn tables(&self) -> usize {
        PARTS
    }

    fn memories(&self) -> usize {
        PARTS
    }
}

/// Ends a call whose log budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the budget of log lines is spent")]
pub(crate) struct LogBudgetSpent;

impl host::Host for State {
    fn log(&mut self, level: host::Level, text: String) -> wasmtime::Result<()> {
        // Calls of the host need not come by a look of the guest's.
        if self.stop.reason().is_some() {
            return Err(wasmtime::Trap::UnreachableCodeReached.into());
        }
        let left = self.log_lines_left.checked_sub(1).ok_or(LogBudgetSpent)?;
        self.log_lines_left = left;
        let level = match level {
            host::Level::Debug => Level::Debug,
            host::Level::Info => Level::Info,
            host::Level::Warning => Level::Warning,
            host::Level::Error => Level::Error,
        };
        (self.log)(&self.adapter, level, cut(&text, LOG_TEXT_BYTES));
        Ok(())
    }
}

/// The contract's types have no functions.
impl types::Host for State {}

/// A linker that offers the contract's imports.
pub(crate) fn linker(engine: &Engine) -> wasmtime::Result<Linker> {
    let mut linker = Linker::new(engine);
    contract::Adapter::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// The first `bytes` bytes of a text, or fewer so as not to cut a character.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stop::Reason;

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("\u{6587}\u{4ef6}", 4), "\u{6587}");
        assert_eq!(cut("\u{6587}", 2), "");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 9), "abc");
    }

    #[test]
    fn what_is_asked_for_only_lowers_output_and_log_lines() {
        let config = Config::recommended("".into(), [0; 32], crate::Compiler::unused());
        let limits = || Limits::new(&config, Granted::of_host(&config));
        let less = limits().at_most(10, 2);
        assert_eq!((less.output_bytes, less.log_lines), (10, 2));
        for (output_bytes, log_lines) in [(0, 0), (u64::MAX, u32::MAX)] {
            let same = limits().at_most(output_bytes, log_lines);
            assert_eq!(
                (same.output_bytes, same.log_lines),
                (config.output_bytes, config.log_lines)
            );
        }
    }

    #[test]
    fn a_stopped_guest_gets_nothing_from_its_host() {
        let config = Config::recommended("".into(), [0; 32], crate::Compiler::unused());
        let limits = Limits::new(&config, Granted::of_host(&config));
        let stop = Arc::new(Stop::new());
        let mut state = State::new(&"x".into(), &limits, Arc::clone(&stop));
        let mut log = || host::Host::log(&mut state, host::Level::Info, "text".to_owned());
        log().expect("is within the budget");
        stop.strike(Reason::Deadline);
        let ended = log().expect_err("its time is over");
        let error = CallError::from_guest(ended, stop.reason(), false);
        assert_eq!(error.code(), "adapter.deadline");
    }

    #[test]
    fn a_denied_growth_is_remembered() {
        let config = Config::recommended("".into(), [0; 32], crate::Compiler::unused());
        let limits = Limits::new(&config, Granted::of_host(&config));
        let mut state = State::new(&"x".into(), &limits, Arc::new(Stop::new()));
        assert!(
            state
                .memory_growing(0, config.memory_bytes, None)
                .expect("no failure")
        );
        assert!(!state.memory_denied);
        assert!(
            !state
                .memory_growing(0, config.memory_bytes + 1, None)
                .expect("no failure")
        );
        assert!(state.memory_denied);
    }
}
