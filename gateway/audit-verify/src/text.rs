//! A verdict in plain words, English and Chinese side by side.

use std::{error::Error, fmt::Write as _};

use audit_proof::judge::{Chinese, Counts, Failure, Standing, Verdict};

/// Failures printed in full; a log that somebody rewrote may differ from thousands of receipts.
const MAX_FAILURES: usize = 20;

/// Renders a verdict.
pub(crate) fn render(verdict: &Verdict) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, verdict);
    out
}

fn write(out: &mut String, verdict: &Verdict) -> std::fmt::Result {
    if let Some(origin) = &verdict.origin {
        writeln!(out, "log 日志: {origin}")?;
    }
    writeln!(out, "checked 已核验: {}", counts(&verdict.counts))?;
    if !verdict.anchors.is_empty() {
        writeln!(out, "vouched for by 见证: {}", verdict.anchors.join(", "))?;
    }
    if verdict.held_up_to > 0 {
        let size = verdict.held_up_to;
        writeln!(
            out,
            "agrees with what is held elsewhere up to 与他处保存一致至: {size}"
        )?;
    }
    if let Some(time_s) = verdict.newest_time_s {
        writeln!(
            out,
            "newest time of others, seconds since 1970 他人出具的最新时间: {time_s}"
        )?;
    }
    for remark in &verdict.remarks {
        writeln!(out, "remark 说明: {remark} ({})", remark.chinese())?;
    }
    if !verdict.not_asked.is_empty() {
        writeln!(out, "NOT ASKED 未要求核验:")?;
        for what in &verdict.not_asked {
            writeln!(out, "  - {what} ({})", what.chinese())?;
        }
    }
    for unchecked in &verdict.unchecked {
        let reason = unchecked.reason;
        writeln!(
            out,
            "NOT CHECKED 无法核验: {}{reason} ({})",
            named(&unchecked.file),
            reason.chinese()
        )?;
    }
    writeln!(out)?;
    for range in &verdict.ranges {
        let (from, to, standing) = (range.from, range.to, range.standing);
        match standing {
            Standing::Anchored => {
                writeln!(
                    out,
                    "{standing} {}: entries 条目 {from} – {}",
                    standing.chinese(),
                    to - 1
                )?;
            }
            Standing::Unanchored => writeln!(
                out,
                "{standing} since {from} {}: entries 条目 {from} – {}",
                standing.chinese(),
                to - 1
            )?,
            // The failures say more.
            Standing::Failed => {}
        }
    }
    for failure in verdict.failures.iter().take(MAX_FAILURES) {
        write_failure(out, failure)?;
    }
    if verdict.failures.len() > MAX_FAILURES {
        let more = verdict.failures.len() - MAX_FAILURES;
        writeln!(out, "… and {more} more 另有 {more} 项")?;
    }
    let outcome = verdict.outcome();
    writeln!(out, "VERDICT 结论: {outcome} ({})", outcome.chinese())
}

fn write_failure(out: &mut String, failure: &Failure) -> std::fmt::Result {
    match (failure.position, failure.until) {
        (Some(at), Some(until)) if until > at + 1 => {
            write!(out, "FAIL at 失败于 {at} (before 之前 {until})")?;
        }
        (Some(at), _) => write!(out, "FAIL at 失败于 {at}")?,
        (None, _) => write!(out, "FAIL 失败")?,
    }
    write!(out, ": {}: {}", failure.kind.name(), failure.kind)?;
    let mut cause = failure.kind.source();
    while let Some(error) = cause {
        write!(out, ": {error}")?;
        cause = error.source();
    }
    if !failure.file.is_empty() {
        write!(out, " (byte {} of {})", failure.offset, failure.file)?;
    }
    writeln!(out, "\n  {}", failure.kind.chinese())
}

fn named(file: &str) -> String {
    if file.is_empty() {
        String::new()
    } else {
        format!("{file}: ")
    }
}

fn counts(counts: &Counts) -> String {
    let named = [
        (counts.entries, "entries 条目"),
        (counts.segments, "segments 日志段"),
        (counts.groups, "groups 提交组"),
        (counts.bundles, "entry bundles 条目束"),
        (counts.tiles, "tiles 哈希瓦片"),
        (counts.checkpoints, "checkpoints 检查点"),
        (counts.signatures, "signatures 签名"),
        (counts.cosignatures, "cosignatures 见证签名"),
        (counts.stamps, "time stamps 时间戳"),
        (counts.receipts, "receipts 回执"),
        (counts.statements, "party statements 报送方签名"),
    ];
    let parts: Vec<String> = named
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    if parts.is_empty() {
        "nothing 无".to_owned()
    } else {
        parts.join(", ")
    }
}
