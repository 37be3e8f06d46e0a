//! Tests of what is encoded while the disk is busy: it is in order, bounded, and never promised early.

use std::{
    fmt::Debug,
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex},
};

use super::{AppendError, Config, Log, Pending, open::open_on};
use crate::{
    disk::{
        Disk, DiskFile,
        simulation::{Failure, SimulatedDisk},
    },
    testing::{clock, config, draft, events},
};

/// A simulated disk whose syncs of files wait while the gate is closed.
#[derive(Debug, Clone, Default)]
struct GatedDisk {
    inner: SimulatedDisk,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
struct Gate {
    /// Whether it is closed, and how many wait.
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

impl Gate {
    fn set_closed(&self, is_closed: bool) {
        self.state.lock().unwrap().0 = is_closed;
        self.changed.notify_all();
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 += 1;
        self.changed.notify_all();
        state = self.changed.wait_while(state, |state| state.0).unwrap();
        state.1 -= 1;
    }

    fn wait_for_one(&self) {
        let state = self.state.lock().unwrap();
        drop(
            self.changed
                .wait_while(state, |state| state.1 == 0)
                .unwrap(),
        );
    }
}

#[derive(Debug)]
struct GatedFile(Box<dyn DiskFile>, Arc<Gate>);

impl DiskFile for GatedFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }
    fn sync(&self) -> io::Result<()> {
        self.1.pass();
        self.0.sync()
    }
    fn set_length(&self, length: u64) -> io::Result<()> {
        self.0.set_length(length)
    }
    fn length(&self) -> io::Result<u64> {
        self.0.length()
    }
}

impl Disk for GatedDisk {
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.inner.create_folder(folder)
    }
    fn lock(&self, folder: &Path) -> io::Result<Box<dyn Debug + Send + Sync>> {
        self.inner.lock(folder)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.inner.list(folder)
    }
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.inner.create(path)?;
        Ok(Box::new(GatedFile(file, Arc::clone(&self.gate))))
    }
    fn open(&self, path: &Path, writable: bool) -> io::Result<Box<dyn DiskFile>> {
        let file = self.inner.open(path, writable)?;
        Ok(Box::new(GatedFile(file, Arc::clone(&self.gate))))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.inner.remove(path)
    }
    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.inner.remove_folder(folder)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.inner.sync_folder(folder)
    }
}

/// A log with one durable entry whose second one is held in its sync, which is the disk's operation `operations()`.
fn held(config: Config) -> (GatedDisk, Log, Pending) {
    let disk = GatedDisk::default();
    let (log, _) = open_on(Arc::new(disk.clone()), config, clock()).unwrap();
    log.append(draft(0)).unwrap().wait().unwrap();
    disk.gate.set_closed(true);
    let second = log.append(draft(1)).unwrap();
    disk.gate.wait_for_one();
    (disk, log, second)
}

/// Appends so many entries and waits until those that are taken ahead have been taken.
fn append_ahead(log: &Log, numbers: std::ops::Range<u64>, left: usize) -> Vec<Pending> {
    let pending = numbers
        .map(|number| log.append(draft(number)).unwrap())
        .collect();
    while log.waiting().0 >= left {
        std::thread::yield_now();
    }
    pending
}

#[test]
fn what_is_encoded_ahead_is_the_next_group_with_all_that_waits() {
    let (disk, log, second) = held(config(Path::new("/log"), 1 << 20));
    let ahead = append_ahead(&log, 2..300, 32);
    assert_eq!(log.size(), 1, "nothing is promised before its sync");
    disk.gate.set_closed(false);
    assert_eq!(second.wait().unwrap().tree_size, 2);
    let mut tree_sizes = std::collections::BTreeSet::new();
    for (position, pending) in (2..).zip(ahead) {
        let appended = pending.wait().unwrap();
        assert_eq!(appended.position, position);
        tree_sizes.insert(appended.tree_size);
    }
    assert_eq!(tree_sizes, [300].into(), "one group");
    assert_eq!(events(&log), (0..300).collect::<Vec<_>>());
    assert_eq!(log.close().unwrap().size, 300);
}

#[test]
fn after_an_error_nothing_that_was_encoded_ahead_is_written_or_acknowledged() {
    for failure in [Failure::Unwritten, Failure::Written] {
        let (disk, log, second) = held(config(Path::new("/log"), 1 << 20));
        let ahead = append_ahead(&log, 2..300, 32);
        let operations = disk.inner.operations().len();
        disk.inner.fail_at(operations, failure);
        disk.gate.set_closed(false);
        for pending in [second].into_iter().chain(ahead) {
            let failed = pending.wait();
            assert!(
                matches!(failed, Err(AppendError::Poisoned { .. })),
                "{failed:?}"
            );
        }
        assert!(matches!(
            log.append(draft(9)),
            Err(AppendError::Poisoned { .. })
        ));
        assert!(log.close().is_err());
        let after = disk.inner.operations().split_off(operations);
        assert_eq!(after, ["sync"], "the one that failed is the last");
    }
}

#[test]
fn no_more_is_encoded_ahead_than_may_wait() {
    let limited = Config {
        queue_bytes: 20_000,
        ..config(Path::new("/log"), 1 << 20)
    };
    let (disk, log, second) = held(limited);
    // As much ahead as may wait, and as much again in the queue; then callers are told.
    let mut pending = Vec::new();
    let mut refused = 0;
    while refused < 100 {
        match log.append(draft(2)) {
            Ok(queued) => pending.push(queued),
            Err(AppendError::Full { .. }) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        std::thread::yield_now();
    }
    let bytes = draft(2).check(crate::testing::ORIGIN, audit_proof::suite::LogSuite::Sha256);
    let most = 2 * 20_000 / bytes.unwrap();
    assert!(pending.len() <= most, "{} of {most}", pending.len());
    disk.gate.set_closed(false);
    second.wait().unwrap();
    for (position, pending) in (2..).zip(pending) {
        assert_eq!(pending.wait().unwrap().position, position);
    }
    log.close().unwrap();
}

#[test]
fn closing_writes_what_was_encoded_ahead() {
    let (disk, log, second) = held(config(Path::new("/log"), 1 << 20));
    let ahead = append_ahead(&log, 2..100, 32);
    let closing = std::thread::spawn({
        let log = log.clone();
        move || log.close().unwrap()
    });
    disk.gate.set_closed(false);
    assert_eq!(closing.join().unwrap().size, 100);
    second.wait().unwrap();
    assert_eq!(ahead.len(), 98);
    for pending in ahead {
        pending.wait().unwrap();
    }
}
