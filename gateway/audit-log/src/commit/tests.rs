//! Tests of natural group commit.

use std::task::Wake;

use super::*;

fn queue(items: usize, bytes: usize) -> Queue<u32, u32> {
    Queue::new(Limits { items, bytes })
}

fn poisoned() -> Arc<io::Error> {
    Arc::new(io::Error::other("disk"))
}

/// Counts how often it was woken.
#[derive(Default)]
struct Counter(std::sync::atomic::AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[test]
fn everything_queued_is_taken_as_one_group_in_order() {
    let queue = queue(10, 100);
    let pending: Vec<_> = (0..3).map(|item| queue.submit(item, 1).unwrap()).collect();
    assert_eq!(queue.waiting(), (3, 3));
    let mut items = Vec::new();
    let group = queue.take(&mut items).unwrap();
    assert_eq!(
        (items.as_slice(), queue.waiting()),
        ([0, 1, 2].as_slice(), (0, 0))
    );
    let later = queue.submit(9, 1).unwrap();
    group.succeed(vec![10, 11, 12]);
    let outcomes: Vec<_> = pending
        .into_iter()
        .map(|pending| pending.wait().unwrap())
        .collect();
    assert_eq!(outcomes, [10, 11, 12]);
    items.clear();
    queue.take(&mut items).unwrap().succeed(vec![19]);
    assert_eq!(later.wait().unwrap(), 19);
}

#[test]
fn a_full_queue_refuses_and_keeps_what_it_has() {
    let by_count = queue(2, 100);
    let kept = [
        by_count.submit(0, 1).unwrap(),
        by_count.submit(1, 1).unwrap(),
    ];
    assert!(matches!(
        by_count.submit(2, 1),
        Err(CommitError::Full { items: 2, bytes: 2 })
    ));
    let by_bytes = queue(10, 5);
    let first = by_bytes.submit(0, 4).unwrap();
    assert!(matches!(
        by_bytes.submit(1, 2),
        Err(CommitError::Full { items: 1, bytes: 4 })
    ));
    let mut items = Vec::new();
    by_count.take(&mut items).unwrap().succeed(vec![5, 6]);
    assert_eq!(kept.map(|pending| pending.wait().unwrap()), [5, 6]);
    assert!(by_count.submit(3, 1).is_ok());
    drop(first);
}

#[test]
fn an_item_above_the_bound_is_accepted_only_alone() {
    let queue = queue(10, 5);
    let _alone = queue.submit(0, 50).unwrap();
    assert!(matches!(queue.submit(1, 0), Err(CommitError::Full { .. })));
}

#[test]
fn a_closed_queue_is_emptied_and_then_ends() {
    let queue = queue(10, 100);
    let pending = queue.submit(1, 1).unwrap();
    queue.close();
    assert!(matches!(queue.submit(2, 1), Err(CommitError::Closed)));
    let mut items = Vec::new();
    queue.take(&mut items).unwrap().succeed(vec![4]);
    assert_eq!(pending.wait().unwrap(), 4);
    items.clear();
    assert!(queue.take(&mut items).is_none());
}

#[test]
fn poison_fails_what_waits_and_everything_after() {
    let queue = queue(10, 100);
    let pending = queue.submit(1, 1).unwrap();
    queue.poison(poisoned());
    assert!(matches!(pending.wait(), Err(CommitError::Poisoned { .. })));
    assert!(matches!(
        queue.submit(2, 1),
        Err(CommitError::Poisoned { .. })
    ));
    queue.close();
    assert!(
        matches!(queue.submit(2, 1), Err(CommitError::Poisoned { .. })),
        "closing does not hide the poison"
    );
    assert!(queue.take(&mut Vec::new()).is_none());
}

#[test]
fn a_group_that_is_dropped_fails() {
    let queue = queue(10, 100);
    let pending = queue.submit(1, 1).unwrap();
    drop(queue.take(&mut Vec::new()));
    assert!(matches!(pending.wait(), Err(CommitError::Poisoned { .. })));
}

#[test]
fn a_future_is_woken_when_its_group_is_resolved() {
    let queue = queue(10, 100);
    let mut pending = [queue.submit(0, 1).unwrap(), queue.submit(1, 1).unwrap()];
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut context = Context::from_waker(&waker);
    for _ in 0..2 {
        assert!(Pin::new(&mut pending[1]).poll(&mut context).is_pending());
    }
    queue.take(&mut Vec::new()).unwrap().succeed(vec![7, 8]);
    assert_eq!(counter.0.load(std::sync::atomic::Ordering::SeqCst), 1);
    let Poll::Ready(Ok(8)) = Pin::new(&mut pending[1]).poll(&mut context) else {
        panic!("resolved")
    };
    let Poll::Ready(Ok(7)) = Pin::new(&mut pending[0]).poll(&mut context) else {
        panic!("resolved")
    };
}

#[test]
fn a_thread_that_waits_is_released() {
    let queue = queue(10, 100);
    let pending = queue.submit(1, 1).unwrap();
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| pending.wait());
        queue.take(&mut Vec::new()).unwrap().succeed(vec![3]);
        assert_eq!(waiter.join().unwrap().unwrap(), 3);
    });
}
