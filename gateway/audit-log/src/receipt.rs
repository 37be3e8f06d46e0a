//! Making receipts, and making the same ones again from the files.
//!
//! A receipt is made when its entry becomes durable ([`crate::Appended::receipt`]) or later from the stored log and its
//! tiles; both ways give the same text, because the head of a group stands in its trailer. Nothing is verified here and
//! no key is held; `audit_proof::receipt` has the form.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use audit_proof::{
    checkpoint::{Checkpoint, CheckpointError},
    entry::EntryError,
    files::ReadError,
    hash::Hash,
    note::Note,
    proof::{HashSource, ProveError, inclusion, root},
    receipt::{RECEIPT_KEY_SUFFIX, Receipt, ReceiptError},
    scan::KnownHead,
    signer::{SignError, Signer, sign_note},
    suite::Suite,
    tile::{Tile, TileAppender, TreeFull},
};

use crate::reader::Reader;

/// Nanoseconds of a second.
const SECOND_NS: u64 = 1_000_000_000;

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum MakeReceiptError {
    /// The key is not the receipt key of the log.
    #[error("the key {key} is not that of receipts of {origin}")]
    OtherKey {
        /// Name of the key.
        key: String,
        /// Name of the log.
        origin: String,
    },
    /// The origin cannot stand in a checkpoint.
    #[error("the origin cannot stand in a tree head")]
    Origin(#[source] CheckpointError),
    /// The tree head was not signed.
    #[error("the tree head was not signed")]
    Sign(#[source] SignError),
    /// What was put together is no receipt.
    #[error("no receipt came of the parts")]
    Form(#[source] ReceiptError),
}

/// Why a receipt cannot be made again.
#[derive(Debug, thiserror::Error)]
pub enum RemakeReceiptError<Cause: std::error::Error + 'static> {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[from] ReadError),
    /// The entry at a position is not one.
    #[error("the entry at position {position} is not one")]
    Entry {
        /// The position.
        position: u64,
        /// What is wrong.
        #[source]
        cause: EntryError,
    },
    /// The tiles give no proof.
    #[error("the tiles give no proof")]
    Tiles(#[source] ProveError<Cause>),
    /// The log is larger than any tree.
    #[error("the log is larger than any tree")]
    Full(#[source] TreeFull),
    /// Tiles and entries give another root than the group has in the log.
    #[error("tiles and log differ at size {}", head.size)]
    Differs {
        /// The head of the group in the log.
        head: KnownHead,
        /// The root found.
        found: Hash,
    },
    /// The parts are there and no receipt came of them.
    #[error("the receipt cannot be made")]
    Make(#[source] MakeReceiptError),
}

/// Makes the receipt of the entry at `position` again; `None` when no such entry is durable.
///
/// `tiles` are those of the log at `tiles_size`, such as the size of its newest checkpoint; entries above that are read
/// from the log, so that an entry has its receipt before it is published. With `tiles_size` 0 no tile is needed and the
/// whole log is read. A deterministic key gives the same bytes as [`crate::Appended::receipt`] did.
///
/// # Errors
/// [`RemakeReceiptError`].
pub fn remake<Tiles: HashSource>(
    reader: &Reader,
    tiles: &Tiles,
    tiles_size: u64,
    position: u64,
    signer: &dyn Signer,
    origin: &str,
) -> Result<Option<Receipt>, RemakeReceiptError<Tiles::Error>> {
    let Some(head) = reader.group_head(position)? else {
        return Ok(None);
    };
    let (leaf_hash, time_ns) = leaf_and_time(reader, position)?;
    let (_, head_time_ns) = leaf_and_time(reader, head.size - 1)?;
    let above = Above::read(reader, tiles, tiles_size, head.size)?;
    let found = root(Suite::Sha256, head.size, &above).map_err(RemakeReceiptError::Tiles)?;
    if found != head.root {
        return Err(RemakeReceiptError::Differs { head, found });
    }
    let proof =
        inclusion(Suite::Sha256, position, head.size, &above).map_err(RemakeReceiptError::Tiles)?;
    sign_tree_head(signer, origin, head, head_time_ns)
        .and_then(|tree_head| put_together(position, leaf_hash, time_ns, proof, tree_head))
        .map(Some)
        .map_err(RemakeReceiptError::Make)
}

/// Returns the leaf hash and the time of a durable entry.
fn leaf_and_time<Cause: std::error::Error + 'static>(
    reader: &Reader,
    position: u64,
) -> Result<(Hash, u64), RemakeReceiptError<Cause>> {
    let stored = reader.durable_entry(position)?;
    let entry = stored
        .decode()
        .map_err(|cause| RemakeReceiptError::Entry { position, cause })?;
    Ok((stored.leaf_hash(), entry.time_ns()))
}

/// Tiles of a tree, some of which are made from the entries of the log.
struct Above<'a, Tiles> {
    below: &'a Tiles,
    made: BTreeMap<Tile, Vec<Hash>>,
}

impl<'a, Tiles: HashSource> Above<'a, Tiles> {
    /// Continues the tiles at `tiles_size` up to `size`, where that is larger, with the entries of the log.
    fn read(
        reader: &Reader,
        below: &'a Tiles,
        tiles_size: u64,
        size: u64,
    ) -> Result<Self, RemakeReceiptError<Tiles::Error>> {
        let mut made = BTreeMap::new();
        if size > tiles_size {
            let mut tree = TileAppender::resume(Suite::Sha256, tiles_size, below)
                .map_err(RemakeReceiptError::Tiles)?;
            let entries = reader.entries_from(tiles_size);
            for entry in entries.take((size - tiles_size) as usize) {
                let full = tree
                    .append(entry?.leaf_hash())
                    .map_err(RemakeReceiptError::Full)?;
                made.extend(full.into_iter().map(|filled| (filled.tile, filled.hashes)));
            }
            let partial = tree.partial_tiles().into_iter();
            made.extend(partial.map(|filled| (filled.tile, filled.hashes)));
        }
        Ok(Self { below, made })
    }
}

impl<Tiles: HashSource> HashSource for Above<'_, Tiles> {
    type Error = Tiles::Error;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error> {
        match self.made.get(&tile) {
            Some(hashes) => Ok(hashes.clone()),
            None => self.below.tile(tile),
        }
    }
}

/// Signs the head of a group as the tree head of receipts.
pub(crate) fn sign_tree_head(
    signer: &dyn Signer,
    origin: &str,
    head: KnownHead,
    head_time_ns: u64,
) -> Result<Note, MakeReceiptError> {
    let key = signer.key().name();
    if key.strip_suffix(RECEIPT_KEY_SUFFIX) != Some(origin) {
        return Err(MakeReceiptError::OtherKey {
            key: key.to_owned(),
            origin: origin.to_owned(),
        });
    }
    let checkpoint =
        Checkpoint::new(origin, head.size, head.root).map_err(MakeReceiptError::Origin)?;
    let time_s = head_time_ns / SECOND_NS;
    sign_note(&checkpoint.to_string(), &[signer], time_s).map_err(MakeReceiptError::Sign)
}

/// Puts a receipt together.
pub(crate) fn put_together(
    position: u64,
    leaf_hash: Hash,
    time_ns: u64,
    proof: Vec<Hash>,
    tree_head: Note,
) -> Result<Receipt, MakeReceiptError> {
    Receipt::new(position, leaf_hash, time_ns, proof, tree_head).map_err(MakeReceiptError::Form)
}
