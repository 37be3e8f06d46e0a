//! `lawgate`: the gateway and its command line.
//!
//! Reads the command line and hands it to the module that does it. The only
//! crate that reads configuration, environment and clock.
#![forbid(unsafe_code)]

mod adapter;
mod archive;
mod attest;
mod audit;
mod cli;
mod client;
mod config;
mod init;
mod keys;
mod logging;
mod metrics;
mod output;
mod receipt;
mod replay;
mod run;
mod serve;
mod wiring;
mod witness;

use std::process::ExitCode;

use clap::Parser;

/// Records are made on one thread and freed on another all day long.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    run::run(&cli::Cli::parse())
}
