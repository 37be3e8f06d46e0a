//! Components and configurations by digest, read from `adapters/sha256` of a data folder.
//!
//! The registry puts them there before an entry names them, and nothing removes them: a replay needs
//! the very bytes. What is wrong with a file is told apart, because a replay names it.

use std::fs;
use std::io;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_by_its_digest_and_a_changed_byte_is_noticed() {
        let data = tempfile::tempdir().expect("folder");
        let digest: [u8; 32] = Sha256::digest(b"component").into();
        let found = || kept_file(data.path(), &digest);
        assert!(matches!(found(), KeptFile::Missing(_)));
        let path = path(data.path(), &digest);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(&path, b"component").expect("writes");
        assert!(matches!(found(), KeptFile::Whole(bytes) if bytes == b"component"));
        fs::write(&path, b"componenT").expect("writes");
        assert!(matches!(found(), KeptFile::Altered { .. }));
    }
}
