//! Tasks of the repository: `cargo xtask <task>`.
//!
//! Only the dispatch; every task is a module. Nothing of the product depends on
//! this program, and it is not shipped. People and the continuous integration
//! call it.

#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "tasks tell the person who runs them what they do"
)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

mod attacks;
mod build;
mod corpus;
mod debian;
mod demo;
mod languages;
mod table;
mod test;
mod verifier;
mod wasm;

const USAGE: &str = "\
usage: cargo xtask <task>

tasks:
  demo [--stay] [--corpus FOLDER] [--release]
                      build everything, start the gateway in target/demo, submit
                      the samples of all feeds, show the result, verify the log;
                      --stay leaves it serving; --corpus also feeds every HJ 212
                      packet of FOLDER/hj212 and compares verdicts with labels
  test                run every test of every crate, adapters also as components
  attacks [--json FILE] [--keep FOLDER]
                      do the 17 attacks of an operator on an audit log and show which
                      verifier notices which; fails unless all are noticed and the
                      honest log passes
  bench [ROW..]       measure, print ratios, write target/bench/report.json
  generate            write the code and documents that follow from proto/ and
                      plugins/wit
  verifier-wasm [test]
                      build the check of evidence packages as a WebAssembly module
                      into target/verifier-wasm/; test also runs it under Node on an
                      honest and a tampered package beside the native verifier
  python              make the Python environment of the foreign client
  languages           make an adapter in each language as an integrator does, with
                      compilers of npm and PyPI in target/toolchains
  adapters [NAME..]   build the adapters (all, or those named) as components
                      into target/adapters/<id>/
  adapter new [--mapping] FOLDER
                      copy the template of an adapter to FOLDER, whose name becomes
                      its id; --mapping takes the one without code
  adapter build FOLDER
                      build the adapter in FOLDER, wherever that is, as a
                      component into FOLDER/target/adapter/
  adapter try         copy, test and build both templates, as `test` does";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (task, rest) = match arguments.split_first() {
        Some((task, rest)) => (task.as_str(), rest),
        None => ("", arguments.as_slice()),
    };
    let result = match task {
        "adapters" => wasm::adapters(&root(), rest),
        "adapter" => wasm::adapter(&root(), rest),
        "demo" => demo::Options::parse(rest).and_then(|options| demo::run(&root(), &options)),
        "attacks" => attacks::run(&root(), rest),
        "languages" => languages(&root()),
        "test" => test::run(&root(), rest),
        "bench" => bench(&root(), rest),
        "generate" => build::cargo(&root(), &["run", "--quiet", "--package", "codegen"]),
        "verifier-wasm" => verifier::run(&root(), rest),
        "python" => build::python(&root()).map(drop),
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

/// Builds the gateway's binary and tries adapters of every language with it.
fn languages(root: &Path) -> anyhow::Result<()> {
    let built = build::binaries(root, &["lawgate"], false)?;
    languages::run(root, &built.join("lawgate"))
}

/// Builds everything optimised, then measures in one process.
fn bench(root: &Path, rows: &[String]) -> anyhow::Result<()> {
    wasm::adapters(root, &[])?;
    let built = build::binaries(root, &["lawgate", "bench"], true)?;
    build::run(
        std::process::Command::new(built.join("bench"))
            .args(rows)
            .current_dir(root),
    )
}

/// The root of the repository: the folder above this package. Asked when it runs, because a
/// shared target folder may hold a binary that another checkout built.
fn root() -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo tells its tasks where they are"
    )]
    let package = std::env::var("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    let package = Path::new(&package);
    package.parent().unwrap_or(package).to_owned()
}
