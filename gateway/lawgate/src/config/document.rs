//! What was read of a file: tables with their values and lines.
//!
//! Holds only values that keep the rule of their key. `read` fills it, `cross`
//! and `files` look at it, `build` takes it apart.

use std::collections::BTreeMap;

use super::key::Section;

/// What could be read of a file. Values that were faulty are missing.
#[derive(Debug)]
pub(crate) struct Document {
    /// The tables in the order of the declaration; repeated ones in the order of the file.
    pub(crate) tables: Vec<Table>,
}

/// One table that was read.
#[derive(Debug)]
pub(crate) struct Table {
    /// Its declaration.
    pub(crate) section: &'static Section,
    /// Which one it is, from 1, when the table may stand several times.
    pub(crate) number: Option<usize>,
    /// Line of its header; `None` when it does not stand in the file.
    pub(crate) line: Option<usize>,
    /// Its values by the names of their keys.
    pub(super) values: BTreeMap<&'static str, Located>,
}

/// A value and its line; no line when it is the default.
#[derive(Debug, Clone)]
pub(crate) struct Located {
    /// The value.
    pub(crate) value: Value,
    /// Line from 1.
    pub(crate) line: Option<usize>,
}

/// A value that keeps the rule of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A text or path.
    Text(String),
    /// A number.
    Integer(u64),
    /// True or false.
    Flag(bool),
    /// A list of texts, each with its line.
    Texts(Vec<(String, usize)>),
}

impl Document {
    /// Every table named `name`.
    pub(crate) fn tables<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d Table> {
        self.tables
            .iter()
            .filter(move |table| table.section.name == name)
    }

    /// Takes every table named `name` out.
    pub(crate) fn take(&mut self, name: &str) -> Vec<Table> {
        self.tables
            .extract_if(.., |table| table.section.name == name)
            .collect()
    }
}

impl Table {
    /// The value of `key`, when it was read or has a default.
    pub(crate) fn get(&self, key: &str) -> Option<&Located> {
        self.values.get(key)
    }

    /// The text of `key`.
    pub(crate) fn text(&self, key: &str) -> Option<(&str, Option<usize>)> {
        match self.get(key)? {
            Located {
                value: Value::Text(text),
                line,
            } => Some((text, *line)),
            Located {
                value: Value::Integer(_) | Value::Flag(_) | Value::Texts(_),
                ..
            } => None,
        }
    }

    /// The number of `key`.
    pub(crate) fn integer(&self, key: &str) -> Option<(u64, Option<usize>)> {
        match self.get(key)? {
            Located {
                value: Value::Integer(number),
                line,
            } => Some((*number, *line)),
            Located {
                value: Value::Text(_) | Value::Flag(_) | Value::Texts(_),
                ..
            } => None,
        }
    }

    /// The truth of `key` with its line.
    pub(crate) fn flag(&self, key: &str) -> Option<(bool, Option<usize>)> {
        match self.get(key)? {
            Located {
                value: Value::Flag(truth),
                line,
            } => Some((*truth, *line)),
            Located {
                value: Value::Text(_) | Value::Integer(_) | Value::Texts(_),
                ..
            } => None,
        }
    }

    /// The list of `key`; empty when there is none.
    pub(crate) fn texts(&self, key: &str) -> &[(String, usize)] {
        match self.get(key) {
            Some(Located {
                value: Value::Texts(texts),
                ..
            }) => texts,
            Some(Located {
                value: Value::Text(_) | Value::Integer(_) | Value::Flag(_),
                ..
            })
            | None => &[],
        }
    }

    /// Takes the value of `key` out.
    pub(crate) fn take(&mut self, key: &str) -> Option<Value> {
        self.values.remove(key).map(|located| located.value)
    }

    /// Keys nobody took yet.
    #[cfg(test)]
    pub(crate) fn untaken(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.values.keys().copied()
    }

    /// Path of `key` as faults name it.
    pub(crate) fn path(&self, key: &str) -> String {
        self.section.path(self.number, key)
    }
}
