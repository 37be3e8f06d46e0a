//! Two histories of one log, both signed by its key, offered to some of the witnesses.

use attacks::{
    gateway::{Case, Node},
    witnesses::Serving,
};
use audit_proof::{
    judge::{Examination, Keeper, Outcome, Questions, Trust},
    note::Note,
    policy::Policy,
};

use crate::small::Small;

/// Two nodes with the same three entries and others behind; both notes are of five entries.
struct Fork {
    honest: (Case, Note),
    other: (Case, Note),
    witnesses: Serving,
}

fn fork(small: &Small) -> Fork {
    let case = small.case("honest", 5);
    let mut node = Node::open(&small.world.keys, &case.audit()).unwrap();
    small.append(&node, 0, 3, "");
    let note = node.sign(small.world.time_s(3)).unwrap();
    let witnesses = Serving::start(&small.world.keys, &case.folder).unwrap();
    let answer = witnesses.ask(&note, &case.tiles(), small.world.time_s(3));
    assert_eq!(answer.unwrap().verdict.witnesses.len(), 3);
    node.log.close().unwrap();
    drop(node.publisher);
    let other = small.case("other", 5);
    attacks::files::copy(&case.audit(), &other.audit()).unwrap();
    let grow = |case: &Case, history: &str| {
        let mut node = Node::open(&small.world.keys, &case.audit()).unwrap();
        small.append(&node, 3, 5, history);
        let note = node.sign(small.world.time_s(5)).unwrap();
        node.log.close().unwrap();
        note
    };
    let (honest_note, other_note) = (grow(&case, ""), grow(&other, "other"));
    Fork {
        honest: (case, honest_note),
        other: (other, other_note),
        witnesses,
    }
}

/// Offers the other history to `some` witnesses and then the honest one to all; returns how many cosigned each, and
/// how many disagreed with the honest one.
fn offer(small: &Small, fork: &Fork, some: &[usize]) -> (usize, bool, usize, bool, usize) {
    let (keys, now_s) = (&small.world.keys, small.world.time_s(6));
    let (case, note) = &fork.other;
    let other = fork
        .witnesses
        .ask_some(keys, some, note, &case.tiles(), now_s)
        .unwrap();
    let (case, note) = &fork.honest;
    let honest = fork.witnesses.ask(note, &case.tiles(), now_s).unwrap();
    let disagreed = honest.disagreements().count();
    (
        other.verdict.witnesses.len(),
        other.verdict.quorum_met,
        honest.verdict.witnesses.len(),
        honest.verdict.quorum_met,
        disagreed,
    )
}

#[test]
fn a_fork_shown_to_one_of_three_witnesses_has_no_quorum_and_raises_an_alarm() {
    let small = Small::new();
    let fork = fork(&small);
    assert_eq!(offer(&small, &fork, &[0]), (1, false, 2, true, 1));
    assert_eq!(fork.witnesses.alarms().unwrap(), 1);
}

#[test]
fn a_fork_shown_to_two_of_three_witnesses_has_the_only_quorum_and_raises_two_alarms() {
    let small = Small::new();
    let fork = fork(&small);
    assert_eq!(offer(&small, &fork, &[0, 2]), (2, true, 1, false, 2));
    assert_eq!(fork.witnesses.alarms().unwrap(), 2);
}

#[test]
fn both_notes_together_prove_the_fork_without_any_log() {
    let small = Small::new();
    let fork = fork(&small);
    let policy = small.world.keys.policy_without_witnesses();
    let trust = Trust {
        policy: Some(Policy::parse(policy.as_bytes()).unwrap()),
        ..Trust::default()
    };
    let mut examination = Examination::new(&trust, Questions::default());
    for (name, (_, note)) in [("ours", &fork.honest), ("theirs", &fork.other)] {
        examination.add_checkpoint(name, note.to_string().as_bytes(), Keeper::Elsewhere);
    }
    let verdict = examination.decide(None);
    assert_eq!(verdict.outcome(), Outcome::Failed);
    let kinds: Vec<_> = verdict.failures.iter().map(|one| one.kind.name()).collect();
    assert!(kinds.contains(&"split-view"), "{kinds:?}");
}
