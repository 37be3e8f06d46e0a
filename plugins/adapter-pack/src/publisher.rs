//! Who may publish adapters: public keys, and which adapters each may sign.
//!
//! A file of keys has one key a line, as `name+id+base64` (C2SP signed-note),
//! and after it, optionally, the ids of the adapters it may sign; without ids
//! it may sign any. Blank lines and lines that begin with `#` are comments.

use audit_proof::key::{KeyError, SignatureError, VerifierKey};

use crate::pack::Pack;

/// Keys whose signatures count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublisherKeys {
    keys: Vec<Publisher>,
}

/// A key and what it may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Publisher {
    key: VerifierKey,
    /// Ids of adapters; empty stands for any.
    adapters: Vec<String>,
}

/// Why a text is no file of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublisherKeysError {
    /// A line does not begin with a key.
    #[error("line {line} does not begin with a key")]
    Key {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        cause: KeyError,
    },
    /// A key that cannot sign a pack.
    #[error("line {line}: {key} signs checkpoints only; packs are signed with ed25519 or sm2-sm3")]
    Kind {
        /// The line, from 1.
        line: usize,
        /// Name of the key.
        key: String,
    },
    /// A key is there twice.
    #[error("line {line}: {key} is there already")]
    Twice {
        /// The line, from 1.
        line: usize,
        /// Name of the key.
        key: String,
    },
}

/// Why no publisher vouches for a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The pack has no signature.
    #[error("the pack is not signed")]
    NotSigned,
    /// It is signed, and by no key that counts.
    #[error("the pack is signed by {}, and none of them is a known publisher", signers.join(", "))]
    NoKnownPublisher {
        /// Names the signatures bear, which anybody can write.
        signers: Vec<String>,
    },
    /// A known key signed it, and may not sign this adapter.
    #[error("{key} may not sign the adapter {adapter}")]
    NotForAdapter {
        /// Name of the key.
        key: String,
        /// Id of the adapter.
        adapter: String,
    },
    /// A signature that names a known key is not of that key.
    #[error("the signature of {key} is wrong; the pack was changed or the signature is forged")]
    Forged {
        /// Name of the key.
        key: String,
        /// What is wrong with the signature.
        #[source]
        cause: SignatureError,
    },
}

impl PublisherKeys {
    /// Reads a file of keys.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, PublisherKeysError> {
        let mut keys: Vec<Publisher> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let mut words = line.split_whitespace();
            let Some(word) = words.next().filter(|word| !word.starts_with('#')) else {
                continue;
            };
            let key = VerifierKey::parse(word).map_err(|cause| PublisherKeysError::Key {
                line: number,
                cause,
            })?;
            let name = || key.name().to_owned();
            if key.kind().is_cosignature() {
                return Err(PublisherKeysError::Kind {
                    line: number,
                    key: name(),
                });
            }
            if keys.iter().any(|publisher| publisher.key == key) {
                return Err(PublisherKeysError::Twice {
                    line: number,
                    key: name(),
                });
            }
            keys.push(Publisher {
                key,
                adapters: words.map(str::to_owned).collect(),
            });
        }
        Ok(Self { keys })
    }

    /// Keys that may sign any adapter. Cosignature keys are left out: they sign checkpoints only.
    #[must_use]
    pub fn of(keys: impl IntoIterator<Item = VerifierKey>) -> Self {
        let publisher = |key| Publisher {
            key,
            adapters: Vec::new(),
        };
        let signs_packs = |key: &VerifierKey| !key.kind().is_cosignature();
        let keys = keys.into_iter().filter(signs_packs).map(publisher);
        Self {
            keys: keys.collect(),
        }
    }

    /// Whether there is no key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl Pack {
    /// Says which known publishers signed this pack: at least one, each key once.
    ///
    /// Signatures of unknown keys count for nothing and against nothing. One
    /// that names a known key and is wrong condemns the pack, whoever else signed.
    ///
    /// # Errors
    /// Every variant means that nobody who is known vouches for the pack.
    pub fn verify(&self, publishers: &PublisherKeys) -> Result<Vec<VerifierKey>, VerifyError> {
        let lines = self.signatures();
        if lines.is_empty() {
            return Err(VerifyError::NotSigned);
        }
        let text = self.statement();
        let adapter = &self.manifest().id;
        let (mut signed, mut not_for_it) = (Vec::new(), None);
        for publisher in &publishers.keys {
            let key = &publisher.key;
            let mut own = lines.iter().filter(|line| key.is_named_by(line)).peekable();
            if own.peek().is_none() {
                continue;
            }
            for line in own {
                key.verify(&text, line.signature())
                    .map_err(|cause| VerifyError::Forged {
                        key: key.name().to_owned(),
                        cause,
                    })?;
            }
            if publisher.adapters.is_empty() || publisher.adapters.contains(adapter) {
                signed.push(key.clone());
            } else {
                not_for_it = Some(key.name().to_owned());
            }
        }
        match (signed.is_empty(), not_for_it) {
            (false, _) => Ok(signed),
            (true, Some(key)) => Err(VerifyError::NotForAdapter {
                key,
                adapter: adapter.clone(),
            }),
            (true, None) => Err(VerifyError::NoKnownPublisher {
                signers: lines.iter().map(|line| line.name().to_owned()).collect(),
            }),
        }
    }
}

#[cfg(test)]
mod tests;
