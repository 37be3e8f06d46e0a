//! Writes a small log with the real writer, for whoever wants to hold another verifier against it.
//!
//! `cargo run -p audit-log --example write-log -- DIR N [SEGMENT_BYTES]` makes a log of `N` entries in the new folder
//! `DIR`. It is no tool of the gateway: the entries are made up, and the clock counts instead of telling the time, so
//! the same arguments give the same entries. Groups form as they do in the gateway, so where they end may differ.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use audit_log::{Clock, Config, Draft, Field, Options, Value, hash::to_hex, open, verify};

/// Small enough that some hundred entries fill several segments.
const SEGMENT_BYTES: u64 = 16 << 10;

/// Counts on by a millisecond at each look.
struct Counting(AtomicU64);

impl Clock for Counting {
    fn now_ns(&self) -> u64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }
}

#[expect(
    clippy::print_stdout,
    reason = "what it wrote is its result, and it has no log of its own"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (dir, count, segment_bytes) = match arguments.as_slice() {
        [dir, count] => (dir, count, SEGMENT_BYTES),
        [dir, count, bytes] => (dir, count, bytes.parse()?),
        _ => return Err("usage: write-log DIR N [SEGMENT_BYTES]".into()),
    };
    let config = Config {
        dir: PathBuf::from(dir),
        origin: "lawgate.example/sample".to_owned(),
        policy_digest: [7; 32],
        former_root: None,
        suite: audit_log::LogSuite::Sha256,
        segment_bytes,
        queue_entries: 1_000,
        queue_bytes: 1 << 20,
    };
    let (log, opened) = open(
        config.clone(),
        Arc::new(Counting(AtomicU64::new(1_790_000_000_000_000_000))),
    )?;
    if !opened.created {
        return Err("the folder holds a log already".into());
    }
    for group in 0..count.parse::<u64>()?.div_ceil(5) {
        let end = (group * 5 + 5).min(count.parse()?);
        let pending: Vec<_> = (group * 5..end)
            .map(|number| log.append(draft(number)))
            .collect::<Result<_, _>>()?;
        for one in pending {
            one.wait()?;
        }
    }
    // Closing seals the newest segment, as a stop of the gateway does.
    log.close()?;
    let report = verify(&config.dir, &Options::default());
    let head = report.head.ok_or("nothing was written")?;
    println!(
        "{} entries in {} segments\nroot {}\nhead {}",
        head.size,
        report.segments,
        to_hex(&head.root),
        to_hex(&head.hash)
    );
    Ok(())
}

/// An entry with every kind of value that the encoding knows.
fn draft(number: u64) -> Draft {
    Draft::new(number % 9 + 1)
        .with(
            Field::Actor,
            vec![
                Value::from("environment bureau"),
                Value::from("environment"),
                Value::from([7_u8; 32]),
                Value::Null,
            ],
        )
        .with(
            Field::Object,
            vec![
                Value::from("region-clue"),
                Value::from(number * 1_000_003),
                Value::integer(-(number.cast_signed())),
                Value::from(number.is_multiple_of(2)),
            ],
        )
        .with(
            Field::Case,
            vec![
                Value::from(format!("包环罚〔2026〕{number}号")),
                Value::Null,
            ],
        )
}
