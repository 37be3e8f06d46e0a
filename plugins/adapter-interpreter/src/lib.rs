//! A second engine for adapters: runs a component by interpretation, without compiling anything.
//!
//! The gateway runs adapters in wasmtime (`adapter-host`). Whoever makes a conversion again to check
//! the gateway should not have to trust the same engine, and should be able to build what is run:
//! this crate takes the core modules out of the component, links them as the component says, and
//! lets `wasmi`, an interpreter in Rust, execute them. The canonical ABI is written here for the one
//! world there is, `lawgate:adapter@1`: three functions out, one in.
//!
//! It reads no file and no clock and shares no code with `adapter-host`. What it does not know of
//! the component model (resources, nested components, asynchronous functions, strings that are not
//! UTF-8) it refuses by name.
//!
//! Reading order: [`component`] (from bytes to a plan), [`link`](mod@link) (from the plan to running
//! modules), [`guest`] (the three functions), [`memory`] (values in a guest's memory).
#![forbid(unsafe_code)]

pub mod component;
mod error;
mod guest;
mod link;
mod memory;

pub use component::{Component, LoadError};
pub use error::CallError;
pub use guest::{Message, Outcome};
