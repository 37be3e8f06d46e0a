//! One message proven without the others: every message of every size, and everything that can be wrong.

use proptest::prelude::*;

use super::super::*;
use crate::{
    cbor::Value,
    entry::{Draft, Field, Place},
    hash::{Hash, leaf_hash},
    tree::{self, CompactRange},
};

/// A submission in a log: its payloads, its entry, and what leads to the root.
struct Case {
    payloads: Vec<Vec<u8>>,
    leaves: Vec<Hash>,
    entry: Vec<u8>,
    size: u64,
    inclusion: Vec<Hash>,
    root: Hash,
}

fn draft(event: u64, payloads: &[Vec<u8>]) -> Draft {
    let count = Value::Unsigned(payloads.len() as u64);
    let root = tree::root(payloads);
    Draft::new(event)
        .with(
            Field::Outcome,
            vec![
                Value::from("accepted"),
                Value::Null,
                Value::Array(vec![count]),
            ],
        )
        .with(Field::Digests, vec![Value::from(root)])
}

fn encode(draft: &Draft, position: u64) -> Vec<u8> {
    let place = Place {
        origin: "city.example/log",
        position,
        time_ns: 7,
        link: &[0; 32],
        second_link: None,
    };
    let mut bytes = Vec::new();
    draft.write_entry(place, &mut bytes);
    bytes
}

fn case_of(payloads: Vec<Vec<u8>>, position: u64, size: u64, event: u64) -> Case {
    let entry = encode(&draft(event, &payloads), position);
    let mut log: Vec<Hash> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
    log[position as usize] = leaf_hash(&entry);
    let mut range = CompactRange::new();
    log.iter().for_each(|leaf| range.append(*leaf));
    Case {
        leaves: payloads.iter().map(|payload| leaf_hash(payload)).collect(),
        inclusion: message_path(&log, position).unwrap(),
        root: range.root(),
        payloads,
        entry,
        size,
    }
}

impl Case {
    fn check(
        &self,
        payload: &[u8],
        message: u64,
        change: impl FnOnce(&mut MessageProof<'_>),
    ) -> Result<u64, MessageProofError> {
        let path = message_path(&self.leaves, message.min(self.leaves.len() as u64 - 1)).unwrap();
        let mut proof = MessageProof {
            message,
            path: &path,
            entry: &self.entry,
            size: self.size,
            inclusion: &self.inclusion,
        };
        change(&mut proof);
        verify_message(payload, &proof, &self.root).map(|entry| entry.position())
    }
}

fn payloads(count: usize) -> Vec<Vec<u8>> {
    (0..count)
        .map(|n| format!("message {n}").into_bytes())
        .collect()
}

#[test]
fn every_message_of_every_submission_is_proven_by_itself() {
    for count in 1..=33 {
        let case = case_of(payloads(count), 5, 11, 1);
        for message in 0..count {
            let payload = &case.payloads[message];
            assert_eq!(
                case.check(payload, message as u64, |_| {}),
                Ok(5),
                "{message} of {count}"
            );
        }
    }
}

#[test]
fn a_path_made_from_leaves_is_the_one_made_from_tiles() {
    for size in 1..=70_u64 {
        let leaves: Vec<Hash> = (0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let tiles = super::tiles_of(crate::suite::Suite::Sha256, &leaves);
        for index in 0..size {
            assert_eq!(
                message_path(&leaves, index).unwrap(),
                inclusion(crate::suite::Suite::Sha256, index, size, &tiles).unwrap()
            );
        }
    }
    assert_eq!(message_path(&[], 0), Err(RequestError::EmptyTree));
    assert!(message_path(&[[0; 32]], 1).is_err());
}

#[test]
fn what_was_not_received_or_does_not_stand_there_is_refused_by_name() {
    let case = case_of(payloads(5), 5, 11, 1);
    let own = case.payloads[3].clone();
    let refused = |found: Result<u64, MessageProofError>, expected: &str| {
        assert_eq!(found.expect_err(expected).to_string(), expected);
    };
    let no_message =
        |number| format!("the submission does not have this message at number {number}");
    refused(case.check(b"another", 3, |_| {}), &no_message(3));
    refused(case.check(&own, 2, |_| {}), &no_message(2));
    refused(case.check(&own, 5, |_| {}), &no_message(5));
    refused(
        case.check(&own, 3, |proof| proof.path = &[]),
        &no_message(3),
    );
    let no_entry = "the log does not have the entry at position 5";
    refused(case.check(&own, 3, |proof| proof.size = 5), no_entry);
    refused(case.check(&own, 3, |proof| proof.inclusion = &[]), no_entry);
    let moved = encode(&draft(1, &case.payloads), 6);
    let moved_refusal = "the log does not have the entry at position 6";
    let path = message_path(&case.leaves, 3).unwrap();
    let proof = MessageProof {
        message: 3,
        path: &path,
        entry: &moved,
        size: case.size,
        inclusion: &case.inclusion,
    };
    let found = verify_message(&own, &proof, &case.root).map(|entry| entry.position());
    refused(found, moved_refusal);
}

#[test]
fn an_entry_that_is_no_submission_or_says_too_little_proves_no_message() {
    let case = case_of(payloads(1), 0, 1, 2);
    let found = case.check(&case.payloads[0], 0, |_| {});
    assert_eq!(found, Err(MessageProofError::NotSubmission { event: 2 }));
    let refused = |draft: &Draft, expected: &'static str| {
        let entry = encode(draft, 0);
        let proof = MessageProof {
            message: 0,
            path: &[],
            entry: &entry,
            size: 1,
            inclusion: &[],
        };
        let missing = MessageProofError::Incomplete { missing: expected };
        assert_eq!(
            verify_message(b"x", &proof, &leaf_hash(&entry)),
            Err(missing)
        );
    };
    refused(&Draft::new(1), "root over the payloads");
    let root = Draft::new(1).with(Field::Digests, vec![Value::from([0; 32])]);
    refused(&root, "number of messages");
    let sums = vec![Value::Null, Value::Null, Value::Array(Vec::new())];
    refused(&root.with(Field::Outcome, sums), "number of messages");
}

proptest! {
    #[test]
    fn one_changed_bit_anywhere_proves_nothing(
        count in 1_usize..9,
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
        what in 0_u8..4,
    ) {
        let case = case_of(payloads(count), 2, 5, 1);
        let message = place.index(count);
        let mut payload = case.payloads[message].clone();
        let (mut entry, mut root) = (case.entry.clone(), case.root);
        let mut path = message_path(&case.leaves, message as u64).unwrap();
        let mut inclusion = case.inclusion.clone();
        let flip = |bytes: &mut [u8]| bytes[place.index(bytes.len())] ^= 1 << bit;
        match what {
            0 => flip(&mut payload),
            1 => flip(&mut entry),
            2 if !path.is_empty() => flip(path.as_flattened_mut()),
            2 => flip(&mut root),
            _ => flip(inclusion.as_flattened_mut()),
        }
        let proof = MessageProof {
            message: message as u64,
            path: &path,
            entry: &entry,
            size: case.size,
            inclusion: &inclusion,
        };
        prop_assert!(verify_message(&payload, &proof, &root).is_err());
    }

    #[test]
    fn arbitrary_bytes_as_an_entry_are_refused_and_never_panic(
        entry in prop::collection::vec(any::<u8>(), 0..300),
        message in any::<u64>(),
        size in any::<u64>(),
        path in prop::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let proof = MessageProof { message, path: &path, entry: &entry, size, inclusion: &path };
        prop_assert!(verify_message(b"x", &proof, &[0; 32]).is_err());
    }
}
