//! The manifest of an adapter, `adapter.toml`.
//!
//! It is what people read before they install an adapter, so it must not say
//! anything else than the component does. Keys that the component does not
//! state (description, source, publisher) are for readers; an unknown key is a
//! fault, because a misspelt one would otherwise be believed.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Name of the manifest in an adapter's folder and in a pack.
pub const FILE: &str = "adapter.toml";

/// Largest manifest read, in bytes; ours have a kilobyte.
pub const MAX_BYTES: usize = 64 << 10;

/// What an adapter's publisher states about it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Stable name: lower-case letters, digits and hyphens, at most 64 characters.
    pub id: String,
    /// Semantic version of the adapter's code.
    pub version: String,
    /// Kinds of feed it converts, at least one.
    pub feed_kinds: Vec<String>,
    /// Version of the common schema its records follow.
    pub schema_version: String,
    /// One line for a list.
    #[serde(default)]
    pub description: String,
    /// Standard or form the format comes from, with edition and clause.
    #[serde(default)]
    pub source: String,
    /// Who answers for the adapter, in words; who signed it is another question.
    #[serde(default)]
    pub publisher: String,
    /// Language it is written in: `rust`, `js`, `python` or `c`. `lawgate adapter build` goes by it.
    #[serde(default)]
    pub language: Option<String>,
    /// What it asks of its sandboxes.
    #[serde(default)]
    pub limits: Limits,
}

/// What a component says of itself, as far as a manifest says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said<'c> {
    /// Stable name.
    pub id: &'c str,
    /// Semantic version of the code.
    pub version: &'c str,
    /// Kinds of feed it converts.
    pub feed_kinds: &'c [String],
    /// Version of the common schema.
    pub schema_version: &'c str,
}

/// Limits an adapter asks for; 0 asks for what the gateway gives. A gateway grants at most its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
    /// Time for one call, in milliseconds.
    pub deadline_ms: u32,
    /// Bytes returned by one call.
    pub output_bytes: u64,
    /// Messages given to one call.
    pub messages_per_call: u32,
    /// Lines logged by one call.
    pub log_lines: u32,
    /// Calls at the same time.
    pub concurrency: u32,
}

/// Why a manifest was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: std::io::Error,
    },
    /// It is longer than [`MAX_BYTES`] or not UTF-8.
    #[error("{} is too long or not UTF-8", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// It is not TOML, lacks a key or has an unknown one.
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

impl Manifest {
    /// Reads a manifest from the bytes of its file; `path` is for messages.
    ///
    /// # Errors
    /// [`ManifestError::NotText`] and [`ManifestError::Form`].
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, ManifestError> {
        let not_text = || ManifestError::NotText {
            path: path.to_owned(),
        };
        if bytes.len() > MAX_BYTES {
            return Err(not_text());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| not_text())?;
        toml::from_str(text).map_err(|cause| ManifestError::Form {
            path: path.to_owned(),
            cause,
        })
    }

    /// Reads `adapter.toml` in `folder`.
    ///
    /// # Errors
    /// Every variant but [`ManifestError::Contradiction`].
    pub fn read(folder: &Path) -> Result<Self, ManifestError> {
        let path = folder.join(FILE);
        let bytes = fs::read(&path).map_err(|cause| ManifestError::Read {
            path: path.clone(),
            cause,
        })?;
        Self::parse(&bytes, &path)
    }

    /// Checks that the component says the same of itself; `path` is for messages.
    ///
    /// # Errors
    /// [`ManifestError::Contradiction`] with the first key that differs.
    pub fn agrees_with(&self, said: Said<'_>, path: &Path) -> Result<(), ManifestError> {
        let kinds = |kinds: &[String]| kinds.join(", ");
        let pairs = [
            ("id", self.id.clone(), said.id.to_owned()),
            ("version", self.version.clone(), said.version.to_owned()),
            (
                "feed_kinds",
                kinds(&self.feed_kinds),
                kinds(said.feed_kinds),
            ),
            (
                "schema_version",
                self.schema_version.clone(),
                said.schema_version.to_owned(),
            ),
        ];
        for (key, manifest, component) in pairs {
            if manifest != component {
                return Err(ManifestError::Contradiction {
                    path: path.to_owned(),
                    key,
                    manifest,
                    component,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "id = \"noise\"\nversion = \"1.0.0\"\nfeed_kinds = [\"noise\"]\nschema_version = \"1.0.0\"\ndescription = \"x\"\n[limits]\nmemory_bytes = 0\n";

    fn compared(manifest: &str) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE), manifest).expect("written");
        let said = Said {
            id: "noise",
            version: "1.0.0",
            feed_kinds: &["noise".to_owned()],
            schema_version: "1.0.0",
        };
        let read = Manifest::read(folder.path());
        let path = folder.path().join(FILE);
        let text = match read.and_then(|manifest| manifest.agrees_with(said, &path)) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        text.replace(&format!("{}/", folder.path().display()), "")
    }

    #[test]
    fn a_manifest_that_agrees_with_the_component_is_accepted() {
        assert_eq!(compared(MANIFEST), "");
    }

    #[test]
    fn a_manifest_that_says_something_else_is_refused_with_both_values() {
        let cases = [
            (
                ("version = \"1.0.0\"\nfeed", "version = \"1.1.0\"\nfeed"),
                "adapter.toml: version is 1.1.0, and the component says 1.0.0",
            ),
            (
                ("[\"noise\"]", "[\"noise\", \"dust\"]"),
                "adapter.toml: feed_kinds is noise, dust, and the component says noise",
            ),
            (("id = \"noise\"\n", ""), "adapter.toml is no manifest"),
            (
                ("memory_bytes", "memory_byte"),
                "adapter.toml is no manifest",
            ),
            (("description", "desription"), "adapter.toml is no manifest"),
        ];
        for ((from, to), expected) in cases {
            assert_eq!(compared(&MANIFEST.replacen(from, to, 1)), expected);
        }
    }

    #[test]
    fn a_manifest_beyond_every_size_or_of_other_bytes_is_refused() {
        let path = Path::new(FILE);
        let long = "#".repeat(MAX_BYTES + 1);
        for bytes in [long.as_bytes(), b"\xff"] {
            let error = Manifest::parse(bytes, path).expect_err("refused");
            assert!(matches!(error, ManifestError::NotText { .. }), "{error}");
        }
    }
}
