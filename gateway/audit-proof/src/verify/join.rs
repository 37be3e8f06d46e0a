//! Verifying one segment on several cores.
//!
//! Workers take batches in order, check each by itself and join what they found in order again: links and times across
//! batches, roots, seal and footer. It only ever says that a segment is sound. Of any other it says nothing, and
//! `scan`, which checks the same one entry after another, finds out what is wrong and where.

use std::{
    fs::File,
    io::Read as _,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{
    Replay,
    batch::{Checked, check},
    feed::{Batch, Feed},
};
use crate::{
    chain::{Head, check_second_link},
    folder::Stage,
    positioned::read_exact_at,
    recover::Tail,
    scan::KnownHead,
    segment::{Header, MAX_HEADER_BYTES, Running},
};

/// Replays the segment at `path` in batches, with that many workers, of which this thread is one; `None` unless it is
/// sound to the last byte.
///
/// What it gives is what [`scan`](crate::scan::scan) gives of the same segment; `verify` uses it because it is faster.
/// `known` must be in ascending order of size; heads outside the segment are passed over.
#[must_use]
pub fn replay_in_batches(
    path: &Path,
    stage: Stage,
    known: &[KnownHead],
    workers: usize,
) -> Option<Replay> {
    replay_observing(path, stage, known, &[], workers)
}

/// As [`replay_in_batches`], and keeps the heads at the sizes in `observe`, which are in ascending order.
pub(super) fn replay_observing(
    path: &Path,
    stage: Stage,
    known: &[KnownHead],
    observe: &[u64],
    workers: usize,
) -> Option<Replay> {
    let file = File::open(path).ok()?;
    let mut start = Vec::new();
    (&file)
        .take(MAX_HEADER_BYTES as u64)
        .read_to_end(&mut start)
        .ok()?;
    let (header, body) = Header::decode(&start).ok()?;
    let running = Running::after(&header, &start[..body]);
    let feed = Mutex::new(Feed::new(&file, body as u64, running.state.size()));
    let join = Mutex::new(Join {
        running,
        groups: 0,
        observed: Vec::new(),
        next: 0,
        waiting: Vec::new(),
    });
    std::thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(|| work(&feed, &join, &header, known, observe));
        }
        work(&feed, &join, &header, known, observe);
    });
    let end = lock(&feed).end();
    let join = join.into_inner().unwrap_or_else(PoisonError::into_inner);
    // A batch that was not joined was not sound.
    let (_, end) = end.filter(|(batches, _)| *batches == join.next)?;
    let tail = join.tail(&file, stage, end)?;
    Some(Replay {
        seal: join.running.seal(),
        head: join.running.state.head(),
        end: join.running.state,
        groups: join.groups,
        observed: join.observed,
        bytes: tail.1,
        tail: tail.0,
        offset: end,
        header,
    })
}

/// Checks batches until there are no more or one is not sound.
fn work(
    feed: &Mutex<Feed<'_>>,
    join: &Mutex<Join>,
    header: &Header,
    known: &[KnownHead],
    observe: &[u64],
) {
    let mut batch = Batch::default();
    loop {
        let Some(number) = lock(feed).next(&mut batch) else {
            return;
        };
        let is_sound = check(&batch, &header.origin, header.suite(), known, observe)
            .is_some_and(|checked| lock(join).add(number, checked).is_some());
        if !is_sound {
            lock(feed).stop();
            return;
        }
    }
}

/// The segment up to the last batch that all before it have been joined with.
struct Join {
    running: Running,
    groups: u64,
    observed: Vec<Head>,
    /// The number of the batch to be joined next.
    next: u64,
    /// Batches that were checked before one that comes before them.
    waiting: Vec<(u64, Checked)>,
}

impl Join {
    /// Joins a batch, and those that waited for it; `None` when one is not sound, and then it is never joined.
    fn add(&mut self, number: u64, checked: Checked) -> Option<()> {
        self.waiting.push((number, checked));
        while let Some(place) = self.place_of_next() {
            let (_, checked) = self.waiting.swap_remove(place);
            self.take(&checked)?;
            self.next += 1;
        }
        Some(())
    }

    fn place_of_next(&self) -> Option<usize> {
        self.waiting
            .iter()
            .position(|(number, _)| *number == self.next)
    }

    /// Checks what a batch could not check by itself, and takes it in.
    fn take(&mut self, checked: &Checked) -> Option<()> {
        let running = &mut self.running;
        if checked.link != running.state.hash || checked.first_time_ns <= running.state.time_ns {
            return None;
        }
        let second = running.state.second.as_ref();
        check_second_link(second, checked.second_link.as_ref()).ok()?;
        for root in &checked.roots {
            if running.state.tree.root_with(root.of_batch) != root.expected {
                return None;
            }
            if root.ends_group {
                running.end_group_at(root.size);
                self.groups += 1;
            }
        }
        for head in &checked.heads {
            self.observed.push(Head {
                size: head.size,
                hash: head.hash,
                root: running.state.tree.root_with(head.of_batch),
                time_ns: head.time_ns,
            });
        }
        for (position, offset) in (running.state.size()..).zip(&checked.frames) {
            running.point(position, *offset);
        }
        running
            .state
            .extend(&checked.tree, checked.hash, checked.second, checked.time_ns)
    }

    /// Returns what follows the last group, which ends at `end`, and the length of the file; `None` unless that is the
    /// right footer of a sealed segment or the zeros of an open one.
    fn tail(&self, file: &File, stage: Stage, end: u64) -> Option<(Tail, u64)> {
        let mut rest = Vec::new();
        let length = file.metadata().ok()?.len();
        rest.resize(usize::try_from(length.checked_sub(end)?).ok()?, 0);
        read_exact_at(file, &mut rest, end).ok()?;
        let tail = match stage {
            Stage::Sealed if self.groups > 0 && rest == self.running.footer(end) => {
                Tail::Sealed(usize::try_from(length).ok()?)
            }
            Stage::Open if rest.iter().all(|byte| *byte == 0) => Tail::Clean,
            Stage::New | Stage::Open | Stage::Sealed | Stage::Archived => return None,
        };
        Some((tail, length))
    }
}

/// Locks what a panic elsewhere leaves usable, because the panic ends the verification anyway.
fn lock<Content>(mutex: &Mutex<Content>) -> MutexGuard<'_, Content> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
