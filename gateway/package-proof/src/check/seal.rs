//! The seal: the entry of the log that states the SHA-256 of the list, and the log's receipt for it.
//!
//! It is written after the list was made and before the package is handed out, so that the export is an entry itself, and
//! a list that was changed later is another list than the log states.

use audit_proof::{
    cbor::Value,
    entry::{Entry, Field},
    hash::leaf_hash,
    receipt::Receipt,
    suite::Suite,
};

use super::Check;
use crate::{FindingKind, path, verdict::Gap};

/// Number of the event that states what a reading returned.
const QUERY_RESULT: u64 = 4;

/// A seal that holds by itself.
pub(super) struct Seal {
    /// The receipt's bytes.
    pub(super) receipt: Vec<u8>,
}

/// Checks the seal over the list with that SHA-256.
pub(super) fn check(check: &mut Check<'_>, listed: Option<[u8; 32]>) -> Option<Seal> {
    let (entry, receipt) = (
        check.zip.member(path::SEAL_ENTRY).is_some(),
        check.zip.member(path::SEAL_RECEIPT).is_some(),
    );
    if !entry && !receipt {
        check.gaps.push(Gap::Unsealed);
        return None;
    }
    let entry = check.contents(path::SEAL_ENTRY);
    let receipt = check.contents(path::SEAL_RECEIPT);
    let (entry, receipt) = (entry?, receipt?);
    let listed = listed?;
    match states(&entry, check, listed) {
        Ok(()) => {}
        Err(kind) => {
            // The list and the entry do not fit each other: either may be the one that was changed.
            if kind == FindingKind::Seal {
                check.find(crate::manifest::MANIFEST, FindingKind::Seal);
            }
            check.find(path::SEAL_ENTRY, kind);
            return None;
        }
    }
    let parsed = match Receipt::parse(&receipt) {
        Ok(parsed) => parsed,
        Err(error) => {
            check.find(path::SEAL_RECEIPT, FindingKind::Receipt(error));
            return None;
        }
    };
    let origin = parsed.proof().checkpoint().origin();
    let is_it = parsed.verify_entry(Suite::Sha256, &entry).is_ok() && origin == check.index.origin;
    let leaf = leaf_hash(&entry);
    if !is_it
        || parsed
            .proof()
            .verify_inclusion(Suite::Sha256, &leaf)
            .is_err()
    {
        // Either of the two is not what it was, and nothing lists them.
        check.find(path::SEAL_ENTRY, FindingKind::ReceiptPlace);
        check.find(path::SEAL_RECEIPT, FindingKind::ReceiptPlace);
        return None;
    }
    Some(Seal { receipt })
}

/// Whether an entry states, in this log and for the reading of this package, the digest of the list.
fn states(bytes: &[u8], check: &Check<'_>, listed: [u8; 32]) -> Result<(), FindingKind> {
    let entry = Entry::decode(bytes).map_err(FindingKind::Entry)?;
    let digests = entry.field(Field::Digests).unwrap_or_default();
    let outcome = entry.field(Field::Outcome).unwrap_or_default();
    let is_it = entry.event() == QUERY_RESULT
        && entry.origin() == check.index.origin
        && outcome.get(1) == Some(&Value::Unsigned(check.index.query))
        && digests.get(2) == Some(&Value::Bytes(listed.to_vec()));
    is_it.then_some(()).ok_or(FindingKind::Seal)
}
