//! Checkpoints and proofs behind the exchange's trait: the published tiles, and what is known of the newest checkpoint.

use std::path::PathBuf;
use std::sync::Arc;

use audit_proof::kept;
use audit_proof::note::Note;
use audit_proof::proof::{self, CachedTiles, FolderTiles};
use audit_proof::suite::Suite;
use audit_proof::tlog_proof::TlogProof;
use exchange::ports::{InclusionProof, RangeProof, ShownCheckpoint};
use exchange::refusal::Cause;

use crate::attest::Board;

/// Proofs over the SHA-256 tree of one log.
pub(crate) struct Proofs {
    /// Folder of the tiles.
    tiles: PathBuf,
    /// What is published.
    source: CachedTiles<FolderTiles>,
    board: Arc<Board>,
}

/// Upper tiles kept in memory, of 8 KiB each: all that a log of 67 million entries has.
const CACHED_TILES: usize = 1_024;

impl Proofs {
    /// Proofs from the tiles in a folder.
    pub(crate) fn new(tiles: PathBuf, board: Arc<Board>) -> Proofs {
        let source = CachedTiles::new(FolderTiles::new(&tiles), CACHED_TILES);
        Proofs {
            tiles,
            source,
            board,
        }
    }

    /// The checkpoint of a size; `None` when none of that size was released.
    fn note(&self, size: u64) -> Result<Option<Note>, Cause> {
        match std::fs::read(kept::find(&self.tiles, size)) {
            Ok(bytes) => Ok(Some(Note::parse(&bytes)?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl exchange::ports::Proofs for Proofs {
    fn checkpoint(&self) -> Result<Option<ShownCheckpoint>, Cause> {
        Ok(self.board.shown())
    }

    fn inclusion(&self, index: u64, size: u64) -> Result<InclusionProof, Cause> {
        let source = &self.source;
        let hashes = proof::inclusion(Suite::Sha256, index, size, source)?;
        let leaves = proof::leaf_hashes(Suite::Sha256, index, index + 1, size, source)?;
        let text = match self.note(size)? {
            Some(note) => Some(TlogProof::new(None, index, hashes.clone(), note)?.to_string()),
            None => None,
        };
        Ok(InclusionProof {
            leaf_hash: leaves[0],
            hashes,
            text,
        })
    }

    fn consistency(&self, old: u64, new: u64) -> Result<Vec<[u8; 32]>, Cause> {
        Ok(proof::consistency(Suite::Sha256, old, new, &self.source)?)
    }

    fn range(&self, from: u64, to: u64, size: u64) -> Result<RangeProof, Cause> {
        let source = &self.source;
        let leaf_hashes = proof::leaf_hashes(Suite::Sha256, from, to, size, source)?;
        let sides = proof::range(Suite::Sha256, from, to, size, source)?;
        Ok(RangeProof {
            leaf_hashes,
            left: sides.left,
            right: sides.right,
        })
    }
}
