//! Sealed bytes: AES-256-GCM under a named key.
//!
//! ```text
//! version u8 = 1 | compartment u8 | key number u64, little-endian | nonce 12 | ciphertext | tag 16
//! ```
//!
//! The head is authenticated with the context, which says what the bytes are and where they belong, so that sealed bytes
//! cannot be moved to another place. Nonces are random: one key seals the values of one person in one case, or one
//! message, which is far from the 2³² of NIST SP 800-38D §8.3.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::key::{Compartment, Key, KeyName, NamedKey, RandomError, fill_random};
use crate::slot::Tombstone;

const VERSION: u8 = 1;
const NAME_BYTES: usize = 10;
pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// Bytes that sealing adds.
pub const OVERHEAD_BYTES: usize = NAME_BYTES + NONCE_BYTES + TAG_BYTES;

/// Why sealed bytes were not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Their key was destroyed, with everything that was sealed under it.
    #[error("sealed, erased")]
    Erased(Tombstone),
    /// Their form is unknown.
    #[error("the sealed bytes have no known form")]
    Form,
    /// They are not what was sealed, or belong elsewhere.
    #[error("the sealed bytes are damaged or belong elsewhere")]
    Damaged,
    /// There is no such key: it never was, or the file of keys lacks it.
    #[error("key {name} is missing")]
    Missing {
        /// Its name.
        name: KeyName,
    },
    /// The file of keys cannot be read, or the key in it not be unwrapped.
    #[error("key {name} cannot be had")]
    Key {
        /// Its name.
        name: KeyName,
        /// Why.
        #[source]
        cause: Box<crate::VaultError>,
    },
}

/// Seals `plain` under `key`; `context` must be given again to open it.
///
/// # Errors
/// [`RandomError`] when the system has no random bytes.
pub fn seal(key: &NamedKey, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, RandomError> {
    let mut nonce = [0; NONCE_BYTES];
    fill_random(&mut nonce)?;
    let mut out = Vec::with_capacity(plain.len() + OVERHEAD_BYTES);
    out.push(VERSION);
    out.push(key.name.compartment as u8);
    out.extend(key.name.number.to_le_bytes());
    let aad = aad(&out, context);
    out.extend(nonce);
    out.extend(encrypt(&key.key, nonce, &aad, plain));
    Ok(out)
}

/// The key under which bytes are sealed; `None` when they are not sealed bytes of a known version.
#[must_use]
pub fn key_of(sealed: &[u8]) -> Option<KeyName> {
    let (head, rest) = sealed.split_at_checked(NAME_BYTES)?;
    if head[0] != VERSION || rest.len() < NONCE_BYTES + TAG_BYTES {
        return None;
    }
    Some(KeyName {
        compartment: Compartment::from_number(head[1])?,
        number: u64::from_le_bytes(head[2..].try_into().ok()?),
    })
}

/// Opens what was sealed under `key` with the same context.
///
/// # Errors
/// [`OpenError::Form`] and [`OpenError::Damaged`].
pub fn open(key: &Key, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    key_of(sealed).ok_or(OpenError::Form)?;
    let (head, rest) = sealed.split_at(NAME_BYTES);
    let (nonce, cipher) = rest.split_first_chunk().ok_or(OpenError::Form)?;
    decrypt(key, *nonce, &aad(head, context), cipher).ok_or(OpenError::Damaged)
}

fn aad(head: &[u8], context: &[u8]) -> Vec<u8> {
    [head, context].concat()
}

fn cipher(key: &Key) -> LessSafeKey {
    let key = UnboundKey::new(&AES_256_GCM, key.bytes()).expect("the key has 32 bytes");
    LessSafeKey::new(key)
}

/// Encrypts; the tag stands at the end.
pub(crate) fn encrypt(key: &Key, nonce: [u8; NONCE_BYTES], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut out = plain.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    cipher(key)
        .seal_in_place_append_tag(nonce, Aad::from(aad), &mut out)
        .expect("2^36 bytes may be sealed at once, and memory holds fewer");
    out
}

/// Decrypts what [`encrypt`] made; `None` when it is anything else.
pub(crate) fn decrypt(
    key: &Key,
    nonce: [u8; NONCE_BYTES],
    aad: &[u8],
    sealed: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Zeroizing::new(sealed.to_vec());
    let nonce = Nonce::assume_unique_for_key(nonce);
    let length = cipher(key)
        .open_in_place(nonce, Aad::from(aad), out.as_mut_slice())
        .ok()?
        .len();
    out.truncate(length);
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(byte: u8) -> NamedKey {
        NamedKey {
            name: KeyName {
                compartment: Compartment::Ordinary,
                number: 5,
            },
            key: Key::from_bytes([byte; 32]),
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed_and_so_is_another_context_or_key() {
        let sealed = seal(&named(1), b"here", "张三".as_bytes()).unwrap();
        let key = Key::from_bytes([1; 32]);
        assert_eq!(
            open(&key, b"here", &sealed).unwrap().as_slice(),
            "张三".as_bytes()
        );
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key, b"here", &changed).is_err(), "bit {bit}");
        }
        assert!(open(&key, b"there", &sealed).is_err());
        assert!(open(&Key::from_bytes([2; 32]), b"here", &sealed).is_err());
    }

    #[test]
    fn the_same_value_is_never_sealed_to_the_same_bytes() {
        let once = seal(&named(1), b"", b"value").unwrap();
        assert_ne!(once, seal(&named(1), b"", b"value").unwrap());
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_to_itself(plain: Vec<u8>, context: Vec<u8>) {
            let sealed = seal(&named(3), &context, &plain).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + OVERHEAD_BYTES);
            prop_assert_eq!(key_of(&sealed), Some(named(3).name));
            let opened = open(&named(3).key, &context, &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), plain.as_slice());
        }

        #[test]
        fn foreign_bytes_are_refused_without_panic(bytes: Vec<u8>) {
            prop_assert!(open(&named(3).key, b"", &bytes).is_err());
        }
    }
}
