//! The second verifier, in Python, against our own, on the files of a whole node.
//!
//! Two programs that share no code have to say the same of the same files: accepted, with the same part anchored; and
//! with one bit changed in any kind of file refused, at the same position where one can be named.

mod run;

use audit_log::LogSuite;

use crate::node::{Node, SIZE, drafts};
use run::{Both, Trusted, can_run, check};

const ALL: Trusted = Trusted {
    history: "history",
    has_receipts: true,
};

/// Where in a file a bit is changed.
#[derive(Debug, Clone, Copy)]
enum Bit {
    /// In the byte at a fraction of the file, in thousandths.
    At(usize),
    /// In the byte so many behind the first occurrence of a text.
    Behind(&'static str, usize),
    /// In a byte of a line, both counted from 0.
    Line(usize, usize),
    /// In the last byte but so many.
    BeforeEnd(usize),
}

/// Files that both verifiers refuse with one bit changed, whatever the suite of the log.
const SPOILT: &[(&str, Bit)] = &[
    // Segments: the first is sealed; header, entries and groups, footer.
    ("audit/00000000000000000000.segment", Bit::At(1)),
    ("audit/00000000000000000000.segment", Bit::At(300)),
    ("audit/00000000000000000000.segment", Bit::At(601)),
    ("audit/00000000000000000000.segment", Bit::BeforeEnd(200)),
    ("audit/00000000000000000000.segment", Bit::BeforeEnd(3)),
    // Entry bundles: within, and the last entry of a full one, which no link within the bundle binds.
    ("audit/tiles/tile/entries/000", Bit::At(0)),
    ("audit/tiles/tile/entries/000", Bit::At(500)),
    ("audit/tiles/tile/entries/000", Bit::BeforeEnd(40)),
    ("audit/tiles/tile/entries/001.p/44", Bit::At(500)),
    ("audit/tiles/tile/entries/001.p/44", Bit::BeforeEnd(0)),
    // Tiles of hashes, full, partial, and on the level above.
    ("audit/tiles/tile/0/000", Bit::At(700)),
    ("audit/tiles/tile/0/001.p/44", Bit::BeforeEnd(0)),
    ("audit/tiles/tile/1/000.p/1", Bit::At(0)),
    // Checkpoints and the lock: the root, and the lines: Ed25519, ML-DSA-44 and SM2 of the log, then three witnesses.
    ("audit/tiles/checkpoint", Bit::Behind("\n300\n", 9)),
    ("audit/tiles/checkpoints/100", Bit::Behind("\n100\n", 9)),
    ("audit/tiles/checkpoints/256", Bit::Line(4, 80)),
    ("audit/tiles/checkpoints/256", Bit::Line(5, 900)),
    ("audit/tiles/checkpoints/256", Bit::Line(6, 80)),
    ("audit/tiles/checkpoints/256", Bit::Line(7, 80)),
    ("audit/tiles/checkpoints/256", Bit::Line(9, 900)),
    ("audit/signed/checkpoint", Bit::Behind("\n300\n", 9)),
    // Time stamps: what they are over, and their signature.
    ("audit/tiles/tokens/256.tsr", Bit::At(180)),
    ("audit/tiles/tokens/300.tsr", Bit::BeforeEnd(9)),
    // Receipts: leaf and position, a hash of the proof, the signature.
    ("receipts/5", Bit::Behind("extra ", 60)),
    ("receipts/123", Bit::Behind("index 123\n", 9)),
    ("receipts/299", Bit::Behind("/receipt ", 50)),
    // What the auditor trusts.
    (
        "policy",
        Bit::Behind("witness police police.example/witness+", 30),
    ),
    ("party-keys", Bit::Behind("agency region region+", 30)),
    ("history", Bit::Behind("key lawgate.example/2026+", 30)),
];

/// Files that only a log of both suites has.
const SPOILT_DUAL: &[(&str, Bit)] = &[
    ("audit/00000000000000000000.segment", Bit::At(4)),
    ("audit/00000000000000000000.segment", Bit::At(500)),
    ("audit/tiles/tile/entries/000", Bit::BeforeEnd(9)),
    ("audit/tiles/sm3/tile/0/000", Bit::At(300)),
    ("audit/tiles/sm3/tile/0/001.p/44", Bit::BeforeEnd(0)),
    ("audit/tiles/sm3/tile/1/000.p/1", Bit::At(0)),
    ("audit/tiles/sm3/checkpoint", Bit::Behind("\n300\n", 9)),
    (
        "audit/tiles/sm3/checkpoints/256",
        Bit::Behind("— lawgate.example/2026/sm3 ", 60),
    ),
    ("audit/signed/checkpoint.sm3", Bit::Behind("\n300\n", 9)),
];

/// Makes a node of `suite` that is stamped; `None`, and says why, when the second verifier cannot check all of it.
fn stamped(suite: LogSuite) -> Option<Node> {
    if !can_run() {
        return None;
    }
    let node = Node::new(suite);
    node.stamp().then_some(node)
}

#[test]
fn both_accept_a_log_of_sha_256_and_refuse_each_file_with_one_bit_changed() {
    let Some(node) = stamped(LogSuite::Sha256) else {
        return;
    };
    accepted(&node);
    refused(&node, SPOILT);
    retired(&node);
}

#[test]
fn both_accept_a_log_of_both_suites_and_refuse_each_file_with_one_bit_changed() {
    let Some(node) = stamped(LogSuite::Dual) else {
        return;
    };
    accepted(&node);
    refused(&node, SPOILT_DUAL);
    let places = [137, 449, 863].map(Bit::At);
    let files = segments(&node).into_iter().chain(tiles(&node));
    let spoilt: Vec<_> = files
        .flat_map(|name| places.map(|bit| (name.clone(), bit)))
        .collect();
    refused(&node, &spoilt);
}

#[test]
fn both_refuse_a_log_whose_end_was_cut_off_and_one_whose_file_is_missing() {
    let Some(node) = stamped(LogSuite::Sha256) else {
        return;
    };
    for name in segments(&node).iter().skip(1) {
        let bytes = node.read(name);
        std::fs::remove_file(node.path(name)).unwrap();
        agree_on_refusal(&check(&node, &ALL), &format!("{name} is missing"));
        node.write(name, &bytes);
    }
    let last = segments(&node).pop().unwrap();
    let bytes = node.read(&last);
    // The header is kept, and no group behind it.
    node.write(
        &last,
        &bytes[..u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize],
    );
    agree_on_refusal(&check(&node, &ALL), "the end is cut off");
}

#[test]
fn both_name_the_entry_that_an_agency_did_not_sign_or_behind_which_one_is_missing() {
    // Entry 151 is the submission with counter 51, and the one before it has 50.
    let (place, counter) = (151, 51);
    let cases = [
        (drafts::other(0), "it was never logged", place as u64 + 3),
        (drafts::unsigned(), "nobody signed it", place as u64),
        (
            drafts::submission(counter - 1),
            "a copy of the one before",
            place as u64,
        ),
    ];
    for (draft, what, position) in cases {
        let mut drafts = drafts::drafts();
        drafts[place] = draft;
        if !can_run() {
            return;
        }
        let node = Node::of(LogSuite::Sha256, drafts);
        assert!(node.stamp());
        let both = check(&node, &ALL);
        agree_on_refusal(&both, what);
        assert_eq!(both.ours.position, Some(position), "{what}: {both:#?}");
    }
}

fn segments(node: &Node) -> Vec<String> {
    let names = std::fs::read_dir(node.path("audit")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_segment = |name: &String| name.ends_with(".segment") || name.ends_with(".open");
    let mut names: Vec<String> = names.filter(is_segment).collect();
    names.sort();
    names.iter().map(|name| format!("audit/{name}")).collect()
}

/// The files of both trees and the entry bundles.
fn tiles(node: &Node) -> Vec<String> {
    let (mut files, mut folders) = (Vec::new(), vec!["audit/tiles/tile".to_owned()]);
    folders.push("audit/tiles/sm3/tile".to_owned());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(node.path(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            match entry.file_type().unwrap().is_dir() {
                true => folders.push(name),
                false => files.push(name),
            }
        }
    }
    files.sort();
    files
}

/// Both accept everything, and take the same part for anchored.
fn accepted(node: &Node) {
    let trusted = Trusted {
        has_receipts: false,
        ..ALL
    };
    let both = check(node, &trusted);
    assert_eq!((both.ours.code, both.python.code), (0, 0), "{both:#?}");
    assert_eq!(
        (both.ours.anchored, both.python.anchored),
        (SIZE, SIZE),
        "{both:#?}"
    );
    let both = check(node, &ALL);
    assert_eq!((both.ours.code, both.python.code), (0, 0), "{both:#?}");
    let counts = (&both.ours.report["checked"], &both.python.report["counts"]);
    assert_eq!(counts.0["entries"], counts.1["entries"]);
    assert_eq!(counts.0["groups"], counts.1["groups"]);
    assert_eq!(counts.0["receipts"], counts.1["inclusion proofs"]);
    assert_eq!(counts.0["time_stamps"], counts.1["time stamps"]);
    assert_eq!(counts.0["party_statements"], counts.1["party signatures"]);
}

fn refused(node: &Node, spoilt: &[(impl AsRef<str>, Bit)]) {
    for (name, bit) in spoilt {
        let name = name.as_ref();
        let bytes = node.read(name);
        node.write(name, &changed(&bytes, *bit));
        agree_on_refusal(&check(node, &ALL), &format!("{name}, {bit:?}"));
        node.write(name, &bytes);
    }
    let both = check(node, &ALL);
    assert_eq!((both.ours.code, both.python.code), (0, 0), "{both:#?}");
}

/// A key that was retired before it signed the newest checkpoints.
fn retired(node: &Node) {
    let trusted = Trusted {
        history: "history-rotated",
        ..ALL
    };
    agree_on_refusal(&check(node, &trusted), "a retired key");
}

fn agree_on_refusal(both: &Both, what: &str) {
    let (ours, python) = (&both.ours, &both.python);
    println!(
        "{what}: exit codes {} and {}, position {:?}",
        ours.code, python.code, ours.position
    );
    let is_refusal = |code: i32| code == 1 || code == 2;
    assert!(is_refusal(both.ours.code), "{what}: {both:#?}");
    assert!(is_refusal(both.python.code), "{what}: {both:#?}");
    assert_eq!(
        both.ours.position, both.python.position,
        "{what}: {both:#?}"
    );
}

fn changed(bytes: &[u8], bit: Bit) -> Vec<u8> {
    let at = match bit {
        Bit::At(thousandth) => bytes.len() * thousandth / 1000,
        Bit::BeforeEnd(count) => bytes.len() - 1 - count,
        Bit::Behind(text, count) => {
            let found = bytes
                .windows(text.len())
                .position(|part| part == text.as_bytes());
            found.unwrap() + text.len() + count
        }
        Bit::Line(number, byte) => {
            let before = bytes.split_inclusive(|byte| *byte == b'\n').take(number);
            before.map(<[u8]>::len).sum::<usize>() + byte
        }
    };
    let mut changed = bytes.to_vec();
    changed[at] ^= 1;
    changed
}
