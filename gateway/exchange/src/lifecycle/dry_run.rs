//! A dry run (试运行): what a version would have made of the newest submissions that are kept.
//!
//! Reads messages, so that it is a reading: written down before anything is read, and by how much afterwards. Nothing
//! of it is published or kept.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use proto::v1;

use super::diff::Report;
use super::shadow::{Published, compare};
use super::version_of;
use crate::Exchange;
use crate::assemble;
use crate::entry::{CaseBinding, EVENT_SUBMIT, SubmitEntry};
use crate::policy::Caller;
use crate::refusal::Refusal;

/// Submissions when the caller does not say.
const DEFAULT_SUBMISSIONS: u32 = 20;
/// Most submissions.
const MOST_SUBMISSIONS: u32 = 200;
/// Most entries looked at for submissions of the feed, from the newest back.
const LOOKED_AT: u64 = 100_000;

impl Exchange {
    /// Converts the newest submissions of a feed with a version and compares with what was published.
    ///
    /// # Errors
    /// Every [`Refusal`] about adapters; the refusal itself is an entry.
    pub async fn dry_run_adapter(
        self: &Arc<Self>,
        caller: &Caller,
        feed: String,
        number: u32,
        submissions: u32,
        case: CaseBinding,
    ) -> Result<v1::DryRunAdapterResponse, Refusal> {
        let work = async {
            let wanted = match submissions {
                0 => DEFAULT_SUBMISSIONS,
                asked => asked.min(MOST_SUBMISSIONS),
            };
            self.slot(&feed)?;
            let canonical = format!("version={number} submissions={wanted}");
            let query = self
                .log_query(caller, "DryRunAdapter", &feed, &canonical, &case)
                .await?;
            let (exchange, of) = (Arc::clone(self), feed.clone());
            let work = move || exchange.dry_run(&of, number, wanted);
            let (report, done) = self.read_aside(caller, work).await?;
            let with_values = self.sees_values(caller);
            let answer = v1::DryRunAdapterResponse {
                report: Some(report.answer(&feed, number, with_values)),
                submissions: done,
            };
            let digest = assemble::digest(std::slice::from_ref(&answer));
            self.log_answer(caller, query, done.into(), digest)?;
            Ok(answer)
        };
        self.administering(caller, "DryRunAdapter", &feed, work)
            .await
    }

    fn dry_run(&self, feed: &str, number: u32, wanted: u32) -> Result<(Report, u32), Refusal> {
        let version = version_of(self.registry.state().lives.feed(feed), number)?;
        let converter = self.live(feed, &version)?.bare();
        let (mut report, mut done) = (Report::default(), 0);
        let began = Instant::now();
        let size = self.log.size();
        for position in (size.saturating_sub(LOOKED_AT)..size).rev() {
            if done >= wanted || began.elapsed() > self.registry.rules.dry_run {
                break;
            }
            let Some(published) = self.published(position, feed)? else {
                continue;
            };
            compare(&*converter, &published, &mut |note| note(&mut report));
            done += 1;
        }
        Ok((report, done))
    }

    /// The submission at a position as it was published, when it is one of the feed.
    fn published(&self, position: u64, feed: &str) -> Result<Option<Published>, Refusal> {
        let damaged = |cause| Refusal::Damaged { position, cause };
        let stored = self.log.reader().entry(position);
        let Some(stored) = stored.map_err(|error| damaged(error.into()))? else {
            return Ok(None);
        };
        let entry = stored.decode().map_err(|error| damaged(error.into()))?;
        let is_of_feed = entry.event() == EVENT_SUBMIT
            && SubmitEntry::read(&entry).is_some_and(|submit| submit.feed == feed);
        if !is_of_feed {
            return Ok(None);
        }
        let stored = self.stored(position)?;
        let payloads = self.payloads(&stored)?;
        // What was erased, or is only stored, cannot be compared with anything.
        let results = match self.result_parts(&stored) {
            Err(Refusal::Erased { .. }) => return Ok(None),
            parts => parts?,
        };
        Ok(Some(Published {
            position,
            results: results.into_iter().map(Bytes::from).collect(),
            payloads: payloads.into_iter().map(Bytes::from).collect(),
            was_sealed: stored.entry.sealed.is_some(),
        }))
    }
}
