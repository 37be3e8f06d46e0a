//! `lawgate case show`: the chronicle of a case and its deadlines.

use std::io;

use proto::v1::{self, CaseEventKind as Kind, DeadlineStanding as Standing};

use super::call::{answer, connect_legal, request};
use super::json::to_json;
use super::purpose;
use super::search::proof_word;
use crate::cli::CaseShow;
use crate::output::{Ending, Format, Output};

/// Shows a case.
///
/// # Errors
/// The gateway's refusal, or no connection.
pub(crate) async fn show(arguments: &CaseShow, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut legal = connect_legal(&arguments.connection).await?;
    let message = v1::GetCaseRequest {
        case_number: arguments.number.clone(),
        purpose: purpose(&arguments.purpose),
    };
    let called = legal.get_case(request(message)).await;
    let case = answer("case show", called.map(|response| response.into_inner()))?;
    print(&case, output)?;
    Ok(Ending::Done)
}

/// Prints a chronicle.
///
/// # Errors
/// The output's.
pub(crate) fn print(case: &v1::GetCaseResponse, output: &mut Output<'_>) -> io::Result<()> {
    if output.format == Format::Json {
        return output.json(&to_json(case, "GetCaseResponse"));
    }
    output.line(&format!(
        "case 案号 {}; numbers 文号 {}",
        case.case_number,
        case.numbers.join(", ")
    ))?;
    let titles = [
        "date 日期",
        "what 事项",
        "who 主体",
        "detail 内容",
        "position 位置",
        "proof 证明",
        "stamped 时间戳",
    ];
    output.table(&titles, case.events.iter().map(event))?;
    if !case.deadlines.is_empty() {
        output.line("")?;
        let titles = [
            "deadline 期限",
            "basis 依据",
            "from 起",
            "due 止",
            "met 完成",
            "standing 状态",
            "note 注意",
        ];
        output.table(&titles, case.deadlines.iter().map(deadline))?;
        output.line("deadlines are hints, not decisions 期限仅为提示，不是认定")?;
    }
    let more = match case.truncated {
        true => "; there is more than is shown 未全部显示",
        false => "",
    };
    output.line(&format!(
        "{} events, complete up to position {} 截至位置; this reading is entry {} 本次查询{more}",
        case.events.len(),
        case.complete_to,
        case.query_position
    ))
}

fn event(event: &v1::CaseEvent) -> Vec<String> {
    let when = match event.happened_at.is_empty() {
        true => &event.entered_at,
        false => &event.happened_at,
    };
    let stamped = match event.stamped_at_position {
        0 => String::new(),
        position => position.to_string(),
    };
    vec![
        when.chars().take(19).collect(),
        kind(event.kind).to_owned(),
        event.actor.clone(),
        event.detail.chars().take(48).collect(),
        event.position.to_string(),
        proof_word(event.proof).to_owned(),
        stamped,
    ]
}

fn kind(kind: i32) -> &'static str {
    match Kind::try_from(kind).unwrap_or_default() {
        Kind::Unspecified => "record 记录",
        Kind::Clue => "clue 线索",
        Kind::Inspection => "inspection 现场检查",
        Kind::Filed => "filed 立案",
        Kind::TransferReported => "transfer reported 报请移送",
        Kind::TransferDecided => "transfer approved 决定移送",
        Kind::Transferred => "transferred 移送",
        Kind::Received => "received 接收",
        Kind::TransferState => "transfer state 移送办理",
        Kind::ReviewRequested => "review requested 提请法制审核",
        Kind::Reviewed => "reviewed 法制审核意见",
        Kind::Decided => "decided 处罚决定",
        Kind::Served => "served 送达",
        Kind::Closed => "closed 结案",
        Kind::Submitted => "submitted 报送",
        Kind::Read => "read 查阅",
        Kind::Refused => "refused 拒绝",
        Kind::Report => "report 举报",
        Kind::Evidence => "evidence 证据",
        Kind::Entry => "entry 日志项",
    }
}

fn deadline(hint: &v1::DeadlineHint) -> Vec<String> {
    let standing = match Standing::try_from(hint.standing).unwrap_or_default() {
        Standing::Unspecified => "not known 不详",
        Standing::Met => "met 按期",
        Standing::Late => "late 逾期完成",
        Standing::Running => "running 进行中",
        Standing::Passed => "passed 已过期",
    };
    vec![
        format!("{} {}", hint.duty, hint.term),
        hint.basis.clone(),
        hint.start.clone(),
        hint.due.clone(),
        hint.met_at.clone(),
        standing.to_owned(),
        hint.caution.clone(),
    ]
}
