//! `lawgate audit search`: entries of the log by filters, each hashed again here.

use std::io;

use audit_log::leaf_hash;
use proto::v1;

use super::call::{answer, connect_legal, request};
use super::json::to_json;
use super::{page_size, purpose};
use crate::cli::AuditSearch;
use crate::output::{Ending, Format, Output};

/// Searches the log.
///
/// # Errors
/// The gateway's refusal, no connection, or a row that is not what it says it is.
pub(crate) async fn search(
    arguments: &AuditSearch,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut legal = connect_legal(&arguments.connection).await?;
    let mut all = v1::SearchEntriesResponse::default();
    loop {
        let message = build(arguments, all.rows.len(), &all.next_page_token);
        let called = legal.search_entries(request(message)).await;
        let mut page = answer("audit search", called.map(|response| response.into_inner()))?;
        for row in &page.rows {
            check(row)?;
        }
        let mut rows = std::mem::take(&mut all.rows);
        rows.append(&mut page.rows);
        all = v1::SearchEntriesResponse { rows, ..page };
        if all.next_page_token.is_empty() || all.rows.len() >= arguments.limit as usize {
            break;
        }
    }
    print(&all, output)?;
    Ok(Ending::Done)
}

/// The request for the page after `fetched` rows.
pub(crate) fn build(
    arguments: &AuditSearch,
    fetched: usize,
    token: &str,
) -> v1::SearchEntriesRequest {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    v1::SearchEntriesRequest {
        case_number: given(&arguments.case),
        party: given(&arguments.party),
        device: given(&arguments.device),
        text: given(&arguments.text),
        events: arguments.events.clone(),
        actor: given(&arguments.actor),
        feed: given(&arguments.feed),
        from: given(&arguments.from),
        to: given(&arguments.to),
        from_position: arguments.from_position,
        to_position: arguments.to_position.unwrap_or_default(),
        newest_first: arguments.newest_first,
        prove: arguments.prove,
        page_size: page_size(arguments.limit, fetched),
        page_token: token.to_owned(),
        purpose: purpose(&arguments.purpose),
    }
}

/// That the bytes of a row are the entry it says.
pub(crate) fn check(row: &v1::EntryRow) -> anyhow::Result<()> {
    let entry = audit_log::Entry::decode(&row.entry);
    let is_it = entry.is_ok_and(|entry| entry.position() == row.position)
        && leaf_hash(&row.entry).as_slice() == row.leaf_hash;
    anyhow::ensure!(
        is_it,
        "the gateway's row for position {} is not the entry it says; nothing is shown",
        row.position
    );
    Ok(())
}

/// Prints the rows.
///
/// # Errors
/// The output's.
pub(crate) fn print(all: &v1::SearchEntriesResponse, output: &mut Output<'_>) -> io::Result<()> {
    if output.format == Format::Json {
        return output.json(&to_json(all, "SearchEntriesResponse"));
    }
    let titles = [
        "position 位置",
        "time 时间",
        "event 事件",
        "actor 主体",
        "feed 数据源",
        "case 案号",
        "proof 证明",
        "found 命中",
    ];
    output.table(&titles, all.rows.iter().map(row))?;
    let count = match v1::CountKind::try_from(all.count_kind) {
        Ok(v1::CountKind::Proved) => format!("{} entries, proved complete 已证明完整", all.count),
        Ok(v1::CountKind::Index) => format!("{} entries by the index", all.count),
        Ok(v1::CountKind::AtLeast) => format!("at least {} entries by the index", all.count),
        Ok(v1::CountKind::AtMost) => format!("at most {} entries by the index", all.count),
        Ok(v1::CountKind::Unspecified) | Err(_) => "not counted".to_owned(),
    };
    let more = match all.next_page_token.is_empty() {
        true => "",
        false => "; there are more, raise --limit",
    };
    output.line(&format!(
        "{} shown, {count}; complete up to position {} 截至位置; this reading is entry {} 本次查询{more}",
        all.rows.len(),
        all.complete_to,
        all.query_position
    ))
}

fn row(row: &v1::EntryRow) -> Vec<String> {
    let case = row.purpose.as_ref().map(|it| it.case_number.clone());
    let found = match row.records.first() {
        Some(record) => format!(
            "{} {}: {}",
            row.matched_records, record.entity, record.summary
        ),
        None => row.outcome.clone(),
    };
    vec![
        row.position.to_string(),
        row.entered_at.clone(),
        row.event.clone(),
        row.actor.clone(),
        row.feed.clone(),
        case.unwrap_or_default(),
        proof_word(row.proof).to_owned(),
        found.chars().take(72).collect(),
    ]
}

/// How far a place is proved, in words.
pub(crate) fn proof_word(state: i32) -> &'static str {
    match v1::ProofState::try_from(state) {
        Ok(v1::ProofState::Unpublished) => "unpublished 未发布",
        Ok(v1::ProofState::Provisional) => "provisional 暂定",
        Ok(v1::ProofState::Final) => "final 确定",
        Ok(v1::ProofState::Unspecified) | Err(_) => "",
    }
}
