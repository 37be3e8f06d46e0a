//! Asking the witnesses: for each checkpoint, and again while the quorum is missing.
//!
//! Publishing does not wait for it. Cosignatures are added to the released note as they come; what contradicts the log
//! becomes an alarm. The twin of suite `dual` is asked about where the policy has its key.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use audit_log::publish::TWIN_ORIGIN_SUFFIX;
use audit_log::{Published, SignedCheckpoint};
use audit_proof::hash::Hash;
use audit_proof::kept;
use audit_proof::note::Note;
use audit_proof::policy::Policy;
use audit_proof::proof::{FolderTiles, consistency};
use audit_proof::suite::Suite;
use exchange::ports::Standing;
use log_http::ask::{Cosigning, LatestError, WitnessedCheckpoint, Witnesses};
use log_http::http::HttpClient;
use log_http::serve::PublishedLog;

use super::alarm::Alarm;
use super::keys::KeyRing;
use super::publish::Publishing;
use crate::config::Config;

/// The witnesses of a node, for each of its trees.
#[derive(Debug)]
pub(crate) struct Cosigners {
    trees: Vec<CosignedTree>,
    deadline: Duration,
}

#[derive(Debug)]
struct CosignedTree {
    suite: Suite,
    witnesses: Witnesses,
}

impl Cosigners {
    /// Reads the policy; `None` when none is configured.
    ///
    /// # Errors
    /// The policy cannot be read, or does not know the key that signs this log.
    pub(crate) fn open(config: &Config, keys: &KeyRing) -> anyhow::Result<Option<Cosigners>> {
        let Some(configured) = &config.audit.witness else {
            return Ok(None);
        };
        let path = &configured.policy;
        let policy = read_policy(path)?;
        let own = keys.checkpoint.first().map(|signer| signer.key().clone());
        let is_known = policy
            .logs()
            .iter()
            .any(|log| Some(&log.key) == own.as_ref());
        anyhow::ensure!(
            is_known,
            "the policy {} does not have the key that signs this log; its line is `log {}`",
            path.display(),
            own.map(|key| key.to_string()).unwrap_or_default()
        );
        let http = HttpClient::new(configured.authorities.as_deref(), configured.deadline)
            .context("the authorities of witnesses cannot be used")?;
        let origin = &config.gateway.origin;
        let twin = format!("{origin}{TWIN_ORIGIN_SUFFIX}");
        let has_twin = policy.logs().iter().any(|log| log.key.name() == twin);
        let mut trees = vec![(Suite::Sha256, origin.clone())];
        trees.extend((keys.twin.is_some() && has_twin).then_some((Suite::Sm3, twin)));
        let trees = trees.into_iter().map(|(suite, origin)| {
            let witnesses = Witnesses::of_policy(policy.clone(), &origin, &http)
                .with_context(|| format!("the policy {} cannot be used", path.display()))?;
            Ok(CosignedTree { suite, witnesses })
        });
        Ok(Some(Cosigners {
            trees: trees.collect::<anyhow::Result<_>>()?,
            deadline: configured.deadline,
        }))
    }

    /// The policy by which checkpoints are judged.
    pub(crate) fn policy(&self) -> &Policy {
        self.trees[0].witnesses.policy()
    }

    /// Longest exchange with one witness.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Asks every witness what it cosigned last, of each tree.
    pub(crate) async fn latest(&self) -> Vec<Latest> {
        let mut found = Vec::new();
        for tree in &self.trees {
            let latest = tree.witnesses.latest_all().await;
            found.extend(latest.into_iter().map(|(name, it)| (tree.suite, name, it)));
        }
        found
    }

    /// Has what was published cosigned, and releases what comes; returns the standing of the SHA-256 checkpoint.
    ///
    /// # Errors
    /// Cosignatures could not be released, or an alarm could not be kept: not that witnesses are missing.
    pub(crate) async fn ask(
        &self,
        publishing: &Arc<Publishing>,
        published: &Published,
    ) -> anyhow::Result<Standing> {
        let mut standing = Standing::Provisional;
        for tree in &self.trees {
            let signed = match tree.suite {
                Suite::Sha256 => Some(&published.main),
                Suite::Sm3 => published.twin.as_ref(),
            };
            let Some(signed) = signed else { continue };
            let note = tree.ask(publishing, signed).await?;
            if tree.suite == Suite::Sha256 {
                standing = publishing.board().show(&note).unwrap_or(standing);
            }
        }
        Ok(standing)
    }
}

/// What a witness cosigned last of a tree, with its name.
pub(crate) type Latest = (
    Suite,
    String,
    Result<Option<WitnessedCheckpoint>, LatestError>,
);

/// Reads a policy file.
///
/// # Errors
/// It cannot be read, or is no policy.
pub(crate) fn read_policy(path: &Path) -> anyhow::Result<Policy> {
    let text = std::fs::read(path)
        .with_context(|| format!("the policy {} cannot be read", path.display()))?;
    Policy::parse(&text).map_err(|error| {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        let sentence = format!("{} is no policy: {error}: {cause}", path.display());
        anyhow::Error::new(error).context(sentence)
    })
}

impl CosignedTree {
    /// Asks about one checkpoint; returns its note with every cosignature there is.
    async fn ask(
        &self,
        publishing: &Arc<Publishing>,
        signed: &SignedCheckpoint,
    ) -> anyhow::Result<Note> {
        let folder = match self.suite {
            Suite::Sha256 => publishing.tiles(),
            Suite::Sm3 => publishing.tiles().join("sm3"),
        };
        let (tiles, suite) = (FolderTiles::new(&folder), self.suite);
        let size = signed.checkpoint.size();
        let prove = move |old_size: u64| -> Result<Vec<Hash>, Box<dyn Error + Send + Sync>> {
            Ok(consistency(suite, old_size, size, &tiles)?)
        };
        let cosigning = self.witnesses.ask_all(&signed.note, &prove).await?;
        report(publishing, &cosigning).await?;
        let publishing = Arc::clone(publishing);
        tokio::task::spawn_blocking(move || {
            release(&publishing, &folder, suite, size, &cosigning.note)
        })
        .await?
    }
}

/// Adds what came to the note as it was released.
fn release(
    publishing: &Publishing,
    folder: &Path,
    suite: Suite,
    size: u64,
    cosigned: &Note,
) -> anyhow::Result<Note> {
    let released = released(folder, suite, size)?;
    let mut merged = released.clone();
    for line in cosigned.signatures() {
        let mut known = merged.signatures().iter();
        // One cosignature of a key is enough; another one, made at another time, would only fill the note.
        if !known.any(|old| (old.name(), old.key_id()) == (line.name(), line.key_id())) {
            merged.push(line.clone())?;
        }
    }
    if merged != released {
        publishing.release(&merged)?;
    }
    Ok(merged)
}

/// The note of `size` as it was released.
fn released(folder: &Path, suite: Suite, size: u64) -> anyhow::Result<Note> {
    let newest = PublishedLog::new(folder, suite).published()?;
    if newest.checkpoint.size() == size {
        return Ok(newest.note);
    }
    let path = kept::find(folder, size);
    let bytes =
        std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    Ok(Note::parse(&bytes)?)
}

/// Says what each witness said, and raises alarms.
async fn report(publishing: &Arc<Publishing>, cosigning: &Cosigning) -> anyhow::Result<()> {
    for outcome in &cosigning.outcomes {
        if let Err(error) = &outcome.result
            && error.disagreement().is_none()
        {
            tracing::debug!(
                witness = outcome.name,
                error = error as &dyn Error,
                "a witness did not cosign"
            );
        }
    }
    for disagreement in cosigning.disagreements() {
        let alarm = Alarm::of(disagreement);
        let publishing = Arc::clone(publishing);
        tokio::task::spawn_blocking(move || raise(&publishing, &alarm)).await??;
    }
    Ok(())
}

/// Keeps an alarm, enters it and says so; once for each contradiction.
fn raise(publishing: &Publishing, alarm: &Alarm) -> anyhow::Result<()> {
    let kept = alarm.keep(publishing.folder())?;
    if kept.is_new {
        tracing::error!(
            witness = alarm.witness,
            kind = alarm.kind,
            notes = %kept.folder.display(),
            "ALARM: a witness holds another history of this log; both notes are kept"
        );
        publishing.append(alarm.entry().draft())?;
    }
    Ok(())
}
