//! Publishing: what is signed when, and the entries that attesting itself makes.
//!
//! Attesting writes into the log that it attests: an anchor after each checkpoint of suite `dual`, a token for each
//! timestamp. Such an entry alone never causes another checkpoint, or the log would grow for ever by itself: a
//! checkpoint is made when entries of others have come ([`Publishing::publish`]), and otherwise only where the caller
//! bounds how often ([`Publishing::publish_all`]: before a timestamp, and at the end).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use audit_log::{
    AppendError, Appended, Clock as _, Draft, Log, PublishError, Published, Publisher,
};
use audit_proof::note::Note;
use audit_proof::suite::Suite;
use exchange::entry::AnchorEntry;
use log_http::serve::PublishedLog;
use tokio::sync::watch;

use super::board::Board;
use super::open::OpenNode;
use crate::wiring::SystemClock;

/// Nanoseconds of a second.
const SECOND_NS: u64 = 1_000_000_000;

/// The publisher of a node, shared by the tasks of attesting.
#[derive(Debug)]
pub(crate) struct Publishing {
    log: Log,
    publisher: Mutex<Publisher>,
    /// Positions of entries that attesting made and that are not published yet.
    own: Mutex<BTreeSet<u64>>,
    newest: watch::Sender<Option<Published>>,
    board: Arc<Board>,
    folder: PathBuf,
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CycleError {
    /// No checkpoint was signed or released.
    #[error("no checkpoint was signed")]
    Publish(#[from] PublishError),
    /// The anchor was not entered.
    #[error("the anchor was not entered")]
    Append(#[from] AppendError),
}

impl CycleError {
    /// Whether the next attempt may succeed.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            CycleError::Publish(error) => {
                matches!(error, PublishError::Sign(_) | PublishError::Stale { .. })
            }
            CycleError::Append(error) => matches!(error, AppendError::Full { .. }),
        }
    }
}

impl Publishing {
    /// Takes over the publisher of a node.
    pub(crate) fn new(log: Log, publisher: Publisher, board: Arc<Board>, folder: PathBuf) -> Self {
        let (newest, _) = watch::channel(publisher.published());
        // With the cosignatures that came before the node ended.
        if let Ok(released) = PublishedLog::new(&folder.join("tiles"), Suite::Sha256).published() {
            board.show(&released.note);
        }
        Publishing {
            log,
            publisher: Mutex::new(publisher),
            own: Mutex::default(),
            newest,
            board,
            folder,
        }
    }

    /// Takes over the publisher of a node that was opened, and returns the rest of it.
    pub(crate) fn of_node(
        node: OpenNode,
        board: Arc<Board>,
    ) -> (Log, audit_log::Opened, Arc<Self>) {
        let OpenNode {
            log,
            opened,
            publisher,
            folder,
            ..
        } = node;
        let publishing = Publishing::new(log.clone(), publisher, board, folder);
        (log, opened, Arc::new(publishing))
    }

    /// Folder of the log.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Folder of what is served.
    pub(crate) fn tiles(&self) -> PathBuf {
        self.folder.join("tiles")
    }

    /// The newest checkpoint and its standing.
    pub(crate) fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// Follows what is published.
    pub(crate) fn follow(&self) -> watch::Receiver<Option<Published>> {
        self.newest.subscribe()
    }

    /// Publishes the log if entries of others have come since the last checkpoint; blocks for disk and keys.
    ///
    /// # Errors
    /// [`CycleError`]; see [`CycleError::is_passing`].
    pub(crate) fn publish(&self) -> Result<(), CycleError> {
        self.publish_if(|others, _| others > 0)
    }

    /// Publishes the log if it has grown at all; blocks for disk and keys.
    ///
    /// # Errors
    /// As [`Publishing::publish`].
    pub(crate) fn publish_all(&self) -> Result<(), CycleError> {
        self.publish_if(|others, own| others + own > 0)
    }

    /// Appends an entry of attesting itself and waits until it is durable.
    ///
    /// # Errors
    /// The log's.
    pub(crate) fn append_own(&self, draft: Draft) -> Result<Appended, AppendError> {
        // Held until the entry is noted, so that it is never counted as somebody else's.
        let mut own = locked(&self.own);
        let appended = self.log.append(draft)?.wait()?;
        own.insert(appended.position);
        Ok(appended)
    }

    /// Appends an entry that has to be published soon and waits until it is durable.
    ///
    /// # Errors
    /// The log's.
    pub(crate) fn append(&self, draft: Draft) -> Result<Appended, AppendError> {
        self.log.append(draft)?.wait()
    }

    /// Releases a note that came back with cosignatures.
    ///
    /// # Errors
    /// The publisher's.
    pub(crate) fn release(&self, note: &Note) -> Result<(), PublishError> {
        locked(&self.publisher).release_cosigned(note)
    }

    fn publish_if(&self, is_due: impl Fn(u64, u64) -> bool) -> Result<(), CycleError> {
        let mut publisher = locked(&self.publisher);
        let size_of = |published: &Published| published.main.checkpoint.size();
        let signed = publisher.published().as_ref().map_or(0, size_of);
        let (head, others, own) = {
            let own = locked(&self.own);
            let head = self.log.head();
            let own = own.range(signed..head.size.max(signed)).count() as u64;
            let others = head.size.saturating_sub(signed) - own;
            (head, others, own)
        };
        if !is_due(others, own) {
            return Ok(());
        }
        let time_s = SystemClock.now_ns() / SECOND_NS;
        let Some(published) = publisher.publish(&head, time_s)? else {
            return Ok(());
        };
        locked(&self.own).retain(|position| *position >= head.size);
        self.board.show(&published.main.note);
        self.newest.send_replace(Some(published));
        let anchor = (others > 0).then(|| publisher.anchor()).flatten();
        drop(publisher);
        if let Some(anchor) = anchor {
            let entry = AnchorEntry {
                size: anchor.size,
                root_sha256: anchor.root_sha256,
                root_sm3: anchor.root_sm3,
            };
            self.append_own(entry.draft())?;
        }
        Ok(())
    }
}

/// A panic elsewhere leaves positions and publisher as they are; the publisher stops itself after errors.
fn locked<Guarded>(mutex: &Mutex<Guarded>) -> MutexGuard<'_, Guarded> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
