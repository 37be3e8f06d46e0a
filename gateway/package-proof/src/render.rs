//! A verdict over a package in plain words, English and Chinese side by side, and as JSON for programs.
//!
//! The offline verifier and the module for browsers print the same, from here.

mod json;

use std::fmt::Write as _;

use audit_proof::{
    hash::to_hex,
    judge::{Chinese as _, Counts, Failure, Standing},
};

pub use json::json;

use crate::{KeySource, PackageVerdict, index::PackageType, verdict::PackageCounts};

/// Findings printed in full.
const MAX_FINDINGS: usize = 40;

/// The verdict in plain words.
#[must_use]
pub fn text(verdict: &PackageVerdict) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, verdict);
    out
}

fn write(out: &mut String, verdict: &PackageVerdict) -> std::fmt::Result {
    head(out, verdict)?;
    writeln!(out, "checked 已核验: {}", counts(verdict))?;
    if !verdict.verdict.anchors.is_empty() {
        writeln!(
            out,
            "vouched for by 见证: {}",
            verdict.verdict.anchors.join(", ")
        )?;
    }
    remarks(out, verdict)?;
    sealed(out, verdict)?;
    if !verdict.verdict.not_asked.is_empty() {
        writeln!(out, "NOT ASKED 未要求核验:")?;
        for what in &verdict.verdict.not_asked {
            writeln!(out, "  - {what} ({})", what.chinese())?;
        }
    }
    for gap in &verdict.gaps {
        writeln!(
            out,
            "NOT CHECKED 无法核验: {} ({})",
            gap.english(),
            gap.chinese()
        )?;
    }
    for unchecked in &verdict.verdict.unchecked {
        let file = match unchecked.file.as_str() {
            "" => String::new(),
            file => format!("{file}: "),
        };
        let reason = unchecked.reason;
        writeln!(
            out,
            "NOT CHECKED 无法核验: {file}{reason} ({})",
            reason.chinese()
        )?;
    }
    writeln!(out)?;
    for (standing, positions) in runs(&verdict.standings) {
        if standing != Standing::Failed {
            writeln!(
                out,
                "{standing} {}: entries 条目 {positions}",
                standing.chinese()
            )?;
        }
    }
    for finding in verdict.findings.iter().take(MAX_FINDINGS) {
        let file = match finding.file.as_str() {
            "" => "the package 证据包",
            file => file,
        };
        writeln!(out, "FAIL 失败: {file}: {}: {finding}", finding.kind.name())?;
        writeln!(out, "  {}", finding.kind.chinese())?;
    }
    if verdict.findings.len() > MAX_FINDINGS {
        let more = verdict.findings.len() - MAX_FINDINGS;
        writeln!(out, "… and {more} more 另有 {more} 项")?;
    }
    for failure in &verdict.verdict.failures {
        write_failure(out, failure)?;
    }
    let outcome = verdict.outcome();
    writeln!(out, "VERDICT 结论: {outcome} ({})", outcome.chinese())
}

fn head(out: &mut String, verdict: &PackageVerdict) -> std::fmt::Result {
    if let Some(index) = &verdict.index {
        let (english, chinese) = kind_names(index.kind);
        writeln!(
            out,
            "package 证据包: {english} {chinese}: {}",
            index.subject
        )?;
        writeln!(out, "log 日志: {}", index.origin)?;
        let standing = match index.is_final {
            true => "final 确定",
            false => "provisional 暂定",
        };
        writeln!(
            out,
            "checkpoint 检查点: size 条数 {}, {standing}",
            index.size
        )?;
        writeln!(
            out,
            "made 制作: {} for 交付 {}, {}",
            index.made_at, index.agency, index.software
        )?;
    }
    if let Some(digest) = &verdict.digest {
        writeln!(out, "digest 清单摘要 (SHA-256): {}", to_hex(digest))?;
    }
    Ok(())
}

fn remarks(out: &mut String, verdict: &PackageVerdict) -> std::fmt::Result {
    for (english, chinese) in remark_sentences(verdict) {
        writeln!(out, "remark 说明: {english} ({chinese})")?;
    }
    for remark in &verdict.verdict.remarks {
        writeln!(out, "remark 说明: {remark} ({})", remark.chinese())?;
    }
    if let Some(index) = &verdict.index {
        for left in &index.left_out {
            writeln!(
                out,
                "not in it 未收入: {}: {} ({})",
                left.what, left.why, left.why_chinese
            )?;
        }
    }
    Ok(())
}

/// What is sealed, disclosed and erased, by message.
fn sealed(out: &mut String, verdict: &PackageVerdict) -> std::fmt::Result {
    for one in &verdict.sealed {
        let at = format!("entry 条目 {}, message 报文 {}", one.position, one.message);
        for (field, value) in &one.disclosed {
            writeln!(out, "disclosed 披露: {at}: {field} = {value}")?;
        }
        let mut what = Vec::new();
        if one.sealed > 0 {
            what.push(format!("{} values 字段", one.sealed));
        }
        if one.is_payload_sealed {
            what.push("the message itself 报文本身".to_owned());
        }
        if !what.is_empty() {
            writeln!(out, "sealed 封存: {at}: {}", what.join(", "))?;
        }
        for of in &one.erased {
            let erasure = &of.erasure;
            let payload = match of.is_payload {
                true => ", and the message itself 及报文本身",
                false => "",
            };
            writeln!(
                out,
                "erased 已删除: {at}: {} values 字段{payload}: {}",
                of.fields,
                erasure.sentence()
            )?;
        }
    }
    Ok(())
}

/// What is no failure and a reader must know.
fn remark_sentences(verdict: &PackageVerdict) -> Vec<(String, &'static str)> {
    let mut said = Vec::new();
    if verdict.keys == KeySource::Package && verdict.index.is_some() {
        let english = "the keys came with the package: they show that it agrees with itself, not who made it; \
                       compare them, or give --policy"
            .to_owned();
        said.push((
            english,
            "密钥取自证据包自身：只能说明其自相一致，不能说明由谁制作；请另行比对或提供策略",
        ));
    }
    let Some(index) = &verdict.index else {
        return said;
    };
    if !index.is_final && !verdict.has_quorum {
        let english =
            "the checkpoint is provisional: the log signed it, and no quorum of witnesses has"
                .to_owned();
        said.push((english, "检查点为暂定：仅由日志签名，尚无法定数量的见证方"));
    }
    if index.is_masked {
        let english = format!(
            "personal data was masked or withheld for {}: what is withheld is there by its digest alone",
            index.agency
        );
        said.push((english, "个人信息已脱敏或未交付：未交付的内容仅有摘要"));
    }
    said
}

/// What a package of that type is called, in English and in Chinese.
#[must_use]
pub fn kind_names(kind: PackageType) -> (&'static str, &'static str) {
    match kind {
        PackageType::Record => ("record", "单条记录"),
        PackageType::Submission => ("submission", "一次提交"),
        PackageType::Case => ("case", "案件"),
        PackageType::Range => ("range", "日志区间"),
        PackageType::Transfer => ("transfer", "案件移送"),
    }
}

fn write_failure(out: &mut String, failure: &Failure) -> std::fmt::Result {
    match (failure.position, failure.until) {
        (Some(at), Some(until)) if until > at + 1 => {
            write!(out, "FAIL at 失败于 {at} (before 之前 {until})")?;
        }
        (Some(at), _) => write!(out, "FAIL at 失败于 {at}")?,
        (None, _) => write!(out, "FAIL 失败")?,
    }
    if !failure.file.is_empty() {
        write!(out, ": {}", failure.file)?;
    }
    write!(out, ": {}: {}", failure.kind.name(), failure.kind)?;
    let mut cause = std::error::Error::source(&failure.kind);
    while let Some(error) = cause {
        write!(out, ": {error}")?;
        cause = error.source();
    }
    writeln!(out, "\n  {}", failure.kind.chinese())
}

/// Neighbouring entries of one standing, as text: `5`, `7 – 9`.
fn runs(standings: &[(u64, Standing)]) -> Vec<(Standing, String)> {
    let mut runs: Vec<(Standing, u64, u64)> = Vec::new();
    for (position, standing) in standings {
        match runs.last_mut() {
            Some((last, _, to)) if last == standing && *to + 1 == *position => *to = *position,
            _ => runs.push((*standing, *position, *position)),
        }
    }
    let mut lines: Vec<(Standing, String)> = Vec::new();
    for (standing, from, to) in runs {
        let text = match from == to {
            true => from.to_string(),
            false => format!("{from} – {to}"),
        };
        match lines.iter_mut().find(|(of, _)| *of == standing) {
            Some((_, line)) => {
                line.push_str(", ");
                line.push_str(&text);
            }
            None => lines.push((standing, text)),
        }
    }
    lines
}

/// The counts of what was really checked, with their names.
fn named(package: &PackageCounts, counts: &Counts) -> Vec<(u64, &'static str, &'static str)> {
    vec![
        (package.files, "files", "文件"),
        (counts.entries, "entries", "条目"),
        (package.inclusions, "inclusion proofs", "存在证明"),
        (package.consistencies, "consistency proofs", "一致性证明"),
        (package.payloads, "messages", "原始报文"),
        (package.results, "results", "转换结果"),
        (
            package.digests_only,
            "parts by digest alone",
            "仅有摘要的部分",
        ),
        (package.adapters, "adapter files", "适配器文件"),
        (counts.checkpoints, "checkpoints", "检查点"),
        (counts.signatures, "signatures", "签名"),
        (counts.cosignatures, "cosignatures", "见证签名"),
        (counts.stamps, "time stamps", "时间戳"),
        (counts.receipts, "receipts", "回执"),
        (counts.statements, "party statements", "报送方签名"),
        (package.sealed, "sealed values", "封存字段"),
        (package.disclosed, "disclosed values", "披露字段"),
        (package.erased, "erased values", "已删除字段"),
    ]
}

fn counts(verdict: &PackageVerdict) -> String {
    let named = named(&verdict.counts, &verdict.verdict.counts);
    let parts: Vec<String> = named
        .iter()
        .filter(|(count, _, _)| *count > 0)
        .map(|(count, english, chinese)| format!("{count} {english} {chinese}"))
        .collect();
    match parts.is_empty() {
        true => "nothing 无".to_owned(),
        false => parts.join(", "),
    }
}
