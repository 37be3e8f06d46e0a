//! `cargo xtask adapter`: adapters that lie outside this repository.
//!
//! Builds any folder that holds an adapter's crate into
//! `<folder>/target/adapter/{adapter.wasm,adapter.toml,configuration.json}`, by
//! the same steps as our own adapters. The folder stays a package of its own:
//! nothing of it has to be known to this workspace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use adapter_build::command::{clean, output_of, run};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::template::{self, Template};
use super::{COMPANIONS, Guest, toolchain};

const USAGE: &str = "adapter: `new [--mapping] FOLDER`, `build FOLDER` or `try`";

/// Runs `adapter new`, `adapter build` or `adapter try`.
pub(crate) fn adapter(root: &Path, arguments: &[String]) -> Result<()> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["new", "--mapping", folder] => create(root, Template::Mapping, Path::new(folder)),
        ["new", folder] if !folder.starts_with('-') => {
            create(root, Template::Lines, Path::new(folder))
        }
        ["build", folder] if !folder.starts_with('-') => build(root, Path::new(folder)).map(drop),
        ["try"] => try_templates(root),
        _ => bail!("{USAGE}"),
    }
}

fn create(root: &Path, template: Template, folder: &Path) -> Result<()> {
    let folder = std::path::absolute(folder)?;
    template::copy(root, template, &folder)?;
    let shown = folder.display();
    println!(
        "{shown} is an adapter that works. Next:\n  \
         change samples/, then src/ or configuration.json, README.md and adapter.toml\n  \
         UPDATE=1 cargo test --manifest-path {shown}/Cargo.toml   # then read golden/\n  \
         cargo xtask adapter build {shown}"
    );
    Ok(())
}

/// Builds the adapter in `folder` and returns the folder with its component.
fn build(root: &Path, folder: &Path) -> Result<PathBuf> {
    let folder = fs::canonicalize(folder).with_context(|| format!("{}", folder.display()))?;
    for name in COMPANIONS {
        ensure!(
            folder.join(name).is_file(),
            "{} has no {name}; the gateway installs an adapter by it (docs/adapters.md)",
            folder.display()
        );
    }
    let package = Package::read(&folder)?;
    template::copy_lock(root, &package.workspace)?;
    let mut guest = Guest::read(&folder)?.context("the folder has no Cargo.toml")?;
    guest.package = package.name;
    let compiler = toolchain::find(root)?;
    let built = toolchain::build_outside(&compiler, root, &folder, &guest.package)?;
    let place = folder.join("target/adapter");
    guest.install(&place, &built.join(format!("{}.wasm", package.library)))?;
    println!("{}", place.display());
    Ok(place)
}

/// What cargo says of the crate in a folder.
struct Package {
    name: String,
    /// Name of the library, as its module is called.
    library: String,
    /// Folder of the workspace that the crate belongs to, where its lock file is.
    workspace: PathBuf,
}

impl Package {
    fn read(folder: &Path) -> Result<Self> {
        let mut cargo = clean("cargo");
        cargo
            .current_dir(folder)
            .args(["metadata", "--no-deps", "--format-version", "1"]);
        let text = output_of(&mut cargo).with_context(|| {
            format!(
                "{}: `cargo metadata` fails there; run it to see why",
                folder.display()
            )
        })?;
        let metadata = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
        Self::from_metadata(&metadata, &folder.join("Cargo.toml"))
    }

    fn from_metadata(metadata: &Value, manifest: &Path) -> Result<Self> {
        let empty = Vec::new();
        let list = |value: &'_ Value| -> Vec<Value> { value.as_array().unwrap_or(&empty).clone() };
        let manifest_text = manifest.to_str();
        let package = list(&metadata["packages"])
            .into_iter()
            .find(|package| package["manifest_path"].as_str() == manifest_text)
            .with_context(|| format!("{} is no package", manifest.display()))?;
        let library = list(&package["targets"])
            .into_iter()
            .find(|target| list(&target["crate_types"]).contains(&Value::from("cdylib")))
            .context("the crate has no library of type cdylib; write under [lib]: crate-type = [\"rlib\", \"cdylib\"]")?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(Self {
            name: text(&package["name"]),
            library: text(&library["name"]).replace('-', "_"),
            workspace: text(&metadata["workspace_root"]).into(),
        })
    }
}

/// Copies every template, tests the copy and builds it, as an integrator would.
pub(crate) fn try_templates(root: &Path) -> Result<()> {
    for template in Template::ALL {
        let folder = root
            .join("target/templates")
            .join(format!("trial-{}", template.folder()));
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        template::copy(root, template, &folder)?;
        let mut test: Command = clean("cargo");
        test.current_dir(&folder)
            .args(["test", "--quiet", "--target-dir"]);
        run(test.arg(root.join("target/templates/target")))
            .with_context(|| format!("the copy of the template {} fails", template.folder()))?;
        build(root, &folder)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(crate_types: &[&str]) -> Value {
        json!({
            "workspace_root": "/agency",
            "packages": [
                {"name": "other", "manifest_path": "/agency/other/Cargo.toml", "targets": []},
                {"name": "noise-monitor", "manifest_path": "/agency/noise/Cargo.toml", "targets": [
                    {"name": "noise_monitor", "crate_types": crate_types}
                ]}
            ]
        })
    }

    #[test]
    fn a_package_is_found_by_its_manifest() {
        let manifest = Path::new("/agency/noise/Cargo.toml");
        let package = Package::from_metadata(&metadata(&["rlib", "cdylib"]), manifest);
        let package = package.expect("described");
        assert_eq!(
            (package.name.as_str(), package.library.as_str()),
            ("noise-monitor", "noise_monitor")
        );
        assert_eq!(package.workspace, Path::new("/agency"));
    }

    #[test]
    fn a_library_that_makes_no_module_is_explained() {
        let manifest = Path::new("/agency/noise/Cargo.toml");
        let error = Package::from_metadata(&metadata(&["rlib"]), manifest).map(|_| ());
        let text = error.expect_err("no cdylib").to_string();
        assert!(
            text.contains("crate-type = [\"rlib\", \"cdylib\"]"),
            "{text}"
        );
        let elsewhere = Path::new("/agency/none/Cargo.toml");
        assert!(Package::from_metadata(&metadata(&["cdylib"]), elsewhere).is_err());
    }

    #[test]
    fn words_that_name_no_task_are_answered_with_the_usage() {
        for words in [
            &[][..],
            &["new"],
            &["build"],
            &["new", "--mapping"],
            &["make", "x"],
        ] {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            let error = adapter(Path::new("/nonexistent"), &words).expect_err("no task");
            assert_eq!(error.to_string(), USAGE, "{words:?}");
        }
    }
}
