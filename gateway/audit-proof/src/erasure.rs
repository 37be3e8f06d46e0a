//! Erasures that a log names: what was sealed and can be opened no longer.
//!
//! An erasure changes nothing that the log binds: the sealed bytes stay, and their digests with them. Whoever finds a
//! value that cannot be opened asks here whether the log says why. Reads entries; the shape is that of `docs/audit-log.md`.

use std::{fmt, fs, path::Path};

use crate::{
    cbor::Value,
    entry::{Entry, Field},
    files::{FolderReader, ReadError},
    folder::{Inventory, list, path},
};

/// Event number of an erasure.
pub const ERASE_EVENT: u64 = 30;

/// What stands in every entry of an erasure and is searched for before any entry is decoded.
const MARK: &[u8] = b"EraseSubjects";

/// One erasure, as its entry says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// Position of the entry.
    pub position: u64,
    /// Its time, UTC nanoseconds.
    pub time_ns: u64,
    /// The agency that asked, or that approved last.
    pub agency: String,
    /// The agency that approved first, where two had to; else empty.
    pub first_approver: String,
    /// Code of the legal basis.
    pub legal_basis: String,
    /// How many people.
    pub subjects: u64,
    /// How many messages cannot be opened any more.
    pub messages: u64,
    /// How many fields of records.
    pub fields: u64,
    /// Positions of the submissions.
    pub positions: Vec<u64>,
}

impl Erasure {
    /// Reads an entry; `None` when it is no erasure.
    #[must_use]
    pub fn read(entry: &Entry<'_>) -> Option<Self> {
        if entry.event() != ERASE_EVENT {
            return None;
        }
        let object = entry.field(Field::Object)?;
        let outcome = entry.field(Field::Outcome)?;
        let basis = entry.field(Field::Case).and_then(|case| text(case.get(2)?));
        let Value::Array(keys) = object.get(2)? else {
            return None;
        };
        let Value::Array(positions) = object.get(3)? else {
            return None;
        };
        Some(Self {
            position: entry.position(),
            time_ns: entry.time_ns(),
            agency: text(outcome.get(3)?)?,
            first_approver: outcome.get(4).and_then(text).unwrap_or_default(),
            legal_basis: basis.unwrap_or_default(),
            subjects: keys.len() as u64,
            messages: number(outcome.get(1)?)?,
            fields: number(outcome.get(2)?)?,
            positions: positions.iter().map(number).collect::<Option<_>>()?,
        })
    }
}

impl Erasure {
    /// When, by whom, by which entry and on what basis.
    #[must_use]
    pub fn sentence(&self) -> String {
        let second = match self.first_approver.as_str() {
            "" => String::new(),
            first => format!(" and {first}"),
        };
        format!(
            "sealed, erased on {} by {}{second} (entry {}, {})",
            utc(self.time_ns / 1_000_000_000),
            self.agency,
            self.position,
            self.legal_basis
        )
    }
}

impl fmt::Display for Erasure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} fields and {} messages of the submissions at",
            self.sentence(),
            self.fields,
            self.messages
        )?;
        self.positions.iter().try_for_each(|at| write!(f, " {at}"))
    }
}

/// The erasures in the complete groups of the log in `dir`, in order. Segments without any are searched and not decoded.
///
/// # Errors
/// [`ReadError`] when the folder cannot be read, or a segment with an erasure is damaged.
pub fn erasures(dir: &Path) -> Result<Vec<Erasure>, ReadError> {
    let io = |source| ReadError::Io {
        path: dir.to_owned(),
        source,
    };
    let inventory = Inventory::of(&list(dir).map_err(io)?).map_err(ReadError::Damaged)?;
    let segments: Vec<_> = inventory.segments().collect();
    let mut found = Vec::new();
    for (number, (first, stage)) in segments.iter().enumerate() {
        let file = path(dir, *first, *stage);
        let bytes = fs::read(&file).map_err(|source| ReadError::Io { path: file, source })?;
        if !bytes.windows(MARK.len()).any(|window| window == MARK) {
            continue;
        }
        let end = segments
            .get(number + 1)
            .map_or(u64::MAX, |(first, _)| *first);
        for entry in FolderReader::open(dir)?.entries_from(*first) {
            let entry = entry?;
            if entry.position >= end {
                break;
            }
            found.extend(entry.decode().ok().and_then(|entry| Erasure::read(&entry)));
        }
    }
    Ok(found)
}

fn text(value: &Value) -> Option<String> {
    let Value::Text(text) = value else {
        return None;
    };
    Some(text.clone())
}

fn number(value: &Value) -> Option<u64> {
    let Value::Unsigned(number) = value else {
        return None;
    };
    Some(*number)
}

/// Seconds since 1970 as RFC 3339, UTC.
fn utc(seconds: u64) -> String {
    // Counted from 0000-03-01, so that the leap day ends the year.
    let days = seconds / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        seconds / 3600 % 24,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erasure_is_told_in_one_sentence() {
        let erasure = Erasure {
            position: 90,
            time_ns: 1_790_000_000_000_000_000,
            agency: "city-eco".to_owned(),
            first_approver: "police".to_owned(),
            legal_basis: "PIPL-47".to_owned(),
            subjects: 1,
            messages: 2,
            fields: 5,
            positions: vec![17, 40],
        };
        assert_eq!(
            erasure.to_string(),
            "sealed, erased on 2026-09-21T14:13:20Z by city-eco and police (entry 90, PIPL-47): 5 fields and 2 messages of the submissions at 17 40"
        );
    }
}
