//! Converting many quarantined messages again, unchanged: bounded, and to be gone on with.

use std::sync::Arc;
use std::time::Instant;

use proto::v1;

use crate::Exchange;
use crate::admit::check_case;
use crate::entry::{self, CaseBinding};
use crate::policy::Caller;
use crate::ports::{FeedScope, QuarantineQuery};
use crate::refusal::Refusal;

/// Messages of a call when the caller does not say.
const DEFAULT_LIMIT: u32 = 100;
/// Most messages of a call.
const MOST: u32 = 500;

/// Which messages to convert again, by what.
#[derive(Debug, Clone, Default)]
pub struct Redrive {
    /// Feed.
    pub feed: String,
    /// Reason code; empty for every code.
    pub code: String,
    /// Version; 0: the active one.
    pub version: u32,
    /// Most messages; 0 for the default.
    pub limit: u32,
    /// Token of the call before.
    pub page_token: String,
    /// Why.
    pub case: CaseBinding,
}

impl Exchange {
    /// Converts open messages of a feed again, oldest first. Ends early, with a token, when half the time of a call
    /// is over.
    ///
    /// # Errors
    /// Every [`Refusal`] about the quarantine; the refusal itself is an entry. What was converted before stays.
    pub async fn redrive_quarantine(
        self: &Arc<Self>,
        caller: &Caller,
        ask: Redrive,
    ) -> Result<v1::RedriveQuarantineResponse, Refusal> {
        let feed = ask.feed.clone();
        let work = async {
            check_case(&ask.case)?;
            if !self.feeds.contains_key(&ask.feed) {
                return Err(Refusal::UnknownFeed {
                    feed: ask.feed.clone(),
                });
            }
            let _one = self.workbench.lock().await;
            self.redrive(caller, &ask).await
        };
        self.administering(caller, "RedriveQuarantine", &feed, work)
            .await
    }

    async fn redrive(
        self: &Arc<Self>,
        caller: &Caller,
        ask: &Redrive,
    ) -> Result<v1::RedriveQuarantineResponse, Refusal> {
        let limit = match ask.limit {
            0 => DEFAULT_LIMIT,
            asked => asked.min(MOST),
        };
        let query = QuarantineQuery {
            feeds: FeedScope::Only(vec![ask.feed.clone()]),
            code: (!ask.code.is_empty()).then(|| ask.code.clone()),
            after: crate::list::quarantine_token(&ask.page_token)?,
            limit,
        };
        let version = self.version_for(&ask.feed, ask.version).await?;
        let canonical = format!(
            "code={:?} after={:?} limit={limit}",
            ask.code.chars().take(64).collect::<String>(),
            ask.page_token
        );
        let draft = entry::redrive(caller, &ask.feed, version.number, &canonical, &ask.case);
        let pending = self.log.append(draft);
        let begun = pending.map_err(|error| self.log_failed(error))?.await;
        let begun = begun.map_err(|error| self.log_failed(error))?;
        self.wait_for_index(begun.position).await?;
        let found = self.index.find_quarantined(&query);
        let found = found.map_err(|cause| Refusal::IndexFailed { cause })?;
        let mut done = v1::RedriveQuarantineResponse::default();
        let (began, was_last) = (Instant::now(), found.len() < limit as usize);
        let (mut last, mut took_all) = (None, true);
        for place in found {
            if began.elapsed() > self.limits.request_deadline / 2 {
                took_all = false;
                break;
            }
            if self.registry.quarantine_state(place) == v1::QuarantineState::Open {
                let quarantined = self.load_quarantined(caller, place).await?;
                let retried = self
                    .retry_one(caller, quarantined, Arc::clone(&version), &ask.case)
                    .await?;
                let counts = retried.counts.unwrap_or_default();
                done.tried += 1;
                done.converted += u32::from(counts.quarantined == 0);
            } else {
                done.skipped += 1;
            }
            last = Some(place);
        }
        if !(took_all && was_last) {
            let (position, message) = last.or(query.after).unwrap_or_default();
            done.next_page_token = crate::list::token_of(position, message, 0);
        }
        Ok(done)
    }
}
