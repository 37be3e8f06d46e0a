//! Go's `golang.org/x/mod/sumdb`, the reference for signed notes and tiles, on the mirror that a node publishes.
//!
//! The program in `go/` is built outside the repository, once, and only where there is a Go toolchain that can fetch the
//! module; otherwise the test says so and ends.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use audit_log::LogSuite;
use tempfile::TempDir;

use crate::node::{Node, SIZE};

/// The files of the Go program.
const SOURCES: [&str; 3] = ["go.mod", "go.sum", "main.go"];

/// Builds the program in a folder of its own; `None`, and says why, when there is no Go or it cannot fetch the module.
fn program(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("go");
    for name in SOURCES {
        fs::copy(source.join(name), folder.join(name)).unwrap();
    }
    let program = folder.join("foreign");
    let mut go = Command::new("go");
    go.arg("build").arg("-o").arg(&program).current_dir(folder);
    let built = go
        .env("GOFLAGS", "-mod=mod")
        .env("GO111MODULE", "on")
        .output();
    let Ok(output) = built else {
        println!("passed over: go is not installed");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        // An error in the program itself is one of ours, and names its file.
        assert!(
            !said.contains("main.go:") || said.contains("golang.org/x/mod"),
            "{said}"
        );
        println!("passed over: go cannot fetch golang.org/x/mod");
        return None;
    }
    Some(program)
}

/// What the program says of the mirror of `node`.
fn check(program: &Path, node: &Node) -> Result<String, String> {
    let mut command = Command::new(program);
    let key = node.log_keys().next().unwrap().to_string();
    command.arg(node.path("audit/tiles")).arg(key);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    match output.status.code() {
        Some(0) => Ok(said),
        Some(1) => Err(said),
        _ => panic!("{said}{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn go_accepts_our_mirror_and_refuses_each_file_with_one_bit_changed() {
    let folder = TempDir::new().unwrap();
    let Some(program) = program(folder.path()) else {
        return;
    };
    // The tree of SHA-256 is the same in both suites; SM3 Go does not know.
    let node = Node::new(LogSuite::Dual);
    let good = format!("good: {SIZE} entries, 3 checkpoints\n");
    assert_eq!(check(&program, &node), Ok(good.clone()));
    for (name, place) in [
        ("checkpoint", 30),
        ("checkpoints/100", 30),
        ("tile/entries/000", 5_000),
        ("tile/entries/001.p/44", 5_000),
        ("tile/0/000", 5_000),
        ("tile/0/001.p/44", 43 * 32),
        ("tile/1/000.p/1", 9),
    ] {
        let name = format!("audit/tiles/{name}");
        let bytes = node.read(&name);
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        node.write(&name, &changed);
        let refused = check(&program, &node).unwrap_err();
        assert!(refused.starts_with("refused: "), "{name}: {refused}");
        node.write(&name, &bytes);
    }
    assert_eq!(check(&program, &node), Ok(good));
}
