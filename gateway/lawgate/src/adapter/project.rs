//! `lawgate adapter new`, `build`, `test`, `check` and `bench`: from an idea to what may be packed.

use std::fs;
use std::path::{Path, PathBuf};

use adapter_tools::build::{self, Tools};
use adapter_tools::check::{self, Effort, Subject, Verdict};
use adapter_tools::golden::{self, Comparison};
use adapter_tools::pack::CONFIGURATION;
use adapter_tools::sample::{Sample, golden_path};
use adapter_tools::{Language, Manifest, full_call, measure, native, template};
use anyhow::Context as _;
use serde_json::{Value, json};

use super::install::{CODE_FOLDER, Installed, Lab};
use super::source::{Source, whole};
use crate::cli::{
    AdapterBench, AdapterBuild, AdapterCheck, AdapterNew, AdapterSource, AdapterTest,
};
use crate::output::{Ending, Format, Output, printable};

/// Where the Rust toolkit lies in a clone of the repository.
const TOOLKIT: &str = "plugins/adapter-sdk";

/// Makes a project.
///
/// # Errors
/// A name that cannot be an id, a folder that is there, a toolkit that is missing.
pub(super) fn new(arguments: &AdapterNew, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let folder = std::path::absolute(&arguments.folder)?;
    let language: Language = arguments.lang.parse()?;
    let toolkit = match &arguments.sdk {
        Some(path) => Some(fs::canonicalize(path).with_context(|| path.display().to_string())?),
        None => toolkit_near(),
    };
    template::create(&folder, language, toolkit.as_deref()).map_err(|error| whole(error.into()))?;
    if output.format == Format::Json {
        output.json(&json!({ "folder": folder, "language": language.name() }))?;
        return Ok(Ending::Done);
    }
    let shown = arguments.folder.display();
    output.line(&format!(
        "{shown} is an adapter in {language} that works. Next:"
    ))?;
    for line in [
        format!("  lawgate adapter build {shown}"),
        format!("  lawgate adapter test {shown}"),
        format!("  lawgate adapter check {shown}"),
        "  then change samples/, the code, README.md and adapter.toml to what your feed is"
            .to_owned(),
    ] {
        output.line(&line)?;
    }
    Ok(Ending::Done)
}

/// The toolkit of the clone that this folder or this program lies in.
fn toolkit_near() -> Option<PathBuf> {
    let starts = [std::env::current_dir().ok(), std::env::current_exe().ok()];
    starts
        .iter()
        .flatten()
        .flat_map(|start| start.ancestors())
        .map(|folder| folder.join(TOOLKIT))
        .find(|path| template::is_toolkit(path))
}

/// Builds a project.
///
/// # Errors
/// A compiler that is missing or fails, and a component that is no adapter.
pub(super) fn build(arguments: &AdapterBuild, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let folder = &arguments.folder;
    let language = language_of(folder)?;
    let absolute = |path: &PathBuf| std::path::absolute(path);
    let tools = Tools {
        folder: arguments.tools.as_ref().map(absolute).transpose()?,
        install: arguments.install,
        hide: cargo_home().into_iter().collect(),
    };
    let started = std::time::Instant::now();
    let built = build::build(folder, language, &tools)
        .with_context(|| format!("{} was not built", folder.display()))
        .map_err(whole)?;
    let imports = built.world.reaching_imports();
    if output.format == Format::Json {
        output.json(&json!({
            "folder": built.folder,
            "language": language.name(),
            "component_bytes": built.component_bytes,
            "imports": imports,
        }))?;
        return Ok(Ending::Done);
    }
    output.line(&format!(
        "{}: {} bytes in {:.1} s, imports {}",
        built.folder.display(),
        built.component_bytes,
        started.elapsed().as_secs_f64(),
        if imports.is_empty() {
            "nothing".to_owned()
        } else {
            imports.join(", ")
        }
    ))?;
    Ok(Ending::Done)
}

/// The language of a project: the manifest's word, or else what its files say.
fn language_of(folder: &Path) -> anyhow::Result<Language> {
    match Manifest::read(folder)
        .map_err(|error| whole(error.into()))?
        .language {
        Some(name) => Ok(name.parse()?),
        None => Language::of_folder(folder).with_context(|| {
            format!(
                "{}: the manifest names no `language` (rust, js, python, c, go), and the files show none",
                folder.display()
            )
        }),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where cargo keeps sources must not get into a component"
)]
fn cargo_home() -> Option<PathBuf> {
    let stated = std::env::var("CARGO_HOME").ok().map(PathBuf::from);
    stated.or_else(|| Some(Path::new(&std::env::var("HOME").ok()?).join(".cargo")))
}

/// Compares the samples of a project with their golden results, or writes those anew.
///
/// # Errors
/// An adapter that does not install, samples that cannot be read. Differences are an answer.
pub(super) fn test(arguments: &AdapterTest, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let folder = &arguments.folder;
    let installed = Installed::of(Source::read(&built(folder))?, cache_of(folder))?;
    let samples = Sample::of_folder(folder).map_err(|error| whole(error.into()))?;
    let comparisons = golden::compare(&installed.adapter, &samples);
    if arguments.update {
        return update(folder, &comparisons, output);
    }
    let failed = comparisons.iter().filter(|one| !one.is_equal());
    let failed: Vec<&Comparison> = failed.collect();
    if output.format == Format::Json {
        let rows = comparisons.iter().map(|one| {
            let text = if one.is_equal() {
                String::new()
            } else {
                check::difference(one)
            };
            json!({ "sample": one.sample, "equal": one.is_equal(), "text": text })
        });
        output.json(&Value::Array(rows.collect()))?;
    } else {
        for one in &failed {
            output.line(&visible(&check::difference(one)))?;
        }
        output.line(&format!(
            "{} of {} samples give their golden results",
            comparisons.len() - failed.len(),
            comparisons.len()
        ))?;
        if !failed.is_empty() {
            output.line(
                "read the differences; if they are right, write golden/ again with --update",
            )?;
        }
    }
    Ok(if failed.is_empty() {
        Ending::Done
    } else {
        Ending::Wrong
    })
}

fn update(
    folder: &Path,
    comparisons: &[Comparison],
    output: &mut Output<'_>,
) -> anyhow::Result<Ending> {
    let mut written = Vec::new();
    // Nothing is written when one sample has no result.
    let results = comparisons
        .iter()
        .map(|one| match &one.result {
            Ok(text) => Ok((one, text)),
            Err(error) => Err(anyhow::anyhow!("{}: {error}", one.sample)),
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    for (one, text) in results {
        if one.is_equal() {
            continue;
        }
        let path = golden_path(folder, &one.sample);
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, text))
            .with_context(|| format!("{} cannot be written", path.display()))?;
        written.push(path);
    }
    if output.format == Format::Json {
        output.json(&json!({ "written": written }))?;
        return Ok(Ending::Done);
    }
    for path in &written {
        output.line(&path.display().to_string())?;
    }
    output.line(&format!(
        "{} of {} golden results were written; read them before you commit them",
        written.len(),
        comparisons.len()
    ))?;
    Ok(Ending::Done)
}

/// Checks a project or a pack.
///
/// # Errors
/// Files that cannot be read. A check that fails is an answer.
pub(super) fn check(arguments: &AdapterCheck, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let (source, samples) = subject(&arguments.adapter)?;
    let lab = Lab::new(cache_of(&arguments.adapter))?;
    let subject = Subject {
        component: &source.component,
        configuration: &source.configuration,
        manifest: &source.manifest,
        samples: &samples,
    };
    let effort = Effort {
        mutations: arguments.mutations,
        seed: arguments.seed,
    };
    let checks = check::check(&lab.host, &subject, effort);
    let word = |verdict| match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "FAILED",
        Verdict::Skipped => "skipped",
    };
    let good = checks.iter().all(|check| check.verdict == Verdict::Passed);
    if output.format == Format::Json {
        let rows = checks.iter().map(|check| {
            json!({ "check": check.name, "verdict": word(check.verdict).to_lowercase(), "text": check.text })
        });
        output.json(&json!({ "good": good, "checks": rows.collect::<Vec<_>>() }))?;
    } else {
        for check in &checks {
            output.line(&visible(&format!(
                "{:7}  {:13}  {}",
                word(check.verdict),
                check.name,
                check.text
            )))?;
        }
    }
    Ok(if good { Ending::Done } else { Ending::Wrong })
}

/// Measures a project or a pack against its limits.
///
/// # Errors
/// Files that cannot be read, an adapter that does not install, a call without results.
pub(super) fn bench(arguments: &AdapterBench, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let (source, samples) = subject(&arguments.adapter)?;
    let component_bytes = source.component.len();
    let installed = Installed::of(source, cache_of(&arguments.adapter))?;
    let full = full_call::messages_per_call(&installed.source.manifest);
    let measured = measure::measure(&installed.adapter, &samples, full, arguments.rounds);
    let measured = measured.map_err(|error| {
        anyhow::anyhow!("the call ended without results ({}): {error}", error.code())
    })?;
    let native = natively(arguments, &samples, &measured)?;
    let micros = |time: std::time::Duration| format!("{:.1} us", time.as_secs_f64() * 1e6);
    let share = 100.0 * measured.full_call.as_secs_f64() / measured.deadline.as_secs_f64();
    let mut rows = vec![
        ("component", format!("{component_bytes} bytes")),
        ("a sample alone, in a fresh sandbox", micros(measured.alone)),
        (
            "the slowest sample alone",
            format!("{} ({})", micros(measured.slowest.1), measured.slowest.0),
        ),
        ("a message of a full call", micros(measured.in_full_call)),
        (
            "a full call",
            format!(
                "{} for {} messages, {share:.1} % of the deadline of {} ms",
                micros(measured.full_call),
                measured.full_call_messages,
                measured.deadline.as_millis()
            ),
        ),
        (
            "returned by a full call",
            format!("{} bytes", measured.full_call_output_bytes),
        ),
    ];
    if let Some(native) = native {
        let ratio = measured.full_call.as_secs_f64() / native.as_secs_f64();
        rows.push(("the same call natively", micros(native)));
        rows.push(("in sandboxes ÷ natively", format!("{ratio:.2}")));
    }
    match output.format {
        Format::Json => {
            let object = rows.into_iter();
            let object = object.map(|(name, value)| (name.to_owned(), Value::from(value)));
            output.json(&Value::Object(object.collect()))?;
        }
        Format::Table => {
            let rows = rows.into_iter();
            let rows = rows.map(|(name, value)| vec![name.to_owned(), value]);
            output.table(&["what", "median"], rows)?;
            if measured.full_call_messages < full {
                output.line(&format!(
                    "a call of {full} messages does not fit; `lawgate adapter check` says which limit it meets"
                ))?;
            }
        }
    }
    Ok(Ending::Done)
}

/// The full call without a sandbox, where that is asked for.
fn natively(
    arguments: &AdapterBench,
    samples: &[Sample],
    measured: &measure::Measured,
) -> anyhow::Result<Option<std::time::Duration>> {
    if !arguments.native {
        return Ok(None);
    }
    anyhow::ensure!(
        native::is_rust(&arguments.adapter),
        "{}: only a project in Rust can be measured natively, and this is none",
        arguments.adapter.display()
    );
    let calls = (samples, measured.full_call_messages);
    let took = native::measure(
        &arguments.adapter,
        &arguments.adapter.join(build::OUTPUT).join(CONFIGURATION),
        calls,
        measured.rounds,
    );
    took.map(Some).map_err(|error| whole(error.into()))
}

/// An adapter with its samples: of a pack, or of a project with what was built in it.
fn subject(path: &Path) -> anyhow::Result<(Source, Vec<Sample>)> {
    if path.is_dir() {
        return Ok((
            Source::read(&built(path))?,
            Sample::of_folder(path).map_err(|error| whole(error.into()))?,
        ));
    }
    let source = Source::read(&AdapterSource {
        path: path.to_owned(),
        configuration: None,
    })?;
    let pack = source.pack.as_ref().context("is a pack")?;
    let samples = Sample::of_pack(pack)?;
    Ok((source, samples))
}

/// Where native code of a project is kept from one command to the next; a pack has no such folder.
fn cache_of(path: &Path) -> Option<PathBuf> {
    path.is_dir()
        .then(|| path.join(build::OUTPUT).join(CODE_FOLDER))
}

/// What was built in a project.
fn built(folder: &Path) -> AdapterSource {
    AdapterSource {
        path: folder.join(build::OUTPUT),
        configuration: None,
    }
}

/// A text of several lines for a terminal.
fn visible(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(printable).collect();
    lines.join("\n")
}
