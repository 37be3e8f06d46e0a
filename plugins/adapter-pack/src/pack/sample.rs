//! The samples of a pack with their golden results.

/// Ending of the file that holds what the sender states about a sample.
pub const ATTRIBUTES_ENDING: &str = ".attributes.json";

/// Folder of samples, with its slash.
pub(super) const SAMPLES: &str = "samples/";

/// Folder of golden results, with its slash.
pub(super) const GOLDEN: &str = "golden/";

/// A message with the result it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample<'p> {
    /// Name of its file below `samples/`.
    pub name: &'p str,
    /// The message.
    pub payload: &'p [u8],
    /// What the sender states about it: a JSON object of strings; `None` when nothing is stated.
    pub attributes: Option<&'p [u8]>,
    /// The golden result: JSON with `converted` or `rejected`.
    pub golden: &'p [u8],
}
