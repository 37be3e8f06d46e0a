//! Codes and numbers that people type: credit codes, permits, document numbers, plates.
//!
//! A value that is accepted is canonical: reading it again accepts it unchanged.

use std::fmt::Display;

use schema::{Reading, credit_code, document_number, permit};

use crate::{Corpus, fuzz};

/// Typing faults: other brackets, other zeros, what spreadsheets and phones insert.
const TOKENS: &[&str] = &[
    "\u{200b}",
    "\u{3000}",
    "\u{feff}",
    "`",
    "-",
    "O",
    "I",
    "Ｏ",
    "０",
    "〔",
    "〕",
    "[",
    "]",
    "（",
    "）",
    "年",
    "第",
    "号",
    "0000000000",
    "99999999999999999999",
    "〔〕号",
    "P",
    "\0",
];

fn check<T: Display>(honest: &[&str], read: fn(&str) -> Reading<T>) {
    for text in honest {
        assert!(
            read(text).value.is_some(),
            "{text:?}: {}",
            read(text).quality()
        );
    }
    let honest: Vec<&[u8]> = honest.iter().map(|text| text.as_bytes()).collect();
    let tokens: Vec<&[u8]> = TOKENS.iter().map(|text| text.as_bytes()).collect();
    let corpus = Corpus {
        honest: &honest,
        tokens: &tokens,
    };
    fuzz(corpus, |bytes| {
        let input = String::from_utf8_lossy(bytes);
        let reading = read(&input);
        match reading.value {
            Some(value) => {
                let canonical = value.to_string();
                let again = read(&canonical);
                let unchanged = again
                    .value
                    .is_some_and(|value| value.to_string() == canonical);
                assert!(
                    unchanged,
                    "{input:?} → {canonical:?}, which is read otherwise"
                );
            }
            None => assert!(
                reading.remark.is_some(),
                "{input:?} vanished without a remark"
            ),
        }
    });
}

#[test]
fn a_credit_code_is_canonical_or_has_a_remark() {
    check(
        &["91110000600037341L", "91110000600037341l"],
        credit_code::read,
    );
}

#[test]
fn a_permit_is_canonical_or_has_a_remark() {
    check(
        &["91110000600037341L001P", "91110000600037341L001V"],
        permit::read,
    );
}

#[test]
fn a_document_number_is_canonical_or_has_a_remark() {
    check(
        &[
            "包环罚〔2026〕12号",
            "X环拘移[2026]年第0012号",
            "蒙环（2026）7号",
        ],
        document_number::read,
    );
}

#[test]
fn a_proposal_is_a_valid_code() {
    let corpus = Corpus {
        honest: &[b"91110000600037341L001P"],
        tokens: &[b"O", b"I", b"0"],
    };
    fuzz(corpus, |bytes| {
        let permit = String::from_utf8_lossy(bytes);
        if let Some(proposal) = credit_code::propose_from_permit(&permit) {
            assert!(
                credit_code::is_valid(&proposal),
                "{permit:?} → {proposal:?}"
            );
        }
    });
}
