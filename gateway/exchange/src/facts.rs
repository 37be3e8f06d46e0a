//! What an entry or a record can be searched by, apart from keys.
//!
//! The index takes it when it follows the log, and a search compares it again with what is stored
//! before a row is shown. Personal values are in none of it: entries hold none, and of records only
//! texts without a restricted class count.

use audit_log::cbor::Value;
use audit_log::entry::{Entry, Field};
use proto::v1::Record;
use proto::v1::record::Entity;

use crate::entry::{
    CaseBinding, EVENT_QUERY, EVENT_QUERY_RESULT, EVENT_SUBMIT, case_of_entry, text_of,
};
use crate::mask::open_texts;
use crate::ports::EntryFacts;
use crate::words::words_of;

/// What an entry that is no submission can be found by.
pub(crate) fn of(entry: &Entry<'_>) -> EntryFacts {
    EntryFacts {
        event: entry.event(),
        actor: text_of(entry, Field::Actor, 0).unwrap_or_default(),
        feed: text_of(entry, Field::Object, 0).unwrap_or_default(),
        case: case_of(&case_of_entry(entry)),
        words: words_of(texts_of_entry(entry)),
    }
}

/// The case a call was made for, as records of it are indexed.
pub(crate) fn case_of(binding: &CaseBinding) -> Option<String> {
    let number = schema::normalise_case_number(&binding.case_number);
    (!number.is_empty()).then_some(number)
}

/// Words of what a call was made for.
pub(crate) fn words_of_case(binding: &CaseBinding) -> Vec<u64> {
    words_of(texts_of_case(binding))
}

fn texts_of_case(binding: &CaseBinding) -> [&String; 3] {
    [&binding.case_number, &binding.purpose, &binding.legal_basis]
}

/// The readable parts of an entry: what it was made for, and, where it is neither a submission nor a
/// reading, every text of object and outcome.
pub(crate) fn texts_of_entry(entry: &Entry<'_>) -> Vec<String> {
    let case = case_of_entry(entry);
    let mut texts: Vec<String> = texts_of_case(&case).into_iter().cloned().collect();
    if ![EVENT_SUBMIT, EVENT_QUERY, EVENT_QUERY_RESULT].contains(&entry.event()) {
        for field in [Field::Object, Field::Outcome] {
            let values = entry.field(field).unwrap_or_default();
            texts.extend(values.iter().filter_map(text));
        }
    }
    texts.retain(|text| !text.is_empty());
    texts
}

fn text(value: &Value) -> Option<String> {
    if let Value::Text(text) = value {
        Some(text.clone())
    } else {
        None
    }
}

/// Words of the texts of a record.
pub(crate) fn words_of_record(record: &Record) -> Vec<u64> {
    words_of(texts_of_record(record))
}

/// The texts of a record that are searched. What devices send by the thousand has none worth it.
pub(crate) fn texts_of_record(record: &Record) -> Vec<String> {
    match &record.entity {
        Some(Entity::Observation(_) | Entity::VehicleTrack(_)) | None => Vec::new(),
        Some(_) => open_texts(record),
    }
}
