//! The whole thing is true: tests over the real binary, real components, real files.
//!
//! `cargo xtask test` builds what they need. They use port 0 and temporary
//! folders, and print the seed of whatever is random.
#![forbid(unsafe_code)]

mod archive;
mod attest;
mod compiler;
mod crash;
mod damage;
mod evidence;
mod exchange;
mod foreign;
mod goldens;
mod leaving;
mod legal;
mod metrics;
mod personal;
mod rebuild;
mod refusals;
mod registry;
mod replay;
mod support;
mod workshop;
