//! The archive of a pack: a tar file with exactly one form.
//!
//! POSIX ustar (IEEE 1003.1, pax, "ustar interchange format"), so that any
//! `tar` lists and unpacks it; but of all ways to write the same files only
//! one is accepted: regular files in order of their names, fixed owner, mode
//! and time, no extension, zero padding, two zero blocks and nothing after
//! them. What reads is therefore what was written, byte for byte, and no other
//! reader can see other files in the same bytes.

use super::PackError;

/// Size of a header and of what contents are padded to, in bytes.
const BLOCK: usize = 512;

/// Longest name of a file, in bytes: the field of a header without its prefix.
pub(super) const NAME_BYTES: usize = 100;

/// Largest content of a file, in bytes: eleven octal digits.
const CONTENT_BYTES: usize = 0o77_777_777_777;

/// A file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// Path in the archive, with `/`.
    pub(super) name: String,
    /// Its bytes.
    pub(super) content: Vec<u8>,
}

/// Bounds of reading an archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Most files.
    pub(super) files: usize,
    /// Most bytes of one file.
    pub(super) file_bytes: usize,
}

/// Writes files, which are in order of their names, as an archive.
pub(super) fn write(files: &[File]) -> Vec<u8> {
    let contents: usize = files
        .iter()
        .map(|file| file.content.len() + 2 * BLOCK)
        .sum();
    let mut bytes = Vec::with_capacity(contents + 2 * BLOCK);
    for file in files {
        bytes.extend_from_slice(&header(&file.name, file.content.len()));
        bytes.extend_from_slice(&file.content);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

/// Reads an archive that [`write`] could have written.
pub(super) fn read(bytes: &[u8], bounds: Bounds) -> Result<Vec<File>, PackError> {
    let mut files: Vec<File> = Vec::new();
    let mut rest = bytes;
    let offset = |rest: &[u8]| bytes.len() - rest.len();
    loop {
        let at = offset(rest);
        let (block, after) = rest
            .split_first_chunk::<BLOCK>()
            .ok_or(PackError::Truncated { offset: at })?;
        if block.iter().all(|byte| *byte == 0) {
            let is_zero = after.iter().all(|byte| *byte == 0);
            return match after.len() {
                BLOCK if is_zero => Ok(files),
                ..BLOCK => Err(PackError::Truncated {
                    offset: bytes.len(),
                }),
                _ => Err(PackError::Trailing {
                    offset: offset(after),
                }),
            };
        }
        let (name, size) = parse(block, at)?;
        if files.len() == bounds.files {
            return Err(PackError::TooManyFiles {
                limit: bounds.files,
            });
        }
        if size > bounds.file_bytes {
            return Err(PackError::FileTooLarge {
                name,
                bytes: size,
                limit: bounds.file_bytes,
            });
        }
        if files.last().is_some_and(|last| last.name >= name) {
            return Err(PackError::Order { name });
        }
        let padded = size.next_multiple_of(BLOCK);
        if after.len() < padded {
            return Err(PackError::Truncated {
                offset: bytes.len(),
            });
        }
        let (content, next) = after.split_at(padded);
        let (content, padding) = content.split_at(size);
        if padding.iter().any(|byte| *byte != 0) {
            return Err(PackError::Padding { name });
        }
        files.push(File {
            name,
            content: content.to_vec(),
        });
        rest = next;
    }
}

/// Whether a name may stand in an archive: parts of letters, digits, `.`, `_` and `-`, none beginning with a dot.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_part =
        |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(is_plain);
    name.len() <= NAME_BYTES && name.split('/').all(is_part)
}

/// The one header of a file with this name and size.
fn header(name: &str, size: usize) -> [u8; BLOCK] {
    let mut block = [0_u8; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    let sum: u32 = block.iter().copied().map(u32::from).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Name and size of a header, which must be the one header they have.
fn parse(block: &[u8; BLOCK], offset: usize) -> Result<(String, usize), PackError> {
    let field = &block[..NAME_BYTES];
    let end = field
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(NAME_BYTES);
    let name = std::str::from_utf8(&field[..end])
        .ok()
        .filter(|name| is_name(name))
        .ok_or(PackError::Name { offset })?;
    let size = std::str::from_utf8(&block[124..135])
        .ok()
        .filter(|digits| digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit)))
        .and_then(|digits| usize::from_str_radix(digits, 8).ok())
        .filter(|size| *size <= CONTENT_BYTES)
        .ok_or(PackError::Header { offset })?;
    if header(name, size) != *block {
        return Err(PackError::Header { offset });
    }
    Ok((name.to_owned(), size))
}
