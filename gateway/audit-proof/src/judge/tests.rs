//! Verdicts over logs that are made here, hash by hash; real logs and signatures are tested with the verifier's binary.

use proptest::prelude::*;

use super::*;
use crate::{
    checkpoint::Checkpoint, hash::Hash, hash::leaf_hash, suite::Suite, tree::CompactRange,
};

const ORIGIN: &str = "example.com/log";

/// A note whose one signature is of nobody: without keys, signatures are not checked and roots are.
fn note(origin: &str, size: u64, root: Hash) -> String {
    let text = Checkpoint::new(origin, size, root).unwrap();
    format!("{text}\n— {origin} AAAAAAE=\n")
}

fn heads(leaves: u64, salt: u8) -> Vec<Head> {
    let mut tree = CompactRange::new();
    (0..leaves)
        .map(|position| {
            let hash = leaf_hash(&[&position.to_be_bytes()[..], &[salt]].concat());
            tree.append(hash);
            Head {
                size: position + 1,
                hash,
                root: tree.root(),
                time_ns: (position + 1) * 1_000_000_000,
            }
        })
        .collect()
}

fn contents(size: u64) -> Contents {
    Contents {
        origin: Some(ORIGIN.to_owned()),
        size,
        heads: heads(size, 0),
        counts: Counts {
            entries: size,
            ..Counts::default()
        },
        ..Contents::default()
    }
}

/// Judges notes, given by origin, size and root, against a log of 20 entries.
fn judge(notes: &[(&str, u64, Hash)]) -> Verdict {
    let trust = Trust::default();
    let mut examination = Examination::new(&trust, Questions::default());
    for (number, (origin, size, root)) in notes.iter().enumerate() {
        let note = note(origin, *size, *root);
        examination.add_checkpoint(&number.to_string(), note.as_bytes(), Keeper::Elsewhere);
    }
    examination.decide(Some(&contents(20)))
}

fn kinds(verdict: &Verdict) -> Vec<(Option<u64>, Option<u64>, &'static str)> {
    let kind = |failure: &Failure| (failure.position, failure.until, failure.kind.name());
    verdict.failures.iter().map(kind).collect()
}

#[test]
fn a_change_is_narrowed_down_by_what_agrees_below_it() {
    let (ours, other) = (heads(30, 0), heads(30, 1));
    let root = |heads: &[Head], size: usize| heads[size - 1].root;
    let differs = |position, until| vec![(Some(position), Some(until), "differs")];
    let agree = (ORIGIN, 7, root(&ours, 7));
    let change = (ORIGIN, 12, root(&other, 12));
    assert_eq!(kinds(&judge(&[change])), differs(0, 12));
    assert_eq!(kinds(&judge(&[change, agree])), differs(7, 12));
    let above = (ORIGIN, 15, root(&ours, 15));
    assert_eq!(kinds(&judge(&[above, change, agree])), differs(7, 12));
    let verdict = judge(&[change, agree]);
    let standings: Vec<_> = verdict
        .ranges
        .iter()
        .map(|r| (r.from, r.to, r.standing))
        .collect();
    assert_eq!(
        standings,
        [(0, 7, Standing::Unanchored), (7, 20, Standing::Failed)]
    );
    assert_eq!((verdict.held_up_to, verdict.counts.checkpoints), (7, 1));
}

#[test]
fn entries_missing_at_the_end_are_named_up_to_what_is_stated() {
    let root = heads(30, 0)[29].root;
    assert_eq!(
        kinds(&judge(&[(ORIGIN, 30, root)])),
        [(Some(20), Some(30), "shorter")]
    );
}

#[test]
fn behind_a_fault_nothing_is_said_of_what_comes_after() {
    let trust = Trust::default();
    let mut examination = Examination::new(&trust, Questions::default());
    let note = note(ORIGIN, 30, [1; 32]);
    examination.add_checkpoint("note", note.as_bytes(), Keeper::Log);
    let mut contents = contents(20);
    let kind = FailureKind::Log(crate::fault::FaultKind::FrameChecksum);
    contents.fault = Some(Failure::at(Some(20), "segment", kind));
    let verdict = examination.decide(Some(&contents));
    assert_eq!(kinds(&verdict), [(Some(20), None, "log-fault")]);
    let reasons: Vec<_> = verdict.unchecked.iter().map(|one| one.reason).collect();
    assert!(
        reasons.contains(&UncheckedReason::BehindFault),
        "{reasons:?}"
    );
}

#[test]
fn checkpoints_of_other_logs_and_of_two_views_are_failures() {
    let ours = heads(20, 0)[9].root;
    let verdict = judge(&[("example.com/other", 10, ours)]);
    assert_eq!(kinds(&verdict), [(None, None, "other-log")]);
    let verdict = judge(&[(ORIGIN, 10, ours), (ORIGIN, 10, [3; 32])]);
    let found = kinds(&verdict);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found.contains(&(Some(0), Some(10), "split-view")),
        "{found:?}"
    );
    assert!(found.contains(&(Some(0), Some(10), "differs")), "{found:?}");
}

#[test]
fn an_sm3_checkpoint_is_held_against_the_sm3_tree_or_not_checked() {
    let origin = format!("{ORIGIN}{SM3_ORIGIN_SUFFIX}");
    let verdict = judge(&[(&origin, 10, [3; 32])]);
    assert!(verdict.failures.is_empty());
    let reasons: Vec<_> = verdict.unchecked.iter().map(|one| one.reason).collect();
    assert!(reasons.contains(&UncheckedReason::NoSm3), "{reasons:?}");
    assert_eq!(verdict.outcome(), Outcome::NotCheckable);
}

#[test]
fn a_log_without_entries_and_an_examination_without_anything_do_not_pass() {
    let trust = Trust::default();
    let examination = Examination::new(&trust, Questions::default());
    let verdict = examination.clone().decide(Some(&Contents::default()));
    assert_eq!(kinds(&verdict), [(Some(0), None, "nothing")]);
    assert_eq!(examination.decide(None).outcome(), Outcome::Failed);
}

#[test]
fn what_was_asked_and_is_not_there_is_said() {
    let trust = Trust {
        policy: Some(Policy::parse(b"quorum none\n").unwrap()),
        ..Trust::default()
    };
    let questions = Questions {
        freshness: Some(FreshnessQuestion {
            now_s: 100,
            max_age: Duration::from_secs(5),
        }),
        receipts: true,
        stamps: true,
        party: true,
        ..Questions::default()
    };
    let verdict = Examination::new(&trust, questions).decide(Some(&contents(3)));
    let reasons: Vec<_> = verdict.unchecked.iter().map(|one| one.reason).collect();
    for reason in [
        UncheckedReason::NoReceipt,
        UncheckedReason::NoStamp,
        UncheckedReason::NoTime,
        UncheckedReason::NoLog,
    ] {
        assert!(reasons.contains(&reason), "{reason} in {reasons:?}");
    }
    assert_eq!(verdict.remarks, [Remark::NoWitnesses]);
    assert_eq!(verdict.outcome(), Outcome::NotCheckable);
}

#[test]
fn sizes_that_are_needed_are_those_of_what_is_held_in_each_tree() {
    let trust = Trust::default();
    let mut examination = Examination::new(&trust, Questions::default());
    for (origin, size) in [
        (ORIGIN, 9),
        (ORIGIN, 0),
        ("example.com/log/sm3", 4),
        (ORIGIN, 9),
    ] {
        let note = note(origin, size, [1; 32]);
        examination.add_checkpoint("note", note.as_bytes(), Keeper::Log);
    }
    assert_eq!(examination.sizes(Suite::Sha256), [9]);
    assert_eq!(examination.sizes(Suite::Sm3), [4]);
}

proptest! {
    #[test]
    fn foreign_bytes_are_failures_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let trust = Trust {
            stamp_roots: Some(TrustedRoots::default()),
            ..Trust::default()
        };
        let mut examination = Examination::new(&trust, Questions::default());
        examination.add_checkpoint("a", &bytes, Keeper::Log);
        examination.add_receipt("b", &bytes);
        examination.add_stamp("c", &bytes, "d", note(ORIGIN, 1, [0; 32]).as_bytes());
        let verdict = examination.decide(Some(&contents(2)));
        prop_assert_eq!(verdict.failures.len() + verdict.unchecked.len(), 3);
    }

    #[test]
    fn a_mutated_note_never_panics(at in 0_usize..120, byte in any::<u8>()) {
        let trust = Trust::default();
        let mut examination = Examination::new(&trust, Questions::default());
        let mut bytes = note(ORIGIN, 3, [7; 32]).into_bytes();
        let place = at % bytes.len();
        bytes[place] = byte;
        examination.add_checkpoint("a", &bytes, Keeper::Log);
        let _ = examination.decide(Some(&contents(20)));
    }
}
