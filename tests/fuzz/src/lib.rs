//! Fuzz targets for every parser of foreign bytes, run as plain tests.
//!
//! A target gives some honest inputs; [`fuzz`] bends them (bits, cuts, repeats,
//! inserted tokens, pieces of each other), throws the results at the target and
//! shrinks what breaks it. The same seed gives the same inputs, so a failure
//! here fails everywhere. No coverage guidance: what a guided fuzzer finds is
//! added here as an honest input. The targets are the tests of this crate.
//!
//! `PROPTEST_CASES=100000 cargo test -p fuzz` searches longer and
//! `PROPTEST_RNG_SEED=7` elsewhere; a failure prints both.

#![forbid(unsafe_code)]

use std::{cell::Cell, fmt, panic, sync::Once};

use proptest::{
    prelude::*,
    sample::Index,
    test_runner::{Config, RngSeed, TestError, TestRunner},
};

/// The seed of every run that names no other.
const SEED: u64 = 212;

/// Cases run for each case of proptest's default 256: about 2,000 inputs, well
/// below a second for a parser of a few kilobytes.
const CASES_FACTOR: u32 = 8;

/// Most changes made to one input.
const MOST_CHANGES: usize = 6;

/// Most random bytes, inserted or as an input of their own.
const MOST_RANDOM_BYTES: usize = 64;

/// What a target starts from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Corpus<'a> {
    /// Inputs that the parser accepts, as many kinds as there are.
    pub honest: &'a [&'a [u8]],
    /// Pieces with a meaning for the parser: separators, escapes, names.
    pub tokens: &'a [&'a [u8]],
}

/// An input that breaks a target.
pub struct Found {
    /// The smallest input that still breaks it.
    pub input: Vec<u8>,
    /// What the target said.
    pub reason: String,
    /// Seed and number of cases that lead there.
    pub run: String,
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\ninput ({} bytes): b\"{}\"\n{}",
            self.reason,
            self.input.len(),
            self.input.escape_ascii(),
            self.run
        )
    }
}

/// Runs a target over honest and bent inputs.
///
/// # Panics
/// With the smallest input found, when `target` panics on any.
pub fn fuzz(corpus: Corpus<'_>, target: impl Fn(&[u8])) {
    for honest in corpus.honest {
        target(honest);
    }
    if let Err(found) = search(corpus, target) {
        panic!("{found:?}");
    }
}

/// Like [`fuzz`], for targets that read files: one case in sixty-four.
///
/// # Panics
/// With the smallest input found, when `target` panics on any.
pub fn fuzz_slowly(corpus: Corpus<'_>, target: impl Fn(&[u8])) {
    for honest in corpus.honest {
        target(honest);
    }
    let mut config = config();
    config.cases = (config.cases / 64).max(1);
    if let Err(found) = search_with(config, corpus, target) {
        panic!("{found:?}");
    }
}

/// Looks for an input on which `target` panics.
///
/// # Errors
/// The smallest such input that was found.
pub fn search(corpus: Corpus<'_>, target: impl Fn(&[u8])) -> Result<(), Found> {
    search_with(config(), corpus, target)
}

fn search_with(config: Config, corpus: Corpus<'_>, target: impl Fn(&[u8])) -> Result<(), Found> {
    let run = format!("seed {:?}, {} cases", config.rng_seed, config.cases);
    let mut runner = TestRunner::new(config);
    let outcome = quietly(|| {
        runner.run(&recipe(), |recipe| {
            target(&recipe.input(corpus));
            Ok(())
        })
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, recipe)) => Err(Found {
            input: recipe.input(corpus),
            reason: reason.to_string(),
            run,
        }),
        Err(TestError::Abort(reason)) => Err(Found {
            input: Vec::new(),
            reason: reason.to_string(),
            run,
        }),
    }
}

thread_local! {
    /// Whether this thread searches, so that its panics are expected.
    static SEARCHING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `search` without a report of each panic: shrinking causes hundreds, and
/// the last one is reported by [`fuzz`].
fn quietly<T>(search: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !SEARCHING.get() {
                report(panic);
            }
        }));
    });
    SEARCHING.set(true);
    let result = search();
    SEARCHING.set(false);
    result
}

/// Proptest's configuration, environment included, with our seed and cases.
fn config() -> Config {
    let mut config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    config.cases *= CASES_FACTOR;
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    config
}

/// How an input is made; shrinking removes changes.
#[derive(Debug, Clone)]
struct Recipe {
    start: Start,
    changes: Vec<Change>,
}

/// What an input begins as.
#[derive(Debug, Clone)]
enum Start {
    Honest(Index),
    Random(Vec<u8>),
}

/// One change of an input. Places are fractions, so they fit any length.
#[derive(Debug, Clone)]
enum Change {
    Flip {
        at: Index,
        bit: u8,
    },
    Set {
        at: Index,
        byte: u8,
    },
    Insert {
        at: Index,
        bytes: Vec<u8>,
    },
    Token {
        at: Index,
        which: Index,
    },
    Remove {
        from: Index,
        to: Index,
    },
    Cut {
        at: Index,
    },
    Repeat {
        from: Index,
        to: Index,
        times: u8,
    },
    Splice {
        at: Index,
        which: Index,
        from: Index,
        to: Index,
    },
}

impl Recipe {
    fn input(&self, corpus: Corpus<'_>) -> Vec<u8> {
        let mut input = match &self.start {
            Start::Honest(which) => pick(which, corpus.honest).to_vec(),
            Start::Random(bytes) => bytes.clone(),
        };
        for change in &self.changes {
            change.apply(&mut input, corpus);
        }
        input
    }
}

impl Change {
    fn apply(&self, input: &mut Vec<u8>, corpus: Corpus<'_>) {
        // A place between bytes, and a place of a byte where there is one.
        let gap = |index: &Index, input: &[u8]| index.index(input.len() + 1);
        let byte =
            |index: &Index, input: &[u8]| (!input.is_empty()).then(|| index.index(input.len()));
        match self {
            Self::Flip { at, bit } => {
                if let Some(at) = byte(at, input) {
                    input[at] ^= 1 << bit;
                }
            }
            Self::Set { at, byte: value } => {
                if let Some(at) = byte(at, input) {
                    input[at] = *value;
                }
            }
            Self::Insert { at, bytes } => insert(input, gap(at, input), bytes),
            Self::Token { at, which } => {
                insert(input, gap(at, input), pick(which, corpus.tokens));
            }
            Self::Remove { from, to } => {
                drop(input.drain(range(from, to, input.len())));
            }
            Self::Cut { at } => input.truncate(gap(at, input)),
            Self::Repeat { from, to, times } => {
                let range = range(from, to, input.len());
                let piece = input[range.clone()].repeat(usize::from(*times));
                insert(input, range.end, &piece);
            }
            Self::Splice {
                at,
                which,
                from,
                to,
            } => {
                let other = pick(which, corpus.honest);
                insert(input, gap(at, input), &other[range(from, to, other.len())]);
            }
        }
    }
}

/// One of `pieces`, or nothing when there are none.
fn pick<'a>(which: &Index, pieces: &[&'a [u8]]) -> &'a [u8] {
    if pieces.is_empty() {
        return &[];
    }
    pieces[which.index(pieces.len())]
}

fn insert(input: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    input.splice(at..at, bytes.iter().copied());
}

fn range(from: &Index, to: &Index, length: usize) -> std::ops::Range<usize> {
    let (from, to) = (from.index(length + 1), to.index(length + 1));
    from.min(to)..from.max(to)
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let start = prop_oneof![
        9 => any::<Index>().prop_map(Start::Honest),
        1 => random_bytes().prop_map(Start::Random),
    ];
    let changes = prop::collection::vec(change(), 1..=MOST_CHANGES);
    (start, changes).prop_map(|(start, changes)| Recipe { start, changes })
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        (index(), 0..8_u8).prop_map(|(at, bit)| Change::Flip { at, bit }),
        (index(), any::<u8>()).prop_map(|(at, byte)| Change::Set { at, byte }),
        (index(), random_bytes()).prop_map(|(at, bytes)| Change::Insert { at, bytes }),
        (index(), index()).prop_map(|(at, which)| Change::Token { at, which }),
        (index(), index()).prop_map(|(from, to)| Change::Remove { from, to }),
        index().prop_map(|at| Change::Cut { at }),
        (index(), index(), 1..40_u8).prop_map(|(from, to, times)| Change::Repeat {
            from,
            to,
            times
        }),
        (index(), index(), index(), index()).prop_map(|(at, which, from, to)| Change::Splice {
            at,
            which,
            from,
            to
        }),
    ]
}

/// Random bytes, half of them printable so that text parsers see more than their first check.
fn random_bytes() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![any::<u8>(), 0x20..0x7f_u8];
    prop::collection::vec(byte, 0..=MOST_RANDOM_BYTES)
}

#[cfg(test)]
mod targets;
#[cfg(test)]
mod tests;
