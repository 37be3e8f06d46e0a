//! What can be wrong with a stored log, and where.
//!
//! One vocabulary for opening, reading and verifying. A fault is a statement about bytes on a disk, not about this
//! program; whoever reports one gives the first.

use std::{io, path::PathBuf};

use crate::entry::EntryError;

/// The first thing wrong with a stored log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("position {position}: {kind} (byte {offset} of {})", file.display())]
pub struct Fault {
    /// The position that cannot be relied on: everything before it is sound.
    pub position: u64,
    /// The file, as found.
    pub file: PathBuf,
    /// Where in the file the part that is wrong starts, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What is wrong at one place of a stored log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// There is no log here, or not a single complete entry.
    #[error("there is nothing to verify")]
    Nothing,
    /// The file cannot be read.
    #[error("file cannot be read: {0}")]
    Unreadable(io::ErrorKind),
    /// A segment is missing between two others, or the first one is.
    #[error("a segment is missing")]
    MissingSegment,
    /// A segment that is not the last one has not been sealed, or there are two open ones.
    #[error("an open segment is followed by another")]
    OpenSegmentInside,
    /// The file does not start with a segment header of a known format.
    #[error("segment header is not one")]
    HeaderForm,
    /// The header fails its checksum.
    #[error("segment header fails its checksum")]
    HeaderChecksum,
    /// The header does not continue the segment before: its number, start, head, tree or seal differ.
    #[error("segment does not continue the one before")]
    HeaderLink,
    /// The file name does not say the position at which the segment starts.
    #[error("segment has the name of another")]
    HeaderName,
    /// The log is of another origin than expected.
    #[error("log is of another origin")]
    Origin,
    /// The log was made under another policy than expected.
    #[error("log was made under another policy")]
    Policy,
    /// The first segment does not start at the genesis hash.
    #[error("log does not start at its genesis")]
    Genesis,
    /// A frame announces a length that no frame has, or that does not fit in the file.
    #[error("frame has an impossible length")]
    FrameLength,
    /// A frame fails its checksum.
    #[error("frame fails its checksum")]
    FrameChecksum,
    /// A frame is for another position than its place.
    #[error("frame is for another position")]
    FramePosition,
    /// The bytes of an entry are not canonical.
    #[error("entry is not canonical: {0}")]
    Entry(EntryError),
    /// The entry is of another origin than the segment.
    #[error("entry is of another origin")]
    EntryOrigin,
    /// The entry says another position than its place.
    #[error("entry says another position")]
    EntryPosition,
    /// The entry is not later than the one before it.
    #[error("entry is not later than the one before")]
    EntryTime,
    /// The entry does not link to the one before it.
    #[error("entry does not link to the one before")]
    EntryLink,
    /// The entry does not link by SM3 (key 15) to the one before it.
    #[error("entry does not link by SM3 to the one before")]
    SecondLink,
    /// The entry has no link by SM3, in a log whose entries have one.
    #[error("entry has no link by SM3")]
    SecondLinkMissing,
    /// The entry has a link by SM3, in a log of SHA-256 alone.
    #[error("entry has a link by SM3 in a log of SHA-256 alone")]
    SecondLinkUnexpected,
    /// A group has no entry, or ends without its trailer.
    #[error("group is not complete")]
    GroupForm,
    /// A group trailer fails its checksum.
    #[error("group trailer fails its checksum")]
    GroupChecksum,
    /// A group trailer says another size than there are entries.
    #[error("group trailer says another size")]
    GroupSize,
    /// A group trailer says another root than the tree has.
    #[error("group trailer says another root")]
    GroupRoot,
    /// A group trailer says another head than the newest entry.
    #[error("group trailer says another head")]
    GroupHead,
    /// A sealed segment has no footer, or a footer stands where none may.
    #[error("segment footer is missing or out of place")]
    FooterForm,
    /// A footer fails its checksum or is cut off.
    #[error("segment footer fails its checksum")]
    FooterChecksum,
    /// A footer is not the one that the segment's content gives.
    #[error("segment footer does not fit the segment")]
    FooterContent,
    /// Bytes follow the end of a segment.
    #[error("bytes follow the end of the segment")]
    TrailingBytes,
    /// The log ends before the size of a head known from elsewhere.
    #[error("log is shorter than a known head")]
    ShorterThanKnown,
    /// The log has another root than a head known from elsewhere at its size.
    #[error("log differs from a known head")]
    DiffersFromKnown,
}

impl FaultKind {
    /// Returns whether an unfinished write can have caused this; the other kinds have valid checksums.
    pub(crate) fn is_physical(self) -> bool {
        matches!(
            self,
            Self::FrameLength
                | Self::FrameChecksum
                | Self::GroupForm
                | Self::GroupChecksum
                | Self::FooterChecksum
        )
    }
}

/// A fault inside one segment, before it is known in which file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flaw {
    /// The position that cannot be relied on.
    pub position: u64,
    /// Where in the segment the part that is wrong starts, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub kind: FaultKind,
}

impl Flaw {
    /// Names the file.
    #[must_use]
    pub fn in_file(self, file: impl Into<PathBuf>) -> Fault {
        Fault {
            position: self.position,
            file: file.into(),
            offset: self.offset as u64,
            kind: self.kind,
        }
    }
}
