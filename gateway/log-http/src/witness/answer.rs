//! What a witness answers, and how that looks in HTTP.

use audit_proof::note::NoteSignature;

use super::alarm::Alarm;
use super::decide::WitnessFault;
use super::request::RequestFault;

/// The type of the body of a 409 (C2SP tlog-witness v1.0.0).
pub(crate) const SIZE_TYPE: &str = "text/x.tlog.size";

/// The type of every other body.
const TEXT_TYPE: &str = "text/plain; charset=utf-8";

/// The answer to one `add-checkpoint`.
#[derive(Debug)]
pub enum Answer {
    /// 200: cosigned and kept; the lines are the witness's cosignatures.
    Cosigned(Vec<NoteSignature>),
    /// 400: the body is no request.
    Malformed(RequestFault),
    /// 403: no key that is trusted for the log signed, or a signature in the name of one is wrong.
    Untrusted,
    /// 404: the witness does not watch this log.
    UnknownOrigin,
    /// 409: the old size is not that of the checkpoint cosigned last, or the same size has another root.
    Conflict {
        /// The size cosigned last; 0 when none was.
        size: u64,
        /// What contradicts the checkpoint cosigned last, if anything does.
        alarm: Option<Box<Alarm>>,
    },
    /// 422: the proof does not lead from the checkpoint cosigned last to this one.
    Inconsistent {
        /// Both checkpoints; `None` when nothing was cosigned that could contradict.
        alarm: Option<Box<Alarm>>,
    },
    /// 500: the witness could not sign or keep; nothing was cosigned.
    Failed(WitnessFault),
}

impl Answer {
    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::Cosigned(_) => 200,
            Self::Malformed(_) => 400,
            Self::Untrusted => 403,
            Self::UnknownOrigin => 404,
            Self::Conflict { .. } => 409,
            Self::Inconsistent { .. } => 422,
            Self::Failed(_) => 500,
        }
    }

    /// The type of the body.
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => SIZE_TYPE,
            Self::Cosigned(_)
            | Self::Malformed(_)
            | Self::Untrusted
            | Self::UnknownOrigin
            | Self::Inconsistent { .. }
            | Self::Failed(_) => TEXT_TYPE,
        }
    }

    /// The body of the response.
    #[must_use]
    pub fn body(&self) -> String {
        match self {
            Self::Cosigned(lines) => lines.iter().map(|line| format!("{line}\n")).collect(),
            Self::Malformed(fault) => format!("{fault}\n"),
            Self::Untrusted => "no trusted key signed the checkpoint\n".to_owned(),
            Self::UnknownOrigin => "the log is not watched here\n".to_owned(),
            Self::Conflict { size, .. } => format!("{size}\n"),
            Self::Inconsistent { .. } => {
                "the proof does not lead from the checkpoint cosigned last\n".to_owned()
            }
            // What failed inside is for the operator's log and not for a peer.
            Self::Failed(_) => "the witness failed\n".to_owned(),
        }
    }

    /// What contradicts the checkpoint cosigned last; it was kept before the answer was made.
    #[must_use]
    pub fn alarm(&self) -> Option<&Alarm> {
        match self {
            Self::Conflict { alarm, .. } | Self::Inconsistent { alarm } => alarm.as_deref(),
            Self::Cosigned(_)
            | Self::Malformed(_)
            | Self::Untrusted
            | Self::UnknownOrigin
            | Self::Failed(_) => None,
        }
    }
}
