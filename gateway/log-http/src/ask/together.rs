//! All witnesses of a policy, asked at the same time, and what the checkpoint is worth then.
//!
//! Each witness has the client's deadline and none waits for another. What each is believed to have cosigned last is
//! remembered as a hint, so that a witness is asked twice only after a start or a failure.

use std::sync::atomic::{AtomicU64, Ordering};

use audit_proof::checkpoint::Checkpoint;
use audit_proof::key::VerifierKey;
use audit_proof::note::{Note, NoteSignature};
use audit_proof::policy::{JudgeError, Policy, PolicyVerdict};
use futures_util::future::join_all;

use super::client::{AskError, LatestError, Prove, WitnessClient, WitnessedCheckpoint};
use super::disagreement::Disagreement;
use crate::http::{BaseUrl, HttpClient, UrlError};

/// The witnesses of a log, by its policy.
#[derive(Debug)]
pub struct Witnesses {
    policy: Policy,
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: String,
    client: WitnessClient,
    /// What the witness is believed to have cosigned last.
    known_size: AtomicU64,
}

/// Why the witnesses of a policy cannot be asked about a log.
#[derive(Debug, thiserror::Error)]
pub enum WitnessesError {
    /// The policy has no key of the log.
    #[error("the policy has no key of the log {origin}")]
    NoLog {
        /// The log.
        origin: String,
    },
    /// The address of a witness is none.
    #[error("the witness {name} has no usable address")]
    Url {
        /// The name of the witness in the policy.
        name: String,
        /// What is wrong.
        #[source]
        cause: UrlError,
    },
}

/// What one witness said.
#[derive(Debug)]
pub struct WitnessOutcome {
    /// The name of the witness in the policy.
    pub name: String,
    /// Its cosignatures, verified, or why there are none.
    pub result: Result<Vec<NoteSignature>, AskError>,
}

/// A checkpoint after all witnesses were asked.
#[derive(Debug)]
pub struct Cosigning {
    /// The checkpoint with the cosignatures that came.
    pub note: Note,
    /// What it is worth under the policy.
    pub verdict: PolicyVerdict,
    /// What each witness said, in the order of the policy; witnesses without an address were not asked.
    pub outcomes: Vec<WitnessOutcome>,
}

impl Witnesses {
    /// Takes the witnesses of `policy` that have an address, to be asked about the log `origin`.
    ///
    /// # Errors
    /// [`WitnessesError`].
    pub fn of_policy(
        policy: Policy,
        origin: &str,
        http: &HttpClient,
    ) -> Result<Self, WitnessesError> {
        let keys = policy.logs().iter().map(|log| &log.key);
        let log_keys: Vec<VerifierKey> = keys.filter(|key| key.name() == origin).cloned().collect();
        if log_keys.is_empty() {
            let origin = origin.to_owned();
            return Err(WitnessesError::NoLog { origin });
        }
        let mut members = Vec::new();
        for witness in policy.witnesses() {
            let Some(url) = &witness.url else { continue };
            let url = BaseUrl::parse(url).map_err(|cause| WitnessesError::Url {
                name: witness.name.clone(),
                cause,
            })?;
            members.push(Member {
                name: witness.name.clone(),
                client: WitnessClient::new(
                    http.clone(),
                    url,
                    witness.key.clone(),
                    log_keys.clone(),
                ),
                known_size: AtomicU64::new(0),
            });
        }
        Ok(Self { policy, members })
    }

    /// Asks every witness to cosign `note`, and judges what has come.
    ///
    /// Takes at most twice the client's deadline, and once more after a disagreement, to fetch what the witness holds.
    ///
    /// # Errors
    /// [`JudgeError`] when `note` itself is no checkpoint or bears a wrong signature.
    pub async fn ask_all(&self, note: &Note, prove: &Prove<'_>) -> Result<Cosigning, JudgeError> {
        let size = Checkpoint::parse_any(note.text())
            .map_err(JudgeError::Checkpoint)?
            .size();
        let outcomes = join_all(self.members.iter().map(|member| async move {
            let known_size = member.known_size.load(Ordering::Relaxed);
            let result = member.client.ask(note, known_size, prove).await;
            if result.is_ok() {
                member.known_size.store(size, Ordering::Relaxed);
            }
            WitnessOutcome {
                name: member.name.clone(),
                result,
            }
        }))
        .await;
        let mut note = note.clone();
        let lines = outcomes
            .iter()
            .filter_map(|outcome| outcome.result.as_ref().ok());
        for line in lines.flatten() {
            // A note that is full stays as it is, and the verdict counts what is in it.
            if let Err(error) = note.push(line.clone()) {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "no room to cosign"
                );
            }
        }
        let verdict = self.policy.judge(&note)?;
        Ok(Cosigning {
            note,
            verdict,
            outcomes,
        })
    }

    /// Asks every witness what it cosigned last, in the order of the policy; [`super::check_start`] judges it.
    pub async fn latest_all(
        &self,
    ) -> Vec<(String, Result<Option<WitnessedCheckpoint>, LatestError>)> {
        join_all(
            self.members
                .iter()
                .map(|member| async { (member.name.clone(), member.client.latest().await) }),
        )
        .await
    }

    /// The policy by which checkpoints are judged.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl Cosigning {
    /// The witnesses that hold another history: alarms of the highest class, whatever the verdict.
    pub fn disagreements(&self) -> impl Iterator<Item = &Disagreement> {
        let errors = self
            .outcomes
            .iter()
            .filter_map(|outcome| outcome.result.as_ref().err());
        errors.filter_map(AskError::disagreement)
    }
}

impl AskError {
    /// The disagreement, if it is one.
    #[must_use]
    pub fn disagreement(&self) -> Option<&Disagreement> {
        match self {
            Self::Disagreement(disagreement) => Some(disagreement),
            Self::Checkpoint(_)
            | Self::Prove { .. }
            | Self::Http(_)
            | Self::UnknownLog
            | Self::Untrusted
            | Self::Status { .. }
            | Self::Moved { .. }
            | Self::Malformed
            | Self::Line(_)
            | Self::Cosignature(_)
            | Self::OtherKeys => None,
        }
    }
}
