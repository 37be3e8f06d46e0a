//! Deciding what the flawed end of an open segment is: an unfinished write, or damage.
//!
//! A pure function over bytes. Only the last group can be unfinished, because a group is written after the one before
//! it is durable. So a tail is *torn*, and may be zeroed, when all of this holds: it lies after the last complete
//! group; the flaw is one that an unfinished write can cause; and no valid part of a segment follows the flaw.
//! Everything else is damage: the bytes are kept and the log does not open. A power loss that persisted a later part of
//! a write and not an earlier one looks like damage; refusing is the safe side, since those bytes may be acknowledged.

use crate::{
    fault::{FaultKind, Flaw},
    folder::Stage,
    scan::{End, Scan},
    segment::{
        FOOTER_MARKER, Fields, TRAILER_BYTES, TRAILER_MARKER, footer_bytes, read_frame,
        split_checksum,
    },
};

/// What an open segment ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Zeros after the last group; nothing is to be done.
    Clean,
    /// The right footer: the segment was being sealed. It ends at this offset.
    Sealed(usize),
    /// An unfinished write of this many bytes after the last group; it may be zeroed.
    Torn(usize),
    /// Damage.
    Damaged(Flaw),
}

/// Judges the end of the open segment in `bytes`, which `scan` has replayed.
#[must_use]
pub fn judge(bytes: &[u8], scan: &Scan) -> Tail {
    let flaw = match scan.end {
        End::Open => return Tail::Clean,
        End::Sealed(end) => return Tail::Sealed(end),
        End::Flawed(flaw) => flaw,
    };
    if !flaw.kind.is_physical() || has_valid_part(&bytes[flaw.offset..], scan.running.state.size())
    {
        return Tail::Damaged(flaw);
    }
    let length = bytes[scan.tail..]
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    Tail::Torn(length)
}

/// Judges the end of a segment at that stage. A sealed one must end with its footer; nothing else is excused.
pub(crate) fn judge_segment(stage: Stage, bytes: &[u8], scan: &Scan) -> Tail {
    if stage == Stage::Open {
        return judge(bytes, scan);
    }
    let position = scan.running.state.size();
    let flaw = |offset, kind| {
        Tail::Damaged(Flaw {
            position,
            offset,
            kind,
        })
    };
    match scan.end {
        End::Flawed(flaw) => Tail::Damaged(flaw),
        End::Sealed(end) if end == bytes.len() => Tail::Sealed(end),
        End::Sealed(end) => flaw(end, FaultKind::TrailingBytes),
        End::Open => flaw(scan.tail, FaultKind::FooterForm),
    }
}

/// Returns whether a valid frame at or after position `size`, a valid trailer or a valid footer starts anywhere in
/// `bytes` but at its beginning, where the flaw is.
fn has_valid_part(bytes: &[u8], size: u64) -> bool {
    (1..bytes.len()).any(|offset| {
        let rest = &bytes[offset..];
        match Fields(rest).u32() {
            Some(TRAILER_MARKER) => rest
                .get(..TRAILER_BYTES)
                .is_some_and(|trailer| split_checksum(trailer).is_some()),
            Some(FOOTER_MARKER) => is_footer(rest),
            // The cheap test of the position comes first: a checksum at every offset would take for ever.
            Some(1..=65_535) => {
                let position = Fields(&rest[4..]).u64();
                let is_near = position
                    .and_then(|position| position.checked_sub(size))
                    .is_some_and(|ahead| ahead < 1 << 32);
                is_near && read_frame(rest).is_ok()
            }
            _ => false,
        }
    })
}

fn is_footer(bytes: &[u8]) -> bool {
    let length = Fields(&bytes[4..])
        .u32()
        .map(|points| footer_bytes(points as usize));
    let end =
        length.and_then(|length| bytes.get(length - crate::segment::FOOTER_END_BYTES..length));
    end.is_some_and(|end| split_checksum(end).is_some())
}
