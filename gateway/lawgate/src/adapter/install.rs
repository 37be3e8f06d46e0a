//! Installing one adapter outside a gateway.
//!
//! The same host, compiler process and limits as `serve` with the defaults of
//! `[sandbox]`; compiled code goes to a folder that is removed afterwards.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use adapter_host::{Adapter, Host, Level, Message, Outcome};
use anyhow::Context as _;

use super::manifest;
use crate::cli::AdapterInspect;
use crate::client::Sourced;
use crate::config;
use crate::wiring::{host_limits, installed};

/// Messages of one call, as many as the gateway gives to one sandbox (decision 0009).
const CALL_MESSAGES: usize = 256;

/// An adapter, ready to convert.
pub(super) struct Installed {
    /// The adapter.
    pub(super) adapter: Adapter,
    /// Size of its component.
    pub(super) component_bytes: usize,
    /// Removed with this value.
    _cache: Cache,
}

impl Installed {
    /// Installs the adapter and compares its manifest.
    pub(super) fn load(arguments: &AdapterInspect) -> anyhow::Result<Self> {
        let folder = &arguments.folder;
        let component = read(&folder.join("adapter.wasm"))?;
        let configuration = match &arguments.configuration {
            Some(file) => read(file)?,
            None => read(&folder.join("configuration.json"))?,
        };
        let mut key = [0; 32];
        fs::File::open("/dev/urandom")
            .and_then(|mut random| random.read_exact(&mut key))
            .context("making a key")?;
        let cache = Cache::new(&key);
        let host = host(&cache, key)?;
        let adapter = installed(host.install(&component, &configuration))?;
        manifest::compare(folder, adapter.describe())?;
        Ok(Self {
            adapter,
            component_bytes: component.len(),
            _cache: cache,
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

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| {
        format!(
            "{} cannot be read; give the folder that `cargo xtask adapter build` printed",
            file.display()
        )
    })
}
