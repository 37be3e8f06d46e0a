//! The keys that sign for the log: loaded, or made for a log that never was signed.
//!
//! A signed log whose key is missing does not get a new one: whoever holds the old public key would take the new
//! signatures for forgeries, and the operator ought to look where the key is. The private halves stay in `signer`.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use audit_log::LogSuite;
use audit_log::publish::TWIN_ORIGIN_SUFFIX;
use audit_proof::key::{KeyKind, VerifierKey};
use audit_proof::receipt::RECEIPT_KEY_SUFFIX;
use audit_proof::signer::Signer;
use exchange::entry::{KeyPurpose, LogStartEntry};
use signer::{FileSigner, generate, write_key_file};

use crate::config::{Config, KeyPlace, Token};

/// Name of the policy that is made together with keys.
pub(crate) const POLICY_FILE: &str = "audit.policy";

/// Folder of the keys that `lawgate init` makes, in its folder: where its configuration looks for them.
pub(crate) const FOLDER: &str = "data/keys";

/// Ending of the files with public halves.
pub(crate) const PUBLIC_ENDING: &str = "vkey";

/// Everything that signs for one log.
pub(crate) struct KeyRing {
    /// Who signs checkpoints of the SHA-256 tree, in the order of their lines.
    pub(crate) checkpoint: Vec<Arc<dyn Signer>>,
    /// Who signs those of the SM3 tree, in suite `dual`.
    pub(crate) twin: Option<Vec<Arc<dyn Signer>>>,
    /// Who signs receipts.
    pub(crate) receipt: Arc<dyn Signer>,
    /// Key files that were made just now.
    pub(crate) made: Vec<PathBuf>,
}

/// One key as the configuration asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WantedKey {
    /// Where it is.
    pub(crate) place: KeyPlace,
    /// Its name in signatures.
    pub(crate) name: String,
    /// Its kind.
    pub(crate) kind: KeyKind,
    /// What it is for.
    pub(crate) purpose: KeyPurpose,
}

impl KeyRing {
    /// Loads the keys, and makes those that are missing when the log was never signed.
    ///
    /// # Errors
    /// A key that is missing although the log was signed, and whatever keeps a key from being read or made.
    pub(crate) fn open(config: &Config) -> anyhow::Result<KeyRing> {
        let signed = config.gateway.data_dir.join("audit/signed/checkpoint");
        let is_signed = signed.exists();
        let mut ring = Ring::default();
        for wanted in wanted(config) {
            if let KeyPlace::File(path) = &wanted.place
                && !path.exists()
            {
                anyhow::ensure!(
                    !is_signed,
                    "the key file {} is missing, and the log was signed before: restore the key, or rotate to another \
                     one with `lawgate keys rotate` (docs/operations.md, Keys)",
                    path.display()
                );
                make(path, &wanted)?;
                ring.made.push(path.clone());
            }
            let signer = load(&wanted, config.audit.keys.token.as_ref())?;
            ring.add(wanted.purpose, signer);
        }
        let ring = ring.finish(config.audit.suite);
        if !ring.made.is_empty() {
            let folder = config.gateway.data_dir.join("keys");
            write_public(&folder.join(POLICY_FILE), &ring.policy())?;
        }
        Ok(ring)
    }

    /// The public keys with what they are for, in the order of the lines.
    pub(crate) fn public(&self) -> Vec<(KeyPurpose, &VerifierKey)> {
        let checkpoint = self.checkpoint.iter().map(|key| (KeyPurpose::Log, key));
        let twin = self.twin.iter().flatten();
        let twin = twin.map(|key| (KeyPurpose::Twin, key));
        let receipt = std::iter::once((KeyPurpose::Receipt, &self.receipt));
        checkpoint
            .chain(twin)
            .chain(receipt)
            .map(|(purpose, signer)| (purpose, signer.key()))
            .collect()
    }

    /// The entry that says which keys sign from here on.
    pub(crate) fn start(&self, suite: LogSuite) -> LogStartEntry {
        let keys = self.public().into_iter();
        LogStartEntry {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            suite: match suite {
                LogSuite::Sha256 => "sha256".to_owned(),
                LogSuite::Dual => "dual".to_owned(),
            },
            keys: keys
                .map(|(purpose, key)| (purpose, key.to_string()))
                .collect(),
        }
    }

    /// A policy that believes these keys and asks for no witness.
    pub(crate) fn policy(&self) -> String {
        let checkpoint = self.checkpoint.first().map(|signer| signer.key());
        let twin = self.twin.iter().flatten().map(|signer| signer.key());
        let receipt = std::iter::once(self.receipt.key());
        policy(checkpoint.into_iter().chain(twin).chain(receipt), NO_QUORUM)
    }
}

/// The last line of a policy by which nobody has to cosign.
pub(crate) const NO_QUORUM: &str = "quorum none\n";

/// The text of a policy that believes these keys, with its lines about witnesses.
pub(crate) fn policy<'k>(
    keys: impl Iterator<Item = &'k VerifierKey>,
    about_witnesses: &str,
) -> String {
    let mut text = "# Whom to believe about this log (C2SP tlog-policy). A witness is a line\n\
                    #   witness NAME VKEY URL\n\
                    # and the last line says whose cosignatures are needed (docs/operations.md, Witnesses).\n"
        .to_owned();
    for key in keys {
        text.push_str(&format!("log {key}\n"));
    }
    text.push_str(about_witnesses);
    text
}

/// The keys that the configuration asks for.
pub(crate) fn wanted(config: &Config) -> Vec<WantedKey> {
    let keys = &config.audit.keys;
    let origin = &config.gateway.origin;
    let file = |path: &PathBuf| KeyPlace::File(path.clone());
    let one = |place, name: String, kind, purpose| WantedKey {
        place,
        name,
        kind,
        purpose,
    };
    let log = |place, kind| one(place, origin.clone(), kind, KeyPurpose::Log);
    let mut wanted = vec![log(keys.checkpoint.clone(), KeyKind::Ed25519)];
    let ml_dsa = keys.ml_dsa.as_ref();
    wanted.extend(ml_dsa.map(|path| log(file(path), KeyKind::MlDsa44Cosignature)));
    let sm2 = keys.sm2.as_ref();
    wanted.extend(sm2.map(|path| log(file(path), KeyKind::Sm2Sm3)));
    if config.audit.suite == LogSuite::Dual {
        let name = format!("{origin}{TWIN_ORIGIN_SUFFIX}");
        let twin = one(file(&keys.twin), name, KeyKind::Sm2Sm3, KeyPurpose::Twin);
        wanted.push(twin);
    }
    let name = format!("{origin}{RECEIPT_KEY_SUFFIX}");
    let (place, kind) = (keys.receipt.clone(), KeyKind::Ed25519);
    wanted.push(one(place, name, kind, KeyPurpose::Receipt));
    wanted
}

/// Where the key that is to follow the one at `path` lies until it does.
pub(crate) fn next_path(path: &Path) -> PathBuf {
    path.with_extension("next.pem")
}

/// Refuses while the log may say that a key has given way to another that is not in its place yet.
///
/// # Errors
/// A rotation was begun and not finished: what the old key signs from here on would be refused by whoever checks.
pub(crate) fn ensure_no_rotation(config: &Config) -> anyhow::Result<()> {
    for wanted in wanted(config) {
        if let KeyPlace::File(path) = &wanted.place {
            let next = next_path(path);
            anyhow::ensure!(
                !next.exists(),
                "{} is there: a rotation of keys was begun and not finished; finish it with `lawgate keys rotate`",
                next.display()
            );
        }
    }
    Ok(())
}

/// Keys as they are loaded.
#[derive(Default)]
struct Ring {
    checkpoint: Vec<Arc<dyn Signer>>,
    twin: Vec<Arc<dyn Signer>>,
    receipt: Vec<Arc<dyn Signer>>,
    made: Vec<PathBuf>,
}

impl Ring {
    fn add(&mut self, purpose: KeyPurpose, signer: Arc<dyn Signer>) {
        match purpose {
            KeyPurpose::Log => self.checkpoint.push(signer),
            KeyPurpose::Twin => self.twin.push(signer),
            KeyPurpose::Receipt => self.receipt.push(signer),
        }
    }

    fn finish(mut self, suite: LogSuite) -> KeyRing {
        KeyRing {
            checkpoint: self.checkpoint,
            twin: (suite == LogSuite::Dual).then_some(self.twin),
            receipt: self
                .receipt
                .pop()
                .expect("a receipt key is always asked for"),
            made: self.made,
        }
    }
}

/// Makes a key file and its public half beside it.
pub(crate) fn make(path: &Path, wanted: &WantedKey) -> anyhow::Result<VerifierKey> {
    let generated = generate(wanted.kind, &wanted.name)?;
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("folder {} cannot be made", folder.display()))?;
    }
    write_key_file(path, &generated)?;
    let public = path.with_extension(PUBLIC_ENDING);
    write_public(&public, &format!("{}\n", generated.key))?;
    Ok(generated.key)
}

/// Writes a file that everybody may read, unless it is there.
fn write_public(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o644)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    match write() {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        written => written.with_context(|| format!("{} cannot be written", path.display())),
    }
}

/// Loads one key.
pub(crate) fn load(wanted: &WantedKey, token: Option<&Token>) -> anyhow::Result<Arc<dyn Signer>> {
    match &wanted.place {
        KeyPlace::File(path) => {
            let loaded = FileSigner::load(path, &wanted.name, wanted.kind);
            let signer = loaded.with_context(|| {
                let kind = wanted.kind;
                format!("{} cannot be used as the {kind} key", path.display())
            })?;
            Ok(Arc::new(signer))
        }
        KeyPlace::Token(label) => in_token(label, wanted, token),
    }
}

#[cfg(feature = "pkcs11")]
fn in_token(
    label: &str,
    wanted: &WantedKey,
    token: Option<&Token>,
) -> anyhow::Result<Arc<dyn Signer>> {
    let token = token.context("the configuration names no token")?;
    let pin = std::fs::read_to_string(&token.pin_file)
        .with_context(|| format!("{} cannot be read", token.pin_file.display()))?;
    let (module, label_of_token) = (token.module.clone(), token.label.clone());
    let location = signer::Pkcs11Location::new(module, label_of_token, label, pin.trim_end());
    let opened = signer::Pkcs11Signer::open(&location, &wanted.name, wanted.kind);
    let signer = opened.with_context(|| format!("the key pkcs11:{label} cannot be used"))?;
    Ok(Arc::new(signer))
}

#[cfg(not(feature = "pkcs11"))]
fn in_token(label: &str, _: &WantedKey, _: Option<&Token>) -> anyhow::Result<Arc<dyn Signer>> {
    anyhow::bail!("the key pkcs11:{label} needs a program that is built with the feature pkcs11")
}
