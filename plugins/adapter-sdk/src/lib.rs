//! Guest side of the adapter contract for Rust.
//!
//! An adapter implements [`Adapter`] and names itself in [`export_adapter!`];
//! this crate does the rest: the component bindings, the allocator, the
//! encoding of results. Everything but the export also works natively, so an
//! adapter is tested and measured as ordinary Rust through [`run`].
//!
//! It holds no format of any agency and no host code. Every Rust adapter
//! depends on it, and on nothing else of this workspace: the common schema is
//! re-exported as [`proto`] and its rules as [`schema`].

pub mod adapter;
pub mod arena;
#[doc(hidden)]
#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    unsafe_code,
    reason = "generated from plugins/wit by codegen; moving data over the boundary is unsafe"
)]
#[rustfmt::skip]
pub mod bindings;
mod compare;
#[doc(hidden)]
pub mod export;
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub mod native;
pub mod outcome;

pub use adapter::{
    Adapter, Attribute, ConfigurationFault, Description, Limits, Message, Rejection,
};
pub use export::{Level, log};
pub use outcome::{Outcome, encode, run};
pub use proto;
pub use schema;

#[cfg(feature = "documents")]
pub mod document;
#[cfg(feature = "goldens")]
pub mod goldens;
#[cfg(feature = "documents")]
pub mod mapping;
