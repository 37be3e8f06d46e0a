//! What is asked, for an entry of the log: personal values in it are sealed, and only committed to in the open.
//!
//! The entry holds, under key 13, one item for each sealed text: its tag, the commitment, and the sealed salt and text.
//! Whoever has the vault can read what was asked for as long as the key of the text is there.

use audit_log::cbor::Value;
use vault::{Vault, commit, sealed};

use super::part::salted;
use super::vault_failed;
use crate::Exchange;
use crate::mask::MASK;
use crate::refusal::Refusal;
use crate::secrecy::SearchKey;
use crate::submit::run_blocking;

/// Longest text of one filter in an audit entry, in characters; an entry has a size limit.
const FILTER_CHARS: usize = 256;

/// A question in one fixed form, with what is personal in it apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The question; a personal value stands in it as its mask.
    pub(crate) text: String,
    /// Tag and text of each personal value.
    pub(crate) personal: Vec<(String, String)>,
}

impl From<&str> for Asked {
    fn from(text: &str) -> Asked {
        Asked {
            text: text.to_owned(),
            personal: Vec::new(),
        }
    }
}

impl From<&String> for Asked {
    fn from(text: &String) -> Asked {
        Asked::from(text.as_str())
    }
}

impl Asked {
    /// A question of named filters; empty ones are left out. The flag says which may name a person.
    pub(crate) fn filters(filters: &[(&str, &str, bool)]) -> Asked {
        let mut asked = Asked::default();
        for (name, value, is_personal) in filters.iter().filter(|(_, value, _)| !value.is_empty()) {
            let value: String = value.chars().take(FILTER_CHARS).collect();
            if !asked.text.is_empty() {
                asked.text.push(' ');
            }
            if *is_personal {
                asked.text.push_str(&format!("{name}={MASK}"));
                asked.personal.push((format!("query.{name}"), value));
            } else {
                asked.text.push_str(&format!("{name}={value:?}"));
            }
        }
        asked
    }

    /// The question with keyed digests in place of what is personal, for a node that seals nothing.
    fn digested(self, key: &SearchKey) -> String {
        let mut text = self.text;
        for (tag, value) in &self.personal {
            let name = tag.trim_start_matches("query.");
            let digest = key.digest(name, value);
            text = text.replacen(&format!("{name}={MASK}"), &format!("{name}={digest:?}"), 1);
        }
        text
    }
}

/// Whether a text that names a party may be a person's: it is no credit code.
pub(crate) fn may_be_person(text: &str) -> bool {
    !schema::credit_code::is_valid(&text.trim().to_ascii_uppercase())
}

/// Whether the name of a device may tell of a person: plates and terminals do, numbers of monitoring devices and cameras
/// (14 to 24 letters and digits) do not.
pub(crate) fn may_be_vehicle(text: &str) -> bool {
    let text = text.trim();
    !((14..=24).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        || schema::resident_id::check(text) == schema::resident_id::ResidentIdCheck::Valid
}

/// Whether a text that ought to be a number of a case or document may be anything else.
pub(crate) fn may_be_no_number(text: &str) -> bool {
    !text.bytes().any(|byte| byte.is_ascii_digit())
}

impl Exchange {
    /// The question as an entry may hold it, and what goes under key 13.
    pub(crate) async fn seal_question(
        &self,
        asked: Asked,
    ) -> Result<(String, Vec<Value>), Refusal> {
        if asked.personal.is_empty() {
            return Ok((asked.text, Vec::new()));
        }
        match self.vault.clone() {
            Some(vault) => run_blocking(move || seal_question(&vault, asked)).await,
            None => Ok((asked.digested(&self.search_key), Vec::new())),
        }
    }
}

fn seal_question(vault: &Vault, asked: Asked) -> Result<(String, Vec<Value>), Refusal> {
    let mut batch = vault.batch();
    let key = batch.message_key().map_err(vault_failed)?;
    let mut items = Vec::with_capacity(asked.personal.len());
    for (tag, text) in &asked.personal {
        let salt = commit::salt().map_err(vault_failed)?;
        let commitment = commit::commitment(tag, &salt, text.as_bytes());
        let at = context(tag);
        let sealed = sealed::seal(&key, &at, &salted(&salt, text.as_bytes()));
        items.push(Value::Array(vec![
            Value::Text(tag.clone()),
            Value::Bytes(commitment.to_vec()),
            Value::Bytes(sealed.map_err(vault_failed)?),
        ]));
    }
    for subject in asked
        .personal
        .iter()
        .flat_map(|(_, text)| vault.subjects_by_value(text))
    {
        // Erasing the person erases that somebody looked for the person by this value.
        batch.mention(subject.name, key.name);
    }
    batch.commit().map_err(vault_failed)?;
    Ok((asked.text, items))
}

fn context(tag: &str) -> Vec<u8> {
    format!("lawgate/text/{tag}").into_bytes()
}

/// Tag and text of each sealed text of a query's entry that can still be opened; `None` for one that cannot.
pub fn open_question(vault: &Vault, items: &[Value]) -> Vec<(String, Option<String>)> {
    let open = |item: &Value| {
        let Value::Array(item) = item else {
            return None;
        };
        let (Value::Text(tag), Value::Bytes(bytes)) = (item.first()?, item.get(2)?) else {
            return None;
        };
        let plain = vault.open_sealed(&context(tag), bytes).ok();
        let text = plain.and_then(|plain| {
            let (_, text) = super::part::split_salted(&plain)?;
            String::from_utf8(text.to_vec()).ok()
        });
        Some((tag.clone(), text))
    };
    items.iter().filter_map(open).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_personal_filter_is_masked_and_kept_apart() {
        let asked = Asked::filters(&[
            ("feed", "police-case", false),
            ("party", "张三", true),
            ("device", "", true),
        ]);
        assert_eq!(asked.text, format!("feed=\"police-case\" party={MASK}"));
        assert_eq!(
            asked.personal,
            [("query.party".to_owned(), "张三".to_owned())]
        );
        let digested = asked.digested(&SearchKey::new([7; 32]));
        assert!(digested.starts_with("feed=\"police-case\" party=\"hmac-sha256:"));
        assert!(!digested.contains("张三"));
    }

    #[test]
    fn only_what_certainly_names_no_person_stays_open() {
        assert!(!may_be_person("91150200MA0N1B2C3D") || may_be_person("张三"));
        assert!(may_be_person("张三"));
        assert!(!may_be_vehicle("88888880000001"));
        assert!(may_be_vehicle("蒙B12345"));
        assert!(may_be_vehicle("13800138000"));
    }
}
