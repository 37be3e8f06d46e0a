//! The last step of the demonstration: a case leaves the gateway as one file, and is checked without it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::{Client, output, path, step};
use crate::{build, debian};

/// A transfer document that the samples of the police and of the region mention.
const CASE: &str = "包环移〔2026〕7号";

/// Installs the font for the statement in PDF where that is possible; without it the package says that it has none.
pub(super) fn font() {
    let advice = "the statement of an evidence package as PDF needs a font: ";
    if let Err(error) = debian::install_missing(&debian::FONT, advice) {
        println!("   no PDF in the package: {error:#}");
    }
}

/// Exports the package of a case as the police get it.
pub(super) fn export(client: &Client<'_>, scratch: &Path) -> anyhow::Result<PathBuf> {
    step(&format!(
        "exporting case {CASE} as an evidence package, disclosed whole to whoever may see all of it"
    ));
    let package = scratch.join("case.evp");
    let mut command = Command::new(client.lawgate);
    command.args(["evidence", "export", "--client"]);
    command.arg(client.scratch.join("client/police.toml"));
    command.args(["--case", CASE, "--purpose", "demonstration 演示"]);
    // Without these, personal data stays sealed in the package, and cannot be converted again from it.
    command.args(["--disclose", "*", "--with-payloads", "--to"]);
    print!("{}", output(command.arg(&package))?);
    Ok(package)
}

/// Checks the package in a process that has no gateway.
pub(super) fn verify(root: &Path, package: &Path) -> anyhow::Result<()> {
    step(
        "verifying the package offline, and its conversions in a second engine, in separate processes",
    );
    let programs = build::binaries(root, &["audit-verify", "package-replay"], true)?;
    let verifier = programs.join("lawgate-verify");
    println!("   {} --replay {}", path(&verifier)?, path(package)?);
    let said = Command::new(&verifier)
        .arg("--replay")
        .arg(package)
        .output()
        .with_context(|| format!("running {}", verifier.display()))?;
    print!("{}", shortened(&String::from_utf8_lossy(&said.stdout)));
    ensure!(
        said.status.success(),
        "the package does not verify: {}\n{}",
        said.status,
        String::from_utf8_lossy(&said.stderr)
    );
    Ok(())
}

/// What the verifier said, with the first disclosed values only: there are many, and it names each.
fn shortened(said: &str) -> String {
    const SHOWN: usize = 8;
    let (mut text, mut disclosed) = (String::new(), 0);
    for line in said.lines() {
        let is_value = line.starts_with("disclosed ");
        if disclosed > SHOWN && !is_value {
            text += &format!("   ... and {} more disclosed values\n", disclosed - SHOWN);
            disclosed = 0;
        }
        disclosed += usize::from(is_value);
        if !is_value || disclosed <= SHOWN {
            text += line;
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_disclosed_values_are_shown_and_the_others_counted() {
        let values = (0..11).map(|number| format!("disclosed {number}\n"));
        let said = format!("before\n{}after\n", values.collect::<String>());
        let text = shortened(&said);
        assert_eq!(text.lines().count(), 1 + 8 + 1 + 1, "{text}");
        assert!(
            text.contains("\n   ... and 3 more disclosed values\nafter\n"),
            "{text}"
        );
        assert_eq!(shortened("disclosed a\nafter\n"), "disclosed a\nafter\n");
    }
}
