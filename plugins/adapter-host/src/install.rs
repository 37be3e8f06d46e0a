//! Installing components: from bytes to an adapter that can be called.
//!
//! Everything that can be wrong with a component is found here, before a
//! message depends on it: its size, what it imports and exports, whether it
//! fits a sandbox, what it says about itself, and its configuration.

mod adapter;

use std::io;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, types};

pub use adapter::{Adapter, PreinitializeError};

use crate::cache::{Authenticated, Cache, CacheError, Found};
use crate::call::{self, CallError, Cause, ConfigurationFault};
use crate::compile::{self, CompileError, Order};
use crate::config::Config;
use crate::contract::AdapterPre;
use crate::description::{Asked, Description, DescriptionFault, Granted};
use crate::engine;
use crate::sandbox::{self, Limits, Linker, Place, Ready, Sandbox};
use crate::watch::Watch;

/// Interfaces a component may import, without the minor version: the log, and
/// the contract's types, which have no functions.
const ALLOWED_IMPORTS: [&str; 2] = ["lawgate:adapter/host@1.", "lawgate:adapter/types@1."];

/// Functions a component must export; it may export more, which is never called.
const REQUIRED_EXPORTS: [&str; 3] = ["describe", "configure", "convert"];

/// Installs and runs adapters. Cheap to clone; all clones share the sandboxes.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

/// What a host and its adapters share. The watch ends with the last of them.
struct Shared {
    config: Config,
    place: Place,
    linker: Linker,
    cache: Cache,
    _watch: Watch,
}

/// Why there is no host.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The pool of sandboxes was not set up; most often for lack of address space.
    #[error("the pool of sandboxes cannot be set up")]
    Engine {
        /// The engine's reason.
        #[source]
        cause: Cause,
    },
    /// The thread that keeps deadlines was not started.
    #[error("the thread that keeps deadlines cannot be started")]
    Watch {
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// The cache's folder cannot be used.
    #[error("the cache of native code cannot be opened")]
    Cache {
        /// The system's reason.
        #[source]
        cause: CacheError,
    },
}

/// Why a component was not installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The component is larger than allowed.
    #[error("the component has {bytes} bytes, {limit} are allowed")]
    TooLarge {
        /// Its size, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The component was not compiled: not a component, or one beyond the
    /// compiler's limits.
    #[error("the component cannot be compiled")]
    Compile {
        /// The compiler's reason.
        #[source]
        cause: CompileError,
    },
    /// The compiled code cannot be kept in the cache.
    #[error("the compiled code cannot be kept")]
    Cache {
        /// The system's reason.
        #[source]
        cause: CacheError,
    },
    /// The component needs more than a sandbox has: memory, tables, instances.
    #[error("the component does not fit a sandbox")]
    DoesNotFit {
        /// What does not fit.
        #[source]
        cause: Cause,
    },
    /// The component imports something an adapter may not have.
    #[error("the component imports {name}; an adapter may import lawgate:adapter/host only")]
    Import {
        /// Name of the import.
        name: String,
    },
    /// The component lacks a function of the contract.
    #[error("the component does not export {name}")]
    Export {
        /// Name of the function.
        name: &'static str,
    },
    /// A function of the component has another type than the contract's.
    #[error("the component does not follow the contract")]
    Contract {
        /// Which, and how.
        #[source]
        cause: Cause,
    },
    /// The adapter's description is malformed.
    #[error("the adapter's description is malformed")]
    Description {
        /// What is malformed.
        #[source]
        cause: DescriptionFault,
    },
    /// The adapter refused its configuration.
    #[error("the configuration has {} faults", faults.len())]
    Configuration {
        /// All of them.
        faults: Vec<ConfigurationFault>,
    },
    /// A call of `describe` or `configure` failed.
    #[error("the adapter failed in `{function}`")]
    Call {
        /// The function called.
        function: &'static str,
        /// How it failed.
        #[source]
        cause: CallError,
    },
}

/// Where an adapter's native code came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NativeCode {
    /// The cache.
    Cached,
    /// The compiler; the cache had none.
    Compiled,
    /// The compiler; the cache's file was not authentic and was replaced. Report it.
    CompiledAfterTampering,
}

impl Host {
    /// Sets up the sandboxes, the clock of deadlines and the cache.
    ///
    /// # Errors
    /// [`HostError`] names the part that failed; nothing is left running.
    pub fn new(config: Config) -> Result<Self, HostError> {
        let engine_error = |cause: wasmtime::Error| HostError::Engine {
            cause: cause.into_boxed_dyn_error(),
        };
        let cache = Cache::open(&config.cache_dir, config.cache_key)
            .map_err(|cause| HostError::Cache { cause })?;
        let engine = engine::running(&config).map_err(engine_error)?;
        let linker = sandbox::linker(&engine).map_err(engine_error)?;
        let watch = Watch::start(config.tick).map_err(|cause| HostError::Watch { cause })?;
        let place = Place {
            engine,
            calls: Arc::clone(watch.calls()),
        };
        Ok(Self(Arc::new(Shared {
            config,
            place,
            linker,
            cache,
            _watch: watch,
        })))
    }

    /// Makes an adapter of a component and its configuration.
    ///
    /// Compiles the component unless the cache has its code. Calls `describe`
    /// and `configure` under the same limits as every call. May take seconds.
    ///
    /// # Errors
    /// The first thing wrong with the component, or all faults of the configuration.
    pub fn install(&self, component: &[u8], configuration: &[u8]) -> Result<Adapter, InstallError> {
        self.install_within(component, configuration, Asked::default())
    }

    /// The same under limits that a manifest asks for, where they are less than the host's.
    ///
    /// # Errors
    /// As [`Host::install`].
    pub fn install_within(
        &self,
        component: &[u8],
        configuration: &[u8],
        asked: Asked,
    ) -> Result<Adapter, InstallError> {
        let shared = &self.0;
        let limit = shared.config.component_bytes_max;
        if component.len() > limit {
            return Err(InstallError::TooLarge {
                bytes: component.len(),
                limit,
            });
        }
        let digest: [u8; 32] = Sha256::digest(component).into();
        let configuration_digest: [u8; 32] = Sha256::digest(configuration).into();
        let name = compile::name_of_native(&digest, Some(&configuration_digest));
        let found = shared.cache.read(&name);
        let found = found.map_err(|cause| InstallError::Cache { cause })?;
        let configured = match &found {
            Found::Authentic(native) => shared.configured(native, asked),
            Found::Nothing | Found::Tampered => None,
        };
        let mut begun = match configured {
            Some(begun) => begun,
            None => shared.unconfigured(component, &digest, configuration, asked)?,
        };
        if matches!(found, Found::Tampered) {
            // It is not run, and is written anew when the adapter is next made to begin configured.
            begun.native_code = NativeCode::CompiledAfterTampering;
        }
        Ok(Adapter {
            shared: Arc::clone(shared),
            id: begun.description.id.as_str().into(),
            description: begun.description,
            limits: begun.limits,
            native_code: begun.native_code,
            begin: begun.begin,
            configured: OnceLock::new(),
            asked,
            digest,
            configuration: configuration.into(),
            configuration_digest,
        })
    }
}

/// What the sandboxes of an adapter begin with.
enum Begin {
    /// A guest to be configured.
    Unconfigured(Ready),
    /// A guest in the state it has after `configure`.
    Configured(Ready),
}

/// A component that was loaded and asked who it is.
struct Begun {
    begin: Begin,
    description: Description,
    limits: Limits,
    native_code: NativeCode,
}

impl Shared {
    /// The guest that begins configured, if it fits a sandbox: limits may have become narrower
    /// since it was made, and then the long way says so or does with less.
    fn configured(&self, native: &Authenticated, asked: Asked) -> Option<Begun> {
        let ready = self.prepare(&self.load(native).ok()?).ok()?;
        let (description, limits) = self.describe(&ready, asked).ok()?;
        Some(Begun {
            begin: Begin::Configured(ready),
            description,
            limits,
            native_code: NativeCode::Cached,
        })
    }

    /// The guest to be configured, which accepts the configuration.
    fn unconfigured(
        &self,
        component: &[u8],
        digest: &[u8; 32],
        configuration: &[u8],
        asked: Asked,
    ) -> Result<Begun, InstallError> {
        let (component, native_code) = self.loaded(component, digest)?;
        let ready = self.prepare(&component)?;
        let (description, limits) = self.introduce(&ready, configuration, asked)?;
        Ok(Begun {
            begin: Begin::Unconfigured(ready),
            description,
            limits,
            native_code,
        })
    }

    /// The component with its native code, from the cache or the compiler.
    fn loaded(
        &self,
        component: &[u8],
        digest: &[u8; 32],
    ) -> Result<(Component, NativeCode), InstallError> {
        let cache_error = |cause| InstallError::Cache { cause };
        let name = compile::name_of_native(digest, None);
        let origin = match self.cache.read(&name).map_err(cache_error)? {
            // Code of a machine with another processor is authentic and does not load.
            Found::Authentic(native) => match self.load(&native) {
                Ok(loaded) => return Ok((loaded, NativeCode::Cached)),
                Err(_) => NativeCode::Compiled,
            },
            Found::Nothing => NativeCode::Compiled,
            Found::Tampered => NativeCode::CompiledAfterTampering,
        };
        let native = self.compile(component, Order::Instrumented)?;
        let native = self.cache.write(&name, native).map_err(cache_error)?;
        Ok((self.load(&native)?, origin))
    }

    fn compile(&self, component: &[u8], order: Order<'_>) -> Result<Vec<u8>, InstallError> {
        compile::compile_with(&self.config.compiler, component, order)
            .map_err(|cause| InstallError::Compile { cause })
    }

    fn load(&self, native: &Authenticated) -> Result<Component, InstallError> {
        let loaded = native.load(&self.place.engine);
        loaded.map_err(|cause| InstallError::DoesNotFit {
            cause: cause.into_boxed_dyn_error(),
        })
    }

    /// Links a component, after a look at imports and exports.
    fn prepare(&self, component: &Component) -> Result<Ready, InstallError> {
        check_world(&component.component_type(), &self.place.engine)?;
        self.link(component)
            .map_err(|cause| InstallError::Contract {
                cause: cause.into_boxed_dyn_error(),
            })
    }

    fn link(&self, component: &Component) -> wasmtime::Result<Ready> {
        AdapterPre::new(self.linker.instantiate_pre(component)?)
    }

    /// Asks the adapter who it is, and limits it.
    fn describe(&self, ready: &Ready, asked: Asked) -> Result<(Description, Limits), InstallError> {
        let of_host = Granted::of_host(&self.config);
        let limits = Limits::new(&self.config, of_host);
        let unnamed: Arc<str> = "unnamed".into();
        let said = Sandbox::start(&self.place, ready, &unnamed, &limits, None)
            .and_then(|mut sandbox| sandbox.describe())
            .map_err(in_call("describe"))?;
        let mut description = Description::from_guest(said, of_host)
            .map_err(|cause| InstallError::Description { cause })?;
        let granted = description.granted;
        description.granted = granted.at_most(asked.memory_bytes, asked.deadline_ms);
        let limits = Limits::new(&self.config, description.granted)
            .at_most(asked.output_bytes, asked.log_lines);
        Ok((description, limits))
    }

    /// Asks the adapter who it is and gives it its configuration.
    fn introduce(
        &self,
        ready: &Ready,
        configuration: &[u8],
        asked: Asked,
    ) -> Result<(Description, Limits), InstallError> {
        let (description, limits) = self.describe(ready, asked)?;
        // The configuration is tried under the limits every later call has.
        let id: Arc<str> = description.id.as_str().into();
        Sandbox::start(&self.place, ready, &id, &limits, None)
            .and_then(|mut sandbox| sandbox.configure(configuration))
            .map_err(in_call("configure"))?
            .map_err(|faults| InstallError::Configuration {
                faults: call::faults_from_guest(faults),
            })?;
        Ok((description, limits))
    }
}

fn in_call(function: &'static str) -> impl Fn(CallError) -> InstallError {
    move |cause| InstallError::Call { function, cause }
}

/// Checks that a component imports what is allowed and exports what is required.
fn check_world(world: &types::Component, engine: &Engine) -> Result<(), InstallError> {
    for (name, import) in world.imports(engine) {
        let is_named = ALLOWED_IMPORTS
            .iter()
            .any(|allowed| name.starts_with(allowed));
        let is_allowed = match import.ty {
            ComponentItem::ComponentInstance(_) => is_named,
            // The contract's own types, by which its functions refer to them.
            ComponentItem::Type(_) => true,
            ComponentItem::ComponentFunc(_)
            | ComponentItem::CoreFunc(_)
            | ComponentItem::Module(_)
            | ComponentItem::Component(_)
            | ComponentItem::Resource(_) => false,
        };
        if !is_allowed {
            let name = name.to_owned();
            return Err(InstallError::Import { name });
        }
    }
    for name in REQUIRED_EXPORTS {
        let export = world.get_export(engine, name).map(|export| export.ty);
        if !matches!(export, Some(ComponentItem::ComponentFunc(_))) {
            return Err(InstallError::Export { name });
        }
    }
    Ok(())
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
