//! Work on the quarantine (隔离处置): show, convert again, dismiss.
//!
//! The original message and its first outcome never change. A retry is an entry of the shape of a submission that
//! refers to the original; a dismissal is one that only says so. What state a message is in is a fold over these
//! entries, kept by the registry. One step is made at a time, so that no message is converted twice.

mod redrive;
mod show;
mod state;

pub use redrive::Redrive;
pub(crate) use state::{QuarantineStates, StepTaken};

use std::sync::Arc;

use bytes::Bytes;
use prost::Message as _;
use proto::v1;
use proto::v1::message_result;

use crate::admit::check_case;
use crate::convert::{messages_of, prepare};
use crate::entry::{self, CaseBinding, DismissEntry, RetryOf};
use crate::ids::RecordId;
use crate::lifecycle::LiveVersion;
use crate::policy::{Caller, hex};
use crate::ports::{Converter, KeepError, Kept, Message};
use crate::refusal::Refusal;
use crate::stored::Stored;
use crate::submit::run_blocking;
use crate::{Exchange, Submission, answer};

/// A quarantined message as it is stored.
struct Quarantined {
    stored: Stored,
    message: u16,
    quarantine: v1::Quarantine,
    given: Message,
}

impl Exchange {
    /// Converts one quarantined message again; `version` 0 is the active one.
    ///
    /// # Errors
    /// Every [`Refusal`] about the quarantine; the refusal itself is an entry.
    pub async fn retry_quarantined(
        self: &Arc<Self>,
        caller: &Caller,
        (id, message): (String, u32),
        version: u32,
        case: CaseBinding,
    ) -> Result<v1::RetryQuarantinedResponse, Refusal> {
        let work = async {
            check_case(&case)?;
            let _one = self.workbench.lock().await;
            let place = self.quarantined_place(&id, message)?;
            let found = self.load_quarantined(caller, place).await?;
            let version = self.version_for(&found.stored.entry.feed, version).await?;
            let retry = self.retry_one(caller, found, version, &case).await?;
            let state = self.registry.quarantine_state(place);
            Ok(v1::RetryQuarantinedResponse {
                retry: Some(retry),
                state: state as i32,
            })
        };
        self.administering(caller, "RetryQuarantined", "", work)
            .await
    }

    /// Closes a quarantined message without converting it.
    ///
    /// # Errors
    /// Every [`Refusal`] about the quarantine; the refusal itself is an entry.
    pub async fn dismiss_quarantined(
        self: &Arc<Self>,
        caller: &Caller,
        (id, message): (String, u32),
        case: CaseBinding,
    ) -> Result<v1::DismissQuarantinedResponse, Refusal> {
        let work = async {
            check_case(&case)?;
            if case.purpose.trim().is_empty() {
                return Err(Refusal::Malformed {
                    field: "purpose.purpose",
                    expected: "expected the reason why the message is dismissed".to_owned(),
                });
            }
            let _one = self.workbench.lock().await;
            let place = self.quarantined_place(&id, message)?;
            let found = self.load_quarantined(caller, place).await?;
            let entry = DismissEntry {
                feed: found.stored.entry.feed.clone(),
                position: place.0,
                message: place.1,
                case: case.clone(),
            };
            let (exchange, by) = (Arc::clone(self), caller.clone());
            let position = run_blocking(move || {
                let append = || exchange.append_step(entry.draft(&by));
                let state = v1::QuarantineState::Dismissed;
                let appended = exchange.registry.take_quarantine(place, state, append)?;
                Ok(appended.position)
            })
            .await?;
            Ok(v1::DismissQuarantinedResponse {
                step: Some(v1::QuarantineStep {
                    position,
                    state: v1::QuarantineState::Dismissed as i32,
                    submission_id: String::new(),
                }),
            })
        };
        self.administering(caller, "DismissQuarantined", "", work)
            .await
    }

    fn append_step(&self, draft: audit_log::Draft) -> Result<audit_log::Appended, Refusal> {
        let pending = self.log.append(draft);
        let pending = pending.map_err(|error| self.log_failed(error))?;
        pending.wait().map_err(|error| self.log_failed(error))
    }

    /// Position and number of a message by the identity of its submission.
    fn quarantined_place(&self, id: &str, message: u32) -> Result<(u64, u16), Refusal> {
        let not_found = || Refusal::NotFound {
            what: "submission",
            id: id.to_owned(),
        };
        let position = RecordId::parse(id).ok_or_else(not_found)?.place().position;
        let found = self.submit_entry(position)?.ok_or_else(not_found)?;
        let is_it = RecordId::of_submission(found.time_ns, position)
            .to_string()
            .eq_ignore_ascii_case(id);
        let message = u16::try_from(message).ok();
        match message {
            Some(message) if is_it && found.entry.retry.is_none() => Ok((position, message)),
            _ => Err(not_found()),
        }
    }

    /// The message from the evidence, if it is in quarantine and open.
    async fn load_quarantined(
        self: &Arc<Self>,
        caller: &Caller,
        place: (u64, u16),
    ) -> Result<Quarantined, Refusal> {
        let state = self.registry.quarantine_state(place);
        if state != v1::QuarantineState::Open {
            return Err(closed(place, state));
        }
        let exchange = Arc::clone(self);
        self.read_blocking(caller, move || exchange.quarantined(place))
            .await
    }

    fn quarantined(&self, (position, message): (u64, u16)) -> Result<Quarantined, Refusal> {
        let stored = self.stored(position)?;
        let payloads: Vec<Bytes> = self
            .payloads(&stored)?
            .into_iter()
            .map(Bytes::from)
            .collect();
        let result = stored.results.get(usize::from(message));
        let quarantine = match result.and_then(|result| result.result.as_ref()) {
            Some(message_result::Result::Quarantined(quarantine)) => quarantine.clone(),
            Some(message_result::Result::Converted(_)) | None => {
                return Err(Refusal::NotFound {
                    what: "quarantined message",
                    id: format!("{position}/{message}"),
                });
            }
        };
        if payloads
            .get(usize::from(message))
            .is_some_and(Bytes::is_empty)
        {
            return Err(Refusal::Erased { position });
        }
        let messages = messages_of(&stored.manifest.encode_to_vec(), &payloads);
        let given = messages.and_then(|mut messages| {
            let number = usize::from(message);
            (number < messages.len()).then(|| messages.swap_remove(number))
        });
        let given = given.ok_or_else(|| Refusal::Damaged {
            position,
            cause: "the request and the payloads do not belong together".into(),
        })?;
        Ok(Quarantined {
            stored,
            message,
            quarantine,
            given,
        })
    }

    /// The version that is asked for, or the active one.
    async fn version_for(
        self: &Arc<Self>,
        feed: &str,
        number: u32,
    ) -> Result<Arc<LiveVersion>, Refusal> {
        let (exchange, feed) = (Arc::clone(self), feed.to_owned());
        self.lanes
            .aside(move || exchange.live_version(&feed, number))
            .await
    }

    /// Converts a message again, keeps what comes of it, and writes it down: as for a submission, in that order.
    async fn retry_one(
        self: &Arc<Self>,
        caller: &Caller,
        found: Quarantined,
        version: Arc<LiveVersion>,
        case: &CaseBinding,
    ) -> Result<v1::SubmitResponse, Refusal> {
        let place = (found.stored.position, found.message);
        let original = &found.stored.entry;
        let attempt = self.registry.quarantine_steps(place).len();
        let key = retry_key(place, attempt, &version);
        let submission = Submission {
            feed: original.feed.clone(),
            idempotency_key: key.clone(),
            messages: vec![found.given],
            case: if *case == CaseBinding::default() {
                original.case.clone()
            } else {
                case.clone()
            },
            party: None,
        };
        let sender = Caller {
            agency: original.agency.clone(),
            kind: original.kind.clone(),
            certificate: caller.certificate,
        };
        let retry = RetryOf {
            position: place.0,
            message: place.1,
            time_ns: found.stored.time_ns,
            by: caller.agency.clone(),
            by_kind: caller.kind.clone(),
        };
        let digest = entry::key_digest(&sender.agency, &submission.feed, &key);
        let vault = self.vault.clone();
        let work = move || {
            prepare(
                &sender,
                &*version.bare(),
                submission,
                digest,
                vault.as_deref(),
            )
        };
        let mut prepared = self.lanes.aside(work).await?;
        prepared.entry.retry = Some(retry);
        prepared.rows.quarantined.clear();
        let kept = self.evidence.keep(
            Kept {
                address: *prepared.entry.payload_address(),
                parts: Arc::clone(&prepared.payloads),
            },
            Kept {
                address: prepared.entry.result_root,
                parts: Arc::clone(&prepared.results),
            },
        );
        let kept = kept.map_err(not_kept)?;
        kept.await
            .map_err(|cause| Refusal::EvidenceUnavailable { cause })?;
        let exchange = Arc::clone(self);
        let (appended, prepared) = run_blocking(move || {
            let state = match prepared.entry.sums.quarantined {
                0 => v1::QuarantineState::Retried,
                _ => v1::QuarantineState::Open,
            };
            let append = || exchange.append_step(prepared.entry.draft());
            let appended = exchange.registry.take_quarantine(place, state, append)?;
            exchange.hand_over(appended.position, prepared.rows.clone());
            Ok((appended, prepared))
        })
        .await?;
        let place = answer::Place {
            origin: self.log.origin(),
            position: appended.position,
            time_ns: appended.time_ns,
            leaf_hash: appended.leaf_hash,
        };
        let key = prepared.idempotency_key;
        let mut response = answer::answer(&prepared.entry, &place, &key, prepared.outcomes);
        response.signed_receipt = self.signed_receipt(appended).await;
        Ok(response)
    }
}

fn not_kept(error: KeepError) -> Refusal {
    match error {
        KeepError::Full => Refusal::QueueFull { queue: "evidence" },
        KeepError::TooLarge { size, unit, limit } => Refusal::TooLarge { size, unit, limit },
        KeepError::Closed(cause) => Refusal::EvidenceUnavailable { cause },
    }
}

/// The key of a retry: longer than any sender's may be, so that nobody else has it.
fn retry_key((position, message): (u64, u16), attempt: usize, version: &LiveVersion) -> String {
    let adapter = version.identity();
    let (component, configuration) = (hex(&adapter.component), hex(&adapter.configuration));
    format!("retry/{position}/{message}/{attempt}/{component}/{configuration}")
}

fn closed((position, message): (u64, u16), state: v1::QuarantineState) -> Refusal {
    Refusal::QuarantineClosed {
        position,
        message,
        state: match state {
            v1::QuarantineState::Dismissed => "dismissed",
            v1::QuarantineState::Retried => "converted by a retry",
            v1::QuarantineState::Unspecified | v1::QuarantineState::Open => "not closed",
        },
    }
}
