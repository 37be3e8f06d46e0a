//! What the system gives a thread: standing back, and the time it ran.
//!
//! What stands back gets a fiftieth or less of a processor that others want, and runs on half of
//! the processors only, so that others find one without it: a processor that anything runs on is
//! a busy one to the system, which then lets others wait behind one another. It never comes forward
//! again: the system would ask for a right that the gateway does not have. So a thread that stood
//! back is ended, and not used for anything else. Processes it starts stand back as well.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, getpriority_process, setpriority_process};
use rustix::thread::{CpuSet, gettid, sched_getaffinity, sched_setaffinity};

/// The lowest priority, as `nice` counts it.
const LOWEST: i32 = 19;

/// The priority of work that nobody waits for and that is to be done all the same.
const LATER: i32 = 10;

/// Gives the calling thread the lowest priority, on half of its processors, for good. Once: a
/// second call would halve them again.
pub fn stand_back_thread() {
    lower(None, LOWEST);
    // Where the system does not say or refuses, the priority alone holds it back.
    if let Ok(all) = sched_getaffinity(None) {
        let _ = sched_setaffinity(None, &half(&all));
    }
}

/// The last half of the processors, and one at least.
fn half(all: &CpuSet) -> CpuSet {
    let mut half = CpuSet::new();
    let last = (0..CpuSet::MAX_CPU).rev().filter(|&it| all.is_set(it));
    for processor in last.take((all.count() as usize / 2).max(1)) {
        half.set(processor);
    }
    half
}

/// Gives a process whose work nobody waits for a low priority.
pub(crate) fn let_wait(process: Option<Pid>) {
    lower(process, LATER);
}

/// Without a process, the calling thread: Linux counts threads here.
fn lower(process: Option<Pid>, priority: i32) {
    // The system cannot refuse to lower a priority of our own, and if it did, the work would
    // still be right.
    let _ = setpriority_process(process, priority);
}

/// Whether the calling thread stands back.
pub(crate) fn stands_back() -> bool {
    getpriority_process(None).is_ok_and(|priority| priority == LOWEST)
}

/// A thread of this process, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Thread(Pid);

/// The calling thread.
pub(crate) fn this_thread() -> Thread {
    Thread(gettid())
}

/// Processor time of a thread that runs, since it began; `None`: the system does not say.
pub(crate) fn time_of(thread: Thread) -> Option<Duration> {
    let file = format!("/proc/self/task/{}/schedstat", thread.0.as_raw_nonzero());
    let line = fs::read_to_string(file).ok()?;
    let on_processor = line.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(on_processor))
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn one_thread_stands_back_and_its_process_does_not() {
        let before = stands_back();
        let other = thread::spawn(|| {
            stand_back_thread();
            stands_back()
        });
        assert!(other.join().expect("no panic"));
        assert_eq!(stands_back(), before);
    }

    #[test]
    fn what_stands_back_leaves_half_of_the_processors_to_others() {
        let set = |processors: &[usize]| {
            let mut set = CpuSet::new();
            processors.iter().for_each(|&processor| set.set(processor));
            set
        };
        for (all, expected) in [
            (&[0][..], &[0][..]),
            (&[0, 1], &[1]),
            (&[1, 4, 7], &[7]),
            (&[0, 1, 2, 1023], &[2, 1023]),
        ] {
            assert!(half(&set(all)) == set(expected), "{all:?}");
        }
        let mine = sched_getaffinity(None).expect("is known");
        let other = thread::spawn(|| {
            stand_back_thread();
            let child = thread::spawn(|| sched_getaffinity(None).expect("is known"));
            child.join().expect("no panic")
        });
        assert!(other.join().expect("no panic") == half(&mine));
        assert!(sched_getaffinity(None).expect("is known") == mine);
    }

    #[test]
    fn the_time_of_a_thread_runs_while_it_works_and_never_faster_than_the_clock() {
        let worker = this_thread();
        let time = || time_of(worker).expect("is known");
        let (began, before) = (Instant::now(), time());
        let after = loop {
            // Another thread asks, as the watch does.
            let now = thread::scope(|scope| scope.spawn(time).join().expect("no panic"));
            if now > before {
                break now;
            }
        };
        // The system counts in ticks of its own.
        assert!(after - before <= began.elapsed() + Duration::from_millis(20));
    }
}
