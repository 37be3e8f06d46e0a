//! Short names as numbers, so that comparing them is one instruction.
//!
//! Every item of every packet is compared with dozens of names; almost all have
//! at most seven bytes. Longer ones have no number and are compared as text.

/// The number of a name of at most seven bytes, different for every name;
/// 0 for a longer one.
pub(crate) const fn key(name: &str) -> u64 {
    let bytes = name.as_bytes();
    if bytes.len() > 7 {
        return 0;
    }
    // The length tells names apart that end in NUL, and makes the empty name's number not 0.
    let mut number = bytes.len() as u64 + 1;
    let mut at = 0;
    while at < bytes.len() {
        number = number << 8 | bytes[at] as u64;
        at += 1;
    }
    number
}

/// Whether two names are the same, given their numbers.
pub(crate) fn is_same(one: (u64, &str), other: (u64, &str)) -> bool {
    one.0 == other.0 && (one.0 != 0 || one.1 == other.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_differ_only_in_trailing_nuls_or_length_have_different_numbers() {
        let names = ["", "\0", "\0\0", "a", "a\0", "\0a", "aaaaaaa", "aaaaaa"];
        for (at, one) in names.iter().enumerate() {
            for other in &names[..at] {
                assert_ne!(key(one), key(other), "{one:?} {other:?}");
            }
        }
        assert_eq!(key("eightlet"), 0);
    }

    proptest! {
        #[test]
        fn names_are_the_same_exactly_when_their_texts_are(one in "[ab\0]{0,9}", other in "[ab\0]{0,9}") {
            let numbers = ((key(&one), one.as_str()), (key(&other), other.as_str()));
            prop_assert_eq!(is_same(numbers.0, numbers.1), one == other);
        }
    }
}
