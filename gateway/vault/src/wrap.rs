//! The key of the keys (密钥加密密钥): the seam behind which it may lie in a file or in a token.
//!
//! Data keys lie on the disk wrapped, and are unwrapped one by one. Whoever keeps the key of keys in a PKCS#11 token
//! implements [`Wrapper`] over its AES key wrapping; nothing else changes.

use std::fmt::Debug;
use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::key::{KEY_BYTES, Key, fill_random};
use crate::sealed::{NONCE_BYTES, TAG_BYTES, decrypt, encrypt};

/// Bytes of a wrapped key: nonce, key, tag.
pub const WRAPPED_BYTES: usize = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/// A wrapped key.
pub type Wrapped = [u8; WRAPPED_BYTES];

/// A key that could not be wrapped or unwrapped.
#[derive(Debug, thiserror::Error)]
pub enum WrapError {
    /// It was wrapped by another key, or for another place, or is damaged.
    #[error("the key was wrapped by another key, or is damaged")]
    Refused,
    /// The holder of the key of keys failed.
    #[error("the holder of the key of keys failed")]
    Holder(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Wraps and unwraps data keys. Called from several threads; deterministic for unwrapping.
pub trait Wrapper: Debug + Send + Sync {
    /// Wraps `key` for the place that `place` describes.
    ///
    /// # Errors
    /// [`WrapError::Holder`].
    fn wrap(&self, place: &[u8], key: &Key) -> Result<Wrapped, WrapError>;

    /// Unwraps a key of that place.
    ///
    /// # Errors
    /// [`WrapError::Refused`] for anything that was not wrapped by this key for this place.
    fn unwrap(&self, place: &[u8], wrapped: &Wrapped) -> Result<Key, WrapError>;
}

/// A key of keys that was read from a file.
#[derive(Debug)]
pub struct FileKey(Key);

/// First line of a key file.
const HEADING: &str = "lawgate-vault-key/v1";

/// Why a key file was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file could not be opened, read or written.
    #[error("the vault key {} could not be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// Group or others have a right to the file.
    #[error("the vault key {} has mode {mode:04o}; give it 0600", path.display())]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// It is no key file.
    #[error("{} is no vault key: expected the line {HEADING} and 64 hexadecimal digits", path.display())]
    Form {
        /// The file.
        path: PathBuf,
    },
}

impl FileKey {
    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Key::from_bytes(bytes))
    }

    /// Reads the key in the file `path`, which only its owner may read.
    ///
    /// # Errors
    /// [`KeyFileError`]; none says anything of the key.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let failed = |cause| KeyFileError::File {
            path: path.to_owned(),
            cause,
        };
        let file = std::fs::File::open(path).map_err(failed)?;
        let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Permissions {
                path: path.to_owned(),
                mode,
            });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(1024).read_to_string(&mut text).map_err(failed)?;
        let key = parse(&text).ok_or_else(|| KeyFileError::Form {
            path: path.to_owned(),
        })?;
        Ok(Self(key))
    }

    /// Writes a new key to the file `path`, which must not exist, for its owner alone.
    ///
    /// # Errors
    /// [`KeyFileError::File`], also when there is such a file.
    pub fn create(path: &Path) -> Result<Self, KeyFileError> {
        let failed = |cause| KeyFileError::File {
            path: path.to_owned(),
            cause,
        };
        let text = generate().map_err(|error| failed(io::Error::other(error)))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        Ok(Self(parse(&text).expect("it was just written")))
    }
}

/// The text of a new key file.
///
/// # Errors
/// [`crate::RandomError`] when the system has no random bytes.
pub fn generate() -> Result<Zeroizing<String>, crate::RandomError> {
    use std::fmt::Write as _;
    let key = Key::random()?;
    let mut text = Zeroizing::new(format!("{HEADING}\n"));
    for byte in key.bytes() {
        write!(text, "{byte:02x}").expect("a text takes any text");
    }
    text.push('\n');
    Ok(text)
}

fn parse(text: &str) -> Option<Key> {
    let digits = text.strip_prefix(HEADING)?.trim();
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    if digits.len() != 2 * KEY_BYTES || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(Key::from_bytes(*bytes))
}

impl Wrapper for FileKey {
    fn wrap(&self, place: &[u8], key: &Key) -> Result<Wrapped, WrapError> {
        let mut nonce = [0; NONCE_BYTES];
        fill_random(&mut nonce).map_err(|error| WrapError::Holder(error.into()))?;
        let sealed = encrypt(&self.0, nonce, place, key.bytes());
        let mut wrapped = [0; WRAPPED_BYTES];
        wrapped[..NONCE_BYTES].copy_from_slice(&nonce);
        wrapped[NONCE_BYTES..].copy_from_slice(&sealed);
        Ok(wrapped)
    }

    fn unwrap(&self, place: &[u8], wrapped: &Wrapped) -> Result<Key, WrapError> {
        let (nonce, sealed) = wrapped.split_first_chunk().expect("it is longer");
        let plain = decrypt(&self.0, *nonce, place, sealed).ok_or(WrapError::Refused)?;
        let bytes: [u8; KEY_BYTES] = plain
            .as_slice()
            .try_into()
            .map_err(|_| WrapError::Refused)?;
        Ok(Key::from_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_unwrapped_at_its_own_place_by_its_own_wrapper_only() {
        let (kek, key) = (FileKey::from_bytes([1; 32]), Key::random().unwrap());
        let wrapped = kek.wrap(b"slot 5", &key).unwrap();
        assert_eq!(kek.unwrap(b"slot 5", &wrapped).unwrap(), key);
        assert!(kek.unwrap(b"slot 6", &wrapped).is_err());
        let other = FileKey::from_bytes([2; 32]);
        assert!(other.unwrap(b"slot 5", &wrapped).is_err());
    }

    #[test]
    fn a_key_file_is_made_once_and_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/vault.key");
        let made = FileKey::create(&path).unwrap();
        assert_eq!(FileKey::load(&path).unwrap().0, made.0);
        assert!(matches!(
            FileKey::create(&path),
            Err(KeyFileError::File { .. })
        ));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let refused = FileKey::load(&path).unwrap_err();
        assert!(refused.to_string().ends_with("has mode 0640; give it 0600"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "",
            "lawgate-vault-key/v1\n",
            "00",
            "lawgate-vault-key/v1\nzz",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
        let short = format!("{HEADING}\n{}\n", "0".repeat(63));
        assert!(parse(&short).is_none());
    }
}
