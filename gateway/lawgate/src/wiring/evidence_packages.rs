//! The node's files that go into evidence packages: policy, key history, stamps, the font of the statement.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use audit_proof::key::VerifierKey;
use audit_proof::policy::Policy;
use exchange::entry::KeyPurpose;
use exchange::ports::{PackageSource, StampedCheckpoint};
use exchange::refusal::Cause;

use crate::attest::keys::KeyRing;
use crate::config::model::Config;
use crate::keys;

/// Fonts with Chinese characters that Debian packages install; the first that is there is taken.
const FONTS: [&str; 2] = [
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
];

/// Longest font that is read, in bytes.
const MAX_FONT_BYTES: u64 = 64 << 20;

/// Where the files are.
pub(crate) struct PackageFiles {
    tiles: PathBuf,
    policy: PolicyText,
    history: PathBuf,
    font: Option<Arc<[u8]>>,
}

/// The policy in force.
enum PolicyText {
    /// The file of the policy of witnesses, and keys of the log that it may leave out.
    File(PathBuf, Vec<VerifierKey>),
    /// Without witnesses: the keys of the log.
    Keys(String),
}

impl PackageFiles {
    /// Finds the files of a node.
    ///
    /// # Errors
    /// The font that is configured cannot be read.
    pub(crate) fn open(
        config: &Config,
        keys: &KeyRing,
        tiles: PathBuf,
    ) -> anyhow::Result<PackageFiles> {
        let policy = match &config.audit.witness {
            Some(witness) => {
                let own = keys.public().into_iter();
                let own = own.filter(|(purpose, _)| *purpose == KeyPurpose::Receipt);
                let own = own.map(|(_, key)| key.clone()).collect();
                PolicyText::File(witness.policy.clone(), own)
            }
            None => PolicyText::Keys(keys.policy()),
        };
        Ok(PackageFiles {
            tiles,
            policy,
            history: keys::history_path(config),
            font: font(config.evidence.statement_font.as_deref())?,
        })
    }
}

fn font(configured: Option<&Path>) -> anyhow::Result<Option<Arc<[u8]>>> {
    let found = || FONTS.iter().map(Path::new).find(|path| path.is_file());
    let Some(path) = configured.or_else(found) else {
        tracing::info!("no font with Chinese characters: evidence packages will have no PDF");
        return Ok(None);
    };
    let failed = || format!("the font {} cannot be read", path.display());
    let length = std::fs::metadata(path).with_context(failed)?.len();
    anyhow::ensure!(
        length <= MAX_FONT_BYTES,
        "the font {} has {length} bytes, more than {MAX_FONT_BYTES}",
        path.display()
    );
    let bytes = std::fs::read(path).with_context(failed)?;
    Ok(Some(bytes.into()))
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Cause> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

impl PackageSource for PackageFiles {
    fn software(&self) -> String {
        format!("lawgate {}", env!("CARGO_PKG_VERSION"))
    }

    fn policy(&self) -> Result<String, Cause> {
        match &self.policy {
            PolicyText::File(path, own) => {
                let text = std::fs::read_to_string(path)?;
                let policy = Policy::parse(text.as_bytes())?;
                let is_missing =
                    |key: &&VerifierKey| policy.logs().iter().all(|log| log.key != **key);
                // Receipts are of a key of their own, which a policy of witnesses need not name.
                let missing = own.iter().filter(is_missing);
                let added: String = missing.map(|key| format!("log {key}\n")).collect();
                Ok(added + &text)
            }
            PolicyText::Keys(text) => Ok(text.clone()),
        }
    }

    fn key_history(&self) -> Result<Option<String>, Cause> {
        match read(&self.history)? {
            Some(bytes) => Ok(Some(String::from_utf8(bytes)?)),
            None => Ok(None),
        }
    }

    fn stamps(&self) -> Result<Vec<u64>, Cause> {
        let listed = match std::fs::read_dir(self.tiles.join("tokens")) {
            Ok(listed) => listed,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let mut sizes = Vec::new();
        for file in listed {
            let name = file?.file_name();
            let size = name.to_str().and_then(|name| name.strip_suffix(".tsr"));
            sizes.extend(size.and_then(|size| size.parse::<u64>().ok()));
        }
        sizes.sort_unstable();
        Ok(sizes)
    }

    fn stamp(&self, size: u64) -> Result<Option<StampedCheckpoint>, Cause> {
        let token = read(&self.tiles.join("tokens").join(format!("{size}.tsr")))?;
        let note = read(&self.tiles.join("checkpoints").join(size.to_string()))?;
        Ok(token
            .zip(note)
            .map(|(token, note)| StampedCheckpoint { note, token }))
    }

    fn font(&self) -> Option<Arc<[u8]>> {
        self.font.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configured_font_that_is_not_there_is_an_error_that_names_it() {
        let error = font(Some(Path::new("/no/such/font.ttf"))).expect_err("refused");
        assert!(format!("{error:#}").contains("/no/such/font.ttf"));
    }

    #[test]
    fn stamps_are_listed_by_size_and_need_their_checkpoint() {
        let folder = tempfile::tempdir().expect("a folder");
        let files = PackageFiles {
            tiles: folder.path().to_owned(),
            policy: PolicyText::Keys("quorum none\n".to_owned()),
            history: folder.path().join("history"),
            font: None,
        };
        assert_eq!(files.stamps().expect("read"), Vec::<u64>::new());
        std::fs::create_dir_all(folder.path().join("tokens")).expect("made");
        for name in ["9.tsr", "10.tsr", "x.tsr", "11"] {
            std::fs::write(folder.path().join("tokens").join(name), b"token").expect("written");
        }
        assert_eq!(files.stamps().expect("read"), [9, 10]);
        assert_eq!(files.stamp(9).expect("read"), None);
        assert_eq!(files.key_history().expect("read"), None);
    }
}
