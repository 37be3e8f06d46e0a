//! C2SP signed-note v1.0.0: a text and the signatures under it.
//!
//! Only the form: what stands where, which characters are allowed, how a note is written and read back to the same
//! bytes. Whether a signature is good is the affair of [`crate::key`], and whose signatures are enough that of
//! [`crate::policy`]. Checkpoints, receipts and proofs rely on a note that parsed being exactly the bytes it was read
//! from.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Longest note accepted, in bytes.
///
/// The limit of the reference implementation; sixteen ML-DSA-44 signatures, which must be accepted, need 53 kB.
pub const MAX_NOTE_BYTES: usize = 1_000_000;

/// Most signatures accepted in one note; the limit of the reference implementation, which must be at least 16.
pub const MAX_SIGNATURES: usize = 100;

/// What a signature line begins with: an em dash and a space.
const SIGNATURE_PREFIX: &str = "— ";

/// The first four bytes of the hash of a key, by which a signature names it.
pub type KeyId = [u8; 4];

/// A text with at least one signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: KeyId,
    signature: Vec<u8>,
}

/// Why bytes are not a signed note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is longer than [`MAX_NOTE_BYTES`].
    #[error("the note has {bytes} bytes, more than {MAX_NOTE_BYTES}")]
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The note is not UTF-8.
    #[error("the note is not UTF-8 from byte {offset}")]
    NotUtf8 {
        /// Where the first wrong byte stands.
        offset: usize,
    },
    /// A control character other than the newline stands in the note.
    #[error("a control character at byte {offset}")]
    ControlCharacter {
        /// Where it stands.
        offset: usize,
    },
    /// The text does not end in a newline.
    #[error("the text does not end in a newline")]
    UnfinishedText,
    /// No blank line parts the text from the signatures.
    #[error("no blank line before the signatures")]
    NoBlankLine,
    /// Nothing stands under the text.
    #[error("the note has no signature")]
    NoSignature,
    /// The note does not end in a newline.
    #[error("the last signature line does not end in a newline")]
    UnfinishedLine,
    /// There are more than [`MAX_SIGNATURES`].
    #[error("more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// A line under the text is not em dash, space, key name, space, base64 of at least five bytes.
    #[error("signature line {line} is malformed")]
    SignatureLine {
        /// Which signature line, from 1.
        line: usize,
    },
    /// A key name is empty or has a space or a plus.
    #[error("signature line {line} has an invalid key name")]
    KeyName {
        /// Which signature line, from 1.
        line: usize,
    },
}

impl Note {
    /// Puts `signatures` under `text`, in their order.
    ///
    /// # Errors
    /// Every variant that says what a note must not be, so that what is made here parses.
    pub fn new(text: String, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        check_text(&text)?;
        let note = Self { text, signatures };
        note.check_signatures()?;
        Ok(note)
    }

    /// Reads a note; writing it again gives `bytes`.
    ///
    /// # Errors
    /// The first thing found wrong, with its place.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong { bytes: bytes.len() });
        }
        let note = std::str::from_utf8(bytes).map_err(|error| NoteError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        check_characters(note)?;
        // The text may have empty lines of its own: the last one parts it from the signatures.
        let blank = note.rfind("\n\n").ok_or(NoteError::NoBlankLine)?;
        let (text, lines) = (&note[..=blank], &note[blank + 2..]);
        if lines.is_empty() {
            return Err(NoteError::NoSignature);
        }
        let lines = lines.strip_suffix('\n').ok_or(NoteError::UnfinishedLine)?;
        let mut signatures = Vec::new();
        for (index, line) in lines.split('\n').enumerate() {
            if index == MAX_SIGNATURES {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(NoteSignature::parse(line, index + 1)?);
        }
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// Adds a signature under those that are there.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`] or [`NoteError::TooLong`]; the note is as it was.
    pub fn push(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        self.signatures.push(signature);
        self.check_signatures().inspect_err(|_| {
            self.signatures.pop();
        })
    }

    /// What is signed, with its last newline and without the blank line.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in the order of their lines.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    fn check_signatures(&self) -> Result<(), NoteError> {
        if self.signatures.is_empty() {
            return Err(NoteError::NoSignature);
        }
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let lines: usize = self.signatures.iter().map(NoteSignature::length).sum();
        let bytes = self.text.len() + 1 + lines;
        if bytes > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong { bytes });
        }
        Ok(())
    }
}

impl fmt::Display for Note {
    /// The note as it is stored and sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl NoteSignature {
    /// Makes a signature line from its parts; `signature` is what follows the key id.
    ///
    /// # Errors
    /// [`NoteError::KeyName`] or, for an empty signature, [`NoteError::SignatureLine`]; both say line 1.
    pub fn new(name: &str, key_id: KeyId, signature: Vec<u8>) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::KeyName { line: 1 });
        }
        if signature.is_empty() {
            return Err(NoteError::SignatureLine { line: 1 });
        }
        Ok(Self {
            name: name.to_owned(),
            key_id,
            signature,
        })
    }

    /// Reads one signature line without its newline, as a witness answers it.
    ///
    /// # Errors
    /// [`NoteError::ControlCharacter`], [`NoteError::SignatureLine`] or [`NoteError::KeyName`]; the last two say line 1.
    pub fn parse_line(line: &str) -> Result<Self, NoteError> {
        if let Some(offset) = line.find('\n') {
            return Err(NoteError::ControlCharacter { offset });
        }
        check_characters(line)?;
        Self::parse(line, 1)
    }

    fn parse(text: &str, line: usize) -> Result<Self, NoteError> {
        let malformed = NoteError::SignatureLine { line };
        let (name, encoded) = text
            .strip_prefix(SIGNATURE_PREFIX)
            .and_then(|rest| rest.split_once(' '))
            .ok_or_else(|| malformed.clone())?;
        if !is_key_name(name) {
            return Err(NoteError::KeyName { line });
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| malformed.clone())?;
        match bytes.split_first_chunk::<4>() {
            Some((key_id, signature)) if !signature.is_empty() => Ok(Self {
                name: name.to_owned(),
                key_id: *key_id,
                signature: signature.to_vec(),
            }),
            _ => Err(malformed),
        }
    }

    /// The name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The id of the key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What follows the key id: for cosignatures a timestamp and the signature, otherwise the signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The length of its line with the newline, in bytes.
    fn length(&self) -> usize {
        SIGNATURE_PREFIX.len() + self.name.len() + 2 + (self.signature.len() + 4).div_ceil(3) * 4
    }
}

impl fmt::Display for NoteSignature {
    /// The line without its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id[..], &self.signature].concat();
        write!(
            f,
            "{SIGNATURE_PREFIX}{} {}",
            self.name,
            STANDARD.encode(bytes)
        )
    }
}

/// Whether `name` may name a key: not empty, no Unicode space, no plus and no control character.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c == '+' || c < ' ')
}

/// Checks that `text` can stand above the blank line of a note.
fn check_text(text: &str) -> Result<(), NoteError> {
    check_characters(text)?;
    if text.ends_with('\n') {
        Ok(())
    } else {
        Err(NoteError::UnfinishedText)
    }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    match text.bytes().position(|byte| byte < b' ' && byte != b'\n') {
        Some(offset) => Err(NoteError::ControlCharacter { offset }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
