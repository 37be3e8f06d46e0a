//! `convert-<feed>`: 64 messages in one fresh sandbox ÷ the same code native.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use adapter_host::{Compiler, Config, Host};
use adapter_sdk::{Adapter, Attribute};
use end_to_end::{adapters, packet, root};

use crate::report::{Row, median};
use crate::settings::Settings;

/// Messages of one call.
const MESSAGES: usize = 64;
/// Calls of one run; the run's value is their median.
const CALLS: usize = 60;
/// Runs of each side.
const RUNS: usize = 7;

/// The rows of the four feeds.
pub(crate) fn rows(settings: &Settings) -> anyhow::Result<Vec<Row>> {
    let cache = tempfile::tempdir()?;
    let compiler = Compiler::beside_this_program()?;
    let config = Config::recommended(cache.path().to_owned(), [7; 32], compiler);
    let host = Host::new(config)?;
    let mut rows = Vec::new();
    let wants = |feed: &str| settings.wants(&format!("convert-{feed}"));
    if wants("hj212") {
        rows.push(row::<hj212::Hj212>(&host, "hj212", &packets())?);
    }
    if wants("region-clue") {
        let samples = samples("region-clue")?;
        rows.push(row::<region_clue::RegionClue>(
            &host,
            "region-clue",
            &samples,
        )?);
    }
    if wants("police-case") {
        let samples = samples("police-case")?;
        rows.push(row::<police_case::PoliceCase>(
            &host,
            "police-case",
            &samples,
        )?);
    }
    if wants("justice-review") {
        let samples = samples("justice-review")?;
        rows.push(row::<justice_review::JusticeReview>(
            &host,
            "justice-review",
            &samples,
        )?);
    }
    Ok(rows)
}

/// A message and what was stated about it.
type Sample = (Vec<u8>, Vec<Attribute>);

/// Minute data, as most packets of a city are.
pub(crate) fn packets() -> Vec<Sample> {
    (0..MESSAGES as u32)
        .map(|number| {
            (
                packet::minute_data("LGT00000000000000000001", number, number),
                Vec::new(),
            )
        })
        .collect()
}

/// The adapter's own samples that convert, repeated to the number of messages.
fn samples(adapter: &str) -> anyhow::Result<Vec<Sample>> {
    let folder = root().join("adapters").join(adapter);
    let mut samples = Vec::new();
    let mut files = fs::read_dir(folder.join("samples"))?.collect::<Result<Vec<_>, _>>()?;
    files.sort_by_key(fs::DirEntry::file_name);
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let golden = folder.join("golden").join(format!("{name}.json"));
        if !golden.is_file() || !fs::read_to_string(&golden)?.contains("\"converted\"") {
            continue;
        }
        samples.push((fs::read(file.path())?, attributes(&folder, &name)?));
    }
    anyhow::ensure!(!samples.is_empty(), "{adapter} has no samples that convert");
    Ok(samples.into_iter().cycle().take(MESSAGES).collect())
}

fn attributes(folder: &Path, name: &str) -> anyhow::Result<Vec<Attribute>> {
    let file = folder
        .join("samples")
        .join(format!("{name}.attributes.json"));
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let stated: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(&fs::read(file)?)?;
    let attribute = |(name, value): (&String, &serde_json::Value)| Attribute {
        name: name.clone(),
        value: value.as_str().unwrap_or_default().to_owned(),
    };
    Ok(stated.iter().map(attribute).collect())
}

fn row<A: Adapter>(host: &Host, feed: &str, samples: &[Sample]) -> anyhow::Result<Row> {
    let folder = adapters()?.join(feed);
    let configuration = fs::read(folder.join("configuration.json"))?;
    let component = fs::read(folder.join("adapter.wasm"))?;
    let installed = host.install(&component, &configuration)?;
    installed.preinitialize(&component)?;
    let pairs: Vec<Vec<(String, String)>> = samples
        .iter()
        .map(|(_, stated)| {
            stated
                .iter()
                .map(|it| (it.name.clone(), it.value.clone()))
                .collect()
        })
        .collect();
    let guest: Vec<adapter_host::Message<'_>> = samples
        .iter()
        .zip(&pairs)
        .map(|((payload, _), attributes)| adapter_host::Message {
            payload,
            attributes,
        })
        .collect();
    let native: Vec<adapter_sdk::Message<'_>> = samples
        .iter()
        .map(|(payload, attributes)| adapter_sdk::Message {
            payload,
            attributes,
        })
        .collect();
    // Sandboxes begin configured; so does the baseline.
    let adapter = A::configure(&configuration)
        .map_err(|_| anyhow::anyhow!("{feed}: the configuration was installed and is refused"))?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let sandbox = per_message(|| drop(black_box(installed.convert(&guest))));
        let bare = per_message(|| drop(black_box(adapter_sdk::run(&adapter, &native))));
        runs.push((sandbox, bare));
    }
    Ok(Row::new(
        format!("convert-{feed}"),
        "us/message",
        "<= 1.3",
        runs,
    ))
}

/// Microseconds for one message: the median call.
fn per_message(mut call: impl FnMut()) -> f64 {
    let times = (0..CALLS).map(|_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64() * 1e6 / MESSAGES as f64
    });
    median(times)
}
