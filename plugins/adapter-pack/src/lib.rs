//! The file by which adapters travel, and who vouches for it.
//!
//! Reads manifests, makes and reads packs (one file with everything a gateway
//! installs), and signs and verifies them. The tools of integrators and the
//! registry of a gateway stand on it. It runs no component, knows no exchange
//! and no agency, and reads neither clock nor configuration: whether a
//! component does what its manifest says is for those who install it.

#![forbid(unsafe_code)]

pub mod manifest;
pub mod pack;
pub mod publisher;

pub use manifest::{Manifest, ManifestError};
pub use pack::{Pack, PackError, PackLimits};
pub use publisher::{PublisherKeys, PublisherKeysError, VerifyError};
