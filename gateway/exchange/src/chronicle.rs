//! The chronicle of a case: everything the log has about it, across agencies, in order.
//!
//! A case has several numbers: of its filing, transfer, review and decision. Records that name two of
//! them tie these together; the index proposes positions for each number, and every entry and record
//! is read again before it is shown. Deadlines are computed here, as hints.

mod deadlines;
mod events;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::v1::record::Entity;
use proto::v1::{CaseEvent, GetCaseResponse, Record};

use self::deadlines::hints;
use self::events::Happening;
use crate::entry::{CaseBinding, EVENT_SUBMIT, EVENT_TIMESTAMP, TimestampEntry};
use crate::ids::RecordPlace;
use crate::mask::Clearance;
use crate::policy::{Caller, Role};
use crate::ports::{EntryQuery, FeedScope};
use crate::prove::malformed;
use crate::refusal::Refusal;
use crate::search::check_purpose;
use crate::search::place::Places;
use crate::{Exchange, assemble, facts};

/// Most entries of one chronicle.
const MOST_ENTRIES: usize = 2_000;

/// Most numbers of one case.
const MOST_NUMBERS: usize = 64;

/// Most time stamps looked at to find the one that covers an entry.
const MOST_STAMPS: u32 = 16;

/// What was gathered of a case.
#[derive(Default)]
struct Gathered {
    /// Every number, with its canonical form, in the order they were found.
    numbers: Vec<String>,
    /// Entries bound to the case, with the number that led there.
    entries: BTreeMap<u64, String>,
    /// Records of the case, with the number that led there.
    records: BTreeMap<RecordPlace, (Record, String)>,
    truncated: bool,
}

impl Exchange {
    /// Everything about a case. The reading is an entry before anything is read.
    ///
    /// # Errors
    /// [`Refusal::RoleNotGranted`] for everybody but auditors, and every [`Refusal`] about reading;
    /// the refusal itself is an entry.
    pub async fn get_case(
        self: &Arc<Self>,
        caller: &Caller,
        number: String,
        case: CaseBinding,
    ) -> Result<GetCaseResponse, Refusal> {
        const METHOD: &str = "GetCase";
        let read = async {
            self.policy.require(caller, Role::Auditor)?;
            check_purpose(&case)?;
            let canonical = schema::normalise_case_number(&number);
            if canonical.is_empty() {
                let expected = "expected a case or document number".to_owned();
                return Err(malformed("case_number", expected));
            }
            let asked = format!("case={canonical:?}");
            let query = self.log_query(caller, METHOD, "", &asked, &case).await?;
            self.wait_for_index(query).await?;
            let feeds = self
                .scope(caller, "")
                .unwrap_or(FeedScope::Only(Vec::new()));
            let (exchange, reader) = (Arc::clone(self), self.clearance(caller));
            let work = move || {
                let answer = exchange.chronicle(canonical, &feeds, &reader, query)?;
                let digest = assemble::digest(std::slice::from_ref(&answer));
                Ok((answer, digest))
            };
            let (answer, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, query, answer.events.len() as u64, digest)?;
            Ok(answer)
        };
        self.reading(caller, METHOD, "", read).await
    }

    fn chronicle(
        &self,
        number: String,
        feeds: &FeedScope,
        reader: &Clearance,
        query: u64,
    ) -> Result<GetCaseResponse, Refusal> {
        let places = Places::new(self)?;
        let gathered = self.gather_case(&number, feeds, reader, query)?;
        let mut happenings = Vec::new();
        for (position, number) in &gathered.entries {
            happenings.extend(self.entry_happening(*position, number)?);
        }
        for (place, (record, number)) in &gathered.records {
            happenings.extend(self.record_happenings(*place, record, number)?);
        }
        happenings.sort_by_key(|it| (it.order_ms(), it.position, it.place));
        let (now, _) = self.checked_entry(query)?;
        let now_ns = now.decode().map(|entry| entry.time_ns());
        let now_ns = now_ns.map_err(|error| Refusal::Damaged {
            position: query,
            cause: error.into(),
        })?;
        let deadlines = hints(&happenings, &self.working_days, now_ns);
        let events: Result<Vec<CaseEvent>, Refusal> = happenings
            .into_iter()
            .map(|it| self.case_event(it, &places, query))
            .collect();
        Ok(GetCaseResponse {
            case_number: number,
            numbers: gathered.numbers,
            events: events?,
            deadlines,
            complete_to: query,
            query_position: query,
            checkpoint: places.shown(),
            truncated: gathered.truncated,
        })
    }

    /// Follows the numbers of a case from record to record.
    fn gather_case(
        &self,
        number: &str,
        feeds: &FeedScope,
        reader: &Clearance,
        known: u64,
    ) -> Result<Gathered, Refusal> {
        let mut gathered = Gathered {
            numbers: vec![number.to_owned()],
            ..Gathered::default()
        };
        let mut looked_at = BTreeSet::new();
        let mut next = 0;
        while let Some(number) = gathered.numbers.get(next).cloned() {
            next += 1;
            let query = by_number(&number, feeds, known);
            for position in self.find_entries(&query)? {
                looked_at.insert(position);
                if looked_at.len() > MOST_ENTRIES {
                    gathered.truncated = true;
                    return Ok(gathered);
                }
                self.take_entry(&mut gathered, position, &number, feeds, reader)?;
            }
        }
        Ok(gathered)
    }

    /// Takes what the entry at `position` has about `number`.
    fn take_entry(
        &self,
        gathered: &mut Gathered,
        position: u64,
        number: &str,
        feeds: &FeedScope,
        reader: &Clearance,
    ) -> Result<(), Refusal> {
        let (stored, _) = self.checked_entry(position)?;
        let entry = stored.decode().map_err(|error| Refusal::Damaged {
            position,
            cause: error.into(),
        })?;
        let bound_to = facts::of(&entry).case;
        let feed = facts::of(&entry).feed;
        if bound_to.as_deref() == Some(number) {
            gathered.entries.insert(position, number.to_owned());
        }
        let may_read = match feeds {
            FeedScope::All => true,
            FeedScope::Only(feeds) => feeds.contains(&feed),
        };
        if entry.event() != EVENT_SUBMIT || !may_read {
            return Ok(());
        }
        let stored = self.stored(position)?;
        for message in 0..=u16::MAX {
            if usize::from(message) >= stored.results.len() {
                break;
            }
            let records = stored.conversion(message).map(|it| &it.records);
            for (ordinal, record) in (0..=u16::MAX).zip(records.into_iter().flatten()) {
                let seen = reader.mask(record.clone());
                let numbers = schema::links(&seen).case_numbers;
                if !numbers.iter().any(|it| it == number) {
                    continue;
                }
                if ties_numbers(&seen) {
                    for other in &numbers {
                        gathered.add_number(other);
                    }
                }
                let place = RecordPlace {
                    position,
                    message,
                    ordinal,
                };
                let entry = gathered.records.entry(place);
                entry.or_insert_with(|| (seen.clone(), number.to_owned()));
            }
        }
        Ok(())
    }

    /// The event as it is shown, with its place in the log.
    fn case_event(
        &self,
        it: Happening,
        places: &Places<'_>,
        known: u64,
    ) -> Result<CaseEvent, Refusal> {
        let (_, leaf) = self.checked_entry(it.position)?;
        let proof = places.state(it.position, &leaf)?;
        let stamped = self.stamped_at(it.position, known)?;
        Ok(it.into_event(leaf, proof, stamped))
    }

    /// Position of the first time stamp over a checkpoint that has the entry; 0 for none.
    fn stamped_at(&self, position: u64, known: u64) -> Result<u64, Refusal> {
        let query = EntryQuery {
            events: vec![EVENT_TIMESTAMP],
            case_number: None,
            from: position + 1,
            limit: MOST_STAMPS,
            ..by_number("", &FeedScope::All, known)
        };
        let found = self.index.find_entries(&query);
        let found = found.map_err(|cause| Refusal::IndexFailed { cause })?;
        for stamp in found {
            let (stored, _) = self.checked_entry(stamp)?;
            let entry = stored.decode().map_err(|error| Refusal::Damaged {
                position: stamp,
                cause: error.into(),
            })?;
            if TimestampEntry::read(&entry).is_some_and(|read| read.size > position) {
                return Ok(stamp);
            }
        }
        Ok(0)
    }
}

impl Gathered {
    fn add_number(&mut self, number: &str) {
        if self.numbers.iter().any(|known| known == number) {
            return;
        }
        if self.numbers.len() >= MOST_NUMBERS {
            self.truncated = true;
            return;
        }
        self.numbers.push(number.to_owned());
    }
}

/// Whether the numbers of a record are all of one case. A clue names its batch, and a batch has
/// clues of many cases.
fn ties_numbers(record: &Record) -> bool {
    matches!(
        &record.entity,
        Some(
            Entity::Case(_)
                | Entity::CaseTransfer(_)
                | Entity::LegalReview(_)
                | Entity::PenaltyDecision(_)
        )
    )
}

fn by_number(number: &str, feeds: &FeedScope, known: u64) -> EntryQuery {
    EntryQuery {
        feeds: feeds.clone(),
        events: Vec::new(),
        actor: None,
        feed: None,
        case_number: Some(number.to_owned()),
        party: None,
        device: None,
        words: Vec::new(),
        from: 0,
        to: known,
        newest_first: false,
        limit: u32::try_from(MOST_ENTRIES + 1).unwrap_or(u32::MAX),
    }
}
