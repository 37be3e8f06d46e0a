//! What tokens mean for a log: whether the newest is recent enough, and between which times an entry was written.
//!
//! Pure statements about stamps that have been verified; the time is an argument. The gateway's alarms, the verifier's
//! report and the evidence package rely on it.

use std::time::Duration;

use super::Stamp;

/// How old the newest token is at a given time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Not older than allowed.
    Fresh {
        /// The age of the token in nanoseconds; zero when it is later by no more than its accuracy.
        age_ns: u64,
    },
    /// Older than allowed.
    Stale {
        /// The age of the token in nanoseconds.
        age_ns: u64,
    },
    /// Later than the given time by more than its accuracy: the clock that gave the time is behind.
    Ahead {
        /// By how much the token is later, in nanoseconds.
        by_ns: u64,
    },
    /// There is no token.
    Missing,
}

/// Judges the newest token at the time `at_ns`, in nanoseconds since 1970.
#[must_use]
pub fn freshness(newest: Option<&Stamp>, at_ns: u64, max_age: Duration) -> Freshness {
    let Some(stamp) = newest else {
        return Freshness::Missing;
    };
    let by_ns = stamp.time_ns.saturating_sub(at_ns);
    if by_ns > stamp.accuracy_ns.unwrap_or(0) {
        return Freshness::Ahead { by_ns };
    }
    let age_ns = at_ns.saturating_sub(stamp.time_ns);
    if u128::from(age_ns) <= max_age.as_nanos() {
        Freshness::Fresh { age_ns }
    } else {
        Freshness::Stale { age_ns }
    }
}

/// Where a verified token stands in the log that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// The size of the checkpoint that was stamped: entries before it existed at the time of the token.
    pub size: u64,
    /// The position of the entry that holds the token, when the same log holds it.
    ///
    /// Entries after it were written after the time of the token, because they link to bytes nobody knew before.
    pub recorded_at: Option<u64>,
    /// What the token proves.
    pub stamp: Stamp,
}

/// Between which times an entry was written, in nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bracket {
    /// Not before: the time of the last token that the entry builds on, less its accuracy.
    pub after_ns: Option<u64>,
    /// Not after: the time of the first token that covers the entry, plus its accuracy.
    pub before_ns: Option<u64>,
}

/// Tokens that cannot all be true: an entry would have been written after a time and before an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("timestamps contradict each other: not before {after_ns} ns and not after {before_ns} ns")]
pub struct Contradiction {
    /// The time before which the entry cannot have been written, in nanoseconds since 1970.
    pub after_ns: u64,
    /// The time after which it cannot have been written, in nanoseconds since 1970.
    pub before_ns: u64,
}

/// Returns between which times the entry at `position` was written; `anchors` may be in any order.
///
/// # Errors
/// [`Contradiction`] when no time satisfies all tokens.
pub fn bracket(position: u64, anchors: &[Anchor]) -> Result<Bracket, Contradiction> {
    let after_ns = anchors
        .iter()
        .filter(|anchor| anchor.recorded_at.is_some_and(|at| at < position))
        .map(|anchor| earliest_ns(&anchor.stamp))
        .max();
    let before_ns = anchors
        .iter()
        .filter(|anchor| anchor.size > position)
        .map(|anchor| latest_ns(&anchor.stamp))
        .min();
    match (after_ns, before_ns) {
        (Some(after_ns), Some(before_ns)) if after_ns > before_ns => Err(Contradiction {
            after_ns,
            before_ns,
        }),
        (after_ns, before_ns) => Ok(Bracket {
            after_ns,
            before_ns,
        }),
    }
}

/// Returns the earliest time at which the token can have been made.
fn earliest_ns(stamp: &Stamp) -> u64 {
    stamp.time_ns.saturating_sub(stamp.accuracy_ns.unwrap_or(0))
}

/// Returns the latest time at which the token can have been made.
fn latest_ns(stamp: &Stamp) -> u64 {
    stamp.time_ns.saturating_add(stamp.accuracy_ns.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::{Imprint, ImprintAlgorithm};

    fn stamp(time_ns: u64, accuracy_ns: Option<u64>) -> Stamp {
        Stamp {
            time_ns,
            accuracy_ns,
            serial: vec![1],
            policy: "1.2.3".to_owned(),
            imprint: Imprint {
                algorithm: ImprintAlgorithm::Sha256,
                digest: [0; 32],
            },
            tsa_name: "CN=TSA".to_owned(),
            renew_before_s: u64::MAX,
        }
    }

    fn anchor(size: u64, recorded_at: Option<u64>, time_ns: u64) -> Anchor {
        Anchor {
            size,
            recorded_at,
            stamp: stamp(time_ns, Some(5)),
        }
    }

    #[test]
    fn a_token_is_fresh_up_to_its_allowed_age() {
        let token = stamp(1000, Some(10));
        let judge = |at_ns| freshness(Some(&token), at_ns, Duration::from_nanos(60));
        assert_eq!(judge(1060), Freshness::Fresh { age_ns: 60 });
        assert_eq!(judge(1061), Freshness::Stale { age_ns: 61 });
        assert_eq!(judge(990), Freshness::Fresh { age_ns: 0 });
        assert_eq!(judge(989), Freshness::Ahead { by_ns: 11 });
        let missing = freshness(None, 1000, Duration::MAX);
        assert_eq!(missing, Freshness::Missing);
    }

    #[test]
    fn an_entry_lies_between_the_token_it_builds_on_and_the_one_that_covers_it() {
        let anchors = [anchor(20, Some(21), 2000), anchor(10, Some(12), 1000)];
        let check = |position, after_ns, before_ns| {
            let expected = Ok(Bracket {
                after_ns,
                before_ns,
            });
            assert_eq!(bracket(position, &anchors), expected, "{position}");
        };
        check(9, None, Some(1005));
        // Not in the first checkpoint, and not after the entry that holds its token: only an upper bound.
        check(10, None, Some(2005));
        check(12, None, Some(2005));
        check(13, Some(995), Some(2005));
        check(20, Some(995), None);
        check(22, Some(1995), None);
    }

    #[test]
    fn a_token_kept_outside_the_log_gives_no_lower_bound() {
        let found = bracket(50, &[anchor(10, None, 1000)]);
        assert_eq!(
            found,
            Ok(Bracket {
                after_ns: None,
                before_ns: None
            })
        );
    }

    #[test]
    fn tokens_that_contradict_each_other_are_reported() {
        let anchors = [anchor(10, Some(12), 3000), anchor(20, Some(21), 2000)];
        let expected = Contradiction {
            after_ns: 2995,
            before_ns: 2005,
        };
        assert_eq!(bracket(15, &anchors), Err(expected));
    }
}
