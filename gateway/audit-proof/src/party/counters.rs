//! What the running counters of the party keys show, over all entries of a log.
//!
//! A check is fed every entry and holds about 200 bytes for each signed one. It reports and does not judge: a gap may
//! be a submission that never arrived, two numbers for the same payloads may be one file sent twice on purpose. What
//! was signed after the highest counter in the log only the agency knows; [`KeyCounters::gaps_up_to`] takes its word.

use std::{
    collections::{BTreeMap, HashMap},
    ops::RangeInclusive,
};

use super::{KeyId, PartyFault, PartyKeys, Signed, verify_entry};
use crate::{entry::Entry, hash::Hash};

/// Takes the entries of a log in order and collects what the counters show.
#[derive(Debug)]
pub struct CounterCheck<'k> {
    keys: &'k PartyKeys,
    states: BTreeMap<(String, KeyId), State>,
    faults: Vec<(u64, PartyFault)>,
}

/// What is known of one key so far.
#[derive(Debug, Default)]
struct State {
    seen: BTreeMap<u64, Seen>,
    /// Where the payloads under a root were first accepted.
    roots: HashMap<Hash, Numbered>,
    replays: Vec<Replay>,
    renumbered: Vec<Renumbered>,
    signed: u64,
}

/// The first statement under a counter.
#[derive(Debug)]
struct Seen {
    statement: Hash,
    position: u64,
    is_accepted: bool,
}

/// What the counters of a log show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterReport {
    /// Each registered key, by agency and key.
    pub keys: Vec<KeyCounters>,
    /// Positions of entries whose signature is missing or wrong, in order, and why.
    pub faults: Vec<(u64, PartyFault)>,
}

/// What the counters of one key show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCounters {
    /// The agency.
    pub agency: String,
    /// Its key.
    pub key: KeyId,
    /// The highest counter in the log; 0 when the key signed nothing that is there.
    pub highest: u64,
    /// Ranges of counters below the highest that no entry has, in order.
    pub gaps: Vec<RangeInclusive<u64>>,
    /// For each gap, the position of the entry with the counter behind it.
    pub after_gaps: Vec<u64>,
    /// Statements whose signature was verified.
    pub signed: u64,
    /// Counters used more than once.
    pub replays: Vec<Replay>,
    /// Payloads accepted under more than one counter.
    pub renumbered: Vec<Renumbered>,
}

/// A counter that was used more than once.
///
/// Several refusals of one statement, and refusals before and after it was accepted, are one use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replay {
    /// The counter.
    pub counter: u64,
    /// Position of the entry that used it first.
    pub first: u64,
    /// Position of the entry that used it again.
    pub again: u64,
    /// The same statement was accepted twice: an entry was copied. Otherwise the agency signed two statements.
    pub is_same_statement: bool,
}

/// Payloads that were accepted under two counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renumbered {
    /// RFC 6962 root over the payloads.
    pub payload_root: Hash,
    /// Where they were accepted first.
    pub first: Numbered,
    /// Where they were accepted again.
    pub again: Numbered,
}

/// A counter and the position of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// The counter.
    pub counter: u64,
    /// The position.
    pub position: u64,
}

impl<'k> CounterCheck<'k> {
    /// Starts a check of a log with these keys.
    #[must_use]
    pub fn new(keys: &'k PartyKeys) -> Self {
        Self {
            keys,
            states: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    /// Takes the next entry.
    pub fn take(&mut self, entry: &Entry<'_>) {
        let position = entry.position();
        match verify_entry(entry, self.keys) {
            Ok(None) => {}
            Ok(Some(signed)) => {
                let name = (signed.statement.agency.clone(), signed.key);
                self.states.entry(name).or_default().take(position, &signed);
            }
            Err(fault) => self.faults.push((position, fault)),
        }
    }

    /// Returns what was found.
    #[must_use]
    pub fn finish(mut self) -> CounterReport {
        let registered = self.keys.0.iter().flat_map(|(agency, of_agency)| {
            let keys = of_agency.keys.iter();
            keys.map(|key| (agency.clone(), key.id()))
        });
        for name in registered {
            self.states.entry(name).or_default();
        }
        let states = self.states.into_iter();
        CounterReport {
            keys: states.map(|(name, state)| state.finish(name)).collect(),
            faults: self.faults,
        }
    }
}

impl State {
    fn take(&mut self, position: u64, signed: &Signed) {
        self.signed += 1;
        let (counter, statement) = (signed.statement.counter, signed.statement.digest());
        match self.seen.get_mut(&counter) {
            None => {
                let seen = Seen {
                    statement,
                    position,
                    is_accepted: signed.is_accepted,
                };
                self.seen.insert(counter, seen);
            }
            Some(seen) => {
                let is_same_statement = seen.statement == statement;
                if !is_same_statement || (seen.is_accepted && signed.is_accepted) {
                    self.replays.push(Replay {
                        counter,
                        first: seen.position,
                        again: position,
                        is_same_statement,
                    });
                } else {
                    seen.is_accepted |= signed.is_accepted;
                }
            }
        }
        if signed.is_accepted {
            self.take_root(
                signed.statement.payload_root,
                Numbered { counter, position },
            );
        }
    }

    fn take_root(&mut self, payload_root: Hash, again: Numbered) {
        let first = *self.roots.entry(payload_root).or_insert(again);
        if first.counter != again.counter {
            self.renumbered.push(Renumbered {
                payload_root,
                first,
                again,
            });
        }
    }

    fn finish(self, (agency, key): (String, KeyId)) -> KeyCounters {
        let (mut gaps, mut after_gaps) = (Vec::new(), Vec::new());
        let mut highest = 0;
        for (counter, seen) in self.seen {
            // Counters are at least 1 and ascend, so neither end leaves the range.
            if counter > highest + 1 {
                gaps.push(highest + 1..=counter - 1);
                after_gaps.push(seen.position);
            }
            highest = counter;
        }
        KeyCounters {
            agency,
            key,
            highest,
            gaps,
            after_gaps,
            signed: self.signed,
            replays: self.replays,
            renumbered: self.renumbered,
        }
    }
}

impl KeyCounters {
    /// Returns the gaps when the agency says that it has signed up to `counter`.
    ///
    /// This is how a submission after the last in the log is missed: the agency compares with its own count.
    #[must_use]
    pub fn gaps_up_to(&self, counter: u64) -> Vec<RangeInclusive<u64>> {
        let mut gaps = self.gaps.clone();
        if counter > self.highest {
            gaps.push(self.highest + 1..=counter);
        }
        gaps
    }
}

impl CounterReport {
    /// Returns whether every counter up to the highest was used once and every signature is there and right.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let clean = |key: &KeyCounters| {
            key.gaps.is_empty() && key.replays.is_empty() && key.renumbered.is_empty()
        };
        self.faults.is_empty() && self.keys.iter().all(clean)
    }
}
