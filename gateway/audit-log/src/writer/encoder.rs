//! The group to come: entries that have their places and are not yet on the disk.
//!
//! Encodes, links and hashes drafts, batch by batch, while the disk is busy with the group before. It writes nothing and
//! knows no segment: the trailer comes when the writer takes the group. Nothing here has been promised to anybody.

use std::sync::{Arc, Mutex};

use audit_proof::{
    chain::{Head, State},
    entry::{Draft, Place},
    hash::{Hash, leaf_hash, prefixed_leaf_hash},
    segment::{Header, Point, write_frame},
    suite::LogSuite,
    tree::CompactRange,
};

use super::Active;
use crate::{
    commit::{CommitError, InFlight, Queue},
    log::{Appended, Clock, Group},
};

/// Encodes entries in the order in which they are taken.
#[derive(Debug)]
pub(super) struct Encoder {
    origin: String,
    suite: LogSuite,
    /// What is encoded and not yet taken by the writer.
    pub(super) encoded: Encoded,
}

/// A group under way.
#[derive(Debug, Default)]
pub(super) struct Encoded {
    /// The frames; a trailer once the group is closed.
    pub(super) bytes: Vec<u8>,
    /// The tree before the group.
    before: CompactRange,
    /// The log after the newest entry; `None` only before the first use.
    state: Option<State>,
    /// Where the frames start in the bytes.
    starts: Vec<usize>,
    leaves: Vec<Hash>,
    times: Vec<u64>,
    /// Those who wait, each for so many entries.
    waiting: Vec<(InFlight<Appended>, usize)>,
    /// The closed group.
    group: Option<Arc<Group>>,
}

/// What the clock says when a batch is encoded.
#[derive(Debug)]
pub(super) struct Moment {
    now_ns: u64,
    /// The state of the clock as entries have it; empty where it is not known.
    state: Vec<u8>,
}

impl Moment {
    /// Asks the clock.
    pub(super) fn of(clock: &dyn Clock) -> Self {
        Self {
            now_ns: clock.now_ns(),
            state: clock.state().map_or_else(Vec::new, |state| state.to_cbor()),
        }
    }
}

/// Encodes what is queued whenever the writer waits for the disk, until the queue is closed.
pub(super) fn encode_ahead(
    queue: &Queue<Draft, Appended>,
    encoder: &Mutex<Encoder>,
    clock: &dyn Clock,
) {
    let mut drafts = Vec::new();
    while queue.wait_ahead() {
        let Ok(mut encoder) = super::lock(encoder) else {
            return;
        };
        if let Some(in_flight) = queue.take_ahead(&mut drafts) {
            encoder.encode(&drafts, Moment::of(clock), in_flight);
            drafts.clear();
        }
    }
}

impl Encoder {
    /// Continues the log of `header` at `state`.
    pub(super) fn new(header: &Header, state: State) -> Self {
        Self {
            origin: header.origin.clone(),
            suite: header.suite(),
            encoded: Encoded {
                before: state.tree.clone(),
                state: Some(state),
                ..Encoded::default()
            },
        }
    }

    /// Appends drafts to the group, for those who wait for them.
    pub(super) fn encode(
        &mut self,
        drafts: &[Draft],
        moment: Moment,
        in_flight: InFlight<Appended>,
    ) {
        let encoded = &mut self.encoded;
        let state = encoded
            .state
            .as_mut()
            .expect("an encoder knows the log up to its newest entry");
        for draft in drafts {
            // One reading serves the batch; each entry is at least a nanosecond later than the one before it.
            let time_ns = moment.now_ns.max(state.time_ns + 1);
            let position = state.size();
            let place = Place {
                origin: &self.origin,
                position,
                time_ns,
                link: &state.hash,
                second_link: state.second.as_ref(),
            };
            let bytes = &mut encoded.bytes;
            encoded.starts.push(bytes.len());
            let entry = write_frame(bytes, position, |out| {
                draft.write_timed_entry(place, &moment.state, out);
            });
            // The byte before the entry is the highest one of its position, which is also the prefix of a leaf: 0.
            let leaf = prefixed_leaf_hash(&bytes[entry.start - 1..entry.end])
                .unwrap_or_else(|| leaf_hash(&bytes[entry.clone()]));
            state.append(leaf, self.suite.second_leaf_hash(&bytes[entry]), time_ns);
            encoded.leaves.push(leaf);
            encoded.times.push(time_ns);
        }
        encoded.waiting.push((in_flight, drafts.len()));
    }
}

impl Encoded {
    /// Returns whether there is no entry.
    pub(super) fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// Becomes empty, and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.starts.clear();
        self.times.clear();
        self.leaves = Vec::new();
        self.waiting.clear();
        self.group = None;
    }

    /// Continues after `group`, which has been taken.
    pub(super) fn start_after(&mut self, group: &Self) {
        self.state.clone_from(&group.state);
        if let Some(state) = &self.state {
            self.before.clone_from(&state.tree);
        }
    }

    /// Ends the group with its trailer in the segment to which it will be written; returns the head after it.
    pub(super) fn close(&mut self, active: &mut Active) -> Head {
        let Active { file, running, .. } = active;
        let positions = running.state.size()..;
        let frames = positions.zip(&self.starts).map(|(position, start)| Point {
            position,
            offset: file.tail() + *start as u64,
        });
        let state = self.state.clone();
        running.entries(
            frames,
            state.expect("a group follows from the log before it"),
        );
        let (trailer, head) = running.trailer();
        running.end_group();
        self.bytes.extend(trailer);
        let leaves = std::mem::take(&mut self.leaves);
        self.group = Some(Arc::new(Group::new(self.before.clone(), leaves, head)));
        head
    }

    /// Hands out the outcomes of the closed group, which is durable.
    pub(super) fn succeed(&mut self) {
        let Some(group) = self.group.take() else {
            return;
        };
        let mut appended = group.appended(&self.times).into_iter();
        for (in_flight, entries) in self.waiting.drain(..) {
            in_flight.succeed(appended.by_ref().take(entries).collect());
        }
    }

    /// Fails everybody who waits.
    pub(super) fn fail(&mut self, error: impl Fn() -> CommitError) {
        for (in_flight, _) in self.waiting.drain(..) {
            in_flight.fail(error());
        }
    }
}
