//! Installing one adapter outside a gateway.
//!
//! The same host, compiler process and limits as `serve` with the defaults of
//! `[sandbox]`; compiled code goes to a folder that is removed afterwards.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;

use adapter_host::{Adapter, Host, Level, Message, Outcome};
use anyhow::Context as _;

use super::source::Source;
use crate::cli::AdapterSource;
use crate::client::Sourced;
use crate::config;
use crate::wiring::{host_limits, installed};

/// Messages of one call, as many as the gateway gives to one sandbox (decision 0009).
const CALL_MESSAGES: usize = 256;

/// A host with the limits of a gateway that sets none, and a cache that is removed with it.
pub(super) struct Lab {
    /// The host.
    pub(super) host: Host,
    /// Removed with this value.
    _cache: Cache,
}

impl Lab {
    /// Starts the host.
    pub(super) fn new() -> anyhow::Result<Self> {
        let mut key = [0; 32];
        fs::File::open("/dev/urandom")
            .and_then(|mut random| random.read_exact(&mut key))
            .context("making a key")?;
        let cache = Cache::new(&key);
        let host = host(&cache, key)?;
        Ok(Self {
            host,
            _cache: cache,
        })
    }
}

/// An adapter, ready to convert.
pub(super) struct Installed {
    /// The adapter.
    pub(super) adapter: Adapter,
    /// What it was installed by.
    pub(super) source: Source,
    _lab: Lab,
}

impl Installed {
    /// Reads the adapter, installs it and compares its manifest.
    pub(super) fn load(arguments: &AdapterSource) -> anyhow::Result<Self> {
        Self::of(Source::read(arguments)?)
    }

    /// Installs the adapter and compares its manifest.
    pub(super) fn of(source: Source) -> anyhow::Result<Self> {
        let lab = Lab::new()?;
        let adapter = installed(lab.host.install(&source.component, &source.configuration))?;
        source.agrees_with(adapter.describe())?;
        Ok(Self {
            adapter,
            source,
            _lab: lab,
        })
    }

    /// Converts the messages as one submission, in calls as the gateway makes them.
    pub(super) fn convert(&self, messages: &[Sourced]) -> anyhow::Result<Vec<Outcome>> {
        let mut outcomes = Vec::with_capacity(messages.len());
        for call in messages.chunks(CALL_MESSAGES) {
            outcomes.extend(self.call(call)?);
        }
        Ok(outcomes)
    }

    fn call(&self, messages: &[Sourced]) -> anyhow::Result<Vec<Outcome>> {
        let attributes: Vec<Vec<(String, String)>> = messages
            .iter()
            .map(|sourced| {
                let stated = sourced.message.attributes.iter();
                stated
                    .map(|stated| (stated.name.clone(), stated.value.clone()))
                    .collect()
            })
            .collect();
        let given: Vec<Message<'_>> = messages
            .iter()
            .zip(&attributes)
            .map(|(sourced, attributes)| Message {
                payload: &sourced.message.payload,
                attributes,
            })
            .collect();
        self.adapter.convert(&given).map_err(|error| {
            let code = error.code();
            anyhow::Error::new(error)
                .context(format!("the call ended without results: {code}; in a gateway its {} messages would be quarantined", messages.len()))
        })
    }
}

/// A folder for compiled code that nobody else uses; removed when dropped.
struct Cache(PathBuf);

impl Cache {
    /// Names the folder after random bytes; the host makes it.
    fn new(random: &[u8; 32]) -> Self {
        let name = crate::output::hex(&random[..8]);
        Self(std::env::temp_dir().join(format!("lawgate-adapter-{name}")))
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // A leftover in the system's folder for such things harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn host(cache: &Cache, key: [u8; 32]) -> anyhow::Result<Host> {
    let limits = host_limits(&config::default_sandbox(), cache.0.clone(), key)?;
    Host::new(adapter_host::Config {
        log: to_stderr,
        workers: 1,
        adapters: 1,
        ..limits
    })
    .context("starting the plugin host")
}

/// Lines a guest logs, for the one who writes it.
fn to_stderr(adapter: &str, level: Level, text: &str) {
    let text = crate::output::printable(text);
    eprintln!("{adapter}: {level:?}: {text}");
}
