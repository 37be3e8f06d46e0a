//! What stays of segments whose entries were archived (归档后清理): a stub each, so that the log still begins at its genesis.
//!
//! A stub has the header and the end of the footer of its segment, and the digest of the manifest of the archive that has
//! it. So segments still follow each other from the first one on; which entries were in it, the tiles of the tree keep,
//! and the archive has. Stubs come before every segment that is there. They prove nothing by themselves: what the log
//! says of its root covers the archived entries, and an archive that is missing is missed.
//!
//! ```text
//! header of the segment │ "ARCHIVED" │ SHA-256 of the manifest (32) │ CRC-32C (4) │ end of the footer
//! ```

use crate::{
    fault::{Fault, FaultKind},
    folder::{Stage, file_name},
    hash::Hash,
    segment::{FOOTER_END_BYTES, FooterEnd, Header},
};

const MAGIC: &[u8; 8] = b"ARCHIVED";

/// Bytes between header and footer.
const MIDDLE_BYTES: usize = MAGIC.len() + 32 + 4;

/// The most bytes a stub has.
pub const MAX_STUB_BYTES: usize =
    crate::segment::MAX_HEADER_BYTES + MIDDLE_BYTES + FOOTER_END_BYTES;

/// A segment whose entries are in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stub {
    /// Its header.
    pub header: Header,
    /// SHA-256 of the manifest of the archive that has its entries.
    pub manifest: Hash,
    /// The end of its footer.
    pub end: FooterEnd,
}

impl Stub {
    /// Makes the bytes of the stub of a sealed segment; `None` when `segment` is none.
    #[must_use]
    pub fn of_segment(segment: &[u8], manifest: &Hash) -> Option<Vec<u8>> {
        let (_, body) = Header::decode(segment).ok()?;
        let footer = segment.get(segment.len().checked_sub(FOOTER_END_BYTES)?..)?;
        FooterEnd::decode(footer)?;
        let mut out = segment[..body].to_vec();
        out.extend(MAGIC);
        out.extend(manifest);
        let sum = crc32c::crc32c(&out[body..]);
        out.extend(sum.to_le_bytes());
        out.extend(footer);
        Some(out)
    }

    /// Reads a stub; `None` when the bytes are none.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (header, body) = Header::decode(bytes).ok()?;
        let rest = &bytes[body..];
        if rest.len() != MIDDLE_BYTES + FOOTER_END_BYTES {
            return None;
        }
        let (middle, footer) = rest.split_at(MIDDLE_BYTES);
        let (content, sum) = middle.split_at(MIDDLE_BYTES - 4);
        let manifest = content.strip_prefix(MAGIC)?;
        if crc32c::crc32c(content).to_le_bytes() != sum {
            return None;
        }
        Some(Self {
            header,
            manifest: manifest.try_into().ok()?,
            end: FooterEnd::decode(footer)?,
        })
    }
}

/// The archived beginning of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Archived {
    stubs: Vec<Stub>,
}

impl Archived {
    /// Puts stubs together, each given with the position in its name, ascending.
    ///
    /// # Errors
    /// The first one that is none, or does not follow the one before.
    pub fn of(stubs: impl Iterator<Item = (u64, Vec<u8>)>) -> Result<Self, Fault> {
        let mut archived = Self::default();
        for (first, bytes) in stubs {
            let position = archived.to();
            let fault = |kind| Fault {
                position,
                file: file_name(first, Stage::Archived).into(),
                offset: 0,
                kind,
            };
            if first != position {
                return Err(fault(FaultKind::MissingSegment));
            }
            let stub = Stub::decode(&bytes).ok_or_else(|| fault(FaultKind::FooterForm))?;
            if stub.header.start.size() != first || stub.end.size <= first {
                return Err(fault(FaultKind::HeaderName));
            }
            if !archived.continues_in(&stub.header) {
                return Err(fault(FaultKind::HeaderLink));
            }
            archived.stubs.push(stub);
        }
        Ok(archived)
    }

    /// Returns the position of the first entry that is not archived.
    #[must_use]
    pub fn to(&self) -> u64 {
        self.stubs.last().map_or(0, |stub| stub.end.size)
    }

    /// Whether nothing is archived.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stubs.is_empty()
    }

    /// Returns the archives, by the digests of their manifests, each with its positions; in order.
    #[must_use]
    pub fn archives(&self) -> Vec<ArchivedRange> {
        let mut ranges: Vec<ArchivedRange> = Vec::new();
        for stub in &self.stubs {
            match ranges.last_mut() {
                Some(last) if last.manifest == stub.manifest => last.to = stub.end.size,
                _ => ranges.push(ArchivedRange {
                    from: stub.header.start.size(),
                    to: stub.end.size,
                    manifest: stub.manifest,
                }),
            }
        }
        ranges
    }

    /// Returns the header of the first segment, when it is archived.
    #[must_use]
    pub fn first_header(&self) -> Option<&Header> {
        self.stubs.first().map(|stub| &stub.header)
    }

    /// Returns whether the segment with `header` comes next.
    #[must_use]
    pub fn continues_in(&self, header: &Header) -> bool {
        let Some(last) = self.stubs.last() else {
            return header.is_genesis();
        };
        let before = &last.header;
        let is_same_log = (&before.origin, before.policy_digest, before.former_root)
            == (&header.origin, header.policy_digest, header.former_root);
        is_same_log && header.number == before.number + 1 && last.end.continues_in(header)
    }
}

/// Entries that one archive has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchivedRange {
    /// Position of the first entry.
    pub from: u64,
    /// Position behind the last entry.
    pub to: u64,
    /// SHA-256 of the archive's manifest.
    pub manifest: Hash,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{segment::Running, suite::LogSuite};

    fn segment() -> Vec<u8> {
        let header = Header::first("log.example/a", LogSuite::Sha256, [7; 32], [0; 32]);
        let mut bytes = header.encode();
        let running = Running::after(&header, &bytes);
        bytes.extend(running.footer(bytes.len() as u64));
        bytes
    }

    #[test]
    fn a_stub_is_read_back_and_any_other_bit_makes_it_another_or_none() {
        let bytes = Stub::of_segment(&segment(), &[9; 32]).unwrap();
        let stub = Stub::decode(&bytes).unwrap();
        assert_eq!((stub.manifest, stub.end.size), ([9; 32], 0));
        assert!(bytes.len() <= MAX_STUB_BYTES);
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(Stub::decode(&changed).as_ref(), Some(&stub), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert_eq!(Stub::decode(&bytes[..cut]), None, "{cut} bytes");
        }
        assert_eq!(Stub::of_segment(b"no segment", &[9; 32]), None);
    }

    #[test]
    fn stubs_that_do_not_follow_each_other_are_refused() {
        let bytes = Stub::of_segment(&segment(), &[9; 32]).unwrap();
        // It ends where it begins, which no sealed segment does.
        let found = Archived::of([(0, bytes.clone())].into_iter());
        assert_eq!(found.unwrap_err().kind, FaultKind::HeaderName);
        let found = Archived::of([(5, bytes)].into_iter());
        assert_eq!(found.unwrap_err().kind, FaultKind::MissingSegment);
        let found = Archived::of([(0, b"nothing".to_vec())].into_iter());
        assert_eq!(found.unwrap_err().kind, FaultKind::FooterForm);
        let nothing = Archived::of(std::iter::empty()).unwrap();
        assert!(nothing.is_empty() && nothing.to() == 0);
        let (genesis, _) = Header::decode(&segment()).unwrap();
        assert!(nothing.continues_in(&genesis));
    }
}
