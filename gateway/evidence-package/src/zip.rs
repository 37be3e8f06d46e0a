//! Writing the container, in the one form that [`package_proof::zip`] reads.
//!
//! Every file is deflated at the highest level and stored where that is not shorter; names ascend, dates are fixed.

use std::{collections::BTreeMap, io::Write as _};

use flate2::{Compression, Crc, write::DeflateEncoder};
use package_proof::zip::{
    CENTRAL, DATE, DEFLATED, END, LOCAL, MAX_FILE_BYTES, MAX_FILES, MAX_PACKAGE_BYTES,
    MAX_TOTAL_BYTES, STORED, VERSION, is_name,
};

use crate::ComposeError;

/// Writes files as one container.
///
/// # Errors
/// [`ComposeError::TooLarge`] when it would be more than a reader takes.
pub fn write(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ComposeError> {
    write_with(files, deflate)
}

/// Writes files as one container, none of them compressed.
///
/// # Errors
/// As [`write`].
pub(crate) fn write_stored(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, ComposeError> {
    write_with(files, <[u8]>::to_vec)
}

fn write_with(
    files: &BTreeMap<String, Vec<u8>>,
    compress: impl Fn(&[u8]) -> Vec<u8>,
) -> Result<Vec<u8>, ComposeError> {
    let total: u64 = files.values().map(|contents| contents.len() as u64).sum();
    let is_too_long = |contents: &Vec<u8>| contents.len() > MAX_FILE_BYTES as usize;
    if files.len() > MAX_FILES || total > MAX_TOTAL_BYTES || files.values().any(is_too_long) {
        return Err(ComposeError::TooLarge);
    }
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, contents) in files {
        if !is_name(name) {
            return Err(ComposeError::Name(name.clone()));
        }
        let deflated = compress(contents);
        let (method, stored) = match deflated.len() < contents.len() {
            true => (DEFLATED, deflated.as_slice()),
            false => (STORED, contents.as_slice()),
        };
        let mut crc = Crc::new();
        crc.update(contents);
        let mut shared = Vec::with_capacity(26);
        for number in [VERSION, 0, method, 0, DATE] {
            shared.extend(number.to_le_bytes());
        }
        for number in [crc.sum(), length(stored), length(contents)] {
            shared.extend(number.to_le_bytes());
        }
        shared.extend(u16::try_from(name.len()).unwrap_or(0).to_le_bytes());
        let offset = length(&out);
        out.extend(LOCAL.to_le_bytes());
        out.extend(&shared);
        out.extend([0, 0]);
        out.extend(name.as_bytes());
        out.extend(stored);
        directory.extend(CENTRAL.to_le_bytes());
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&shared);
        // No extra field, no comment, first disk, no attributes.
        directory.extend([0; 12]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
        if out.len() + directory.len() > MAX_PACKAGE_BYTES - 22 {
            return Err(ComposeError::TooLarge);
        }
    }
    let count = u16::try_from(files.len()).map_err(|_| ComposeError::TooLarge)?;
    let (start, bytes) = (length(&out), length(&directory));
    out.extend(directory);
    out.extend(END.to_le_bytes());
    out.extend([0; 4]);
    out.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    out.extend([bytes.to_le_bytes(), start.to_le_bytes()].concat());
    out.extend([0; 2]);
    Ok(out)
}

/// Length of what was checked to be shorter than [`MAX_PACKAGE_BYTES`].
fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

fn deflate(contents: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(contents);
    encoder.finish().unwrap_or_default()
}
