//! A signer whose private key is in a file that only its owner can read.
//!
//! Reads the file once and keeps the key in memory. A file that others can read is refused, because such a key proves
//! nothing about who signed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use audit_proof::key::{KeyError, KeyKind, VerifierKey};
use audit_proof::signer::{SignError, Signer};
use zeroize::Zeroizing;

use crate::generate::Generated;
use crate::private_key::{PrivateKey, PrivateKeyError};

/// Longest key file read, in bytes; the longest of our kinds has 300.
const MAX_KEY_FILE_BYTES: u64 = 16 << 10;

/// Permission bits that a key file must not have: those of group and others.
const FORBIDDEN_MODE: u32 = 0o077;

/// Signs with a private key that was read from a file.
#[derive(Debug)]
pub struct FileSigner {
    private: PrivateKey,
    key: VerifierKey,
}

/// Why a key file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file could not be opened, read or written.
    #[error("the key file {} could not be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// It is a folder or device.
    #[error("{} is no regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Group or others have a right to the file; mode 0600 is what it ought to have.
    #[error("the key file {} has mode {mode:04o}; give it 0600", path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is not text, or longer than any key.
    #[error("the key file {} is too long or not text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// The text is no private key of the kind asked for.
    #[error("the private key of {name} cannot be read")]
    Private {
        /// Name that the key was to have.
        name: String,
        /// What is wrong.
        #[source]
        cause: PrivateKeyError,
    },
    /// The name cannot name a key.
    #[error("no key can have the name {name}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong.
        #[source]
        cause: KeyError,
    },
}

impl FileSigner {
    /// Reads the private key of `kind` in the file `path`; its signatures bear `name`.
    ///
    /// # Errors
    /// Every variant names the file or the key; none says anything of the private key.
    pub fn load(path: &Path, name: &str, kind: KeyKind) -> Result<Self, KeyFileError> {
        let pem = read_private(path)?;
        Self::from_pem(name, kind, &pem)
    }

    /// Takes the private key of `kind` from its PEM text; its signatures bear `name`.
    ///
    /// # Errors
    /// [`KeyFileError::Private`] and [`KeyFileError::Name`].
    pub fn from_pem(name: &str, kind: KeyKind, pem: &str) -> Result<Self, KeyFileError> {
        let private = PrivateKey::from_pem(kind, pem).map_err(|cause| KeyFileError::Private {
            name: name.to_owned(),
            cause,
        })?;
        let key = VerifierKey::new(name, kind, &private.public()).map_err(|cause| {
            KeyFileError::Name {
                name: name.to_owned(),
                cause,
            }
        })?;
        Ok(Self { private, key })
    }
}

impl Signer for FileSigner {
    fn key(&self) -> &VerifierKey {
        &self.key
    }

    fn sign(&self, text: &str, time_s: u64) -> Result<Vec<u8>, SignError> {
        let key = || self.key.name().to_owned();
        let message = self
            .key
            .message(text, time_s)
            .map_err(|cause| SignError::Message { key: key(), cause })?;
        let signature = self
            .private
            .sign(self.key.kind(), &message)
            .map_err(|cause| SignError::Key {
                key: key(),
                cause: Box::new(cause),
            })?;
        Ok(self.key.with_time(time_s, &signature))
    }
}

/// Writes the private text of a new key to the new file `path` with mode 0600, durably.
///
/// # Errors
/// [`KeyFileError::File`]; an existing file is never overwritten.
pub fn write_key_file(path: &Path, generated: &Generated) -> Result<(), KeyFileError> {
    let write = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(generated.private_text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|cause| KeyFileError::File {
        path: path.to_owned(),
        cause,
    })
}

/// Reads a file that only its owner may read.
fn read_private(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
    let failed = |cause| KeyFileError::File {
        path: path.to_owned(),
        cause,
    };
    let not_text = || KeyFileError::NotText {
        path: path.to_owned(),
    };
    let file = File::open(path).map_err(failed)?;
    // Of the open file, not of the path, which could be another file by now.
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotAFile {
            path: path.to_owned(),
        });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & FORBIDDEN_MODE != 0 {
        return Err(KeyFileError::Permissions {
            path: path.to_owned(),
            mode,
        });
    }
    if metadata.len() > MAX_KEY_FILE_BYTES {
        return Err(not_text());
    }
    // With room for the whole file, so that no copy of it stays behind in a buffer outgrown.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_KEY_FILE_BYTES as usize + 1));
    file.take(MAX_KEY_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| not_text())?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(test)]
mod tests;
