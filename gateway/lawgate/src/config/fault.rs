//! What can be wrong with a configuration file, and where.
//!
//! Faults are data: reading goes on after each, so that an operator sees all of
//! them at once. Each prints as `file:line: key: what, expected …`.

use std::fmt;
use std::path::PathBuf;

/// One fault of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Line from 1; `None` when something is missing from the whole file.
    pub(crate) line: Option<usize>,
    /// Path of the key, `agency[2].certificates`; empty for a fault of the syntax.
    pub(crate) key: String,
    /// What is wrong.
    pub(crate) problem: Problem,
}

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// The file is not TOML there.
    #[error("{text}, expected TOML 1.0")]
    Syntax {
        /// The parser's words.
        text: String,
    },
    /// No such key or table exists.
    #[error("unknown key, expected {known}")]
    Unknown {
        /// The keys that exist there.
        known: String,
    },
    /// A required key or table is missing.
    #[error("missing, expected {expected}")]
    Missing {
        /// What belongs there.
        expected: String,
    },
    /// The value is of the wrong type.
    #[error("is {found}, expected {expected}")]
    WrongType {
        /// TOML type found.
        found: &'static str,
        /// What belongs there.
        expected: String,
    },
    /// The value breaks the rule of its key.
    #[error("{value} is not allowed, expected {expected}")]
    NotAllowed {
        /// The value as written.
        value: String,
        /// What belongs there.
        expected: String,
    },
    /// The value stands twice where it may stand once.
    #[error("{value} stands already in line {first}, expected each only once")]
    Duplicate {
        /// The value.
        value: String,
        /// Line of the first.
        first: usize,
    },
    /// A feed of this id is not declared.
    #[error("there is no [[feed]] with id {value}, expected {known}")]
    NoSuchFeed {
        /// The value.
        value: String,
        /// The feeds declared.
        known: String,
    },
    /// Two keys contradict each other.
    #[error("{value} contradicts {other}, expected {expected}")]
    Contradiction {
        /// The value.
        value: String,
        /// The other key with its value.
        other: String,
        /// What would agree.
        expected: String,
    },
    /// What the path leads to cannot be used.
    #[error("{}: {found}, expected {expected}", path.display())]
    Path {
        /// The path, resolved.
        path: PathBuf,
        /// What was found there.
        found: String,
        /// What belongs there.
        expected: String,
    },
}

/// Every fault of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Faults {
    /// The file.
    pub(crate) file: PathBuf,
    /// The faults, in order of line.
    pub(crate) faults: Vec<Fault>,
}

impl Faults {
    /// One line for each fault: `file:line: key: what, expected …`.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> + '_ {
        self.faults.iter().map(|fault| {
            let line = fault
                .line
                .map(|line| format!(":{line}"))
                .unwrap_or_default();
            let key = if fault.key.is_empty() {
                String::new()
            } else {
                format!("{}: ", fault.key)
            };
            format!("{}{line}: {key}{}", self.file.display(), fault.problem)
        })
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.lines() {
            writeln!(formatter, "{line}")?;
        }
        let count = self.faults.len();
        write!(
            formatter,
            "{count} fault{} in {}",
            if count == 1 { "" } else { "s" },
            self.file.display()
        )
    }
}

impl std::error::Error for Faults {}
