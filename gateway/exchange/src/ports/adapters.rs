//! The store of adapters: where components are kept and converters are made.
//!
//! Implemented over the plugin host and a folder. It decides nothing about the life of a version: that is the
//! exchange's, over the log.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{Converted, Converter, Message};
use crate::refusal::Cause;

/// What an administrator uploads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upload {
    /// A package with everything in it.
    Package(Bytes),
    /// The files by themselves; they carry no signature.
    Files(AdapterFiles),
}

/// The files that make a version. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AdapterFiles {
    /// The component.
    pub component: Bytes,
    /// Its manifest (TOML).
    pub manifest: Bytes,
    /// Its configuration, as the adapter takes it.
    pub configuration: Bytes,
    /// JSON Schema of its configurations; empty when it has none.
    pub schema: Bytes,
}

/// An upload whose form, signature and manifest hold.
#[derive(Debug, Clone)]
pub struct Package {
    /// The files.
    pub files: AdapterFiles,
    /// Its golden samples.
    pub samples: Vec<GoldenSample>,
    /// Name of the publisher whose signature holds; empty: not signed, and that is allowed.
    pub publisher: String,
}

/// A message and what it must become.
#[derive(Debug, Clone)]
pub struct GoldenSample {
    /// Its file's name.
    pub name: String,
    /// The message.
    pub message: Message,
    /// The result as JSON: `{"converted": …}` or `{"rejected": …}`.
    pub golden: Bytes,
}

/// A converter and its limits.
#[derive(Clone)]
pub struct Loaded {
    /// The converter.
    pub converter: Arc<dyn Converter>,
    /// Its limits.
    pub limits: VersionLimits,
}

/// What one version may use: asked for in the manifest, at most what the operator allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionLimits {
    /// Linear memory of a call, in bytes.
    pub memory_bytes: u64,
    /// Time of a call.
    pub deadline: Duration,
    /// Bytes returned by a call.
    pub output_bytes: u64,
    /// Messages given to a call; at least 1.
    pub messages_per_call: usize,
    /// Calls of the host in a call.
    pub host_calls: u32,
    /// Calls at the same time; at least 1.
    pub concurrency: usize,
}

/// Why an upload or a version is not taken. Nothing was kept that counts.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct AdapterFault {
    /// Stable code: `adapter-signature`.
    pub code: &'static str,
    /// What is wrong, where, and what would be right.
    pub text: String,
}

/// Keeps components and makes converters of them. Every call may block for as long as a compilation.
pub trait AdapterStore: Send + Sync {
    /// What makes the calling thread stand back, at the lowest priority of the system and on half of
    /// the processors, for good; nothing, where there are no priorities.
    fn stand_back(&self) -> fn() {
        || {}
    }

    /// Opens an upload: its form, its signature, its manifest. Keeps nothing.
    ///
    /// # Errors
    /// The first thing wrong with it.
    fn open(&self, upload: &Upload) -> Result<Package, AdapterFault>;

    /// Makes a converter for a feed of `kind`: imports, exports, description, configuration.
    ///
    /// # Errors
    /// The first thing wrong with the component, or every fault of the configuration.
    fn load(&self, files: &AdapterFiles, kind: &str) -> Result<Loaded, AdapterFault>;

    /// How an outcome differs from a golden result, in a sentence; `None` when it does not.
    fn golden_differs(&self, outcome: &Converted, golden: &[u8]) -> Option<String>;

    /// Keeps bytes under their SHA-256, durable when it returns.
    ///
    /// # Errors
    /// The disk's.
    fn keep(&self, bytes: &[u8]) -> Result<[u8; 32], Cause>;

    /// The bytes with this SHA-256, checked against it; `None`: there are none.
    ///
    /// # Errors
    /// What is kept is not what its name says, or cannot be read.
    fn kept(&self, digest: &[u8; 32]) -> Result<Option<Vec<u8>>, Cause>;

    /// What [`AdapterStore::remember`] was given last; `None` when there is nothing.
    fn remembered(&self) -> Option<String>;

    /// Remembers a text, in place of the one before: a cache, which may be lost.
    ///
    /// # Errors
    /// The disk's.
    fn remember(&self, text: &str) -> Result<(), Cause>;
}
