//! Decimal numbers and hashes as the C2SP texts write them, each in one spelling only.
//!
//! Every parser of this crate relies on it; what has a second spelling could be told apart by nobody who compares bytes.

use audit_proof::hash::Hash;
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Reads a decimal number: digits only, no leading zero except in 0 itself; `None` beyond 64 bits.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (digits && canonical).then(|| text.parse().ok()).flatten()
}

/// Reads a hash from its base64 form.
pub(crate) fn decode_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Writes a hash in base64.
pub(crate) fn encode_hash(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        for (text, number) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("00", None),
            ("01", None),
            ("+1", None),
            ("-1", None),
            (" 1", None),
            ("１", None),
        ] {
            assert_eq!(decimal(text), number, "{text:?}");
        }
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = [7; 32];
        let text = encode_hash(&hash);
        assert_eq!(decode_hash(&text), Some(hash));
        assert_eq!(decode_hash(text.trim_end_matches('=')), None);
        assert_eq!(decode_hash(&text[4..]), None);
        // The last digit carries two bits that belong to no byte: they have to be zero.
        let other = text.replace("c=", "d=");
        assert_ne!(other, text);
        assert_eq!(decode_hash(&other), None);
    }
}
