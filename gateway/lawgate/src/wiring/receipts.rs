//! Receipts (回执) behind the exchange's trait: the receipt key, the groups of the log and its tiles.

use std::path::PathBuf;
use std::sync::Arc;

use audit_log::{Appended, Log, receipt};
use audit_proof::proof::FolderTiles;
use audit_proof::signer::Signer;
use exchange::refusal::Cause;

use crate::attest::Board;

/// Signs receipts of one log.
pub(crate) struct Receipts {
    /// The log.
    pub(crate) log: Log,
    /// Folder of its tiles.
    pub(crate) tiles: PathBuf,
    /// What is published.
    pub(crate) board: Arc<Board>,
    /// The receipt key.
    pub(crate) signer: Arc<dyn Signer>,
}

/// There is no entry at a position.
#[derive(Debug, thiserror::Error)]
#[error("there is no durable entry at position {position}")]
struct NoEntry {
    position: u64,
}

impl exchange::ports::Receipts for Receipts {
    fn receipt(&self, appended: &Appended) -> Result<String, Cause> {
        let receipt = appended.receipt(&*self.signer, self.log.origin())?;
        Ok(receipt.to_string())
    }

    fn receipt_again(&self, position: u64) -> Result<String, Cause> {
        let tiles = FolderTiles::new(&self.tiles);
        let published = self.board.shown().map_or(0, |shown| shown.size);
        let (reader, origin) = (self.log.reader(), self.log.origin());
        let receipt = receipt::remake(&reader, &tiles, published, position, &*self.signer, origin)?;
        Ok(receipt.ok_or(NoEntry { position })?.to_string())
    }
}
