//! The names of a log's files and what a folder's names say about the log.
//!
//! Functions over names, and one that lists them. Opening and verifying rely on them; files of other names are left
//! alone, since checkpoints, tiles and whatever an operator keeps may lie beside the segments.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    archived::Archived,
    fault::{Fault, FaultKind},
};

/// What a segment's file is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Being created; holds nothing that has been acknowledged.
    New,
    /// Being written.
    Open,
    /// Complete and never written again.
    Sealed,
    /// What stays of a sealed one whose entries are in an archive (see [`crate::archived`]).
    Archived,
}

impl Stage {
    fn extension(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Sealed => "segment",
            Self::Archived => "archived",
        }
    }
}

/// Returns the name of the segment that starts at position `first`.
#[must_use]
pub fn file_name(first: u64, stage: Stage) -> String {
    // Twenty digits hold every position, so names sort as positions do.
    format!("{first:020}.{}", stage.extension())
}

/// Returns the path of the segment that starts at position `first`.
#[must_use]
pub fn path(folder: &Path, first: u64, stage: Stage) -> PathBuf {
    folder.join(file_name(first, stage))
}

/// Returns the names of the files in a folder that are valid UTF-8, in no order.
///
/// # Errors
/// The operating system's error.
pub fn list(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

fn parse_name(name: &str) -> Option<(u64, Stage)> {
    let (digits, extension) = name.split_once('.')?;
    let stage = [Stage::New, Stage::Open, Stage::Sealed, Stage::Archived]
        .into_iter()
        .find(|stage| stage.extension() == extension)?;
    let first = digits.parse().ok()?;
    (file_name(first, stage) == name).then_some((first, stage))
}

/// The segments in a folder, by the position at which they start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Sealed segments, ascending.
    pub sealed: Vec<u64>,
    /// The open segment, which comes last.
    pub open: Option<u64>,
    /// Segments that were being created.
    pub new: Vec<u64>,
    /// Stubs of segments whose entries are in an archive, ascending; not those whose segment is there as well, as a crash
    /// in between leaves it.
    pub archived: Vec<u64>,
}

impl Inventory {
    /// Sorts file names into an inventory.
    ///
    /// # Errors
    /// [`FaultKind::OpenSegmentInside`] when an open segment is not the last one.
    pub fn of(names: &[String]) -> Result<Self, Fault> {
        let mut inventory = Self::default();
        let mut open = Vec::new();
        for (first, stage) in names.iter().filter_map(|name| parse_name(name)) {
            match stage {
                Stage::New => inventory.new.push(first),
                Stage::Open => open.push(first),
                Stage::Sealed => inventory.sealed.push(first),
                Stage::Archived => inventory.archived.push(first),
            }
        }
        inventory.sealed.sort_unstable();
        inventory.archived.sort_unstable();
        let sealed = &inventory.sealed;
        inventory
            .archived
            .retain(|first| sealed.binary_search(first).is_err());
        open.sort_unstable();
        inventory.open = open.pop();
        let last_sealed = inventory.sealed.last().copied();
        let inside = open
            .first()
            .copied()
            .or(inventory.open.filter(|open| last_sealed >= Some(*open)));
        match inside {
            None => Ok(inventory),
            Some(first) => Err(Fault {
                position: first,
                file: file_name(first, Stage::Open).into(),
                offset: 0,
                kind: FaultKind::OpenSegmentInside,
            }),
        }
    }

    /// Returns every segment whose entries are there, ascending.
    pub fn segments(&self) -> impl Iterator<Item = (u64, Stage)> {
        let sealed = self.sealed.iter().map(|first| (*first, Stage::Sealed));
        sealed.chain(self.open.map(|first| (first, Stage::Open)))
    }
}

/// Reads the stubs of a folder.
///
/// # Errors
/// The first one that cannot be read, is none, or does not follow the one before.
pub fn archived(folder: &Path, inventory: &Inventory) -> Result<Archived, Fault> {
    let mut stubs = Vec::new();
    for first in &inventory.archived {
        let file = path(folder, *first, Stage::Archived);
        let bytes = std::fs::read(&file).map_err(|error| Fault {
            position: *first,
            file: file_name(*first, Stage::Archived).into(),
            offset: 0,
            kind: FaultKind::Unreadable(error.kind()),
        })?;
        stubs.push((*first, bytes));
    }
    Archived::of(stubs.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn segments_are_sorted_and_other_files_left_alone() {
        let inventory = Inventory::of(&names(&[
            "00000000000000000012.segment",
            "lock",
            "00000000000000000000.segment",
            "00000000000000000020.open",
            "00000000000000000030.new",
            "12.segment",
            "notes.txt",
        ]));
        let expected = Inventory {
            sealed: vec![0, 12],
            open: Some(20),
            new: vec![30],
            archived: Vec::new(),
        };
        assert_eq!(inventory, Ok(expected));
    }

    #[test]
    fn a_stub_counts_once_its_segment_is_gone() {
        let inventory = Inventory::of(&names(&[
            "00000000000000000000.archived",
            "00000000000000000012.archived",
            "00000000000000000012.segment",
            "00000000000000000020.segment",
        ]))
        .unwrap();
        assert_eq!(
            (inventory.archived, inventory.sealed),
            (vec![0], vec![12, 20])
        );
    }

    #[test]
    fn an_open_segment_must_be_the_last_and_only_one() {
        for (files, position) in [
            (
                ["00000000000000000000.open", "00000000000000000012.segment"],
                0,
            ),
            (
                ["00000000000000000000.open", "00000000000000000012.open"],
                0,
            ),
            (
                ["00000000000000000012.open", "00000000000000000012.segment"],
                12,
            ),
        ] {
            let fault = Inventory::of(&names(&files)).expect_err("an open segment stands inside");
            assert_eq!(
                (fault.position, fault.kind),
                (position, FaultKind::OpenSegmentInside),
                "{files:?}"
            );
        }
    }
}
