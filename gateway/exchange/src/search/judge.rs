//! Deciding on one entry: read it and its records again, and show it only when they meet the question.
//!
//! An entry meets a question when every filter is met by the entry itself, or together with it by
//! the records of one message: a document and what is said in another one are not mixed.

use std::collections::BTreeSet;

use audit_log::entry::{Entry, Field};
use proto::v1::{EntryRow, MatchedRecord, Purpose, Record};
use vault::blind::plain_form;

use super::place::Places;
use crate::entry::{EVENT_SUBMIT, case_of_entry, event_name, outcome_words, text_of};
use crate::ids::{RecordId, RecordPlace};
use crate::mask::{Clearance, open_texts};
use crate::personal::people;
use crate::ports::FeedScope;
use crate::refusal::Refusal;
use crate::words::{Term, normal};
use crate::{Exchange, answer, facts};

/// Most records named in one row.
const MOST_RECORDS: usize = 32;

/// Longest summary of a record, in characters.
const SUMMARY_CHARS: usize = 160;

/// What a question wants of an entry; empty fields want nothing.
pub(crate) struct Wanted {
    pub(crate) events: BTreeSet<u64>,
    pub(crate) actor: Option<String>,
    pub(crate) feed: Option<String>,
    /// Canonical.
    pub(crate) case_number: Option<String>,
    pub(crate) party: Option<String>,
    pub(crate) device: Option<String>,
    pub(crate) terms: Vec<Term>,
    /// Feeds whose records may be looked at.
    pub(crate) feeds: FeedScope,
}

impl Wanted {
    /// Whether a record may have to be looked at.
    pub(crate) fn asks_records(&self) -> bool {
        self.record_filters() > 0
    }

    /// Filters that a record can meet.
    fn record_filters(&self) -> usize {
        let keys = [&self.case_number, &self.party, &self.device];
        keys.into_iter().flatten().count() + self.terms.len()
    }

    /// Whether what the index finds is what meets the question.
    pub(crate) fn is_exact(&self) -> bool {
        self.record_filters() <= 1 && self.terms.iter().all(Term::is_exact)
    }

    /// Whether the entry is of the event, actor and feed asked for.
    fn admits(&self, entry: &Entry<'_>) -> bool {
        let is = |asked: &Option<String>, field| {
            asked
                .as_ref()
                .is_none_or(|asked| text_of(entry, field, 0).as_ref() == Some(asked))
        };
        (self.events.is_empty() || self.events.contains(&entry.event()))
            && is(&self.actor, Field::Actor)
            && is(&self.feed, Field::Object)
    }

    /// Which of the filters of records the entry itself meets, in a fixed order.
    fn met_by_entry(&self, entry: &Entry<'_>) -> Vec<bool> {
        let case = facts::case_of(&case_of_entry(entry));
        let texts = match self.terms.is_empty() {
            true => Vec::new(),
            false => facts::texts_of_entry(entry),
        };
        let none: [&str; 0] = [];
        self.met(case.as_slice(), &none, &none, &texts)
    }

    /// Which of them a record meets, as far as the reader may see it.
    /// Its texts are those of `open`, the record without what is sealed.
    fn met_by_record(&self, reader: &Clearance, record: &Record, open: &Record) -> Vec<bool> {
        let seen = match reader.hides_of(record) {
            true => Some(reader.mask(record.clone())),
            false => None,
        };
        let seen = seen.as_ref().unwrap_or(record);
        let links = schema::links(seen);
        let mut parties = links.party.to_vec();
        if let Some(asked) = &self.party {
            // People are found by what the reader may see of them, in any spelling.
            let is_asked = |known: &String| plain_form(known) == plain_form(asked);
            if people(seen).iter().any(is_asked) {
                parties.push(asked.as_str().into());
            }
        }
        let texts = match self.terms.is_empty() {
            true => Vec::new(),
            false => facts::texts_of_record(open),
        };
        self.met(
            &links.case_numbers,
            &parties,
            links.device.as_slice(),
            &texts,
        )
    }

    fn met(
        &self,
        cases: &[impl AsRef<str>],
        parties: &[impl AsRef<str>],
        devices: &[impl AsRef<str>],
        texts: &[String],
    ) -> Vec<bool> {
        let texts: Vec<String> = texts.iter().map(|text| normal(text)).collect();
        let case = self.case_number.iter().map(|asked| among(cases, asked));
        let party = self.party.iter().map(|asked| among(parties, asked));
        let device = self.device.iter().map(|asked| among(devices, asked));
        let terms = self
            .terms
            .iter()
            .map(|term| texts.iter().any(|text| term.is_in(text)));
        case.chain(party).chain(device).chain(terms).collect()
    }

    fn may_read(&self, feed: &str) -> bool {
        match &self.feeds {
            FeedScope::All => true,
            FeedScope::Only(feeds) => feeds.iter().any(|granted| granted == feed),
        }
    }
}

fn among(keys: &[impl AsRef<str>], asked: &str) -> bool {
    keys.iter().any(|key| key.as_ref() == asked)
}

impl Exchange {
    /// The entry at `position` as a row, when it meets the question; everything is read again.
    pub(crate) fn judge(
        &self,
        wanted: &Wanted,
        reader: &Clearance,
        places: &Places<'_>,
        position: u64,
    ) -> Result<Option<EntryRow>, Refusal> {
        let (stored, leaf) = self.checked_entry(position)?;
        let entry = stored.decode().map_err(|error| Refusal::Damaged {
            position,
            cause: error.into(),
        })?;
        if !wanted.admits(&entry) {
            return Ok(None);
        }
        let mut records = Vec::new();
        let mut matched = 0;
        if wanted.asks_records() {
            let of_entry = wanted.met_by_entry(&entry);
            let feed = text_of(&entry, Field::Object, 0).unwrap_or_default();
            if entry.event() == EVENT_SUBMIT && wanted.may_read(&feed) {
                (records, matched) = self.matching(wanted, reader, position, &of_entry)?;
            }
            if matched == 0 && !of_entry.iter().all(|met| *met) {
                return Ok(None);
            }
        }
        let proof = places.state(position, &leaf)?;
        let case = case_of_entry(&entry);
        let text = |field, index| text_of(&entry, field, index).unwrap_or_default();
        Ok(Some(EntryRow {
            position,
            entered_at: answer::date_time(entry.time_ns()).text,
            event: event_name(entry.event()).to_owned(),
            event_number: entry.event(),
            actor: text(Field::Actor, 0),
            actor_kind: text(Field::Actor, 1),
            feed: text(Field::Object, 0),
            outcome: outcome_words(&entry),
            purpose: Some(Purpose {
                case_number: case.case_number,
                purpose: case.purpose,
                legal_basis: case.legal_basis,
            }),
            leaf_hash: leaf.to_vec(),
            proof: proof as i32,
            records,
            matched_records: matched,
            entry: stored.bytes,
        }))
    }

    /// Records of a submission that meet a filter, in messages that meet all that the entry does not.
    fn matching(
        &self,
        wanted: &Wanted,
        reader: &Clearance,
        position: u64,
        of_entry: &[bool],
    ) -> Result<(Vec<MatchedRecord>, u32), Refusal> {
        let stored = self.stored(position)?;
        let (mut named, mut count) = (Vec::new(), 0);
        for message in 0..stored.results.len().min(1 << 16) {
            let message = u16::try_from(message).unwrap_or(u16::MAX);
            let Some(conversion) = stored.conversion(message) else {
                continue;
            };
            let mut met = of_entry.to_vec();
            let mut meeting = Vec::new();
            let open = stored.open_conversion(message).unwrap_or(conversion);
            let records = conversion.records.iter().zip(&open.records);
            for (ordinal, (record, open)) in (0..=u16::MAX).zip(records) {
                let of_record = wanted.met_by_record(reader, record, open);
                if of_record.contains(&true) {
                    meeting.push((ordinal, record, open));
                }
                for (met, of_record) in met.iter_mut().zip(of_record) {
                    *met |= of_record;
                }
            }
            if met.contains(&false) {
                continue;
            }
            count += u32::try_from(meeting.len()).unwrap_or(u32::MAX);
            let room = MOST_RECORDS - named.len();
            named.extend(
                meeting
                    .into_iter()
                    .take(room)
                    .map(|(ordinal, record, open)| {
                        let place = RecordPlace {
                            position,
                            message,
                            ordinal,
                        };
                        matched(stored.time_ns, place, reader, (record, open))
                    }),
            );
        }
        Ok((named, count))
    }
}

fn matched(
    time_ns: u64,
    place: RecordPlace,
    reader: &Clearance,
    (record, open): (&Record, &Record),
) -> MatchedRecord {
    let seen = reader.mask(record.clone());
    let cases = schema::links(&seen).case_numbers;
    MatchedRecord {
        record_id: RecordId::new(time_ns, place).to_string(),
        entity: record.entity_name().to_owned(),
        message_index: place.message.into(),
        case_numbers: cases.iter().map(ToString::to_string).collect(),
        summary: summary(open),
    }
}

/// The beginning of a record's texts without a restricted class.
pub(crate) fn summary(record: &Record) -> String {
    let text = open_texts(record).join(" ");
    text.chars().take(SUMMARY_CHARS).collect()
}
