//! `lawgate quarantine list`.

use std::io;

use proto::v1;

use super::call::{answer, connect, request};
use super::json::to_json;
use super::page_size;
use super::submit::reason;
use crate::cli::{self, QuarantineStateArg};
use crate::output::{Ending, Format, Output, hex};

/// Lists quarantined messages.
///
/// # Errors
/// The gateway's refusal, or no connection.
pub(crate) async fn quarantine(
    arguments: &cli::Quarantine,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut exchange = connect(&arguments.connection).await?;
    let mut all = v1::ListQuarantineResponse::default();
    loop {
        let message = build(arguments, all.messages.len(), &all.next_page_token);
        let called = exchange.list_quarantine(request(message)).await;
        let page = answer("quarantine", called.map(|response| response.into_inner()))?;
        all.messages.extend(page.messages);
        all.next_page_token = page.next_page_token;
        if all.next_page_token.is_empty() || all.messages.len() >= arguments.limit as usize {
            break;
        }
    }
    print(&all, output)?;
    Ok(Ending::Done)
}

/// The request for the page after `fetched` messages.
pub(crate) fn build(
    arguments: &cli::Quarantine,
    fetched: usize,
    token: &str,
) -> v1::ListQuarantineRequest {
    v1::ListQuarantineRequest {
        feed: arguments.feed.clone().unwrap_or_default(),
        code: arguments.code.clone().unwrap_or_default(),
        page_size: page_size(arguments.limit, fetched),
        page_token: token.to_owned(),
        with_payload: arguments.with_payload,
        state: arguments.state.map_or(0, |state| {
            let state = match state {
                QuarantineStateArg::Open => v1::QuarantineState::Open,
                QuarantineStateArg::Retried => v1::QuarantineState::Retried,
                QuarantineStateArg::Dismissed => v1::QuarantineState::Dismissed,
            };
            state as i32
        }),
    }
}

/// A state for people.
pub(crate) fn state_word(state: v1::QuarantineState) -> &'static str {
    match state {
        v1::QuarantineState::Unspecified | v1::QuarantineState::Open => "open 待处理",
        v1::QuarantineState::Retried => "retried 已转换",
        v1::QuarantineState::Dismissed => "dismissed 已关闭",
    }
}

/// Prints a list.
///
/// # Errors
/// The output's.
pub(crate) fn print(list: &v1::ListQuarantineResponse, output: &mut Output<'_>) -> io::Result<()> {
    if output.format == Format::Json {
        return output.json(&to_json(list, "ListQuarantineResponse"));
    }
    let titles = [
        "submission 提交",
        "message 消息",
        "feed 数据源",
        "position 位置",
        "bytes 字节",
        "digest 摘要",
        "state 状态",
        "reason 原因",
    ];
    let row = |message: &v1::QuarantinedMessage| {
        vec![
            message.submission_id.clone(),
            message.message_index.to_string(),
            message.feed.clone(),
            message.position.to_string(),
            message.length.to_string(),
            hex(&message.message_digest).chars().take(16).collect(),
            state_word(message.state()).to_owned(),
            message.quarantine.as_ref().map(reason).unwrap_or_default(),
        ]
    };
    output.table(&titles, list.messages.iter().map(row))?;
    let more = if list.next_page_token.is_empty() {
        ""
    } else {
        "; there are more, raise --limit"
    };
    output.line(&format!(
        "{} messages in quarantine{more}",
        list.messages.len()
    ))
}
