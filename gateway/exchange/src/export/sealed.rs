//! Sealed values in a package: commitments for all of them, and salt and value of those that were asked for.
//!
//! A stored result holds its sealed values as commitments and sealed bytes, so it goes into every package as it is. What
//! is disclosed are the fields that the reader asks for, of the classes that the reader is granted; what an entry erased is
//! told with that entry. The records of the package show what is disclosed and nothing else.

use evidence_package::contents::Part;
use evidence_package::index::Role;
use evidence_package::sealed::{FieldLine, FieldState, FieldsText, PayloadState};

use super::ExportEvidence;
use super::gather::Gathering;
use crate::entry::EraseEntry;
use crate::mask::Clearance;
use crate::personal::{Field, Payload, Unopened};
use crate::refusal::{Cause, Refusal};
use crate::stored::Stored;

/// Most fields that are asked for.
pub(super) const MAX_DISCLOSED: usize = 256;

/// Positions that an entry of an erasure names at most.
const MOST_POSITIONS: usize = 4096;

/// Asks for every field that the reader may see.
const EVERY: &str = "*";

impl Gathering<'_> {
    /// What is said of the sealed values of a message, and the message as the package has it; `None` where nothing of it
    /// is sealed. The stored result keeps, beside what is open, what is disclosed.
    ///
    /// # Errors
    /// [`Refusal::Damaged`].
    pub(super) fn sealed_fields(
        &mut self,
        stored: &mut Stored,
        number: u16,
        payload: &Payload,
    ) -> Result<Option<(FieldsText, Part)>, Refusal> {
        let position = stored.position;
        let clearance = self.exchange.clearance(self.reader);
        let index = usize::from(number);
        let Some(apart) = stored.apart.get(index).and_then(Option::as_ref) else {
            return Ok(None);
        };
        let sees = self
            .exchange
            .sees_payload(self.reader, &stored.entry.agency);
        let (state, part) = self.payload_state(position, payload, sees)?;
        let is_whole = matches!(state, PayloadState::Included(_));
        let attributes = stored.manifest.messages.get(index);
        let attributes = attributes.filter(|_| is_whole).into_iter();
        let attributes = attributes.flat_map(|message| &message.attributes);
        let attributes = attributes
            .map(|it| (it.name.clone(), it.value.clone()))
            .collect();
        let mut fields = Vec::with_capacity(apart.fields.len());
        for field in &apart.fields {
            let state = self.state(position, field, &clearance, is_whole)?;
            self.is_masked |= state == FieldState::Sealed;
            fields.push(FieldLine {
                path: field.path.clone(),
                commitment: commitment(field, position)?,
                state,
            });
        }
        let disclosed = fields.iter().filter_map(|line| match &line.state {
            FieldState::Disclosed { value, .. } => Some((line.path.as_str(), value.as_slice())),
            FieldState::Sealed | FieldState::Erased(_) => None,
        });
        let shown = apart.with(disclosed).ok_or_else(|| misfit(position))?;
        if let Some(result) = stored.results.get_mut(index) {
            *result = shown;
        }
        Ok(Some((
            FieldsText {
                payload: state,
                attributes,
                fields,
            },
            part,
        )))
    }

    fn payload_state(
        &mut self,
        position: u64,
        payload: &Payload,
        sees: bool,
    ) -> Result<(PayloadState, Part), Refusal> {
        let is_included = sees && self.ask.with_payloads;
        match payload.closed {
            Some(Unopened::Erased(left)) if self.take_erasure(left.position, position)? => {
                Ok((PayloadState::Erased(left.position), Part::Erased))
            }
            None if is_included => Ok((
                PayloadState::Included(payload.salt.clone()),
                Part::Included(payload.message.clone()),
            )),
            Some(_) | None => {
                self.is_masked = true;
                Ok((PayloadState::Sealed, Part::Sealed))
            }
        }
    }

    fn state(
        &mut self,
        position: u64,
        field: &Field,
        clearance: &Clearance,
        is_whole: bool,
    ) -> Result<FieldState, Refusal> {
        Ok(match &field.opened {
            Ok((salt, value)) if self.ask.discloses(&field.path, clearance, is_whole) => {
                FieldState::Disclosed {
                    salt: salt.as_slice().try_into().map_err(|_| misfit(position))?,
                    value: value.to_vec(),
                }
            }
            Err(Unopened::Erased(left)) if self.take_erasure(left.position, position)? => {
                FieldState::Erased(left.position)
            }
            Ok(_) | Err(_) => FieldState::Sealed,
        })
    }

    /// Takes the entry of an erasure into the package; false when it is not there any more, or names other submissions,
    /// because the submission came in while it was written.
    fn take_erasure(&mut self, entry: u64, submission: u64) -> Result<bool, Refusal> {
        let damaged = |cause: Cause| Refusal::Damaged {
            position: entry,
            cause,
        };
        if entry >= self.size {
            return Ok(false);
        }
        let stored = self.exchange.log.reader().entry(entry);
        let Some(stored) = stored.map_err(|error| damaged(error.into()))? else {
            return Ok(false);
        };
        let decoded = stored.decode().map_err(|error| damaged(error.into()))?;
        let Some(erasure) = EraseEntry::read(&decoded) else {
            return Ok(false);
        };
        let names = &erasure.positions;
        if !names.contains(&submission) && names.len() < MOST_POSITIONS {
            return Ok(false);
        }
        let bytes = stored.bytes.clone();
        self.entries.entry(entry).or_insert((Role::Erasure, bytes));
        Ok(true)
    }
}

impl ExportEvidence {
    /// Whether the value at `path` is asked for, and the reader may see it. Every value is in a message that is in the
    /// package whole; also what is sealed beside records, such as a finding that quotes the message.
    fn discloses(&self, path: &str, clearance: &Clearance, is_whole: bool) -> bool {
        if is_whole && self.disclose.iter().any(|asked| asked == EVERY) {
            return true;
        }
        let rest = path.strip_prefix("records[");
        let Some((_, field)) = rest.and_then(|rest| rest.split_once("].")) else {
            return false;
        };
        let mut asked = self.disclose.iter();
        asked.any(|asked| covers(asked, field)) && clearance.may_disclose(field)
    }
}

/// Whether a path asked for is that of the field, or of something that holds it; without numbers it is of all of a list.
fn covers(asked: &str, field: &str) -> bool {
    let is_below = |field: &str| {
        let rest = field.strip_prefix(asked);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    asked == EVERY || is_below(field) || is_below(&without_numbers(field))
}

fn without_numbers(path: &str) -> String {
    let segments = path.split('.');
    let names = segments.map(|segment| segment.split('[').next().unwrap_or_default());
    names.collect::<Vec<_>>().join(".")
}

/// Whether a text can be a path of the schema, or asks for every one.
pub(super) fn is_path(text: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.[]".contains(&byte);
    text == EVERY || (!text.is_empty() && text.len() <= 256 && text.bytes().all(fits))
}

fn commitment(field: &Field, position: u64) -> Result<[u8; 32], Refusal> {
    let commitment = field.commitment.as_slice();
    commitment.try_into().map_err(|_| misfit(position))
}

fn misfit(position: u64) -> Refusal {
    Refusal::Damaged {
        position,
        cause: "a sealed value does not fit the result it was taken from".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_asks_for_the_field_for_what_is_below_it_and_without_numbers_for_all_of_a_list() {
        let field = "case_transfer.suspects[1].name";
        for asked in [
            field,
            "case_transfer.suspects[1]",
            "case_transfer.suspects",
            "case_transfer.suspects.name",
            "case_transfer",
            "*",
        ] {
            assert!(covers(asked, field), "{asked}");
        }
        for asked in ["case_transfer.suspects[0]", "case", "suspects", "name", ""] {
            assert!(!covers(asked, field), "{asked}");
        }
    }

    #[test]
    fn only_what_can_be_a_path_is_one() {
        assert!(is_path("case_transfer.suspects[0].name") && is_path("*"));
        assert!(!is_path("") && !is_path("张三") && !is_path("a b"));
    }
}
