//! Attacks leave no memory behind.
//!
//! Alone in its file, and so in its process: it measures the process.

mod common;

use common::{Fixture, replies, send};

/// Attacks that end at once; the deadline's would only make the test slow.
const VERBS: [&str; 8] = [
    "trap", "recurse", "chatter", "too-few", "garbage", "alias", "flood", "hoard",
];

/// What may come and go by chance: allocator, threads, statistics. One sandbox
/// that stayed would be 64 MiB after `hoard`, and 48 MiB after `flood`.
const TOLERANCE_KIB: u64 = 16 << 10;

/// Resident memory of this process, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .expect("always there");
    let number = line
        .split_ascii_whitespace()
        .nth(1)
        .expect("a number in kB");
    number.parse().expect("a number")
}

#[test]
fn two_hundred_attacks_leave_no_memory_behind() {
    let fixture = Fixture::with(|config| config.deadline = std::time::Duration::from_secs(60));
    let adapter = fixture.hostile();
    let attack_all = || {
        for verb in VERBS {
            // Garbage is an outcome; all others are errors.
            assert_eq!(send(&adapter, &[verb]).is_ok(), verb == "garbage", "{verb}");
        }
    };
    // The first rounds fill what the pool keeps.
    for _ in 0..3 {
        attack_all();
    }
    let before = resident_kib();
    for _ in 0..25 {
        attack_all();
    }
    let after = resident_kib();
    assert!(
        after < before + TOLERANCE_KIB,
        "from {before} to {after} KiB"
    );
    assert_eq!(replies(&adapter, &["echo"]), ["echo"]);
}
