//! Archives (归档): a closed range of a log with everything that proves it, in a folder of its own.
//!
//! An archive has the sealed segments of the range, a checkpoint of the whole log that covers it, the proof that the log
//! at that checkpoint grew from the log at the end of the range, kept checkpoints and time stamps, and copies of evidence.
//! Its manifest (清单) lists every file with two digests, SHA-256 and SM3, and the log's key signs over the manifest. So a
//! range can leave the machine that wrote it and stay as provable as it was. This module reads and checks; writing is the
//! gateway's.
//!
//! ```text
//! manifest                    this list
//! manifest.note               a signed note over its digests
//! log/<position>.segment      the segments, byte for byte
//! checkpoint                  a checkpoint of the log that covers the range, with its cosignatures
//! checkpoints/<size> …        those that the log kept of sizes in the range (see `kept`)
//! tokens/<size>.tsr           their time stamps
//! evidence/<number>.bundles   segments of the evidence store that hold what the range's entries name
//! ```

mod check;
mod manifest;
#[cfg(test)]
mod tests;

pub use check::{ArchiveFault, ArchiveOptions, ArchiveReport, file_digests, verify_archive};
pub use manifest::{ArchivedFile, Manifest, ManifestError, SignedManifest, check_path};

/// Name of the manifest.
pub const MANIFEST: &str = "manifest";

/// Name of the signed note over the manifest.
pub const NOTE: &str = "manifest.note";

/// Folder of the segments.
pub const LOG: &str = "log";

/// Name of the checkpoint that covers the range.
pub const CHECKPOINT: &str = "checkpoint";

/// Folder of copies of evidence.
pub const EVIDENCE: &str = "evidence";
