//! Reading entries back into the trees, from the start or from where they were left.
//!
//! Where a tree cannot be continued from its tiles the whole log is read again; the other tree then waits until its own
//! position comes. It signs nothing.

use audit_proof::{
    hash::Hash,
    tile::{EntryBundle, TILE_WIDTH},
};

use super::{
    PublishError, Publisher,
    check::{Checker, Leaves},
    tree::Tree,
};

/// An entry that was read from its file and belongs where it stands.
struct CheckedEntry {
    leaves: Leaves,
    bytes: Vec<u8>,
}

impl Publisher {
    /// Continues both trees where they were signed last; returns whether tiles had to be made again.
    pub(super) fn resume(&mut self) -> Result<bool, PublishError> {
        let log = self.reader.size();
        let trees = std::iter::once(&self.main).chain(&self.twin);
        let signed = trees.map(Tree::signed_size).max().unwrap_or_default();
        if log < signed {
            return Err(PublishError::ShorterThanSigned { signed, log });
        }
        let has_past = self.has_signed_past()?;
        let last = self.last_entries(self.main.signed_size())?;
        let leaves: Vec<Hash> = last.iter().map(|entry| entry.leaves.sha256).collect();
        let mut is_resumed = self.main.resume(&leaves);
        if !has_past {
            self.main.rebuild();
            is_resumed = false;
        }
        if is_resumed {
            let unbundled = (self.main.size() % u64::from(TILE_WIDTH)) as usize;
            let bundled = last.len() - unbundled;
            let entries = last.into_iter().skip(bundled);
            self.unbundled = entries.map(|entry| entry.bytes).collect();
        }
        if let Some(size) = self.twin.as_ref().map(Tree::signed_size) {
            let last = self.last_entries(size)?;
            let leaves: Vec<Hash> = last.iter().filter_map(|entry| entry.leaves.sm3).collect();
            if let Some(twin) = &mut self.twin {
                is_resumed &= twin.resume(&leaves);
            }
        }
        self.read_up_to(signed)?;
        self.sync()?;
        Ok(!is_resumed)
    }

    /// Compares the root that the log states at the signed size with the signed one; returns whether it states one.
    ///
    /// It states none where no group ends at that size; then the whole log is read again to know.
    fn has_signed_past(&self) -> Result<bool, PublishError> {
        let size = self.main.signed_size();
        let Some(last) = size.checked_sub(1) else {
            return Ok(true);
        };
        match self.reader.group_head(last)? {
            Some(head) if head.size == size => {
                self.main.check_signed(size, head.root)?;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }

    /// Reads and checks the entries of the last tile of a tree of `size` leaves.
    fn last_entries(&self, size: u64) -> Result<Vec<CheckedEntry>, PublishError> {
        let Some(last) = size.checked_sub(1) else {
            return Ok(Vec::new());
        };
        let first = last - last % u64::from(TILE_WIDTH);
        let mut checker = self.checker_at(first)?;
        let entries = self.reader.entries_from(first);
        entries
            .take((size - first) as usize)
            .map(|entry| {
                let bytes = entry?.bytes;
                let leaves = checker.take(&bytes)?;
                Ok(CheckedEntry { leaves, bytes })
            })
            .collect()
    }

    fn checker_at(&self, position: u64) -> Result<Checker, PublishError> {
        let has_twin = self.twin.is_some();
        Checker::start(&self.reader, &self.main.origin, has_twin, position)
    }

    /// Reads and checks entries until both trees have `size` leaves.
    pub(super) fn read_up_to(&mut self, size: u64) -> Result<(), PublishError> {
        let trees = std::iter::once(&self.main).chain(&self.twin);
        let from = trees.map(Tree::size).min().unwrap_or_default();
        if from >= size {
            return Ok(());
        }
        let mut checker = match self.checker.take() {
            Some(checker) if checker.position == from => checker,
            Some(_) | None => self.checker_at(from)?,
        };
        for entry in self.reader.entries_from(from).take((size - from) as usize) {
            self.take(&mut checker, entry?.bytes)?;
        }
        if checker.position < size {
            // The reader ends where the log is durable, and the head was said to be.
            let log = checker.position;
            return Err(PublishError::ShorterThanSigned { signed: size, log });
        }
        self.checker = Some(checker);
        Ok(())
    }

    /// Checks one entry and appends it to the trees whose next one it is.
    fn take(&mut self, checker: &mut Checker, bytes: Vec<u8>) -> Result<(), PublishError> {
        let position = checker.position;
        let leaves = checker.take(&bytes)?;
        if let (Some(twin), Some(leaf)) = (&mut self.twin, leaves.sm3)
            && twin.size() == position
        {
            twin.append(leaf)?;
        }
        if self.main.size() != position {
            return Ok(());
        }
        if position.is_multiple_of(u64::from(TILE_WIDTH)) {
            self.unbundled.clear();
        }
        self.unbundled.push(bytes);
        self.main.append(leaves.sha256)?;
        let is_signed_size = self.main.size() == self.main.signed_size();
        if self.unbundled.len() == usize::from(TILE_WIDTH) || is_signed_size {
            self.put_bundle()?;
        }
        Ok(())
    }

    /// Writes the bundle at the end of the SHA-256 tree, full or partial.
    fn put_bundle(&mut self) -> Result<(), PublishError> {
        let size = self.main.size();
        let Some(last) = size.checked_sub(1) else {
            return Ok(());
        };
        let bundle = EntryBundle::of_tree(last / u64::from(TILE_WIDTH), size);
        let bundle = bundle.expect("a tree has the bundle of its last leaf");
        let bytes = bundle.encode(&self.unbundled);
        let bytes =
            bytes.expect("a bundle gets as many entries as it is wide, none of them too long");
        self.main.files.put(&bundle.path(), &bytes)
    }

    /// Writes the partial tiles and the partial bundle of the size reached.
    pub(super) fn put_partials(&mut self) -> Result<(), PublishError> {
        if !self.main.size().is_multiple_of(u64::from(TILE_WIDTH)) {
            self.put_bundle()?;
        }
        self.main.put_partial_tiles()?;
        match &mut self.twin {
            Some(twin) => twin.put_partial_tiles(),
            None => Ok(()),
        }
    }
}
