//! Blocks: neighbouring runs of one submission that become one row of the index.
//!
//! A submission of minute packets is the same device over and over; a row for each packet says no
//! more than one row for all of them. Merges runs and nothing else: it sees neither records nor the
//! index. Both ways rows are made (handed over, read from disk) go through [`blocks`], and every
//! implementation of [`Index`](crate::ports::Index) may rely on the limits below when it searches.

use crate::ports::Run;

/// Messages of one window: a run never reaches from one window into the next.
///
/// Windows begin at message 0, so whoever knows a place knows where a run that holds it can begin.
/// As many as one sandbox converts, which is what the intake groups device packets to.
pub const WINDOW_MESSAGES: u16 = 256;

/// Longest time between the starts of a run's earliest and latest records, in milliseconds.
///
/// An hour: a search by time looks this much further back, and 60 minute packets become one row.
pub const MOST_BETWEEN_STARTS_MS: i64 = 3_600_000;

/// Entities that devices send by the million and that are asked for by device and time.
const OF_DEVICES: [&str; 2] = ["Observation", "VehicleTrack"];

/// Merges neighbours that fit, from the first run on; `runs` are all of one submission, in order.
///
/// Runs fit when they share entity and keys, each is all its message became, their messages follow
/// each other without a gap inside one window of [`WINDOW_MESSAGES`], and their records begin
/// within [`MOST_BETWEEN_STARTS_MS`], or none has a time. So the places of a run can be told from
/// the results of its messages alone, and no other run lies between them.
pub fn blocks(runs: Vec<Run>) -> Vec<Run> {
    let mut merged: Vec<Run> = Vec::with_capacity(runs.len().min(usize::from(WINDOW_MESSAGES)));
    let mut runs = runs.into_iter().peekable();
    while let Some(run) = runs.next() {
        let has_company = |other: &Run| other.message == run.last_message;
        let is_alone = run.first == 0 && !runs.peek().is_some_and(has_company);
        match merged.last_mut() {
            Some(block) if is_alone && fits(block, &run) => extend(block, run),
            _ => merged.push(run),
        }
    }
    merged
}

/// Whether a run that is all of its message goes on where `block` ends.
///
/// A block that begins at ordinal 0 is all of its messages: had its last message another run, that
/// run and not the block would be the last one.
fn fits(block: &Run, run: &Run) -> bool {
    block.first == 0
        && block.last_message.checked_add(1) == Some(run.message)
        && block.message / WINDOW_MESSAGES == run.last_message / WINDOW_MESSAGES
        && OF_DEVICES.contains(&block.entity.as_str())
        && block.entity == run.entity
        && block.links == run.links
        && starts_fit(block, run)
}

fn starts_fit(block: &Run, run: &Run) -> bool {
    match (starts(block), starts(run)) {
        (Some(of_block), Some(of_run)) => {
            let (earliest, latest) = (of_block.0.min(of_run.0), of_block.1.max(of_run.1));
            latest.saturating_sub(earliest) <= MOST_BETWEEN_STARTS_MS
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Starts of the earliest and of the latest record.
fn starts(run: &Run) -> Option<(i64, i64)> {
    let (from, _) = run.time?;
    Some((from, run.last_from?))
}

fn extend(block: &mut Run, run: Run) {
    block.last_message = run.last_message;
    block.last = run.last;
    block.count += run.count;
    block.last_from = block.last_from.max(run.last_from);
    block.time = block
        .time
        .zip(run.time)
        .map(|(a, b)| (a.0.min(b.0), a.1.max(b.1)));
}

#[cfg(test)]
mod tests;
