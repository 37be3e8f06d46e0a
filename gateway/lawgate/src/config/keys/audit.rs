//! Keys of the audit log and of those who attest it.
//!
//! Values only; how they are read is `keys`' and `read`'s.

use super::{key, number};
use crate::config::key::{Fallback, Key, Kind, Target};
use crate::config::rules;

/// `[audit]`.
pub(super) const AUDIT: &[Key] = &[
    key(
        "suite",
        Kind::Choice(super::SUITES),
        Fallback::Text("sha256"),
        "Hashes of the log. `dual` adds a second chain and a second tree with SM3 (国密), signed with SM2. It is chosen when the log is made and cannot be changed.",
    ),
    number(
        "checkpoint_interval_ms",
        (50, 60_000),
        "milliseconds",
        1_000,
        "How often a log that grew is published: checked again from disk, signed, released. Receipts cover the time between.",
    ),
    number(
        "outage_s",
        (1, 31_536_000),
        "seconds",
        14_400,
        "How long configured timestamps or the quorum of witnesses may be missing. Counted from the first failure, restarts and time switched off included; four hours are a long repair and a short forgery.",
    ),
    key(
        "on_outage",
        Kind::Choice(super::ON_OUTAGE),
        Fallback::Text("refuse"),
        "What follows then: `refuse` refuses exchanges until they are back, `warn` only says so.",
    ),
    number(
        "segment_mib",
        (1, 1_024),
        "MiB",
        64,
        "Size of one segment file. It is written with zeros beforehand, which makes each append cheaper; 64 MiB hold about 250,000 entries.",
    ),
    number(
        "queue_entries",
        (1, 1 << 24),
        "entries",
        65_536,
        "Most entries waiting for the disk. When it is full, calls are refused with a time to retry.",
    ),
    number(
        "queue_mib",
        (1, 65_536),
        "MiB",
        64,
        "Most bytes of entries waiting for the disk.",
    ),
];

/// `[audit.keys]`.
pub(super) const KEYS: &[Key] = &[
    key(
        "checkpoint",
        Kind::Text(&rules::KEY_PLACE),
        Fallback::Nothing,
        "Ed25519 key of checkpoints. By default `keys/checkpoint.pem` in the data folder.",
    ),
    key(
        "receipt",
        Kind::Text(&rules::KEY_PLACE),
        Fallback::Nothing,
        "Ed25519 key of receipts (回执). By default `keys/receipt.pem` in the data folder.",
    ),
    key(
        "checkpoint_ml_dsa",
        Kind::Text(&rules::KEY_FILE),
        Fallback::Nothing,
        "ML-DSA-44 key that signs checkpoints as well, against quantum computers. Not used unless it is named.",
    ),
    key(
        "checkpoint_sm2",
        Kind::Text(&rules::KEY_FILE),
        Fallback::Nothing,
        "SM2 key (国密) that signs checkpoints of the SHA-256 tree as well. Not used unless it is named.",
    ),
    key(
        "twin",
        Kind::Text(&rules::KEY_FILE),
        Fallback::Nothing,
        "SM2 key of the SM3 tree of suite `dual`. By default `keys/twin.pem` in the data folder.",
    ),
    key(
        "pkcs11_module",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "Shared library of the token's vendor, for keys that begin with `pkcs11:`.",
    ),
    key(
        "pkcs11_token",
        Kind::Text(&rules::NAME),
        Fallback::Nothing,
        "Label of the token.",
    ),
    key(
        "pkcs11_pin_file",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "File with the user's PIN and nothing else.",
    ),
];

/// `[audit.witness]`.
pub(super) const WITNESS: &[Key] = &[
    key(
        "policy",
        Kind::Path(Target::File),
        Fallback::Nothing,
        "Policy (C2SP tlog-policy): the log's own key, the witnesses with their addresses, the quorum. `keys/audit.policy` in the data folder is one to begin from.",
    ),
    key(
        "authorities",
        Kind::Path(Target::CertificatePem),
        Fallback::Nothing,
        "Certificate authorities of witnesses that are reached by https.",
    ),
    number(
        "deadline_ms",
        (100, 60_000),
        "milliseconds",
        5_000,
        "Longest exchange with one witness. None waits for another, and publishing waits for none.",
    ),
];

/// `[audit.timestamp]`.
pub(super) const TIMESTAMP: &[Key] = &[
    key(
        "url",
        Kind::Text(&rules::HTTP_URL),
        Fallback::Nothing,
        "Address of the authority, as it is given for RFC 3161 over HTTP.",
    ),
    key(
        "roots",
        Kind::Path(Target::CertificatePem),
        Fallback::Nothing,
        "Root certificates by which its tokens are verified before they are kept. Needed with `url`.",
    ),
    key(
        "authorities",
        Kind::Path(Target::CertificatePem),
        Fallback::Nothing,
        "Certificate authorities of the connection when `url` is https.",
    ),
    number(
        "interval_s",
        (1, 86_400),
        "seconds",
        60,
        "How often the newest checkpoint is stamped. Each token is an entry of the log, so that a quiet log grows by one entry each time.",
    ),
];

/// `[audit.http]`.
pub(super) const HTTP: &[Key] = &[key(
    "address",
    Kind::Text(&rules::ADDRESS),
    Fallback::Nothing,
    "Address to listen on, in the clear. Not served unless it is named.",
)];
