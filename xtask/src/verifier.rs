//! `cargo xtask verifier-wasm`: the check of evidence packages as a WebAssembly module, and the test of it under Node.
//!
//! The module and its wrapper go to `target/verifier-wasm/`. The test gives an honest package and one with a byte changed
//! to the module and to the native verifier: both have to print the same words and end with the same code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{build, debian, wasm};

/// The package that becomes the module.
const PACKAGE: &str = "verifier-wasm";
/// The module and the files that go beside it.
const MODULE: &str = "lawgate_verifier.wasm";
const WRAPPERS: [&str; 2] = ["lawgate-verify.mjs", "check.mjs"];

/// Builds the module; with `test`, tests it as well.
///
/// # Errors
/// What does not build, or that module and native verifier do not say the same.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    match arguments {
        [] => module(root).map(drop),
        [test] if test == "test" => self::test(root),
        _ => bail!("verifier-wasm: expected nothing or `test`"),
    }
}

/// Builds the module and returns the folder it is in.
fn module(root: &Path) -> Result<PathBuf> {
    let built = wasm::module(root, PACKAGE)?;
    let folder = build::target(root).join(PACKAGE);
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let module = folder.join(MODULE);
    fs::copy(&built, &module).with_context(|| format!("{} not built", built.display()))?;
    for wrapper in WRAPPERS {
        let source = root.join("gateway/verifier-wasm/js").join(wrapper);
        fs::copy(&source, folder.join(wrapper)).with_context(|| source.display().to_string())?;
    }
    let bytes = fs::metadata(&module)?.len();
    println!("{} ({bytes} bytes)", module.display());
    Ok(folder)
}

/// Tests the module under Node.
///
/// # Errors
/// As [`run`].
pub(crate) fn test(root: &Path) -> Result<()> {
    debian::install_missing(
        &debian::NODE,
        "the verifier for browsers is tested under Node: ",
    )?;
    let folder = module(root)?;
    let programs = build::binaries(root, &["audit-verify", "sample-package"], false)?;
    let (package, policy) = (folder.join("sample.evp"), folder.join("sample.policy"));
    build::run(
        Command::new(programs.join("sample-package"))
            .arg(&package)
            .arg(&policy),
    )?;
    let mut bytes = fs::read(&package)?;
    let tampered = folder.join("tampered.evp");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&tampered, bytes)?;
    for (file, expected) in [(&package, 0), (&tampered, 1)] {
        let native = said(
            Command::new(programs.join("lawgate-verify"))
                .arg(file)
                .arg("--policy")
                .arg(&policy),
        )?;
        let browser = said(
            Command::new("node")
                .arg(folder.join("check.mjs"))
                .arg(file)
                .arg(&policy),
        )?;
        ensure!(
            native == browser,
            "the module says\n{}\nand the native verifier\n{}",
            browser.1,
            native.1
        );
        ensure!(
            native.0 == Some(expected),
            "{}\n{}",
            file.display(),
            native.1
        );
    }
    println!("verifier-wasm: OK, the module under Node and the native verifier say the same");
    Ok(())
}

fn said(command: &mut Command) -> Result<(Option<i32>, String)> {
    let output = command
        .output()
        .with_context(|| format!("running {command:?}"))?;
    let text = String::from_utf8(output.stdout)?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    Ok((output.status.code(), text + &errors))
}
