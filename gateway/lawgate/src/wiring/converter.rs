//! Adapters in sandboxes behind the exchange's trait.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_host::{Adapter, CompileLimits, Compiler, Host, InstallError, Level, Outcome};
use anyhow::{Context as _, ensure};
use exchange::Feed;
use exchange::ports::{AdapterIdentity, ConvertFailure, Converted, Converter, Message};

use crate::adapter;
use crate::config::model::{self, Config};
use crate::output::{hex, printable};

use super::kept::keep_file;

/// An installed adapter.
struct Sandboxed {
    identity: AdapterIdentity,
    adapter: Adapter,
}

impl Converter for Sandboxed {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let messages: Vec<adapter_host::Message<'_>> = messages
            .iter()
            .map(|message| adapter_host::Message {
                payload: &message.payload,
                attributes: &message.attributes,
            })
            .collect();
        match self.adapter.convert(&messages) {
            Ok(outcomes) => Ok(outcomes.into_iter().map(converted).collect()),
            Err(error) => {
                tracing::warn!(
                    adapter = self.identity.id,
                    error = &error as &dyn std::error::Error,
                    "an adapter failed"
                );
                Err(ConvertFailure {
                    code: error.code().to_owned(),
                    text: error.to_string(),
                    temporary: error.is_temporary(),
                })
            }
        }
    }
}

fn converted(outcome: Outcome) -> Converted {
    match outcome {
        Outcome::Converted(bytes) => Converted::Conversion(bytes),
        Outcome::Rejected { code, offset, text } => Converted::Rejected { code, offset, text },
    }
}

/// Installs the adapter of every feed.
///
/// # Errors
/// A file that is missing, a component that is refused, a pin that does not match: named by feed.
pub(crate) fn feeds(config: &Config, host: &Host) -> anyhow::Result<Vec<Feed>> {
    config
        .feeds
        .iter()
        .map(|feed| {
            // The reason goes into the line that is shown without --verbose.
            install(host, &config.gateway.data_dir, feed).map_err(|error| {
                let text = format!("feed {}: {error}", feed.id);
                error.context(text)
            })
        })
        .collect()
}

/// What the host made of a component; an error says all that is wrong, one fault a line.
///
/// # Errors
/// The host's, with its causes or the faults of the configuration in its text.
pub(crate) fn installed(result: Result<Adapter, InstallError>) -> anyhow::Result<Adapter> {
    result.map_err(|error| {
        let mut text = error.to_string();
        if let InstallError::Configuration { faults } = &error {
            for fault in faults {
                let path = if fault.path.is_empty() {
                    "(whole file)"
                } else {
                    &fault.path
                };
                text.push_str("\n  ");
                text.push_str(&printable(&format!("{path}: {}", fault.text)));
            }
        }
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            text.push_str(&format!(": {inner}"));
            cause = inner.source();
        }
        anyhow::Error::new(error).context(text)
    })
}

fn install(host: &Host, data: &Path, feed: &model::Feed) -> anyhow::Result<Feed> {
    let component = read(&feed.adapter.join("adapter.wasm"))?;
    let configuration = match &feed.configuration {
        Some(file) => read(file)?,
        None => read(&feed.adapter.join("configuration.json"))?,
    };
    let adapter = installed(host.install(&component, &configuration))?;
    adapter::compare(&feed.adapter, adapter.describe())?;
    if let Some(pin) = feed.component_sha256 {
        ensure!(
            adapter.digest() == pin,
            "component_sha256 pins {}, and {} has {}",
            hex(&pin),
            feed.adapter.join("adapter.wasm").display(),
            hex(&adapter.digest())
        );
    }
    let description = adapter.describe();
    ensure!(
        description.feed_kinds.contains(&feed.kind),
        "kind is {kind}, and adapter {} converts feeds of kind {}",
        description.id,
        description.feed_kinds.join(", "),
        kind = feed.kind
    );
    // Before an entry names them: what a conversion was made with can be had for a replay.
    for bytes in [&component, &configuration] {
        keep_file(data, bytes).context("keeping the adapter by its digest")?;
    }
    Ok(Feed {
        id: feed.id.clone(),
        converter: sandboxed(adapter),
    })
}

/// An adapter behind the exchange's trait.
fn sandboxed(adapter: Adapter) -> Arc<dyn Converter> {
    let description = adapter.describe();
    let identity = AdapterIdentity {
        id: description.id.clone(),
        version: description.version.clone(),
        component: adapter.digest(),
        configuration: adapter.configuration_digest(),
        schema_version: description.schema_version.clone(),
    };
    Arc::new(Sandboxed { identity, adapter })
}

/// A converter of these bytes, as `serve` would make it.
///
/// # Errors
/// The host's, as for a feed.
pub(crate) fn converter(
    host: &Host,
    component: &[u8],
    configuration: &[u8],
) -> anyhow::Result<Arc<dyn Converter>> {
    Ok(sandboxed(installed(host.install(component, configuration))?))
}

/// The plugin host with the limits of the configuration.
///
/// # Errors
/// When its folders cannot be made or the engine refuses the limits.
pub(crate) fn host(config: &Config, workers: usize) -> anyhow::Result<Host> {
    let data = &config.gateway.data_dir;
    let limits = host_limits(
        &config.sandbox,
        data.join("adapter-cache"),
        own_key(&data.join("adapter-cache.key"))?,
    )?;
    Host::new(adapter_host::Config {
        log: guest_log,
        workers: u32::try_from(workers).unwrap_or(u32::MAX),
        adapters: u32::try_from(config.feeds.len())
            .unwrap_or(u32::MAX)
            .max(limits.adapters),
        ..limits
    })
    .context("starting the plugin host")
}

/// Limits and compiler of a host by `[sandbox]`; the caller sets log, workers and adapters.
///
/// # Errors
/// When this program does not know where it is: it is the compiler as well.
pub(crate) fn host_limits(
    sandbox: &model::Sandbox,
    cache: PathBuf,
    key: [u8; 32],
) -> anyhow::Result<adapter_host::Config> {
    let compiler = Compiler::Child {
        program: std::env::current_exe().context("finding the gateway's own program")?,
        args: vec![COMPILE_COMMAND.into()],
        limits: CompileLimits {
            address_space_bytes: sandbox.compile_memory_bytes,
            processor_seconds: sandbox.compile_deadline.as_secs().max(1),
            deadline: sandbox.compile_deadline,
        },
    };
    Ok(adapter_host::Config {
        memory_bytes: sandbox.memory_bytes,
        deadline: sandbox.deadline,
        tick: sandbox.tick,
        output_bytes: sandbox.output_bytes,
        log_lines: sandbox.log_lines,
        stack_bytes: sandbox.stack_bytes,
        component_bytes_max: usize::try_from(sandbox.component_bytes).unwrap_or(usize::MAX),
        ..adapter_host::Config::recommended(cache, key, compiler)
    })
}

/// Hidden command of this program that compiles one component under limits.
pub(crate) const COMPILE_COMMAND: &str = "compile-component";

/// A guest's log lines are the gateway's diagnostics, never evidence.
fn guest_log(adapter: &str, level: Level, text: &str) {
    match level {
        Level::Debug => tracing::debug!(adapter, "{text}"),
        Level::Info => tracing::info!(adapter, "{text}"),
        Level::Warning => tracing::warn!(adapter, "{text}"),
        Level::Error => tracing::error!(adapter, "{text}"),
    }
}

/// A key of this node alone: made once, readable by the gateway alone. One authenticates cached
/// native code, another stands for what auditors search for.
///
/// # Errors
/// A file that cannot be read or made, or does not hold 32 bytes.
pub(crate) fn own_key(file: &Path) -> anyhow::Result<[u8; 32]> {
    let mut key = [0; 32];
    match fs::read(file) {
        Ok(bytes) => {
            key = bytes
                .try_into()
                .ok()
                .with_context(|| format!("{} does not hold 32 bytes; delete it", file.display()))?;
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fs::File::open("/dev/urandom")
                .and_then(|mut random| random.read_exact(&mut key))
                .context("making a key")?;
            let mut options = fs::OpenOptions::new();
            let made = options.write(true).create_new(true).mode(0o600).open(file);
            made.and_then(|mut made| made.write_all(&key))
                .with_context(|| format!("writing {}", file.display()))?;
        }
        Err(error) => return Err(error).with_context(|| format!("reading {}", file.display())),
    }
    Ok(key)
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).map_err(|cause| {
        let text = format!("{} cannot be read: {cause}", file.display());
        anyhow::Error::new(cause).context(text)
    })
}
