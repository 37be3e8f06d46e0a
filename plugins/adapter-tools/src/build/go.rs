//! Go, by its own compiler, for the system interface that it knows; none of that is left in the component.

use std::fs;

use adapter_build::command::run;
use adapter_build::go::{LEAST, command, find};

use super::{BuildError, Project, file};
use crate::component;

/// What is compiled for: a library whose functions are called, without `main`.
const TARGET: [(&str, &str); 3] = [("GOOS", "wasip1"), ("GOARCH", "wasm"), ("CGO_ENABLED", "0")];

/// No paths of the machine, no name or state of a repository and no names for a debugger: the same files give the same
/// component.
const FLAGS: [&str; 5] = [
    "build",
    "-buildmode=c-shared",
    "-trimpath",
    "-buildvcs=false",
    "-ldflags=-s -w -buildid=",
];

/// Compiles `src/*.go` with the kit in `sdk/`.
pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, BuildError> {
    let places = project.places(".venv/bin", "venv/bin", "go");
    let compiler = find(places).map_err(missing)?;
    let cache = match &project.tools.folder {
        Some(folder) => folder.join("go-cache"),
        None => project.work.join("go-cache"),
    };
    let out = project.work.join("core.wasm");
    run(command(&compiler)
        .current_dir(project.folder)
        .env("GOCACHE", cache)
        .envs(TARGET)
        .args(FLAGS)
        .arg("-o")
        .arg(&out)
        .arg("./src"))?;
    let core = fs::read(&out).map_err(file(&out))?;
    let contract = project.folder.join("wit");
    component::encode_denied(&core, &contract).map_err(BuildError::Component)
}

/// Says what to install, and what was found instead.
fn missing(too_old: Option<String>) -> BuildError {
    let (major, minor) = LEAST;
    let found = too_old.as_deref().unwrap_or("none");
    BuildError::NotInstalled {
        what: "Go of a version that compiles adapters",
        advice: format!(
            "found {found}; put the `go` of Go {major}.{minor} or later into PATH, or unpack its archive into \
             /usr/local/go (golang-go of Debian 12 is 1.19, which is too old)"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_names_the_version_that_is_needed_and_the_one_found() {
        let text = missing(Some("go1.19.8".to_owned())).to_string();
        assert!(text.contains("found go1.19.8"), "{text}");
        assert!(text.contains("Go 1.24 or later"), "{text}");
        assert!(missing(None).to_string().contains("found none"));
    }
}
