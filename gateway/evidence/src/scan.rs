//! Reading a whole segment from its bytes: which bundles it has, where it ends, what of it is damaged.
//!
//! A pure function, used for the open segment at every opening and for a sealed one whose index is lost. A group counts
//! when its trailer is whole; what follows the last whole trailer is an unfinished write, which nobody was told is
//! durable. A power loss may persist a later part of a write and not an earlier one, so a group may have a whole trailer
//! and a hole; such a group is kept, and its hole reported, because it may have been acknowledged. That is safe: no
//! bundle is returned whose parts do not give its address.

use std::ops::Range;

use audit_log::Hash;

use crate::format::{
    HEADER_BYTES, Part, Salt, TRAILER_BYTES, is_body_whole, may_start_part, read_part,
};

/// What a segment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scan {
    /// The bundles of its groups with their offsets, in order.
    pub(crate) bundles: Vec<(Hash, u64)>,
    /// Where its last group ends.
    pub(crate) end: u64,
    /// The number of its last group; 0 when there is none.
    pub(crate) last_group: u64,
    /// Bytes after the end up to the last one that is not zero.
    pub(crate) torn_bytes: u64,
    /// What of its groups is damaged.
    pub(crate) damaged: Vec<Range<u64>>,
}

/// Scans the segment in `bytes`, whose header has been decoded.
pub(crate) fn scan(bytes: &[u8], salt: Salt) -> Scan {
    let mut scan = Scan {
        bundles: Vec::new(),
        end: HEADER_BYTES as u64,
        last_group: 0,
        torn_bytes: 0,
        damaged: Vec::new(),
    };
    // What has been seen since the last trailer; it counts once the next trailer is seen.
    let mut bundles = Vec::new();
    let mut damaged = Vec::new();
    let mut at = HEADER_BYTES;
    while at < bytes.len() {
        match read_part(&bytes[at..], salt) {
            Some(Part::Trailer {
                group,
                bundles: count,
            }) => {
                at += TRAILER_BYTES;
                let counted = usize::try_from(count).unwrap_or(usize::MAX);
                if counted > bundles.len() && damaged.is_empty() {
                    // Groups that were cut out whole leave no other trace.
                    damaged.push(scan.end..at as u64);
                }
                scan.bundles.append(&mut bundles);
                scan.damaged.append(&mut damaged);
                scan.end = at as u64;
                scan.last_group = group;
            }
            Some(Part::Bundle(head)) => {
                let start = at;
                at = usize::try_from(start as u64 + head.len()).unwrap_or(usize::MAX);
                let body = bytes.get(start + crate::format::BUNDLE_HEAD_BYTES..at);
                bundles.push((head.address, start as u64));
                if !body.is_some_and(is_body_whole) {
                    // The length is covered by the checksum of the head, so the next part is where it says.
                    damaged.push(start as u64..at as u64);
                }
            }
            None => {
                let start = at;
                at = next_part(bytes, start + 1, salt);
                damaged.push(start as u64..at as u64);
            }
        }
    }
    let end = usize::try_from(scan.end)
        .unwrap_or(bytes.len())
        .min(bytes.len());
    let last = bytes[end..].iter().rposition(|byte| *byte != 0);
    scan.torn_bytes = last.map_or(0, |last| last as u64 + 1);
    scan
}

/// Returns where the next whole part starts at or after `from`; the end of the bytes when there is none.
fn next_part(bytes: &[u8], from: usize, salt: Salt) -> usize {
    let is_part =
        |at: &usize| may_start_part(bytes[*at]) && read_part(&bytes[*at..], salt).is_some();
    (from..bytes.len()).find(is_part).unwrap_or(bytes.len())
}
