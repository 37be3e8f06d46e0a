//! JavaScript, by componentize-js: an interpreter with the program in it.

use std::fs;
use std::path::PathBuf;

use adapter_build::command::{clean, is_there, run};

use super::{BuildError, Project, file};

/// The program of componentize-js below a folder of packages.
const PROGRAM: &str = ".bin/componentize-js";

/// Parts of the interpreter that would import WASI; each is named, because `all` is not accepted.
const DISABLED: [&str; 5] = ["stdio", "random", "clocks", "http", "fetch-event"];

/// Compiles `src/adapter.js`.
pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, BuildError> {
    if !is_there("node") {
        return Err(BuildError::NotInstalled {
            what: "node",
            advice: "install Node.js 20 or later (Debian: apt-get install nodejs npm)".to_owned(),
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
