//! The container: a ZIP file in the one form an evidence package has.
//!
//! Deliberately less than ZIP allows, so that two readers cannot see two packages in the same bytes: files in ascending
//! order of their names, one behind the other from byte 0, each stored or deflated, then the directory, then its end;
//! no ZIP64, no encryption, no extra fields, no comments, no data descriptors, fixed dates. A file is inflated to the
//! length it states and not a byte further, and that length is bounded before anything is inflated.

use std::io::Read as _;

use flate2::{Crc, read::DeflateDecoder};

/// Signature of a local header.
pub const LOCAL: u32 = 0x0403_4b50;
/// Signature of a directory entry.
pub const CENTRAL: u32 = 0x0201_4b50;
/// Signature of the end of the directory.
pub const END: u32 = 0x0605_4b50;
/// Length of a local header without the name, in bytes.
pub const LOCAL_BYTES: usize = 30;
/// Length of a directory entry without the name, in bytes.
pub const CENTRAL_BYTES: usize = 46;
/// Length of the end, in bytes.
pub const END_BYTES: usize = 22;
/// Version of ZIP needed to read a package: 2.0, deflate.
pub const VERSION: u16 = 20;
/// The date of every file: 1980-01-01, the earliest that ZIP knows.
pub const DATE: u16 = 0x0021;
/// Method of a file that is not compressed.
pub const STORED: u16 = 0;
/// Method of a compressed file.
pub const DEFLATED: u16 = 8;

/// Longest package, in bytes.
pub const MAX_PACKAGE_BYTES: usize = 1 << 30;
/// Longest file in a package when it is inflated, in bytes.
pub const MAX_FILE_BYTES: u32 = 256 << 20;
/// Longest sum of all files when they are inflated, in bytes.
pub const MAX_TOTAL_BYTES: u64 = 1 << 30;
/// Most files: what the directory can count without ZIP64.
pub const MAX_FILES: usize = 65_534;
/// Longest name, in bytes.
pub const MAX_NAME_BYTES: usize = 160;

/// Why bytes are not the container of a package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZipError {
    /// Longer than any package may be.
    #[error("the file has {bytes} bytes, more than {MAX_PACKAGE_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The end of the directory is not where it must be, or says something that a package never says.
    #[error("the end of the directory is not that of a package: {what}")]
    End {
        /// What is wrong.
        what: &'static str,
    },
    /// A header is not in the one form.
    #[error("the header of {name} is not that of a package: {what}")]
    Header {
        /// The file, as far as it is known.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A name is not one a file of a package can have.
    #[error("the name at byte {offset} is not one a file of a package can have")]
    Name {
        /// Where the name stands.
        offset: usize,
    },
    /// Files are not in ascending order of their names, or a name is there twice.
    #[error("{name} is out of order or there twice")]
    Order {
        /// The file.
        name: String,
    },
    /// A file, or all together, would inflate to more than a package may hold.
    #[error("{name} would inflate to more than a package may hold")]
    TooLarge {
        /// The file at which the limit is passed.
        name: String,
    },
}

/// Why a file of the container cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    /// The compressed bytes are damaged, or give more or fewer bytes than stated.
    #[error("the compressed bytes are damaged")]
    Deflate,
    /// The checksum of the contents is not the one stated.
    #[error("the contents do not have the checksum stated")]
    Checksum,
}

/// A file of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name.
    pub name: &'a str,
    /// The bytes as they stand in the container.
    stored: &'a [u8],
    method: u16,
    crc: u32,
    size: u32,
}

/// A container whose structure is sound; contents are inflated when they are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zip<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Zip<'a> {
    /// Reads the structure of a container: every byte of it is accounted for.
    ///
    /// # Errors
    /// [`ZipError`] for anything that the writer of packages would not have written.
    pub fn read(bytes: &'a [u8]) -> Result<Self, ZipError> {
        if bytes.len() > MAX_PACKAGE_BYTES {
            return Err(ZipError::TooLong { bytes: bytes.len() });
        }
        let end = End::read(bytes)?;
        let (mut at, mut directory) = (0, end.directory);
        let mut members: Vec<Member<'a>> = Vec::with_capacity(end.count.min(1024));
        let mut total = 0_u64;
        for _ in 0..end.count {
            let member = read_member(bytes, end.directory, &mut at, &mut directory)?;
            if members.last().is_some_and(|last| last.name >= member.name) {
                let name = member.name.to_owned();
                return Err(ZipError::Order { name });
            }
            total += u64::from(member.size);
            if member.size > MAX_FILE_BYTES || total > MAX_TOTAL_BYTES {
                let name = member.name.to_owned();
                return Err(ZipError::TooLarge { name });
            }
            members.push(member);
        }
        if at != end.directory || directory != bytes.len() - END_BYTES {
            let what = "bytes that belong to no file";
            return Err(ZipError::End { what });
        }
        Ok(Self { members })
    }

    /// The files, in ascending order of their names.
    #[must_use]
    pub fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// The file of that name.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Member<'a>> {
        let place = self
            .members
            .binary_search_by_key(&name, |member| member.name);
        place.ok().map(|place| &self.members[place])
    }
}

impl Member<'_> {
    /// Length of the contents, in bytes, as stated; [`Member::contents`] has exactly as many.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::from(self.size)
    }

    /// The contents.
    ///
    /// # Errors
    /// Damage; never more than the stated length is inflated.
    pub fn contents(&self) -> Result<Vec<u8>, InflateError> {
        let size = self.size as usize;
        let contents = if self.method == STORED {
            self.stored.to_vec()
        } else {
            let mut contents = Vec::new();
            let mut decoder = DeflateDecoder::new(self.stored);
            let mut limited = (&mut decoder).take(u64::from(self.size) + 1);
            limited
                .read_to_end(&mut contents)
                .map_err(|_| InflateError::Deflate)?;
            // What follows the end of the stream would be read by nobody.
            if contents.len() != size || decoder.total_in() != self.stored.len() as u64 {
                return Err(InflateError::Deflate);
            }
            contents
        };
        let mut crc = Crc::new();
        crc.update(&contents);
        if crc.sum() != self.crc {
            return Err(InflateError::Checksum);
        }
        Ok(contents)
    }
}

/// The end of the directory.
struct End {
    count: usize,
    directory: usize,
}

impl End {
    fn read(bytes: &[u8]) -> Result<Self, ZipError> {
        let wrong = |what| ZipError::End { what };
        let start = bytes.len().checked_sub(END_BYTES);
        let start = start.ok_or_else(|| wrong("the file is too short"))?;
        let end = Fields(&bytes[start..]);
        if end.u32(0) != END || end.u16(20) != 0 {
            return Err(wrong("no end of a directory in the last 22 bytes"));
        }
        if end.u32(4) != 0 || end.u16(8) != end.u16(10) {
            return Err(wrong("more than one disk"));
        }
        let (count, length) = (usize::from(end.u16(8)), end.u32(12) as usize);
        let directory = end.u32(16) as usize;
        if count > MAX_FILES || directory.checked_add(length) != Some(start) {
            return Err(wrong("the directory is not where it is said to be"));
        }
        Ok(Self { count, directory })
    }
}

/// Reads one file's directory entry and header, and goes on behind both.
fn read_member<'a>(
    bytes: &'a [u8],
    files_end: usize,
    at: &mut usize,
    directory: &mut usize,
) -> Result<Member<'a>, ZipError> {
    let wrong = |name: &str, what| ZipError::Header {
        name: name.to_owned(),
        what,
    };
    let rest = bytes
        .get(*directory..bytes.len() - END_BYTES)
        .unwrap_or(&[]);
    if rest.len() < CENTRAL_BYTES {
        return Err(wrong("a file", "the directory is too short"));
    }
    let central = Fields(rest);
    let name_bytes = usize::from(central.u16(28));
    let offset = *directory + CENTRAL_BYTES;
    let name = rest.get(CENTRAL_BYTES..CENTRAL_BYTES + name_bytes);
    let name = name.and_then(name_of).ok_or(ZipError::Name { offset })?;
    let is_central = central.u32(0) == CENTRAL
        && central.u16(4) == VERSION
        && central.u16(6) == VERSION
        && central.u16(8) == 0
        && central.u16(12) == 0
        && central.u16(14) == DATE
        && central.u32(30) == 0
        && central.u16(34) == 0
        && central.u16(36) == 0
        && central.u32(38) == 0
        && central.u32(42) as usize == *at;
    if !is_central {
        return Err(wrong(name, "an entry of the directory in another form"));
    }
    let method = central.u16(10);
    let (stored_bytes, size) = (central.u32(20), central.u32(24));
    let fits = match method {
        STORED => stored_bytes == size,
        DEFLATED => true,
        _ => false,
    };
    if !fits {
        return Err(wrong(name, "a method or lengths that no package has"));
    }
    let header = bytes.get(*at..files_end).unwrap_or(&[]);
    if header.len() < LOCAL_BYTES + name_bytes {
        return Err(wrong(name, "it does not lie before the directory"));
    }
    let local = Fields(header);
    let is_same = local.u32(0) == LOCAL
        && header[4..28] == rest[6..30]
        && local.u16(28) == 0
        && header[LOCAL_BYTES..LOCAL_BYTES + name_bytes] == *name.as_bytes();
    if !is_same {
        return Err(wrong(name, "it does not say what the directory says"));
    }
    let start = LOCAL_BYTES + name_bytes;
    let stored = start
        .checked_add(stored_bytes as usize)
        .and_then(|end| header.get(start..end));
    let stored = stored.ok_or_else(|| wrong(name, "it does not lie before the directory"))?;
    *at += start + stored.len();
    *directory += CENTRAL_BYTES + name_bytes;
    Ok(Member {
        name,
        stored,
        method,
        crc: central.u32(16),
        size,
    })
}

/// A name that a file of a package can have: relative, plain characters, no way out of the package.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain)
    };
    name.len() <= MAX_NAME_BYTES && name.split('/').all(is_part)
}

fn name_of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok().filter(|name| is_name(name))
}

/// Numbers at fixed places of a header that is long enough, little-endian.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes([self.0[at], self.0[at + 1]])
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from(self.u16(at)) | u32::from(self.u16(at + 2)) << 16
    }
}
