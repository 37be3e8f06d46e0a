//! Listing: what a reader asks for. The pages it gets are filled in [`page`].

mod page;

use std::sync::Arc;

use proto::v1::{ListQuarantineResponse, ListRecordsResponse};

use self::page::PAGE_BYTES;
use crate::entry::CaseBinding;
use crate::ids::RecordPlace;
use crate::personal::{Asked, may_be_no_number, may_be_person, may_be_vehicle};
use crate::policy::{Caller, Rights};
use crate::ports::{FeedScope, QuarantineQuery, RecordQuery};
use crate::refusal::Refusal;
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
    /// Only messages in this state; unspecified for all.
    pub state: proto::v1::QuarantineState,
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
                .log_query(caller, "ListRecords", &feed, canonical, &case)
                .await?;
            self.wait_for_index(position).await?;
            let (exchange, reader) = (Arc::clone(self), self.clearance(caller));
            let work = move || {
                let page = exchange.page_of_records(query, &reader, PAGE_BYTES)?;
                let digest = assemble::digest(&page.records);
                Ok((page, digest))
            };
            let (page, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, position, page.records.len() as u64, digest)?;
            Ok(page)
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
                after: quarantine_token(&ask.page_token)?,
                limit: self.page_size(ask.page_size),
            };
            let position = self
                .log_query(
                    caller,
                    "ListQuarantine",
                    &feed,
                    canonical,
                    &CaseBinding::default(),
                )
                .await?;
            self.wait_for_index(position).await?;
            let (exchange, reader) = (Arc::clone(self), caller.clone());
            let asked = (ask.with_payload, ask.state);
            let work = move || {
                let page = exchange.page_of_quarantine(&query, &reader, asked, PAGE_BYTES)?;
                let digest = assemble::digest(&page.messages);
                Ok((page, digest))
            };
            let (page, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, position, page.messages.len() as u64, digest)?;
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
    pub(crate) fn scope(&self, caller: &Caller, feed: &str) -> Result<FeedScope, Refusal> {
        if !feed.is_empty() {
            if !self.policy.may_read(caller, feed) {
                return Err(Refusal::ReadNotGranted {
                    agency: caller.agency.clone(),
                    feed: feed.to_owned(),
                });
            }
            return Ok(FeedScope::Only(vec![feed.to_owned()]));
        }
        match self.policy.reads(caller).map(|reads| reads.feeds) {
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

    pub(crate) fn page_size(&self, asked: u32) -> u32 {
        let asked = if asked == 0 { DEFAULT_PAGE } else { asked };
        asked.min(self.limits.page_size).max(1)
    }
}

impl ListRecords {
    /// The question in one fixed form, for the audit entry.
    fn canonical(&self) -> Asked {
        let fields = [
            ("feed", &*self.feed, false),
            ("entity", &*self.entity, false),
            ("party", &*self.party, may_be_person(&self.party)),
            ("device", &*self.device, may_be_vehicle(&self.device)),
            (
                "case",
                &*self.case_number,
                may_be_no_number(&self.case_number),
            ),
            ("from", &*self.from, false),
            ("to", &*self.to, false),
            ("after", &*self.page_token, false),
        ];
        Asked::filters(&fields)
    }
}

impl ListQuarantine {
    fn canonical(&self) -> Asked {
        Asked::filters(&[
            ("feed", &self.feed, false),
            ("code", &self.code, false),
            ("after", &self.page_token, false),
        ])
    }
}

pub(crate) fn token_of(position: u64, message: u16, ordinal: u16) -> String {
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

/// The message behind which a page of the quarantine begins.
pub(crate) fn quarantine_token(text: &str) -> Result<Option<(u64, u16)>, Refusal> {
    Ok(token(text)?.map(|place| (place.position, place.message)))
}

pub(crate) fn filled(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(crate) fn instant(field: &'static str, text: &str) -> Result<Option<i64>, Refusal> {
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
