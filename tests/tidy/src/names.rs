//! Names: types and files say what they are, in words of the glossary.
//!
//! Refuses words that `docs/glossary.md` lists under "do not say" and that no
//! domain meaning saves. Looks at names that are introduced, not at uses.

use crate::{Repository, Violation};

/// Words that may not be part of a type's name, with what to say instead.
const REFUSED: &[(&str, &str)] = &[
    ("Manager", "name what it decides or keeps"),
    ("Helper", "name what it does"),
    ("Util", "name what it does"),
    ("Utils", "name what it does"),
    ("Utility", "name what it does"),
    ("Data", "name the thing the data describes"),
    ("Info", "name the facts it holds"),
    ("Common", "name what the things have in common"),
    ("Core", "name its subject"),
    ("Misc", "split it by subject"),
    ("Tenant", "say agency"),
    ("Blob", "say payload"),
    ("Lineage", "say provenance"),
    ("Metadata", "say provenance, or attributes"),
    ("Connector", "say adapter"),
    ("Endpoint", "say service or method"),
    ("Handler", "say service"),
    ("Checksum", "say digest"),
    ("Bootstrap", "say load or build"),
    ("Teardown", "say drain"),
    ("Ack", "say receipt, or reply for a device"),
    ("Issue", "say finding"),
    ("Job", "say submission or call"),
    ("Translator", "say mapping"),
    ("Transformer", "say mapping"),
];

/// Names that contain a refused word because a law or a standard does.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("PersonalData", "个人信息, PIPL art. 4"),
    ("DataTime", "field of HJ 212-2017, 6.3.4"),
    ("DataFlag", "数据标记, HJ 212-2017 table 7"),
];

/// File names (without extension) that collect what has no place.
const REFUSED_FILES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "misc", "core", "data", "info", "manager",
];

/// Words that introduce a type.
const INTRODUCTIONS: &[&str] = &[
    "struct", "enum", "trait", "union", "type", "message", "service",
];

/// Types have no refused word in their names.
pub fn types(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    let protos = repository.ending(".proto");
    for file in repository.sources().chain(protos) {
        for (number, line) in file.lines() {
            let Some(name) = introduced(line) else {
                continue;
            };
            if EXCEPTIONS.iter().any(|(exception, _)| *exception == name) {
                continue;
            }
            let parts = words(name);
            if let Some((word, instead)) = REFUSED.iter().find(|(word, _)| parts.contains(word)) {
                found.push(Violation::at(
                    &file.path,
                    number,
                    "type-name",
                    format!("`{name}`: not `{word}`; {instead}"),
                ));
            }
        }
    }
    found
}

/// No source file is a drawer for everything.
pub fn files(repository: &Repository) -> Vec<Violation> {
    repository
        .sources()
        // Cargo's own place for what the test programs of a crate share.
        .filter(|file| !file.path.ends_with("/tests/common/mod.rs"))
        .filter(|file| {
            let name = file.path.trim_end_matches("/mod.rs");
            let stem = name.rsplit('/').next().unwrap_or(name);
            REFUSED_FILES.contains(&stem.trim_end_matches(".rs"))
        })
        .map(|file| {
            Violation::whole(
                &file.path,
                "file-name",
                "name the file after the one subject it holds",
            )
        })
        .collect()
}

/// The type name a line introduces, if it introduces one.
///
/// An indented `type` fills a trait's associated type: the trait chose its name.
fn introduced(line: &str) -> Option<&str> {
    if line.starts_with(' ') && line.trim_start().starts_with("type ") {
        return None;
    }
    let mut rest = line.trim_start();
    if let Some(after) = rest.strip_prefix("pub") {
        let after = after.strip_prefix("(crate)").unwrap_or(after);
        rest = after.strip_prefix("(super)").unwrap_or(after).trim_start();
    }
    let (keyword, rest) = rest.split_once(' ')?;
    if !INTRODUCTIONS.contains(&keyword) {
        return None;
    }
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(rest.len());
    let name = &rest[..end];
    name.starts_with(|c: char| c.is_ascii_uppercase())
        .then_some(name)
}

/// The words of a name in camel case: `AuditLogEntry` → `Audit`, `Log`, `Entry`.
fn words(name: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = name
        .char_indices()
        .filter(|(_, c)| c.is_ascii_uppercase())
        .map(|(at, _)| at)
        .collect();
    starts.push(name.len());
    starts
        .windows(2)
        .map(|pair| &name[pair[0]..pair[1]])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, refused: bool) {
        let repository = Repository::with(&[("a/src/lib.rs", line)]);
        assert_eq!(types(&repository).len(), usize::from(refused), "{line}");
    }

    #[test]
    fn a_type_with_a_refused_word_is_refused() {
        for (word, _) in REFUSED {
            check(&format!("pub struct Audit{word};"), true);
            check(&format!("    pub(crate) enum {word} {{"), true);
            check(&format!("trait {word}er {{}}"), false);
        }
        check("type PayloadData = Vec<u8>;", true);
    }

    #[test]
    fn uses_functions_and_legal_terms_are_not_refused() {
        check("let handler = Handler::new();", false);
        check("/// struct DataManager", false);
        check("pub enum PersonalData {", false);
        check("fn type_data() {}", false);
        check("pub struct Database;", false);
        check("    type ConnectInfo = Peer;", false);
    }

    #[test]
    fn messages_of_a_contract_are_checked_too() {
        let repository = Repository::with(&[("proto/a.proto", "message FeedInfo {")]);
        assert_eq!(types(&repository)[0].line, 1);
    }

    #[test]
    fn a_drawer_file_is_refused() {
        let names = |path| files(&Repository::with(&[(path, "")])).len();
        assert_eq!(names("a/src/utils.rs"), 1);
        assert_eq!(names("a/src/helpers/mod.rs"), 1);
        assert_eq!(names("a/src/core.rs"), 1);
        assert_eq!(names("a/src/common/mod.rs"), 1);
        assert_eq!(names("a/tests/common/mod.rs"), 0);
        assert_eq!(names("a/src/score.rs"), 0);
        assert_eq!(names("a/src/gen/common.rs"), 0);
    }
}
