//! One published tree: its tiles, what was signed of it and what was released.
//!
//! The SHA-256 tree of a log and its SM3 twin are two of these, each with its own signers and its own stored note. It is
//! fed leaf hashes that somebody else has checked, and does not know entries. The order of its steps is what a crash
//! may interrupt anywhere: tiles, names of tiles, signature, stored note, removal of old partial tiles, release.

use std::{fmt, sync::Arc};

use audit_proof::{
    checkpoint::Checkpoint,
    hash::Hash,
    kept,
    note::Note,
    proof::leaf_hashes,
    signer::{Signer, sign_note},
    suite::Suite,
    tile::{EntryBundle, MAX_LEVEL, TILE_WIDTH, Tile, TileAppender, full_tiles},
};

use super::{
    LockError, PublishError, SignedCheckpoint,
    files::Files,
    keep::Keeping,
    lock::{self, Lock},
};

/// The name of the checkpoint released last.
const CHECKPOINT: &str = "checkpoint";

/// A tree and its files.
pub(super) struct Tree {
    pub(super) origin: String,
    pub(super) appender: TileAppender,
    pub(super) files: Files,
    keeping: Keeping,
    lock: Lock,
    signers: Vec<Arc<dyn Signer>>,
    /// What was signed last.
    pub(super) signed: Option<SignedCheckpoint>,
    /// What was released last, with the signatures that came back for it.
    released: Option<SignedCheckpoint>,
    /// Whether the tiles are being made again up to the size that was signed.
    is_rebuilding: bool,
}

impl fmt::Debug for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tree")
            .field("origin", &self.origin)
            .field("size", &self.size())
            .field("signed", &self.signed)
            .finish_non_exhaustive()
    }
}

impl Tree {
    /// Reads what was signed and released; the tree is empty until it is resumed or rebuilt.
    pub(super) fn open(
        suite: Suite,
        origin: String,
        signers: Vec<Arc<dyn Signer>>,
        files: Files,
        lock: Lock,
    ) -> Result<Self, PublishError> {
        // Time stamps lie beside the SHA-256 tree, in whose folder the other one is.
        let tokens = match suite {
            Suite::Sha256 => "tokens",
            Suite::Sm3 => "../tokens",
        };
        let keeping = Keeping::open(&files, tokens)?;
        let signed = lock.signed(&origin, &signers)?;
        let bytes = files.read(CHECKPOINT)?;
        if signed.is_none() && bytes.is_some() {
            return Err(lock.refused(LockError::Missing));
        }
        // A released checkpoint is a copy: a damaged one is written again.
        let released = bytes.and_then(|bytes| lock::parse(&bytes, &origin).ok());
        if let (Some(signed), Some(released)) = (&signed, &released) {
            let (signed, released) = (&signed.checkpoint, &released.checkpoint);
            let is_covered = signed == released || signed.size() > released.size();
            if !is_covered {
                return Err(lock.refused(LockError::Behind {
                    signed: signed.size(),
                    released: released.size(),
                }));
            }
        }
        Ok(Self {
            origin,
            appender: TileAppender::new(suite),
            files,
            keeping,
            lock,
            signers,
            signed,
            released,
            is_rebuilding: false,
        })
    }

    /// Returns how many leaves the tree has.
    pub(super) fn size(&self) -> u64 {
        self.appender.size()
    }

    /// Returns the size that was signed last, 0 before the first time.
    pub(super) fn signed_size(&self) -> u64 {
        self.signed
            .as_ref()
            .map_or(0, |signed| signed.checkpoint.size())
    }

    /// Continues from the tiles at the signed size, if they give the signed root and the leaf hashes `leaves` at its end.
    ///
    /// Returns whether they do; otherwise the tree is empty and to be rebuilt.
    pub(super) fn resume(&mut self, leaves: &[Hash]) -> bool {
        let Some(signed) = &self.signed else {
            return true;
        };
        let (suite, size) = (self.appender.suite(), signed.checkpoint.size());
        let first = size - leaves.len() as u64;
        let resumed = TileAppender::resume(suite, size, &self.files)
            .ok()
            .filter(|tree| tree.root() == *signed.checkpoint.root())
            .filter(|_| {
                leaf_hashes(suite, first, size, size, &self.files)
                    .is_ok_and(|found| found == leaves)
            });
        self.is_rebuilding = resumed.is_none();
        self.appender = resumed.unwrap_or_else(|| TileAppender::new(suite));
        !self.is_rebuilding
    }

    /// Starts anew from no leaf, to make every tile again.
    pub(super) fn rebuild(&mut self) {
        self.appender = TileAppender::new(self.appender.suite());
        self.is_rebuilding = self.signed.is_some();
    }

    /// Appends a leaf and writes the tiles that it completes.
    ///
    /// When the signed size is reached in rebuilding, the root is compared with the signed one.
    pub(super) fn append(&mut self, leaf: Hash) -> Result<(), PublishError> {
        for filled in self.appender.append(leaf)? {
            self.files.put(&filled.tile.path(), &filled.to_bytes())?;
        }
        if self.is_rebuilding && self.size() == self.signed_size() {
            self.is_rebuilding = false;
            self.check_signed(self.size(), self.appender.root())?;
            self.put_partial_tiles()?;
        }
        Ok(())
    }

    /// Compares a root of the log with the one that was signed for the same size, if one was.
    pub(super) fn check_signed(&self, size: u64, root: Hash) -> Result<(), PublishError> {
        let signed = self.signed.as_ref().map(|signed| &signed.checkpoint);
        match signed.filter(|signed| signed.size() == size) {
            Some(signed) if *signed.root() != root => Err(PublishError::OtherPast {
                size,
                signed: *signed.root(),
                log: root,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Writes the partial tiles of the tree as it is.
    pub(super) fn put_partial_tiles(&mut self) -> Result<(), PublishError> {
        for filled in self.appender.partial_tiles() {
            self.files.put(&filled.tile.path(), &filled.to_bytes())?;
        }
        Ok(())
    }

    /// Signs the tree as it is and stores the note; its tiles are durable. Nothing happens when that was done before.
    pub(super) fn sign(&mut self, time_s: u64) -> Result<(), PublishError> {
        let (size, root) = (self.size(), self.appender.root());
        if self.signed.is_some() && self.signed_size() == size {
            return self.check_signed(size, root);
        }
        let checkpoint = Checkpoint::new(&self.origin, size, root)
            .map_err(|_| PublishError::Config { field: "origin" })?;
        let signers: Vec<&dyn Signer> = self.signers.iter().map(|signer| &**signer).collect();
        let note =
            sign_note(&checkpoint.to_string(), &signers, time_s).map_err(PublishError::Sign)?;
        // A device that was disturbed may sign wrongly, and a wrong signature can give its key away.
        note.verify(signers.iter().map(|signer| signer.key()))
            .map_err(PublishError::WrongSignature)?;
        self.lock.swap(&note)?;
        self.signed = Some(SignedCheckpoint { checkpoint, note });
        Ok(())
    }

    /// Releases the note that is stored, unless it has been released; `has_bundles` says whose partial files go.
    ///
    /// Partial tiles and bundles go first whose full ones the stored note covers: a crash in between repeats both, and a
    /// reader finds the full one in their place.
    pub(super) fn release(&mut self, has_bundles: bool) -> Result<(), PublishError> {
        let Some(signed) = self.signed.clone() else {
            return Ok(());
        };
        let released = self.released.as_ref().map(|released| &released.checkpoint);
        if released == Some(&signed.checkpoint) {
            return Ok(());
        }
        let before = released.map_or(0, Checkpoint::size);
        self.remove_partials(before, signed.checkpoint.size(), has_bundles)?;
        self.write_released(signed)
    }

    /// Releases `note` in place of the released one, when it is that with more signatures, or keeps it under its size.
    pub(super) fn release_cosigned(&mut self, note: &Note) -> Result<(), PublishError> {
        let bytes = note.to_string().into_bytes();
        let cosigned =
            lock::parse(&bytes, &self.origin).map_err(|_| PublishError::OtherNote { size: 0 })?;
        let size = cosigned.checkpoint.size();
        let other = PublishError::OtherNote { size };
        let (place, flat) = (kept::path(size), kept::flat_path(size));
        let former = match self.files.read(&place)? {
            None => self.files.read(&flat)?,
            former => former,
        };
        let Some(former) = former else {
            return Err(other);
        };
        let former =
            lock::parse(&former, &self.origin).map_err(|cause| self.lock.refused(cause))?;
        let has = |signature| note.signatures().contains(signature);
        let is_more =
            former.checkpoint == cosigned.checkpoint && former.note.signatures().iter().all(has);
        if !is_more {
            return Err(other);
        }
        let released = self.released.as_ref().map(|released| &released.checkpoint);
        if released == Some(&cosigned.checkpoint) {
            self.write_released(cosigned)
        } else {
            self.files.replace(&place, &bytes)
        }
    }

    fn write_released(&mut self, released: SignedCheckpoint) -> Result<(), PublishError> {
        let bytes = released.note.to_string().into_bytes();
        let size = released.checkpoint.size();
        self.files.replace(&kept::path(size), &bytes)?;
        self.files.replace(CHECKPOINT, &bytes)?;
        self.released = Some(released);
        self.keeping.released(&mut self.files, size)
    }

    fn remove_partials(
        &mut self,
        from: u64,
        to: u64,
        has_bundles: bool,
    ) -> Result<(), PublishError> {
        for level in 0..=MAX_LEVEL {
            for index in full_tiles(level, from)..full_tiles(level, to) {
                if let Some(tile) = Tile::new(level, index, TILE_WIDTH) {
                    self.files.remove_folder(&partial_folder(&tile.path()))?;
                }
                if let Some(bundle) = EntryBundle::new(index, TILE_WIDTH)
                    && level == 0
                    && has_bundles
                {
                    self.files.remove_folder(&partial_folder(&bundle.path()))?;
                }
            }
        }
        Ok(())
    }
}

/// Returns the folder of the partial files beside a full one (C2SP tlog-tiles, "Partial Tiles").
fn partial_folder(full: &str) -> String {
    format!("{full}.p")
}
