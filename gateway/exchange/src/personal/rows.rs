//! Rows of the index for messages with sealed values: what is open as it is, the rest blind.
//!
//! A key that only the sealed values hold stands in the index as its keyed tag, a time as its hour: a search finds the
//! row, and nobody reads the value in it. Made from what is stored, so that rows read back after an erasure no longer
//! have what was erased.

use proto::v1::{Conversion, MessageResult, Record, message_result};
use vault::{Compartment, KeyName, Vault};

use crate::block::MOST_BETWEEN_STARTS_MS;
use crate::check;
use crate::ports::{LinkKind, Run};

/// First character of a blind key; no key of a record begins with it.
const BLIND: char = '\u{1}';

/// The key under which a sealed value is found.
fn blind_link(vault: &Vault, value: &str) -> String {
    let tag = vault.value_tag(Compartment::Ordinary, value);
    let digits: String = tag.0.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{BLIND}{digits}")
}

/// Every way in which some of the keys asked for may be sealed, at most seven: party, device, case number.
pub(crate) fn blind_keys(vault: &Vault, keys: [Option<&str>; 3]) -> Vec<[Option<String>; 3]> {
    let given = keys.iter().flatten().count();
    let ways = (1..1_u32 << given).map(|way| {
        let mut place = 0;
        keys.map(|key| {
            let key = key?;
            let is_blind = way & 1 << place != 0;
            place += 1;
            Some(match is_blind {
                true => blind_link(vault, key),
                false => key.to_owned(),
            })
        })
    });
    ways.collect()
}

/// Runs of a message whose result was taken apart into `open`; `whole` has back what could be opened.
///
/// `keys` are the paths of the sealed values and the keys they are sealed under.
pub(crate) fn runs<'a>(
    vault: &Vault,
    message: u16,
    open: &MessageResult,
    whole: &MessageResult,
    keys: impl Iterator<Item = (&'a str, KeyName)> + Clone,
) -> Vec<Run> {
    let (Some(open), Some(whole)) = (conversion(open), conversion(whole)) else {
        return Vec::new();
    };
    let records = (0..=u16::MAX).zip(open.records.iter().zip(&whole.records));
    records
        .map(|(ordinal, (open, whole))| {
            let of_record = format!("records[{ordinal}].");
            let mut own: Vec<KeyName> = keys
                .clone()
                .filter(|(path, _)| path.starts_with(&of_record))
                .map(|(_, key)| key)
                .collect();
            own.sort_unstable();
            own.dedup();
            run(vault, message, ordinal, open, whole, &own)
        })
        .collect()
}

fn run(
    vault: &Vault,
    message: u16,
    ordinal: u16,
    open: &Record,
    whole: &Record,
    keys: &[KeyName],
) -> Run {
    let mut run = check::run_of(message, ordinal, whole);
    let shown = check::run_of(message, ordinal, open);
    // Words of what is sealed would let whoever has the index read it.
    run.words = shown.words;
    for link in &mut run.links {
        if !shown.links.contains(link) {
            link.1 = blind_link(vault, &link.1);
        }
    }
    let key = |key: &KeyName| (LinkKind::Sealed, key.to_string());
    run.links.extend(keys.iter().map(key));
    if run.time != shown.time {
        let hour = run
            .time
            .map(|(from, _)| from.div_euclid(MOST_BETWEEN_STARTS_MS));
        run.time = hour.map(|hour| {
            (
                hour * MOST_BETWEEN_STARTS_MS,
                (hour + 1) * MOST_BETWEEN_STARTS_MS,
            )
        });
        run.last_from = run.time.map(|(_, to)| to - 1);
    }
    run
}

fn conversion(result: &MessageResult) -> Option<&Conversion> {
    match &result.result {
        Some(message_result::Result::Converted(conversion)) => Some(conversion),
        Some(message_result::Result::Quarantined(_)) | None => None,
    }
}
