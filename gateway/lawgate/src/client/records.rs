//! `lawgate records`: a list by filters, or one record with its provenance.

use std::io;

use proto::v1;
use serde_json::Value;

use super::call::{answer, connect, request};
use super::json::to_json;
use super::{page_size, purpose};
use crate::cli;
use crate::output::{Ending, Format, Output, hex};

/// Lists records or shows one.
///
/// # Errors
/// The gateway's refusal, or no connection.
pub(crate) async fn records(
    arguments: &cli::Records,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut exchange = connect(&arguments.connection).await?;
    if let Some(id) = &arguments.id {
        let message = v1::GetRecordRequest {
            record_id: id.clone(),
            purpose: purpose(&arguments.purpose),
        };
        let called = exchange.get_record(request(message)).await;
        let found = answer("records", called.map(|response| response.into_inner()))?;
        print_one(&found, output)?;
        return Ok(Ending::Done);
    }
    let mut all = v1::ListRecordsResponse::default();
    loop {
        let message = build(arguments, all.records.len(), &all.next_page_token);
        let called = exchange.list_records(request(message)).await;
        let page = answer("records", called.map(|response| response.into_inner()))?;
        all.records.extend(page.records);
        all.next_page_token = page.next_page_token;
        all.indexed_size = page.indexed_size;
        if all.next_page_token.is_empty() || all.records.len() >= arguments.limit as usize {
            break;
        }
    }
    print_list(&all, output)?;
    Ok(Ending::Done)
}

/// The request for the page after `fetched` records.
pub(crate) fn build(
    arguments: &cli::Records,
    fetched: usize,
    token: &str,
) -> v1::ListRecordsRequest {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    v1::ListRecordsRequest {
        filter: Some(v1::RecordFilter {
            feed: given(&arguments.feed),
            entity: given(&arguments.entity),
            party: given(&arguments.party),
            device: given(&arguments.device),
            case_number: given(&arguments.case),
            from: given(&arguments.from),
            to: given(&arguments.to),
        }),
        page_size: page_size(arguments.limit, fetched),
        page_token: token.to_owned(),
        purpose: purpose(&arguments.purpose),
    }
}

/// Prints a list.
///
/// # Errors
/// The output's.
pub(crate) fn print_list(
    list: &v1::ListRecordsResponse,
    output: &mut Output<'_>,
) -> io::Result<()> {
    if output.format == Format::Json {
        return output.json(&to_json(list, "ListRecordsResponse"));
    }
    let titles = [
        "record 记录",
        "entity 实体",
        "feed 数据源",
        "received 接收时间",
        "findings 发现",
        "content 内容",
    ];
    output.table(&titles, list.records.iter().map(row))?;
    let more = if list.next_page_token.is_empty() {
        ""
    } else {
        "; there are more, raise --limit"
    };
    output.line(&format!(
        "{} records, log indexed to {}{more}",
        list.records.len(),
        list.indexed_size
    ))
}

fn row(record: &v1::Record) -> Vec<String> {
    let envelope = record.envelope.clone().unwrap_or_default();
    vec![
        envelope.record_id,
        envelope.entity,
        envelope.feed_id,
        envelope
            .received_at
            .map(|time| time.text)
            .unwrap_or_default(),
        envelope.quality.len().to_string(),
        summary(&to_json(record, "Record")),
    ]
}

/// Longest summary in a list, in characters: the beginning tells records apart, `--id` shows all.
const SUMMARY_CHARACTERS: usize = 72;

/// The first fields of the entity as `name=value`.
pub(crate) fn summary(record: &Value) -> String {
    let mut leaves = Vec::new();
    for (name, value) in record.as_object().into_iter().flatten() {
        if name != "envelope" {
            flatten("", value, &mut leaves);
        }
    }
    let text: Vec<String> = leaves
        .into_iter()
        .map(|(path, value)| format!("{path}={value}"))
        .collect();
    shortened(&text.join(" "))
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= SUMMARY_CHARACTERS {
        return text.to_owned();
    }
    text.chars()
        .take(SUMMARY_CHARACTERS - 1)
        .chain(['…'])
        .collect()
}

/// Every leaf of a JSON value with its path, `value.unit`, `links[0].id`.
pub(crate) fn flatten(path: &str, value: &Value, leaves: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{name}"), value, leaves);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), value, leaves);
            }
        }
        Value::String(text) => leaves.push((path.to_owned(), text.clone())),
        Value::Null | Value::Bool(_) | Value::Number(_) => {
            leaves.push((path.to_owned(), value.to_string()))
        }
    }
}

/// Prints one record and its provenance.
///
/// # Errors
/// The output's.
pub(crate) fn print_one(found: &v1::GetRecordResponse, output: &mut Output<'_>) -> io::Result<()> {
    if output.format == Format::Json {
        return output.json(&to_json(found, "GetRecordResponse"));
    }
    let record = found.record.clone().unwrap_or_default();
    let mut leaves = Vec::new();
    flatten("", &to_json(&record, "Record"), &mut leaves);
    output.table(
        &["record 记录", ""],
        leaves.into_iter().map(|(path, value)| vec![path, value]),
    )?;
    if let Some(provenance) = &found.provenance {
        output.line("")?;
        let rows = provenance_rows(provenance);
        output.table(
            &["provenance 来源", ""],
            rows.map(|(name, value)| vec![name.to_owned(), value]),
        )?;
    }
    Ok(())
}

fn provenance_rows(provenance: &v1::Provenance) -> impl Iterator<Item = (&'static str, String)> {
    [
        ("feed 数据源", provenance.feed.clone()),
        ("agency 报送单位", provenance.agency.clone()),
        ("adapter 适配器", provenance.adapter.clone()),
        ("component 组件摘要", hex(&provenance.adapter_digest)),
        (
            "configuration 配置摘要",
            hex(&provenance.configuration_digest),
        ),
        ("schema 数据标准版本", provenance.schema_version.clone()),
        ("message 消息序号", provenance.message_index.to_string()),
        (
            "bytes 字节范围",
            format!("{} + {}", provenance.offset, provenance.length),
        ),
        ("message digest 消息摘要", hex(&provenance.message_digest)),
        ("payloads 原文摘要", hex(&provenance.payload_digest)),
        ("results 结果摘要", hex(&provenance.result_digest)),
        ("log 日志", provenance.origin.clone()),
        ("position 位置", provenance.position.to_string()),
        ("leaf hash 叶哈希", hex(&provenance.leaf_hash)),
        ("payload 原文", payload(&provenance.payload)),
    ]
    .into_iter()
}

/// A message is never empty, so an empty one was withheld.
fn payload(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "not shown to this agency".to_owned();
    }
    format!("{} bytes; --output json has them", bytes.len())
}
