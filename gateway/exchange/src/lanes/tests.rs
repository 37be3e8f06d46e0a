//! Conversions in lanes, counted in places and never in time; converters that hang hold a gate.

use std::collections::HashSet;
use std::sync::atomic::AtomicUsize;
use std::sync::{Condvar, mpsc};

use tempfile::TempDir;

use super::*;
use crate::lifecycle::BreakerLimits;
use crate::ports::{KeepError, Kept, PortFuture};
use crate::refusal::Cause;
use crate::tests::fixture;

/// What a converter of these tests does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// Answers at once.
    Well,
    /// Is longer than its slice at once, and hangs without one until all are let go.
    Hangs,
    /// Fails at once.
    Fails,
}

struct Scripted {
    identity: AdapterIdentity,
    behaviour: Mutex<Behaviour>,
    gate: Arc<Gate>,
}

/// Holds those that hang.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
    /// Calls that hang, and began in the fast lane.
    hanging: AtomicUsize,
}

impl Gate {
    fn pass(&self) {
        let is_open = self.is_open.lock().expect("is free");
        let passed = self.opened.wait_while(is_open, |is_open| !*is_open);
        drop(passed.expect("is free"));
    }

    fn open(&self) {
        *self.is_open.lock().expect("is free") = true;
        self.opened.notify_all();
    }
}

impl Converter for Scripted {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let behaviour = *self.behaviour.lock().expect("is free");
        match behaviour {
            Behaviour::Well => {}
            Behaviour::Hangs => self.gate.pass(),
            Behaviour::Fails => {
                return Err(ConvertFailure {
                    code: "adapter.trap".to_owned(),
                    text: String::new(),
                    temporary: false,
                });
            }
        }
        let converted = |_| Converted::Conversion(Vec::new());
        Ok(messages.iter().map(converted).collect())
    }

    fn convert_sliced(
        &self,
        messages: &[Message],
        _: Duration,
    ) -> Result<Option<Vec<Converted>>, ConvertFailure> {
        if *self.behaviour.lock().expect("is free") == Behaviour::Hangs {
            self.gate.hanging.fetch_add(1, Ordering::Relaxed);
            return Ok(None);
        }
        self.convert(messages).map(Some)
    }
}

/// Evidence that only counts what it is told to expect.
#[derive(Default)]
struct Expecting(Arc<AtomicUsize>);

struct Announced(Arc<AtomicUsize>);

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl EvidenceStore for Expecting {
    fn keep(&self, _: Kept, _: Kept) -> Result<PortFuture<Result<(), Cause>>, KeepError> {
        Err(KeepError::Full)
    }

    fn get(&self, _: &[u8; 32]) -> Result<Option<Vec<Vec<u8>>>, Cause> {
        Ok(None)
    }

    fn expect(&self) -> Expected {
        self.0.fetch_add(1, Ordering::Relaxed);
        Expected::new(Announced(Arc::clone(&self.0)))
    }
}

/// Workers of the lanes here.
const WORKERS: usize = 2;

struct Lab {
    lanes: Arc<Lanes>,
    evidence: Arc<Expecting>,
    gate: Arc<Gate>,
    log: audit_log::Log,
    _folder: TempDir,
}

impl Lab {
    fn new() -> Lab {
        let folder = tempfile::tempdir().expect("a folder");
        Lab {
            lanes: Arc::new(Lanes::new(WORKERS, || {})),
            evidence: Arc::default(),
            gate: Arc::default(),
            log: fixture::log(folder.path()),
            _folder: folder,
        }
    }

    fn version(&self, behaviour: Behaviour) -> (Arc<LiveVersion>, Arc<Scripted>) {
        let converter = Arc::new(Scripted {
            identity: AdapterIdentity {
                id: "scripted".to_owned(),
                version: "1.0.0".to_owned(),
                component: [1; 32],
                configuration: [2; 32],
                schema_version: "1.0.0".to_owned(),
            },
            behaviour: Mutex::new(behaviour),
            gate: Arc::clone(&self.gate),
        });
        let never = BreakerLimits {
            failures: 0,
            pause: Duration::ZERO,
        };
        let converter_of = Arc::clone(&converter) as Arc<dyn Converter>;
        let version = LiveVersion::fixed("feed", converter_of, never, &self.log);
        (Arc::new(version), converter)
    }

    /// One submission of one message; whether it was converted, and whether in the fast lane.
    fn submit(
        &self,
        version: &Arc<LiveVersion>,
    ) -> impl Future<Output = (bool, bool)> + Send + use<> {
        let (lanes, evidence) = (Arc::clone(&self.lanes), Arc::clone(&self.evidence));
        let version = Arc::clone(version);
        async move {
            let place = lanes.enter(version, &*evidence).await;
            let message = Message {
                payload: bytes::Bytes::new(),
                attributes: Vec::new(),
            };
            let work = move |place: &Place| {
                let is_fast = !place.0.began_slow;
                Ok((place.converter().convert(&[message]).is_ok(), is_fast))
            };
            let done = lanes.run(place, work).await;
            done.map(|(done, _)| done).expect("there are threads")
        }
    }

    fn taken(&self) -> Taken {
        self.lanes.taken(WORKERS)
    }
}

fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(work)
}

#[test]
fn good_conversions_go_on_while_sixteen_other_versions_hang() {
    let lab = Lab::new();
    let hanging: Vec<_> = (0..16).map(|_| lab.version(Behaviour::Hangs).0).collect();
    let (good, _) = lab.version(Behaviour::Well);
    run(async {
        // Five submissions of each, all before the first good one.
        let mut attacks = tokio::task::JoinSet::new();
        for version in hanging.iter().cycle().take(hanging.len() * 5) {
            attacks.spawn(lab.submit(version));
        }
        for _ in 0..200 {
            assert_eq!(lab.submit(&good).await, (true, true));
        }
        assert!(
            hanging
                .iter()
                .all(|version| version.conduct.is_on_probation())
        );
        // Each was surprised at most once for each worker, and none has a fast place.
        let surprised = lab.gate.hanging.load(Ordering::Relaxed);
        assert!((16..=16 * WORKERS).contains(&surprised), "{surprised}");
        let taken = lab.taken();
        assert_eq!(
            (taken.fast, taken.slow),
            (0, slow_places(WORKERS)),
            "{taken:?}"
        );
        // The slow place is one of theirs, or of a submission that came after the surprise.
        let waiting = surprised - taken.slow..=surprised;
        assert!(waiting.contains(&taken.waiting), "{taken:?} of {surprised}");
        assert_eq!(
            lab.evidence.0.load(Ordering::Relaxed),
            0,
            "nobody waits for them"
        );
        assert!(attacks.try_join_next().is_none(), "none has ended");
        lab.gate.open();
        assert_eq!(attacks.join_all().await.len(), 80);
        assert_eq!(
            lab.taken(),
            Taken {
                fast: 0,
                slow: 0,
                waiting: 0
            }
        );
    });
}

#[test]
fn more_than_can_wait_keep_their_places_until_they_end() {
    let lab = Lab::new();
    let room = waiting_places(WORKERS) + slow_places(WORKERS);
    let hanging: Vec<_> = (0..room + WORKERS)
        .map(|_| lab.version(Behaviour::Hangs).0)
        .collect();
    run(async {
        let mut attacks = tokio::task::JoinSet::new();
        let (first, others) = hanging.split_first().expect("there are some");
        attacks.spawn(lab.submit(first));
        while lab.taken().slow == 0 || lab.taken().waiting > 0 {
            tokio::task::yield_now().await;
        }
        for version in others {
            attacks.spawn(lab.submit(version));
        }
        while lab.gate.hanging.load(Ordering::Relaxed) < hanging.len() {
            tokio::task::yield_now().await;
        }
        assert_eq!(lab.taken().fast, WORKERS);
        lab.gate.open();
        assert_eq!(attacks.join_all().await.len(), hanging.len());
    });
}

#[test]
fn a_version_that_fails_stands_back_until_it_has_behaved_for_a_while() {
    let lab = Lab::new();
    let (version, converter) = lab.version(Behaviour::Fails);
    run(async {
        assert_eq!(lab.submit(&version).await, (false, true));
        assert_eq!(lab.submit(&version).await, (false, false));
        *converter.behaviour.lock().expect("is free") = Behaviour::Well;
        let probation = crate::lifecycle::PROBATION;
        for _ in 0..probation {
            assert_eq!(lab.submit(&version).await, (true, false));
        }
        assert_eq!(lab.submit(&version).await, (true, true));
    });
}

#[test]
fn work_aside_needs_no_place() {
    let lab = Lab::new();
    let (version, _) = lab.version(Behaviour::Hangs);
    run(async {
        let mut attacks = tokio::task::JoinSet::new();
        for _ in 0..5 {
            attacks.spawn(lab.submit(&version));
        }
        let done = lab.lanes.aside(|| Ok(7)).await;
        assert_eq!(done.expect("runs"), 7);
        lab.gate.open();
        attacks.join_all().await;
    });
}

#[test]
fn a_thread_is_used_again_unless_it_stood_back() {
    let crew = Crew::default();
    let id = |ends: bool| run(crew.run(move || (thread::current().id(), ends))).expect("a thread");
    let ended: HashSet<_> = (0..20).map(|_| id(true)).collect();
    assert_eq!(ended.len(), 20);
    let mut seen = HashSet::new();
    // A thread says that it is done a moment before it waits for more.
    while seen.insert(id(false)) {}
    assert!(ended.is_disjoint(&seen));
}

#[test]
fn a_panic_is_one_of_whoever_waits_and_the_next_work_is_done() {
    let crew = Crew::default();
    let panicking = std::panic::AssertUnwindSafe(|| {
        run(crew.run(|| -> ((), bool) { panic!("on purpose") }));
    });
    assert!(std::panic::catch_unwind(panicking).is_err());
    assert_eq!(run(crew.run(|| (1, false))), Some(1));
}

#[test]
fn what_is_waited_for_on_a_thread_may_come_from_another() {
    let places = Arc::new(Semaphore::new(0));
    let (sender, receiver) = mpsc::channel();
    let waiting = Arc::clone(&places);
    let thread = thread::spawn(move || {
        sender.send(()).expect("is awaited");
        drop(wait_for(acquire(&waiting)));
    });
    receiver.recv().expect("begins");
    places.add_permits(1);
    thread.join().expect("no panic");
}
