//! The manifest of an adapter, compared with what its component says.
//!
//! `adapter.toml` is what people read before they install an adapter, so it
//! must not say anything else than the component. Keys for readers only
//! (description, source, publisher, limits) are not looked at.

use std::fs;
use std::path::{Path, PathBuf};

use adapter_host::Description;
use serde::Deserialize;

/// Why a manifest was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManifestError {
    /// It cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: std::io::Error,
    },
    /// It is not TOML, or lacks a key.
    #[error("{} is no manifest", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: toml::de::Error,
    },
    /// It says something else than the component.
    #[error("{}: {key} is {manifest}, and the component says {component}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What the manifest says.
        manifest: String,
        /// What the component says.
        component: String,
    },
}

/// The keys that the component states as well.
#[derive(Debug, Deserialize)]
struct Manifest {
    id: String,
    version: String,
    feed_kinds: Vec<String>,
    schema_version: String,
}

/// Checks that `adapter.toml` in `folder` says what the component says.
///
/// # Errors
/// No manifest, one that cannot be read, or the first key that differs.
pub(crate) fn compare(folder: &Path, said: &Description) -> Result<(), ManifestError> {
    let path = folder.join("adapter.toml");
    let text = fs::read_to_string(&path).map_err(|cause| ManifestError::Read {
        path: path.clone(),
        cause,
    })?;
    let manifest: Manifest = toml::from_str(&text).map_err(|cause| ManifestError::Form {
        path: path.clone(),
        cause,
    })?;
    let pairs = [
        ("id", manifest.id, said.id.clone()),
        ("version", manifest.version, said.version.clone()),
        (
            "feed_kinds",
            manifest.feed_kinds.join(", "),
            said.feed_kinds.join(", "),
        ),
        (
            "schema_version",
            manifest.schema_version,
            said.schema_version.clone(),
        ),
    ];
    for (key, manifest, component) in pairs {
        if manifest != component {
            return Err(ManifestError::Contradiction {
                path,
                key,
                manifest,
                component,
            });
        }
    }
    Ok(())
}
