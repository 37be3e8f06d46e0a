//! A file of party keys, as whoever checks a log holds it.
//!
//! Lines `agency NAME KEY`, the key in base64 or as a verifier key, and `must-sign NAME POSITION`; empty lines and lines
//! that begin with `#` say nothing. The keys come from the agencies and never from the log that is checked.

use super::{KeyError, PartyKey, PartyKeys};
use crate::checkpoint::decimal;

/// Longest file read, in bytes: a thousand agencies with a key of 150 bytes each need a sixth of it.
const MAX_LIST_BYTES: usize = 1 << 20;

/// Why a text is not a list of party keys, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the party keys")]
pub struct KeyListError {
    /// The line, from 1; for what is missing, the one after the last.
    pub line: usize,
    /// What is wrong there.
    #[source]
    pub fault: KeyListFault,
}

/// What is wrong in a line of a list of party keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyListFault {
    /// The list has more than a mebibyte.
    #[error("the list is longer than {MAX_LIST_BYTES} bytes")]
    TooLong,
    /// The line is of neither form.
    #[error("the form of the line is: agency <name> <key>, or must-sign <name> <position>")]
    Form,
    /// The key cannot be read.
    #[error("the key cannot be read")]
    Key(#[source] KeyError),
    /// The agency has this key already, or a position already.
    #[error("the line repeats an earlier one of {agency}")]
    Repeated {
        /// The agency.
        agency: String,
    },
    /// There is no key in the list, so that nothing could be checked with it.
    #[error("there is not a single key")]
    Empty,
}

impl PartyKeys {
    /// Reads a list of party keys.
    ///
    /// # Errors
    /// The first line that is wrong, with its number.
    pub fn parse(text: &str) -> Result<Self, KeyListError> {
        let at = |line, fault| KeyListError { line, fault };
        if text.len() > MAX_LIST_BYTES {
            return Err(at(1, KeyListFault::TooLong));
        }
        let mut keys = Self::default();
        let mut count = 0;
        for line in text.lines() {
            count += 1;
            keys.read(line).map_err(|fault| at(count, fault))?;
        }
        if keys.0.values().all(|agency| agency.keys.is_empty()) {
            return Err(at(count + 1, KeyListFault::Empty));
        }
        Ok(keys)
    }

    fn read(&mut self, line: &str) -> Result<(), KeyListFault> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => Ok(()),
            [word, ..] if word.starts_with('#') => Ok(()),
            ["agency", name, key] => {
                let key = PartyKey::parse(key).map_err(KeyListFault::Key)?;
                let agency = self.0.entry(name.to_owned()).or_default();
                if agency.keys.contains(&key) {
                    return Err(repeated(name));
                }
                agency.keys.push(key);
                Ok(())
            }
            ["must-sign", name, position] => {
                let position = decimal(position).ok_or(KeyListFault::Form)?;
                let agency = self.0.entry(name.to_owned()).or_default();
                match agency.must_sign_from.replace(position) {
                    Some(_) => Err(repeated(name)),
                    None => Ok(()),
                }
            }
            _ => Err(KeyListFault::Form),
        }
    }
}

fn repeated(agency: &str) -> KeyListFault {
    KeyListFault::Repeated {
        agency: agency.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn a_list_names_keys_and_from_where_on_an_agency_signs() {
        let text = format!("# keys\n\nagency region {KEY}\nmust-sign region 12\n");
        let keys = PartyKeys::parse(&text).unwrap();
        assert_eq!(keys.0["region"].keys.len(), 1);
        assert!(!keys.must_sign("region", 11) && keys.must_sign("region", 12));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, line) in [
            (String::new(), 1),
            ("must-sign region 1\n".to_owned(), 2),
            (format!("agency region {KEY}\nagency region\n"), 2),
            (format!("agency region {KEY}\n\nagency region {KEY}\n"), 3),
            (format!("agency region {KEY}\nmust-sign region 01\n"), 2),
            ("agency region AAAA\n".to_owned(), 1),
            ("party region\n".to_owned(), 1),
        ] {
            let error = PartyKeys::parse(&text).unwrap_err();
            assert_eq!(error.line, line, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,200}") {
            let _ = PartyKeys::parse(&text);
        }
    }
}
