//! `lawgate evidence export`: fetches a package, checks that it arrived whole, and writes it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use grpc_api::client;
use proto::v1::{self, export_package_request::Subject};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::call::{answer, channel, request};
use super::purpose;
use crate::cli::{EvidenceCommand, EvidenceExport};
use crate::output::{Ending, Format, Output, hex};

/// What the call is named in messages.
const CALL: &str = "evidence export";
/// Longest package that is taken, in bytes.
const MAX_PACKAGE_BYTES: u64 = 1 << 30;
/// Longest wait for the next piece.
const PIECE_WAIT: Duration = Duration::from_secs(60);

/// Does what is asked about evidence packages.
///
/// # Errors
/// The gateway's refusal, no connection, a file that is there already or cannot be written.
pub(crate) async fn evidence(
    command: &EvidenceCommand,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let EvidenceCommand::Export(arguments) = command;
    anyhow::ensure!(
        !arguments.to.exists(),
        "{} is there already and is not overwritten",
        arguments.to.display()
    );
    let mut evidence = client::evidence(channel(&arguments.connection).await?);
    let called = evidence.export_package(request(build(arguments))).await;
    let mut pieces = answer(CALL, called)?.into_inner();
    let mut facts = None;
    let mut bytes = Vec::new();
    loop {
        let piece = tokio::time::timeout(PIECE_WAIT, pieces.message()).await;
        let piece = piece.context("the gateway sent nothing more of the package")?;
        let Some(piece) = answer(CALL, piece)? else {
            break;
        };
        if let Some(first) = piece.facts {
            anyhow::ensure!(
                first.bytes <= MAX_PACKAGE_BYTES,
                "the package has {} bytes, more than any may have",
                first.bytes
            );
            facts = Some(first);
        }
        bytes.extend(piece.chunk);
        let stated = facts.as_ref().map_or(0, |facts| facts.bytes);
        anyhow::ensure!(
            bytes.len() as u64 <= stated,
            "the gateway sent more than it said"
        );
    }
    let facts = facts.context("the gateway sent no package")?;
    let is_whole = bytes.len() as u64 == facts.bytes
        && Sha256::digest(&bytes).as_slice() == facts.file_digest.as_slice();
    anyhow::ensure!(
        is_whole,
        "the package did not arrive whole; export it again"
    );
    write(&arguments.to, &bytes)?;
    print(&arguments.to, &facts, output)?;
    Ok(Ending::Done)
}

fn build(arguments: &EvidenceExport) -> v1::ExportPackageRequest {
    let case = arguments.case.clone().map(Subject::CaseNumber);
    let submission = arguments.submission.clone().map(Subject::SubmissionId);
    let record = arguments.record.clone().map(Subject::RecordId);
    let range = arguments
        .range
        .map(|(from, to)| Subject::Range(v1::EntryRange { from, to }));
    let kind = match arguments.kind {
        Some(_) => v1::PackageKind::Transfer,
        None => v1::PackageKind::Unspecified,
    };
    v1::ExportPackageRequest {
        subject: case.or(submission).or(record).or(range),
        kind: kind as i32,
        without_components: arguments.without_components,
        disclose: arguments.disclose.clone(),
        with_payloads: arguments.with_payloads,
        purpose: purpose(&arguments.purpose),
    }
}

/// Writes a new file; half a package is never left under its name.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    let draft = Path::new(&draft);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(draft)
        .with_context(failed)?;
    file.write_all(bytes).with_context(failed)?;
    file.sync_all().with_context(failed)?;
    std::fs::rename(draft, path).with_context(failed)
}

fn print(path: &Path, facts: &v1::PackageFacts, output: &mut Output<'_>) -> anyhow::Result<()> {
    if output.format == Format::Json {
        output.json(&json!({
            "file": path.display().to_string(),
            "bytes": facts.bytes,
            "digest": hex(&facts.digest),
            "fileDigest": hex(&facts.file_digest),
            "queryPosition": facts.query_position,
            "sealPosition": facts.seal_position,
            "checkpointSize": facts.checkpoint_size,
            "isFinal": facts.is_final,
            "entries": facts.entries,
            "records": facts.records,
            "isMasked": facts.is_masked,
        }))?;
        return Ok(());
    }
    let standing = match facts.is_final {
        true => "final 确定",
        false => "provisional 暂定",
    };
    let masked = match facts.is_masked {
        true => "yes 是",
        false => "no 否",
    };
    let rows = [
        ("file 文件", path.display().to_string()),
        ("bytes 字节数", facts.bytes.to_string()),
        ("package digest 整包摘要", hex(&facts.digest)),
        ("file digest 文件摘要", hex(&facts.file_digest)),
        ("entries 条目", facts.entries.to_string()),
        ("records 记录", facts.records.to_string()),
        ("masked or withheld 脱敏", masked.to_owned()),
        (
            "checkpoint 检查点",
            format!("{} ({standing})", facts.checkpoint_size),
        ),
        (
            "entries before and after 导出前后条目",
            format!("{}, {}", facts.query_position, facts.seal_position),
        ),
    ];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    output.table(&["evidence package 证据包", ""], rows)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_replaces_no_file_and_leaves_no_half() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("case.evp");
        write(&path, b"package").expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"package");
        assert!(!folder.path().join("case.evp.part").exists());
        assert!(write(&folder.path().join("missing/case.evp"), b"package").is_err());
    }
}
