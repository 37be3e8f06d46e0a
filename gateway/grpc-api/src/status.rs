//! One total match from refusals to gRPC statuses.
//!
//! The peer gets a code, a stable reason and a sentence; causes go to the log.

use std::error::Error;

use exchange::Refusal;
use tonic::metadata::MetadataValue;
use tonic::{Code, Response, Status};

/// Trailer that carries the stable reason.
pub(crate) const REASON: &str = "lawgate-reason";
/// Trailer that says when to try again, in milliseconds.
pub(crate) const RETRY_AFTER_MS: &str = "lawgate-retry-after-ms";

/// The code a peer gets.
pub(crate) fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::UnknownAgency { .. }
        | Refusal::SubmitNotGranted { .. }
        | Refusal::Restricted { .. }
        | Refusal::NotAdministrator { .. }
        | Refusal::ReadNotGranted { .. }
        | Refusal::RoleNotGranted { .. } => Code::PermissionDenied,
        Refusal::UnknownFeed { .. } | Refusal::NotFound { .. } => Code::NotFound,
        Refusal::Malformed { .. }
        | Refusal::PartySignature(_)
        | Refusal::AdapterRefused { .. }
        | Refusal::TooLarge { .. } => Code::InvalidArgument,
        Refusal::IdempotencyConflict { .. } => Code::AlreadyExists,
        Refusal::Busy { .. }
        | Refusal::QueueFull { .. }
        | Refusal::UploadsBusy
        | Refusal::PackageTooLarge { .. } => Code::ResourceExhausted,
        Refusal::Deadline { .. } => Code::DeadlineExceeded,
        Refusal::Stopping
        | Refusal::Unattested { .. }
        | Refusal::NoAdapter { .. }
        | Refusal::IndexBehind { .. }
        | Refusal::IndexFailed { .. }
        | Refusal::LogUnavailable { .. }
        | Refusal::VaultFailed { .. }
        | Refusal::EvidenceUnavailable { .. } => Code::Unavailable,
        Refusal::ProofsNotOffered
        | Refusal::Erased { .. }
        | Refusal::LegalHold { .. }
        | Refusal::NoVault
        | Refusal::AdaptersNotOffered
        | Refusal::QuarantineClosed { .. }
        | Refusal::AdapterState { .. } => Code::FailedPrecondition,
        Refusal::NotPublished { .. } => Code::OutOfRange,
        Refusal::ProofFailed { .. } | Refusal::StoreFailed { .. } => Code::Internal,
        Refusal::Damaged { .. } => Code::DataLoss,
    }
}

/// Writes the chain of causes to the log when the refusal is our own failure.
pub(crate) fn report(refusal: &Refusal) {
    if refusal.source().is_some() {
        tracing::error!(
            reason = refusal.reason(),
            error = refusal as &dyn Error,
            "a call was refused"
        );
    } else {
        tracing::debug!(reason = refusal.reason(), %refusal, "a call was refused");
    }
}

/// The status of a unary call.
pub(crate) fn status(refusal: &Refusal) -> Status {
    report(refusal);
    let mut status = Status::new(code(refusal), refusal.to_string());
    let metadata = status.metadata_mut();
    metadata.insert(REASON, MetadataValue::from_static(refusal.reason()));
    if let Some(after) = refusal.retry_after() {
        metadata.insert(
            RETRY_AFTER_MS,
            MetadataValue::from(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
        );
    }
    status
}

/// The response of a unary call.
pub(crate) fn respond<T>(answer: Result<T, Refusal>) -> Result<Response<T>, Status> {
    answer
        .map(Response::new)
        .map_err(|refusal| status(&refusal))
}

/// The refusal of one submission of a stream.
pub(crate) fn refused(refusal: &Refusal) -> proto::v1::Refusal {
    report(refusal);
    let after = refusal.retry_after().map_or(0, |after| after.as_millis());
    proto::v1::Refusal {
        code: code(refusal) as i32,
        reason: refusal.reason().to_owned(),
        message: refusal.to_string(),
        retry_after_ms: u32::try_from(after).unwrap_or(u32::MAX),
    }
}
