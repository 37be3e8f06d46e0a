//! `lawgate audit`: the audit log on disk.
//!
//! Reads files only; the gateway may run meanwhile or not exist any more. What
//! is shown is decoded from the stored bytes. Signatures and witnesses are not
//! looked at here.

mod checkpoint;
mod filter;
mod labels;
mod time;

use std::path::Path;

use anyhow::Context;
use audit_log::{Entry, Field, FolderReader, Report, StoredEntry, Value};
use audit_proof::archived::ArchivedRange;
use audit_proof::erasure::Erasure;
use exchange::entry::event_name;
use serde_json::json;

use crate::cli::{AuditCommand, AuditList, AuditShow};
use crate::output::{Ending, Format, Output, UsageError, hex};
use filter::Filter;

/// Does what is asked of the log.
///
/// # Errors
/// Arguments that make no sense, files that cannot be read, damage met while listing or showing.
pub(crate) fn run(command: &AuditCommand, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let folder = match command {
        AuditCommand::List(arguments) => &arguments.log.log,
        AuditCommand::Show(arguments) => &arguments.log.log,
        AuditCommand::Verify(arguments) => &arguments.log,
        AuditCommand::Checkpoint(arguments) => &arguments.log.log,
        AuditCommand::Search(_) => unreachable!("a search asks a gateway"),
    };
    if !folder.is_dir() {
        return Err(UsageError::NoFolder {
            path: folder.clone(),
        }
        .into());
    }
    match command {
        AuditCommand::List(arguments) => list(arguments, output),
        AuditCommand::Show(arguments) => show(arguments, output),
        AuditCommand::Verify(arguments) => verify(&arguments.log, output),
        AuditCommand::Checkpoint(arguments) => checkpoint::run(arguments, output),
        AuditCommand::Search(_) => unreachable!("a search asks a gateway"),
    }
}

/// A time in nanoseconds since 1970 as people read it.
pub(crate) fn rfc3339(time_ns: u64) -> String {
    time::rfc3339(time_ns, time::Digits::Millis)
}

fn list(arguments: &AuditList, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let filter = Filter::new(arguments)?;
    let mut found: Vec<Line> = Vec::new();
    let mut is_cut = false;
    let mut damage = None;
    let reader = FolderReader::open(&arguments.log.log)?;
    for stored in reader.entries_from(arguments.from.max(reader.first())) {
        let stored = match stored {
            Ok(stored) => stored,
            // What lies before the damage is still shown.
            Err(error) => {
                damage = Some(error);
                break;
            }
        };
        if arguments.to.is_some_and(|to| stored.position >= to) {
            break;
        }
        let entry = stored
            .decode()
            .with_context(|| not_sound(stored.position))?;
        if !filter.admits(&entry) {
            continue;
        }
        if found.len() as u64 == arguments.limit {
            is_cut = true;
            break;
        }
        found.push(Line::of(&entry));
    }
    print_list(&found, is_cut, output)?;
    for range in reader
        .archives()
        .iter()
        .filter(|range| range.to > arguments.from)
    {
        if output.format == Format::Table {
            output.line(&archived(range))?;
        }
    }
    match damage {
        Some(error) => {
            Err(anyhow::Error::new(error).context("the log is damaged; see `lawgate audit verify`"))
        }
        None => Ok(Ending::Done),
    }
}

/// Says where entries are that are not here any more.
fn archived(range: &ArchivedRange) -> String {
    format!(
        "positions {} to {} are archived 已归档, in the archive with manifest SHA-256 {}",
        range.from,
        range.to - 1,
        hex(&range.manifest)
    )
}

fn not_sound(position: u64) -> String {
    format!("the entry at position {position} is not sound; see `lawgate audit verify`")
}

/// What a list shows of an entry.
struct Line {
    position: u64,
    time: String,
    event: u64,
    actor: String,
    feed: String,
    outcome: String,
    case: String,
}

impl Line {
    fn of(entry: &Entry<'_>) -> Line {
        let text = |field, index| labels::text(entry, field, index).unwrap_or_default();
        let outcome = entry.field(Field::Outcome).unwrap_or_default();
        Line {
            position: entry.position(),
            time: time::rfc3339(entry.time_ns(), time::Digits::Millis),
            event: entry.event(),
            actor: text(Field::Actor, 0),
            feed: text(Field::Object, 0),
            outcome: labels::outcome(entry.event(), &outcome),
            case: text(Field::Case, 0),
        }
    }
}

fn print_list(found: &[Line], is_cut: bool, output: &mut Output<'_>) -> std::io::Result<()> {
    if output.format == Format::Json {
        let entries: Vec<_> = found
            .iter()
            .map(|line| {
                json!({
                    "position": line.position, "time": line.time, "event": event_name(line.event), "eventNumber": line.event,
                    "actor": line.actor, "feed": line.feed, "result": line.outcome, "case": line.case,
                })
            })
            .collect();
        return output.json(&json!({ "entries": entries, "more": is_cut }));
    }
    let titles = [
        "position 位置",
        "time 时间",
        "event 事件",
        "actor 主体",
        "feed 数据源",
        "result 结果",
        "case 案号",
    ];
    output.table(
        &titles,
        found.iter().map(|line| {
            vec![
                line.position.to_string(),
                line.time.clone(),
                labels::event(line.event),
                line.actor.clone(),
                line.feed.clone(),
                line.outcome.clone(),
                line.case.clone(),
            ]
        }),
    )?;
    let more = if is_cut {
        "; there are more, raise --limit"
    } else {
        ""
    };
    output.line(&format!("{} entries{more}", found.len()))
}

fn show(arguments: &AuditShow, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let position = arguments.position;
    let reader = FolderReader::open(&arguments.log.log)?;
    let archives = reader.archives();
    let mut of_it = archives
        .iter()
        .filter(|range| (range.from..range.to).contains(&position));
    if let Some(range) = of_it.next() {
        anyhow::bail!("{}", archived(range));
    }
    let stored = reader
        .entries_from(position)
        .next()
        .transpose()
        .with_context(|| not_sound(position))?
        .filter(|stored| stored.position == position)
        .with_context(|| format!("the log has no entry at position {position}"))?;
    let entry = stored.decode().with_context(|| not_sound(position))?;
    match output.format {
        Format::Json => {
            let mut shown = json!({
                "position": position,
                "event": event_name(entry.event()),
                "time": time::rfc3339(entry.time_ns(), time::Digits::Nanos),
                "leafHash": hex(&stored.leaf_hash()),
                "entry": serde_json::from_str::<serde_json::Value>(&entry.to_json()).context("the entry's own JSON")?,
            });
            if arguments.raw {
                shown["raw"] = hex(&stored.bytes).into();
            }
            output.json(&shown)?;
        }
        Format::Table => print_entry(&stored, &entry, arguments.raw, output)?,
    }
    Ok(Ending::Done)
}

fn print_entry(
    stored: &StoredEntry,
    entry: &Entry<'_>,
    raw: bool,
    output: &mut Output<'_>,
) -> std::io::Result<()> {
    let mut rows = vec![
        ("position 位置".to_owned(), entry.position().to_string()),
        ("log 日志".to_owned(), entry.origin().to_owned()),
        (
            "time 时间".to_owned(),
            time::rfc3339(entry.time_ns(), time::Digits::Nanos),
        ),
        ("event 事件".to_owned(), labels::event(entry.event())),
    ];
    for field in labels::FIELDS {
        let values = entry.field(field).unwrap_or_default();
        let names = labels::names(entry.event(), field);
        for (index, value) in values
            .iter()
            .enumerate()
            .filter(|(_, value)| **value != Value::Null)
        {
            let name = names
                .get(index)
                .map_or_else(|| format!("{field:?}[{index}]"), |name| (*name).to_owned());
            rows.push((name, labels::value(value)));
        }
    }
    if let Some(key) = entry.idempotency_key() {
        rows.push(("key digest 幂等键摘要".to_owned(), hex(&key)));
    }
    rows.push((
        "link to the entry before 前项叶哈希".to_owned(),
        hex(entry.link()),
    ));
    rows.push(("leaf hash 叶哈希".to_owned(), hex(&stored.leaf_hash())));
    output.table(
        &["entry 日志项", ""],
        rows.into_iter().map(|(name, value)| vec![name, value]),
    )?;
    if raw {
        output.line("")?;
        output.line(&hex(&stored.bytes))?;
    }
    Ok(())
}

fn verify(folder: &Path, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let report = audit_log::verify(folder, &audit_log::Options::default());
    // Of a damaged log nothing more is read; the report says what is wrong.
    let erasures = match report.is_verified() {
        true => audit_proof::erasure::erasures(folder)?,
        false => Vec::new(),
    };
    print_report(&report, &erasures, output)?;
    Ok(if report.is_verified() {
        Ending::Done
    } else {
        Ending::Wrong
    })
}

fn print_report(
    report: &Report,
    erasures: &[Erasure],
    output: &mut Output<'_>,
) -> std::io::Result<()> {
    if output.format == Format::Json {
        return output.json(&json!({
            "verified": report.is_verified(),
            "origin": report.origin,
            "segments": report.segments, "entries": report.entries, "groups": report.groups, "bytes": report.bytes,
            "archived": report.archived.archives().iter().map(|range| {
                json!({ "from": range.from, "to": range.to, "manifestSha256": hex(&range.manifest) })
            }).collect::<Vec<_>>(),
            "size": report.head.map(|head| head.size),
            "root": report.head.map(|head| hex(&head.root)),
            "head": report.head.map(|head| hex(&head.hash)),
            "erasures": erasures.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "unfinishedTail": report.unfinished_tail.as_ref().map(|tail| {
                json!({ "file": tail.file, "offset": tail.offset, "bytes": tail.bytes })
            }),
            "fault": report.fault.as_ref().map(|fault| {
                json!({ "position": fault.position, "file": fault.file, "offset": fault.offset, "kind": fault.kind.to_string() })
            }),
        }));
    }
    let mut rows = vec![
        ("log 日志", report.origin.clone().unwrap_or_default()),
        ("segments 分段", report.segments.to_string()),
        (
            "entries 日志项",
            (report.entries - report.archived.to()).to_string(),
        ),
        ("groups 提交组", report.groups.to_string()),
        ("bytes 字节", report.bytes.to_string()),
    ];
    if let Some(head) = report.head {
        rows.push(("root 树根", hex(&head.root)));
        rows.push(("head 链头", hex(&head.hash)));
    }
    for range in report.archived.archives() {
        rows.push(("archived 已归档", archived(&range)));
    }
    if let Some(tail) = &report.unfinished_tail {
        let at = format!(
            "{} bytes at byte {} of {}; never acknowledged",
            tail.bytes,
            tail.offset,
            tail.file.display()
        );
        rows.push(("unfinished tail 未完成尾部", at));
    }
    output.table(
        &["checked 已校验", ""],
        rows.into_iter()
            .map(|(name, value)| vec![name.to_owned(), value]),
    )?;
    for erasure in erasures {
        output.line(&format!("{erasure} 已密封并依法删除"))?;
    }
    match &report.fault {
        Some(fault) => output.line(&format!("FAULTY 校验失败: {fault}")),
        None if report.is_verified() => output.line(&format!(
            "VERIFIED 校验通过: {} entries, every link and every byte",
            report.entries - report.archived.to()
        )),
        None => output.line("NOTHING VERIFIED 未校验任何内容: the log has no entry"),
    }
}

#[cfg(test)]
mod tests;
