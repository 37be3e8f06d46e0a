//! Signed receipts in answers: signed once the entry is durable, and the same again for a repeat.
//!
//! Whoever answers signs, on the blocking pool and never on the log's writer: the first of a commit group signs its tree
//! head, the others take that. A submission whose entry is durable is accepted whatever becomes of its receipt. When the
//! key does not sign, the answer goes out without one and the failure into the program's log; the same key asked again
//! later, by a repeat or by GetSubmission, gives the receipt.

use std::sync::Arc;

use audit_log::Appended;
use proto::v1::SubmitResponse;

use crate::Exchange;
use crate::refusal::Cause;
use crate::stored::Stored;
use crate::submit::run_blocking;

impl Exchange {
    /// The receipt of an entry that has just become durable; empty when none is signed.
    pub(crate) async fn signed_receipt(&self, appended: Appended) -> String {
        let Some(receipts) = self.receipts.clone() else {
            return String::new();
        };
        let position = appended.position;
        let signed = run_blocking(move || Ok(receipts.receipt(&appended))).await;
        text_of(
            signed.unwrap_or_else(|refusal| Err(refusal.into())),
            position,
        )
    }

    /// The answer that was given to a stored submission, its receipt included. Blocks.
    pub(crate) fn answer_again(self: &Arc<Self>, stored: &Stored) -> SubmitResponse {
        let mut answer = stored.answer(self.log.origin());
        // Only a sealed submission has salts.
        if stored.entry.sealed.is_some()
            && let Ok(payloads) = self.salted_payloads(stored)
        {
            for (outcome, payload) in answer.outcomes.iter_mut().zip(payloads) {
                outcome.payload_salt = payload.salt;
            }
        }
        if let Some(receipts) = &self.receipts {
            answer.signed_receipt =
                text_of(receipts.receipt_again(stored.position), stored.position);
        }
        answer
    }
}

fn text_of(signed: Result<String, Cause>, position: u64) -> String {
    signed.unwrap_or_else(|cause| {
        tracing::error!(
            position,
            error = &*cause as &dyn std::error::Error,
            "a submission was answered without a signed receipt"
        );
        String::new()
    })
}
