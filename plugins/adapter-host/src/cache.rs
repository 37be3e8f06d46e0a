//! The cache of native code, and the one place that loads native code.
//!
//! A file is a MAC (HMAC-SHA256, 32 bytes) and the code. The MAC covers the
//! file's name, which names the component and the version of native code; so
//! neither a changed byte nor a renamed file is loaded. A file is
//! read whole into memory, verified there, and loaded from that same memory:
//! what changes on disk between verification and loading changes nothing. The
//! copy costs a third of a millisecond for an adapter in Rust, at install only.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::Engine;
use wasmtime::component::Component;

/// Bytes of the MAC at the start of a file.
const MAC_BYTES: usize = 32;

/// Separates these MACs from whatever else the key may ever be used for.
const DOMAIN: &[u8] = b"lawgate native code of an adapter, version 1\n";

/// Native code that we compiled, in this process or in one that had the key.
pub(crate) struct Authenticated(Vec<u8>);

impl Authenticated {
    /// Loads the code. An error means that it does not fit this engine's sandboxes.
    #[expect(
        unsafe_code,
        reason = "native code is trusted by its MAC, which was verified"
    )]
    pub(crate) fn load(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: the bytes are what our compiler made and nothing else: they
        // come from it directly or carry its MAC, verified over this very
        // buffer, which nobody else can write. The engine itself refuses code
        // made by another version or with other settings.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}

/// What the cache has under a name.
pub(crate) enum Found {
    /// Code that we wrote.
    Authentic(Authenticated),
    /// Nothing.
    Nothing,
    /// A file that we did not write, or not like this.
    Tampered,
}

/// The cache in a folder.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    key: Key,
}

/// The MAC key; never printed.
struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A step of the cache that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {step} {}", path.display())]
pub struct CacheError {
    /// What was attempted: `create`, `read`, `write`, `rename`.
    pub step: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// The system's reason.
    #[source]
    pub cause: io::Error,
}

impl Cache {
    /// Opens the cache; creates its folder for the owner alone.
    pub(crate) fn open(folder: &Path, key: [u8; 32]) -> Result<Self, CacheError> {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        created.map_err(failed("create", folder))?;
        Ok(Self {
            folder: folder.to_owned(),
            key: Key(key),
        })
    }

    /// Reads and verifies what is there under `name`.
    pub(crate) fn read(&self, name: &str) -> Result<Found, CacheError> {
        let path = self.folder.join(name);
        let mut content = match fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(cause) => return Err(failed("read", &path)(cause)),
        };
        if content.len() < MAC_BYTES {
            return Ok(Found::Tampered);
        }
        let native = content.split_off(MAC_BYTES);
        let is_ours = self.mac(name, &native).verify_slice(&content).is_ok();
        Ok(if is_ours {
            Found::Authentic(Authenticated(native))
        } else {
            Found::Tampered
        })
    }

    /// Keeps what the compiler made, replacing what was there.
    pub(crate) fn write(&self, name: &str, native: Vec<u8>) -> Result<Authenticated, CacheError> {
        let path = self.folder.join(name);
        // Another process may install the same component at the same time.
        let draft = self
            .folder
            .join(format!("{name}.{}.draft", std::process::id()));
        let mac = self.mac(name, &native).finalize().into_bytes();
        write_draft(&draft, &[&mac, &native]).map_err(failed("write", &draft))?;
        fs::rename(&draft, &path).map_err(failed("rename", &draft))?;
        Ok(Authenticated(native))
    }

    fn mac(&self, name: &str, native: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key.0)
            .expect("HMAC-SHA256 takes keys of every length");
        mac.update(DOMAIN);
        // The name has no line break, so it cannot run into the code.
        mac.update(name.as_bytes());
        mac.update(b"\n");
        mac.update(native);
        mac
    }
}

fn failed(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CacheError {
    let path = path.to_owned();
    move |cause| CacheError { step, path, cause }
}

fn write_draft(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    for part in parts {
        file.write_all(part)?;
    }
    // A torn file after a power failure would only be compiled again, but it
    // would also be reported as tampered with.
    file.sync_all()
}

#[cfg(test)]
mod tests;
