//! Keeping signed receipts (回执): one file for each, named by its position in the log.
//!
//! A receipt that is kept is never overwritten. A second one for the same position that says something else is kept
//! beside it and is an error: the log may have been set back, or its receipt key was changed.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use audit_proof::receipt::Receipt;
use proto::v1;
use sha2::{Digest as _, Sha256};

use crate::output::hex;

/// Keeps the receipt of an answer in `folder`; returns where.
///
/// # Errors
/// The answer has none, it is not one, it cannot be written, or another one is there for its position.
pub(crate) fn keep(folder: &Path, answer: &v1::SubmitResponse) -> anyhow::Result<PathBuf> {
    let text = answer.signed_receipt.as_bytes();
    anyhow::ensure!(
        !text.is_empty(),
        "the gateway signs no receipts: there is nothing to keep for {}",
        answer.submission_id
    );
    let receipt = Receipt::parse(text).context("what the gateway gave is no receipt")?;
    let position = receipt.position();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("folder {} cannot be made", folder.display()))?;
    let path = folder.join(format!("{position}.receipt"));
    let failed = || format!("{} cannot be written", path.display());
    match write_new(&path, text) {
        Ok(()) => return Ok(path),
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        Err(cause) => return Err(cause).with_context(failed),
    }
    if fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))? == text {
        return Ok(path);
    }
    let digest = hex(&Sha256::digest(text));
    let beside = folder.join(format!("{position}-{}.receipt", &digest[..16]));
    match write_new(&beside, text) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
            return Err(cause).with_context(failed);
        }
        Ok(()) | Err(_) => {}
    }
    anyhow::bail!(
        "the gateway gave another receipt for position {position} than the one kept in {}; both are kept, check them \
         with `lawgate receipt check` and ask the operator",
        path.display()
    )
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use audit_proof::checkpoint::Checkpoint;
    use audit_proof::key::KeyKind;
    use audit_proof::signer::sign_note;
    use signer::{FileSigner, generate};

    use super::*;

    fn answer(time_ns: u64) -> v1::SubmitResponse {
        let made = generate(KeyKind::Ed25519, "log/receipt").expect("made");
        let signer = FileSigner::from_pem("log/receipt", KeyKind::Ed25519, &made.private_text);
        let head = Checkpoint::new("log", 1, [7; 32]).expect("a head");
        let note = sign_note(&head.to_string(), &[&signer.expect("read")], 0).expect("signed");
        let receipt = Receipt::new(0, [7; 32], time_ns, Vec::new(), note).expect("a receipt");
        v1::SubmitResponse {
            signed_receipt: receipt.to_string(),
            ..v1::SubmitResponse::default()
        }
    }

    #[test]
    fn a_receipt_is_kept_once_and_another_one_beside_it_is_an_error() {
        let folder = tempfile::tempdir().expect("a folder");
        let receipts = folder.path().join("receipts");
        let first = answer(1);
        let path = keep(&receipts, &first).expect("kept");
        assert_eq!(path, receipts.join("0.receipt"));
        assert_eq!(keep(&receipts, &first).expect("the same"), path);
        let other = keep(&receipts, &answer(2)).expect_err("another");
        assert!(other.to_string().contains("another receipt"), "{other}");
        let kept = fs::read_to_string(&path).expect("there");
        assert_eq!(kept, first.signed_receipt, "the first one stays");
        assert_eq!(fs::read_dir(&receipts).expect("lists").count(), 2);
    }

    #[test]
    fn an_answer_without_a_receipt_is_said_to_have_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = keep(folder.path(), &v1::SubmitResponse::default()).expect_err("none");
        assert!(error.to_string().contains("signs no receipts"), "{error}");
    }
}
