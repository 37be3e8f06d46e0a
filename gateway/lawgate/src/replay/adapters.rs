//! The adapters of a data folder by digest, installed once each.

use std::collections::HashMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapter_host::Host;
use anyhow::Context as _;
use exchange::ports::{AdapterIdentity, Converter};
use exchange::replay::{Finding, Kind};

use crate::config;
use crate::output::hex;
use crate::wiring::{self, KeptFile};

/// Most different adapters of one replay.
const MOST_ADAPTERS: u32 = 64;

/// Component and configuration.
type Digests = ([u8; 32], [u8; 32]);

/// An adapter, or why it cannot be had.
type Had = Result<Arc<dyn Converter>, Vec<(Kind, String)>>;

/// Adapters that were asked for, with those that could not be had.
pub(super) struct Adapters {
    data: PathBuf,
    sandboxes: Sandboxes,
    installed: HashMap<Digests, Had>,
}

/// A plugin host of its own, with the default limits.
pub(super) struct Sandboxes {
    pub(super) host: Host,
    /// Folder of compiled code, removed with this value.
    _cache: Cache,
}

impl Sandboxes {
    /// Starts a host.
    ///
    /// # Errors
    /// When the host cannot be started.
    pub(super) fn new() -> anyhow::Result<Sandboxes> {
        let mut key = [0; 32];
        std::fs::File::open("/dev/urandom")
            .and_then(|mut random| random.read_exact(&mut key))
            .context("making a key")?;
        let cache = Cache(std::env::temp_dir().join(format!("lawgate-replay-{}", hex(&key[..8]))));
        let limits = wiring::host_limits(&config::default_sandbox(), cache.0.clone(), key)?;
        let host = Host::new(adapter_host::Config {
            workers: 1,
            adapters: MOST_ADAPTERS,
            ..limits
        })
        .context("starting the plugin host")?;
        Ok(Sandboxes {
            host,
            _cache: cache,
        })
    }
}

impl Adapters {
    /// A host with the default limits, for the adapters kept in `data`.
    ///
    /// # Errors
    /// When the host cannot be started.
    pub(super) fn new(data: &Path) -> anyhow::Result<Adapters> {
        let sandboxes = Sandboxes::new()?;
        Ok(Adapters {
            data: data.to_owned(),
            sandboxes,
            installed: HashMap::new(),
        })
    }

    /// The adapter that an entry names, from its kept bytes; what is wrong with them are findings.
    pub(super) fn of(
        &mut self,
        position: u64,
        named: &AdapterIdentity,
    ) -> Result<Arc<dyn Converter>, Vec<Finding>> {
        let digests = (named.component, named.configuration);
        if !self.installed.contains_key(&digests) {
            let installed = self.install(named);
            self.installed.insert(digests, installed);
        }
        match &self.installed[&digests] {
            Ok(converter) => Ok(Arc::clone(converter)),
            Err(wrong) => Err(wrong
                .iter()
                .map(|(kind, text)| Finding::of_submission(position, *kind, text.clone()))
                .collect()),
        }
    }

    fn install(&self, named: &AdapterIdentity) -> Result<Arc<dyn Converter>, Vec<(Kind, String)>> {
        let mut wrong = Vec::new();
        let mut file =
            |what: &str, digest: &[u8; 32], altered| match wiring::kept_file(&self.data, digest) {
                KeptFile::Whole(bytes) => bytes,
                KeptFile::Missing(path) => {
                    let text = format!("{what}: {} is not there", path.display());
                    wrong.push((Kind::Missing, text));
                    Vec::new()
                }
                KeptFile::Altered { path, found } => {
                    let text = format!(
                        "{what}: {} has the digest sha256:{}",
                        path.display(),
                        hex(&found)
                    );
                    wrong.push((altered, text));
                    Vec::new()
                }
                KeptFile::Unreadable { path, cause } => {
                    let text = format!("{what}: {} cannot be read: {cause}", path.display());
                    wrong.push((Kind::Missing, text));
                    Vec::new()
                }
            };
        let name = format!("{}@{}", named.id, named.version);
        let component = file(
            &format!("component of {name}"),
            &named.component,
            Kind::ComponentAltered,
        );
        let configuration = file(
            &format!("configuration of {name}"),
            &named.configuration,
            Kind::ConfigurationAltered,
        );
        if !wrong.is_empty() {
            return Err(wrong);
        }
        wiring::converter(&self.sandboxes.host, &component, &configuration).map_err(|error| {
            vec![(
                Kind::NotRun,
                format!("adapter {name}: {}", wiring::fault_text(&error)),
            )]
        })
    }
}

/// A folder for compiled code that nobody else uses; removed when dropped.
struct Cache(PathBuf);

impl Drop for Cache {
    fn drop(&mut self) {
        // A leftover in the system's folder for such things harms nobody.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
