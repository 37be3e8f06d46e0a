//! Filling a page: from what the index found to what the reader gets.
//!
//! A page is bounded three ways: by the number of items asked for, by its size
//! once encoded, and by how much is looked at for it. Each item is masked as
//! soon as it is put together, so that what is counted and digested is what is
//! shown.

use std::sync::Arc;

use proto::v1::{
    ListQuarantineResponse, ListRecordsResponse, Quarantine, QuarantineState, QuarantinedMessage,
    Record, message_result,
};
use sha2::{Digest as _, Sha256};

use crate::assemble::OfMessage;
use crate::ids::{MAX_RECORDS_PER_MESSAGE, RecordId, RecordPlace};
use crate::mask::Clearance;
use crate::personal::blind_keys;
use crate::policy::Caller;
use crate::ports::{QuarantineQuery, RecordQuery, RunFound};
use crate::refusal::Refusal;
use crate::stored::Stored;
use crate::{Exchange, assemble};

/// Longest page once encoded, in bytes: four pages an agency are held at the same time.
pub(super) const PAGE_BYTES: usize = 16 << 20;

/// Most records looked at for one page: bounds the work when the reader may see few of them.
///
/// As many as one message may have. A page that reaches it ends with a token, inside a run if need be.
const PAGE_RECORDS: usize = MAX_RECORDS_PER_MESSAGE;

/// What looking at a run costs beside its records, in records: its submission may have to be read
/// from disk and checked. With it a page reads 4096 submissions at most.
const RUN_RECORDS: usize = 16;

/// A run of the index that is not what is stored: the index is a cache and can be deleted.
#[derive(Debug, thiserror::Error)]
#[error("the index names {} records from {:?} on, stored are {stored}", run.count, run.place)]
struct WrongCount {
    run: RunFound,
    stored: usize,
}

/// A page being filled.
struct Page<Item> {
    items: Vec<Item>,
    bytes: usize,
    most_items: usize,
    most_bytes: usize,
}

impl<Item: prost::Message> Page<Item> {
    fn new(most_items: usize, most_bytes: usize) -> Page<Item> {
        Page {
            items: Vec::new(),
            bytes: 0,
            most_items,
            most_bytes,
        }
    }

    fn is_full(&self) -> bool {
        self.items.len() >= self.most_items
    }

    /// Takes the item; false when it must wait for the next page. The first item always fits.
    fn take(&mut self, item: Item) -> bool {
        let length = item.encoded_len();
        let bytes = self
            .bytes
            .saturating_add(length + prost::length_delimiter_len(length) + 1);
        if self.is_full() || (!self.items.is_empty() && bytes > self.most_bytes) {
            return false;
        }
        self.bytes = bytes;
        self.items.push(item);
        true
    }
}

/// A submission and its messages as received.
type Submission = (Arc<Stored>, Arc<Vec<Vec<u8>>>);

/// The submission read last, and what its message read last gives each record.
struct Source<'a> {
    exchange: &'a Exchange,
    reader: &'a Clearance,
    submission: Option<Submission>,
    message: Option<(u64, u16, Option<OfMessage>)>,
}

impl<'a> Source<'a> {
    fn new(exchange: &'a Exchange, reader: &'a Clearance) -> Source<'a> {
        Source {
            exchange,
            reader,
            submission: None,
            message: None,
        }
    }

    fn submission(&mut self, position: u64) -> Result<Submission, Refusal> {
        let known = self
            .submission
            .as_ref()
            .filter(|(stored, _)| stored.position == position);
        if let Some(known) = known {
            return Ok(known.clone());
        }
        // One submission is held at a time: the one before is let go first.
        self.submission = None;
        let stored = Arc::new(self.exchange.stored_in(position, self.reader.sight)?);
        let payloads = Arc::new(self.exchange.payloads(&stored)?);
        self.submission = Some((Arc::clone(&stored), Arc::clone(&payloads)));
        Ok((stored, payloads))
    }

    /// The record at `place`, not masked yet.
    fn record(&mut self, place: RecordPlace) -> Result<Option<Record>, Refusal> {
        let (stored, payloads) = self.submission(place.position)?;
        let is_known = self.message.as_ref().is_some_and(|(position, message, _)| {
            (*position, *message) == (place.position, place.message)
        });
        if !is_known {
            let payload = payloads.get(usize::from(place.message));
            let of_message = payload
                .and_then(|payload| OfMessage::new(&stored, place.message, payload, self.reader));
            self.message = Some((place.position, place.message, of_message));
        }
        let of_message = self
            .message
            .as_ref()
            .and_then(|(_, _, found)| found.as_ref());
        Ok(of_message.and_then(|of_message| assemble::record(&stored, place, of_message)))
    }

    /// Whether every sealed value of the record at `place` was opened.
    fn is_whole(&mut self, place: RecordPlace) -> Result<bool, Refusal> {
        let (stored, _) = self.submission(place.position)?;
        Ok(stored.unopened(place.message, place.ordinal).is_empty())
    }

    /// The record at `place` as the reader may see it; `None` also when the reader may not
    /// find it by what the query asks for.
    fn shown(
        &mut self,
        place: RecordPlace,
        query: &RecordQuery,
    ) -> Result<Option<Record>, Refusal> {
        let Some(record) = self.record(place)? else {
            return Ok(None);
        };
        // What was not opened is hidden from this reader as well.
        let is_whole = self.is_whole(place)?;
        if is_whole && !self.reader.hides_of(&record) {
            return Ok(Some(self.reader.mask(record)));
        }
        let time = schema::links(&record).time;
        let seen = self.reader.mask(record);
        Ok(finds(query, &seen, time).then_some(seen))
    }
}

/// Whether the query names something that a record may hold masked.
fn asks_for_content(query: &RecordQuery) -> bool {
    let keys = [&query.party, &query.device, &query.case_number];
    keys.iter().any(|key| key.is_some()) || query.from_ms.is_some() || query.to_ms.is_some()
}

/// Whether the filters of the query are met by what is shown: a masked terminal, plate or time
/// would otherwise be told by the answer holding the record. `time` is the record's, unmasked.
fn finds(query: &RecordQuery, seen: &Record, time: Option<(i64, i64)>) -> bool {
    let links = schema::links(seen);
    let among = |keys: &[std::borrow::Cow<'_, str>], asked: &Option<String>| {
        asked
            .as_ref()
            .is_none_or(|asked| keys.iter().any(|key| key == asked))
    };
    let asks_time = query.from_ms.is_some() || query.to_ms.is_some();
    among(&links.party, &query.party)
        && among(links.device.as_slice(), &query.device)
        && among(&links.case_numbers, &query.case_number)
        && (!asks_time || links.time == time)
}

impl Exchange {
    /// A page of records as `reader` may see them, of at most `most_bytes`.
    pub(super) fn page_of_records(
        &self,
        mut query: RecordQuery,
        reader: &Clearance,
        most_bytes: usize,
    ) -> Result<ListRecordsResponse, Refusal> {
        let indexed_size = self.index.size();
        let mut page = Page::new(query.limit as usize, most_bytes);
        let mut source = Source::new(self, reader);
        // Few questions to the index even when most of what it finds is not shown.
        query.limit = query.limit.max(super::DEFAULT_PAGE);
        let mut room = PAGE_RECORDS;
        let is_done = loop {
            let runs = self.find_runs(&query)?;
            let was_last = runs.len() < query.limit as usize;
            let took_all = fill(&mut page, &mut source, &mut query, runs, &mut room)?;
            let is_full = page.is_full() && !asks_for_content(&query);
            if !took_all || was_last || is_full {
                break took_all && was_last;
            }
        };
        let cursor = query.after.filter(|_| !is_done);
        Ok(ListRecordsResponse {
            records: page.items,
            next_page_token: cursor.map_or(String::new(), |place| {
                super::token_of(place.position, place.message, place.ordinal)
            }),
            indexed_size,
        })
    }

    /// Runs by filters, also those whose key is sealed: these stand in the index blind.
    pub(crate) fn find_runs(&self, query: &RecordQuery) -> Result<Vec<RunFound>, Refusal> {
        let failed = |cause| Refusal::IndexFailed { cause };
        let mut found = self.index.find_runs(query).map_err(failed)?;
        let Some(vault) = &self.vault else {
            return Ok(found);
        };
        let keys = [&query.party, &query.device, &query.case_number];
        for [party, device, case_number] in blind_keys(vault, keys.map(Option::as_deref)) {
            let other = RecordQuery {
                party,
                device,
                case_number,
                ..query.clone()
            };
            found.extend(self.index.find_runs(&other).map_err(failed)?);
        }
        found.sort_unstable_by_key(|run| run.place);
        found.dedup_by_key(|run| run.place);
        found.truncate(query.limit as usize);
        Ok(found)
    }

    /// A page of quarantined messages, of at most `most_bytes`.
    pub(super) fn page_of_quarantine(
        &self,
        query: &QuarantineQuery,
        reader: &Caller,
        (with_payload, asked): (bool, QuarantineState),
        most_bytes: usize,
    ) -> Result<ListQuarantineResponse, Refusal> {
        let found = self
            .index
            .find_quarantined(query)
            .map_err(|cause| Refusal::IndexFailed { cause })?;
        let was_last = found.len() < query.limit as usize;
        let clearance = self.clearance(reader);
        let mut source = Source::new(self, &clearance);
        let mut page = Page::new(query.limit as usize, most_bytes);
        let (mut cursor, mut took_all) = (None, true);
        for (position, message) in found {
            let (state, steps) = self.quarantine_steps((position, message));
            if asked != QuarantineState::Unspecified && asked != state {
                cursor = Some((position, message));
                continue;
            }
            let (stored, payloads) = source.submission(position)?;
            let sees = self.sees_payload(reader, &stored.entry.agency);
            let row = quarantined_message(&stored, &payloads, message, sees, with_payload);
            let row = row.map(|row| QuarantinedMessage {
                state: state as i32,
                steps,
                ..row
            });
            if !row.is_none_or(|row| page.take(row)) {
                took_all = false;
                break;
            }
            cursor = Some((position, message));
        }
        let cursor = cursor.filter(|_| !(took_all && was_last));
        Ok(ListQuarantineResponse {
            messages: page.items,
            next_page_token: cursor.map_or(String::new(), |(position, message)| {
                super::token_of(position, message, 0)
            }),
        })
    }
}

/// Fills the page from these runs and moves the query on behind what was looked at; false when
/// something is left for the next page, because this one is full or there is no `room` to look on.
fn fill(
    page: &mut Page<Record>,
    source: &mut Source<'_>,
    query: &mut RecordQuery,
    runs: Vec<RunFound>,
    room: &mut usize,
) -> Result<bool, Refusal> {
    // Where something may be hidden a full page looks for the next record that is shown:
    // a token for records that are not would tell of them.
    let stops_full = !asks_for_content(query);
    for run in runs {
        if *room == 0 || (page.is_full() && stops_full) {
            return Ok(false);
        }
        *room = room.saturating_sub(RUN_RECORDS);
        let (stored, _) = source.submission(run.place.position)?;
        for place in places(&stored, &run)? {
            if query.after.is_some_and(|after| place <= after) {
                continue;
            }
            if *room == 0 || (page.is_full() && stops_full) {
                return Ok(false);
            }
            *room -= 1;
            if is_in_time(query, &stored, place)
                && let Some(record) = source.shown(place, query)?
                && !page.take(record)
            {
                return Ok(false);
            }
            query.after = Some(place);
        }
    }
    Ok(true)
}

/// The places of a run, told from the stored results alone: every record of its messages from its
/// first place to its last.
///
/// # Errors
/// [`Refusal::IndexFailed`] when these are not as many as the index says: what it says of the
/// submission is wrong, and a list made from it would lack records without saying so.
fn places<'a>(
    stored: &'a Stored,
    run: &RunFound,
) -> Result<impl Iterator<Item = RecordPlace> + 'a, Refusal> {
    let (first, last) = (run.place, run.last_place());
    let records_of = move |message| {
        let conversion = stored.conversion(message);
        let records = conversion.map_or(0, |conversion| conversion.records.len());
        let at = move |(ordinal, _)| RecordPlace {
            position: first.position,
            message,
            ordinal,
        };
        (0..=u16::MAX).zip(0..records).map(at)
    };
    let places = (first.message..=last.message)
        .flat_map(records_of)
        .filter(move |place| (first..=last).contains(place));
    let count = places.clone().count();
    if count == run.count as usize {
        return Ok(places);
    }
    let cause = WrongCount {
        run: *run,
        stored: count,
    };
    Err(Refusal::IndexFailed {
        cause: cause.into(),
    })
}

/// Whether the record at `place` begins in the time asked for; its run only says that some may.
fn is_in_time(query: &RecordQuery, stored: &Stored, place: RecordPlace) -> bool {
    if query.from_ms.is_none() && query.to_ms.is_none() {
        return true;
    }
    let conversion = stored.conversion(place.message);
    let record = conversion.and_then(|it| it.records.get(usize::from(place.ordinal)));
    let time = record.and_then(|record| schema::links(record).time);
    time.is_some_and(|(start, _)| {
        query.from_ms.is_none_or(|from| from <= start) && query.to_ms.is_none_or(|to| start < to)
    })
}

/// The row of a quarantined message; `sees` says whether the reader may see what it holds.
fn quarantined_message(
    stored: &Stored,
    payloads: &[Vec<u8>],
    message: u16,
    sees: bool,
    with_payload: bool,
) -> Option<QuarantinedMessage> {
    let payload = payloads.get(usize::from(message))?;
    let mut quarantine: Quarantine = match &stored.results.get(usize::from(message))?.result {
        Some(message_result::Result::Quarantined(quarantine)) => quarantine.clone(),
        Some(message_result::Result::Converted(_)) | None => return None,
    };
    if !sees {
        // A guest's words may quote the message.
        quarantine.text.clear();
    }
    let adapter = &stored.entry.adapter;
    Some(QuarantinedMessage {
        submission_id: RecordId::of_submission(stored.time_ns, stored.position).to_string(),
        message_index: message.into(),
        feed: stored.entry.feed.clone(),
        quarantine: Some(quarantine),
        message_digest: match payload.as_slice() {
            // Erased, or only stored.
            [] => Vec::new(),
            payload => Sha256::digest(payload).to_vec(),
        },
        length: payload.len() as u64,
        payload: if sees && with_payload {
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
        ..QuarantinedMessage::default()
    })
}

#[cfg(test)]
mod tests;
