//! Why bytes or files are not a pack.

use audit_proof::note::NoteError;
use audit_proof::signer::SignError;

use crate::manifest::ManifestError;

/// Why bytes are not a pack, or files do not make one.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The pack is larger than allowed.
    #[error("the pack has {bytes} bytes, {limit} are allowed")]
    TooLarge {
        /// Its size, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The archive ends too early.
    #[error("the pack ends at byte {offset}, before its archive does")]
    Truncated {
        /// Where it ends.
        offset: usize,
    },
    /// Something follows the archive.
    #[error("something follows the archive at byte {offset}")]
    Trailing {
        /// Where the archive ends.
        offset: usize,
    },
    /// A header is not the one form a pack has.
    #[error(
        "the header at byte {offset} is not that of a pack; packs are made by `lawgate adapter pack`"
    )]
    Header {
        /// Where it stands.
        offset: usize,
    },
    /// A name has characters that a pack does not have.
    #[error(
        "the header at byte {offset} has a name other than letters, digits, '.', '_', '-' and '/'"
    )]
    Name {
        /// Where the header stands.
        offset: usize,
    },
    /// The same, for a file that was to be packed.
    #[error("{name}: a pack takes names of at most 100 letters, digits, '.', '_' and '-'")]
    FileName {
        /// The name.
        name: String,
    },
    /// Names are not in order, or one is there twice.
    #[error("{name} is not in the order of names, or is there twice")]
    Order {
        /// The file.
        name: String,
    },
    /// What fills up the last block of a file is not zero.
    #[error("{name} is followed by bytes that are not padding")]
    Padding {
        /// The file.
        name: String,
    },
    /// There are more files than allowed.
    #[error("the pack has more than {limit} files")]
    TooManyFiles {
        /// The limit.
        limit: usize,
    },
    /// A file is larger than allowed.
    #[error("{name} has {bytes} bytes, {limit} are allowed")]
    FileTooLarge {
        /// The file.
        name: String,
        /// Its size, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// A file that every pack has is missing.
    #[error("the pack has no {name}")]
    Missing {
        /// The file.
        name: String,
    },
    /// A file that no pack has.
    #[error("{name} is no file of a pack")]
    Unexpected {
        /// The file.
        name: String,
    },
    /// The pack is of a form this version does not read.
    #[error("the pack's FORMAT is not the one read here, `lawgate-adapter-pack 1`")]
    Format,
    /// The list of digests is not that of the files.
    #[error("DIGESTS does not fit {name}: line {line} ought to be `{expected}`")]
    Digests {
        /// The file of the first line that differs.
        name: String,
        /// The line, from 1.
        line: usize,
        /// What it ought to say.
        expected: String,
    },
    /// The manifest cannot be read.
    #[error("the pack's manifest is not accepted")]
    Manifest(#[source] ManifestError),
    /// A sample has no golden result.
    #[error("samples/{name} has no golden/{name}.json")]
    NoGolden {
        /// The sample.
        name: String,
    },
    /// A golden result or attributes without a sample.
    #[error("{name} belongs to no sample")]
    NoSample {
        /// The file.
        name: String,
    },
    /// There is no sample at all.
    #[error("the pack has no sample; a gateway tries an adapter with its samples")]
    NoSamples,
    /// `SIGNATURE` is no signed note.
    #[error("SIGNATURE is no signed note")]
    Note(#[source] NoteError),
    /// `SIGNATURE` is over another pack.
    #[error("SIGNATURE is over another pack: it says `{stated}`, and this is `{expected}`")]
    Statement {
        /// What the note says.
        stated: String,
        /// What it ought to say.
        expected: String,
    },
    /// The key signed already.
    #[error("{key} has signed this pack already")]
    SignedAlready {
        /// The key's text.
        key: String,
    },
    /// A key of a kind that signs no packs.
    #[error("{key} is a key of kind {kind}; packs are signed with ed25519 or sm2-sm3")]
    KeyKind {
        /// The key's name.
        key: String,
        /// Its kind.
        kind: audit_proof::key::KeyKind,
    },
    /// The signer failed.
    #[error("the pack was not signed")]
    Sign(#[source] SignError),
}
