//! Installing one adapter outside a gateway.
//!
//! The same host, compiler process and limits as `serve` with the defaults of
//! `[sandbox]`. Compiled code of a folder stays beside the component, authenticated
//! by a key of the user, so that the next command need not compile; that of a
//! pack goes to a folder that is removed afterwards.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use adapter_host::{Adapter, Host, Level, Message, Outcome};
use adapter_tools::full_call;
use anyhow::Context as _;

use super::source::Source;
use crate::cli::AdapterSource;
use crate::client::Sourced;
use crate::config;
use crate::wiring::{host_limits, installed, own_key};

/// Folder of native code beside a component that was built.
pub(super) const CODE_FOLDER: &str = "native";

/// A host with the limits of a gateway that sets none.
pub(super) struct Lab {
    /// The host.
    pub(super) host: Host,
    /// Removed with this value, when nothing is to stay.
    _cache: Option<Cache>,
}

impl Lab {
    /// Starts the host; native code stays in the folder `kept`, if there is one that can be written.
    pub(super) fn new(kept: Option<PathBuf>) -> anyhow::Result<Self> {
        let lasting = kept.and_then(|folder| {
            let key = user_key()?;
            host(folder, key).ok()
        });
        if let Some(host) = lasting {
            return Ok(Self { host, _cache: None });
        }
        let mut key = [0; 32];
        fs::File::open("/dev/urandom")
            .and_then(|mut random| random.read_exact(&mut key))
            .context("making a key")?;
        let cache = Cache::new(&key);
        let host = host(cache.0.clone(), key)?;
        Ok(Self {
            host,
            _cache: Some(cache),
        })
    }
}

/// The key that authenticates this user's native code, in the user's own folder: what somebody else put into a project
/// is not run. `None` where there is no such folder; then nothing is kept.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the environment: where this user's caches are"
)]
fn user_key() -> Option<[u8; 32]> {
    let named = |name: &str| std::env::var(name).ok().filter(|path| !path.is_empty());
    let stated = named("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || named("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let folder = stated.or_else(home)?.join("lawgate");
    let made = fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder);
    made.ok()?;
    own_key(&folder.join("adapter-cache.key")).ok()
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
        let folder = arguments.path.is_dir();
        let kept = folder.then(|| arguments.path.join(CODE_FOLDER));
        Self::of(Source::read(arguments)?, kept)
    }

    /// Installs the adapter under the limits of its manifest and compares that; native code stays in `kept`.
    pub(super) fn of(source: Source, kept: Option<PathBuf>) -> anyhow::Result<Self> {
        let lab = Lab::new(kept)?;
        let asked = adapter_tools::asked(&source.manifest);
        let (component, configuration) = (&source.component, &source.configuration);
        let adapter = installed(lab.host.install_within(component, configuration, asked))?;
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
        let most = full_call::messages_per_call(&self.source.manifest);
        for call in messages.chunks(most) {
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

fn host(cache: PathBuf, key: [u8; 32]) -> anyhow::Result<Host> {
    let limits = host_limits(&config::default_sandbox(), cache, key)?;
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
