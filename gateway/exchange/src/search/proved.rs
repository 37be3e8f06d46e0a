//! A range of positions read whole, with the proof that nothing of it is left out.

use audit_log::proof::{RangeProof, verify_range};
use audit_log::suite::Suite;
use prost::Message as _;
use proto::v1::{CountKind, GetRangeProofResponse, SearchEntriesResponse};

use super::place::Places;
use super::{Question, SearchEntries, fits};
use crate::Exchange;
use crate::mask::Clearance;
use crate::prove::{MAX_RANGE, failed, lists, malformed};
use crate::refusal::Refusal;

/// The range asked for, before anything is read.
pub(super) fn range(ask: &SearchEntries) -> Result<(u64, u64), Refusal> {
    if !ask.from.is_empty() || !ask.to.is_empty() || ask.newest_first {
        let expected = "expected a range of positions alone, in their order";
        return Err(malformed("prove", expected.to_owned()));
    }
    let (from, to) = (ask.from_position, ask.to_position);
    let most = from.saturating_add(MAX_RANGE);
    if from >= to || to > most {
        let expected = format!("expected more than {from} and at most {most} with `prove`");
        return Err(malformed("to_position", expected));
    }
    Ok((from, to))
}

impl Exchange {
    /// Every entry of the range that meets the question; all of them are read and hashed.
    pub(super) fn proved_rows(
        &self,
        question: &Question,
        reader: &Clearance,
    ) -> Result<SearchEntriesResponse, Refusal> {
        let places = Places::new(self)?;
        let (from, to) = (question.from, question.to);
        let Some((size, root)) = places.tree().filter(|(size, _)| to <= *size) else {
            return Err(Refusal::NotPublished {
                size: to,
                published: places.tree().map_or(0, |(size, _)| size),
            });
        };
        let range = self.proofs()?.range(from, to, size).map_err(failed)?;
        let (mut answer, mut bytes, mut count) = (SearchEntriesResponse::default(), 0, 0);
        let mut leaves = Vec::with_capacity(range.leaf_hashes.len());
        let mut last_shown = None;
        for position in from..to {
            leaves.push(self.checked_entry(position)?.1);
            let Some(row) = self.judge(&question.wanted, reader, &places, position)? else {
                continue;
            };
            count += 1;
            if question.after.is_some_and(|after| position <= after) {
                continue;
            }
            if !fits(&answer.rows, question.limit, bytes) {
                answer.next_page_token = last_shown.map_or(String::new(), |it: u64| it.to_string());
                continue;
            }
            bytes += row.encoded_len();
            last_shown = Some(position);
            answer.rows.push(row);
        }
        let sides = RangeProof {
            left: range.left.clone(),
            right: range.right.clone(),
        };
        verify_range(Suite::Sha256, from, &leaves, size, &sides, &root)
            .map_err(|cause| failed(cause.into()))?;
        Ok(SearchEntriesResponse {
            count,
            count_kind: CountKind::Proved as i32,
            complete_to: to,
            checkpoint: places.shown(),
            range: Some(GetRangeProofResponse {
                from,
                to,
                size,
                leaf_hashes: lists(leaves),
                left: lists(range.left),
                right: lists(range.right),
            }),
            ..answer
        })
    }
}
