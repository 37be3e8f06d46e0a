//! Which submissions, messages and records belong to the subject, as far as the reader may know of them.

use std::collections::{BTreeMap, BTreeSet};

use super::ExportSubject;
use crate::Exchange;
use crate::ids::{RecordId, RecordPlace};
use crate::policy::Caller;
use crate::ports::RecordQuery;
use crate::refusal::Refusal;

/// Most submissions in one package.
const MAX_SUBMISSIONS: usize = 2048;
/// Runs asked of the index at a time.
const RUNS: u32 = 256;

/// What of a submission belongs to the subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Every message with every record.
    All,
    /// These messages; of each these ordinals, or every record where none is named.
    Messages(BTreeMap<u16, BTreeSet<u16>>),
}

/// Positions of submissions with what is wanted of each.
pub(super) type Places = BTreeMap<u64, Wanted>;

impl Exchange {
    /// Finds what belongs to the subject.
    pub(super) fn places(
        &self,
        reader: &Caller,
        subject: &ExportSubject,
    ) -> Result<Places, Refusal> {
        match subject {
            ExportSubject::Case(number) => {
                let places = self.places_of_case(reader, number)?;
                match places.is_empty() {
                    true => Err(not_found("case", number)),
                    false => Ok(places),
                }
            }
            ExportSubject::Submission(id) => {
                let (position, _) = self.visible_submission(reader, id)?;
                Ok(Places::from([(position, Wanted::All)]))
            }
            ExportSubject::Record(id) => {
                let missing = || not_found("record", id);
                let place = RecordId::parse(id).ok_or_else(missing)?.place();
                let found = self.submit_entry(place.position)?.ok_or_else(missing)?;
                let real = RecordId::new(found.time_ns, place).to_string();
                if !self.policy.may_read(reader, &found.entry.feed)
                    || !real.eq_ignore_ascii_case(id)
                {
                    return Err(missing());
                }
                let ordinals = BTreeSet::from([place.ordinal]);
                let messages = BTreeMap::from([(place.message, ordinals)]);
                Ok(Places::from([(place.position, Wanted::Messages(messages))]))
            }
            ExportSubject::Range(from, to) => self.places_of_range(reader, *from, *to),
        }
    }

    fn places_of_case(&self, reader: &Caller, number: &str) -> Result<Places, Refusal> {
        let mut query = RecordQuery {
            feeds: self.scope(reader, "")?,
            entity: None,
            party: None,
            device: None,
            case_number: Some(schema::normalise_case_number(number)),
            from_ms: None,
            to_ms: None,
            after: None,
            limit: RUNS,
        };
        let mut places = Places::new();
        loop {
            let runs = self.find_runs(&query)?;
            for run in &runs {
                let (first, last) = (run.place, run.last_place());
                let wanted = places
                    .entry(first.position)
                    .or_insert_with(|| Wanted::Messages(BTreeMap::new()));
                take(wanted, first, last);
            }
            if places.len() > MAX_SUBMISSIONS {
                return Err(Refusal::PackageTooLarge {
                    limit: MAX_SUBMISSIONS,
                    unit: "submissions",
                });
            }
            match runs.last() {
                Some(run) if runs.len() == RUNS as usize => query.after = Some(run.last_place()),
                _ => return Ok(places),
            }
        }
    }

    fn places_of_range(&self, reader: &Caller, from: u64, to: u64) -> Result<Places, Refusal> {
        let mut places = Places::new();
        for position in from..to {
            let Some(found) = self.submit_entry(position)? else {
                continue;
            };
            let is_own = found.entry.agency == reader.agency;
            if is_own || self.policy.may_read(reader, &found.entry.feed) {
                places.insert(position, Wanted::All);
            }
            if places.len() > MAX_SUBMISSIONS {
                return Err(Refusal::PackageTooLarge {
                    limit: MAX_SUBMISSIONS,
                    unit: "submissions",
                });
            }
        }
        Ok(places)
    }
}

/// Takes the records from `first` to `last`; a run over several messages has every record of each.
fn take(wanted: &mut Wanted, first: RecordPlace, last: RecordPlace) {
    let Wanted::Messages(messages) = wanted else {
        return;
    };
    if first.message == last.message {
        let ordinals = messages.entry(first.message).or_default();
        ordinals.extend(first.ordinal..=last.ordinal);
    } else {
        for message in first.message..=last.message {
            messages.insert(message, BTreeSet::new());
        }
    }
}

pub(super) fn not_found(what: &'static str, id: &str) -> Refusal {
    Refusal::NotFound {
        what,
        id: id.chars().take(64).collect(),
    }
}
