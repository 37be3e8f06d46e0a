//! Writes evidence packages (证据包, `.evp`): from what was gathered to the bytes of the file.
//!
//! Pure: the same contents give the same bytes, on every machine. It gathers nothing, decides nothing about who may see
//! what, reads no file and no clock; what a package holds and how it is checked is [`package_proof`]'s, which this crate
//! uses for every form it writes. Reading order: [`contents`] (what is handed in), [`compose`], [`statement`], [`mod@zip`].
#![forbid(unsafe_code)]

pub mod compose;
pub mod contents;
mod statement;
mod verifier;
mod zip;

pub use compose::{ComposeError, Composed, Seal, compose};
pub use contents::Contents;
pub use package_proof::{index, proofs, sealed};
pub use zip::write as container;
