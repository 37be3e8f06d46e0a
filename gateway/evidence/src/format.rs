//! The segment format of the evidence store: bytes and nothing else.
//!
//! A segment is a header, then groups of bundles that end with a trailer each. All numbers are little-endian.
//!
//! ```text
//! header   magic 8 | format u32 | segment number u64 | salt 8 | crc32c u32
//! bundle   marker u32 | group u64 | body length u32 | address 32 | crc32c u32 over salt and the above
//!          | body: kind u8 | parts u32 | part length u32 … | part … | crc32c u32 over the body
//! trailer  marker u32 | group u64 | bundles u32 | crc32c u32 over salt and the above
//! ```
//!
//! Payloads are foreign bytes and may hold anything, even a copy of another segment. The salt keeps them from looking
//! like parts of this one when an unfinished write is searched for valid parts. The checksums find unfinished writes;
//! that a bundle is what was kept is shown by its address alone.

use std::fmt;

use audit_log::{Hash, tree::root};

use crate::bundle::{Kind, NewBundle};

const MAGIC: &[u8; 8] = b"EVIDENCE";
const FORMAT: u32 = 1;
const BUNDLE_MARKER: [u8; 4] = *b"BNDL";
const TRAILER_MARKER: [u8; 4] = *b"GRPE";

/// Bytes of a segment header.
pub(crate) const HEADER_BYTES: usize = 8 + 4 + 8 + 8 + 4;
/// Bytes before the body of a bundle.
pub(crate) const BUNDLE_HEAD_BYTES: usize = 4 + 8 + 4 + 32 + 4;
/// Bytes of a group trailer.
pub(crate) const TRAILER_BYTES: usize = 4 + 8 + 4 + 4;

/// A number that senders of payloads do not know, mixed into the checksums of one segment.
pub(crate) type Salt = [u8; 8];

/// What is wrong with a stored bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// There is no bundle where the index says.
    Head,
    /// The bundle is of another address than the index says.
    Address,
    /// The body is cut off or fails its checksum, or its lengths do not add up.
    Body,
    /// The checksum holds, but the parts do not give the address: the bundle was changed.
    Content,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "there is no bundle",
            Self::Address => "there is a bundle of another address",
            Self::Body => "the bundle fails its checksum",
            Self::Content => "the parts do not give the address",
        })
    }
}

/// Encodes the header of a segment.
pub(crate) fn encode_header(number: u64, salt: Salt) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES);
    out.extend(MAGIC);
    out.extend(FORMAT.to_le_bytes());
    out.extend(number.to_le_bytes());
    out.extend(salt);
    let sum = crc32c::crc32c(&out);
    out.extend(sum.to_le_bytes());
    out
}

/// Decodes the header of segment `number`; `None` when it is not that.
pub(crate) fn decode_header(bytes: &[u8], number: u64) -> Option<Salt> {
    let salt = bytes.get(20..28)?.try_into().ok()?;
    (bytes.get(..HEADER_BYTES)? == encode_header(number, salt)).then_some(salt)
}

/// The head of a stored bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BundleHead {
    pub(crate) group: u64,
    pub(crate) body_bytes: u32,
    pub(crate) address: Hash,
}

impl BundleHead {
    /// Returns how many bytes the bundle takes with its head.
    pub(crate) fn len(&self) -> u64 {
        BUNDLE_HEAD_BYTES as u64 + u64::from(self.body_bytes)
    }
}

/// A part of a segment that stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Bundle(BundleHead),
    Trailer { group: u64, bundles: u32 },
}

/// Reads the part at the start of `bytes`; `None` when there is none whose checksum holds.
pub(crate) fn read_part(bytes: &[u8], salt: Salt) -> Option<Part> {
    let number = |range: std::ops::Range<usize>| {
        Some(u32::from_le_bytes(bytes.get(range)?.try_into().ok()?))
    };
    let group = || Some(u64::from_le_bytes(bytes.get(4..12)?.try_into().ok()?));
    let marker: [u8; 4] = bytes.get(..4)?.try_into().ok()?;
    match marker {
        BUNDLE_MARKER => {
            let head = bytes.get(..BUNDLE_HEAD_BYTES)?;
            let (content, sum) = head.split_last_chunk::<4>()?;
            (salted_sum(salt, content) == u32::from_le_bytes(*sum)).then_some(())?;
            let address = bytes.get(16..48)?.try_into().ok()?;
            Some(Part::Bundle(BundleHead {
                group: group()?,
                body_bytes: number(12..16)?,
                address,
            }))
        }
        TRAILER_MARKER => {
            let (content, sum) = bytes.get(..TRAILER_BYTES)?.split_last_chunk::<4>()?;
            (salted_sum(salt, content) == u32::from_le_bytes(*sum)).then_some(())?;
            Some(Part::Trailer {
                group: group()?,
                bundles: number(12..16)?,
            })
        }
        _ => None,
    }
}

/// Returns whether a part may start with this byte; a cheap test before the others.
pub(crate) fn may_start_part(byte: u8) -> bool {
    byte == BUNDLE_MARKER[0] || byte == TRAILER_MARKER[0]
}

fn salted_sum(salt: Salt, content: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&salt), content)
}

/// Returns how many bytes a bundle takes.
pub(crate) fn bundle_bytes(bundle: &NewBundle) -> usize {
    BUNDLE_HEAD_BYTES + 1 + 4 + 4 * bundle.parts().len() + bundle.bytes() + 4
}

/// Appends a bundle.
pub(crate) fn write_bundle(out: &mut Vec<u8>, group: u64, salt: Salt, bundle: &NewBundle) {
    let start = out.len();
    let body_bytes = u32::try_from(bundle_bytes(bundle) - BUNDLE_HEAD_BYTES);
    out.extend(BUNDLE_MARKER);
    out.extend(group.to_le_bytes());
    out.extend(
        body_bytes
            .expect("making a bundle bounds its length")
            .to_le_bytes(),
    );
    out.extend(bundle.address());
    let sum = salted_sum(salt, &out[start..]);
    out.extend(sum.to_le_bytes());
    let body = out.len();
    out.push(bundle.kind() as u8);
    let count = |length: usize| {
        u32::try_from(length)
            .expect("making a bundle bounds its lengths")
            .to_le_bytes()
    };
    out.extend(count(bundle.parts().len()));
    for part in bundle.parts() {
        out.extend(count(part.len()));
    }
    for part in bundle.parts() {
        out.extend_from_slice(part);
    }
    let sum = crc32c::crc32c(&out[body..]);
    out.extend(sum.to_le_bytes());
}

/// Appends the trailer of a group.
pub(crate) fn write_trailer(out: &mut Vec<u8>, group: u64, salt: Salt, bundles: u32) {
    let start = out.len();
    out.extend(TRAILER_MARKER);
    out.extend(group.to_le_bytes());
    out.extend(bundles.to_le_bytes());
    let sum = salted_sum(salt, &out[start..]);
    out.extend(sum.to_le_bytes());
}

/// Returns whether the body of a bundle keeps its checksum.
pub(crate) fn is_body_whole(body: &[u8]) -> bool {
    body.split_last_chunk::<4>()
        .is_some_and(|(content, sum)| crc32c::crc32c(content) == u32::from_le_bytes(*sum))
}

/// Decodes the body of the bundle at `address` and checks that its parts give the address.
pub(crate) fn decode_body(body: &[u8], address: &Hash) -> Result<(Kind, Vec<Vec<u8>>), Damage> {
    if !is_body_whole(body) {
        return Err(Damage::Body);
    }
    let (kind, parts) = split_body(&body[..body.len() - 4]).ok_or(Damage::Body)?;
    if root(&parts) != *address {
        return Err(Damage::Content);
    }
    Ok((kind, parts))
}

fn split_body(content: &[u8]) -> Option<(Kind, Vec<Vec<u8>>)> {
    let (kind, rest) = content.split_first()?;
    let kind = Kind::from_byte(*kind)?;
    let (count, rest) = rest.split_first_chunk::<4>()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (lengths, mut rest) = rest.split_at_checked(count.checked_mul(4)?)?;
    let mut parts = Vec::with_capacity(count);
    for length in lengths.as_chunks::<4>().0 {
        let (part, after) =
            rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        parts.push(part.to_vec());
        rest = after;
    }
    rest.is_empty().then_some((kind, parts))
}
