//! The languages in which adapters are written.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// A language with a template, a kit and a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Rust, to `wasm32-unknown-unknown`.
    Rust,
    /// JavaScript or TypeScript, by componentize-js.
    JavaScript,
    /// Python, by componentize-py.
    Python,
    /// C, by zig or clang.
    C,
    /// Go, by its own compiler.
    Go,
}

/// No language has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no language {name}; there are rust, js, python, c and go")]
pub struct UnknownLanguage {
    /// What was given.
    pub name: String,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 5] = [
        Self::Rust,
        Self::JavaScript,
        Self::Python,
        Self::C,
        Self::Go,
    ];

    /// The name in manifests and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::JavaScript => "js",
            Self::Python => "python",
            Self::C => "c",
            Self::Go => "go",
        }
    }

    /// The file that every project of this language has, by which it is recognised where the manifest names none.
    fn mark(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::JavaScript => "src/adapter.js",
            Self::Python => "src/adapter.py",
            Self::C => "src/adapter.c",
            Self::Go => "src/adapter.go",
        }
    }

    /// The language of the project in `folder`, by its files.
    #[must_use]
    pub fn of_folder(folder: &Path) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| folder.join(language.mark()).is_file())
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(name: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL
            .into_iter()
            .find(|language| language.name() == name)
            .ok_or_else(|| UnknownLanguage {
                name: name.to_owned(),
            })
    }
}
