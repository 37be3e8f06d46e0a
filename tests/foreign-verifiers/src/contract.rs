//! The contract of clients judged by the compiler a partner uses.
//!
//! Our own code is made by another compiler (`protox`), which could accept what protoc refuses. Here the protoc of
//! `grpcio-tools` compiles all of `proto/`, and Python's protobuf library writes and reads golden conversions with the
//! result. Without the package the test is passed over with one line; `cargo xtask python` installs it.

use std::{path::Path, process::Command};

use crate::tools::{python_program, run};

/// Exit code of the script where the package is missing.
const MISSING: i32 = 3;

#[test]
fn protoc_compiles_the_contract_and_python_writes_the_bytes_of_rust() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(python_program());
    command
        .arg("-B")
        .arg(manifest.join("python/contract.py"))
        .arg(manifest.join("../.."))
        .arg(folder.path());
    let Some(output) = run(&mut command) else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(MISSING) {
        println!("passed over: {said}");
        return;
    }
    assert!(output.status.success(), "{said}");
    println!("protoc: {said}");
}
