//! Entries that tie the log to what stands outside of it: anchors, time stamps, steps of the clock, alarms.
//!
//! Each is written as one draft and read back strictly: another number of items, another kind or a length that does
//! not fit gives `None`. Nothing is verified here; whoever judges a log holds roots and tokens against the tree.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};
use sha2::{Digest as _, Sha256};

use super::value::{as_bytes, as_digest, as_text, as_uint, bytes, exactly, text};
use super::{
    EVENT_ANCHOR, EVENT_CLOCK_STEP, EVENT_TIMESTAMP, EVENT_WITNESS_ALARM, operator, start,
};

/// Longest time stamp token that goes into an entry, in bytes.
///
/// The entry has 65,535 (C2SP tlog-tiles bundles); a token takes about 1,300, one with a long chain of certificates
/// 10,000. Of a longer one the entry holds the digest only.
pub const MAX_TOKEN_BYTES: usize = 60_000;

/// The roots that both trees of the log had at one size, as checkpoints were signed over them (`log.anchor`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnchorEntry {
    /// Size of both trees, in entries; at most the position of this entry.
    pub size: u64,
    /// Root of the SHA-256 tree (RFC 6962 §2.1).
    pub root_sha256: [u8; 32],
    /// Root of the SM3 tree (GB/T 32905-2016) over the same entries.
    pub root_sm3: [u8; 32],
}

impl AnchorEntry {
    /// The draft the log completes: object `[size]`, digests `[root, SM3 root]`.
    pub fn draft(&self) -> Draft {
        start(EVENT_ANCHOR)
            .with(Field::Actor, operator())
            .with(Field::Object, vec![Value::Unsigned(self.size)])
            .with(
                Field::Digests,
                vec![bytes(&self.root_sha256), bytes(&self.root_sm3)],
            )
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<AnchorEntry> {
        let [size] = items(entry, EVENT_ANCHOR, Field::Object)?;
        let [root_sha256, root_sm3] = items(entry, EVENT_ANCHOR, Field::Digests)?;
        Some(AnchorEntry {
            size: as_uint(&size)?,
            root_sha256: as_digest(&root_sha256)?,
            root_sm3: as_digest(&root_sm3)?,
        })
    }
}

/// A time stamp (时间戳) over a checkpoint of the log: the token itself and what it is said to be over (`log.timestamp`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampEntry {
    /// Size of the checkpoint, in entries.
    pub size: u64,
    /// Root of the SHA-256 tree at that size.
    pub root: [u8; 32],
    /// SHA-256 of the token.
    pub token_digest: [u8; 32],
    /// The token (RFC 3161 §2.4.2, DER); `None` when it is longer than [`MAX_TOKEN_BYTES`].
    pub token: Option<Vec<u8>>,
}

impl TimestampEntry {
    /// What is entered for `token`.
    pub fn of_token(size: u64, root: [u8; 32], token: &[u8]) -> TimestampEntry {
        TimestampEntry {
            size,
            root,
            token_digest: Sha256::digest(token).into(),
            token: (token.len() <= MAX_TOKEN_BYTES).then(|| token.to_vec()),
        }
    }

    /// The draft the log completes: object `[size]`, result `["stamped", token]`, digests `[SHA-256 of the token, null, root]`.
    pub fn draft(&self) -> Draft {
        let token = self.token.as_deref().map_or(Value::Null, bytes);
        start(EVENT_TIMESTAMP)
            .with(Field::Actor, operator())
            .with(Field::Object, vec![Value::Unsigned(self.size)])
            .with(Field::Outcome, vec![text("stamped"), token])
            .with(
                Field::Digests,
                vec![bytes(&self.token_digest), Value::Null, bytes(&self.root)],
            )
    }

    /// Reads the entry back; `None` for any other entry or shape, and for a token that has another digest.
    pub fn read(entry: &Entry<'_>) -> Option<TimestampEntry> {
        let [size] = items(entry, EVENT_TIMESTAMP, Field::Object)?;
        let [code, token] = items(entry, EVENT_TIMESTAMP, Field::Outcome)?;
        let [digest, Value::Null, root] = items(entry, EVENT_TIMESTAMP, Field::Digests)? else {
            return None;
        };
        let token_digest = as_digest(&digest)?;
        let token = match token == Value::Null {
            true => None,
            false => Some(as_bytes(&token)?.to_vec()),
        };
        let agrees = token.as_ref().is_none_or(|token| {
            token.len() <= MAX_TOKEN_BYTES && Sha256::digest(token)[..] == token_digest
        });
        let is_it = agrees && as_text(&code)? == "stamped";
        is_it.then_some(TimestampEntry {
            size: as_uint(&size)?,
            root: as_digest(&root)?,
            token_digest,
            token,
        })
    }
}

/// The wall clock went another way than the monotonic one (`clock.step`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockStepEntry {
    /// Where the time comes from, as configured: `system`, `ntp`, `beidou`; not empty.
    pub source: String,
    /// Wall clock before, in nanoseconds UTC since 1970-01-01.
    pub wall_before_ns: u64,
    /// Wall clock after, in nanoseconds UTC since 1970-01-01.
    pub wall_after_ns: u64,
    /// What the monotonic clock says went by in between, in nanoseconds.
    pub monotonic_ns: u64,
}

impl ClockStepEntry {
    /// By how much the wall clock jumped, in nanoseconds; negative when it was set back.
    pub fn step_ns(&self) -> i128 {
        i128::from(self.wall_after_ns)
            - i128::from(self.wall_before_ns)
            - i128::from(self.monotonic_ns)
    }

    /// The draft the log completes: object `[source]`, result `["stepped", before, after, monotonic]`.
    pub fn draft(&self) -> Draft {
        let times = [self.wall_before_ns, self.wall_after_ns, self.monotonic_ns];
        let outcome = std::iter::once(text("stepped")).chain(times.map(Value::Unsigned));
        start(EVENT_CLOCK_STEP)
            .with(Field::Actor, operator())
            .with(Field::Object, vec![text(&self.source)])
            .with(Field::Outcome, outcome.collect())
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<ClockStepEntry> {
        let [source] = items(entry, EVENT_CLOCK_STEP, Field::Object)?;
        let [code, before, after, monotonic] = items(entry, EVENT_CLOCK_STEP, Field::Outcome)?;
        let source = as_text(&source)?;
        let is_it = as_text(&code)? == "stepped" && !source.is_empty();
        is_it.then_some(ClockStepEntry {
            source: source.to_owned(),
            wall_before_ns: as_uint(&before)?,
            wall_after_ns: as_uint(&after)?,
            monotonic_ns: as_uint(&monotonic)?,
        })
    }
}

/// A witness does not agree with this log (`witness.alarm`); both notes are kept outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessAlarmEntry {
    /// Name of the witness, as in the policy; not empty.
    pub witness: String,
    /// What it is about, a stable word: `ahead`, `split-view`, `inconsistent`; not empty.
    pub kind: String,
    /// SHA-256 of the note that this node showed.
    pub own_note: [u8; 32],
    /// SHA-256 of the note that the witness holds; `None` when it gave none.
    pub other_note: Option<[u8; 32]>,
}

impl WitnessAlarmEntry {
    /// The draft the log completes: object `[witness]`, result `["alarmed", kind]`, digests `[own, null, other]`.
    pub fn draft(&self) -> Draft {
        let other = self
            .other_note
            .as_ref()
            .map_or(Value::Null, |note| bytes(note));
        start(EVENT_WITNESS_ALARM)
            .with(Field::Actor, operator())
            .with(Field::Object, vec![text(&self.witness)])
            .with(Field::Outcome, vec![text("alarmed"), text(&self.kind)])
            .with(
                Field::Digests,
                vec![bytes(&self.own_note), Value::Null, other],
            )
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<WitnessAlarmEntry> {
        let [witness] = items(entry, EVENT_WITNESS_ALARM, Field::Object)?;
        let [code, kind] = items(entry, EVENT_WITNESS_ALARM, Field::Outcome)?;
        let digests = items(entry, EVENT_WITNESS_ALARM, Field::Digests)?;
        let [own, Value::Null, other] = digests else {
            return None;
        };
        let (witness, kind) = (as_text(&witness)?, as_text(&kind)?);
        let is_it = as_text(&code)? == "alarmed" && !witness.is_empty() && !kind.is_empty();
        is_it.then_some(WitnessAlarmEntry {
            witness: witness.to_owned(),
            kind: kind.to_owned(),
            own_note: as_digest(&own)?,
            other_note: match other == Value::Null {
                true => None,
                false => Some(as_digest(&other)?),
            },
        })
    }
}

/// The items of `field` of an entry of `event`, when there are exactly `N`.
pub(super) fn items<const N: usize>(
    entry: &Entry<'_>,
    event: u64,
    field: Field,
) -> Option<[Value; N]> {
    match entry.event() == event {
        true => exactly(entry.field(field)?),
        false => None,
    }
}
