//! The search itself: it finds planted faults, shrinks them and repeats itself.

use std::cell::RefCell;

use super::*;

const CORPUS: Corpus<'static> = Corpus {
    honest: &[b"##0012CP=&&a=1;b=2&&\r\n", b"<a><b>text</b></a>"],
    tokens: &[b"&&", b"]]>"],
};

fn finds(target: impl Fn(&[u8])) -> Vec<u8> {
    search(CORPUS, target)
        .expect_err("a planted fault is found")
        .input
}

#[test]
fn a_fault_behind_a_token_is_found() {
    let input = finds(|input| assert!(!input.windows(3).any(|window| window == b"]]>")));
    assert!(input.windows(3).any(|window| window == b"]]>"));
}

#[test]
fn a_fault_at_a_cut_is_found() {
    finds(|input| assert!(!input.ends_with(b"b=")));
}

#[test]
fn a_fault_of_length_is_found() {
    finds(|input| assert!(input.len() < 500));
}

#[test]
fn a_fault_in_random_bytes_is_found() {
    finds(|input| assert!(std::str::from_utf8(input).is_ok()));
}

#[test]
fn a_mix_of_honest_inputs_is_found() {
    finds(|input| {
        let has = |piece: &[u8]| input.windows(piece.len()).any(|window| window == piece);
        assert!(!(has(b"<b>") && has(b"CP=")));
    });
}

#[test]
fn the_same_seed_gives_the_same_inputs() {
    let inputs = || {
        let seen = RefCell::new(Vec::new());
        search(CORPUS, |input| seen.borrow_mut().push(input.to_vec())).expect("nothing is wrong");
        seen.into_inner()
    };
    let first = inputs();
    assert!(first.len() >= 100, "{} inputs prove little", first.len());
    assert!(first == inputs(), "two runs differ");
}

#[test]
fn an_empty_corpus_gives_random_inputs() {
    let longest = RefCell::new(0);
    search(Corpus::default(), |input| {
        let mut longest = longest.borrow_mut();
        *longest = input.len().max(*longest);
    })
    .expect("nothing is wrong");
    assert!(longest.into_inner() > 32);
}

#[test]
#[should_panic(expected = "seed Fixed")]
fn a_failure_names_its_seed() {
    fuzz(CORPUS, |input| assert!(CORPUS.honest.contains(&input)));
}
