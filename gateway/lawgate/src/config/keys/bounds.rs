//! Keys that bound what the node can be made to use: memory, disk, time.
//!
//! Values only; how they are read is `keys`' and `read`'s.

use super::{key, number};
use crate::config::key::{Fallback, Key, Kind, Target};
use crate::config::rules;

const MIB: u64 = 1 << 20;

/// `[limits]`.
pub(super) const LIMITS: &[Key] = &[
    number(
        "submission_bytes",
        (1_024, 256 * MIB),
        "bytes",
        4 * MIB,
        "Most payload bytes in one submission. 4 MiB is what gRPC implementations accept by default.",
    ),
    number(
        "submission_messages",
        (1, 65_536),
        "messages",
        4_096,
        "Most messages in one submission. A record's identity has 16 bits for the number of its message, hence the upper bound.",
    ),
    number(
        "in_flight_submissions",
        (1, 65_536),
        "submissions",
        256,
        "Most submissions of one agency that are under way. One agency cannot take the node from the others.",
    ),
    number(
        "in_flight_bytes",
        (1_024, 65_536 * MIB),
        "bytes",
        64 * MIB,
        "Most payload bytes of one agency that are under way; at least `submission_bytes`.",
    ),
    number(
        "page_size",
        (1, 1_000),
        "records",
        1_000,
        "Most records on one page of a list; the service contract allows 1,000.",
    ),
    number(
        "request_deadline_ms",
        (100, 600_000),
        "milliseconds",
        30_000,
        "Longest time one call may take; longer calls end with DEADLINE_EXCEEDED.",
    ),
];

/// `[evidence]`.
pub(super) const EVIDENCE: &[Key] = &[
    number(
        "segment_mib",
        (1, 65_536),
        "MiB",
        256,
        "Size of one segment file; at least one submission with its results fits.",
    ),
    number(
        "queue_mib",
        (1, 65_536),
        "MiB",
        256,
        "Most bytes waiting for the disk, over all agencies. When it is full, calls are refused with a time to retry.",
    ),
    key(
        "statement_font",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "Font with TrueType outlines and Chinese characters for the statement (说明) of evidence packages as PDF. Without the key, those that Debian's fonts-wqy-microhei and fonts-wqy-zenhei install are looked for; a package made without any has no PDF and says so.",
    ),
];

/// `[index]`.
pub(super) const INDEX: &[Key] = &[
    number(
        "batch_rows",
        (1, 1_000_000),
        "rows",
        10_000,
        "Rows written in one transaction while the index follows the log. Batches of 10,000 to 50,000 were the fastest measured.",
    ),
    number(
        "wait_ms",
        (0, 600_000),
        "milliseconds",
        5_000,
        "How long a query waits until the index has reached the log before it is refused, so that what was acknowledged is also found.",
    ),
];

/// `[sandbox]`.
pub(super) const SANDBOX: &[Key] = &[
    number(
        "memory_mib",
        (1, 4_096),
        "MiB",
        64,
        "Most memory of one conversion. 64 MiB are 16 times the largest submission.",
    ),
    number(
        "deadline_ms",
        (1, 600_000),
        "milliseconds",
        2_000,
        "Longest time of one conversion (one submission).",
    ),
    number(
        "tick_ms",
        (1, 1_000),
        "milliseconds",
        5,
        "How often the deadline is looked at; at most `deadline_ms`. An adapter may run this much longer.",
    ),
    number(
        "output_mib",
        (1, 1_024),
        "MiB",
        32,
        "Most bytes taken from one conversion.",
    ),
    number(
        "log_lines",
        (0, 100_000),
        "lines",
        1_000,
        "Most log lines of one conversion; one more ends it (`adapter.log-budget`).",
    ),
    number(
        "stack_kib",
        (64, 8_192),
        "KiB",
        512,
        "Most stack of one conversion.",
    ),
    number(
        "workers",
        (0, 1_024),
        "threads",
        0,
        "Conversions at the same time; 0 is the number of cores.",
    ),
    number(
        "component_mib",
        (1, 512),
        "MiB",
        32,
        "Largest component file that is loaded.",
    ),
    number(
        "compile_deadline_ms",
        (1_000, 3_600_000),
        "milliseconds",
        60_000,
        "Most processor time for compiling one component; by the clock it may take ten times as long. It happens in a child process, at an install and wherever the cache has no code of a component that is to be used.",
    ),
    number(
        "compile_memory_mib",
        (64, 65_536),
        "MiB",
        2_048,
        "Most memory of the compiling child process.",
    ),
    key(
        "compiler",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "The program `lawgate-compiler` of the same release, which the child process runs; without the key it is the one beside `lawgate`, and that one is also what other commands than `serve` run. What it makes is run outside every sandbox: nobody but who installs `lawgate` may be able to write it.",
    ),
];

/// `[metrics]`.
pub(super) const METRICS: &[Key] = &[key(
    "address",
    Kind::Text(&rules::OWN_ADDRESS),
    Fallback::Nothing,
    "Address to listen on, one that only this machine reaches: `127.0.0.1:9464`. Not served unless it is named.",
)];

/// `[adapters]`.
pub(super) const ADAPTERS: &[Key] = &[
    key(
        "publishers",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "File of publishers' public keys: one a line as `name+id+base64`, and after it, optionally, the ids of the adapters it may sign. Without it no signature holds.",
    ),
    key(
        "require_signature",
        Kind::Flag,
        Fallback::Flag(true),
        "Whether only packages that a publisher signed can be installed. Turn it off on a node for development only.",
    ),
    key(
        "administrators",
        Kind::Texts(&rules::IDENTIFIER),
        Fallback::Empty,
        "Agencies that may change the registry and work on the quarantine, for programs that do so. A person has the right by `role = \"administrator\"` in `[[staff]]`; approvals are counted by person or agency. No agency by default.",
    ),
    number(
        "approvals",
        (1, 9),
        "administrators",
        1,
        "Different administrators who must approve a version before it converts submissions; with more than one, a changed `[[feed]] adapter` is only installed. Going back to a version that was active needs one.",
    ),
    number(
        "breaker_failures",
        (0, 100_000),
        "calls",
        8,
        "Calls of one version that fail in a row before its breaker (熔断) opens: its messages are then quarantined as `adapter.breaker-open` without being tried. 0 never opens it.",
    ),
    number(
        "breaker_pause_ms",
        (10, 600_000),
        "milliseconds",
        30_000,
        "How long an open breaker waits before it lets one call through; doubled after each that fails, up to ten minutes.",
    ),
    number(
        "messages_per_call",
        (1, 256),
        "messages",
        256,
        "Most messages given to one sandbox. A manifest may ask for less.",
    ),
    number(
        "concurrency",
        (0, 1_024),
        "calls",
        0,
        "Most calls of one version at the same time; 0 is the number of workers. A manifest may ask for less. Less than the workers keeps a slow adapter from taking them all.",
    ),
];
