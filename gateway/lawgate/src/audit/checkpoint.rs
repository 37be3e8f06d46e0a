//! `lawgate audit checkpoint`: the newest note, and what it is worth under a policy.

use std::path::Path;

use anyhow::Context as _;
use audit_proof::hash::to_hex;
use audit_proof::policy::Standing;
use audit_proof::suite::Suite;
use log_http::serve::PublishedLog;
use serde_json::json;

use crate::attest;
use crate::cli::AuditCheckpoint;
use crate::output::{Ending, Format, Output};

/// Shows the newest checkpoint.
///
/// # Errors
/// There is none, or it cannot be read or judged.
pub(super) fn run(arguments: &AuditCheckpoint, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let tiles = arguments.log.log.join("tiles");
    let published = PublishedLog::new(&tiles, Suite::Sha256).published()?;
    let policy = arguments.policy.as_deref().map(read).transpose()?;
    let verdict = policy.map(|policy| policy.judge(&published.note));
    let verdict = verdict
        .transpose()
        .context("the checkpoint bears a wrong signature")?;
    let standing = match verdict.as_ref().map(|verdict| verdict.standing()) {
        None => "not judged: no policy was given 未评定",
        Some(Standing::Unknown) => "unknown: no key of the policy signed it 未知",
        Some(Standing::Provisional) => "provisional: too few witnesses cosigned it 暂定",
        Some(Standing::Final) => "final 确定",
    };
    let is_wrong = verdict
        .as_ref()
        .is_some_and(|verdict| verdict.standing() != Standing::Final);
    let (witnesses, missing) = verdict.map_or((Vec::new(), Vec::new()), |verdict| {
        let names = verdict.witnesses.into_iter().map(|witness| witness.name);
        (names.collect(), verdict.missing)
    });
    let checkpoint = &published.checkpoint;
    let note = published.note.to_string();
    if output.format == Format::Json {
        output.json(&json!({
            "origin": checkpoint.origin(), "size": checkpoint.size(), "root": to_hex(checkpoint.root()),
            "standing": standing.split([':', ' ']).next(), "witnesses": witnesses, "missing": missing, "note": note,
        }))?;
    } else {
        let rows = [
            ("log 日志", checkpoint.origin().to_owned()),
            ("entries 条数", checkpoint.size().to_string()),
            ("root 根哈希", to_hex(checkpoint.root())),
            ("standing 效力", standing.to_owned()),
            ("witnesses 见证", witnesses.join(", ")),
            ("missing 缺少", missing.join(", ")),
        ];
        let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
        output.table(&["checkpoint 检查点", ""], rows)?;
        output.line("")?;
        output.text(&note)?;
    }
    Ok(if is_wrong {
        Ending::Wrong
    } else {
        Ending::Done
    })
}

fn read(path: &Path) -> anyhow::Result<audit_proof::policy::Policy> {
    attest::read_policy(path)
}
