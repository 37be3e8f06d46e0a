//! One witness as a log sees it: its address, its key, and what may be believed of its answers.
//!
//! The protocol is C2SP tlog-witness v1.0.0. A cosignature counts when it is of the expected key and over exactly the
//! checkpoint that was sent; lines of other keys are ignored, as the standard asks.

use std::error::Error;

use audit_proof::checkpoint::{Checkpoint, CheckpointError};
use audit_proof::hash::Hash;
use audit_proof::key::{SignatureError, VerifierKey};
use audit_proof::note::{Note, NoteError, NoteSignature};
use audit_proof::verified::NoteVerifyError;

use super::disagreement::{Disagreement, DisagreementKind};
use crate::http::{BaseUrl, HttpClient, HttpError, Received, Sent};
use crate::text::decimal;
use crate::witness::{AddCheckpoint, origin_hash};

/// Longest reply read, in bytes.
///
/// A cosigned checkpoint with sixteen ML-DSA-44 signatures has 53 kB; a list of cosignatures has fewer.
const MAX_REPLY_BYTES: usize = 128 << 10;

/// Gives the consistency proof from an old size to the size of the checkpoint in question.
///
/// It is not asked for a proof from nothing or from the size itself, which are empty. It may read files.
pub type Prove<'a> = dyn Fn(u64) -> Result<Vec<Hash>, Box<dyn Error + Send + Sync>> + Sync + 'a;

/// A witness, asked about one log.
#[derive(Debug, Clone)]
pub struct WitnessClient {
    http: HttpClient,
    url: BaseUrl,
    key: VerifierKey,
    log_keys: Vec<VerifierKey>,
}

/// A checkpoint as a witness holds it; the log's and the witness's signatures have been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessedCheckpoint {
    /// The note as it was received.
    pub note: Note,
    /// What it says.
    pub checkpoint: Checkpoint,
    /// When the witness cosigned it, in seconds since 1970; `None` when it made no statement of time.
    pub time_s: Option<u64>,
}

/// Why a witness gave no cosignature.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It holds another history of the log: an alarm of the highest class.
    #[error(transparent)]
    Disagreement(Box<Disagreement>),
    /// What was to be cosigned is no checkpoint.
    #[error("the note is not a checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// No proof could be made from the size that the witness cosigned last.
    #[error("no consistency proof from size {old_size}")]
    Prove {
        /// The size.
        old_size: u64,
        /// Why not.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// There was no reply.
    #[error("the witness gave no reply")]
    Http(#[source] HttpError),
    /// It does not watch the log (404).
    #[error("the witness does not watch the log")]
    UnknownLog,
    /// It trusts no key that signed (403).
    #[error("the witness trusts no key that signed the checkpoint")]
    Untrusted,
    /// It replied with a status that says no more, or one that it ought not to give.
    #[error("the witness replied with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// Others had it cosign the log's checkpoints meanwhile; ask again with the next one.
    #[error("the witness has moved on from size {size} meanwhile")]
    Moved {
        /// The size that it named last.
        size: u64,
    },
    /// Its reply is not the form that the protocol gives it.
    #[error("the reply of the witness is malformed")]
    Malformed,
    /// A line of its reply is no signature line.
    #[error("the reply of the witness has a line that is no signature")]
    Line(#[source] NoteError),
    /// A cosignature in the name of the expected key is wrong.
    #[error("the cosignature is not one over the checkpoint")]
    Cosignature(#[source] SignatureError),
    /// No line is of the expected key.
    #[error("the expected key did not cosign")]
    OtherKeys,
}

/// Why it is not known what a witness cosigned last.
#[derive(Debug, thiserror::Error)]
pub enum LatestError {
    /// There was no reply.
    #[error("the witness gave no reply")]
    Http(#[source] HttpError),
    /// It replied with a status that says no more.
    #[error("the witness replied with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// It says that it never cosigned the log.
    #[error("the witness has cosigned nothing")]
    Nothing,
    /// The reply is no signed note.
    #[error("the reply is not a signed note")]
    Note(#[source] NoteError),
    /// The note is no checkpoint.
    #[error("the note is not a checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// The checkpoint is of another log.
    #[error("the checkpoint is of {origin}")]
    Origin {
        /// The other log.
        origin: String,
    },
    /// The witness, or the log, did not sign it.
    #[error("the checkpoint is not signed by witness and log")]
    Signature(#[source] NoteVerifyError),
}

impl WitnessClient {
    /// Makes a client for the witness at `url` with `key`; `log_keys` are those of the log, all named after it.
    #[must_use]
    pub fn new(
        http: HttpClient,
        url: BaseUrl,
        key: VerifierKey,
        log_keys: Vec<VerifierKey>,
    ) -> Self {
        Self {
            http,
            url,
            key,
            log_keys,
        }
    }

    /// The key under which its cosignatures verify.
    #[must_use]
    pub fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Asks for cosignatures over `note`, which the log has signed.
    ///
    /// `old_size` is what the witness is believed to have cosigned last; where that is wrong it is asked once more from the
    /// size it names. All lines returned are of the expected key and verified over `note`.
    ///
    /// # Errors
    /// [`AskError::Disagreement`] is an alarm; after every other one the log goes on and asks again later.
    pub async fn ask(
        &self,
        note: &Note,
        old_size: u64,
        prove: &Prove<'_>,
    ) -> Result<Vec<NoteSignature>, AskError> {
        let checkpoint = Checkpoint::parse_any(note.text()).map_err(AskError::Checkpoint)?;
        let size = checkpoint.size();
        let mut old_size = old_size.min(size);
        for _ in 0..2 {
            let reply = self.submit(note, size, old_size, prove).await?;
            let named = match reply.status {
                200 => return self.cosignatures(note, &reply.body),
                409 => named_size(&reply.body),
                422 => return Err(self.disagree(note, DisagreementKind::Inconsistent).await),
                403 => return Err(AskError::Untrusted),
                404 => return Err(AskError::UnknownLog),
                status => return Err(AskError::Status { status }),
            };
            // With the right old size, and nothing to be proven, only the root can be what conflicts.
            let is_root = old_size == size && named.is_none_or(|named| named == size);
            let named = match named {
                Some(named) if named > size => {
                    let kind = DisagreementKind::Ahead { size: named };
                    return Err(self.disagree(note, kind).await);
                }
                Some(_) | None if is_root => {
                    return Err(self.disagree(note, DisagreementKind::SplitView).await);
                }
                Some(named) if named != old_size => named,
                Some(_) | None => return Err(AskError::Malformed),
            };
            old_size = named;
        }
        Err(AskError::Moved { size: old_size })
    }

    /// Asks what the witness cosigned last; `None` when it says that it never cosigned the log.
    ///
    /// # Errors
    /// Every variant but [`LatestError::Nothing`] means that it is not known.
    pub async fn latest(&self) -> Result<Option<WitnessedCheckpoint>, LatestError> {
        let origin = self.log_keys.first().map_or("", VerifierKey::name);
        let suffix = format!("/{}/checkpoint", origin_hash(origin));
        let sent = Sent::Get { suffix: &suffix };
        let reply = self
            .http
            .send(&self.url, sent, MAX_REPLY_BYTES)
            .await
            .map_err(LatestError::Http)?;
        match reply.status {
            200 => self.witnessed(origin, &reply.body).map(Some),
            404 => Ok(None),
            status => Err(LatestError::Status { status }),
        }
    }

    async fn submit(
        &self,
        note: &Note,
        size: u64,
        old_size: u64,
        prove: &Prove<'_>,
    ) -> Result<Received, AskError> {
        let proof = if old_size == 0 || old_size == size {
            Vec::new()
        } else {
            prove(old_size).map_err(|cause| AskError::Prove { old_size, cause })?
        };
        let request = AddCheckpoint {
            old_size,
            proof,
            note: note.clone(),
        };
        let sent = Sent::Post {
            suffix: "/add-checkpoint",
            content_type: "text/plain; charset=utf-8",
            body: request.to_string().into_bytes(),
        };
        self.http
            .send(&self.url, sent, MAX_REPLY_BYTES)
            .await
            .map_err(AskError::Http)
    }

    /// Returns the cosignatures of the expected key among the lines of a reply.
    fn cosignatures(&self, note: &Note, body: &[u8]) -> Result<Vec<NoteSignature>, AskError> {
        let text = std::str::from_utf8(body).map_err(|_| AskError::Malformed)?;
        let lines = text.strip_suffix('\n').ok_or(AskError::Malformed)?;
        let mut cosignatures = Vec::new();
        for line in lines.split('\n') {
            let line = NoteSignature::parse_line(line).map_err(AskError::Line)?;
            if self.key.is_named_by(&line) {
                self.key
                    .verify(note.text(), line.signature())
                    .map_err(AskError::Cosignature)?;
                cosignatures.push(line);
            }
        }
        if cosignatures.is_empty() {
            return Err(AskError::OtherKeys);
        }
        Ok(cosignatures)
    }

    /// Verifies a checkpoint that the witness shows.
    fn witnessed(&self, origin: &str, body: &[u8]) -> Result<WitnessedCheckpoint, LatestError> {
        let note = Note::parse(body).map_err(LatestError::Note)?;
        let checkpoint = Checkpoint::parse_any(note.text()).map_err(LatestError::Checkpoint)?;
        if checkpoint.origin() != origin {
            let origin = checkpoint.origin().to_owned();
            return Err(LatestError::Origin { origin });
        }
        // Without the log's signature a lying witness could make a log look set back.
        note.verify(&self.log_keys)
            .map_err(LatestError::Signature)?;
        let cosigned = note.verify([&self.key]).map_err(LatestError::Signature)?;
        let time_s = cosigned.iter().filter_map(|verified| verified.time_s).max();
        Ok(WitnessedCheckpoint {
            note,
            checkpoint,
            time_s,
        })
    }

    /// Fetches what the witness holds and puts both checkpoints together.
    async fn disagree(&self, note: &Note, kind: DisagreementKind) -> AskError {
        let theirs = self.latest().await;
        AskError::Disagreement(Box::new(Disagreement {
            witness: self.key.name().to_owned(),
            kind,
            ours: note.clone(),
            theirs: theirs.and_then(|latest| latest.ok_or(LatestError::Nothing)),
        }))
    }
}

/// Reads the size in the body of a 409; `None` where it says none.
fn named_size(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?;
    decimal(text.strip_suffix('\n')?)
}
