//! Rules of the repository, checked as tests.
//!
//! Each rule is a function from a [`Repository`] to the places that break it.
//! The tests of this crate run every rule over the files git knows, and each
//! rule has a test beside it that proves it can fail. Not a formatter and not
//! a linter: `rustfmt` and `clippy` do what they can do better. Contributors
//! rely on the text of a violation to say what to do.

#![forbid(unsafe_code)]

use std::fmt;

pub mod adapters;
pub mod dependencies;
pub mod documents;
pub mod layout;
pub mod manifests;
pub mod names;
pub mod repository;
pub mod source;
pub mod text;

pub use repository::{Dependency, DependencyKind, File, Member, ReadError, Repository};

/// One place that breaks one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path from the root of the repository.
    pub path: String,
    /// Line, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// Name of the rule, stable.
    pub rule: &'static str,
    /// What is wrong and what to do about it.
    pub remedy: String,
}

impl Violation {
    /// A violation at `line` (from 1) of `path`.
    pub fn at(path: &str, line: usize, rule: &'static str, remedy: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            rule,
            remedy: remedy.into(),
        }
    }

    /// A violation of a file or folder as a whole.
    pub fn whole(path: &str, rule: &'static str, remedy: impl Into<String>) -> Self {
        Self::at(path, 0, rule, remedy)
    }
}

impl fmt::Display for Violation {
    /// `path:line: rule: what to do`, the form editors can jump to.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {}: {}",
            self.path, self.line, self.rule, self.remedy
        )
    }
}

#[cfg(test)]
mod tests;
