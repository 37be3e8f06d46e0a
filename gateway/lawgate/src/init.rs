//! `lawgate init`: a folder to try the gateway in.
//!
//! Makes a development PKI, a configuration with four feeds, three witnesses of
//! which two have to cosign, and a client file for each agency. Not a way to make certificates for operation: the keys lie
//! unprotected in the folder. Overwrites nothing; either every file is written
//! or the first that exists is named.

mod pki;
mod texts;
mod witnesses;

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use audit_proof::key::{KeyKind, VerifierKey};
use audit_proof::receipt::RECEIPT_KEY_SUFFIX;
use serde_json::json;

use crate::attest::keys;
use crate::cli;
use crate::config::{self, Address};
use crate::output::{Ending, Format, Output, UsageError};

/// Who gets a certificate: the agencies of the example, its staff, who administers the adapters, and an `outsider` who has
/// no place in the policy, to see a refusal.
pub(crate) const AGENCIES: [&str; 9] = [
    "region",
    "police",
    "justice",
    "city-eco",
    texts::ADMINISTRATOR,
    texts::AUDITOR,
    texts::OFFICERS[0],
    texts::OFFICERS[1],
    "outsider",
];

/// One file to write.
struct NewFile {
    /// Path in the folder.
    path: String,
    content: String,
    /// A private key: readable by its owner only.
    is_secret: bool,
}

/// Fills the folder.
///
/// # Errors
/// An address that is none, a file that exists, or a folder that cannot be written.
pub(crate) fn run(arguments: &cli::Init, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let address = config::parse_address(&arguments.address).ok_or_else(|| UsageError::Address {
        option: "--address",
        value: arguments.address.clone(),
    })?;
    let adapters = std::path::absolute(&arguments.adapters)
        .with_context(|| format!("--adapters {}: no such path", arguments.adapters.display()))?;
    let (signing, log) = signing_keys()?;
    let witnesses = witnesses::choose(&arguments.witnesses, &log)?;
    let mut files = files(&address, &adapters, now(), witnesses.quorum)?;
    files.extend(signing.files(&witnesses.lines));
    files.extend(witnesses.files);
    write(&arguments.folder, &files, &witnesses.folders)?;
    report(&arguments.folder, &files, &witnesses.folders, output)?;
    Ok(Ending::Done)
}

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the clock: certificates begin now"
)]
fn now() -> std::time::Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn files(
    address: &Address,
    adapters: &Path,
    now: std::time::Duration,
    quorum: Option<(usize, usize)>,
) -> anyhow::Result<Vec<NewFile>> {
    let party = pki::party_key().context("the party key cannot be made")?;
    let gateway = texts::gateway(address, adapters, &party.public, quorum);
    let mut files = vec![
        NewFile::new("lawgate.toml", gateway, false),
        NewFile::new(
            &format!("pki/{}.party.key", pki::SIGNER),
            party.private,
            true,
        ),
        NewFile::new(
            &format!("client/{}.counter", pki::SIGNER),
            String::new(),
            false,
        ),
        NewFile::new(
            ".gitignore",
            "# Keys and data of a try; none of it belongs in a repository.\n*\n".into(),
            false,
        ),
    ];
    for pair in pki::make(address, now).context("the certificates cannot be made")? {
        files.push(NewFile::new(
            &format!("pki/{}.pem", pair.name),
            pair.certificate,
            false,
        ));
        files.push(NewFile::new(
            &format!("pki/{}.key", pair.name),
            pair.key,
            true,
        ));
    }
    for name in ["vault", "vault-reporter"] {
        let text = vault::wrap::generate().context("no vault key was made")?;
        let path = format!("pki/{name}.key");
        files.push(NewFile::new(&path, text.as_str().to_owned(), true));
    }
    for agency in AGENCIES {
        files.push(NewFile::new(
            &format!("client/{agency}.toml"),
            texts::client(agency, address),
            false,
        ));
    }
    Ok(files)
}

/// The keys of the log as they were made.
struct SigningKeys {
    files: Vec<NewFile>,
    public: Vec<VerifierKey>,
}

/// Makes the keys of the log, where a gateway of this folder looks for them; returns with them the one that signs
/// checkpoints.
fn signing_keys() -> anyhow::Result<(SigningKeys, VerifierKey)> {
    let receipt = format!("{}{RECEIPT_KEY_SUFFIX}", texts::ORIGIN);
    let (mut files, mut public) = (Vec::new(), Vec::new());
    for (file, name) in [("checkpoint", texts::ORIGIN), ("receipt", &receipt)] {
        let made = signer::generate(KeyKind::Ed25519, name).context("no signing key was made")?;
        let path = |ending: &str| format!("{}/{file}.{ending}", keys::FOLDER);
        let private = made.private_text.as_str().to_owned();
        files.push(NewFile::new(&path("pem"), private, true));
        let text = format!("{}\n", made.key);
        files.push(NewFile::new(&path(keys::PUBLIC_ENDING), text, false));
        public.push(made.key);
    }
    let log = public[0].clone();
    Ok((SigningKeys { files, public }, log))
}

impl SigningKeys {
    /// The files, with a policy that believes the keys and asks for the witnesses in `lines`.
    fn files(self, lines: &str) -> Vec<NewFile> {
        let mut files = self.files;
        let path = format!("{}/{}", keys::FOLDER, keys::POLICY_FILE);
        let policy = keys::policy(self.public.iter(), lines);
        files.push(NewFile::new(&path, policy, false));
        files
    }
}

impl NewFile {
    fn new(path: &str, content: String, is_secret: bool) -> NewFile {
        NewFile {
            path: path.to_owned(),
            content,
            is_secret,
        }
    }
}

fn write(folder: &Path, files: &[NewFile], more_folders: &[String]) -> anyhow::Result<()> {
    let existing: Vec<PathBuf> = files
        .iter()
        .map(|file| folder.join(&file.path))
        .filter(|path| path.symlink_metadata().is_ok())
        .collect();
    if let Some(first) = existing.first() {
        anyhow::bail!(
            "{} exists, and init overwrites nothing; give an empty folder ({} of its files exist)",
            first.display(),
            existing.len()
        );
    }
    // The folders with keys are the owner's alone.
    let folders = ["", "pki", "client", "data", keys::FOLDER].into_iter();
    for name in folders.chain(more_folders.iter().map(String::as_str)) {
        let path = folder.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("folder {} cannot be made", path.display()))?;
    }
    for file in files {
        let path = folder.join(&file.path);
        OpenOptions::new()
            .write(true)
            // Also refuses a file that appeared since the look above.
            .create_new(true)
            .mode(if file.is_secret { 0o600 } else { 0o644 })
            .open(&path)
            .and_then(|mut opened| opened.write_all(file.content.as_bytes()))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

fn report(
    folder: &Path,
    files: &[NewFile],
    witnesses: &[String],
    output: &mut Output<'_>,
) -> anyhow::Result<()> {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    match output.format {
        Format::Json => {
            let paths: Vec<_> = files.iter().map(|file| folder.join(&file.path)).collect();
            output
                .json(&json!({ "folder": folder, "files": paths, "validDays": pki::VALID_DAYS }))?;
        }
        Format::Table => {
            let at = folder.display();
            output.line(&format!("{} files written to {at}", files.len()))?;
            output.line(&format!(
                "The keys are for development: unprotected, valid {} days, known to whoever reads the folder.",
                pki::VALID_DAYS
            ))?;
            output.line("")?;
            output.line("Next:")?;
            output.line(&format!(
                "  lawgate config check --config {at}/lawgate.toml"
            ))?;
            for witness in witnesses {
                output.line(&format!(
                    "  lawgate witness --config {at}/{witness}/witness.toml &"
                ))?;
            }
            output.line(&format!("  lawgate serve --config {at}/lawgate.toml"))?;
            output.line(&format!(
                "  lawgate submit --client {at}/client/region.toml --feed region-clue FILE"
            ))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
