//! Listing: what a reader asks for, and the pages it gets.

use std::sync::Arc;

use proto::v1::{
    ListQuarantineResponse, ListRecordsResponse, Quarantine, QuarantinedMessage, Record,
    message_result,
};
use sha2::{Digest as _, Sha256};

use crate::entry::CaseBinding;
use crate::ids::{RecordId, RecordPlace};
use crate::policy::{Caller, Rights};
use crate::ports::{FeedScope, QuarantineQuery, RecordQuery};
use crate::refusal::Refusal;
use crate::stored::Stored;
use crate::submit::run_blocking;
use crate::{Exchange, assemble};

/// Records a page when the reader does not say.
const DEFAULT_PAGE: u32 = 100;

/// What a reader asks of the records; empty texts do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListRecords {
    /// Feed.
    pub feed: String,
    /// Entity.
    pub entity: String,
    /// Party.
    pub party: String,
    /// Device.
    pub device: String,
    /// Case or document number.
    pub case_number: String,
    /// Start of the time asked for, RFC 3339.
    pub from: String,
    /// End of the time asked for, RFC 3339.
    pub to: String,
    /// Records a page; 0 for the default.
    pub page_size: u32,
    /// Token of the page before.
    pub page_token: String,
    /// Case the reading is for.
    pub case: CaseBinding,
}

/// What a reader asks of the quarantine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuarantine {
    /// Feed; empty for every feed the caller may read.
    pub feed: String,
    /// Reason code.
    pub code: String,
    /// Messages a page; 0 for the default.
    pub page_size: u32,
    /// Token of the page before.
    pub page_token: String,
    /// Whether to return the messages' bytes.
    pub with_payload: bool,
}

impl Exchange {
    /// Lists records. The reading is an entry before anything is read.
    ///
    /// # Errors
    /// Every [`Refusal`] about reading; the refusal itself is an entry.
    pub async fn list_records(
        self: &Arc<Self>,
        caller: &Caller,
        ask: ListRecords,
    ) -> Result<ListRecordsResponse, Refusal> {
        let (feed, canonical, case) = (ask.feed.clone(), ask.canonical(), ask.case.clone());
        let read = async {
            let query = self.record_query(caller, &ask)?;
            let position = self
                .log_query(caller, "ListRecords", &feed, &canonical, &case)
                .await?;
            self.wait_for_index(position).await?;
            let exchange = Arc::clone(self);
            let page = run_blocking(move || exchange.page_of_records(query)).await?;
            self.log_answer(
                caller,
                position,
                page.records.len() as u64,
                assemble::digest(&page.records),
            )?;
            Ok(self.masked(caller, page))
        };
        self.reading(caller, "ListRecords", &feed, read).await
    }

    /// Lists quarantined messages. The reading is an entry before anything is read.
    ///
    /// # Errors
    /// Every [`Refusal`] about reading; the refusal itself is an entry.
    pub async fn list_quarantine(
        self: &Arc<Self>,
        caller: &Caller,
        ask: ListQuarantine,
    ) -> Result<ListQuarantineResponse, Refusal> {
        let (feed, canonical) = (ask.feed.clone(), ask.canonical());
        let read = async {
            let query = QuarantineQuery {
                feeds: self.scope(caller, &ask.feed)?,
                code: filled(&ask.code),
                after: token(&ask.page_token)?.map(|place| (place.position, place.message)),
                limit: self.page_size(ask.page_size),
            };
            let position = self
                .log_query(
                    caller,
                    "ListQuarantine",
                    &feed,
                    &canonical,
                    &CaseBinding::default(),
                )
                .await?;
            self.wait_for_index(position).await?;
            let exchange = Arc::clone(self);
            let reader = caller.clone();
            let with_payload = ask.with_payload.then_some(reader);
            let page =
                run_blocking(move || exchange.page_of_quarantine(&query, with_payload.as_ref()))
                    .await?;
            let digests: Vec<&[u8]> = page
                .messages
                .iter()
                .map(|message| message.message_digest.as_slice())
                .collect();
            self.log_answer(
                caller,
                position,
                page.messages.len() as u64,
                audit_log::tree::root(&digests),
            )?;
            Ok(page)
        };
        self.reading(caller, "ListQuarantine", &feed, read).await
    }

    fn record_query(&self, caller: &Caller, ask: &ListRecords) -> Result<RecordQuery, Refusal> {
        if !ask.entity.is_empty() && !proto::ENTITY_NAMES.contains(&ask.entity.as_str()) {
            return Err(Refusal::Malformed {
                field: "filter.entity",
                expected: format!("expected one of {}", proto::ENTITY_NAMES.join(", ")),
            });
        }
        Ok(RecordQuery {
            feeds: self.scope(caller, &ask.feed)?,
            entity: filled(&ask.entity),
            party: filled(&ask.party),
            device: filled(&ask.device),
            case_number: filled(&ask.case_number)
                .map(|number| schema::normalise_case_number(&number)),
            from_ms: instant("filter.from", &ask.from)?,
            to_ms: instant("filter.to", &ask.to)?,
            after: token(&ask.page_token)?,
            limit: self.page_size(ask.page_size),
        })
    }

    /// The feeds a query may see: the one asked for if it is granted, else all that are.
    fn scope(&self, caller: &Caller, feed: &str) -> Result<FeedScope, Refusal> {
        if !feed.is_empty() {
            if !self.policy.may_read(caller, feed) {
                return Err(Refusal::ReadNotGranted {
                    agency: caller.agency.clone(),
                    feed: feed.to_owned(),
                });
            }
            return Ok(FeedScope::Only(vec![feed.to_owned()]));
        }
        match self.policy.agency(caller).map(|agency| &agency.read) {
            Some(Rights::All) => Ok(FeedScope::All),
            Some(Rights::Feeds(feeds)) if !feeds.is_empty() => {
                Ok(FeedScope::Only(feeds.iter().cloned().collect()))
            }
            _ => Err(Refusal::ReadNotGranted {
                agency: caller.agency.clone(),
                feed: "*".to_owned(),
            }),
        }
    }

    fn page_size(&self, asked: u32) -> u32 {
        let asked = if asked == 0 { DEFAULT_PAGE } else { asked };
        asked.min(self.limits.page_size).max(1)
    }

    fn page_of_records(&self, query: RecordQuery) -> Result<ListRecordsResponse, Refusal> {
        let indexed_size = self.index.size();
        let limit = query.limit as usize;
        let runs = self
            .index
            .find_runs(&query)
            .map_err(|cause| Refusal::IndexFailed { cause })?;
        let more_runs = runs.len() == limit;
        let mut last: Option<(Arc<Stored>, Vec<Vec<u8>>)> = None;
        let (mut records, mut cursor) = (Vec::new(), None);
        for run in runs {
            for offset in 0..run.count {
                let place = RecordPlace {
                    ordinal: run.place.ordinal + offset as u16,
                    ..run.place
                };
                if query.after.is_some_and(|after| place <= after) {
                    continue;
                }
                if records.len() == limit {
                    return Ok(page(records, cursor, indexed_size));
                }
                let (stored, payloads) = self.with_payloads(last.take(), place.position)?;
                records.extend(record_at(&stored, &payloads, place));
                last = Some((stored, payloads));
                cursor = Some(place);
            }
        }
        let cursor = if more_runs { cursor } else { None };
        Ok(page(records, cursor, indexed_size))
    }

    fn with_payloads(
        &self,
        last: Option<(Arc<Stored>, Vec<Vec<u8>>)>,
        position: u64,
    ) -> Result<(Arc<Stored>, Vec<Vec<u8>>), Refusal> {
        match last {
            Some((stored, payloads)) if stored.position == position => Ok((stored, payloads)),
            _ => {
                let stored = Arc::new(self.stored(position)?);
                let payloads = self.payloads(&stored)?;
                Ok((stored, payloads))
            }
        }
    }

    /// `with_payload` names the reader who asks for the messages' bytes.
    fn page_of_quarantine(
        &self,
        query: &QuarantineQuery,
        with_payload: Option<&Caller>,
    ) -> Result<ListQuarantineResponse, Refusal> {
        let found = self
            .index
            .find_quarantined(query)
            .map_err(|cause| Refusal::IndexFailed { cause })?;
        let next = (found.len() == query.limit as usize)
            .then(|| found.last())
            .flatten();
        let next_page_token = next.map_or(String::new(), |(position, message)| {
            token_of(*position, *message, 0)
        });
        let (mut messages, mut last) = (Vec::with_capacity(found.len()), None);
        for (position, message) in found {
            let (stored, payloads) = self.with_payloads(last.take(), position)?;
            let sees =
                with_payload.is_some_and(|reader| self.sees_payload(reader, &stored.entry.agency));
            messages.extend(quarantined_message(&stored, &payloads, message, sees));
            last = Some((stored, payloads));
        }
        Ok(ListQuarantineResponse {
            messages,
            next_page_token,
        })
    }
}

impl ListRecords {
    /// The question in one fixed form, for the audit entry.
    fn canonical(&self) -> String {
        let fields = [
            ("feed", &self.feed),
            ("entity", &self.entity),
            ("party", &self.party),
            ("device", &self.device),
            ("case", &self.case_number),
            ("from", &self.from),
            ("to", &self.to),
            ("after", &self.page_token),
        ];
        canonical(&fields)
    }
}

impl ListQuarantine {
    fn canonical(&self) -> String {
        canonical(&[
            ("feed", &self.feed),
            ("code", &self.code),
            ("after", &self.page_token),
        ])
    }
}

/// Longest text of one filter in an audit entry, in characters; an entry has a size limit.
const FILTER_CHARS: usize = 256;

fn canonical(fields: &[(&str, &String)]) -> String {
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    let parts = given.map(|(name, value)| {
        format!(
            "{name}={:?}",
            value.chars().take(FILTER_CHARS).collect::<String>()
        )
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn record_at(stored: &Stored, payloads: &[Vec<u8>], place: RecordPlace) -> Option<Record> {
    assemble::record(stored, place, payloads.get(usize::from(place.message))?)
}

fn quarantined_message(
    stored: &Stored,
    payloads: &[Vec<u8>],
    message: u16,
    with_payload: bool,
) -> Option<QuarantinedMessage> {
    let payload = payloads.get(usize::from(message))?;
    let quarantine: Quarantine = match &stored.results.get(usize::from(message))?.result {
        Some(message_result::Result::Quarantined(quarantine)) => quarantine.clone(),
        Some(message_result::Result::Converted(_)) | None => return None,
    };
    let adapter = &stored.entry.adapter;
    Some(QuarantinedMessage {
        submission_id: RecordId::of_submission(stored.time_ns, stored.position).to_string(),
        message_index: message.into(),
        feed: stored.entry.feed.clone(),
        quarantine: Some(quarantine),
        message_digest: Sha256::digest(payload).to_vec(),
        length: payload.len() as u64,
        payload: if with_payload {
            payload.clone()
        } else {
            Vec::new()
        },
        position: stored.position,
        adapter: format!(
            "{}@{}#{}",
            adapter.id,
            adapter.version,
            crate::policy::hex(&adapter.component)
        ),
    })
}

fn page(
    records: Vec<Record>,
    cursor: Option<RecordPlace>,
    indexed_size: u64,
) -> ListRecordsResponse {
    let next_page_token = cursor.map_or(String::new(), |place| {
        token_of(place.position, place.message, place.ordinal)
    });
    ListRecordsResponse {
        records,
        next_page_token,
        indexed_size,
    }
}

fn token_of(position: u64, message: u16, ordinal: u16) -> String {
    format!("{position}.{message}.{ordinal}")
}

fn token(text: &str) -> Result<Option<RecordPlace>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let read = || {
        let mut parts = text.splitn(3, '.');
        Some(RecordPlace {
            position: parts.next()?.parse().ok()?,
            message: parts.next()?.parse().ok()?,
            ordinal: parts.next()?.parse().ok()?,
        })
    };
    let place = read().ok_or_else(|| Refusal::Malformed {
        field: "page_token",
        expected: "expected the next_page_token of an earlier answer".to_owned(),
    })?;
    Ok(Some(place))
}

fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn instant(field: &'static str, text: &str) -> Result<Option<i64>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let expected =
        || "expected RFC 3339 with offset, for example 2026-09-01T00:00:00+08:00".to_owned();
    schema::date_time::query_span_ms(text)
        .map(|(from, _)| Some(from))
        .ok_or_else(|| Refusal::Malformed {
            field,
            expected: expected(),
        })
}
