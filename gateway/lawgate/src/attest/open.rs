//! Opening the log together with its publisher, and refusing a log that is not the one that was signed.
//!
//! Two memories are asked before anything is appended: what this node signed last, and what the witnesses cosigned
//! last. The first refuses in [`audit_log::open_published`], the second in [`OpenNode::check_witnesses`]. A witness that does not
//! answer refuses nothing: a node must be able to start while others are down, and it says so.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use audit_log::{
    Log, OpenError, OpenPublishedError, Opened, PublishConfig, PublishError, Publisher, Resumed,
    open_published,
};
use audit_proof::hash::Hash;
use audit_proof::proof;
use audit_proof::suite::Suite;
use audit_proof::tile::TileAppender;
use log_http::ask::{StartError, check_start};
use sha2::{Digest as _, Sha256};

use super::alarm::{self, Alarm};
use super::cosign::Cosigners;
use super::keys::KeyRing;
use crate::config::Config;
use crate::wiring::StatedClock;

/// Longest time a start waits for another process to close the log.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How often it looks.
const LOCK_POLL: Duration = Duration::from_millis(100);

/// A log that is open, with what publishes it.
pub(crate) struct OpenNode {
    /// The log.
    pub(crate) log: Log,
    /// What was found at its end.
    pub(crate) opened: Opened,
    /// Signs its checkpoints.
    pub(crate) publisher: Publisher,
    /// What was found of earlier checkpoints.
    pub(crate) resumed: Resumed,
    /// Folder of the log.
    pub(crate) folder: PathBuf,
}

/// Opens the log for a node.
///
/// # Errors
/// The log cannot be opened, or it is not the one that was signed; the message says which.
pub(crate) fn open(config: &Config, keys: &KeyRing) -> anyhow::Result<OpenNode> {
    let folder = config.gateway.data_dir.join("audit");
    let policy = config.audit.witness.as_ref().map(|witness| &witness.policy);
    let policy_digest = match policy {
        Some(path) => {
            let text = std::fs::read(path)
                .with_context(|| format!("the policy {} cannot be read", path.display()))?;
            Sha256::digest(&text).into()
        }
        None => [0; 32],
    };
    let log_config = || audit_log::Config {
        dir: folder.clone(),
        origin: config.gateway.origin.clone(),
        policy_digest,
        former_root: None,
        suite: config.audit.suite,
        segment_bytes: config.audit.segment_bytes,
        queue_entries: config.audit.queue_entries,
        queue_bytes: config.audit.queue_bytes,
    };
    let publish = || PublishConfig {
        tiles: folder.join("tiles"),
        signed: folder.join("signed"),
        origin: config.gateway.origin.clone(),
        signers: keys.checkpoint.clone(),
        twin_signers: keys.twin.clone(),
    };
    let clock = || Arc::new(StatedClock::default());
    let opened = when_free(&folder, LOCK_WAIT, || {
        open_published(log_config(), clock(), publish())
    });
    let (log, opened, publisher, resumed) = opened.map_err(refused)?;
    if resumed.rebuilt {
        tracing::warn!("tiles of the audit log were missing or damaged and have been made again");
    }
    Ok(OpenNode {
        log,
        opened,
        publisher,
        resumed,
        folder,
    })
}

/// Opens, and while another process has the log open tries again for `wait`: one that was killed needs a moment to
/// give up its lock.
fn when_free<T>(
    folder: &Path,
    wait: Duration,
    mut open: impl FnMut() -> Result<T, OpenPublishedError>,
) -> Result<T, OpenPublishedError> {
    let began = Instant::now();
    loop {
        match open() {
            Err(OpenPublishedError::Log(OpenError::Locked { .. })) if began.elapsed() < wait => {}
            opened => return opened,
        }
        if began.elapsed() < LOCK_POLL {
            tracing::warn!(
                folder = %folder.display(),
                wait_s = wait.as_secs(),
                "the audit log is open elsewhere; waiting until it is not"
            );
        }
        std::thread::sleep(LOCK_POLL);
    }
}

/// Says in one sentence why a log must not go on.
fn refused(error: OpenPublishedError) -> anyhow::Error {
    let sentence = match &error {
        OpenPublishedError::Log(_) => "opening the audit log".to_owned(),
        OpenPublishedError::Publisher(publisher) | OpenPublishedError::Close { publisher, .. } => {
            refused_by(publisher)
        }
    };
    anyhow::Error::new(error).context(sentence)
}

fn refused_by(error: &PublishError) -> String {
    if let PublishError::ShorterThanSigned { signed, log } = error {
        return format!(
            "the audit log has {log} entries, and a checkpoint over {signed} was signed: entries were lost, or an old \
             copy was restored; nothing was appended (docs/operations.md, Restoring a backup)"
        );
    }
    if let PublishError::OtherPast { size, .. } = error {
        return format!(
            "the audit log has another past than the one that was signed at size {size}: entries were changed; nothing \
             was appended (docs/operations.md, Restoring a backup)"
        );
    }
    format!("the checkpoints of the audit log cannot be continued: {error}")
}

/// Closes a log that must not go on, and returns why.
pub(crate) fn close_refused(node: OpenNode, why: anyhow::Error) -> anyhow::Error {
    let OpenNode { log, publisher, .. } = node;
    drop(publisher);
    match log.close() {
        Ok(_) => why,
        Err(close) => why.context(format!("the audit log did not close: {close}")),
    }
}

/// Closes a log that was only looked at.
pub(crate) fn close(node: OpenNode) -> anyhow::Result<()> {
    let OpenNode { log, publisher, .. } = node;
    drop(publisher);
    log.close().context("closing the audit log")?;
    Ok(())
}

impl OpenNode {
    /// Compares the log with what the witnesses cosigned last.
    ///
    /// # Errors
    /// A witness cosigned a longer log, or another one; both notes are kept in `alarms/` then.
    pub(crate) async fn check_witnesses(&self, cosigners: &Cosigners) -> anyhow::Result<()> {
        for (suite, witness, latest) in cosigners.latest().await {
            match latest {
                Err(error) => tracing::warn!(
                    witness,
                    error = &error as &dyn std::error::Error,
                    "a witness cannot be asked what it cosigned last; the start goes on without it"
                ),
                Ok(None) => tracing::info!(witness, "the witness has cosigned nothing of this log"),
                Ok(Some(witnessed)) => {
                    let size = self.log.size();
                    let checked = check_start(size, |at| self.root_at(suite, at), &witnessed);
                    let Err(error) = checked else { continue };
                    let kind = match &error {
                        StartError::Shorter { .. } => alarm::LARGER,
                        StartError::SplitView { .. } => alarm::OTHER_ROOT,
                        StartError::Root { .. } => {
                            return Err(anyhow::Error::new(error)
                                .context("comparing the log with its witnesses"));
                        }
                    };
                    let ours = std::fs::read_to_string(self.folder.join("tiles/checkpoint"));
                    let found = Alarm {
                        witness: witness.clone(),
                        kind,
                        ours: ours.unwrap_or_default(),
                        theirs: Some(witnessed.note.to_string()),
                    };
                    let kept = found.keep(&self.folder)?;
                    anyhow::bail!(
                        "the witness {witness} refuses this log: {error}; nothing was appended, its note is kept in \
                         {} (docs/operations.md, Restoring a backup)",
                        kept.folder.display()
                    );
                }
            }
        }
        Ok(())
    }

    /// The root of the log at a size, from the entries on disk.
    fn root_at(&self, suite: Suite, size: u64) -> Result<Hash, RootError> {
        let tiles = match suite {
            Suite::Sha256 => self.folder.join("tiles"),
            Suite::Sm3 => self.folder.join("tiles/sm3"),
        };
        let tiles = proof::FolderTiles::new(tiles);
        if size <= self.resumed.signed_size
            && let Ok(root) = proof::root(suite, size, &tiles)
        {
            return Ok(root);
        }
        // Not published yet, or its tiles are gone: read all of it again.
        let mut tree = TileAppender::new(suite);
        let entries = self.log.reader().entries_from(0);
        for entry in entries.take(usize::try_from(size).unwrap_or(usize::MAX)) {
            let entry = entry.map_err(RootError::Read)?;
            tree.append(suite.leaf_hash(&entry.bytes))
                .map_err(RootError::Full)?;
        }
        Ok(tree.root())
    }
}

/// Why a root cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RootError {
    /// The log cannot be read.
    #[error("the log cannot be read")]
    Read(#[source] audit_log::ReadError),
    /// The log is larger than any tree.
    #[error("the log is larger than any tree")]
    Full(#[source] audit_proof::tile::TreeFull),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locked() -> OpenPublishedError {
        OpenPublishedError::Log(OpenError::Locked { dir: "log".into() })
    }

    #[test]
    fn a_log_that_another_process_is_about_to_close_is_waited_for() {
        let mut tries = 0;
        let opened = when_free(Path::new("log"), Duration::from_secs(60), || {
            tries += 1;
            if tries < 3 { Err(locked()) } else { Ok(tries) }
        });
        assert_eq!(opened.expect("opens"), 3);
    }

    #[test]
    fn a_log_that_stays_open_elsewhere_is_refused_with_that_as_the_reason() {
        let opened: Result<(), _> = when_free(Path::new("log"), Duration::ZERO, || Err(locked()));
        let error = refused(opened.expect_err("is refused"));
        assert_eq!(
            error.root_cause().to_string(),
            "audit log log is open elsewhere"
        );
    }
}
