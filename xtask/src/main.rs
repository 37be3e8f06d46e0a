//! Tasks of the repository: `cargo xtask <task>`.
//!
//! Only the dispatch; every task is a module. Nothing of the product depends on
//! this program, and it is not shipped. People and the continuous integration
//! call it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod component;
mod wasm;

const USAGE: &str = "\
usage: cargo xtask <task>

tasks:
  adapters [NAME..]   build the adapters (all, or those named) as components
                      into target/adapters/<id>/";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("", arguments.as_slice()),
    };
    let result = match task {
        "adapters" => wasm::adapters(&root(), rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {task}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The root of the repository: the folder above this package.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
