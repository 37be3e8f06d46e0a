//! The header of a segment: which log it belongs to and what it continues.
//!
//! It carries the compact range of the tree, so that a log opens and a segment verifies without reading the segments
//! before it. What it claims is checked against the end of the segment before.

use crate::{
    chain::{State, genesis_in},
    fault::FaultKind,
    hash::Hash,
    segment::{Fields, split_checksum},
    suite::{LogSuite, Suite},
    tree::CompactRange,
};

/// Starts every segment.
const MAGIC: &[u8; 8] = b"AUDITSEG";
/// The format of a log of SHA-256 alone.
const FORMAT_SHA256: u32 = 1;
/// The format of a log with both suites.
const FORMAT_DUAL: u32 = 2;
/// Longest origin in bytes: what a C2SP checkpoint line comfortably holds, and far below an entry.
const MAX_ORIGIN_BYTES: usize = 255;
/// Longest header in bytes: fixed fields, the longest origin and 64 peaks.
pub const MAX_HEADER_BYTES: usize = 4096;

/// A decoded segment header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How many segments of the log come before this one.
    pub number: u64,
    /// The name of the log; [`check_origin`] says what it may be.
    pub origin: String,
    /// The digest of the policy under which the log was created.
    pub policy_digest: Hash,
    /// The last root of the log that this one continues; zeros when it continues none.
    pub former_root: Hash,
    /// The seal of the segment before; zeros in the first one.
    pub previous_seal: Hash,
    /// The state before the first entry of the segment.
    pub start: State,
}

impl Header {
    /// Returns the header of the first segment of a log.
    #[must_use]
    pub fn first(origin: &str, suite: LogSuite, policy_digest: Hash, former_root: Hash) -> Self {
        let genesis = |suite| genesis_in(suite, origin, &policy_digest, &former_root);
        let second = match suite {
            LogSuite::Sha256 => None,
            LogSuite::Dual => Some(genesis(Suite::Sm3)),
        };
        Self {
            number: 0,
            origin: origin.to_owned(),
            policy_digest,
            former_root,
            previous_seal: [0; 32],
            start: State::at_genesis(genesis(Suite::Sha256), second),
        }
    }

    /// Returns by which hash functions the entries of the log link to each other.
    #[must_use]
    pub fn suite(&self) -> LogSuite {
        match self.start.second {
            None => LogSuite::Sha256,
            Some(_) => LogSuite::Dual,
        }
    }

    /// Returns the header of the segment after this one, which ended with `end` and `seal`.
    #[must_use]
    pub fn next(&self, end: State, seal: Hash) -> Self {
        Self {
            number: self.number + 1,
            previous_seal: seal,
            start: end,
            ..self.clone()
        }
    }

    /// Returns whether the header is the one a log must start with.
    #[must_use]
    pub fn is_genesis(&self) -> bool {
        let Self {
            policy_digest,
            former_root,
            ..
        } = *self;
        *self == Self::first(&self.origin, self.suite(), policy_digest, former_root)
    }

    /// Encodes the header.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        out.extend(MAGIC);
        let format = match self.suite() {
            LogSuite::Sha256 => FORMAT_SHA256,
            LogSuite::Dual => FORMAT_DUAL,
        };
        out.extend(format.to_le_bytes());
        out.extend([0; 4]);
        out.extend(self.number.to_le_bytes());
        out.extend(self.start.size().to_le_bytes());
        out.extend(self.start.hash);
        out.extend(self.start.time_ns.to_le_bytes());
        out.extend(self.previous_seal);
        out.extend(self.policy_digest);
        out.extend(self.former_root);
        let origin_bytes =
            u16::try_from(self.origin.len()).expect("an origin is at most 255 bytes");
        out.extend(origin_bytes.to_le_bytes());
        out.extend(self.origin.as_bytes());
        let peaks =
            u16::try_from(self.start.tree.peaks().len()).expect("a range has at most 64 peaks");
        out.extend(peaks.to_le_bytes());
        out.extend(self.start.tree.peaks().as_flattened());
        out.extend(self.start.second.iter().flatten());
        let length = u32::try_from(out.len() + 4).expect("a header is at most 4096 bytes");
        out[12..16].copy_from_slice(&length.to_le_bytes());
        let sum = crc32c::crc32c(&out);
        out.extend(sum.to_le_bytes());
        out
    }

    /// Decodes the header at the start of `bytes`; also returns its length in bytes.
    ///
    /// # Errors
    /// [`FaultKind::HeaderForm`] or [`FaultKind::HeaderChecksum`].
    pub fn decode(bytes: &[u8]) -> Result<(Self, usize), FaultKind> {
        let mut fields = Fields(bytes);
        if fields.take() != Some(*MAGIC) {
            return Err(FaultKind::HeaderForm);
        }
        let suite = match fields.u32() {
            Some(FORMAT_SHA256) => LogSuite::Sha256,
            Some(FORMAT_DUAL) => LogSuite::Dual,
            Some(_) | None => return Err(FaultKind::HeaderForm),
        };
        let length = fields.u32().map_or(0, |length| length as usize);
        let whole = bytes
            .get(..length)
            .filter(|whole| whole.len() <= MAX_HEADER_BYTES)
            .ok_or(FaultKind::HeaderForm)?;
        let (content, _) = split_checksum(whole).ok_or(FaultKind::HeaderChecksum)?;
        let header = Self::decode_fields(content.get(16..).unwrap_or_default(), suite)
            .ok_or(FaultKind::HeaderForm)?;
        Ok((header, length))
    }

    /// Decodes what follows the length; the whole must be used up, so no byte is left unchecked.
    fn decode_fields(content: &[u8], suite: LogSuite) -> Option<Self> {
        let mut fields = Fields(content);
        let number = fields.u64()?;
        let size = fields.u64()?;
        let hash = fields.hash()?;
        let time_ns = fields.u64()?;
        let previous_seal = fields.hash()?;
        let policy_digest = fields.hash()?;
        let former_root = fields.hash()?;
        let origin_bytes = usize::from(fields.u16()?);
        let origin = str::from_utf8(fields.slice(origin_bytes)?).ok()?.to_owned();
        if !check_origin(&origin) {
            return None;
        }
        let count = usize::from(fields.u16()?);
        let peaks = (0..count)
            .map(|_| fields.hash())
            .collect::<Option<Vec<_>>>()?;
        let tree = CompactRange::from_parts(size, peaks)?;
        let second = match suite {
            LogSuite::Sha256 => None,
            LogSuite::Dual => Some(fields.hash()?),
        };
        let start = State {
            hash,
            second,
            time_ns,
            tree,
        };
        fields.0.is_empty().then_some(Self {
            number,
            origin,
            policy_digest,
            former_root,
            previous_seal,
            start,
        })
    }
}

/// Returns whether `origin` may name a log: 1 to 255 bytes, no white space, no control character and no plus sign,
/// as the key names of C2SP signed notes ask.
#[must_use]
pub fn check_origin(origin: &str) -> bool {
    let is_bad =
        |character: char| character.is_whitespace() || character.is_control() || character == '+';
    (1..=MAX_ORIGIN_BYTES).contains(&origin.len()) && !origin.contains(is_bad)
}
