//! HTTP of the audit log: being a witness, asking witnesses, asking for timestamps, serving tiles and proofs.
//!
//! What is decided stands in functions without a network ([`witness::Witness`], [`serve::PublishedLog`]); around them are
//! one small server and one small client of HTTP/1.1, both with a bound on every size and every wait. Nothing here reads
//! a clock, an environment or a configuration, and nothing writes the log. The binary wires it; a witness is a process
//! of its own, at another agency.
//!
//! Reading order: [`mod@witness`] (what a witness decides and keeps), [`ask`] (the log's side of it), [`stamp`],
//! [`serve`]; [`http`] is what they stand on.

#![forbid(unsafe_code)]

pub mod ask;
pub mod http;
pub mod serve;
pub mod stamp;
mod text;
pub mod witness;
