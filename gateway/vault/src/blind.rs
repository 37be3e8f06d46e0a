//! The blind index (盲索引): finding a value by a keyed tag, without holding the value.
//!
//! A tag is HMAC-SHA-256 over the value in its plain form, under a key that never leaves the vault. Equal values have
//! equal tags, which is what a search needs and what makes tags of low-entropy values worth protecting: a tag is dropped
//! with the key of the person it belongs to.

use std::fmt;

use aws_lc_rs::hmac;

use crate::key::Key;

/// A keyed tag of a value; also the pseudonym (代号) of a person or of a case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Tag(pub [u8; 32]);

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}

/// The first sixteen bytes in hex: enough to tell people apart, in entries and on screens.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0[..16]
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// What a tag is made for; tags of different uses never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A person, by the strongest identifier there is.
    Subject,
    /// A case, by its number.
    Case,
    /// A value that can be looked for.
    Value,
}

impl Use {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Subject => b"lawgate-blind/subject",
            Self::Case => b"lawgate-blind/case",
            Self::Value => b"lawgate-blind/value",
        }
    }
}

/// The keyed form of a digest.
pub(crate) fn keyed(key: &Key, digest: &[u8; 32]) -> [u8; 32] {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(b"lawgate-blind/digest");
    context.update(&[0]);
    context.update(digest);
    let mut keyed = [0; 32];
    keyed.copy_from_slice(context.sign().as_ref());
    keyed
}

/// The tag of a value, brought to its [`plain_form`].
pub(crate) fn tag(key: &Key, what: Use, value: &str) -> Tag {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(what.name());
    context.update(&[0]);
    context.update(plain_form(value).as_bytes());
    let mut tag = Tag::default();
    tag.0.copy_from_slice(context.sign().as_ref());
    tag
}

/// The form under which spellings of one value meet: full-width characters as ASCII, letters in upper case, and neither
/// spaces nor the separators of telephone numbers and plates.
#[must_use]
pub fn plain_form(value: &str) -> String {
    value
        .chars()
        .map(|character| match character {
            '\u{ff01}'..='\u{ff5e}' => {
                char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
            }
            other => other,
        })
        .filter(|character| {
            !character.is_whitespace() && !matches!(character, '-' | '·' | '•' | '.')
        })
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_value_meet() {
        for (one, other) in [
            ("11010119900307471x", "１１０１０１１９９００３０７４７１Ｘ"),
            ("138 0013-8000", "13800138000"),
            ("蒙B·12345", "蒙B12345"),
            (" 张 三 ", "张三"),
        ] {
            assert_eq!(plain_form(one), plain_form(other));
        }
    }

    #[test]
    fn a_tag_depends_on_key_use_and_value() {
        let key = Key::from_bytes([1; 32]);
        let of = |key: &Key, what, value| tag(key, what, value);
        let one = of(&key, Use::Value, "张三");
        assert_eq!(one, of(&key, Use::Value, "张三"));
        assert_ne!(one, of(&key, Use::Subject, "张三"));
        assert_ne!(one, of(&key, Use::Value, "李四"));
        assert_ne!(one, of(&Key::from_bytes([2; 32]), Use::Value, "张三"));
    }
}
