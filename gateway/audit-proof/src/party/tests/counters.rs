//! What the counters of a log show, whoever wrote it.

use ed25519_dalek::SigningKey;
use proptest::prelude::*;

use super::*;

/// The statement with counter `counter` about payloads of its own.
fn numbered(counter: u64) -> Statement {
    Statement {
        counter,
        key: key_digest("region", "region-clue", &counter.to_string()),
        payload_root: tree::root([counter.to_be_bytes()]),
        ..example()
    }
}

fn report(log: &[Logged]) -> CounterReport {
    let keys = keys();
    let mut check = CounterCheck::new(&keys);
    for (position, logged) in (0..).zip(log) {
        let bytes = logged.bytes(position);
        check.take(&Entry::decode(&bytes).expect("is an entry"));
    }
    check.finish()
}

#[test]
fn a_log_in_which_every_number_stands_once_is_clean() {
    let found = report(&[
        Logged::accepted(numbered(2)),
        Logged::accepted(numbered(1)),
        Logged::refused(numbered(3)),
        Logged::refused(numbered(3)),
        Logged::accepted(numbered(3)),
        Logged::refused(numbered(4)),
    ]);
    assert!(found.is_clean(), "{found:#?}");
    assert_eq!(found.keys[0].highest, 4);
}

#[test]
fn numbers_that_no_entry_has_are_a_gap() {
    let log = [3, 4, 8].map(|counter| Logged::accepted(numbered(counter)));
    let found = report(&log);
    assert_eq!(found.keys[0].gaps, [1..=2, 5..=7]);
    assert!(!found.is_clean());
}

#[test]
fn what_is_missing_at_the_end_shows_against_the_agencys_own_count() {
    let found = report(&[Logged::accepted(numbered(1))]);
    assert!(found.is_clean());
    assert_eq!(found.keys[0].gaps_up_to(1), []);
    assert_eq!(found.keys[0].gaps_up_to(3), [2..=3]);
    assert_eq!(report(&[]).keys[0].gaps_up_to(2), [1..=2]);
}

#[test]
fn a_number_under_which_two_statements_were_signed_is_a_replay() {
    let other = Statement {
        counter: 1,
        ..numbered(2)
    };
    let found = report(&[Logged::accepted(numbered(1)), Logged::accepted(other)]);
    let expected = Replay {
        counter: 1,
        first: 0,
        again: 1,
        is_same_statement: false,
    };
    assert_eq!(found.keys[0].replays, [expected]);
}

#[test]
fn a_signed_entry_copied_to_another_position_is_a_replay() {
    let found = report(&[Logged::accepted(numbered(1)), Logged::accepted(numbered(1))]);
    let expected = Replay {
        counter: 1,
        first: 0,
        again: 1,
        is_same_statement: true,
    };
    assert_eq!(found.keys[0].replays, [expected]);
}

#[test]
fn payloads_accepted_under_two_numbers_are_reported() {
    let again = Statement {
        payload_root: numbered(1).payload_root,
        ..numbered(2)
    };
    let found = report(&[
        Logged::accepted(numbered(1)),
        Logged::accepted(again.clone()),
    ]);
    let at = |counter, position| Numbered { counter, position };
    let expected = Renumbered {
        payload_root: again.payload_root,
        first: at(1, 0),
        again: at(2, 1),
    };
    assert_eq!(found.keys[0].renumbered, [expected]);
    // What was refused first and sent again under the next number is no second acceptance.
    let found = report(&[Logged::refused(numbered(1)), Logged::accepted(again)]);
    assert!(found.is_clean(), "{found:#?}");
}

#[test]
fn an_entry_forged_without_the_agencys_key_is_a_bad_signature() {
    // The forger has every key of the gateway and any number of own keys, and genuine signed entries to take from.
    let genuine = sign(&example_key(), &numbered(1));
    let own = SigningKey::from_bytes(&[7; 32]);
    let named = PartyField {
        key: genuine.key,
        ..sign(&own, &numbered(2))
    };
    let bad = |counter| PartyFault::BadSignature {
        agency: "region".to_owned(),
        key: genuine.key,
        counter,
    };
    let unknown = PartyFault::UnknownKey {
        agency: "region".to_owned(),
        key: public(&own).id(),
    };
    let unsigned = PartyFault::Unsigned {
        agency: "region".to_owned(),
    };
    let cases = [
        (Some(named), bad(2)),
        (Some(sign(&own, &numbered(2))), unknown),
        (Some(genuine.clone()), bad(1)),
        (
            Some(PartyField {
                counter: 2,
                ..genuine.clone()
            }),
            bad(2),
        ),
        (None, unsigned),
    ];
    for (field, expected) in cases {
        let forged = Logged {
            event: SUBMIT_EVENT,
            statement: numbered(2),
            field,
        };
        let found = report(&[Logged::accepted(numbered(1)), forged]);
        assert_eq!(found.faults, [(1, expected)]);
        assert!(!found.is_clean());
    }
}

proptest! {
    #[test]
    fn gaps_are_exactly_the_numbers_that_are_not_there(counters in prop::collection::btree_set(1_u64..40, 0..20)) {
        let log: Vec<Logged> = counters.iter().map(|counter| Logged::accepted(numbered(*counter))).collect();
        let found = report(&log);
        let missing: Vec<u64> = found.keys[0].gaps_up_to(40).into_iter().flatten().collect();
        let expected: Vec<u64> = (1..=40).filter(|counter| !counters.contains(counter)).collect();
        prop_assert_eq!(missing, expected);
    }
}
