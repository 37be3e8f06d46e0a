//! Adapters in sandboxes behind the exchange's trait.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use adapter_host::{
    Adapter, CallError, CompileError, CompileLimits, Compiler, Host, InstallError, Level, Outcome,
};
use anyhow::{Context as _, ensure};
use exchange::Feed;
use exchange::lifecycle::Configured;
use exchange::ports::{
    AdapterFiles, AdapterIdentity, ConvertFailure, Converted, Converter, Message,
};
use sha2::{Digest as _, Sha256};

use crate::config::model::{self, Config};
use crate::output::{hex, printable};

/// An installed adapter.
pub(super) struct Sandboxed {
    pub(super) identity: AdapterIdentity,
    pub(super) adapter: Arc<Adapter>,
}

impl Converter for Sandboxed {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        self.made(self.adapter.convert(&of_host(messages)))
    }

    fn memory_peak(&self) -> u64 {
        self.adapter.memory_peak()
    }

    fn convert_sliced(
        &self,
        messages: &[Message],
        slice: Duration,
    ) -> Result<Option<Vec<Converted>>, ConvertFailure> {
        match self.adapter.convert_sliced(&of_host(messages), slice) {
            Err(CallError::Slice) => Ok(None),
            result => self.made(result).map(Some),
        }
    }
}

fn of_host(messages: &[Message]) -> Vec<adapter_host::Message<'_>> {
    let messages = messages.iter();
    messages
        .map(|message| adapter_host::Message {
            payload: &message.payload,
            attributes: &message.attributes,
        })
        .collect()
}

impl Sandboxed {
    fn made(
        &self,
        result: Result<Vec<Outcome>, CallError>,
    ) -> Result<Vec<Converted>, ConvertFailure> {
        match result {
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

/// The feeds of the configuration, and the files of the adapters it names.
///
/// # Errors
/// A file that is missing, a pin that does not match: named by feed.
pub(crate) fn feeds(config: &Config) -> anyhow::Result<(Vec<Feed>, Vec<Configured>)> {
    let feeds = config.feeds.iter();
    let declared = feeds.clone().map(|feed| Feed {
        id: feed.id.clone(),
        kind: feed.kind.clone(),
        converter: None,
    });
    let configured = feeds.map(|feed| {
        // The reason goes into the line that is shown without --verbose.
        let files = files(feed).map_err(|error| {
            let text = format!("feed {}: {error}", feed.id);
            error.context(text)
        })?;
        Ok(Configured {
            feed: feed.id.clone(),
            files,
        })
    });
    Ok((
        declared.collect(),
        configured.collect::<anyhow::Result<_>>()?,
    ))
}

/// The files of the adapter that the configuration names for a feed.
fn files(feed: &model::Feed) -> anyhow::Result<Option<AdapterFiles>> {
    let Some(folder) = &feed.adapter else {
        return Ok(None);
    };
    let component = read(&folder.join("adapter.wasm"))?;
    let configuration = match &feed.configuration {
        Some(file) => read(file)?,
        None => read(&folder.join("configuration.json"))?,
    };
    if let Some(pin) = feed.component_sha256 {
        let digest: [u8; 32] = Sha256::digest(&component).into();
        ensure!(
            digest == pin,
            "component_sha256 pins {}, and {} has {}",
            hex(&pin),
            folder.join("adapter.wasm").display(),
            hex(&digest)
        );
    }
    Ok(Some(AdapterFiles {
        component: component.into(),
        configuration: configuration.into(),
        manifest: read(&folder.join("adapter.toml"))?.into(),
        schema: match folder.join("configuration.schema.json") {
            schema if schema.is_file() => read(&schema)?.into(),
            _ => Vec::new().into(),
        },
    }))
}

/// What an entry says of an adapter.
pub(super) fn identity(adapter: &Adapter) -> AdapterIdentity {
    let description = adapter.describe();
    AdapterIdentity {
        id: description.id.clone(),
        version: description.version.clone(),
        component: adapter.digest(),
        configuration: adapter.configuration_digest(),
        schema_version: description.schema_version.clone(),
    }
}

/// What the host made of a component; an error says all that is wrong, one fault a line.
///
/// # Errors
/// The host's, with its causes or the faults of the configuration in its text.
pub(crate) fn installed(result: Result<Adapter, InstallError>) -> anyhow::Result<Adapter> {
    result.map_err(|error| {
        let text = fault_text(&error);
        anyhow::Error::new(error).context(text)
    })
}

/// A converter of these bytes, as `serve` would make it.
///
/// # Errors
/// The host's.
pub(crate) fn converter(
    host: &Host,
    component: &[u8],
    configuration: &[u8],
) -> Result<Arc<dyn Converter>, InstallError> {
    let adapter = host.install(component, configuration)?;
    Ok(Arc::new(Sandboxed {
        identity: identity(&adapter),
        adapter: Arc::new(adapter),
    }))
}

/// Whether an error says nothing about the component: the gateway could not have it compiled, or
/// not keep what was.
pub(super) fn is_our_own(error: &InstallError) -> bool {
    match error {
        InstallError::Cache { .. } => true,
        InstallError::Compile { cause } => matches!(
            cause,
            CompileError::Start { .. }
                | CompileError::Release { .. }
                | CompileError::Limit { .. }
                | CompileError::Deadline { .. }
        ),
        InstallError::TooLarge { .. }
        | InstallError::DoesNotFit { .. }
        | InstallError::Import { .. }
        | InstallError::Export { .. }
        | InstallError::Contract { .. }
        | InstallError::Description { .. }
        | InstallError::Configuration { .. }
        | InstallError::Call { .. } => false,
    }
}

/// An error of the host with everything in it that is wrong.
pub(crate) fn fault_text(error: &InstallError) -> String {
    let mut text = error.to_string();
    if let InstallError::Configuration { faults } = error {
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
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text.push_str(&format!(": {inner}"));
        cause = inner.source();
    }
    if let InstallError::Compile {
        cause: CompileError::Start { .. } | CompileError::Release { .. },
    } = error
    {
        text.push_str("; ");
        text.push_str(Compiler::PROGRAM);
        text.push_str(" of the same release lies beside lawgate");
    }
    if let InstallError::Compile {
        cause: CompileError::Processor { .. } | CompileError::Deadline { .. },
    } = error
    {
        text.push_str(
            "; `[sandbox] compile_deadline_ms` of a gateway is this limit, its default elsewhere",
        );
    }
    text
}

/// Sandboxes besides those of submissions, at most: for shadows, of which each feed has one, and for
/// what administrators try at the same time. Each takes address space for every adapter.
const OTHER_SANDBOXES: usize = 34;

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
    usable(&limits.compiler)?;
    let sandboxes = exchange::sandboxes(workers) + OTHER_SANDBOXES;
    Host::new(adapter_host::Config {
        log: guest_log,
        workers: u32::try_from(sandboxes).unwrap_or(u32::MAX),
        adapters: u32::try_from(config.feeds.len() * 2)
            .unwrap_or(u32::MAX)
            .max(limits.adapters),
        ..limits
    })
    .context("starting the plugin host")
}

/// Tries whether a compiler is there and of this release.
///
/// # Errors
/// It is not; the text says what is wrong and where one is looked for.
fn usable(compiler: &Compiler) -> anyhow::Result<()> {
    compiler.check().with_context(|| {
        format!(
            "the compiler {} cannot be used; {} of the same release lies beside `lawgate`, or where `[sandbox] compiler` says",
            compiler.program.display(),
            Compiler::PROGRAM
        )
    })
}

/// Tries the compiler of a configuration, as a gateway does at its start.
///
/// # Errors
/// It cannot be used.
pub(crate) fn try_compiler(sandbox: &model::Sandbox) -> anyhow::Result<()> {
    usable(&host_limits(sandbox, PathBuf::new(), [0; 32])?.compiler)
}

/// How many times longer than its processor time a compilation may take by the clock: others use the processors too.
const BUSY_MACHINE: u32 = 10;

/// Limits and compiler of a host by `[sandbox]`; the caller sets log, workers and adapters.
///
/// # Errors
/// When this program does not know where it is, and the compiler's place is not configured.
pub(crate) fn host_limits(
    sandbox: &model::Sandbox,
    cache: PathBuf,
    key: [u8; 32],
) -> anyhow::Result<adapter_host::Config> {
    let limits = CompileLimits {
        address_space_bytes: sandbox.compile_memory_bytes,
        processor_seconds: sandbox.compile_deadline.as_secs().max(1),
        deadline: sandbox.compile_deadline * BUSY_MACHINE,
    };
    let compiler = match &sandbox.compiler {
        Some(program) => Compiler {
            program: program.clone(),
            args: Vec::new(),
            limits,
        },
        None => Compiler {
            limits,
            ..Compiler::beside_this_program().context("finding the place of this program")?
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
