//! Two attacks on the sealing of journald, replayed on this log.
//!
//! CVE-2023-31438: cut a sealed log and go on sealing; the check of its integrity showed nothing. CVE-2023-31439: change
//! what was sealed and seal it again; the check showed nothing. Both work on any log whose only witness is itself.

use std::fs;

use attacks::{
    column::Column,
    gateway::{Case, Growing, Node},
    keys::{Keys, ORIGIN},
    rewrite::{Timed, replace_segments},
    witnesses::Serving,
};
use audit_proof::{
    checkpoint::Checkpoint,
    judge::{Contents, Examination, Keeper, Questions, Trust, Verdict},
    key_history::KeyHistory,
    note::Note,
    policy::Policy,
    signer::{Signer, sign_note},
};

use crate::small::Small;

/// A node of six entries, signed, cosigned and stamped at three and at six; the export is of three.
fn node(small: &Small) -> Case {
    let case = small.case("node", 6);
    let mut growing = Growing::open(&small.world, &case).unwrap();
    small.take(&growing, 0, 3);
    growing.checkpoint(small.world.time_s(3 - 1)).unwrap();
    small.take(&growing, 3, 6);
    growing.checkpoint(small.world.time_s(6 - 1)).unwrap();
    growing.close().unwrap();
    fs::copy(
        case.tiles().join("checkpoints/3"),
        case.held().join("export"),
    )
    .unwrap();
    case
}

/// The honest history of a small log, cut to `size`.
fn history(small: &Small, size: u64) -> Vec<Timed> {
    (0..)
        .zip(attacks::event::honest(size as usize))
        .map(|(position, event)| Timed {
            draft: event.draft(&small.world.keys).unwrap(),
            time_ns: small.world.time_ns(position),
            case: Some(event.case),
        })
        .collect()
}

#[test]
fn a_log_that_was_cut_does_not_go_on_sealing_while_the_node_remembers() {
    let small = Small::new();
    let case = node(&small);
    replace_segments(&small.world.keys, &case, &history(&small, 4)).unwrap();
    let refused = Node::open(&small.world.keys, &case.audit()).unwrap_err();
    let said = format!("{refused:#}");
    assert!(
        said.contains("log has 4 entries, and 6 were signed"),
        "{said}"
    );
}

#[test]
fn a_log_that_was_cut_and_goes_on_without_its_memory_shows_nothing_by_itself_and_fails_with_witnesses()
 {
    let small = Small::new();
    let case = node(&small);
    fs::remove_dir_all(case.audit().join("signed")).unwrap();
    fs::remove_dir_all(case.tiles()).unwrap();
    replace_segments(&small.world.keys, &case, &history(&small, 4)).unwrap();
    let mut node = Node::open(&small.world.keys, &case.audit()).unwrap();
    small.append(&node, 4, 8, "after the cut");
    let note = node.sign(small.world.time_s(8)).unwrap();
    node.log.close().unwrap();
    // As with journald, the log and its own seals are in order.
    for column in [Column::Rows, Column::Chain, Column::Head, Column::Export] {
        let found = column.examine(&small.world, &case).unwrap();
        assert!(!found.is_detected(), "{column:?}: {found:?}");
    }
    let witnesses = Serving::start(&small.world.keys, &case.folder).unwrap();
    let answer = witnesses.ask(&note, &case.tiles(), small.world.time_s(8));
    assert_eq!(answer.unwrap().disagreements().count(), 3);
    attacks::files::write(
        &case.held().join("witnessed/0"),
        witnesses.latest().unwrap()[0].to_string(),
    )
    .unwrap();
    let found = Column::Witness.examine(&small.world, &case).unwrap();
    assert!(found.reason.starts_with("differs at 3"), "{found:?}");
}

/// A log with two keys, of which the second took over at size six.
struct Rotated {
    old: Keys,
    new: Keys,
    trust: Trust,
}

fn rotated() -> Rotated {
    let (old, new) = (Keys::new().unwrap(), Keys::new().unwrap());
    let keys = [old.log.key(), new.log.key()];
    let policy = format!("log {}\nlog {}\nquorum none\n", keys[0], keys[1]);
    let history = format!("key {} rotated 6\nkey {}\n", keys[0], keys[1]);
    let trust = Trust {
        policy: Some(Policy::parse(policy.as_bytes()).unwrap()),
        key_history: Some(KeyHistory::parse(&history).unwrap()),
        stamp_roots: None,
    };
    Rotated { old, new, trust }
}

impl Rotated {
    fn note(keys: &Keys, size: u64, root: [u8; 32]) -> Note {
        let text = Checkpoint::new(ORIGIN, size, root).unwrap().to_string();
        let signer: &dyn Signer = &*keys.log;
        sign_note(&text, &[signer], 0).unwrap()
    }

    fn judge(&self, notes: &[(&Note, Keeper)], contents: Option<&Contents>) -> Verdict {
        let mut examination = Examination::new(&self.trust, Questions::default());
        for (number, (note, keeper)) in notes.iter().enumerate() {
            let bytes = note.to_string();
            examination.add_checkpoint(&number.to_string(), bytes.as_bytes(), *keeper);
        }
        examination.decide(contents)
    }
}

fn kinds(verdict: &Verdict) -> Vec<&'static str> {
    verdict.failures.iter().map(|one| one.kind.name()).collect()
}

#[test]
fn a_retired_key_seals_nothing_newer() {
    let log = rotated();
    let sealed = Rotated::note(&log.old, 7, [1; 32]);
    assert_eq!(kinds(&log.judge(&[(&sealed, Keeper::Log)], None)), ["key"]);
    let in_time = Rotated::note(&log.old, 6, [1; 32]);
    let found = kinds(&log.judge(&[(&in_time, Keeper::Log)], None));
    assert!(!found.contains(&"key"), "{found:?}");
}

#[test]
fn a_changed_past_that_a_newer_key_seals_again_is_told_by_what_the_older_key_sealed() {
    let log = rotated();
    let (before, after) = ([1; 32], [2; 32]);
    let again = Rotated::note(&log.new, 4, after);
    // The history of keys says until when a key counts and not since when: alone it notices nothing.
    let alone = kinds(&log.judge(&[(&again, Keeper::Log)], None));
    assert!(!alone.contains(&"key"), "{alone:?}");
    let exported = Rotated::note(&log.old, 4, before);
    let both = log.judge(
        &[(&again, Keeper::Log), (&exported, Keeper::Elsewhere)],
        None,
    );
    assert!(kinds(&both).contains(&"split-view"), "{both:?}");
}
