//! Every torn byte and every flipped bit of a small log.

use std::{
    fs,
    path::{Path, PathBuf},
};

use attacks::{
    column::{Column, examine_node},
    files,
    gateway::{Case, Growing, Node},
    rewrite::{frames, segments},
    witnesses::Serving,
};
use audit_proof::{Options, judge::Outcome, segment::TRAILER_BYTES, verify};

use crate::small::Small;

/// Entries of the log that is torn; the last of them is a submission, has a receipt and is in no checkpoint.
const TORN: u64 = 7;
/// Size of its checkpoint.
const SIGNED: u64 = 6;

/// A node as a power cut leaves it: the segment is open, and the last entry acknowledged and receipted.
fn killed(small: &Small) -> Case {
    let case = small.case("killed", TORN);
    let mut growing = Growing::open(&small.world, &case).unwrap();
    small.take(&growing, 0, SIGNED);
    growing.checkpoint(small.world.time_s(SIGNED - 1)).unwrap();
    small.take(&growing, SIGNED, TORN);
    let copy = case.copy(&small.world.folder.join("copy")).unwrap();
    growing.close().unwrap();
    let notes = Serving::start(&small.world.keys, &copy.folder)
        .unwrap()
        .latest()
        .unwrap();
    files::write(&copy.held().join("witnessed/0"), notes[0].to_string()).unwrap();
    files::write(&copy.held().join("export"), notes[0].to_string()).unwrap();
    copy
}

/// Where each group ends in the one segment, each of one entry.
fn group_ends(bytes: &[u8]) -> Vec<usize> {
    let frames = frames(bytes);
    assert_eq!(frames.len() as u64, TORN);
    frames
        .into_iter()
        .map(|(start, length)| start + length + TRAILER_BYTES)
        .collect()
}

#[test]
fn a_log_torn_at_any_byte_is_what_was_acknowledged_before_it_and_receipts_miss_the_rest() {
    let small = Small::new();
    let case = killed(&small);
    let path = segments(&case.audit()).unwrap().remove(0);
    let whole = fs::read(&path).unwrap();
    let ends = group_ends(&whole);
    for cut in ends[0]..=ends[6] {
        // What was never written is zero in a file that was made long enough beforehand.
        let mut torn = whole.clone();
        torn[cut..].fill(0);
        fs::write(&path, &torn).unwrap();
        // The last bytes of a group may be zeros, and then nothing was torn.
        let is_whole = |end: &&usize| torn[..**end] == whole[..**end];
        let size = ends.iter().filter(is_whole).count() as u64;
        let report = verify(&case.audit(), &Options::default());
        assert_eq!((report.fault, report.entries), (None, size), "cut at {cut}");
        // Above the checkpoint every byte is judged, below it some: a judgement takes longer than a verification.
        if size < SIGNED && cut % 23 != 0 {
            continue;
        }
        let found = Column::Receipt.examine(&small.world, &case).unwrap();
        assert_eq!(found.is_detected(), size < TORN, "cut at {cut}: {found:?}");
        let found = Column::Stamp.examine(&small.world, &case).unwrap();
        assert_eq!(
            found.is_detected(),
            size < SIGNED,
            "cut at {cut}: {found:?}"
        );
    }
}

#[test]
fn a_node_torn_above_its_checkpoint_starts_and_one_torn_below_it_does_not() {
    let small = Small::new();
    let case = killed(&small);
    let path = segments(&case.audit()).unwrap().remove(0);
    let whole = fs::read(&path).unwrap();
    let ends = group_ends(&whole);
    let torn = small.world.folder.join("torn");
    // Each start waits for the disk a dozen times, so not every byte; the test above takes them all.
    let last = (ends[5]..ends[6]).step_by(5).map(|cut| (cut, true));
    let below = (ends[4] + 1..ends[5]).step_by(17).map(|cut| (cut, false));
    for (cut, starts) in last.chain(below) {
        files::copy(&case.audit(), &torn).unwrap();
        let place = torn.join(path.file_name().unwrap());
        fs::write(place, &whole[..cut]).unwrap();
        let node = Node::open(&small.world.keys, &torn);
        assert_eq!(node.is_ok(), starts, "cut at {cut}: {node:?}");
        if let Ok(node) = node {
            assert_eq!(node.log.size(), SIGNED, "cut at {cut}");
        }
        fs::remove_dir_all(&torn).unwrap();
    }
}

/// A closed node of two entries, with exactly the quorum under its checkpoint, so that every line counts.
fn sealed(small: &Small) -> Case {
    let case = small.case("sealed", 2);
    let mut node = Node::open(&small.world.keys, &case.audit()).unwrap();
    small.append(&node, 0, 2, "");
    let note = node.sign(small.world.time_s(2)).unwrap();
    let witnesses = Serving::start(&small.world.keys, &case.folder).unwrap();
    let now_s = small.world.time_s(2) + 1;
    let keys = &small.world.keys;
    let answer = witnesses.ask_some(keys, &[0, 1], &note, &case.tiles(), now_s);
    node.publisher
        .release_cosigned(&answer.unwrap().note)
        .unwrap();
    node.log.close().unwrap();
    fs::create_dir_all(case.held()).unwrap();
    fs::copy(
        case.audit().join("signed/checkpoint"),
        case.held().join("export"),
    )
    .unwrap();
    case
}

/// Files of the node that hold the cosigned note; what one has lost the other still has.
const COSIGNED: [&str; 2] = ["tiles/checkpoint", "tiles/checkpoints/2"];

/// Leaves cosignatures in the file `name` alone, when it has any: they count as long as one file has them.
fn leave_cosigned(case: &Case, name: &str) {
    let cosigned = fs::read(case.held().join("cosigned")).unwrap();
    let alone = fs::read(case.held().join("export")).unwrap();
    for other in COSIGNED {
        let is_other = COSIGNED.contains(&name) && other != name;
        let note = if is_other { &alone } else { &cosigned };
        fs::write(case.audit().join(other), note).unwrap();
    }
}

/// Flips every bit of a file in turn.
fn flip_every_bit(small: &Small, case: &Case, name: &str) {
    leave_cosigned(case, name);
    let path = case.audit().join(name);
    let bytes = fs::read(&path).unwrap();
    let honest = examine_node(&small.world, case).unwrap();
    assert_eq!(honest.outcome, Outcome::Passed, "{name}: {honest:?}");
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, flipped).unwrap();
        let found = examine_node(&small.world, case).unwrap();
        assert_ne!(found.outcome, Outcome::Passed, "bit {bit} of {name}");
    }
    fs::write(&path, bytes).unwrap();
}

#[test]
fn no_flip_of_a_single_bit_in_any_file_of_a_node_passes() {
    let small = Small::new();
    let case = sealed(&small);
    let cosigned = case.tiles().join("checkpoint");
    fs::copy(cosigned, case.held().join("cosigned")).unwrap();
    let mut names: Vec<String> = Vec::new();
    for path in all_files(&case.audit()) {
        let name = path.strip_prefix(case.audit()).unwrap();
        if fs::metadata(&path).unwrap().len() > 0 {
            names.push(name.display().to_string());
        }
    }
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "00000000000000000000.segment",
            "signed/checkpoint",
            "tiles/checkpoint",
            "tiles/checkpoints/2",
            "tiles/tile/0/000.p/2",
            "tiles/tile/entries/000.p/2",
        ]
    );
    for name in &names {
        flip_every_bit(&small, &case, name);
    }
}

/// All files below a folder.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = files::list(folder).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_files(&path));
        }
    }
    found
}
