//! Ranges of entries and what is to be said of each.

/// Neighbouring entries of one standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The position of the first.
    pub from: u64,
    /// The position after the last; for a range with a failure the end is not known to be reliable.
    pub to: u64,
    /// What is to be said of them.
    pub standing: Standing,
}

/// What is to be said of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Sound, and witnesses (and a time stamp, when asked) vouch for it that nothing was changed since.
    Anchored,
    /// Sound in themselves; nobody but the log vouches for them.
    Unanchored,
    /// From here on nothing can be relied on.
    Failed,
}

/// Returns the ranges of a log of which `sound` entries are sound, `anchored` of them anchored.
pub(super) fn ranges(anchored: u64, sound: u64, failed_until: Option<u64>) -> Vec<Range> {
    let anchored = anchored.min(sound);
    let mut ranges = Vec::new();
    let mut push = |from, to, standing| {
        if from < to {
            ranges.push(Range { from, to, standing });
        }
    };
    push(0, anchored, Standing::Anchored);
    push(anchored, sound, Standing::Unanchored);
    if let Some(until) = failed_until {
        push(sound, until.max(sound + 1), Standing::Failed);
    }
    ranges
}
