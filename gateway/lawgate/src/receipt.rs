//! `lawgate receipt`: what a receipt (回执) proves, in plain words.
//!
//! Needs the public receipt key and nothing that runs. `lawgate-verify` does the same for many receipts together with
//! everything else that can be known of a log; this is for the agency that holds one.

mod package;

use std::path::Path;

use anyhow::Context as _;
use audit_log::FolderReader;
use audit_proof::key::VerifierKey;
use audit_proof::proof::{self, FolderTiles};
use audit_proof::receipt::{RECEIPT_KEY_SUFFIX, Receipt};
use audit_proof::suite::Suite;
use audit_proof::tile::TileAppender;
use serde_json::json;

use crate::attest;
use crate::audit::rfc3339;
use crate::cli::{ReceiptCheck, ReceiptCommand};
use crate::keys::read_key;
use crate::output::{Ending, Format, Output, hex};

/// What an evidence package begins with.
const PACKAGE: &[u8] = b"PK\x03\x04";

/// What was found, one sentence each.
struct Finding {
    holds: bool,
    sentence: String,
}

impl Finding {
    fn good(sentence: impl Into<String>) -> Finding {
        let (holds, sentence) = (true, sentence.into());
        Finding { holds, sentence }
    }

    fn bad(sentence: impl Into<String>) -> Finding {
        let (holds, sentence) = (false, sentence.into());
        Finding { holds, sentence }
    }
}

/// Does what is asked of a receipt.
///
/// # Errors
/// Files that cannot be read; that a receipt is wrong is an answer.
pub(crate) fn run(command: &ReceiptCommand, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let ReceiptCommand::Check(arguments) = command;
    check(arguments, output)
}

fn check(arguments: &ReceiptCheck, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let path = &arguments.file;
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    if bytes.starts_with(PACKAGE) {
        return package::check(arguments, &bytes, output);
    }
    let receipt = match Receipt::parse(&bytes) {
        Ok(receipt) => receipt,
        Err(error) => {
            let sentence = format!("{} is no receipt: {}", path.display(), causes(&error));
            return print(None, &[Finding::bad(sentence)], output);
        }
    };
    let mut findings = vec![signed(&receipt, key(arguments, &receipt)?)];
    if let Some(folder) = &arguments.log {
        findings.extend(against_log(&receipt, folder)?);
    }
    if let Some(folder) = &arguments.tiles {
        findings.extend(against_tiles(&receipt, folder));
    }
    if let Some(package) = &arguments.package {
        findings.extend(package::against(&receipt, &bytes, package, arguments)?);
    }
    print(Some(&receipt), &findings, output)
}

/// The receipt key to believe; `None` when none was given.
fn key(arguments: &ReceiptCheck, receipt: &Receipt) -> anyhow::Result<Option<VerifierKey>> {
    if let Some(key) = &arguments.key {
        return read_key(key).map(Some);
    }
    let Some(path) = &arguments.policy else {
        return Ok(None);
    };
    let policy = attest::read_policy(path)?;
    let name = format!(
        "{}{RECEIPT_KEY_SUFFIX}",
        receipt.proof().checkpoint().origin()
    );
    let of_log = |key: &&VerifierKey| key.name() == name;
    let keys = policy.logs().iter().map(|log| &log.key).filter(of_log);
    // Of several keys, as after a change, the one that signed.
    let mut known = keys.collect::<Vec<_>>();
    known.sort_by_key(|key| receipt.verify(Suite::Sha256, key).is_err());
    let first = known.first().copied().cloned();
    first
        .with_context(|| format!("{} has no key {name}", path.display()))
        .map(Some)
}

fn signed(receipt: &Receipt, key: Option<VerifierKey>) -> Finding {
    let Some(key) = key else {
        return Finding::bad(
            "Nobody's key was given (--key or --policy), so it is not known who made the receipt.",
        );
    };
    match receipt.verify(Suite::Sha256, &key) {
        Ok(verified) => Finding::good(format!(
            "The receipt key of the log signed that its first {} entries have this entry at position {}.",
            verified.tree_head.size(),
            verified.position
        )),
        Err(error) => Finding::bad(format!(
            "The receipt is not genuine under this key: {}.",
            causes(&error)
        )),
    }
}

/// Holds a receipt against the entries of a log.
fn against_log(receipt: &Receipt, folder: &Path) -> anyhow::Result<Vec<Finding>> {
    let (position, head) = (receipt.position(), receipt.proof().checkpoint());
    let (mut tree, mut found) = (TileAppender::new(Suite::Sha256), None);
    for stored in FolderReader::open(folder)?.entries_from(0) {
        let stored = stored?;
        if stored.position == position {
            found = Some(stored.bytes.clone());
        }
        tree.append(stored.leaf_hash())?;
        if tree.size() == head.size() {
            break;
        }
    }
    let entry = match found.map(|entry| receipt.verify_entry(Suite::Sha256, &entry)) {
        Some(Ok(())) => Finding::good(format!("The log has this entry at position {position}.")),
        Some(Err(error)) => Finding::bad(format!("The log breaks its word: {}.", causes(&error))),
        None => Finding::bad(format!(
            "The log breaks its word: it has no entry at position {position}."
        )),
    };
    let is_same = tree.size() == head.size() && tree.root() == *head.root();
    Ok(vec![entry, past(is_same, head.size())])
}

/// Holds a receipt against published tiles.
fn against_tiles(receipt: &Receipt, folder: &Path) -> Vec<Finding> {
    let (tiles, position) = (FolderTiles::new(folder), receipt.position());
    let head = receipt.proof().checkpoint();
    let leaves = proof::leaf_hashes(Suite::Sha256, position, position + 1, head.size(), &tiles);
    let root = proof::root(Suite::Sha256, head.size(), &tiles);
    match (leaves, root) {
        (Ok(leaves), Ok(root)) => {
            let entry = if leaves.first() == Some(receipt.leaf_hash()) {
                Finding::good(format!("The tiles have this entry at position {position}."))
            } else {
                Finding::bad(format!(
                    "The log breaks its word: its tiles have another entry at position {position}."
                ))
            };
            vec![entry, past(root == *head.root(), head.size())]
        }
        (Err(error), _) | (_, Err(error)) => vec![Finding::bad(format!(
            "The tiles do not reach size {}: {}. Ask for a newer copy; a log that never gets there breaks its word.",
            head.size(),
            causes(&error)
        ))],
    }
}

fn past(is_same: bool, size: u64) -> Finding {
    if is_same {
        Finding::good(format!(
            "All {size} entries up to then are those that the receipt was signed over."
        ))
    } else {
        Finding::bad(format!(
            "The first {size} entries are not those that the receipt was signed over: the log was changed."
        ))
    }
}

/// An error with its causes in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

fn print(
    receipt: Option<&Receipt>,
    findings: &[Finding],
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let holds = findings.iter().all(|finding| finding.holds);
    let ending = if holds { Ending::Done } else { Ending::Wrong };
    let head = receipt.map(|receipt| receipt.proof().checkpoint());
    if output.format == Format::Json {
        let said = findings
            .iter()
            .map(|finding| json!({ "holds": finding.holds, "text": finding.sentence }));
        output.json(&json!({
            "genuine": holds,
            "origin": head.map(|head| head.origin()),
            "position": receipt.map(Receipt::position),
            "entered": receipt.map(|receipt| rfc3339(receipt.time_ns())),
            "leafHash": receipt.map(|receipt| hex(receipt.leaf_hash())),
            "treeSize": head.map(|head| head.size()),
            "findings": said.collect::<Vec<_>>(),
        }))?;
        return Ok(ending);
    }
    if let (Some(receipt), Some(head)) = (receipt, head) {
        let rows = [
            ("log 日志", head.origin().to_owned()),
            ("position 位置", receipt.position().to_string()),
            ("entered 入账时间", rfc3339(receipt.time_ns())),
            ("leaf hash 叶哈希", hex(receipt.leaf_hash())),
            ("entries then 当时条数", head.size().to_string()),
        ];
        let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
        output.table(&["receipt 回执", ""], rows)?;
        output.line("")?;
    }
    for finding in findings {
        let mark = if finding.holds { "✓" } else { "✗" };
        output.line(&format!("{mark} {}", finding.sentence))?;
    }
    let verdict = if holds {
        "genuine 真实"
    } else {
        "NOT PROVEN 未证实"
    };
    output.line(verdict)?;
    Ok(ending)
}

#[cfg(test)]
mod tests;
