//! Crashes and failing disks: no size is ever signed with two roots, and what is released is backed by its tiles.

use std::path::Path;

use audit_proof::proof::root;

use super::*;
use crate::disk::{
    Disk as _, read_range,
    simulation::{Failure, Image, SimulatedDisk},
};

const DIR: &str = "/audit";
/// Entries there are before the workload: shortly before a tile is full.
const BASE: u64 = 250;

/// Keys and what they signed, over all starts of one case.
struct Keys {
    main: Arc<TestSigner>,
    twin: Arc<TestSigner>,
}

impl Keys {
    fn new() -> Self {
        Self {
            main: test_signer(KeyKind::Ed25519, ORIGIN),
            twin: test_signer(KeyKind::Ed25519, &format!("{ORIGIN}/sm3")),
        }
    }

    fn signed(&self) -> [Vec<String>; 2] {
        [&self.main, &self.twin].map(|signer| signer.texts.lock().unwrap().clone())
    }

    /// Makes the keys remember these texts alone.
    fn remember(&self, texts: [Vec<String>; 2]) {
        for (signer, texts) in [&self.main, &self.twin].into_iter().zip(texts) {
            *signer.texts.lock().unwrap() = texts;
        }
    }

    /// Checks that no size was signed with two roots.
    fn check_one_root_each(&self, case: &str) {
        for signer in [&self.main, &self.twin] {
            let mut roots = BTreeMap::new();
            for text in signer.texts.lock().unwrap().iter() {
                let checkpoint = Checkpoint::parse(text).unwrap();
                let root = roots.entry(checkpoint.size()).or_insert(*checkpoint.root());
                assert_eq!(root, checkpoint.root(), "{case}: {}", checkpoint.size());
            }
        }
    }
}

type Opened3 = (Log, Publisher);

fn open_both(disk: &SimulatedDisk, keys: &Keys) -> Result<Opened3, Option<PublishError>> {
    let (log, _) =
        open_on(Arc::new(disk.clone()), dual(Path::new(DIR)), clock()).map_err(|_| None)?;
    let publish = publishing_both(Path::new(DIR), &keys.main, &keys.twin);
    let (publisher, _) = Publisher::open(log.reader(), publish).map_err(Some)?;
    Ok((log, publisher))
}

/// A disk with a log of [`BASE`] entries that nobody has published.
fn base() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    let (log, _) = open_on(Arc::new(disk.clone()), dual(Path::new(DIR)), clock()).unwrap();
    let pending: Vec<_> = (0..BASE).map(|n| log.append(draft(n)).unwrap()).collect();
    pending
        .into_iter()
        .for_each(|pending| drop(pending.wait().unwrap()));
    log.close().unwrap();
    disk.restart(Image::Durable)
}

/// Publishes at sizes 250, 253, 258 and 259, each entry a group of its own, until something fails.
fn run(disk: &SimulatedDisk, keys: &Keys) {
    let Ok((log, mut publisher)) = open_both(disk, keys) else {
        return;
    };
    for numbers in [BASE..BASE, 250..253, 253..258, 258..259] {
        for number in numbers {
            if log
                .append(draft(number))
                .and_then(|pending| pending.wait())
                .is_err()
            {
                return;
            }
        }
        if let Err(error) = publisher.publish(&log.head(), 0) {
            assert!(matches!(error, PublishError::Io { .. }), "{error:?}");
            let operations = disk.operations().len();
            let again = publisher.publish(&log.head(), 0);
            assert!(matches!(again, Err(PublishError::Stopped)));
            assert_eq!(
                disk.operations().len(),
                operations,
                "nothing is tried again"
            );
            return;
        }
    }
}

fn read(disk: &SimulatedDisk, name: &str) -> Option<Vec<u8>> {
    let file = disk.open(&Path::new(DIR).join(name), false).ok()?;
    let mut bytes = Vec::new();
    read_range(&*file, 0, file.length().unwrap(), &mut bytes).unwrap();
    Some(bytes)
}

/// Checks that what is released is backed by tiles and bundles on the disk.
fn check_released(disk: &SimulatedDisk, prefix: &str, suite: Suite, case: &str) {
    let Some(bytes) = read(disk, &format!("{prefix}checkpoint")) else {
        return;
    };
    let note = Note::parse(&bytes).unwrap_or_else(|error| panic!("{case}: {error}"));
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    let kept = read(disk, &format!("{prefix}checkpoints/{}", checkpoint.size()));
    assert_eq!(
        kept.as_ref(),
        Some(&bytes),
        "{case}: it is kept under its size"
    );
    let folder = Path::new(DIR).join(prefix);
    let source = Files::open(Arc::new(disk.clone()), folder).unwrap();
    let found = root(suite, checkpoint.size(), &source);
    let found = found.unwrap_or_else(|error| panic!("{case}: {error}"));
    assert_eq!(&found, checkpoint.root(), "{case}");
    if suite == Suite::Sha256 {
        for index in 0..checkpoint.size().div_ceil(256) {
            let bundle = EntryBundle::of_tree(index, checkpoint.size()).unwrap();
            let full = EntryBundle::new(index, 256).unwrap();
            let (place, bytes) = read(disk, &format!("{prefix}{}", bundle.path()))
                .map(|bytes| (bundle, bytes))
                .or_else(|| Some((full, read(disk, &format!("{prefix}{}", full.path()))?)))
                .unwrap_or_else(|| panic!("{case}: no bundle {index}"));
            assert!(place.decode(&bytes).is_ok(), "{case}: bundle {index}");
        }
    }
}

/// Starts on what is left, and checks that the notes stored are continued.
fn check_left(disk: &SimulatedDisk, image: Image, keys: &Keys, case: &str) {
    let disk = disk.restart(image);
    for (prefix, suite) in [("tiles/", Suite::Sha256), ("tiles/sm3/", Suite::Sm3)] {
        check_released(&disk, prefix, suite, case);
    }
    let stored = [
        read(&disk, "signed/checkpoint"),
        read(&disk, "signed/checkpoint.sm3"),
    ];
    let (log, mut publisher) =
        open_both(&disk, keys).unwrap_or_else(|error| panic!("{case}: {error:?}"));
    assert_eq!(
        [
            read(&disk, "tiles/checkpoint"),
            read(&disk, "tiles/sm3/checkpoint")
        ],
        stored,
        "{case}: the note stored is the one released"
    );
    let size = log.size();
    // Other entries than the workload would have appended: a second root for a size would show.
    for number in size..size + 9 {
        log.append(draft(1_000 + number)).unwrap().wait().unwrap();
    }
    let published = publisher.publish(&log.head(), 0).unwrap().unwrap();
    assert_eq!(published.main.checkpoint.root(), &log.head().root, "{case}");
    assert_eq!(
        publisher.anchor().map(|anchor| anchor.size),
        Some(size + 9),
        "{case}"
    );
    for (prefix, suite) in [("tiles/", Suite::Sha256), ("tiles/sm3/", Suite::Sm3)] {
        check_released(&disk, prefix, suite, case);
    }
    keys.check_one_root_each(case);
}

#[test]
fn a_crash_at_any_operation_never_has_a_size_signed_twice_differently() {
    let (base, keys) = (base(), Keys::new());
    let whole = base.restart(Image::Durable);
    run(&whole, &keys);
    assert_eq!(keys.main.sizes(), [250, 253, 258, 259]);
    assert_eq!(keys.twin.sizes(), [250, 253, 258, 259]);
    let operations = whole.operations();
    for kind in [
        "create folder",
        "create",
        "write",
        "sync",
        "rename",
        "sync folder",
        "remove",
        "remove folder",
    ] {
        assert!(operations.contains(&kind), "the workload does no {kind}");
    }
    for (operation, name) in operations.iter().enumerate() {
        for failure in [Failure::Unwritten, Failure::Written, Failure::Torn(40)] {
            let disk = base.restart(Image::Durable);
            disk.crash_at(operation, failure);
            keys.remember(Default::default());
            run(&disk, &keys);
            let signed = keys.signed();
            for image in [Image::Durable, Image::Written] {
                let case = format!("{failure:?} at {operation} ({name}), {image:?}");
                // Each image is a future of its own.
                keys.remember(signed.clone());
                check_left(&disk, image, &keys, &case);
            }
        }
    }
}

#[test]
fn one_failing_operation_stops_the_publisher_and_a_start_goes_on() {
    let (base, keys) = (base(), Keys::new());
    let whole = base.restart(Image::Durable);
    run(&whole, &keys);
    let operations = whole.operations();
    for (operation, name) in operations.iter().enumerate() {
        for failure in [Failure::Unwritten, Failure::Written, Failure::Torn(7)] {
            let disk = base.restart(Image::Durable);
            // Only this operation fails: what would follow it would work, and must not be done.
            disk.fail_at(operation, failure);
            keys.remember(Default::default());
            run(&disk, &keys);
            let case = format!("{failure:?} at {operation} ({name})");
            check_left(&disk, Image::Durable, &keys, &case);
        }
    }
}
