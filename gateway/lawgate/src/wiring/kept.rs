//! Components and configurations by digest, in `adapters/sha256` of the data folder.
//!
//! What an entry names stays, whatever is installed later: a replay needs the very bytes. Files are
//! written whole, synchronised and renamed before an entry names them, and nothing removes them.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::output::hex;

/// What is kept under a digest.
pub(crate) enum KeptFile {
    /// The bytes; they have the digest.
    Whole(Vec<u8>),
    /// Nothing.
    Missing(PathBuf),
    /// Bytes with another digest.
    Altered {
        /// The file.
        path: PathBuf,
        /// Their digest.
        found: [u8; 32],
    },
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

fn path(data: &Path, digest: &[u8; 32]) -> PathBuf {
    data.join("adapters").join("sha256").join(hex(digest))
}

/// Reads what is kept under `digest` and hashes it.
pub(crate) fn kept_file(data: &Path, digest: &[u8; 32]) -> KeptFile {
    let path = path(data, digest);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return KeptFile::Missing(path),
        Err(cause) => return KeptFile::Unreadable { path, cause },
    };
    let found: [u8; 32] = Sha256::digest(&bytes).into();
    match found == *digest {
        true => KeptFile::Whole(bytes),
        false => KeptFile::Altered { path, found },
    }
}

/// Keeps `bytes` under their digest; durable when it returns. A file that was altered is replaced.
///
/// # Errors
/// The disk's.
pub(crate) fn keep_file(data: &Path, bytes: &[u8]) -> io::Result<()> {
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    if matches!(kept_file(data, &digest), KeptFile::Whole(_)) {
        return Ok(());
    }
    let path = path(data, &digest);
    let folder = data.join("adapters").join("sha256");
    fs::create_dir_all(&folder)?;
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    for folder in [folder.as_path(), &data.join("adapters"), data] {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_by_its_digest_and_a_changed_byte_is_noticed() {
        let data = tempfile::tempdir().expect("folder");
        let digest: [u8; 32] = Sha256::digest(b"component").into();
        assert!(matches!(kept_file(data.path(), &digest), KeptFile::Missing(_)));
        keep_file(data.path(), b"component").expect("keeps");
        keep_file(data.path(), b"component").expect("keeps it once");
        assert!(matches!(kept_file(data.path(), &digest), KeptFile::Whole(bytes) if bytes == b"component"));
        fs::write(path(data.path(), &digest), b"componenT").expect("writes");
        assert!(matches!(kept_file(data.path(), &digest), KeptFile::Altered { .. }));
        keep_file(data.path(), b"component").expect("mends");
        assert!(matches!(kept_file(data.path(), &digest), KeptFile::Whole(_)));
    }
}
