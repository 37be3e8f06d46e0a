//! Rust, to `wasm32-unknown-unknown`, with the settings of our own adapters.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::command::{clean, is_there, output_of, run};
use super::{BuildError, Project, file};
use crate::component;

/// The target of all guests.
const TARGET: &str = "wasm32-unknown-unknown";

/// Settings of the compiler: SIMD makes scanning text faster; the small stack keeps the initial memory small.
const RUST_FLAGS: [&str; 2] = [
    "-Ctarget-feature=+simd128",
    "-Clink-arg=-zstack-size=131072",
];

/// The profile of guests: small, no unwinding, one unit.
const PROFILE: [&str; 5] = [
    "profile.release.opt-level=3",
    "profile.release.lto='fat'",
    "profile.release.codegen-units=1",
    "profile.release.panic='abort'",
    "profile.release.strip='debuginfo'",
];

/// Compiles the crate in the project's folder.
pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, BuildError> {
    let linker = find_target()?;
    let library = library(project.folder)?;
    let target_dir = match &project.tools.folder {
        Some(folder) => folder.join("cargo-target"),
        None => project.folder.join("target/wasm"),
    };
    let mut flags: Vec<String> = RUST_FLAGS.iter().map(|&flag| flag.to_owned()).collect();
    // No path of the building machine gets into a component.
    let hidden = std::iter::once((project.folder, "adapter"));
    let hide = project
        .tools
        .hide
        .iter()
        .map(|path| (path.as_path(), "cargo"));
    for (path, name) in hidden.chain(hide) {
        flags.push(format!("--remap-path-prefix={}={name}", path.display()));
    }
    let mut cargo = clean("cargo");
    cargo
        .current_dir(project.folder)
        .args([
            "build",
            "--lib",
            "--release",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(&target_dir)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    for setting in PROFILE {
        cargo.args(["--config", setting]);
    }
    if let Some(linker) = linker {
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    run(&mut cargo)?;
    let module = target_dir
        .join(TARGET)
        .join("release")
        .join(format!("{library}.wasm"));
    let module = fs::read(&module).map_err(file(&module))?;
    component::encode(&module).map_err(BuildError::Component)
}

/// Checks that the compiler in use has the target; names a linker when the compiler brings none.
fn find_target() -> Result<Option<&'static str>, BuildError> {
    let libraries =
        output_of(clean("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    if !libraries.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Err(BuildError::NotInstalled {
            what: "the Rust target wasm32-unknown-unknown",
            advice: format!(
                "run `rustup target add {TARGET}`; without rustup, `cargo xtask adapter build FOLDER` in a clone of the \
                 gateway builds with Debian's rustc-web"
            ),
        });
    }
    let host = output_of(clean("rustc").args(["--print", "target-libdir"]));
    let brings_linker = host.is_some_and(|folder| {
        let beside = Path::new(&folder)
            .parent()
            .map(|host| host.join("bin/rust-lld"));
        beside.is_some_and(|linker| linker.is_file())
    });
    if brings_linker {
        return Ok(None);
    }
    ["wasm-ld", "wasm-ld-22"]
        .into_iter()
        .find(|linker| is_there(linker))
        .map(Some)
        .ok_or_else(|| BuildError::NotInstalled {
            what: "a linker for WebAssembly (wasm-ld)",
            advice: "install lld (Debian: apt-get install lld)".to_owned(),
        })
}

/// Name of the crate's library, as its module is called.
fn library(folder: &Path) -> Result<String, BuildError> {
    let failed = |text: &str| BuildError::Project {
        text: format!("{}: {text}", folder.display()),
    };
    let mut cargo = clean("cargo");
    cargo.current_dir(folder).args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]);
    let text = output_of(&mut cargo)
        .ok_or_else(|| failed("`cargo metadata` fails there; run it to see why"))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|_| failed("cargo metadata is not JSON"))?;
    let manifest: PathBuf = folder.join("Cargo.toml");
    library_of(&metadata, &manifest)
        .ok_or_else(|| failed("the crate has no library of type cdylib; write under [lib]: crate-type = [\"rlib\", \"cdylib\"]"))
}

fn library_of(metadata: &Value, manifest: &Path) -> Option<String> {
    let package = metadata["packages"]
        .as_array()?
        .iter()
        .find(|package| package["manifest_path"].as_str() == manifest.to_str())?;
    let target = package["targets"].as_array()?.iter().find(|target| {
        let kinds = target["crate_types"].as_array();
        kinds.is_some_and(|kinds| kinds.contains(&Value::from("cdylib")))
    })?;
    Some(target["name"].as_str()?.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_module_is_called_as_the_crates_library() {
        let metadata = |kinds: &[&str]| {
            json!({"packages": [
                {"manifest_path": "/other/Cargo.toml", "targets": []},
                {"manifest_path": "/noise/Cargo.toml", "targets": [{"name": "noise-monitor", "crate_types": kinds}]},
            ]})
        };
        let manifest = Path::new("/noise/Cargo.toml");
        let found = library_of(&metadata(&["rlib", "cdylib"]), manifest);
        assert_eq!(found.as_deref(), Some("noise_monitor"));
        assert_eq!(library_of(&metadata(&["rlib"]), manifest), None);
    }
}
