//! Which compiler builds the guests of this repository, and what is installed for it.
//!
//! In this order: the compiler in use, when it has the target; the Debian
//! packages, when they are there; the target through rustup; the Debian
//! packages, installed. Whatever is missing is named. How they build is
//! `adapter-build`'s to know, as for adapters of others.

use std::path::{Path, PathBuf};
use std::process::Command;

use adapter_build::toolchain::{DEBIAN_PACKAGES, Order, TARGET, Toolchain};
use anyhow::{Context, Result};

use super::Guest;
use crate::debian;

/// Finds or prepares a compiler.
pub(super) fn find(root: &Path) -> Result<Toolchain> {
    if let Some(found) = Toolchain::in_use()? {
        return Ok(found);
    }
    if !debian::missing(&DEBIAN_PACKAGES).is_empty() && rustup_adds_target() {
        let found = Toolchain::in_use()?;
        return found.context("rustup added the target, and the compiler does not see it");
    }
    let advice = format!("no compiler for the adapters: run `rustup target add {TARGET}`, or ");
    debian::install_missing(&DEBIAN_PACKAGES, &advice)?;
    let sysroot = root.join("target/wasm-sysroot");
    if !sysroot.is_dir() {
        eprintln!("building the standard library of {TARGET} (once, about a minute)");
    }
    let found = Toolchain::debian(&sysroot, &hidden(root).as_pairs())?;
    found.context("the Debian packages are installed, and their files are missing")
}

/// Builds the guests and returns the folder with their modules.
pub(super) fn build(toolchain: &Toolchain, root: &Path, guests: &[Guest]) -> Result<PathBuf> {
    let packages: Vec<&str> = guests.iter().map(|guest| guest.package.as_str()).collect();
    eprintln!("building {} adapters with {toolchain}", guests.len());
    cargo(toolchain, root, root, &packages, true)
}

/// Builds a package that is no adapter and returns the folder with its module.
pub(super) fn build_module(toolchain: &Toolchain, root: &Path, package: &str) -> Result<PathBuf> {
    eprintln!("building {package} with {toolchain}");
    cargo(toolchain, root, root, &[package], true)
}

/// Builds one guest of another workspace and returns the folder with its module.
///
/// The workspace need not know our profile: its settings go along.
pub(super) fn build_outside(
    toolchain: &Toolchain,
    root: &Path,
    folder: &Path,
    package: &str,
) -> Result<PathBuf> {
    eprintln!("building {package} with {toolchain}");
    cargo(toolchain, root, folder, &[package], false)
}

/// Compiles packages of the workspace around `folder`; all workspaces share one target
/// folder, so that the toolkit's dependencies are compiled once.
fn cargo(
    toolchain: &Toolchain,
    root: &Path,
    folder: &Path,
    packages: &[&str],
    has_profile: bool,
) -> Result<PathBuf> {
    Ok(toolchain.build(&Order {
        folder,
        packages,
        target_dir: &root.join("target/wasm"),
        hidden: &hidden(root).as_pairs(),
        has_profile,
    })?)
}

/// Folders of this machine whose names must not get into a component.
struct Hidden(Vec<(PathBuf, &'static str)>);

impl Hidden {
    fn as_pairs(&self) -> Vec<(&Path, &str)> {
        self.0
            .iter()
            .map(|(path, name)| (path.as_path(), *name))
            .collect()
    }
}

fn hidden(root: &Path) -> Hidden {
    let root = std::iter::once((root.to_owned(), "lawgate"));
    Hidden(
        root.chain(cargo_home().map(|home| (home, "cargo")))
            .collect(),
    )
}

/// Asks rustup for the target; `false` when there is no rustup or no network.
fn rustup_adds_target() -> bool {
    eprintln!("asking rustup for {TARGET}");
    let added = Command::new("rustup")
        .args(["target", "add", TARGET])
        .status();
    added.is_ok_and(|status| status.success())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a task of the repository reads where cargo keeps sources"
)]
fn cargo_home() -> Option<PathBuf> {
    let stated = std::env::var("CARGO_HOME").ok().map(PathBuf::from);
    stated.or_else(|| Some(Path::new(&std::env::var("HOME").ok()?).join(".cargo")))
}
