//! The table of keys agrees with itself and with its document.

use std::fs;
use std::path::Path;

use crate::config::*;

#[test]
fn every_key_is_declared_once_with_its_meaning() {
    for sections in [keys::GATEWAY_FILE, keys::CLIENT_FILE] {
        for section in sections {
            let mut seen = Vec::new();
            for key in section.keys {
                assert!(
                    !seen.contains(&key.name),
                    "{} stands twice",
                    section.path(None, key.name)
                );
                assert!(
                    key.doc.ends_with('.') && key.doc.len() > 15,
                    "{} has no reason",
                    key.name
                );
                seen.push(key.name);
            }
        }
    }
    assert!(declared_keys() > 40);
}

#[test]
fn defaults_keep_the_rules_of_their_keys() {
    for section in keys::GATEWAY_FILE {
        for key in section.keys {
            let holds = match (&key.kind, key.fallback) {
                (key::Kind::Integer { min, max, .. }, key::Fallback::Integer(number)) => {
                    (*min..=*max).contains(&number)
                }
                (key::Kind::Text(rule), key::Fallback::Text(text)) => (rule.holds)(text),
                (key::Kind::Choice(words), key::Fallback::Text(text)) => words.contains(&text),
                (key::Kind::Path(_), key::Fallback::Text(text)) => !text.is_empty(),
                (key::Kind::Flag, key::Fallback::Flag(_)) => true,
                (key::Kind::Texts(_) | key::Kind::Choices(_), key::Fallback::Empty) => true,
                (_, key::Fallback::Required | key::Fallback::Nothing) => true,
                _ => false,
            };
            assert!(
                holds,
                "the default of {} is of another kind",
                section.path(None, key.name)
            );
        }
    }
}

/// `UPDATE=1` writes the document anew.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the developer asks for an update by the environment"
)]
fn the_reference_document_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var("UPDATE").is_ok() {
        fs::write(&path, reference()).expect("docs/ can be written");
    }
    let document = fs::read_to_string(&path).expect("docs/configuration.md is there");
    assert!(
        document == reference(),
        "run `lawgate config reference > docs/configuration.md`"
    );
}

#[test]
fn the_reference_names_every_key_with_its_default() {
    let reference = reference();
    for section in keys::GATEWAY_FILE {
        for key in section.keys {
            let row = reference
                .lines()
                .find(|line| line.starts_with(&format!("| `{}` |", key.name)));
            assert!(row.is_some(), "{} is missing", key.name);
        }
    }
    assert!(
        reference.contains("| `4194304` (4 MiB) |"),
        "bytes are also said in MiB"
    );
}
