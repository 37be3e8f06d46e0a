//! Entries about the keys that sign the log: which are in force, one replaced by another, one not to be believed.
//!
//! Keys stand here as verifier keys in text (C2SP signed-note, vkey). The shape is read strictly; whether a text is a
//! key and a signature good is for a verifier to say, which holds the policy. A key counts for sizes up to the position
//! of the entry that ends its use.

use audit_log::cbor::Value;
use audit_log::checkpoint::{Checkpoint, CheckpointError};
use audit_log::entry::{Draft, Entry, Field};

use super::attestation::items;
use super::value::{array, as_bytes, as_text, as_uint, bytes, text};
use super::{EVENT_KEY_REVOKE, EVENT_KEY_ROTATE, EVENT_LOG_START, operator, start};

/// First line of the statement that both keys of a rotation sign.
pub const ROTATION_HEADING: &str = "lawgate key rotation v1";

/// Longest text of a verifier key, in bytes: ML-DSA-44 takes 1,750 besides the name.
const MAX_KEY_BYTES: usize = 4_096;

/// Longest signature, in bytes: ML-DSA-44 takes 2,420 and the time 8.
const MAX_SIGNATURE_BYTES: usize = 8_192;

/// What a key of the log is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// It signs checkpoints of the SHA-256 tree.
    Log,
    /// It signs checkpoints of the SM3 tree.
    Twin,
    /// It signs receipts.
    Receipt,
}

impl KeyPurpose {
    /// Its word in an entry and in a statement.
    pub fn word(self) -> &'static str {
        match self {
            KeyPurpose::Log => "log",
            KeyPurpose::Twin => "twin",
            KeyPurpose::Receipt => "receipt",
        }
    }

    fn of_word(word: &str) -> Option<KeyPurpose> {
        [KeyPurpose::Log, KeyPurpose::Twin, KeyPurpose::Receipt]
            .into_iter()
            .find(|purpose| purpose.word() == word)
    }
}

/// A key was replaced by another, and both say so (`key.rotate`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotateEntry {
    /// What the keys are for.
    pub purpose: KeyPurpose,
    /// The old key, as a vkey.
    pub old_key: String,
    /// The new key, as a vkey.
    pub new_key: String,
    /// Signature of the old key over [`KeyRotateEntry::signed_text`]: the bytes after the key id of a note's line.
    pub old_signature: Vec<u8>,
    /// Signature of the new key over the same.
    pub new_signature: Vec<u8>,
}

impl KeyRotateEntry {
    /// The statement: heading, origin, purpose, old key and new key, each on a line of its own.
    pub fn statement(origin: &str, purpose: KeyPurpose, old_key: &str, new_key: &str) -> String {
        let purpose = purpose.word();
        format!("{ROTATION_HEADING}\n{origin}\n{purpose}\n{old_key}\n{new_key}\n")
    }

    /// The text that is signed: the checkpoint of a log `<origin>/key-rotation` whose one entry is the statement.
    ///
    /// Keys of type 0x04 and 0x06 sign checkpoints and nothing else (C2SP tlog-cosignature), so the statement is put
    /// into the form of one. No policy names a log of this origin, so that nobody takes it for a checkpoint of the log.
    ///
    /// # Errors
    /// [`CheckpointError`] for an origin that cannot stand in a checkpoint.
    pub fn signed_text(origin: &str, statement: &str) -> Result<String, CheckpointError> {
        let root = audit_log::leaf_hash(statement.as_bytes());
        Checkpoint::new(&format!("{origin}/key-rotation"), 1, root)
            .map(|checkpoint| checkpoint.to_string())
    }

    /// The draft the log completes: object `[purpose]`, result `["rotated", [old key, signature], [new key, signature]]`.
    pub fn draft(&self) -> Draft {
        let pair = |key: &str, signature: &[u8]| Value::Array(vec![text(key), bytes(signature)]);
        let outcome = vec![
            text("rotated"),
            pair(&self.old_key, &self.old_signature),
            pair(&self.new_key, &self.new_signature),
        ];
        start(EVENT_KEY_ROTATE)
            .with(Field::Actor, operator())
            .with(Field::Object, vec![text(self.purpose.word())])
            .with(Field::Outcome, outcome)
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<KeyRotateEntry> {
        let [purpose] = items(entry, EVENT_KEY_ROTATE, Field::Object)?;
        let [code, old, new] = items(entry, EVENT_KEY_ROTATE, Field::Outcome)?;
        let (old_key, old_signature) = signed_by(&old)?;
        let (new_key, new_signature) = signed_by(&new)?;
        let is_it = as_text(&code)? == "rotated" && old_key != new_key;
        is_it.then_some(KeyRotateEntry {
            purpose: KeyPurpose::of_word(as_text(&purpose)?)?,
            old_key,
            new_key,
            old_signature,
            new_signature,
        })
    }
}

/// A key must not be believed for anything larger than a size (`key.revoke`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRevokeEntry {
    /// The key, as a vkey.
    pub key: String,
    /// Largest size, in entries, at which its signature is known to be good.
    pub last_good_size: u64,
}

impl KeyRevokeEntry {
    /// The draft the log completes: object `[key]`, result `["revoked", last good size]`.
    pub fn draft(&self) -> Draft {
        let outcome = vec![text("revoked"), Value::Unsigned(self.last_good_size)];
        start(EVENT_KEY_REVOKE)
            .with(Field::Actor, operator())
            .with(Field::Object, vec![text(&self.key)])
            .with(Field::Outcome, outcome)
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<KeyRevokeEntry> {
        let [key] = items(entry, EVENT_KEY_REVOKE, Field::Object)?;
        let [code, size] = items(entry, EVENT_KEY_REVOKE, Field::Outcome)?;
        let is_it = as_text(&code)? == "revoked";
        is_it.then_some(KeyRevokeEntry {
            key: key_text(&key)?,
            last_good_size: as_uint(&size)?,
        })
    }
}

/// From this entry on the log is signed by this software with these keys (`log.start`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStartEntry {
    /// Version of the software; not empty.
    pub version: String,
    /// Suite of the log, `sha256` or `dual`; not empty.
    pub suite: String,
    /// The keys in force with what they are for, in the order of their signature lines.
    pub keys: Vec<(KeyPurpose, String)>,
}

impl LogStartEntry {
    /// The draft the log completes: object `[version, suite]`, result `["signing", [[purpose, key], …]]`.
    pub fn draft(&self) -> Draft {
        let pair = |(purpose, key): &(KeyPurpose, String)| {
            Value::Array(vec![text(purpose.word()), text(key)])
        };
        let keys = Value::Array(self.keys.iter().map(pair).collect());
        start(EVENT_LOG_START)
            .with(Field::Actor, operator())
            .with(Field::Object, vec![text(&self.version), text(&self.suite)])
            .with(Field::Outcome, vec![text("signing"), keys])
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<LogStartEntry> {
        let [version, suite] = items(entry, EVENT_LOG_START, Field::Object)?;
        let [code, keys] = items(entry, EVENT_LOG_START, Field::Outcome)?;
        let (version, suite) = (as_text(&version)?, as_text(&suite)?);
        let pair = |value: &Value| {
            let [purpose, key] = array(value)? else {
                return None;
            };
            Some((KeyPurpose::of_word(as_text(purpose)?)?, key_text(key)?))
        };
        let is_it = as_text(&code)? == "signing" && !version.is_empty() && !suite.is_empty();
        let keys = array(&keys)?.iter().map(pair).collect::<Option<_>>()?;
        is_it.then_some(LogStartEntry {
            version: version.to_owned(),
            suite: suite.to_owned(),
            keys,
        })
    }
}

/// A key in text: one line without white space.
fn key_text(value: &Value) -> Option<String> {
    let key = as_text(value)?;
    let is_line = !key.is_empty()
        && key.len() <= MAX_KEY_BYTES
        && !key.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    is_line.then(|| key.to_owned())
}

/// A key and the signature it made.
fn signed_by(value: &Value) -> Option<(String, Vec<u8>)> {
    let [key, signature] = array(value)? else {
        return None;
    };
    let signature = as_bytes(signature)?;
    let has_length = (1..=MAX_SIGNATURE_BYTES).contains(&signature.len());
    has_length.then_some((key_text(key)?, signature.to_vec()))
}
