//! Crashes and failing disks: what was acknowledged is there, and nothing is tried twice.

use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::disk::{
    Disk as _,
    simulation::{Failure, Image, SimulatedDisk},
};
use audit_proof::verify::Report;

/// Where the log lies on the simulated disk.
const DIR: &str = "/log";

/// What a workload on a simulated disk acknowledged.
struct Run {
    acknowledged: u64,
    operations: Vec<&'static str>,
}

/// Opens a log on `disk`, appends up to twelve entries over several segments until one fails, and closes it.
fn run(disk: &SimulatedDisk) -> Run {
    let mut acknowledged = 0;
    if let Ok((log, _)) =
        open::open_on(Arc::new(disk.clone()), config(Path::new(DIR), 500), clock())
    {
        for number in 0..12 {
            match log.append(draft(number)).map(Pending::wait) {
                Ok(Ok(appended)) => acknowledged = appended.position + 1,
                Ok(Err(error)) | Err(error) => {
                    assert!(matches!(error, AppendError::Poisoned { .. }), "{error}");
                    let next = log.append(draft(99));
                    assert!(
                        matches!(next, Err(AppendError::Poisoned { .. })),
                        "the log stays closed"
                    );
                    break;
                }
            }
        }
        let _ = log.close();
    }
    Run {
        acknowledged,
        operations: disk.operations(),
    }
}

/// Opens what is left on the disk and checks it against what was acknowledged.
fn check_left(disk: &SimulatedDisk, image: Image, acknowledged: u64, case: &str) {
    let disk = disk.restart(image);
    let (log, opened) = open::open_on(Arc::new(disk.clone()), config(Path::new(DIR), 500), clock())
        .unwrap_or_else(|error| panic!("{case}: {error:?}"));
    assert!(
        opened.size >= acknowledged,
        "{case}: {} of {acknowledged} are left",
        opened.size
    );
    assert!(
        opened.size <= acknowledged + 1,
        "{case}: an entry that was never appended"
    );
    let size = opened.size;
    assert_eq!(events(&log), (0..size).collect::<Vec<_>>(), "{case}");
    append_each(&log, size..size + 2);
    assert_eq!(log.close().unwrap().size, size + 2, "{case}");
    let report = verify_durable(&disk);
    assert!(
        report.is_verified() && report.entries == size + 2,
        "{case}: {report:?}"
    );
}

/// Verifies what is durable on a simulated disk.
fn verify_durable(disk: &SimulatedDisk) -> Report {
    let folder = tempfile::tempdir().unwrap();
    disk.save(Image::Durable, folder.path()).unwrap();
    verify(folder.path(), &Options::default())
}

#[test]
fn a_crash_at_any_operation_leaves_every_acknowledged_entry() {
    let whole = run(&SimulatedDisk::new());
    assert_eq!(whole.acknowledged, 12);
    for kind in [
        "create",
        "write",
        "sync",
        "rename",
        "sync folder",
        "set length",
    ] {
        assert!(
            whole.operations.contains(&kind),
            "the workload does no {kind}"
        );
    }
    for operation in 0..whole.operations.len() {
        for failure in [
            Failure::Unwritten,
            Failure::Written,
            Failure::Torn(1),
            Failure::Torn(40),
            Failure::Torn(130),
        ] {
            let disk = SimulatedDisk::new();
            disk.crash_at(operation, failure);
            let run = run(&disk);
            let case = format!(
                "{failure:?} at {operation} ({})",
                whole.operations[operation]
            );
            for image in [Image::Durable, Image::Written] {
                check_left(
                    &disk,
                    image,
                    run.acknowledged,
                    &format!("{case}, {image:?}"),
                );
            }
        }
    }
}

#[test]
fn nothing_is_tried_again_after_an_error() {
    let whole = run(&SimulatedDisk::new());
    for operation in 0..whole.operations.len() {
        for failure in [Failure::Unwritten, Failure::Written, Failure::Torn(20)] {
            let disk = SimulatedDisk::new();
            // Only this operation fails: whatever follows it would work, and must not be attempted.
            disk.fail_at(operation, failure);
            let run = run(&disk);
            assert_eq!(
                run.operations.len(),
                operation + 1,
                "{failure:?} at {operation}: {:?}",
                run.operations
            );
            check_left(
                &disk,
                Image::Durable,
                run.acknowledged,
                &format!("{failure:?} at {operation}"),
            );
        }
    }
}

#[test]
fn after_an_error_of_a_sync_no_sync_is_called_again_and_nobody_is_told_that_it_is_durable() {
    let whole = run(&SimulatedDisk::new());
    let is_sync = |name: &&str| name.starts_with("sync");
    let syncs = whole.operations.iter().enumerate();
    let syncs: Vec<usize> = syncs
        .filter(|(_, name)| is_sync(name))
        .map(|(at, _)| at)
        .collect();
    assert!(syncs.len() > 20, "{:?}", whole.operations);
    for at in syncs {
        for failure in [Failure::Unwritten, Failure::Written] {
            let disk = SimulatedDisk::new();
            disk.fail_at(at, failure);
            let opened =
                open::open_on(Arc::new(disk.clone()), config(Path::new(DIR), 500), clock());
            let Ok((log, _)) = opened else { continue };
            let mut acknowledged = 0;
            let mut refused = 0;
            for number in 0..40 {
                // Several at a time, so that others wait while the sync fails.
                let burst = [number, number + 100].map(|number| log.append(draft(number)));
                for pending in burst {
                    match pending.and_then(Pending::wait) {
                        Ok(appended) if refused == 0 => acknowledged = appended.position + 1,
                        Ok(_) => panic!("{failure:?} at {at}: acknowledged after the error"),
                        Err(AppendError::Poisoned { .. }) => refused += 1,
                        Err(error) => panic!("{failure:?} at {at}: {error}"),
                    }
                }
            }
            let _ = log.close();
            let after = disk.operations().split_off(at + 1);
            let calls = after.iter().filter(|name| is_sync(name)).count();
            assert_eq!(calls, 0, "{failure:?} at {at}: {after:?}");
            assert_eq!(after, Vec::<&str>::new(), "nothing else is done either");
            let left = disk.restart(Image::Durable);
            let (log, opened) =
                open::open_on(Arc::new(left), config(Path::new(DIR), 500), clock()).unwrap();
            assert!(opened.size >= acknowledged, "{failure:?} at {at}");
            drop(log);
        }
    }
}

/// The file of the open segment of a log of two groups of one entry, and where the second one starts and ends.
fn two_groups() -> (Vec<u8>, usize, usize) {
    let disk = SimulatedDisk::new();
    let (log, _) = open::open_on(
        Arc::new(disk.clone()),
        config(Path::new(DIR), 1 << 20),
        clock(),
    )
    .unwrap();
    append_each(&log, 0..2);
    // Read while the log runs, as a crash would leave it.
    let mut bytes = Vec::new();
    let file = disk.open(&first_segment(), false).unwrap();
    crate::disk::read_range(&*file, 0, file.length().unwrap(), &mut bytes).unwrap();
    let ends = group_ends(&bytes);
    assert_eq!(ends.len(), 2);
    (bytes, ends[0], ends[1])
}

fn first_segment() -> std::path::PathBuf {
    Path::new(DIR).join("00000000000000000000.open")
}

/// Opens a log of two groups of which only `left` is left; returns how many bytes were zeroed.
fn check_torn(left: Vec<u8>, case: &str) -> u64 {
    let disk = SimulatedDisk::new();
    disk.put(&first_segment(), left);
    let report = verify_durable(&disk);
    assert!(
        report.is_verified() && report.entries == 1,
        "{case}: {report:?}"
    );
    let (log, opened) = open::open_on(
        Arc::new(disk.clone()),
        config(Path::new(DIR), 1 << 20),
        clock(),
    )
    .unwrap();
    let zeroed = opened
        .recovered
        .map_or(0, |recovered| recovered.zeroed_bytes);
    assert_eq!(opened.size, 1, "{case}");
    assert_eq!(
        report.unfinished_tail.map_or(0, |tail| tail.bytes),
        zeroed,
        "{case}"
    );
    append_each(&log, 1..3);
    log.close().unwrap();
    let report = verify_durable(&disk);
    assert!(
        report.is_verified() && report.entries == 3,
        "{case}: {report:?}"
    );
    zeroed
}

#[test]
fn a_last_group_cut_anywhere_is_removed_and_reported() {
    let (bytes, start, end) = two_groups();
    for cut in start..end {
        let mut torn = bytes.clone();
        torn[cut..].fill(0);
        let left = torn.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        // The checksum of a trailer may end in zeros; then the last cuts leave the group whole.
        if torn == bytes {
            continue;
        }
        let zeroed = check_torn(torn, &format!("zeros from {cut}"));
        assert_eq!(
            zeroed,
            left.saturating_sub(start) as u64,
            "zeros from {cut}"
        );
        check_torn(bytes[..cut].to_vec(), &format!("file ends at {cut}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_grouping_gives_the_same_entries(
        bursts in prop::collection::vec(1..30_u64, 1..12), segment_bytes in 1..5_000_u64, cut in any::<prop::sample::Index>(),
    ) {
        let disk = SimulatedDisk::new();
        let (log, _) = open::open_on(Arc::new(disk.clone()), config(Path::new(DIR), segment_bytes), clock()).unwrap();
        let mut next = 0;
        let mut tree = CompactRange::new();
        for burst in bursts {
            let pending: Vec<_> = (next..next + burst).map(|number| log.append(draft(number)).unwrap()).collect();
            next += burst;
            for pending in pending {
                tree.append(pending.wait().unwrap().leaf_hash);
            }
        }
        prop_assert_eq!(log.head().root, tree.root());
        let from = cut.index(usize::try_from(next).unwrap()) as u64;
        let read: Vec<u64> = log.reader().entries_from(from).map(|entry| entry.unwrap().decode().unwrap().event()).collect();
        prop_assert_eq!(read, (from..next).collect::<Vec<_>>());
        log.close().unwrap();
        let folder = tempfile::tempdir().unwrap();
        disk.save(Image::Durable, folder.path()).unwrap();
        let report = verify(folder.path(), &Options { threads: 2, ..Options::default() });
        prop_assert!(report.is_verified(), "{:?}", report);
        prop_assert_eq!(report.head.map(|head| (head.size, head.root)), Some((next, tree.root())));
    }
}
