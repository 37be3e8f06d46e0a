//! A report in plain words, English and Chinese side by side, and as JSON for programs.

use std::fmt::Write as _;

use audit_proof::hash::{Hash, to_hex};
use exchange::replay::{Difference, Kind};
use serde_json::{Value, json};

use crate::report::{Report, Row, Standing, Why};

/// Most fields printed of one difference; the JSON has all.
const MOST_FIELDS: usize = 12;

/// The report in plain words: a line for each message, then what all of it comes to.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut out, report);
    out
}

fn write(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "replay 重放: the conversions of the package, made again by {}",
        report.engine
    )?;
    for row in &report.rows {
        write_row(out, row)?;
    }
    let counts = format!(
        "{} equal 一致, {} wrong 不符, {} not replayed 未重放",
        report.equal(),
        report.wrong(),
        report.not_replayed()
    );
    let (english, chinese) = match report.exit_code() {
        0 => ("EQUAL", "逐字节一致"),
        3 => ("NOT ALL REPLAYED", "未全部重放"),
        _ if report.rows.is_empty() => ("NOTHING TO REPLAY", "没有可重放的内容"),
        _ => ("DIFFERENT", "不一致"),
    };
    writeln!(out, "REPLAY 重放结论: {english} ({chinese}): {counts}")
}

fn write_row(out: &mut String, row: &Row) -> std::fmt::Result {
    let place = match row.message {
        Some(message) => format!("entry 条目 {}, message 消息 {message}", row.position),
        None => format!("entry 条目 {}", row.position),
    };
    let records = match row.records.as_slice() {
        [] => String::new(),
        records => format!(", records 记录 {}", records.join(" ")),
    };
    let adapter = &row.adapter;
    match &row.standing {
        Standing::Equal { digest, bytes } => writeln!(
            out,
            "EQUAL 一致: {place}{records}: {adapter}: {bytes} bytes, sha256:{}",
            to_hex(digest)
        ),
        Standing::Different {
            kept,
            replayed,
            differences,
        } => {
            writeln!(
                out,
                "DIFFERENT 不一致: {place}{records}: {adapter}: kept 原结果 sha256:{}, replayed 重放结果 sha256:{}",
                to_hex(kept),
                to_hex(replayed)
            )?;
            write_differences(out, differences)
        }
        Standing::Altered {
            kind,
            file,
            bound,
            found,
        } => writeln!(
            out,
            "ALTERED 被改动: {place}{records}: {} {}: {file}: the entry binds 条目所记 {bound}, the package has 包内为 {found}",
            kind.word(),
            chinese(*kind)
        ),
        Standing::NotReplayed { why } => {
            let (english, chinese) = reason(why);
            writeln!(
                out,
                "NOT REPLAYED 未重放: {place}{records}: {english} ({chinese})"
            )
        }
    }
}

fn write_differences(out: &mut String, differences: &[Difference]) -> std::fmt::Result {
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
    for difference in differences.iter().take(MOST_FIELDS) {
        writeln!(
            out,
            "  {}: kept 原结果 {}, replayed 重放结果 {}",
            difference.path,
            side(&difference.kept),
            side(&difference.replayed)
        )?;
    }
    match differences.len().saturating_sub(MOST_FIELDS) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more 另有 {more} 项"),
    }
}

fn reason(why: &Why) -> (String, String) {
    match why {
        Why::DigestOnly { what } => (
            format!("{what} is in the package by its digest alone"),
            "包内仅有其摘要".to_owned(),
        ),
        Why::Sealed { what } => (
            format!(
                "{what} holds personal data and is sealed; the gateway replays it with its keys"
            ),
            "含个人信息，已封存；持有密钥的网关可重放".to_owned(),
        ),
        Why::Erased { what } => (
            format!("{what} held personal data and was erased"),
            "含个人信息，已删除".to_owned(),
        ),
        Why::Limit { code } => (
            format!("what was kept is that the adapter met a limit of the node: {code}"),
            format!("当时适配器触及节点限制：{code}"),
        ),
        Why::Company { code } => (
            format!(
                "the adapter did not return then ({code}), and not all messages it was given are in the package"
            ),
            format!("当时适配器未返回（{code}），且同批消息未全部收入"),
        ),
        Why::Engine { text } => (text.clone(), "此引擎未能运行该适配器".to_owned()),
    }
}

fn chinese(kind: Kind) -> &'static str {
    match kind {
        Kind::PayloadAltered => "原文被改动",
        Kind::ResultAltered => "结果被改动",
        Kind::ComponentAltered => "组件被改动",
        Kind::ConfigurationAltered => "配置被改动",
        Kind::Missing => "缺失",
        Kind::NotRun => "未能运行",
        Kind::Differs => "结果不同",
        Kind::TimeLimit => "当时超时",
        Kind::Sealed => "已封存",
        Kind::Erased => "已删除",
    }
}

/// The report as JSON.
#[must_use]
pub fn json(report: &Report) -> Value {
    json!({
        "engine": report.engine,
        "outcome": match report.exit_code() {
            0 => "equal",
            3 => "not-all-replayed",
            _ => "different",
        },
        "equal": report.equal(),
        "wrong": report.wrong(),
        "not_replayed": report.not_replayed(),
        "messages": report.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let sha256 = |digest: &Hash| to_hex(digest);
    let mut said = match &row.standing {
        Standing::Equal { digest, bytes } => json!({
            "standing": "equal",
            "sha256": sha256(digest),
            "bytes": bytes,
        }),
        Standing::Different {
            kept,
            replayed,
            differences,
        } => json!({
            "standing": "different",
            "kept_sha256": sha256(kept),
            "replayed_sha256": sha256(replayed),
            "differences": differences.iter().map(|it| {
                json!({ "path": it.path, "kept": it.kept, "replayed": it.replayed })
            }).collect::<Vec<_>>(),
        }),
        Standing::Altered {
            kind,
            file,
            bound,
            found,
        } => json!({
            "standing": "altered",
            "kind": kind.word(),
            "file": file,
            "bound": bound,
            "found": found,
        }),
        Standing::NotReplayed { why } => json!({
            "standing": "not-replayed",
            "why": reason(why).0,
        }),
    };
    said["position"] = row.position.into();
    said["message"] = row.message.into();
    said["records"] = json!(row.records);
    said["adapter"] = row.adapter.as_str().into();
    said
}
