//! Searching the log: what an auditor asks, how it is logged, and how the answer is put together.
//!
//! The index proposes positions; [`judge`] reads each entry and its records again and decides, and
//! [`place`] says how far the entry's place in the log is proved. With `prove` the index is not
//! asked at all: every entry of a range is read, and the range proof goes with the answer.

mod judge;
pub(crate) mod place;
mod proved;

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use proto::v1::{CountKind, EntryRow, SearchEntriesResponse};
use vault::KeyName;

use self::judge::Wanted;
pub(crate) use self::judge::summary;
use self::place::Places;
use crate::entry::{CaseBinding, event_number};
use crate::list::{filled, instant};
use crate::mask::Clearance;
use crate::personal::{Asked, blind_keys, may_be_no_number, may_be_person, may_be_vehicle};
use crate::policy::{Caller, Role};
use crate::ports::{EntryQuery, FeedScope};
use crate::prove::malformed;
use crate::refusal::Refusal;
use crate::words::Term;
use crate::{Exchange, assemble};

/// Most entries counted: beyond it a question is better narrowed than counted.
const MOST_COUNTED: u64 = 10_000;

/// Most entries looked at for one page; each may mean reading a submission.
const PAGE_LOOKS: usize = 4_096;

/// Longest page, in bytes of its rows.
const PAGE_BYTES: usize = 16 << 20;

/// Most runs of a person that are looked at.
const MOST_RUNS: u32 = 100_000;

/// Most words of one question, and most characters of one of them.
const MOST_TERMS: usize = 8;
const MOST_TERM_CHARS: usize = 64;

/// What an auditor asks of the log; empty fields do not filter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchEntries {
    /// Case or document number, of the entry or of a record.
    pub case_number: String,
    /// Party of a record.
    pub party: String,
    /// Device of a record.
    pub device: String,
    /// Words that must all be found.
    pub text: String,
    /// Events by name, any of them.
    pub events: Vec<String>,
    /// Who acted.
    pub actor: String,
    /// Feed.
    pub feed: String,
    /// Time of the entry from which on, RFC 3339.
    pub from: String,
    /// Time of the entry before which, RFC 3339.
    pub to: String,
    /// First position.
    pub from_position: u64,
    /// Position behind the last; 0 for the size of the log.
    pub to_position: u64,
    /// Newest entries first.
    pub newest_first: bool,
    /// Read and prove a whole range of positions.
    pub prove: bool,
    /// Rows a page; 0 for the default.
    pub page_size: u32,
    /// Token of the page before.
    pub page_token: String,
    /// What the reading is for.
    pub case: CaseBinding,
}

/// A question that was understood.
struct Question {
    wanted: Wanted,
    from: u64,
    to: u64,
    after: Option<u64>,
    newest_first: bool,
    limit: usize,
}

impl Exchange {
    /// Finds entries of the log. The reading is an entry before anything is read.
    ///
    /// # Errors
    /// [`Refusal::RoleNotGranted`] for everybody but auditors, and every [`Refusal`] about reading;
    /// the refusal itself is an entry.
    pub async fn search_entries(
        self: &Arc<Self>,
        caller: &Caller,
        ask: SearchEntries,
    ) -> Result<SearchEntriesResponse, Refusal> {
        const METHOD: &str = "SearchEntries";
        let feed = ask.feed.clone();
        let read = async {
            self.policy.require(caller, Role::Auditor)?;
            check_purpose(&ask.case)?;
            let question = self.question(caller, &ask)?;
            let canonical = ask.canonical();
            let logged = self.log_query(caller, METHOD, &feed, canonical, &ask.case);
            let query = logged.await?;
            self.wait_for_index(query).await?;
            let (exchange, reader) = (Arc::clone(self), self.clearance(caller));
            let proves = ask.prove;
            let work = move || {
                let mut answer = match proves {
                    true => exchange.proved_rows(&question, &reader)?,
                    false => exchange.found_rows(question, &reader, query)?,
                };
                answer.query_position = query;
                let digest = assemble::digest(&answer.rows);
                Ok((answer, digest))
            };
            let (answer, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, query, answer.rows.len() as u64, digest)?;
            Ok(answer)
        };
        self.reading(caller, METHOD, &feed, read).await
    }

    fn question(&self, caller: &Caller, ask: &SearchEntries) -> Result<Question, Refusal> {
        let events = ask.events.iter().map(|name| {
            let number = event_number(name).or_else(|| name.parse().ok());
            number.ok_or_else(|| malformed("events", format!("{name:?} is no event")))
        });
        let terms = Term::read(&ask.text);
        let is_long = |term: &Term| term.text.chars().count() > MOST_TERM_CHARS;
        if terms.len() > MOST_TERMS || terms.iter().any(is_long) {
            let expected = format!(
                "expected at most {MOST_TERMS} words of at most {MOST_TERM_CHARS} characters"
            );
            return Err(malformed("text", expected));
        }
        if terms.is_empty() && !ask.text.is_empty() {
            return Err(malformed("text", "expected a word".to_owned()));
        }
        let wanted = Wanted {
            events: events.collect::<Result<BTreeSet<u64>, _>>()?,
            actor: filled(&ask.actor),
            feed: filled(&ask.feed),
            case_number: filled(&ask.case_number).map(|it| schema::normalise_case_number(&it)),
            party: filled(&ask.party),
            device: filled(&ask.device),
            terms,
            // An auditor without a feed sees entries, and no record.
            feeds: self
                .scope(caller, "")
                .unwrap_or(FeedScope::Only(Vec::new())),
        };
        let (from, to) = match ask.prove {
            true => proved::range(ask)?,
            false => self.positions(ask)?,
        };
        Ok(Question {
            wanted,
            from,
            to,
            after: token(&ask.page_token)?,
            newest_first: ask.newest_first,
            limit: self.page_size(ask.page_size) as usize,
        })
    }

    /// The positions asked about: by position, and by time as the entries themselves have it.
    fn positions(&self, ask: &SearchEntries) -> Result<(u64, u64), Refusal> {
        let size = self.log.size();
        let mut from = ask.from_position;
        let mut to = match ask.to_position {
            0 => size,
            to => to.min(size),
        };
        if let Some(ms) = instant("from", &ask.from)? {
            from = from.max(self.first_at(ms, size)?);
        }
        if let Some(ms) = instant("to", &ask.to)? {
            to = to.min(self.first_at(ms, size)?);
        }
        Ok((from, to.max(from)))
    }

    /// Position of the first of `size` entries whose time is not before `ms` (UTC milliseconds).
    /// Times never go back within a log.
    fn first_at(&self, ms: i64, size: u64) -> Result<u64, Refusal> {
        let wanted = u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000);
        let (mut low, mut high) = (0, size);
        while low < high {
            let middle = low + (high - low) / 2;
            let (stored, _) = self.checked_entry(middle)?;
            let entry = stored.decode().map_err(|error| Refusal::Damaged {
                position: middle,
                cause: error.into(),
            })?;
            if entry.time_ns() < wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// A page of what the index proposes, every row checked. Entries from `known` on are left out:
    /// the index may not have them.
    fn found_rows(
        &self,
        question: Question,
        reader: &Clearance,
        known: u64,
    ) -> Result<SearchEntriesResponse, Refusal> {
        let places = Places::new(self)?;
        let mut query = question.index_query(known);
        let (count, count_kind) = self.count(&question, &query)?;
        query.narrow(question.after);
        let mut answer = SearchEntriesResponse {
            count,
            count_kind: count_kind as i32,
            complete_to: known,
            checkpoint: places.shown(),
            ..SearchEntriesResponse::default()
        };
        let (mut looks, mut bytes) = (0, 0);
        loop {
            let found = self.find_entries(&query)?;
            let was_last = found.len() < query.limit as usize;
            for position in found {
                let is_full = answer.rows.len() >= question.limit
                    || looks >= PAGE_LOOKS
                    || bytes >= PAGE_BYTES;
                if is_full {
                    answer.next_page_token = query.token();
                    return Ok(answer);
                }
                looks += 1;
                if let Some(row) = self.judge(&question.wanted, reader, &places, position)? {
                    bytes += row.encoded_len();
                    answer.rows.push(row);
                }
                query.narrow(Some(position));
            }
            if was_last {
                return Ok(answer);
            }
        }
    }

    /// Positions by filters, also those of records whose key is sealed: these stand in the index blind.
    pub(crate) fn find_entries(&self, query: &EntryQuery) -> Result<Vec<u64>, Refusal> {
        let failed = |cause| Refusal::IndexFailed { cause };
        let mut found = self.index.find_entries(query).map_err(failed)?;
        let blind = self.blind_queries(query);
        let people = self.people(query);
        if blind.is_empty() && people.is_empty() {
            return Ok(found);
        }
        for query in blind {
            found.extend(self.index.find_entries(&query).map_err(failed)?);
        }
        for person in people {
            let runs = self.index.find_sealed(&person.to_string(), MOST_RUNS);
            let positions = runs
                .map_err(failed)?
                .into_iter()
                .map(|run| run.place.position);
            found.extend(positions.filter(|at| (query.from..query.to).contains(at)));
        }
        found.sort_unstable();
        found.dedup();
        if query.newest_first {
            found.reverse();
        }
        found.truncate(query.limit as usize);
        Ok(found)
    }

    /// Keys of the people that the party asked for may be, in every case they are known in.
    fn people(&self, query: &EntryQuery) -> Vec<KeyName> {
        let (Some(vault), Some(party)) = (&self.vault, &query.party) else {
            return Vec::new();
        };
        let subjects = vault.subjects_by_value(party).into_iter();
        subjects.map(|subject| subject.name).collect()
    }

    /// The question with the keys asked for as they stand in the index where they are sealed.
    fn blind_queries(&self, query: &EntryQuery) -> Vec<EntryQuery> {
        let Some(vault) = &self.vault else {
            return Vec::new();
        };
        let keys = [&query.party, &query.device, &query.case_number];
        let ways = blind_keys(vault, keys.map(Option::as_deref)).into_iter();
        let blind = ways.map(|[party, device, case_number]| EntryQuery {
            party,
            device,
            case_number,
            ..query.clone()
        });
        blind.collect()
    }

    fn count(&self, question: &Question, query: &EntryQuery) -> Result<(u64, CountKind), Refusal> {
        let wanted = &question.wanted;
        // What lies in feeds that are not granted is not told, in numbers neither.
        if wanted.asks_records() && wanted.feeds != FeedScope::All {
            return Ok((0, CountKind::Unspecified));
        }
        let count = |query: &EntryQuery, most| {
            let count = self.index.count_entries(query, most);
            count.map_err(|cause| Refusal::IndexFailed { cause })
        };
        if !self.people(query).is_empty() {
            return Ok((0, CountKind::Unspecified));
        }
        for blind in self.blind_queries(query) {
            // Whether somebody is known here is for those who may see it, row by row.
            if count(&blind, 1)? > 0 {
                return Ok((0, CountKind::Unspecified));
            }
        }
        Ok(match count(query, MOST_COUNTED + 1)? {
            more if more > MOST_COUNTED => (MOST_COUNTED, CountKind::AtLeast),
            all if wanted.is_exact() => (all, CountKind::Index),
            most => (most, CountKind::AtMost),
        })
    }
}

impl Question {
    fn index_query(&self, known: u64) -> EntryQuery {
        let wanted = &self.wanted;
        let ranges = wanted.terms.iter().flat_map(|term| term.ranges.clone());
        EntryQuery {
            feeds: wanted.feeds.clone(),
            events: wanted.events.iter().copied().collect(),
            actor: wanted.actor.clone(),
            feed: wanted.feed.clone(),
            case_number: wanted.case_number.clone(),
            party: wanted.party.clone(),
            device: wanted.device.clone(),
            words: ranges.collect(),
            from: self.from,
            to: self.to.min(known),
            newest_first: self.newest_first,
            limit: u32::try_from(self.limit + 1).unwrap_or(u32::MAX),
        }
    }
}

impl EntryQuery {
    /// Goes on behind the entry looked at last.
    fn narrow(&mut self, after: Option<u64>) {
        match after {
            Some(position) if self.newest_first => self.to = self.to.min(position),
            Some(position) => self.from = self.from.max(position + 1),
            None => {}
        }
    }

    /// The entry looked at last, as a token.
    fn token(&self) -> String {
        match self.newest_first {
            true => self.to.to_string(),
            false => self.from.saturating_sub(1).to_string(),
        }
    }
}

impl SearchEntries {
    /// The question in one fixed form, for the audit entry; what may name a person is apart. Words may always.
    fn canonical(&self) -> Asked {
        let number = |number: u64| match number {
            0 => String::new(),
            _ => number.to_string(),
        };
        let flag = |flag: bool, word: &'static str| match flag {
            true => word,
            false => "",
        };
        let case = &*self.case_number;
        Asked::filters(&[
            ("case", case, may_be_no_number(case)),
            ("party", &self.party, may_be_person(&self.party)),
            ("device", &self.device, may_be_vehicle(&self.device)),
            ("text", &self.text, true),
            ("events", &self.events.join(","), false),
            ("actor", &self.actor, !self.actor.is_ascii()),
            ("feed", &self.feed, false),
            ("from", &self.from, false),
            ("to", &self.to, false),
            ("from-position", &number(self.from_position), false),
            ("to-position", &number(self.to_position), false),
            ("order", flag(self.newest_first, "newest-first"), false),
            ("prove", flag(self.prove, "yes"), false),
            ("after", &self.page_token, false),
        ])
    }
}

/// A reading by staff says what it is for.
pub(crate) fn check_purpose(case: &CaseBinding) -> Result<(), Refusal> {
    let is_stated = !case.case_number.trim().is_empty() || !case.purpose.trim().is_empty();
    match is_stated {
        true => Ok(()),
        false => Err(malformed(
            "purpose",
            "expected a case number or a purpose: whoever reads says what for".to_owned(),
        )),
    }
}

fn token(text: &str) -> Result<Option<u64>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let expected = || "expected the next_page_token of an earlier answer".to_owned();
    let position = text.parse();
    position
        .map(Some)
        .map_err(|_| malformed("page_token", expected()))
}

/// Rows of a page as far as they fit, for [`proved`].
fn fits(rows: &[EntryRow], limit: usize, bytes: usize) -> bool {
    rows.len() < limit && bytes < PAGE_BYTES
}
