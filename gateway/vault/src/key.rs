//! Data keys: 32 random bytes, their names, and the compartment they belong to.

use std::fmt;

use zeroize::Zeroizing;

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Where a key is kept: each compartment has a file and a key of keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compartment {
    /// Personal data of classes P, S and J.
    Ordinary = 0,
    /// The identity of reporters, class R (举报人保密).
    Reporter = 1,
}

impl Compartment {
    /// Both, in the order of their numbers.
    pub const ALL: [Compartment; 2] = [Compartment::Ordinary, Compartment::Reporter];

    /// The compartment of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|it| *it as u8 == number)
    }
}

/// Names a key: its compartment and its slot there. A name is never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// The compartment.
    pub compartment: Compartment,
    /// The number of the slot, from 1.
    pub number: u64,
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.compartment {
            Compartment::Ordinary => 'k',
            Compartment::Reporter => 'r',
        };
        write!(f, "{letter}{}", self.number)
    }
}

impl KeyName {
    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let compartment = match text.as_bytes().first()? {
            b'k' => Compartment::Ordinary,
            b'r' => Compartment::Reporter,
            _ => return None,
        };
        let digits = text.get(1..)?;
        let number = digits.parse().ok()?;
        let name = Self {
            compartment,
            number,
        };
        (name.to_string() == text).then_some(name)
    }
}

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gave no random bytes")]
pub struct RandomError;

/// A key in memory; erased from it when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    /// A new key.
    ///
    /// # Errors
    /// [`RandomError`] when the system has no random bytes.
    pub fn random() -> Result<Self, RandomError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        fill_random(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// The key with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

/// A key and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey {
    /// The name.
    pub name: KeyName,
    /// The key.
    pub key: Key,
}

/// Fills `bytes` with random ones.
pub(crate) fn fill_random(bytes: &mut [u8]) -> Result<(), RandomError> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| RandomError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_nothing_of_itself() {
        let key = Key::from_bytes([0x41; 32]);
        assert_eq!(format!("{key:?}"), "Key(..)");
    }

    #[test]
    fn names_are_read_as_they_are_written_and_in_no_other_way() {
        for compartment in Compartment::ALL {
            let name = KeyName {
                compartment,
                number: 17,
            };
            assert_eq!(KeyName::parse(&name.to_string()), Some(name));
        }
        for text in ["", "k", "x1", "k01", "k+1", "k 1", "17"] {
            assert_eq!(KeyName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn two_keys_differ() {
        assert_ne!(Key::random().unwrap(), Key::random().unwrap());
    }
}
