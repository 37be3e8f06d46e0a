//! Requests that come between each other: none may set the witness back, and of two histories one wins.

use std::sync::{Arc, Barrier, Mutex};

use audit_proof::checkpoint::Checkpoint;
use audit_proof::key::KeyKind;
use audit_proof::note::Note;
use log_http::witness::{
    Alarm, Answer, FolderState, MemoryState, Replaced, StateError, Witness, WitnessState,
};
use tempfile::TempDir;

use crate::parties::{NOW_S, ORIGIN, TestLog, new_signer};

/// A state that lets something happen just before the first replacing.
struct Interrupted {
    state: MemoryState,
    interruption: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl WitnessState for Interrupted {
    fn last(&self, origin: &str) -> Result<Option<Note>, StateError> {
        self.state.last(origin)
    }

    fn replace(
        &self,
        origin: &str,
        expected: Option<&Note>,
        next: &Note,
    ) -> Result<Replaced, StateError> {
        let interruption = self.interruption.lock().unwrap().take();
        if let Some(interrupt) = interruption {
            interrupt();
        }
        self.state.replace(origin, expected, next)
    }

    fn keep(&self, origin: &str, alarm: &Alarm) -> Result<(), StateError> {
        self.state.keep(origin, alarm)
    }
}

/// Runs the race of C2SP tlog-witness: `first` is judged, `second` is cosigned, then `first` is to be kept.
fn race(first: &TestLog, second: &TestLog, old_size: u64) -> (Answer, Checkpoint) {
    let state = Arc::new(Interrupted {
        state: MemoryState::default(),
        interruption: Mutex::new(None),
    });
    let signer = new_signer(KeyKind::Ed25519Cosignature, "w.example/1");
    let witness = Arc::new(first.witness(vec![signer], state.clone()));
    let (inner, request) = (Arc::clone(&witness), second.request(old_size));
    *state.interruption.lock().unwrap() = Some(Box::new(move || {
        let answer = inner.add_checkpoint(&request, NOW_S);
        assert!(matches!(answer, Answer::Cosigned(_)), "{answer:?}");
    }));
    let answer = witness.add_checkpoint(&first.request(old_size), NOW_S);
    let last = state.last(ORIGIN).unwrap().unwrap();
    (answer, Checkpoint::parse(last.text()).unwrap())
}

#[test]
fn a_smaller_checkpoint_judged_before_a_larger_one_does_not_set_the_witness_back() {
    let mut smaller = TestLog::new();
    smaller.grow(5, "true");
    let mut larger = smaller.clone();
    larger.grow(4, "true");
    let (answer, last) = race(&smaller, &larger, 0);
    assert!(
        matches!(answer, Answer::Conflict { size: 9, .. }),
        "{answer:?}"
    );
    assert_eq!(last.size(), 9);
}

#[test]
fn a_second_history_judged_before_the_true_log_was_kept_is_refused() {
    let mut log = TestLog::new();
    let mut other = log.clone();
    log.grow(5, "true");
    other.grow(5, "false");
    let (answer, last) = race(&other, &log, 0);
    let alarm = answer.alarm().map(|alarm| alarm.received.text().to_owned());
    assert_eq!(alarm.as_deref(), Some(other.note().text()));
    assert_eq!(*last.root(), log.root_at(5).unwrap());
}

#[test]
fn the_same_checkpoint_twice_at_once_is_asked_for_again() {
    let mut log = TestLog::new();
    log.grow(5, "true");
    let (answer, _) = race(&log, &log, 0);
    // The second comes from an old size that is no longer the last; the log asks again.
    assert!(
        matches!(
            answer,
            Answer::Conflict {
                size: 5,
                alarm: None
            }
        ),
        "{answer:?}"
    );
}

/// Has all `requests` answered at the same time and returns which were cosigned.
fn at_once(witness: &Witness, requests: &[Vec<u8>]) -> Vec<usize> {
    let start = Barrier::new(requests.len());
    let cosigned = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for (number, request) in requests.iter().enumerate() {
            let (start, cosigned) = (&start, &cosigned);
            scope.spawn(move || {
                start.wait();
                if let Answer::Cosigned(_) = witness.add_checkpoint(request, NOW_S) {
                    cosigned.lock().unwrap().push(number);
                }
            });
        }
    });
    cosigned.into_inner().unwrap()
}

#[test]
fn of_histories_offered_at_once_one_wins_each_time() {
    let folder = TempDir::new().unwrap();
    let mut log = TestLog::new();
    let state = Arc::new(FolderState::open(folder.path()).unwrap());
    let signer = new_signer(KeyKind::Ed25519Cosignature, "w.example/1");
    let witness = log.witness(vec![signer], state.clone());
    for round in 0..20 {
        let old_size = log.size();
        // Four histories, each at two sizes.
        let logs: Vec<TestLog> = (0..8)
            .map(|number| {
                let mut other = log.clone();
                other.grow(3, &format!("round {round} history {}", number % 4));
                other.grow(number / 4, "more");
                other
            })
            .collect();
        let requests: Vec<_> = logs.iter().map(|log| log.request(old_size)).collect();
        let cosigned = at_once(&witness, &requests);
        let [winner] = cosigned[..] else {
            panic!("from one old size {cosigned:?} were cosigned");
        };
        log = logs[winner].clone();
        let last = state.last(ORIGIN).unwrap().unwrap();
        assert_eq!(last.text(), log.note().text(), "round {round}");
    }
}
