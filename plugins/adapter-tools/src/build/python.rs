//! Python, by componentize-py: an interpreter with the modules in it.

use std::fs;
use std::path::{Path, PathBuf};

use adapter_build::command::{clean, is_there, run};

use super::{BuildError, Project, file};

/// The folder of the project's own environment.
pub(super) const ENVIRONMENT: &str = ".venv";

/// Compiles `src/adapter.py`.
pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, BuildError> {
    let program = program(project, "componentize-py")?;
    let out = project.work.join("adapter.wasm");
    run(clean(program)
        .current_dir(project.folder)
        .args([
            "--wit-path",
            "wit",
            "--world",
            "adapter",
            "componentize",
            "adapter",
        ])
        .args([
            "--python-path",
            "src",
            "--python-path",
            "sdk",
            "--stub-wasi",
            "--output",
        ])
        .arg(&out))?;
    fs::read(&out).map_err(file(&out))
}

/// A program of the project's environment, of the shared one, or of the system; installed if that is asked for.
pub(super) fn program(project: &Project<'_>, name: &'static str) -> Result<PathBuf, BuildError> {
    let find = || {
        let own = format!("{ENVIRONMENT}/bin");
        let places = project.places(&own, "venv/bin", name);
        places.into_iter().find(|place| place.exists())
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    if project.tools.install {
        install(project.folder)?;
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    if name != "python" && is_there(name) {
        return Ok(name.into());
    }
    let folder = project.folder.display();
    Err(BuildError::Missing {
        what: if name == "python" {
            "zig (package ziglang)"
        } else {
            name
        },
        install: format!(
            "python3 -m venv {folder}/{ENVIRONMENT} && {folder}/{ENVIRONMENT}/bin/pip install --requirement {folder}/requirements.txt"
        ),
    })
}

/// Makes the project's environment with the versions it pins.
fn install(folder: &Path) -> Result<(), BuildError> {
    let environment = folder.join(ENVIRONMENT);
    run(clean("python3").args(["-m", "venv"]).arg(&environment))?;
    Ok(run(clean(environment.join("bin/pip"))
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(folder.join("requirements.txt")))?)
}
