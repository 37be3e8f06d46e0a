//! Runs adapters in sandboxes; the only user of wasmtime.
//!
//! A [`Host`] installs components; an [`Adapter`] converts the messages of a
//! submission, each call in a fresh sandbox with limits on memory, time,
//! output, log and stack. Nothing a guest does harms another call: after an
//! error its sandbox is dropped, and the error says which limit it met.
//!
//! This crate knows neither agencies nor records: it passes bytes. It checks no
//! publisher's signature and reads no manifest; the gateway does, before it
//! calls [`Host::install`]. Compilation, the one step a component can make
//! expensive, is done by another program in a child process ([`Compiler`]), and
//! cached native code is authenticated before it is loaded. That program is this
//! crate with the feature `compiler`; without it there is no compiler here.

#![deny(unsafe_code)]

mod cache;
mod call;
mod clock;
mod compile;
#[cfg(feature = "compiler")]
mod compiler;
mod config;
mod contract;
mod description;
mod engine;
mod install;
mod priority;
#[cfg(feature = "compiler")]
mod rewriting;
mod sandbox;
mod snapshot;
mod stop;
mod watch;

pub use call::{CallError, Cause, ConfigurationFault, Message, Outcome};
pub use compile::{CompileError, NATIVE_VERSION};
#[cfg(feature = "compiler")]
pub use compiler::compile_main;
pub use config::{CompileLimits, Compiler, Config, Level, LogSink};
pub use description::{Asked, Description, DescriptionFault, Granted};
pub use install::{Adapter, Host, HostError, InstallError, NativeCode, PreinitializeError};
pub use priority::stand_back_thread;
