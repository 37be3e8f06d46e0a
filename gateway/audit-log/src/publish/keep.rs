//! Which released checkpoints stay, so that a year of one each second is not thirty million files.
//!
//! The newest ones stay, and every one that was stamped: a time stamp is over its text. Any other is given up when so many
//! newer ones are there. Nothing is lost that proves something: whoever was given a checkpoint holds it, and the log
//! proves from its tiles that any checkpoint it ever gave is a past of the newest. It decides by names alone.

use std::collections::VecDeque;

use audit_proof::kept;

use super::{PublishError, files::Files};

/// How many of the newest checkpoints stay, stamped or not: an hour of one each second.
const NEWEST: usize = 4096;

/// The most files that are removed at a time, so that a folder of earlier versions is emptied bit by bit.
const AT_ONCE: usize = 64;

/// The checkpoints that may have to go one day, by size.
#[derive(Debug)]
pub(super) struct Keeping {
    /// The folder of time stamps, as seen from the tree's own.
    tokens: &'static str,
    newest: usize,
    sizes: VecDeque<u64>,
}

impl Keeping {
    /// Reads which checkpoints are kept; of those at their places no more than could have to go.
    pub(super) fn open(files: &Files, tokens: &'static str) -> Result<Self, PublishError> {
        let mut keeping = Self {
            tokens,
            newest: NEWEST,
            sizes: VecDeque::new(),
        };
        let mut found = Vec::new();
        keeping.walk(files, kept::FOLDER, &mut found)?;
        found.sort_unstable();
        found.dedup();
        keeping.sizes = found.into();
        Ok(keeping)
    }

    /// Looks through folders from the largest sizes down, until there are enough.
    fn walk(&self, files: &Files, folder: &str, found: &mut Vec<u64>) -> Result<(), PublishError> {
        let names = files.list(folder)?;
        let mut folders: Vec<&String> = names.iter().filter(|it| kept::is_folder(it)).collect();
        folders.sort_unstable();
        for name in folders.into_iter().rev() {
            if found.len() > self.newest + AT_ONCE {
                break;
            }
            self.walk(files, &format!("{folder}/{name}"), found)?;
        }
        // Those in this folder itself are smaller than all below, or of an earlier version.
        found.extend(names.iter().filter_map(|name| kept::size_of(name)));
        Ok(())
    }

    /// Notes that a checkpoint of `size` was released, and removes those that go for it.
    pub(super) fn released(&mut self, files: &mut Files, size: u64) -> Result<(), PublishError> {
        if self.sizes.back().is_none_or(|newest| *newest < size) {
            self.sizes.push_back(size);
        }
        for _ in 0..AT_ONCE {
            if self.sizes.len() <= self.newest {
                break;
            }
            let Some(oldest) = self.sizes.pop_front() else {
                break;
            };
            if !files.has(&format!("{}/{oldest}.tsr", self.tokens)) {
                files.remove(&kept::path(oldest))?;
                files.remove(&kept::flat_path(oldest))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::disk::RealDisk;

    fn put(files: &mut Files, name: &str) {
        files.replace(name, b"note").unwrap();
    }

    fn sizes(folder: &std::path::Path) -> Vec<u64> {
        let kept = kept::list(folder).unwrap();
        kept.into_iter().map(|(size, _)| size).collect()
    }

    #[test]
    fn the_newest_checkpoints_stay_and_every_one_that_was_stamped() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::open(Arc::new(RealDisk), folder.path().to_owned()).unwrap();
        let mut keeping = Keeping::open(&files, "tokens").unwrap();
        keeping.newest = 3;
        put(&mut files, "tokens/1200.tsr");
        for size in [7, 300, 1_200, 1_300, 2_000_000, 2_000_001, 2_000_002] {
            put(&mut files, &kept::path(size));
            keeping.released(&mut files, size).unwrap();
        }
        let left = [1_200, 2_000_000, 2_000_001, 2_000_002];
        assert_eq!(sizes(folder.path()), left);
        // The same, of a node that was started again.
        let mut keeping = Keeping::open(&files, "tokens").unwrap();
        assert_eq!(keeping.sizes, left);
        keeping.newest = 2;
        keeping.released(&mut files, 2_000_002).unwrap();
        assert_eq!(sizes(folder.path()), [1_200, 2_000_001, 2_000_002]);
    }

    #[test]
    fn a_flat_folder_of_an_earlier_version_is_emptied_bit_by_bit() {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Files::open(Arc::new(RealDisk), folder.path().to_owned()).unwrap();
        let count = AT_ONCE as u64 + 20;
        for size in 0..count {
            put(&mut files, &kept::flat_path(5_000 + size));
        }
        let mut keeping = Keeping::open(&files, "tokens").unwrap();
        assert_eq!(keeping.sizes.len() as u64, count);
        keeping.newest = 10;
        put(&mut files, &kept::path(6_000));
        keeping.released(&mut files, 6_000).unwrap();
        assert_eq!(
            sizes(folder.path()).len() as u64,
            count + 1 - AT_ONCE as u64
        );
        put(&mut files, &kept::path(6_001));
        keeping.released(&mut files, 6_001).unwrap();
        assert_eq!(sizes(folder.path()).len(), 10);
    }
}
