//! What the officer for the protection of personal data looks at: people, where their values stand, and the whole.
//!
//! Every call is an entry before anything is looked for. What the officer changes stands in `change`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proto::v1::{GetPersonalStatusResponse, Subject as Found};
use vault::{Compartment, KeyName, Subject, Vault};

use super::text::Asked;
use crate::entry::CaseBinding;
use crate::ids::{RecordId, RecordPlace};
use crate::policy::{Caller, Role};
use crate::refusal::Refusal;
use crate::{Exchange, assemble};

/// Most record identities told of one person.
const MAX_RECORDS: usize = 100;

/// Most runs of the index looked at for one person.
const MAX_RUNS: u32 = 100_000;

/// Whom to find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FindSubjects {
    /// A value of theirs; empty for all of a case.
    pub value: String,
    /// Case number; empty for every case.
    pub case_number: String,
    /// Case the search is for.
    pub case: CaseBinding,
}

/// Where values of people stand.
#[derive(Default)]
pub(super) struct Places {
    pub(super) positions: BTreeSet<u64>,
    records: Vec<String>,
    case_numbers: BTreeSet<String>,
    pub(super) fields: u64,
    pub(super) messages: u64,
}

impl Exchange {
    /// The vault, for an officer.
    pub(super) fn officer(&self, caller: &Caller) -> Result<&Arc<Vault>, Refusal> {
        self.policy.require(caller, Role::Officer)?;
        self.vault.as_ref().ok_or(Refusal::NoVault)
    }

    /// Finds people by a value, by a case, or by both. The search is an entry before anything is looked for.
    ///
    /// # Errors
    /// [`Refusal::RoleNotGranted`], [`Refusal::NoVault`], and those of reading.
    pub async fn find_subjects(
        self: &Arc<Self>,
        caller: &Caller,
        ask: FindSubjects,
    ) -> Result<Vec<Found>, Refusal> {
        const METHOD: &str = "FindSubjects";
        let read = async {
            let vault = Arc::clone(self.officer(caller)?);
            if ask.value.trim().is_empty() && ask.case_number.trim().is_empty() {
                return Err(malformed("value", "expected a value or a case number"));
            }
            let number = schema::normalise_case_number(&ask.case_number);
            let asked = Asked::filters(&[("value", &ask.value, true), ("case", &number, false)]);
            let query = self.log_query(caller, METHOD, "", asked, &ask.case).await?;
            self.wait_for_index(query).await?;
            let exchange = Arc::clone(self);
            let work = move || {
                let case = (!number.is_empty()).then(|| vault.case_tag(&number));
                let subjects = match &case {
                    Some(case) if ask.value.trim().is_empty() => vault.subjects_by_case(case),
                    _ => vault.subjects_by_value(&ask.value),
                };
                let fits = |it: &Subject| case.is_none_or(|case| it.case == case);
                let found = subjects.into_iter().filter(fits);
                let found: Result<Vec<Found>, _> =
                    found.map(|subject| exchange.describe(&subject)).collect();
                let found = found?;
                let digest = assemble::digest(&found);
                Ok((found, digest))
            };
            let (found, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, query, found.len() as u64, digest)?;
            Ok(found)
        };
        self.reading(caller, METHOD, "", read).await
    }

    fn describe(&self, subject: &Subject) -> Result<Found, Refusal> {
        let places = self.places_of_people(&[subject.name])?;
        Ok(Found {
            key: subject.name.to_string(),
            pseudonym: subject.subject.to_string(),
            case_pseudonym: subject.case.to_string(),
            case_numbers: places.case_numbers.into_iter().collect(),
            messages: u32::try_from(places.messages).unwrap_or(u32::MAX),
            fields: u32::try_from(places.fields).unwrap_or(u32::MAX),
            record_ids: places.records,
            is_reporter: subject.name.compartment == Compartment::Reporter,
            is_held: subject.is_held,
            is_restricted: subject.is_restricted,
        })
    }

    /// Where values sealed under these keys stand. Blocks.
    pub(super) fn places_of_people(&self, keys: &[KeyName]) -> Result<Places, Refusal> {
        let mut messages: BTreeMap<u64, BTreeSet<u16>> = BTreeMap::new();
        for key in keys {
            let runs = self.index.find_sealed(&key.to_string(), MAX_RUNS);
            for run in runs.map_err(|cause| Refusal::IndexFailed { cause })? {
                let of_position = messages.entry(run.place.position).or_default();
                of_position.insert(run.place.message);
            }
        }
        let mut places = Places::default();
        for (position, messages) in messages {
            let stored = self.stored_whole(position)?;
            places.positions.insert(position);
            for message in messages {
                places.messages += 1;
                let apart = stored.apart.get(usize::from(message));
                let Some(apart) = apart.and_then(Option::as_ref) else {
                    continue;
                };
                let own = apart.fields.iter().filter(|it| keys.contains(&it.key));
                let mut ordinals = BTreeSet::new();
                for field in own {
                    places.fields += 1;
                    ordinals.extend(ordinal(&field.path));
                }
                for (ordinal, record) in ordinals.iter().filter_map(|ordinal| {
                    let records = &stored.conversion(message)?.records;
                    Some((*ordinal, records.get(usize::from(*ordinal))?))
                }) {
                    let numbers = schema::links(record).case_numbers;
                    let numbers = numbers.into_iter().map(std::borrow::Cow::into_owned);
                    places.case_numbers.extend(numbers);
                    if places.records.len() < MAX_RECORDS {
                        let place = RecordPlace {
                            position,
                            message,
                            ordinal,
                        };
                        let id = RecordId::new(stored.time_ns, place);
                        places.records.push(id.to_string());
                    }
                }
            }
        }
        Ok(places)
    }

    /// How much is sealed, held, restricted and waiting.
    ///
    /// # Errors
    /// [`Refusal::RoleNotGranted`], [`Refusal::NoVault`].
    pub async fn personal_status(
        self: &Arc<Self>,
        caller: &Caller,
    ) -> Result<GetPersonalStatusResponse, Refusal> {
        const METHOD: &str = "GetPersonalStatus";
        let read = async {
            let vault = self.officer(caller)?;
            let case = CaseBinding::default();
            self.log_query(caller, METHOD, "", "", &case).await?;
            let (holds, restrictions) = vault.counts_of_states();
            Ok(GetPersonalStatusResponse {
                subjects: vault.count(Compartment::Ordinary),
                reporters: vault.count(Compartment::Reporter),
                holds,
                restrictions,
                waiting: self.waiting_lock().len() as u64,
                damaged: vault.damaged(),
                approvers: self.approvals.needed,
            })
        };
        self.reading(caller, METHOD, "", read).await
    }
}

pub(super) fn malformed(field: &'static str, expected: &str) -> Refusal {
    Refusal::Malformed {
        field,
        expected: expected.to_owned(),
    }
}

/// The record a path is of.
fn ordinal(path: &str) -> Option<u16> {
    let rest = path.strip_prefix("records[")?;
    rest.split_once(']')?.0.parse().ok()
}
