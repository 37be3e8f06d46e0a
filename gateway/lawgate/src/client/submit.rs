//! `lawgate submit`.

use std::io;

use audit_log::Clock as _;
use proto::v1;

use super::call::{answer, connect_with, request};
use super::json::to_json;
use super::messages::{Batch, Sourced, batches};
use super::party::PartySigner;
use super::{purpose, receipts};
use crate::cli;
use crate::config;
use crate::output::{Ending, Format, Output, hex};
use crate::wiring::SystemClock;

/// A submission with its answer.
pub(crate) struct Answered {
    /// What was sent.
    pub(crate) messages: Vec<Sourced>,
    /// What the gateway said.
    pub(crate) answer: v1::SubmitResponse,
}

/// Submits every message and prints outcomes and receipts.
///
/// # Errors
/// Files that cannot be read; the first refusal, after what was accepted before it is printed.
pub(crate) async fn submit(
    arguments: &cli::Submit,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let batches = batches(arguments, &mut io::stdin().lock())?;
    let client = config::load_client(&arguments.connection.client)?;
    let signer = PartySigner::open(arguments, client.agency.as_deref())?;
    let mut exchange = connect_with(&arguments.connection, client).await?;
    let mut answered = Vec::new();
    let mut failure = None;
    for batch in batches {
        let mut submission = build(arguments, &batch);
        if let Some(signer) = &signer {
            signer.sign(&mut submission, SystemClock.now_ns())?;
        }
        let called = exchange.submit(request(submission)).await;
        match answer("submit", called.map(|response| response.into_inner())) {
            Ok(answer) => {
                let kept = arguments.receipts.as_deref();
                let kept = kept.map(|folder| receipts::keep(folder, &answer));
                answered.push(Answered {
                    messages: batch.messages,
                    answer,
                });
                if let Some(Err(error)) = kept {
                    failure = Some(error);
                    break;
                }
            }
            Err(error) => {
                failure = Some(error);
                break;
            }
        }
    }
    if !answered.is_empty() {
        print(&answered, output)?;
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(ending(&answered)),
    }
}

fn build(arguments: &cli::Submit, batch: &Batch) -> v1::SubmitRequest {
    v1::SubmitRequest {
        feed: arguments.feed.clone(),
        idempotency_key: batch.key.clone(),
        messages: batch
            .messages
            .iter()
            .map(|sourced| sourced.message.clone())
            .collect(),
        purpose: purpose(&arguments.purpose),
        party: None,
    }
}

/// Whether something is in quarantine.
pub(crate) fn ending(answered: &[Answered]) -> Ending {
    let is_quarantined = |outcome: &v1::MessageOutcome| outcome.quarantine.is_some();
    if answered
        .iter()
        .any(|one| one.answer.outcomes.iter().any(is_quarantined))
    {
        Ending::Quarantined
    } else {
        Ending::Done
    }
}

/// Prints outcomes, notable findings and receipts.
///
/// # Errors
/// The output's.
pub(crate) fn print(answered: &[Answered], output: &mut Output<'_>) -> io::Result<()> {
    if output.format == Format::Json {
        // One document for each submission; almost always there is one.
        return answered
            .iter()
            .try_for_each(|one| output.json(&to_json(&one.answer, "SubmitResponse")));
    }
    let outcomes = || {
        answered
            .iter()
            .flat_map(|one| one.messages.iter().zip(&one.answer.outcomes))
    };
    output.table(
        &[
            "message 消息",
            "records 记录",
            "findings 发现",
            "quarantine 隔离",
        ],
        outcomes().map(|(sourced, outcome)| {
            let quarantine = outcome.quarantine.as_ref().map(reason).unwrap_or_default();
            vec![
                sourced.source.clone(),
                outcome.records.to_string(),
                outcome.findings.to_string(),
                quarantine,
            ]
        }),
    )?;
    let findings: Vec<_> = outcomes()
        .flat_map(|(sourced, outcome)| {
            outcome
                .notable
                .iter()
                .map(|finding| finding_row(&sourced.source, finding))
        })
        .collect();
    if !findings.is_empty() {
        output.line("")?;
        let titles = [
            "message 消息",
            "severity 级别",
            "rule 规则",
            "field 字段",
            "byte 位置",
            "text 说明",
        ];
        output.table(&titles, findings)?;
    }
    for one in answered {
        output.line("")?;
        print_receipt(&one.answer, output)?;
    }
    Ok(())
}

fn print_receipt(answer: &v1::SubmitResponse, output: &mut Output<'_>) -> io::Result<()> {
    let counts = answer.counts.unwrap_or_default();
    let receipt = answer.receipt.clone().unwrap_or_default();
    let rows = [
        ("submission 提交", answer.submission_id.clone()),
        ("key 幂等键", answer.idempotency_key.clone()),
        (
            "counts 计数",
            format!(
                "{} messages, {} records, {} findings, {} quarantined",
                counts.messages, counts.records, counts.findings, counts.quarantined
            ),
        ),
        ("log 日志", receipt.origin),
        ("position 位置", receipt.position.to_string()),
        (
            "entered 入账时间",
            receipt.entered_at.map(|time| time.text).unwrap_or_default(),
        ),
        ("leaf hash 叶哈希", hex(&receipt.leaf_hash)),
        ("payloads 原文摘要", hex(&receipt.payload_digest)),
        ("results 结果摘要", hex(&receipt.result_digest)),
    ];
    output.table(
        &["receipt 回执", ""],
        rows.into_iter()
            .map(|(name, value)| vec![name.to_owned(), value]),
    )
}

/// `code at byte n: text`; without a place for what the sandbox says, because that is about no byte.
pub(crate) fn reason(quarantine: &v1::Quarantine) -> String {
    let (code, offset, text) = (&quarantine.code, quarantine.offset, &quarantine.text);
    match code.starts_with("adapter.") {
        true => format!("{code}: {text}"),
        false => format!("{code} at byte {offset}: {text}"),
    }
}

fn finding_row(source: &str, finding: &v1::Finding) -> Vec<String> {
    let severity = finding
        .severity()
        .as_str_name()
        .trim_start_matches("SEVERITY_")
        .to_lowercase();
    vec![
        source.to_owned(),
        severity,
        finding.rule.clone(),
        finding.field.clone(),
        finding.offset.to_string(),
        finding.text.clone(),
    ]
}
