//! Debian packages that tasks need and install, saying so.
//!
//! A package is known by a file that shows it is there, or by something that
//! fails without it. Nothing is installed where nothing is missing, and only
//! root installs; everybody else is told the command.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// A package and a file that shows that it is installed.
pub(crate) type Package = (&'static str, &'static str);

/// What makes and checks the time stamps that the attacks are held against.
pub(crate) const TIME_STAMPING: [Package; 1] = [("openssl", "/usr/bin/openssl")];

/// What runs WebAssembly as a browser does.
pub(crate) const NODE: [Package; 1] = [("nodejs", "/usr/bin/node")];

/// Font with Chinese characters for the statement of evidence packages.
pub(crate) const FONT: [Package; 1] = [(
    "fonts-wqy-microhei",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
)];

/// Programs that nobody here wrote and that tests hold ours against.
pub(crate) const FOREIGN: [Package; 2] = [
    TIME_STAMPING[0],
    // A token in software: keys behind PKCS#11.
    ("softhsm2", "/usr/lib/softhsm/libsofthsm2.so"),
];

/// The packages that are not installed.
pub(crate) fn missing(packages: &[Package]) -> Vec<&'static str> {
    let is_missing = |&&(_, proof): &&Package| !Path::new(proof).exists();
    packages
        .iter()
        .filter(is_missing)
        .map(|(package, _)| *package)
        .collect()
}

/// Installs what is missing. `advice` says what it is for and how else to get it.
///
/// # Errors
/// Not root, no package, or a package without its file: with the advice and the command.
pub(crate) fn install_missing(packages: &[Package], advice: &str) -> Result<()> {
    let wanted = missing(packages);
    if wanted.is_empty() {
        return Ok(());
    }
    install_named(&wanted, advice)?;
    let still = missing(packages);
    if !still.is_empty() {
        bail!(
            "{} installed, but their files are not where expected; {advice}",
            still.join(", ")
        );
    }
    Ok(())
}

/// Installs packages that something showed to be missing. `advice` says what they are for and how else to get them.
///
/// # Errors
/// Not root, or no package: with the advice and the command.
pub(crate) fn install_named(wanted: &[&str], advice: &str) -> Result<()> {
    let command = format!(
        "apt-get install -y --no-install-recommends {}",
        wanted.join(" ")
    );
    let advice = format!("{advice}as root `{command}`");
    if !is_root() {
        bail!("{advice}");
    }
    eprintln!("installing Debian packages: {}", wanted.join(", "));
    if install(wanted).is_err() {
        eprintln!("refreshing the package lists");
        let refreshed = Command::new("apt-get").args(["update", "-q"]).status();
        refreshed.with_context(|| advice.clone())?;
        install(wanted).with_context(|| advice.clone())?;
    }
    Ok(())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn install(packages: &[&str]) -> Result<()> {
    let mut apt = Command::new("apt-get");
    apt.args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    let status = apt.status().context("apt-get cannot be started")?;
    if !status.success() {
        bail!("apt-get failed ({status})");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_missing_when_its_file_is() {
        let packages = [("here", "/"), ("gone", "/no/such/file")];
        assert_eq!(missing(&packages), ["gone"]);
        assert!(missing(&[]).is_empty());
    }
}
