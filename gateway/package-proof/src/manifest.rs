//! The list (清单): every file of a package with its length, its SHA-256 and its SM3.
//!
//! A CSV file that a spreadsheet opens, in the columns that 2016 规定 art. 14 names: number, file, category (类别), file
//! format (文件格式), length and integrity values (完整性校验值). It lists every file but itself and the seal; the seal is
//! the entry of the log that states the SHA-256 of this list.

use std::fmt;

use audit_proof::{
    hash::{Hash, to_hex},
    suite::Suite,
};

use crate::path;

/// Name of the list in a package.
pub const MANIFEST: &str = "manifest.csv";

/// What a spreadsheet recognises UTF-8 by; the list begins with it.
const MARK: &str = "\u{feff}";

/// The first line.
const HEADER: &str = "no 序号,file 文件,category 类别,format 文件格式,bytes 字节数,sha256 SHA-256校验值,sm3 SM3校验值";

/// One file of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Name of the file.
    pub file: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of its contents.
    pub sha256: Hash,
    /// SM3 of its contents.
    pub sm3: Hash,
}

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Its lines, in ascending order of the names.
    pub lines: Vec<Line>,
}

/// Why bytes are not a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the list is not in its one form")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: usize,
}

impl Line {
    /// Lists a file by its contents.
    #[must_use]
    pub fn of(file: &str, contents: &[u8]) -> Self {
        Self {
            file: file.to_owned(),
            bytes: contents.len() as u64,
            sha256: Suite::Sha256.hash(contents),
            sm3: Suite::Sm3.hash(contents),
        }
    }
}

impl Manifest {
    /// Reads a list; writing it again gives `bytes`.
    ///
    /// # Errors
    /// The first line that is not as the writer writes it.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let wrong = |line| ManifestError { line };
        let text = std::str::from_utf8(bytes).map_err(|_| wrong(1))?;
        let body = text
            .strip_prefix(MARK)
            .and_then(|text| text.strip_prefix(HEADER));
        let body = body
            .and_then(|text| text.strip_prefix('\n'))
            .ok_or(wrong(1))?;
        let mut lines: Vec<Line> = Vec::new();
        for (index, line) in body.split_inclusive('\n').enumerate() {
            let read = line
                .strip_suffix('\n')
                .and_then(|line| parse_line(index + 1, line));
            let read = read.filter(|read| lines.last().is_none_or(|last| last.file < read.file));
            lines.push(read.ok_or(wrong(index + 2))?);
        }
        let manifest = Self { lines };
        match manifest.to_string().as_bytes() == bytes {
            true => Ok(manifest),
            false => Err(wrong(1)),
        }
    }

    /// The line of a file.
    #[must_use]
    pub fn line(&self, file: &str) -> Option<&Line> {
        let place = self
            .lines
            .binary_search_by_key(&file, |line| line.file.as_str());
        place.ok().map(|place| &self.lines[place])
    }
}

fn parse_line(number: usize, line: &str) -> Option<Line> {
    let columns: Vec<&str> = line.split(',').collect();
    let [stated, file, _, _, bytes, sha256, sm3] = columns[..] else {
        return None;
    };
    (stated.parse() == Ok(number)).then_some(())?;
    Some(Line {
        file: file.to_owned(),
        bytes: bytes.parse().ok()?,
        sha256: hash(sha256)?,
        sm3: hash(sm3)?,
    })
}

/// Reads a hash in lower-case hexadecimal.
#[must_use]
pub fn hash(text: &str) -> Option<Hash> {
    let mut hash = [0; 32];
    if text.len() != 64 || !text.is_ascii() || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    // A sign would be read as a digit.
    (to_hex(&hash) == text).then_some(hash)
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MARK}{HEADER}")?;
        for (index, line) in self.lines.iter().enumerate() {
            let (category, format) = path::described(&line.file);
            let (sha256, sm3) = (to_hex(&line.sha256), to_hex(&line.sm3));
            let (number, file, bytes) = (index + 1, &line.file, line.bytes);
            writeln!(
                f,
                "{number},{file},{category},{format},{bytes},{sha256},{sm3}"
            )?;
        }
        Ok(())
    }
}
