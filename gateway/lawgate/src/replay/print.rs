//! What a replay found, as a table or as JSON.

use std::io;

use exchange::replay::{Finding, Kind};
use serde_json::json;

use super::Report;
use crate::output::{Format, Output};

/// Prints the report.
///
/// # Errors
/// The output's.
pub(super) fn print(report: &Report, output: &mut Output<'_>) -> io::Result<()> {
    if output.format == Format::Json {
        let findings: Vec<_> = report.findings.iter().map(json).collect();
        return output.json(&json!({
            "equal": report.is_equal(),
            "submissions": report.submissions,
            "messages": report.messages,
            "bytes": report.bytes,
            "findings": findings,
        }));
    }
    if !report.findings.is_empty() {
        let titles = [
            "position 位置",
            "message 消息",
            "finding 发现",
            "kept 原结果",
            "replayed 重放结果",
        ];
        output.table(&titles, report.findings.iter().flat_map(rows))?;
    }
    let counts = format!(
        "{} submissions, {} messages, {} bytes of results",
        report.submissions, report.messages, report.bytes
    );
    output.line(&match (report.submissions, report.is_equal()) {
        (0, _) => "NOTHING REPLAYED 未重放任何内容".to_owned(),
        (_, true) => format!("EQUAL 逐字节一致: {counts}"),
        (_, false) => format!(
            "DIFFERENT 不一致: {counts}, {} findings",
            report
                .findings
                .iter()
                .filter(|it| it.kind.is_wrong())
                .count()
        ),
    })
}

/// One row for a finding, and one for each field that differs.
fn rows(finding: &Finding) -> Vec<Vec<String>> {
    let message = finding.message.map_or(String::new(), |it| it.to_string());
    let row = |what: String, kept: String, replayed: String| {
        let position = finding.position.to_string();
        vec![position, message.clone(), what, kept, replayed]
    };
    let word = finding.kind.word();
    let text = format!("{word} {}: {}", chinese(finding.kind), finding.text);
    let mut rows = vec![row(text, String::new(), String::new())];
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "—".to_owned());
    rows.extend(finding.differences.iter().map(|difference| {
        row(
            difference.path.clone(),
            side(&difference.kept),
            side(&difference.replayed),
        )
    }));
    rows
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
        Kind::Sealed => "已封存，未提供密钥",
        Kind::Erased => "已删除",
    }
}

fn json(finding: &Finding) -> serde_json::Value {
    let differences = finding
        .differences
        .iter()
        .map(|it| json!({ "path": it.path, "kept": it.kept, "replayed": it.replayed }));
    json!({
        "position": finding.position,
        "message": finding.message,
        "kind": finding.kind.word(),
        "text": finding.text,
        "differences": differences.collect::<Vec<_>>(),
    })
}
