//! Tests of the log: appending, reopening, locks, limits.

mod ahead;
mod crash;
mod damage;
mod dual;
mod files;
mod join;
mod verify;

use std::sync::atomic::Ordering;

use super::*;
use crate::testing::{
    ManualClock, append_each, clock, config, draft, events, group_ends, segment_paths,
};
use audit_proof::{
    entry::{ClockFlag, ClockSource, ClockState, Field},
    hash::leaf_hash,
    tree::CompactRange,
    verify::{Options, verify},
};

#[test]
fn entries_are_numbered_chained_and_rooted() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), 1 << 20);
    let (log, opened) = open(config.clone(), clock()).unwrap();
    assert!(opened.created && opened.size == 0 && opened.recovered.is_none());
    let mut link = audit_proof::chain::genesis(&config.origin, &config.policy_digest, &[0; 32]);
    assert_eq!(opened.head.hash, link);
    let mut tree = CompactRange::new();
    for appended in append_each(&log, 0..20) {
        let stored = log
            .reader()
            .entry(appended.position)
            .unwrap()
            .expect("it is durable");
        let entry = stored.decode().unwrap();
        assert_eq!(
            (entry.position(), entry.event()),
            (appended.position, appended.position)
        );
        assert_eq!(
            (entry.link(), entry.origin()),
            (&link, config.origin.as_str())
        );
        assert_eq!(
            (leaf_hash(&stored.bytes), entry.time_ns()),
            (appended.leaf_hash, appended.time_ns)
        );
        tree.append(appended.leaf_hash);
        link = appended.leaf_hash;
        assert_eq!(
            (appended.tree_size, appended.root),
            (tree.size(), tree.root())
        );
    }
    assert_eq!(log.head().hash, link);
    assert_eq!(log.close().unwrap().size, 20);
}

#[test]
fn a_group_shares_one_head() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    let pending: Vec<_> = (0..500)
        .map(|number| log.append(draft(number)).unwrap())
        .collect();
    let appended: Vec<_> = pending
        .into_iter()
        .map(|pending| pending.wait().unwrap())
        .collect();
    for (position, appended) in (0_u64..).zip(&appended) {
        assert_eq!(appended.position, position);
        assert!(appended.tree_size > position);
    }
    assert!(
        appended
            .windows(2)
            .all(|pair| pair[0].time_ns < pair[1].time_ns)
    );
    assert_eq!(appended.last().unwrap().root, log.head().root);
}

#[test]
fn time_never_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::default());
    let times = [100, 50, 0, 200, 200];
    let (log, _) = open(
        config(folder.path(), 1 << 20),
        Arc::<ManualClock>::clone(&clock) as Arc<dyn Clock>,
    )
    .unwrap();
    let mut stored = Vec::new();
    for (number, time) in (0..).zip(times) {
        clock.0.store(time, Ordering::SeqCst);
        stored.push(append_each(&log, number..number + 1)[0].time_ns);
    }
    assert_eq!(stored, [100, 101, 102, 200, 201]);
    drop(log);
    clock.0.store(7, Ordering::SeqCst);
    let (log, _) = open(config(folder.path(), 1 << 20), clock).unwrap();
    assert_eq!(append_each(&log, 5..6)[0].time_ns, 202);
}

/// A clock that knows its state.
struct Disciplined(ClockState);

impl Clock for Disciplined {
    fn now_ns(&self) -> u64 {
        7
    }

    fn state(&self) -> Option<ClockState> {
        Some(self.0)
    }
}

#[test]
fn an_entry_has_the_state_of_the_clock_unless_its_draft_brings_one() {
    let folder = tempfile::tempdir().unwrap();
    let state = ClockState {
        source: ClockSource::Ntp,
        error_us: 150,
        flag: ClockFlag::Normal,
    };
    let (log, _) = open(
        config(folder.path(), 1 << 20),
        Arc::new(Disciplined(state)) as Arc<dyn Clock>,
    )
    .unwrap();
    append_each(&log, 0..1);
    let own = draft(1).with(Field::Clock, vec!["quartz".into()]);
    log.append(own).unwrap().wait().unwrap();
    let entries: Vec<_> = log.reader().entries_from(0).map(Result::unwrap).collect();
    let values = |at: usize| entries[at].decode().unwrap().field(Field::Clock);
    assert_eq!(ClockState::from_values(&values(0).unwrap()), Some(state));
    assert_eq!(values(1), Some(vec!["quartz".into()]));
    drop(log);
    let report = verify(folder.path(), &Options::default());
    assert_eq!((report.fault, report.entries), (None, 2));
}

#[test]
fn a_log_goes_on_where_it_was_closed_over_many_segments() {
    let folder = tempfile::tempdir().unwrap();
    let mut heads = Vec::new();
    for run in 0..4 {
        let (log, opened) = open(config(folder.path(), 2_000), clock()).unwrap();
        assert_eq!((opened.size, opened.created), (run * 25, run == 0));
        if let Some(head) = heads.last() {
            assert_eq!(opened.head, *head);
        }
        append_each(&log, run * 25..run * 25 + 25);
        heads.push(log.close().unwrap());
    }
    assert!(segment_paths(folder.path()).len() > 8);
    let (log, _) = open(config(folder.path(), 2_000), clock()).unwrap();
    assert_eq!(events(&log), (0..100).collect::<Vec<_>>());
    assert!(verify(folder.path(), &Options::default()).is_verified());
}

#[test]
fn a_second_writer_is_refused_until_the_first_has_closed() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    let second = open(config(folder.path(), 1 << 20), clock());
    assert!(matches!(second, Err(OpenError::Locked { .. })));
    log.close().unwrap();
    assert!(open(config(folder.path(), 1 << 20), clock()).is_ok());
}

#[test]
fn a_log_of_another_origin_is_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    append_each(&log, 0..1);
    log.close().unwrap();
    let other = Config {
        origin: "other.example/log".to_owned(),
        ..config(folder.path(), 1 << 20)
    };
    let Err(OpenError::Origin { expected, found }) = open(other.clone(), clock()) else {
        panic!("it opened")
    };
    assert_eq!(
        (expected, found),
        (other.origin, crate::testing::ORIGIN.to_owned())
    );
}

#[test]
fn a_configuration_outside_its_range_is_refused_by_field() {
    let folder = tempfile::tempdir().unwrap();
    let check = |change: fn(&mut Config), expected: &str| {
        let mut config = config(folder.path(), 1 << 20);
        change(&mut config);
        let Err(OpenError::Config { field }) = open(config, clock()) else {
            panic!("{expected} was accepted")
        };
        assert_eq!(field, expected);
    };
    check(|config| config.origin = String::new(), "origin");
    check(|config| config.origin = "a b".to_owned(), "origin");
    check(|config| config.origin = "a+b".to_owned(), "origin");
    check(|config| config.origin = "a".repeat(256), "origin");
    check(|config| config.segment_bytes = 0, "segment_bytes");
    check(
        |config| config.segment_bytes = (1 << 30) + 1,
        "segment_bytes",
    );
    check(|config| config.queue_entries = 0, "queue_entries");
    check(|config| config.queue_bytes = 0, "queue_bytes");
}

#[test]
fn a_draft_that_cannot_become_an_entry_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    let long = Draft::new(1).with(Field::Object, vec![vec![0; 70_000].into()]);
    assert!(matches!(
        log.append(long),
        Err(AppendError::Draft(DraftError::TooLong { .. }))
    ));
    assert_eq!(append_each(&log, 0..1)[0].position, 0);
}

#[test]
fn a_dropped_pending_is_still_written() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    drop(log.append(draft(0)).unwrap());
    assert_eq!(append_each(&log, 1..2)[0].position, 1);
}

#[test]
fn the_other_handles_of_a_closed_log_read_and_do_not_append() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    let other = log.clone();
    append_each(&log, 0..3);
    log.close().unwrap();
    assert!(matches!(other.append(draft(3)), Err(AppendError::Closed)));
    assert_eq!(events(&other), [0, 1, 2]);
}

#[tokio::test]
async fn followers_wait_for_a_size_and_learn_that_it_will_not_come() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = open(config(folder.path(), 1 << 20), clock()).unwrap();
    assert_eq!(log.wait_for(0).await.unwrap().size, 0);
    let follower = log.clone();
    let (reached, appended) = tokio::join!(follower.wait_for(1), log.append(draft(0)).unwrap());
    assert_eq!(reached.unwrap().size, appended.unwrap().tree_size);
    let (never, closed) = tokio::join!(follower.wait_for(5), async { log.close() });
    assert!(matches!(never, Err(AppendError::Closed)));
    assert_eq!(closed.unwrap().size, 1);
}
