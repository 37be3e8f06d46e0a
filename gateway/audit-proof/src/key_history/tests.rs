//! Retired keys: what they signed stays good, what they sign later is refused.

use proptest::prelude::*;

use super::*;
use crate::key::KeyKind;
use crate::signer::{Signer, sign_note};
use crate::test_signers::TestSigner;

fn signer(seed: u8) -> TestSigner {
    TestSigner::new("example.com/log", KeyKind::Ed25519, seed)
}

fn term(signer: &TestSigner, end: Option<KeyEnd>) -> KeyTerm {
    KeyTerm {
        key: signer.key().clone(),
        end,
    }
}

fn note(size: u64, signers: &[&dyn Signer]) -> Note {
    let checkpoint = Checkpoint::new("example.com/log", size, [3; 32]).unwrap();
    sign_note(&checkpoint.to_string(), signers, 0).unwrap()
}

#[test]
fn a_retired_key_counts_up_to_its_last_size_and_no_further() {
    let (old, new) = (signer(1), signer(2));
    for end in [KeyEnd::Rotated(100), KeyEnd::Compromised(100)] {
        let history = KeyHistory::new(vec![term(&old, Some(end)), term(&new, None)]).unwrap();
        for size in [0, 99, 100] {
            assert_eq!(history.verify(&note(size, &[&old])).unwrap().len(), 1);
            assert_eq!(history.verify(&note(size, &[&old, &new])).unwrap().len(), 2);
        }
        let retired = RetiredKeyError::Retired {
            name: "example.com/log".to_owned(),
            end,
            size: 101,
        };
        assert_eq!(history.verify(&note(101, &[&old])), Err(retired.clone()));
        // Beside a key in use it is no better.
        assert_eq!(history.verify(&note(101, &[&new, &old])), Err(retired));
        assert_eq!(history.verify(&note(u64::MAX, &[&new])).unwrap().len(), 1);
    }
}

#[test]
fn a_stranger_is_not_admitted_and_not_counted() {
    let (known, stranger) = (signer(1), signer(2));
    let history = KeyHistory::new(vec![term(&known, None)]).unwrap();
    assert!(matches!(
        history.admit(stranger.key(), 1),
        Err(RetiredKeyError::Unknown { .. })
    ));
    assert!(matches!(
        history.verify(&note(1, &[&stranger])),
        Err(RetiredKeyError::Signature(_))
    ));
    let text = sign_note("no checkpoint\n", &[&known], 0).unwrap();
    assert!(matches!(
        history.verify(&text),
        Err(RetiredKeyError::Checkpoint(_))
    ));
}

#[test]
fn a_wrong_line_is_named_by_number_and_fault() {
    let key = signer(1).key().to_string();
    let cases = [
        ("\n".to_owned(), 1, KeyHistoryFault::Form),
        (format!("key {key}"), 1, KeyHistoryFault::Form),
        (
            format!("key {key}\nkey {key} rotated 07\n"),
            2,
            KeyHistoryFault::Form,
        ),
        (format!("key {key} lost 7\n"), 1, KeyHistoryFault::Form),
        (format!("key  {key}\n"), 1, KeyHistoryFault::Form),
        (format!("key {key} \n"), 1, KeyHistoryFault::Form),
        (
            "key x\n".to_owned(),
            1,
            KeyHistoryFault::Key(KeyError::Form),
        ),
        (
            format!("key {key} rotated 7\nkey {key}\n"),
            2,
            KeyHistoryFault::DuplicateKey,
        ),
    ];
    for (text, line, fault) in cases {
        assert_eq!(
            KeyHistory::parse(&text),
            Err(KeyHistoryError { line, fault }),
            "{text:?}"
        );
    }
    assert_eq!(KeyHistory::parse("").unwrap(), KeyHistory::default());
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,60}", lines in "(key [a-z+0-9]{0,9}( (rotated|compromised) [0-9]{0,22})?\n){0,4}") {
        let _ = KeyHistory::parse(&text);
        let _ = KeyHistory::parse(&lines);
    }

    #[test]
    fn a_history_is_read_as_itself_and_written_as_it_was_read(ends in proptest::collection::vec((0..3_u8, any::<u64>()), 0..6)) {
        let terms = ends.iter().enumerate().map(|(index, (end, size))| {
            let end = match end {
                0 => None,
                1 => Some(KeyEnd::Rotated(*size)),
                _ => Some(KeyEnd::Compromised(*size)),
            };
            term(&signer(index as u8 + 1), end)
        });
        let history = KeyHistory::new(terms.collect()).unwrap();
        let text = history.to_string();
        prop_assert_eq!(KeyHistory::parse(&text).unwrap(), history);
        prop_assert_eq!(KeyHistory::parse(&text).unwrap().to_string(), text);
    }
}
