//! `sandbox-fresh`, `adapters-100-load` and `adapter-idle-rss`: what adapters cost before they convert.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use adapter_host::{Adapter, Compiler, Config, Host};
use adapter_sdk::Adapter as _;
use anyhow::Context as _;
use end_to_end::adapters;
use sha2::{Digest as _, Sha256};

use crate::report::{Report, Row, median};
use crate::sample;
use crate::settings::Settings;

/// Adapters loaded at once.
const ADAPTERS: usize = 100;
/// Calls of one run; the run's value is their median.
const CALLS: usize = 2000;
/// Runs of each side.
const RUNS: usize = 5;
/// Key of the caches here; what is measured does not depend on it.
const CACHE_KEY: [u8; 32] = [7; 32];

/// Measures the rows asked for.
pub(crate) fn measure(settings: &Settings, report: &mut Report) -> anyhow::Result<()> {
    if settings.wants("sandbox-fresh") {
        report.add(vec![fresh()?]);
    }
    if settings.wants("adapters-100-load") || settings.wants("adapter-idle-rss") {
        report.add(load()?);
    }
    Ok(())
}

/// A sandbox that begins configured, is asked to convert nothing and is dropped ÷ configuring the
/// same adapter natively, which is how a native program would begin anew.
fn fresh() -> anyhow::Result<Row> {
    let cache = tempfile::tempdir()?;
    let host = Host::new(config(cache.path(), 1)?)?;
    let (component, configuration) = files("police-case")?;
    let installed = host.install(&component, &configuration)?;
    installed.preinitialize(&component)?;
    let mut runs = Vec::new();
    for _ in 0..RUNS {
        let sandbox = each(|| drop(black_box(installed.convert(&[]))));
        let native = each(|| {
            drop(black_box(police_case::PoliceCase::configure(
                &configuration,
            )))
        });
        runs.push((sandbox, native));
    }
    Ok(Row::new("sandbox-fresh", "us", "<= 15 us", runs))
}

/// Microseconds of one call: the median.
fn each(mut call: impl FnMut()) -> f64 {
    median((0..CALLS).map(|_| {
        let start = Instant::now();
        call();
        start.elapsed().as_secs_f64() * 1e6
    }))
}

/// Loads a hundred adapters whose native code is cached ÷ reading and hashing the same files once;
/// and the memory each then takes ÷ the size of its native code.
fn load() -> anyhow::Result<Vec<Row>> {
    let folder = sample::folder()?.join("adapters-100");
    let (component, configuration) = files("hj212")?;
    let components: Vec<Vec<u8>> = (0..ADAPTERS)
        .map(|number| distinct(&component, number))
        .collect();
    compile(&folder, &components, &configuration)?;
    let (mut loads, mut memories) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let before = resident()?;
        let start = Instant::now();
        let host = Host::new(config(&folder, ADAPTERS)?)?;
        let loaded = install(&host, &components, &configuration)?;
        let seconds = start.elapsed().as_secs_f64();
        let bytes = resident()?.saturating_sub(before) as f64 / ADAPTERS as f64;
        for adapter in &loaded {
            anyhow::ensure!(adapter.is_preinitialized(), "an adapter was not cached");
        }
        drop((loaded, host));
        let start = Instant::now();
        let native = hash(&folder, &components)?;
        loads.push((seconds, start.elapsed().as_secs_f64()));
        memories.push((bytes / 1e6, native as f64 / ADAPTERS as f64 / 1e6));
    }
    // Later runs find memory that the allocator kept.
    memories.truncate(1);
    Ok(vec![
        Row::new("adapters-100-load", "s", "<= 2 s", loads),
        Row::new("adapter-idle-rss", "MB", "<= 10 MB", memories),
    ])
}

/// Fills the cache; of the next run it is there already.
fn compile(folder: &Path, components: &[Vec<u8>], configuration: &[u8]) -> anyhow::Result<()> {
    let host = Host::new(config(folder, ADAPTERS)?)?;
    for (number, component) in components.iter().enumerate() {
        let adapter = host.install(component, configuration)?;
        if !adapter.is_preinitialized() {
            adapter.preinitialize(component)?;
            println!("adapters: {} of {ADAPTERS} compiled", number + 1);
        }
    }
    Ok(())
}

fn install(
    host: &Host,
    components: &[Vec<u8>],
    configuration: &[u8],
) -> anyhow::Result<Vec<Adapter>> {
    let install = |component: &Vec<u8>| Ok(host.install(component, configuration)?);
    components.iter().map(install).collect()
}

/// Reads the native code that is loaded and hashes it and the components; its size in bytes.
fn hash(folder: &Path, components: &[Vec<u8>]) -> anyhow::Result<usize> {
    let digests: Vec<String> = components
        .iter()
        .map(|component| hex(&Sha256::digest(component)))
        .collect();
    let mut bytes = 0;
    for file in fs::read_dir(folder)? {
        let file = file?;
        let name = file.file_name();
        let name = name.to_string_lossy();
        let is_loaded = name.len() > 2 * 64 && digests.iter().any(|it| name.starts_with(it));
        if is_loaded {
            let content = fs::read(file.path())?;
            black_box(Sha256::digest(&content));
            bytes += content.len();
        }
    }
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The component with a section of its own, which no program reads: another digest, the same code.
fn distinct(component: &[u8], number: usize) -> Vec<u8> {
    let name = format!("n{number:03}");
    let mut distinct = component.to_vec();
    // A custom section: its id, its length, the length of its name, the name.
    distinct.extend([0, 5, 4]);
    distinct.extend(name.as_bytes());
    distinct
}

fn files(adapter: &str) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    let folder = adapters()?.join(adapter);
    Ok((
        fs::read(folder.join("adapter.wasm"))?,
        fs::read(folder.join("configuration.json"))?,
    ))
}

fn config(cache: &Path, adapters: usize) -> anyhow::Result<Config> {
    let compiler = Compiler::beside_this_program()?;
    Ok(Config {
        adapters: u32::try_from(adapters).unwrap_or(u32::MAX),
        ..Config::recommended(cache.to_owned(), CACHE_KEY, compiler)
    })
}

/// Memory of this process, in bytes.
fn resident() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
    Ok(kib.context("the system says its memory")?.parse::<u64>()? * 1024)
}
