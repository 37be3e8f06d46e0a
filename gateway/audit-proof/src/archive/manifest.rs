//! The manifest of an archive: what is in it, as lines of text, and what is signed of it.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{MANIFEST, NOTE};
use crate::{hash::Hash, note::Note, suite::Suite};

/// The first line.
const HEAD: &str = "lawgate-archive/v1";

/// Longest manifest read, in bytes.
pub(super) const MAX_BYTES: u64 = 64 << 20;

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedFile {
    /// Its path within the archive, with slashes.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub sha256: Hash,
    /// SM3 of its content (国密).
    pub sm3: Hash,
}

/// What an archive says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The name of the log.
    pub origin: String,
    /// Position of the first entry.
    pub from: u64,
    /// Position behind the last entry.
    pub to: u64,
    /// Size of the log at the checkpoint.
    pub size: u64,
    /// Its root there.
    pub root: Hash,
    /// When the archive was made, in seconds since 1970.
    pub made_s: u64,
    /// Proof that the log of `size` entries grew from that of `to` (RFC 6962 §2.1.2); empty when they are one.
    pub consistency: Vec<Hash>,
    /// Every file besides the manifest and its note, by path.
    pub files: Vec<ArchivedFile>,
}

/// Why bytes are no manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A line is not what it has to be at its place.
    #[error("line {line} of the manifest is not as it must be")]
    Line {
        /// The line, from 1.
        line: usize,
    },
    /// It is well-formed and not spelled as it is written here.
    #[error("the manifest is not spelled as manifests are")]
    Spelling,
}

impl Manifest {
    /// Reads a manifest; exactly what [`Manifest::to_text`] writes is taken.
    ///
    /// # Errors
    /// [`ManifestError`] with the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let mut reader = Lines {
            lines: text.lines(),
            line: 0,
        };
        if reader.next()? != HEAD {
            return Err(reader.wrong());
        }
        let origin = reader.value("origin ")?.to_owned();
        let range = reader.value("range ")?.split_once(' ');
        let (from, to) = range.ok_or_else(|| reader.wrong())?;
        let (from, to) = (reader.number(from)?, reader.number(to)?);
        let tree = reader.value("tree ")?.split_once(' ');
        let (size, root) = tree.ok_or_else(|| reader.wrong())?;
        let (size, root) = (reader.number(size)?, reader.base64(root)?);
        let made_s = reader.value("made ")?;
        let made_s = reader.number(made_s)?;
        let (mut consistency, mut files) = (Vec::new(), Vec::new());
        while let Ok(line) = reader.next() {
            if let Some(hash) = line
                .strip_prefix("consistency ")
                .filter(|_| files.is_empty())
            {
                consistency.push(reader.base64(hash)?);
            } else if let Some(file) = line.strip_prefix("file ") {
                files.push(reader.file(file)?);
            } else {
                return Err(reader.wrong());
            }
        }
        let manifest = Self {
            origin,
            from,
            to,
            size,
            root,
            made_s,
            consistency,
            files,
        };
        let paths = manifest.files.iter().map(|file| file.path.as_str());
        let is_ascending = paths.is_sorted_by(|before, after| before < after);
        if !is_ascending || from >= to || to > size || manifest.to_text() != text {
            return Err(ManifestError::Spelling);
        }
        Ok(manifest)
    }

    /// Returns the text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "{HEAD}\norigin {}\nrange {} {}\ntree {} {}\nmade {}\n",
            self.origin,
            self.from,
            self.to,
            self.size,
            STANDARD.encode(self.root),
            self.made_s
        );
        for hash in &self.consistency {
            text.push_str(&format!("consistency {}\n", STANDARD.encode(hash)));
        }
        for file in &self.files {
            let (sha256, sm3) = (hex(&file.sha256), hex(&file.sm3));
            text.push_str(&format!(
                "file {} {sha256} {sm3} {}\n",
                file.bytes, file.path
            ));
        }
        text
    }

    /// Returns what is signed of this manifest.
    #[must_use]
    pub fn signed(&self) -> SignedManifest {
        let text = self.to_text();
        SignedManifest {
            origin: self.origin.clone(),
            from: self.from,
            to: self.to,
            sha256: Suite::Sha256.hash(text.as_bytes()),
            sm3: Suite::Sm3.hash(text.as_bytes()),
        }
    }
}

/// What the log's key signs: a note whose first line no checkpoint of the log has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedManifest {
    /// The name of the log.
    pub origin: String,
    /// Position of the first entry.
    pub from: u64,
    /// Position behind the last entry.
    pub to: u64,
    /// SHA-256 of the manifest.
    pub sha256: Hash,
    /// SM3 of it.
    pub sm3: Hash,
}

impl SignedManifest {
    /// Returns the text of the note.
    #[must_use]
    pub fn to_text(&self) -> String {
        let Self {
            origin, from, to, ..
        } = self;
        let (sha256, sm3) = (hex(&self.sha256), hex(&self.sm3));
        format!("{origin}/archive\n{from} {to}\nsha256 {sha256}\nsm3 {sm3}\n")
    }

    /// Whether a note is over exactly this; its signatures are not judged.
    #[must_use]
    pub fn is_of(&self, note: &Note) -> bool {
        note.text() == self.to_text()
    }
}

/// Whether a path may stand in a manifest: names of plain characters, none of them hidden or going up.
#[must_use]
pub fn check_path(path: &str) -> bool {
    let is_name = |name: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain)
    };
    path.len() <= 255 && path.split('/').all(is_name) && ![MANIFEST, NOTE].contains(&path)
}

/// Lines with their numbers.
struct Lines<'t> {
    lines: std::str::Lines<'t>,
    line: usize,
}

impl<'t> Lines<'t> {
    fn next(&mut self) -> Result<&'t str, ManifestError> {
        self.line += 1;
        self.lines.next().ok_or_else(|| self.wrong())
    }

    fn wrong(&self) -> ManifestError {
        ManifestError::Line { line: self.line }
    }

    fn value(&mut self, name: &str) -> Result<&'t str, ManifestError> {
        let line = self.next()?;
        line.strip_prefix(name).ok_or_else(|| self.wrong())
    }

    fn number(&self, text: &str) -> Result<u64, ManifestError> {
        text.parse().map_err(|_| self.wrong())
    }

    fn base64(&self, text: &str) -> Result<Hash, ManifestError> {
        let bytes = STANDARD.decode(text).map_err(|_| self.wrong())?;
        bytes.try_into().map_err(|_| self.wrong())
    }

    fn file(&self, text: &str) -> Result<ArchivedFile, ManifestError> {
        let mut parts = text.splitn(4, ' ');
        let mut part = || parts.next().ok_or_else(|| self.wrong());
        let file = ArchivedFile {
            bytes: self.number(part()?)?,
            sha256: self.hex(part()?)?,
            sm3: self.hex(part()?)?,
            path: part()?.to_owned(),
        };
        if check_path(&file.path) {
            Ok(file)
        } else {
            Err(self.wrong())
        }
    }

    fn hex(&self, text: &str) -> Result<Hash, ManifestError> {
        let mut hash = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != hash.len() || !rest.is_empty() {
            return Err(self.wrong());
        }
        for (byte, pair) in hash.iter_mut().zip(pairs) {
            let digits = std::str::from_utf8(pair).map_err(|_| self.wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| self.wrong())?;
        }
        Ok(hash)
    }
}

fn hex(hash: &Hash) -> String {
    hash.iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
