//! The compiler for Go: which one is taken, and what reaches it of its user's settings.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command::{clean, output_of};

/// The oldest version that compiles adapters: it brought `go:wasmexport` and libraries for WebAssembly.
pub const LEAST: (u32, u32) = (1, 24);

/// Where Go's own archive is unpacked by custom.
const CUSTOMARY: &str = "/usr/local/go/bin/go";

/// Variables that would change what is built or where it comes from.
const OTHERS: [&str; 8] = [
    "GO111MODULE",
    "GOEXPERIMENT",
    "GOFIPS140",
    "GONOPROXY",
    "GOPRIVATE",
    "GOROOT",
    "GOTOOLDIR",
    "GOWASM",
];

/// What is set for every build: no other version is fetched and no module, and no file of settings is read.
const SETTINGS: [(&str, &str); 6] = [
    ("GOENV", "off"),
    ("GOFLAGS", ""),
    ("GOPROXY", "off"),
    ("GOTOOLCHAIN", "local"),
    ("GOVCS", "*:off"),
    ("GOWORK", "off"),
];

/// Finds a compiler that is new enough: at `places`, then in `PATH`, then where its archive is unpacked.
///
/// # Errors
/// There is none; the version of one that is too old, if there is such a one.
pub fn find(places: Vec<PathBuf>) -> Result<PathBuf, Option<String>> {
    let mut too_old = None;
    let system = ["go", CUSTOMARY].map(PathBuf::from);
    for place in places.into_iter().chain(system) {
        let Some(said) = output_of(command(&place).args(["env", "GOVERSION"])) else {
            continue;
        };
        if version(&said) >= Some(LEAST) {
            return Ok(place);
        }
        too_old.get_or_insert(said);
    }
    Err(too_old)
}

/// A command of a compiler without its user's settings.
pub fn command(compiler: &Path) -> Command {
    let mut command = clean(compiler);
    for name in OTHERS {
        command.env_remove(name);
    }
    command.envs(SETTINGS);
    command
}

/// The first two numbers of a version: 1 and 24 of `go1.24.4`.
fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix("go")?.split('.');
    let major = numbers.next()?.parse().ok()?;
    // `1.25rc1` and `1.25-custom` are 1.25.
    let minor = numbers.next()?;
    let end = minor.find(|letter: char| !letter.is_ascii_digit());
    let minor = minor.get(..end.unwrap_or(minor.len()))?.parse().ok()?;
    Some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go_are_told_apart_and_none_is_older_than_any() {
        for old in ["", "go1", "go1.19.8", "go1.9", "1.25.1", "devel +1234"] {
            assert!(version(old) < Some(LEAST), "{old}");
        }
        for new in ["go1.24", "go1.24.4", "go1.25rc1", "go1.26-custom", "go2.0"] {
            assert!(version(new) >= Some(LEAST), "{new}");
        }
    }
}
