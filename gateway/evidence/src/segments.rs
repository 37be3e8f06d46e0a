//! The names of the store's files and what a folder's names say about the store.
//!
//! Pure functions over names.

use std::path::{Path, PathBuf};

/// What a file of a segment is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A segment or an index being created; holds nothing that has been acknowledged.
    New,
    /// A segment being written.
    Open,
    /// A segment that is complete.
    Sealed,
    /// The index of a sealed segment, which can be made again from it.
    Index,
}

impl Stage {
    fn extension(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Sealed => "bundles",
            Self::Index => "index",
        }
    }
}

/// Returns the path of a file of segment `number`.
pub(crate) fn path(folder: &Path, number: u64, stage: Stage) -> PathBuf {
    folder.join(file_name(number, stage))
}

fn file_name(number: u64, stage: Stage) -> String {
    format!("{number:010}.{}", stage.extension())
}

fn parse_name(name: &str) -> Option<(u64, Stage)> {
    let (digits, extension) = name.split_once('.')?;
    let stages = [Stage::New, Stage::Open, Stage::Sealed, Stage::Index];
    let stage = stages
        .into_iter()
        .find(|stage| stage.extension() == extension)?;
    let number = digits.parse().ok()?;
    (file_name(number, stage) == name).then_some((number, stage))
}

/// The files in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Inventory {
    /// How many sealed segments there are; their numbers are 0 up to this.
    pub(crate) sealed: u64,
    /// Whether there is an open segment; its number is `sealed`.
    pub(crate) has_open: bool,
    /// Files that were being created.
    pub(crate) new: Vec<u64>,
}

impl Inventory {
    /// Sorts file names into an inventory; `Err` with the number of a segment that is missing or there twice.
    pub(crate) fn of(names: &[String]) -> Result<Self, u64> {
        let of_stage = |wanted: Stage| {
            let names = names.iter().filter_map(|name| parse_name(name));
            let mut numbers: Vec<_> = names
                .filter(|(_, stage)| *stage == wanted)
                .map(|(number, _)| number)
                .collect();
            numbers.sort_unstable();
            numbers
        };
        let sealed = of_stage(Stage::Sealed);
        if let Some((expected, _)) = (0..)
            .zip(&sealed)
            .find(|(expected, number)| expected != *number)
        {
            return Err(expected);
        }
        let count = sealed.len() as u64;
        match of_stage(Stage::Open).as_slice() {
            [] => Ok(Self {
                sealed: count,
                has_open: false,
                new: of_stage(Stage::New),
            }),
            [number] if *number == count => Ok(Self {
                sealed: count,
                has_open: true,
                new: of_stage(Stage::New),
            }),
            [number, ..] if *number < count => Err(*number),
            _ => Err(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(names: &[&str], expected: Result<Inventory, u64>) {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(Inventory::of(&names), expected, "{names:?}");
    }

    #[test]
    fn segments_are_numbered_without_a_gap() {
        let found = |sealed, has_open, new: &[u64]| {
            Ok(Inventory {
                sealed,
                has_open,
                new: new.to_vec(),
            })
        };
        check(&[], found(0, false, &[]));
        check(&["lock", "0000000000.open", "notes"], found(0, true, &[]));
        check(
            &["0000000001.open", "0000000000.bundles", "0000000000.index"],
            found(1, true, &[]),
        );
        check(
            &["0000000001.bundles", "0000000000.bundles", "0000000002.new"],
            found(2, false, &[2]),
        );
        check(&["0000000001.bundles"], Err(0));
        check(&["0000000000.bundles", "0000000002.bundles"], Err(1));
        check(&["0000000000.bundles", "0000000002.open"], Err(1));
        check(&["0000000000.bundles", "0000000000.open"], Err(0));
        check(&["0000000000.open", "0000000001.open"], Err(0));
    }
}
