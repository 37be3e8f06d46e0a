//! Documents: links that resolve, decision records that are complete.
//!
//! Reads Markdown line by line: fenced code is skipped, links are
//! `[text](target)`. Links out of the repository are not followed.

use crate::{File, Repository, Violation};

/// Sections every decision record has, in this order.
const SECTIONS: [&str; 4] = ["## Context", "## Decision", "## Why", "## Consequences"];

/// Links to files and headings inside the repository resolve.
pub fn links(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "link";
    let mut found = Vec::new();
    for file in repository.ending(".md").filter(|file| !file.is_sample()) {
        for (number, line) in prose(file) {
            for target in targets(line) {
                if let Some(remedy) = broken(repository, file, target) {
                    found.push(Violation::at(&file.path, number, RULE, remedy));
                }
            }
        }
    }
    found
}

/// Decision records are numbered without gaps and have every section.
pub fn decisions(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "decision-record";
    let mut found = Vec::new();
    let mut expected = 1;
    for file in &repository.files {
        let Some(name) = file.path.strip_prefix("docs/decisions/") else {
            continue;
        };
        if name == "README.md" {
            continue;
        }
        if !name.starts_with(&format!("{expected:04}-")) || !name.ends_with(".md") {
            found.push(Violation::whole(
                &file.path,
                RULE,
                format!("name it `{expected:04}-<what-was-decided>.md`: numbers have no gaps"),
            ));
        }
        expected += 1;
        let headings: Vec<&str> = prose(file)
            .map(|(_, line)| line)
            .filter(|line| line.starts_with("## "))
            .collect();
        if headings != SECTIONS {
            found.push(Violation::whole(
                &file.path,
                RULE,
                format!("have exactly the sections {}", SECTIONS.join(", ")),
            ));
        }
    }
    found
}

/// What is wrong with a link, if anything is.
fn broken(repository: &Repository, file: &File, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = match target.split_once('#') {
        Some((path, heading)) => (path, Some(heading)),
        None => (target, None),
    };
    let resolved = if path.is_empty() {
        file.path.clone()
    } else {
        resolve(&file.path, path)?
    };
    let Some(destination) = repository.file(&resolved) else {
        let is_folder =
            heading.is_none() && (resolved.is_empty() || repository.has_folder(&resolved));
        return (!is_folder).then(|| format!("`{target}` leads to {resolved}, which is not there"));
    };
    let heading = heading?;
    let known = prose(destination)
        .filter(|(_, line)| line.starts_with('#'))
        .any(|(_, line)| slug(line) == heading);
    (!known).then(|| format!("`{resolved}` has no heading `{heading}`"))
}

/// The path a link means, from the root; `None` when it leaves the repository.
fn resolve(from: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// Lines outside fenced code, with numbers.
fn prose(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    file.lines().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// Targets of the links in one line, code spans skipped.
fn targets(line: &str) -> Vec<&str> {
    let outside_code = line.split('`').step_by(2);
    outside_code
        .flat_map(|text| text.match_indices("](").map(move |(at, _)| &text[at + 2..]))
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split(' ').next().unwrap_or(target))
        .collect()
}

/// The anchor a heading gets: lower case, blanks to hyphens, punctuation gone.
fn slug(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .chars()
        .filter_map(|c| match c {
            ' ' | '-' => Some('-'),
            '_' => Some('_'),
            c if c.is_alphanumeric() => c.to_lowercase().next(),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_link(line: &str, expected: Option<&str>) {
        let repository = Repository::with(&[
            ("README.md", "# Top\n"),
            ("docs/guide.md", &format!("# Guide\n\n{line}\n")),
            ("docs/glossary.md", "# Words\n\n## Audit log (审计日志)\n"),
            ("gateway/schema/src/lib.rs", ""),
        ]);
        let found = links(&repository);
        assert_eq!(
            found.len(),
            usize::from(expected.is_some()),
            "{line}: {found:?}"
        );
        if let Some(expected) = expected {
            assert!(found[0].remedy.contains(expected), "{}", found[0]);
            assert_eq!(
                (found[0].path.as_str(), found[0].line),
                ("docs/guide.md", 3)
            );
        }
    }

    #[test]
    fn links_to_files_folders_headings_and_hosts_resolve() {
        for line in [
            "[a](glossary.md)",
            "[a](./glossary.md#audit-log-审计日志)",
            "[a](../README.md) and [b](../gateway/schema)",
            "[a](../gateway/schema/)",
            "[a](#guide)",
            "[a](https://example.org/nowhere.md)",
            "`[a](in-code.md)`",
        ] {
            check_link(line, None);
        }
    }

    #[test]
    fn links_to_nowhere_are_refused() {
        check_link("[a](missing.md)", Some("docs/missing.md"));
        check_link(
            "fine [b](glossary.md), bad [a](../missing/)",
            Some("missing"),
        );
        check_link("[a](glossary.md#nothing)", Some("no heading `nothing`"));
        check_link("[a](#nothing)", Some("no heading `nothing`"));
        check_link("[a](README.md \"title\")", Some("docs/README.md"));
    }

    #[test]
    fn links_in_fenced_code_are_skipped() {
        let text = "```\n[a](missing.md)\n```\n[b](missing.md)\n";
        let found = links(&Repository::with(&[("a.md", text)]));
        assert_eq!(found.iter().map(|v| v.line).collect::<Vec<_>>(), [4]);
    }

    const RECORD: &str = "# 1\n\n## Context\n\n## Decision\n\n## Why\n\n## Consequences\n";

    #[test]
    fn a_decision_record_has_its_number_and_its_sections() {
        let count = |files: &[(&str, &str)]| decisions(&Repository::with(files)).len();
        assert_eq!(
            count(&[
                ("docs/decisions/0001-a.md", RECORD),
                ("docs/decisions/0002-b.md", RECORD),
                ("docs/decisions/README.md", ""),
            ]),
            0
        );
        assert_eq!(count(&[("docs/decisions/0002-b.md", RECORD)]), 1, "gap");
        assert_eq!(count(&[("docs/decisions/0001.txt", RECORD)]), 1, "name");
        let without_why = RECORD.replace("## Why\n\n", "");
        assert_eq!(count(&[("docs/decisions/0001-a.md", &without_why)]), 1);
    }
}
