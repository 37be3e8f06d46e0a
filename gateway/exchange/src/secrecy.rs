//! What stands in an entry for a search that may name a person: a keyed digest.
//!
//! A name in a log that is kept for decades could never be erased. HMAC-SHA-256 under a key of the
//! node says whether two searches were for the same, and whoever is given the key can tell whether a
//! given name was searched for; without it nobody learns the name. The key lies beside the log and
//! is no part of it.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::policy::hex;
use crate::words::normal;

/// The node's key for what is searched.
#[derive(Clone)]
pub struct SearchKey([u8; 32]);

/// The key is a secret.
impl std::fmt::Debug for SearchKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SearchKey")
    }
}

/// Bytes of a digest that are written: a collision would be two searches taken for one.
const DIGEST_BYTES: usize = 16;

impl SearchKey {
    /// The key of these bytes.
    pub fn new(bytes: [u8; 32]) -> SearchKey {
        SearchKey(bytes)
    }

    /// `hmac-sha256:` and 32 hexadecimal digits over kind, a zero byte and the normal form of the
    /// value; empty for an empty value.
    pub(crate) fn digest(&self, kind: &str, value: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(normal(value).as_bytes());
        let digest = mac.finalize().into_bytes();
        format!("hmac-sha256:{}", hex(&digest[..DIGEST_BYTES]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SearchKey {
        SearchKey::new([7; 32])
    }

    #[test]
    fn a_name_is_not_written() {
        let written = key().digest("party", "赵某某");
        assert!(written.starts_with("hmac-sha256:"), "{written}");
        assert!(!written.contains('赵'));
        assert_eq!(key().digest("party", ""), "");
    }

    #[test]
    fn the_same_name_in_another_spelling_gives_the_same_digest_and_another_key_does_not() {
        let text = |key: SearchKey, value| key.digest("text", value);
        assert_eq!(text(key(), "超标 Ａ"), text(key(), "超标a"));
        assert_ne!(text(key(), "超标"), key().digest("party", "超标"));
        assert_ne!(text(key(), "超标"), text(SearchKey::new([8; 32]), "超标"));
    }
}
