//! The part of `lawgate adapter` that asks a running gateway.

use std::path::Path;

use anyhow::Context as _;
use grpc_api::client::{self, Adapters};
use proto::v1;
use proto::v1::install_adapter_request::Part;

use super::call::{answer, channel, patient, request};
use super::json::to_json;
use super::{metrics, purpose};
use crate::cli::{self, RegistryCommand};
use crate::output::{Ending, Format, Output, hex};

/// Bytes of one chunk of an upload.
const CHUNK_BYTES: usize = 256 << 10;

/// Does what is asked of the gateway's registry.
///
/// # Errors
/// The gateway's refusal, or no connection.
pub(crate) async fn registry(
    command: &RegistryCommand,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    match command {
        RegistryCommand::Install(arguments) => install(arguments, output).await,
        RegistryCommand::List(arguments) => list(arguments, output).await,
        RegistryCommand::Show(arguments) => show(arguments, output).await,
        RegistryCommand::Activate(arguments) => activate(arguments, output).await,
        RegistryCommand::Shadow(arguments) => shadow(arguments, output).await,
        RegistryCommand::Canary(arguments) => canary(arguments, output).await,
        RegistryCommand::Rollback(arguments) => rollback(arguments, output).await,
        RegistryCommand::Retire(arguments) => retire(arguments, output).await,
        RegistryCommand::Usage(arguments) => usage(arguments, output).await,
        RegistryCommand::DryRun(arguments) => dry_run(arguments, output).await,
    }
}

async fn connect(connection: &cli::Connection) -> anyhow::Result<Adapters> {
    Ok(client::adapters(channel(connection).await?))
}

async fn install(
    arguments: &cli::AdapterInstall,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let header = v1::InstallHeader {
        feed: arguments.feed.clone(),
        configuration_of: arguments.of,
        purpose: purpose(&arguments.purpose),
    };
    let mut parts = vec![Part::Header(header)];
    let files = [
        (&arguments.package, v1::InstallFile::Package),
        (&arguments.component, v1::InstallFile::Component),
        (&arguments.manifest, v1::InstallFile::Manifest),
        (&arguments.configuration, v1::InstallFile::Configuration),
    ];
    for (path, file) in files {
        if let Some(path) = path {
            parts.extend(chunks(path, file)?);
        }
    }
    let requests = parts
        .into_iter()
        .map(|part| v1::InstallAdapterRequest { part: Some(part) });
    let mut registry = connect(&arguments.connection).await?;
    let called = registry
        .install_adapter(patient(client::stream(requests)))
        .await;
    let installed = answer("install", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&installed, "InstallAdapterResponse"))?;
        return Ok(Ending::Done);
    }
    print_versions(installed.version.as_slice(), output)?;
    let version = installed.version.unwrap_or_default();
    output.line(&if installed.is_new {
        let tried = match (&arguments.package, version.samples) {
            (Some(_), samples) => format!("{} gave the golden results", counted(samples, "sample")),
            (None, _) => "no samples came with it, so none was tried".to_owned(),
        };
        format!(
            "installed as version {} of feed {}; {tried}; activate it when you have looked at it",
            version.version, version.feed
        )
    } else {
        format!(
            "was installed before: it is version {} of feed {}",
            version.version, version.feed
        )
    })?;
    Ok(Ending::Done)
}

fn chunks(path: &Path, file: v1::InstallFile) -> anyhow::Result<Vec<Part>> {
    let bytes =
        std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let chunk = |data: &[u8]| {
        Part::Chunk(v1::InstallChunk {
            file: file as i32,
            data: data.to_vec(),
        })
    };
    Ok(bytes.chunks(CHUNK_BYTES).map(chunk).collect())
}

async fn list(arguments: &cli::AdapterList, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut registry = connect(&arguments.connection).await?;
    let message = v1::ListAdaptersRequest {
        feed: arguments.feed.clone().unwrap_or_default(),
    };
    let called = registry.list_adapters(request(message)).await;
    let listed = answer("list", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&listed, "ListAdaptersResponse"))?;
        return Ok(Ending::Done);
    }
    print_versions(&listed.versions, output)?;
    for feed in &listed.feeds_without_version {
        output.line(&format!(
            "feed {feed} has no version and refuses submissions; install and activate one"
        ))?;
    }
    output.line(&format!(
        "{}; a version needs {}",
        counted(listed.versions.len() as u64, "version"),
        counted(listed.approvals_needed.into(), "approval")
    ))?;
    Ok(Ending::Done)
}

async fn show(
    arguments: &cli::AdapterVersionArgs,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let (feed, number) = (arguments.of.feed.clone(), arguments.number);
    let mut registry = connect(&arguments.of.connection).await?;
    let message = v1::ListAdaptersRequest { feed: feed.clone() };
    let called = registry.list_adapters(request(message)).await;
    let listed = answer("show", called.map(|response| response.into_inner()))?;
    let version = listed.versions.into_iter().find(|it| it.version == number);
    let version = version.with_context(|| format!("feed {feed} has no version {number}"))?;
    let message = v1::GetAdapterUsageRequest { feed };
    let called = registry.get_adapter_usage(request(message)).await;
    let used = answer("show", called.map(|response| response.into_inner()))?;
    let used = used.usage.into_iter().find(|it| it.version == number);
    if output.format == Format::Json {
        let mut shown = to_json(&version, "AdapterVersion");
        if let Some(used) = used {
            shown["usage"] = to_json(&used, "AdapterUsage");
        }
        output.json(&shown)?;
        return Ok(Ending::Done);
    }
    let mut rows = vec![
        ("feed 数据源", version.feed.clone()),
        ("version 版本", version.version.to_string()),
        ("adapter 适配器", version.adapter.clone()),
        ("role 状态", role(&version)),
        ("component 组件摘要", hex(&version.component_digest)),
        ("configuration 配置摘要", hex(&version.configuration_digest)),
        ("manifest 清单摘要", hex(&version.manifest_digest)),
        ("publisher 发布者", version.publisher.clone()),
        ("samples 样例", version.samples.to_string()),
        ("approvals 批准", version.approvals.join(", ")),
        ("installed by 安装者", version.installed_by.clone()),
        ("position 位置", version.position.to_string()),
    ];
    if let Some(used) = &used {
        let limits = used.limits.unwrap_or_default();
        rows.extend([
            ("memory limit 内存上限", limits.memory_bytes.to_string()),
            ("deadline ms 时限", limits.deadline_ms.to_string()),
            ("output limit 输出上限", limits.output_bytes.to_string()),
            (
                "messages a call 每次消息",
                limits.messages_per_call.to_string(),
            ),
            ("host calls 宿主调用", limits.host_calls.to_string()),
            ("calls at once 并发", limits.concurrency.to_string()),
            ("calls 调用", used.calls.to_string()),
            ("messages 消息", used.messages.to_string()),
        ]);
    }
    let rows = rows
        .into_iter()
        .map(|(name, value)| vec![name.to_owned(), value]);
    output.table(&["what", "value"], rows)?;
    Ok(Ending::Done)
}

async fn activate(
    arguments: &cli::AdapterVersionArgs,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut registry = connect(&arguments.of.connection).await?;
    let message = v1::ActivateAdapterRequest {
        feed: arguments.of.feed.clone(),
        version: arguments.number,
        purpose: purpose(&arguments.of.purpose),
    };
    let called = registry.activate_adapter(patient(message)).await;
    let done = answer("activate", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&done, "ActivateAdapterResponse"))?;
    } else {
        print_versions(done.version.as_slice(), output)?;
    }
    approved(done.approvals_missing, "active", output)
}

/// `1 version`, `2 versions`.
fn counted(number: u64, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        _ => format!("{number} {thing}s"),
    }
}

/// What approvals say, and the exit code that goes with it.
fn approved(missing: u32, role: &str, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let line = match missing {
        0 => format!("the version is {role}"),
        1 => "approved; one more approval, by another administrator, is needed".to_owned(),
        _ => format!("approved; {missing} more approvals by other administrators are needed"),
    };
    if output.format == Format::Table {
        output.line(&line)?;
    }
    Ok(match missing {
        0 => Ending::Done,
        _ => Ending::Wrong,
    })
}

async fn shadow(arguments: &cli::AdapterShadow, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let feed = arguments.of.feed.clone();
    let mut registry = connect(&arguments.of.connection).await?;
    let report = if arguments.off || arguments.number.is_some() {
        let message = v1::ShadowAdapterRequest {
            feed,
            version: arguments.number.unwrap_or_default(),
            purpose: purpose(&arguments.of.purpose),
        };
        let called = registry.shadow_adapter(patient(message)).await;
        answer("shadow", called.map(|response| response.into_inner()))?.report
    } else {
        let message = v1::GetShadowReportRequest { feed };
        let called = registry.get_shadow_report(request(message)).await;
        answer("shadow", called.map(|response| response.into_inner()))?.report
    };
    print_report(&report.unwrap_or_default(), output)?;
    Ok(Ending::Done)
}

async fn canary(arguments: &cli::AdapterCanary, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let of = &arguments.of;
    let mut registry = connect(&of.of.connection).await?;
    let message = v1::CanaryAdapterRequest {
        feed: of.of.feed.clone(),
        version: of.number,
        share: arguments.percent.0,
        purpose: purpose(&of.of.purpose),
    };
    let called = registry.canary_adapter(patient(message)).await;
    let done = answer("canary", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&done, "CanaryAdapterResponse"))?;
    } else {
        print_versions(done.version.as_slice(), output)?;
    }
    let role = match arguments.percent.0 {
        0 => "no canary any more",
        _ => "a canary",
    };
    approved(done.approvals_missing, role, output)
}

async fn rollback(
    arguments: &cli::AdapterFeedArgs,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut registry = connect(&arguments.connection).await?;
    let message = v1::RollbackAdapterRequest {
        feed: arguments.feed.clone(),
        purpose: purpose(&arguments.purpose),
    };
    let called = registry.rollback_adapter(patient(message)).await;
    let done = answer("rollback", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&done, "RollbackAdapterResponse"))?;
        return Ok(Ending::Done);
    }
    print_versions(done.version.as_slice(), output)?;
    output.line(&format!("version {} converts no more", done.from_version))?;
    Ok(Ending::Done)
}

async fn retire(
    arguments: &cli::AdapterVersionArgs,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut registry = connect(&arguments.of.connection).await?;
    let message = v1::RetireAdapterRequest {
        feed: arguments.of.feed.clone(),
        version: arguments.number,
        purpose: purpose(&arguments.of.purpose),
    };
    let called = registry.retire_adapter(request(message)).await;
    let done = answer("retire", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&done, "RetireAdapterResponse"))?;
        return Ok(Ending::Done);
    }
    print_versions(done.version.as_slice(), output)?;
    Ok(Ending::Done)
}

async fn usage(arguments: &cli::AdapterUsage, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let mut registry = connect(&arguments.of.connection).await?;
    let message = v1::GetAdapterUsageRequest {
        feed: arguments.of.feed.clone().unwrap_or_default(),
    };
    let called = registry.get_adapter_usage(request(message)).await;
    let used = answer("usage", called.map(|response| response.into_inner()))?;
    if arguments.prometheus {
        let usage: Vec<_> = used.usage.iter().collect();
        output.text(&metrics::text(&usage))?;
        return Ok(Ending::Done);
    }
    if output.format == Format::Json {
        output.json(&to_json(&used, "GetAdapterUsageResponse"))?;
        return Ok(Ending::Done);
    }
    let titles = [
        "feed 数据源",
        "version 版本",
        "calls 调用",
        "messages 消息",
        "mean µs 平均",
        "longest ms 最长",
        "rejected 拒收",
        "failed 失败",
        "stopped 熔断",
        "breaker 熔断器",
    ];
    let row = |one: &v1::AdapterUsage| {
        let failed: u64 = one.failures.iter().map(|failure| failure.count).sum();
        vec![
            one.feed.clone(),
            one.version.to_string(),
            one.calls.to_string(),
            one.messages.to_string(),
            (one.busy_ns / 1_000 / one.calls.max(1)).to_string(),
            (one.longest_ns / 1_000_000).to_string(),
            one.rejected.to_string(),
            failed.to_string(),
            one.stopped.to_string(),
            if one.is_breaker_open {
                "open"
            } else {
                "closed"
            }
            .to_owned(),
        ]
    };
    output.table(&titles, used.usage.iter().map(row))?;
    Ok(Ending::Done)
}

async fn dry_run(
    arguments: &cli::AdapterDryRun,
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let of = &arguments.of;
    let mut registry = connect(&of.of.connection).await?;
    let message = v1::DryRunAdapterRequest {
        feed: of.of.feed.clone(),
        version: of.number,
        submissions: arguments.submissions,
        purpose: purpose(&of.of.purpose),
    };
    let called = registry.dry_run_adapter(patient(message)).await;
    let done = answer("dry-run", called.map(|response| response.into_inner()))?;
    if output.format == Format::Json {
        output.json(&to_json(&done, "DryRunAdapterResponse"))?;
        return Ok(Ending::Done);
    }
    print_report(&done.report.unwrap_or_default(), output)?;
    output.line(&format!("{} submissions were converted", done.submissions))?;
    Ok(Ending::Done)
}

fn role(version: &v1::AdapterVersion) -> String {
    let word = match version.role() {
        v1::AdapterRole::Unspecified => "installed 已安装",
        v1::AdapterRole::Active => "active 生效",
        v1::AdapterRole::Canary => "canary 灰度",
        v1::AdapterRole::Shadow => "shadow 影子",
        v1::AdapterRole::Retired => "retired 停用",
    };
    let share = version.canary_share;
    let mut text = word.to_owned();
    if share > 0 {
        text.push_str(&format!(" {}.{:02} %", share / 100, share % 100));
    }
    if version.is_shadow && version.role() != v1::AdapterRole::Shadow {
        text.push_str(", shadow 影子");
    }
    if version.is_breaker_open {
        text.push_str(", breaker open 熔断");
    }
    text
}

fn print_versions(versions: &[v1::AdapterVersion], output: &mut Output<'_>) -> std::io::Result<()> {
    let titles = [
        "feed 数据源",
        "version 版本",
        "role 状态",
        "adapter 适配器",
        "component 组件",
        "configuration 配置",
        "publisher 发布者",
        "approvals 批准",
        "position 位置",
    ];
    let short = |digest: &[u8]| hex(digest).chars().take(12).collect::<String>();
    let row = |version: &v1::AdapterVersion| {
        vec![
            version.feed.clone(),
            version.version.to_string(),
            role(version),
            version.adapter.clone(),
            short(&version.component_digest),
            short(&version.configuration_digest),
            version.publisher.clone(),
            version.approvals.join(", "),
            version.position.to_string(),
        ]
    };
    output.table(&titles, versions.iter().map(row))
}

fn print_report(report: &v1::ComparisonReport, output: &mut Output<'_>) -> std::io::Result<()> {
    if output.format == Format::Json {
        return output.json(&to_json(report, "ComparisonReport"));
    }
    let titles = [
        "field 字段",
        "differences 差异",
        "position 位置",
        "published 已发布",
        "candidate 候选",
    ];
    let row = |field: &v1::FieldDifference| {
        let example = field.examples.first().cloned().unwrap_or_default();
        vec![
            field.path.clone(),
            field.count.to_string(),
            format!("{}/{}", example.position, example.message_index),
            example.published,
            example.candidate,
        ]
    };
    output.table(&titles, report.fields.iter().map(row))?;
    output.line(&format!(
        "version {} of feed {}: {} messages compared, {} differ, {} not compared, {} calls failed",
        report.version,
        report.feed,
        report.compared,
        report.differing,
        report.dropped,
        report.failed
    ))
}
