//! What is known of the newest checkpoint: written by those who publish and ask, read by those who are asked.
//!
//! Holds the note with the cosignatures that came so far. Without a policy of witnesses, or with one that asks for none,
//! a checkpoint stays provisional: nobody but the log has vouched for it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use audit_proof::checkpoint::Checkpoint;
use audit_proof::note::Note;
use audit_proof::policy::Policy;
use exchange::ports::{ShownCheckpoint, Standing};

/// The newest checkpoint of the SHA-256 tree.
#[derive(Debug, Default)]
pub(crate) struct Board {
    policy: Option<Policy>,
    shown: Mutex<Option<ShownCheckpoint>>,
}

impl Board {
    /// A board that judges by `policy`.
    pub(crate) fn new(policy: Option<Policy>) -> Board {
        Board {
            policy,
            shown: Mutex::default(),
        }
    }

    /// The newest checkpoint; `None` before the first.
    pub(crate) fn shown(&self) -> Option<ShownCheckpoint> {
        self.locked().clone()
    }

    /// Shows a note that was released, unless a larger one is shown already; returns its standing.
    pub(crate) fn show(&self, note: &Note) -> Option<Standing> {
        let judged = self.judge(note)?;
        let standing = judged.standing;
        let mut shown = self.locked();
        if shown.as_ref().is_none_or(|old| old.size <= judged.size) {
            *shown = Some(judged);
        }
        Some(standing)
    }

    /// What a note is worth; `None` for one that is no checkpoint.
    fn judge(&self, note: &Note) -> Option<ShownCheckpoint> {
        let size = Checkpoint::parse_any(note.text()).ok()?.size();
        let mut judged = ShownCheckpoint {
            note: note.to_string(),
            size,
            standing: Standing::Provisional,
            witnesses: Vec::new(),
            missing: Vec::new(),
        };
        let Some(policy) = &self.policy else {
            return Some(judged);
        };
        match policy.judge(note) {
            Ok(verdict) => {
                if policy.needs_witnesses() && verdict.quorum_met {
                    judged.standing = Standing::Final;
                }
                let names = verdict.witnesses.into_iter().map(|witness| witness.name);
                judged.witnesses = names.collect();
                judged.missing = verdict.missing;
            }
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                "the checkpoint is not one under the policy of witnesses"
            ),
        }
        Some(judged)
    }

    fn locked(&self) -> MutexGuard<'_, Option<ShownCheckpoint>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
