//! The reference of every key, as Markdown.
//!
//! `lawgate config reference` prints it and `docs/configuration.md` is its
//! copy; a test compares the two.

use std::fmt::Write as _;

use super::key::{Kind, Section};
use super::keys;

const HEAD: &str = "\
# Configuration

The gateway reads one TOML file, by default `lawgate.toml` in the working folder (`lawgate serve --config FILE`).
Paths in it are relative to its own folder. It is read once, at start.

- A key that is not listed here is a fault: nothing is ignored.
- `lawgate config check` reports every fault at once, each as `file:line: key: what is wrong, expected what`, and also looks at the files the configuration names. `lawgate serve` refuses to start on the same faults.
- There is no other source: no environment variable and no command-line option changes a key.
- `lawgate init DIR --dev` writes a complete example with certificates for a try on one machine.

This file is printed by `lawgate config reference`; it is not edited by hand.

";

/// The reference of every key of every file.
pub(crate) fn reference() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("## The gateway's file: `lawgate.toml`\n");
    for section in keys::GATEWAY_FILE {
        table(section, &mut text);
    }
    text.push_str("\n## A client's file: `client/<agency>.toml`\n");
    for section in keys::CLIENT_FILE {
        table(section, &mut text);
    }
    text.push_str("\n## A witness's file: `witness.toml`\n");
    for section in keys::WITNESS_FILE {
        table(section, &mut text);
    }
    text
}

fn table(section: &Section, text: &mut String) {
    if !section.name.is_empty() {
        let (open, close) = if section.repeated {
            ("[[", "]]")
        } else {
            ("[", "]")
        };
        write(
            text,
            format_args!("\n### `{open}{}{close}`\n", section.name),
        );
    }
    write(text, format_args!("\n{}\n", section.doc));
    text.push_str("\n| key | value | default | meaning |\n|---|---|---|---|\n");
    for key in section.keys {
        let fallback = key.fallback.to_string();
        let row = format_args!(
            "| `{}` | {} | {}{} | {} |\n",
            key.name,
            cell(&key.kind.to_string()),
            cell(&fallback),
            in_words(&key.kind, &fallback),
            cell(key.doc)
        );
        write(text, row);
    }
}

/// Large numbers of bytes once more in MiB.
fn in_words(kind: &Kind, fallback: &str) -> String {
    let number = fallback.trim_matches('`').parse::<u64>();
    match (kind, number) {
        (Kind::Integer { unit: "bytes", .. }, Ok(bytes)) if bytes % (1 << 20) == 0 => {
            format!(" ({} MiB)", bytes >> 20)
        }
        _ => String::new(),
    }
}

/// A `|` would end the cell, and `<` would be read as HTML.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

fn write(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("writing to a String does not fail");
}
