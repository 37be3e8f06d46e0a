//! Commitments (承诺): what may be public of a value that may not.
//!
//! ```text
//! SHA-256(0x02 | length of tag u16, big-endian | tag | salt 32 | value)
//! ```
//!
//! The tag names the field; the salt is random for each field of each record, because identity numbers and plates can be
//! guessed. Whoever is given tag, salt and value computes the commitment again; whoever is not learns nothing from it.
//! The first byte keeps commitments apart from the leaves and nodes of RFC 6962 trees.

use sha2::{Digest as _, Sha256};

use crate::key::{RandomError, fill_random};

/// Bytes of a salt.
pub const SALT_BYTES: usize = 32;

/// A salt; secret for as long as the value is.
pub type Salt = [u8; SALT_BYTES];

/// Longest tag in bytes; a path of the schema is a tenth of it.
pub const MAX_TAG_BYTES: usize = u16::MAX as usize;

/// A fresh salt.
///
/// # Errors
/// [`RandomError`] when the system has no random bytes.
pub fn salt() -> Result<Salt, RandomError> {
    let mut salt = [0; SALT_BYTES];
    fill_random(&mut salt)?;
    Ok(salt)
}

/// The commitment to `value` as the field `tag`. A tag longer than [`MAX_TAG_BYTES`] is cut there.
#[must_use]
pub fn commitment(tag: &str, salt: &Salt, value: &[u8]) -> [u8; 32] {
    let tag = &tag.as_bytes()[..tag.len().min(MAX_TAG_BYTES)];
    let length = u16::try_from(tag.len()).unwrap_or(u16::MAX);
    Sha256::new()
        .chain_update([0x02])
        .chain_update(length.to_be_bytes())
        .chain_update(tag)
        .chain_update(salt)
        .chain_update(value)
        .finalize()
        .into()
}

/// What opens one commitment: given to whoever may know the value, and to nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disclosure {
    /// The field.
    pub tag: String,
    /// The salt.
    pub salt: Salt,
    /// The value.
    pub value: Vec<u8>,
    /// The commitment that was made public.
    pub commitment: [u8; 32],
}

impl Disclosure {
    /// Whether tag, salt and value are what was committed to.
    #[must_use]
    pub fn is_true(&self) -> bool {
        commitment(&self.tag, &self.salt, &self.value) == self.commitment
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_formula_is_the_published_one() {
        let mut bytes = vec![2, 0, 1, b't'];
        bytes.extend([9; 32]);
        bytes.extend(b"value");
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(commitment("t", &[9; 32], b"value"), expected);
    }

    #[test]
    fn a_changed_value_salt_or_tag_is_refused() {
        let honest = Disclosure {
            tag: "case_transfer.suspects[0].name".to_owned(),
            salt: [1; 32],
            value: "张三".into(),
            commitment: commitment(
                "case_transfer.suspects[0].name",
                &[1; 32],
                "张三".as_bytes(),
            ),
        };
        assert!(honest.is_true());
        let other = |change: fn(&mut Disclosure)| {
            let mut changed = honest.clone();
            change(&mut changed);
            assert!(!changed.is_true());
        };
        other(|it| it.value = "李四".into());
        other(|it| it.salt[31] ^= 1);
        other(|it| it.tag.push('x'));
        other(|it| it.commitment[0] ^= 1);
    }

    proptest! {
        #[test]
        fn nothing_can_be_moved_between_tag_and_value(tag in "[a-z]{1,8}", salt: [u8; 32], value: Vec<u8>) {
            let (short, moved) = tag.split_at(tag.len() - 1);
            let mut longer = moved.as_bytes().to_vec();
            longer.extend(&value);
            prop_assert_ne!(commitment(&tag, &salt, &value), commitment(short, &salt, &longer));
        }
    }
}
