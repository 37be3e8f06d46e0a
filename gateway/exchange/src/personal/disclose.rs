//! Disclosing (披露): opening the commitments of chosen fields, and of no other, to whoever may know the values.

use std::sync::Arc;

use audit_log::leaf_hash;
use audit_log::proof::message_path;
use proto::v1::{DiscloseResponse, Disclosure};

use super::open::{Apart, Unopened};
use crate::entry::CaseBinding;
use crate::ids::{RecordId, RecordPlace};
use crate::mask::Clearance;
use crate::policy::{Caller, Role};
use crate::refusal::{Cause, Refusal};
use crate::{Exchange, assemble};

/// Most fields of one call.
const MAX_FIELDS: usize = 256;

impl Exchange {
    /// Opens the commitments of these fields of a record. The disclosure is an entry before anything is opened.
    ///
    /// The commitment of each stands in the stored part of the result, whose digest the submission's entry binds; the
    /// answer carries the part and its path there.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] also for a field that is not sealed, and for one of a class that the caller is not granted;
    /// [`Refusal::Erased`], [`Refusal::Restricted`]. An officer names case and legal basis: [`Refusal::Malformed`].
    pub async fn disclose(
        self: &Arc<Self>,
        caller: &Caller,
        record_id: String,
        fields: Vec<String>,
        case: CaseBinding,
    ) -> Result<DiscloseResponse, Refusal> {
        const METHOD: &str = "Disclose";
        let read = async {
            if self.vault.is_none() {
                return Err(Refusal::NoVault);
            }
            // Values that are only stored are opened by order alone.
            let is_officer = self.policy.has_role(caller, Role::Officer);
            if is_officer && (case.case_number.is_empty() || case.legal_basis.is_empty()) {
                return Err(Refusal::Malformed {
                    field: "purpose",
                    expected: "expected the case and the legal basis of the order".to_owned(),
                });
            }
            if fields.is_empty() || fields.len() > MAX_FIELDS {
                return Err(Refusal::Malformed {
                    field: "fields",
                    expected: "expected 1 to 256 paths of fields".to_owned(),
                });
            }
            let not_found = || Refusal::NotFound {
                what: "record",
                id: record_id.chars().take(64).collect(),
            };
            let place = RecordId::parse(&record_id).ok_or_else(not_found)?.place();
            // Paths are of the schema: names, dots and numbers. Anything else is no field.
            let paths: Vec<&str> = fields
                .iter()
                .map(String::as_str)
                .filter(|it| is_path(it))
                .collect();
            let asked = format!("{record_id} {}", paths.join(" "));
            let query = self
                .log_query(caller, METHOD, "", asked.as_str(), &case)
                .await?;
            let found = self.submit_entry(place.position)?.ok_or_else(not_found)?;
            let real = RecordId::new(found.time_ns, place).to_string();
            let discloses = self.policy.discloses(caller);
            let may_know = discloses.is_some_and(|it| it.feeds.covers(&found.entry.feed));
            if !may_know || !record_id.eq_ignore_ascii_case(&real) {
                return Err(not_found());
            }
            let (exchange, reader) = (Arc::clone(self), caller.clone());
            let work = move || {
                let answer = exchange.disclosed(&reader, place, &fields)?;
                let digest = assemble::digest(std::slice::from_ref(&answer));
                Ok((answer, digest))
            };
            let (answer, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, query, answer.disclosures.len() as u64, digest)?;
            Ok(answer)
        };
        self.reading(caller, METHOD, "", read).await
    }

    /// What is disclosed of the record at `place`. Blocks; the reading is already an entry.
    pub(crate) fn disclosed(
        &self,
        reader: &Caller,
        place: RecordPlace,
        fields: &[String],
    ) -> Result<DiscloseResponse, Refusal> {
        let position = place.position;
        let stored = self.stored_in(position, self.sight(reader))?;
        let clearance = Clearance::of(self.policy.discloses(reader), self.sight(reader));
        let apart = stored.apart.get(usize::from(place.message));
        let apart = apart.and_then(Option::as_ref);
        let open = |field: &String| {
            let path = format!("records[{}].{field}", place.ordinal);
            let not_sealed = || Refusal::NotFound {
                what: "sealed field",
                id: field.chars().take(256).collect(),
            };
            apart
                .filter(|_| clearance.may_disclose(field))
                .ok_or_else(not_sealed)
                .and_then(|apart| disclosure(apart, &path, position).ok_or_else(not_sealed)?)
        };
        let disclosures: Result<Vec<Disclosure>, Refusal> = fields.iter().map(open).collect();
        let damaged = |cause: Cause| Refusal::Damaged { position, cause };
        let parts = self.evidence.get(&stored.entry.result_root);
        let parts = parts.map_err(damaged)?;
        let mut parts = parts.ok_or_else(|| damaged("the results are not there".into()))?;
        let leaves: Vec<_> = parts.iter().map(|part| leaf_hash(part)).collect();
        let index = usize::from(place.message) + 1;
        let path = message_path(&leaves, index as u64).map_err(|cause| damaged(cause.into()))?;
        let count = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        Ok(DiscloseResponse {
            disclosures: disclosures?,
            result_part: parts.swap_remove(index),
            part_index: u32::from(place.message) + 1,
            part_count: count,
            part_hashes: path.into_iter().map(|hash| hash.to_vec()).collect(),
            position,
        })
    }
}

/// The disclosure of the value at `path`; `None` when nothing is sealed there.
fn disclosure(apart: &Apart, path: &str, position: u64) -> Option<Result<Disclosure, Refusal>> {
    let field = apart.fields.iter().find(|field| field.path == path)?;
    Some(match &field.opened {
        Ok((salt, value)) => Ok(Disclosure {
            tag: field.path.clone(),
            salt: salt.clone(),
            value: value.to_vec(),
            commitment: field.commitment.clone(),
        }),
        Err(Unopened::Erased(_)) => Err(Refusal::Erased { position }),
        Err(Unopened::Restricted) => Err(Refusal::Restricted { position }),
    })
}

fn is_path(text: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.[]".contains(&byte);
    !text.is_empty() && text.len() <= 256 && text.bytes().all(fits)
}
