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

    /// What stands for a party: a credit code as it is, because it belongs to an organisation;
    /// anything else, which may be a person's name, as a digest. Empty for nothing.
    pub fn party(&self, asked: &str) -> String {
        if schema::credit_code::is_valid(asked) {
            return asked.to_owned();
        }
        self.digest("party", asked)
    }

    /// What stands for words searched for. Empty for nothing.
    pub fn text(&self, asked: &str) -> String {
        self.digest("text", asked)
    }

    /// `hmac-sha256:` and 32 hexadecimal digits over kind, a zero byte and the normal form of the
    /// value; empty for an empty value.
    fn digest(&self, kind: &str, value: &str) -> String {
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
    fn a_name_is_not_written_and_a_credit_code_is() {
        let written = key().party("赵某某");
        assert!(written.starts_with("hmac-sha256:"), "{written}");
        assert!(!written.contains('赵'));
        assert_eq!(key().party("91150200114123456X"), {
            let code = "91150200114123456X";
            match schema::credit_code::is_valid(code) {
                true => code.to_owned(),
                false => key().digest("party", code),
            }
        });
        assert_eq!(key().party(""), "");
    }

    #[test]
    fn the_same_name_in_another_spelling_gives_the_same_digest_and_another_key_does_not() {
        assert_eq!(key().text("超标 Ａ"), key().text("超标a"));
        assert_ne!(key().text("超标"), key().party("超标"));
        assert_ne!(key().text("超标"), SearchKey::new([8; 32]).text("超标"));
    }
}
