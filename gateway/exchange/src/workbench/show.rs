//! Showing one quarantined message: the reason, and the place in the message for those who may see it.

use std::sync::Arc;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use proto::v1;
use sha2::{Digest as _, Sha256};

use super::Quarantined;
use crate::entry::CaseBinding;
use crate::policy::Caller;
use crate::refusal::Refusal;
use crate::{Exchange, assemble};

/// Bytes shown before the offset of the reason.
const BEFORE: usize = 128;
/// Bytes shown at most.
const WINDOW: usize = 512;

impl Exchange {
    /// Shows a quarantined message. The reading is an entry before anything is read.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] also for a message the caller may not know of; the refusal itself is an entry.
    pub async fn show_quarantined(
        self: &Arc<Self>,
        caller: &Caller,
        (id, message): (String, u32),
        case: CaseBinding,
    ) -> Result<v1::ShowQuarantinedResponse, Refusal> {
        let read = async {
            let canonical = format!("{id}/{message}");
            let query = self
                .log_query(caller, "ShowQuarantined", "", &canonical, &case)
                .await?;
            let place = self.quarantined_place(&id, message)?;
            let feed = self.submit_entry(place.0)?.map(|found| found.entry);
            let may = feed.is_some_and(|entry| {
                entry.agency == caller.agency || self.policy.may_read(caller, &entry.feed)
            });
            if !may && !self.is_administrator(caller) {
                return Err(Refusal::NotFound {
                    what: "submission",
                    id: id.clone(),
                });
            }
            let (exchange, reader) = (Arc::clone(self), caller.clone());
            let work = move || {
                let found = exchange.quarantined(place)?;
                let sees = exchange.sees_payload(&reader, &found.stored.entry.agency);
                let answer = exchange.shown_quarantined(&found, sees);
                let digest = assemble::digest(std::slice::from_ref(&answer));
                Ok((answer, digest))
            };
            let (answer, digest) = self.read_blocking(caller, work).await?;
            self.log_answer(caller, query, 1, digest)?;
            Ok(answer)
        };
        self.reading(caller, "ShowQuarantined", "", read).await
    }

    fn shown_quarantined(&self, found: &Quarantined, sees: bool) -> v1::ShowQuarantinedResponse {
        let (stored, payload) = (&found.stored, &found.given.payload);
        let adapter = &stored.entry.adapter;
        let mut quarantine = found.quarantine.clone();
        if !sees {
            // An adapter's sentence may quote the message.
            quarantine.text = crate::MASK.to_owned();
        }
        let place = (stored.position, found.message);
        let (state, steps) = self.quarantine_steps(place);
        let message = v1::QuarantinedMessage {
            submission_id: super::state::retry_id(stored.time_ns, stored.position),
            message_index: found.message.into(),
            feed: stored.entry.feed.clone(),
            message_digest: Sha256::digest(payload).to_vec(),
            length: payload.len() as u64,
            payload: Vec::new(),
            position: stored.position,
            adapter: format!(
                "{}@{}#{}",
                adapter.id,
                adapter.version,
                crate::policy::hex(&adapter.component)
            ),
            quarantine: Some(quarantine),
            state: state as i32,
            steps,
        };
        let mut answer = v1::ShowQuarantinedResponse {
            message: Some(message),
            ..v1::ShowQuarantinedResponse::default()
        };
        if sees {
            let (from, window) = window(payload, found.quarantine.offset);
            let (charset, text) = decode(payload, from, window);
            answer.window = window.to_vec();
            answer.window_offset = from as u64;
            answer.charset = charset.to_owned();
            answer.text = text;
        }
        answer
    }

    /// State of a quarantined message and the steps that led to it.
    pub(crate) fn quarantine_steps(
        &self,
        place: (u64, u16),
    ) -> (v1::QuarantineState, Vec<v1::QuarantineStep>) {
        let steps = self.registry.quarantine_steps(place);
        let shown = steps.into_iter().map(|step| {
            let found = self.submit_entry(step.position).ok().flatten();
            v1::QuarantineStep {
                position: step.position,
                state: step.state as i32,
                submission_id: found.map_or_else(String::new, |found| {
                    super::state::retry_id(found.time_ns, step.position)
                }),
            }
        });
        (self.registry.quarantine_state(place), shown.collect())
    }
}

/// The bytes around an offset, and where they begin. An adapter may say an offset behind the end.
fn window(payload: &[u8], offset: u64) -> (usize, &[u8]) {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let from = offset.min(payload.len()).saturating_sub(BEFORE);
    let to = from.saturating_add(WINDOW).min(payload.len());
    (from, &payload[from..to])
}

/// Guesses the encoding from the whole message and decodes the window from the first character that begins in it.
fn decode(payload: &[u8], from: usize, window: &[u8]) -> (&'static str, String) {
    let encoding: &'static Encoding = match Encoding::for_bom(payload) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(payload).is_ok() => UTF_8,
        None if !GB18030.decode_without_bom_handling(payload).1 => GB18030,
        None => {
            let text = window.iter().map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            });
            return ("binary", text.collect());
        }
    };
    let before = encoding.decode_without_bom_handling(&payload[..from]).0;
    let with = encoding
        .decode_without_bom_handling(&payload[..from + window.len()])
        .0;
    let name = if encoding == UTF_16LE {
        "UTF-16LE"
    } else if encoding == UTF_16BE {
        "UTF-16BE"
    } else if encoding == UTF_8 {
        "UTF-8"
    } else {
        "GB18030"
    };
    let begun = before
        .chars()
        .filter(|letter| *letter != '\u{FFFD}')
        .count();
    (name, with.chars().skip(begun).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_lies_around_the_offset_and_inside_the_message() {
        let payload: Vec<u8> = (0..2000u32).map(|number| number as u8).collect();
        assert_eq!(window(&payload, 0).0, 0);
        assert_eq!(window(&payload, 1000).0, 1000 - BEFORE);
        assert_eq!(window(&payload, 1000).1.len(), WINDOW);
        assert_eq!(window(&payload, u64::MAX).0, 2000 - BEFORE);
        assert_eq!(window(b"", 7), (0, &b""[..]));
    }

    #[test]
    fn the_encoding_is_guessed_from_the_whole_message() {
        let check = |payload: &[u8], charset: &str, text: &str| {
            assert_eq!(decode(payload, 0, payload), (charset, text.to_owned()));
        };
        check("案号".as_bytes(), "UTF-8", "案号");
        check(&[0xB0, 0xB8, 0xBA, 0xC5], "GB18030", "案号");
        check(&[0x01, 0xFF, b'a'], "binary", "..a");
        let utf_16 = [0xFF, 0xFE, b'a', 0, b'b', 0];
        assert_eq!(decode(&utf_16, 0, &utf_16).0, "UTF-16LE");
        let payload = "案号一二三".as_bytes();
        assert_eq!(decode(payload, 7, &payload[7..]).1, "一二三");
    }
}
