//! The key history of a node: up to which size each of its keys counts (`keys/history` in the data folder).
//!
//! The file is what a verifier is given; the entries of the log say the same.

use std::path::PathBuf;

use anyhow::Context as _;
use audit_proof::key::VerifierKey;
use audit_proof::key_history::{KeyEnd, KeyHistory, KeyTerm};

use crate::attest::keys::KeyRing;
use crate::config::Config;

/// Where the history of a node lies.
pub(crate) fn path(config: &Config) -> PathBuf {
    config.gateway.data_dir.join("keys/history")
}

/// The history while it is changed.
pub(super) struct Known {
    path: PathBuf,
    terms: Vec<KeyTerm>,
}

impl Known {
    /// Reads the history; one that is not there yet begins with the keys in force.
    pub(super) fn open(config: &Config, ring: &KeyRing) -> anyhow::Result<Known> {
        let path = path(config);
        let terms = if path.exists() {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            let history = KeyHistory::parse(&text)
                .with_context(|| format!("{} is no key history", path.display()))?;
            history.terms().to_vec()
        } else {
            let keys = ring.public().into_iter();
            keys.map(|(_, key)| KeyTerm {
                key: key.clone(),
                end: None,
            })
            .collect()
        };
        Ok(Known { path, terms })
    }

    /// Ends the use of `old` at `size` and begins that of `new`.
    pub(super) fn rotate(
        &mut self,
        old: &VerifierKey,
        new: &VerifierKey,
        size: u64,
    ) -> anyhow::Result<()> {
        self.end(old, KeyEnd::Rotated(size))?;
        if !self.terms.iter().any(|term| term.key == *new) {
            self.terms.push(KeyTerm {
                key: new.clone(),
                end: None,
            });
        }
        Ok(())
    }

    /// States that `key` is not to be believed beyond `last_good`.
    pub(super) fn revoke(&mut self, key: &VerifierKey, last_good: u64) -> anyhow::Result<()> {
        self.end(key, KeyEnd::Compromised(last_good))
    }

    /// Writes the history.
    pub(super) fn store(self) -> anyhow::Result<()> {
        let history = KeyHistory::new(self.terms)?;
        crate::attest::replace(&self.path, history.to_string().as_bytes())
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }

    fn end(&mut self, key: &VerifierKey, end: KeyEnd) -> anyhow::Result<()> {
        let path = self.path.display();
        let term = self.terms.iter_mut().find(|term| term.key == *key);
        let term = term.with_context(|| format!("{path} does not have the key {}", key.name()))?;
        term.end = Some(end);
        Ok(())
    }
}
