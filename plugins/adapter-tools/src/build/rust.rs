//! Rust, to `wasm32-unknown-unknown`, with the settings of our own adapters.

use std::fs;
use std::path::{Path, PathBuf};

use adapter_build::command::{clean, output_of};
use adapter_build::toolchain::{Order, TARGET, Toolchain, missing_packages};
use serde_json::Value;

use super::{BuildError, Project, file};
use crate::component;

/// Where the library of the target lies when it has to be made, in the folder of tools or of builds.
const SYSROOT: &str = "wasm-sysroot";

/// Compiles the crate in the project's folder.
pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, BuildError> {
    let hidden: Vec<(&Path, &str)> = std::iter::once((project.folder, "adapter"))
        .chain(
            project
                .tools
                .hide
                .iter()
                .map(|path| (path.as_path(), "cargo")),
        )
        .collect();
    let toolchain = find(project, &hidden)?;
    let library = library(project.folder)?;
    let target_dir = match &project.tools.folder {
        Some(folder) => folder.join("cargo-target"),
        None => project.folder.join("target/wasm"),
    };
    let built = toolchain.build(&Order {
        folder: project.folder,
        packages: &[],
        target_dir: &target_dir,
        hidden: &hidden,
        has_profile: false,
    })?;
    let module = built.join(format!("{library}.wasm"));
    let module = fs::read(&module).map_err(file(&module))?;
    component::encode(&module).map_err(BuildError::Component)
}

/// The compiler in use, or Debian's with a library of the target that is made once.
fn find(project: &Project<'_>, hidden: &[(&Path, &str)]) -> Result<Toolchain, BuildError> {
    if let Some(found) = Toolchain::in_use()? {
        return Ok(found);
    }
    let folder = project.tools.folder.as_deref().unwrap_or(project.work);
    if let Some(found) = Toolchain::debian(&folder.join(SYSROOT), hidden)? {
        return Ok(found);
    }
    Err(BuildError::NotInstalled {
        what: "the Rust target wasm32-unknown-unknown",
        advice: format!(
            "run `rustup target add {TARGET}`; without rustup, on Debian, `apt-get install -y --no-install-recommends {}`",
            missing_packages().join(" ")
        ),
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
