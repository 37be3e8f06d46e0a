//! Whether a log may start: not when it is shorter than what was witnessed, nor when it is another.
//!
//! A log restored from an old copy would sign a second history without knowing. Its witnesses remember.

use audit_proof::hash::Hash;

use super::client::WitnessedCheckpoint;

/// Why a log must not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError<Cause: std::error::Error + 'static> {
    /// It has fewer entries than a witness has cosigned: entries are lost, or the copy is an old one.
    #[error("the log has {own} entries, and {witnessed} were witnessed")]
    Shorter {
        /// Entries of the log.
        own: u64,
        /// Entries that were witnessed.
        witnessed: u64,
    },
    /// Its root at the size witnessed is another.
    #[error("the log has another root at size {size} than was witnessed")]
    SplitView {
        /// The size.
        size: u64,
    },
    /// Its root at the size witnessed cannot be computed.
    #[error("the root of the log at size {size} cannot be had")]
    Root {
        /// The size.
        size: u64,
        /// Why not.
        #[source]
        cause: Cause,
    },
}

/// Checks that a log of `own_size` entries continues what a witness cosigned.
///
/// `root_at` computes the log's root at a size that is not above its own, as [`audit_proof::proof::root`] does.
///
/// # Errors
/// Every variant means that nothing may be signed; the first two are alarms, and `witnessed` is the evidence.
pub fn check_start<Cause: std::error::Error + 'static>(
    own_size: u64,
    root_at: impl FnOnce(u64) -> Result<Hash, Cause>,
    witnessed: &WitnessedCheckpoint,
) -> Result<(), StartError<Cause>> {
    let size = witnessed.checkpoint.size();
    if own_size < size {
        return Err(StartError::Shorter {
            own: own_size,
            witnessed: size,
        });
    }
    match root_at(size) {
        Ok(root) if root == *witnessed.checkpoint.root() => Ok(()),
        Ok(_) => Err(StartError::SplitView { size }),
        Err(cause) => Err(StartError::Root { size, cause }),
    }
}
