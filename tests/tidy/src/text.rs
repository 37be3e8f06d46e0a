//! Any text: clean line ends, nothing that is true on one machine only.
//!
//! Samples and golden results are left out of the line rules: their bytes are
//! what is tested.

use crate::{File, Repository, Violation};

/// Folders at the root of a file system that belong to one machine or person.
const PRIVATE_ROOTS: &[&str] = &["home", "root", "Users", "work", "mnt", "media"];

/// Files that configure where packages come from: they may not leave the
/// public registries, because nobody else could build then.
const SOURCE_SETTINGS: &[&str] = &[
    "registry =",
    "registries.",
    "[registries",
    "replace-with",
    "[source.",
    "index-url",
    "extra-index-url",
    "GOPROXY=http",
];

/// Hosts of packages that everybody reaches.
const PUBLIC_HOSTS: &[&str] = &[
    "https://github.com/rust-lang/crates.io-index",
    "https://registry.npmjs.org/",
    "https://files.pythonhosted.org/",
    "https://pypi.org/",
    "https://crates.io/",
];

/// No trailing white space, no carriage return, one line feed at the end.
pub fn line_ends(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "line-end";
    let mut found = Vec::new();
    for file in repository.files.iter().filter(|file| !file.is_sample()) {
        for (number, line) in file.text.split('\n').enumerate() {
            if line.ends_with([' ', '\t', '\r']) {
                found.push(Violation::at(
                    &file.path,
                    number + 1,
                    RULE,
                    "remove the white space at the end of the line",
                ));
            }
        }
        let lines = file.text.lines().count();
        if !file.text.is_empty() && (!file.text.ends_with('\n') || file.text.ends_with("\n\n")) {
            found.push(Violation::at(
                &file.path,
                lines,
                RULE,
                "end the file with one line feed",
            ));
        }
    }
    found
}

/// No path that exists on one machine only.
pub fn machine_paths(repository: &Repository) -> Vec<Violation> {
    each_line(repository, |line| {
        PRIVATE_ROOTS
            .iter()
            .find(|root| names_root(line, root))
            .map(|root| ("machine-path", format!("`/{root}/…` exists on one machine; use a path from the root of the repository")))
    })
}

/// No package source but the public registries.
pub fn registry_hosts(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "registry-host";
    let setting = |file: &File| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        matches!(
            name,
            "Cargo.toml"
                | "config.toml"
                | ".npmrc"
                | "pip.conf"
                | "pyproject.toml"
                | "requirements.txt"
        )
    };
    let mut found = Vec::new();
    for file in &repository.files {
        for (number, line) in file.lines() {
            let redirects =
                setting(file) && SOURCE_SETTINGS.iter().any(|setting| line.contains(setting));
            if redirects || locks_elsewhere(file, line) {
                found.push(Violation::at(
                    &file.path,
                    number,
                    RULE,
                    "take packages from the public registry; redirect it in your own settings",
                ));
            }
        }
    }
    found
}

/// Whether a line of a lock file fetches from a host that is not public.
fn locks_elsewhere(file: &File, line: &str) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let key = match name {
        "Cargo.lock" => "source = ",
        "package-lock.json" => "\"resolved\": ",
        _ => return false,
    };
    line.trim_start().starts_with(key) && !PUBLIC_HOSTS.iter().any(|host| line.contains(host))
}

/// Whether `line` names the folder `root` of the file system.
fn names_root(line: &str, root: &str) -> bool {
    let needle = format!("/{root}/");
    line.match_indices(&needle).any(|(at, _)| {
        // `a/home/b`, `../work/c` and `https://example.org/home/` are not absolute.
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/}>)*".contains(c))
    })
}

fn each_line(
    repository: &Repository,
    judge: impl Fn(&str) -> Option<(&'static str, String)>,
) -> Vec<Violation> {
    let files = repository.files.iter().filter(|file| !file.is_sample());
    files
        .flat_map(|file| file.lines().map(move |(number, line)| (file, number, line)))
        .filter_map(|(file, number, line)| {
            let (rule, remedy) = judge(line)?;
            Some(Violation::at(&file.path, number, rule, remedy))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: fn(&Repository) -> Vec<Violation>, path: &str, text: &str, lines: &[usize]) {
        let found = rule(&Repository::with(&[(path, text)]));
        let found_lines: Vec<usize> = found.iter().map(|violation| violation.line).collect();
        assert_eq!(found_lines, lines, "{path}: {text:?}: {found:?}");
    }

    #[test]
    fn white_space_at_the_end_of_a_line_is_refused() {
        check(line_ends, "a.md", "one\ntwo\n", &[]);
        check(line_ends, "a.md", "one \ntwo\t\nthree\r\n", &[1, 2, 3]);
        check(line_ends, "a.md", "one\ntwo", &[2]);
        check(line_ends, "a.md", "one\n\n", &[2]);
        check(line_ends, "adapters/a/samples/one.txt", "##0087\r\n", &[]);
        check(line_ends, "empty.txt", "", &[]);
    }

    #[test]
    fn a_path_of_one_machine_is_refused() {
        for root in PRIVATE_ROOTS {
            check(machine_paths, "a.rs", &format!("\n\"/{root}/me/x\""), &[2]);
            check(machine_paths, "a.rs", &format!("file:///{root}x/me"), &[]);
            check(
                machine_paths,
                "a.rs",
                &format!("https://example.org/{root}/me"),
                &[],
            );
            check(machine_paths, "a.rs", &format!("../{root}/me"), &[]);
        }
        check(machine_paths, "a.rs", "/usr/bin/env", &[]);
    }

    #[test]
    fn a_redirected_registry_is_refused() {
        let redirect = "[source.crates-io]\nreplace-with = \"near\"\n";
        check(registry_hosts, ".cargo/config.toml", redirect, &[1, 2]);
        check(registry_hosts, "docs/a.md", redirect, &[]);
        let alias = "[alias]\nxtask = \"run\"\n";
        check(registry_hosts, ".cargo/config.toml", alias, &[]);
    }

    #[test]
    fn a_lock_file_that_fetches_from_elsewhere_is_refused() {
        let public = "  \"resolved\": \"https://registry.npmjs.org/a/-/a-1.tgz\",\n";
        check(registry_hosts, "web/package-lock.json", public, &[]);
        let near = public.replace("registry.npmjs.org", "cache.example.org");
        check(registry_hosts, "web/package-lock.json", &near, &[1]);
        let cargo = "source = \"registry+https://cache.example.org/index\"\n";
        check(registry_hosts, "Cargo.lock", cargo, &[1]);
    }
}
