//! `lawgate quarantine show`, `retry`, `redrive` and `dismiss`.

use grpc_api::client;
use proto::v1;

use super::call::{answer, channel, patient, request};
use super::json::to_json;
use super::purpose;
use super::quarantine::state_word;
use super::submit::reason;
use crate::cli::{QuarantineCommand, QuarantineRedrive, QuarantineRetry, QuarantinedArgs};
use crate::output::{Ending, Format, Output, hex, printable};

/// Messages of one call of a re-drive.
const REDRIVEN_AT_ONCE: u32 = 100;

/// Bytes of a line of the hex view.
const LINE_BYTES: usize = 16;

/// Does what is asked of the quarantine.
///
/// # Errors
/// The gateway's refusal, or no connection.
pub(crate) async fn workbench(
    command: &QuarantineCommand,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    match command {
        QuarantineCommand::List(arguments) => super::quarantine(arguments, output).await,
        QuarantineCommand::Show(arguments) => show(arguments, output).await,
        QuarantineCommand::Retry(arguments) => retry(arguments, output).await,
        QuarantineCommand::Redrive(arguments) => redrive(arguments, output).await,
        QuarantineCommand::Dismiss(arguments) => dismiss(arguments, output).await,
    }
}

async fn show(arguments: &QuarantinedArgs, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut workbench = client::workbench(channel(&arguments.connection).await?);
    let message = v1::ShowQuarantinedRequest {
        submission_id: arguments.submission.clone(),
        message_index: arguments.message,
        purpose: purpose(&arguments.purpose),
    };
    let called = workbench.show_quarantined(request(message)).await;
    let shown = answer("show", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&shown, "ShowQuarantinedResponse"))?;
        return Ok(Ending::Done);
    }
    let message = shown.message.clone().unwrap_or_default();
    let quarantine = message.quarantine.clone().unwrap_or_default();
    let rows = [
        ("submission 提交", message.submission_id.clone()),
        ("message 消息", message.message_index.to_string()),
        ("feed 数据源", message.feed.clone()),
        ("position 位置", message.position.to_string()),
        ("adapter 适配器", message.adapter.clone()),
        ("bytes 字节", message.length.to_string()),
        ("reason 原因", printable(&reason(&quarantine))),
        ("state 状态", state_word(message.state()).to_owned()),
        ("charset 编码", shown.charset.clone()),
    ];
    let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
    output.table(&["what", "value"], rows)?;
    for step in &message.steps {
        output.line(&format!(
            "entry {}: {} {}",
            step.position,
            state_word(step.state()),
            step.submission_id
        ))?;
    }
    for line in hex_lines(&shown.window, shown.window_offset, quarantine.offset) {
        output.line(&line)?;
    }
    if !shown.text.is_empty() {
        output.line(&printable(&shown.text))?;
    }
    Ok(Ending::Done)
}

/// Lines of offset, bytes and characters; the line with the place of the fault is marked.
fn hex_lines(window: &[u8], from: u64, fault: u64) -> Vec<String> {
    let line = |(number, bytes): (usize, &[u8])| {
        let offset = from + (number * LINE_BYTES) as u64;
        let is_it = (offset..offset + LINE_BYTES as u64).contains(&fault);
        let hex: Vec<String> = bytes.iter().map(|byte| hex(&[*byte])).collect();
        let letters: String = bytes
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' => char::from(*byte),
                _ => '.',
            })
            .collect();
        let mark = if is_it { '>' } else { ' ' };
        format!("{mark} {offset:08x}  {:<47}  {letters}", hex.join(" "))
    };
    window.chunks(LINE_BYTES).enumerate().map(line).collect()
}

async fn retry(arguments: &QuarantineRetry, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let of = &arguments.of;
    let mut workbench = client::workbench(channel(&of.connection).await?);
    let message = v1::RetryQuarantinedRequest {
        submission_id: of.submission.clone(),
        message_index: of.message,
        version: arguments.number,
        purpose: purpose(&of.purpose),
    };
    let called = workbench.retry_quarantined(patient(message)).await;
    let done = answer("retry", called.map(|response| response.into_inner()))?;
    let ending = if done.state() == v1::QuarantineState::Retried {
        Ending::Done
    } else {
        Ending::Quarantined
    };
    if output.format == Format::Json {
        output.json(&to_json(&done, "RetryQuarantinedResponse"))?;
        return Ok(ending);
    }
    let retry = done.retry.unwrap_or_default();
    let position = retry.receipt.map_or(0, |receipt| receipt.position);
    let outcome = retry.outcomes.into_iter().next().unwrap_or_default();
    output.line(&match &outcome.quarantine {
        None => format!(
            "converted: {} records, submission {}, entry {position}",
            outcome.records, retry.submission_id
        ),
        Some(quarantine) => format!(
            "stays in quarantine: {} (entry {position})",
            printable(&reason(quarantine))
        ),
    })?;
    Ok(ending)
}

async fn redrive(arguments: &QuarantineRedrive, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut workbench = client::workbench(channel(&arguments.connection).await?);
    let mut all = v1::RedriveQuarantineResponse::default();
    loop {
        let message = v1::RedriveQuarantineRequest {
            feed: arguments.feed.clone(),
            code: arguments.code.clone().unwrap_or_default(),
            version: arguments.number,
            limit: REDRIVEN_AT_ONCE.min(arguments.limit - all.tried),
            page_token: all.next_page_token.clone(),
            purpose: purpose(&arguments.purpose),
        };
        let called = workbench.redrive_quarantine(patient(message)).await;
        let page = answer("redrive", called.map(|response| response.into_inner()))?;
        all.tried += page.tried;
        all.converted += page.converted;
        all.skipped += page.skipped;
        all.next_page_token = page.next_page_token;
        if all.next_page_token.is_empty() || all.tried >= arguments.limit {
            break;
        }
    }
    if output.format == Format::Json {
        output.json(&to_json(&all, "RedriveQuarantineResponse"))?;
    } else {
        output.line(&format!(
            "{} messages were converted again: {} have records now, {} stay in quarantine; {} were closed before",
            all.tried,
            all.converted,
            all.tried - all.converted,
            all.skipped
        ))?;
    }
    Ok(match all.converted == all.tried {
        true => Ending::Done,
        false => Ending::Quarantined,
    })
}

async fn dismiss(arguments: &QuarantinedArgs, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut workbench = client::workbench(channel(&arguments.connection).await?);
    let message = v1::DismissQuarantinedRequest {
        submission_id: arguments.submission.clone(),
        message_index: arguments.message,
        purpose: purpose(&arguments.purpose),
    };
    let called = workbench.dismiss_quarantined(request(message)).await;
    let done = answer("dismiss", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&done, "DismissQuarantinedResponse"))?;
        return Ok(Ending::Done);
    }
    let position = done.step.map_or(0, |step| step.position);
    output.line(&format!("dismissed by entry {position}"))?;
    Ok(Ending::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_fault_is_marked() {
        let window: Vec<u8> = (0x40..0x62).collect();
        let lines = hex_lines(&window, 0x100, 0x115);
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[0],
            "  00000100  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO"
        );
        assert!(lines[1].starts_with("> 00000110  50 51"));
        assert!(lines[2].ends_with("`a"));
    }
}
