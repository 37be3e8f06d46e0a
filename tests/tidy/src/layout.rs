//! The map: ARCHITECTURE.md names every crate and every folder.
//!
//! A reader finds the way by that file, so a folder that is not on it does not
//! exist for anybody but its author.

use crate::{File, Repository, Violation};

/// The map of the repository.
const MAP: &str = "ARCHITECTURE.md";

/// Files a repository needs, with the question each answers.
const NEEDED: &[(&str, &str)] = &[
    ("README.md", "what is it and how do I start it?"),
    ("ARCHITECTURE.md", "where is what, and what must hold?"),
    ("CONTRIBUTING.md", "how do I change it?"),
    ("CHANGELOG.md", "what changed for me?"),
    ("LICENSE", "may I use it?"),
    ("deny.toml", "which dependencies are acceptable?"),
    (".ci/run", "what must pass?"),
    ("docs/glossary.md", "what do the words mean?"),
    ("docs/adapters.md", "how do I write an adapter?"),
    ("Cargo.lock", "which versions were tested?"),
];

/// How deep folders are explained: `gateway/schema`, not `gateway/schema/src`.
const DEPTH: usize = 2;

/// Every workspace member is named on the map by its path.
pub fn members_named(repository: &Repository) -> Vec<Violation> {
    let Some(map) = repository.file(MAP) else {
        return vec![missing_map()];
    };
    repository
        .members
        .iter()
        .filter(|member| !names(map, &member.folder))
        .map(|member| {
            Violation::whole(
                MAP,
                "member-on-map",
                format!("say what `{}` is and what it never contains", member.folder),
            )
        })
        .collect()
}

/// Every folder of the first two levels is on the map or part of a crate.
pub fn folders_explained(repository: &Repository) -> Vec<Violation> {
    let Some(map) = repository.file(MAP) else {
        return vec![missing_map()];
    };
    let shallow = |folder: &&str| folder.split('/').count() <= DEPTH;
    repository
        .folders()
        .into_iter()
        .filter(shallow)
        .filter(|folder| repository.member_of(folder).is_none() && !names(map, folder))
        .map(|folder| {
            Violation::whole(
                folder,
                "folder-on-map",
                format!("explain `{folder}/` in {MAP}, or put its files where they belong"),
            )
        })
        .collect()
}

/// The files people look for are there.
pub fn needed_files(repository: &Repository) -> Vec<Violation> {
    NEEDED
        .iter()
        .filter(|(path, _)| {
            repository
                .file(path)
                .is_none_or(|file| file.text.is_empty())
        })
        .map(|(path, question)| {
            Violation::whole(
                path,
                "needed-file",
                format!("write it; it answers: {question}"),
            )
        })
        .collect()
}

/// Whether the map contains `path` as a word of its own: `proto/codegen` does
/// not name `proto`, `proto/` does.
fn names(map: &File, path: &str) -> bool {
    let inside_path = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    map.text.match_indices(path).any(|(at, _)| {
        let after = &map.text[at + path.len()..];
        let after = after.strip_prefix('/').unwrap_or(after);
        // A full stop ends a sentence as well as it begins an extension.
        let ends = !after.starts_with(|c: char| inside_path(c) && c != '.');
        ends && !map.text[..at].ends_with(inside_path)
    })
}

fn missing_map() -> Violation {
    Violation::whole(
        MAP,
        "member-on-map",
        "write it; nobody finds the way without",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_map(map: &str) -> Repository {
        Repository::with(&[
            (MAP, map),
            ("proto/src/lib.rs", ""),
            ("proto/codegen/src/main.rs", ""),
            ("docs/decisions/0001-a.md", ""),
        ])
        .and_member("proto", &[])
        .and_member("proto/codegen", &[])
    }

    #[test]
    fn a_member_that_is_not_named_is_refused() {
        let missing = |map| members_named(&with_map(map)).len();
        assert_eq!(missing("`proto` and `proto/codegen`."), 0);
        assert_eq!(missing("proto/\nproto/codegen/"), 0);
        assert_eq!(
            missing("`proto/codegen`"),
            1,
            "a longer path names no parent"
        );
        assert_eq!(missing("`my-proto` and `proto/codegen2`"), 2);
        assert_eq!(missing(""), 2);
        assert_eq!(members_named(&Repository::default()).len(), 1, "no map");
    }

    #[test]
    fn a_folder_that_is_neither_explained_nor_a_crate_is_refused() {
        let paths = |map| {
            let found = folders_explained(&with_map(map));
            found.into_iter().map(|v| v.path).collect::<Vec<_>>()
        };
        assert!(paths("`docs/` and `docs/decisions/`").is_empty());
        assert_eq!(paths("`docs/`"), ["docs/decisions"]);
        assert_eq!(paths(""), ["docs", "docs/decisions"]);
    }

    #[test]
    fn a_missing_or_empty_file_is_refused() {
        assert_eq!(needed_files(&Repository::default()).len(), NEEDED.len());
        let repository = Repository::with(&[("README.md", ""), ("LICENSE", "Apache")]);
        let found = needed_files(&repository);
        assert!(found.iter().any(|violation| violation.path == "README.md"));
        assert!(found.iter().all(|violation| violation.path != "LICENSE"));
    }
}
