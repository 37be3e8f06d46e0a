//! Manifests: versions in one place, members that inherit, a lock file.
//!
//! Reads the text of `Cargo.toml` files; what crates may use which others is
//! the business of `dependencies`.

use toml::{Table, Value};

use crate::{File, Repository, Violation};

/// The only place crates may come from, as the lock file writes it.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Members take every dependency from the workspace.
pub fn versions(repository: &Repository) -> Vec<Violation> {
    let mut found = Vec::new();
    for (file, manifest) in member_manifests(repository) {
        for table in dependency_tables(&manifest) {
            for (name, value) in table {
                let inherited = value.get("workspace").and_then(Value::as_bool) == Some(true);
                let own = ["version", "path", "git", "registry"]
                    .iter()
                    .any(|key| value.get(key).is_some());
                if !inherited || own {
                    found.push(Violation::at(
                        &file.path,
                        line_of(file, name),
                        "workspace-version",
                        format!("write `{name}.workspace = true` and give the version in [workspace.dependencies]"),
                    ));
                }
            }
        }
    }
    found
}

/// Members inherit lints and package facts, and the folder is the crate's name.
pub fn inherited(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "inherited-manifest";
    let mut found = Vec::new();
    for (file, manifest) in member_manifests(repository) {
        let inherits =
            |table: &Value| table.get("workspace").and_then(Value::as_bool) == Some(true);
        if !manifest.get("lints").is_some_and(inherits) {
            found.push(Violation::whole(
                &file.path,
                RULE,
                "add `[lints]` with `workspace = true`",
            ));
        }
        let package = manifest.get("package");
        for key in ["version", "edition", "rust-version", "license", "publish"] {
            if !package
                .and_then(|package| package.get(key))
                .is_some_and(inherits)
            {
                found.push(Violation::whole(
                    &file.path,
                    RULE,
                    format!("write `{key}.workspace = true` under [package]"),
                ));
            }
        }
        let text = |key| {
            package
                .and_then(|package| package.get(key))
                .and_then(Value::as_str)
        };
        if text("description").is_none_or(str::is_empty) {
            found.push(Violation::whole(
                &file.path,
                RULE,
                "say in `description` what the crate is",
            ));
        }
        let folder = file.path.trim_end_matches("/Cargo.toml").rsplit('/').next();
        if text("name") != folder {
            found.push(Violation::whole(
                &file.path,
                RULE,
                "give the crate the name of its folder",
            ));
        }
    }
    found
}

/// Every workspace dependency is used, has a version or a path of ours, and no wildcard.
pub fn workspace_dependencies(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "workspace-dependency";
    let Some(root) = repository.file("Cargo.toml") else {
        return vec![Violation::whole(
            "Cargo.toml",
            RULE,
            "the root manifest is missing",
        )];
    };
    let manifest = parse(root);
    let dependencies = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("dependencies"))
        .and_then(Value::as_table);
    let mut found = Vec::new();
    for (name, value) in dependencies.into_iter().flatten() {
        let mut refuse = |remedy: &str| {
            found.push(Violation::at(&root.path, line_of(root, name), RULE, remedy));
        };
        let used = repository
            .members
            .iter()
            .flat_map(|member| &member.dependencies)
            .any(|dependency| dependency.key == *name);
        // Our own crates are listed so that any member may name them.
        if !used && value.get("path").is_none() {
            refuse("no member uses it; remove the line");
        }
        let version = value
            .as_str()
            .or_else(|| value.get("version").and_then(Value::as_str));
        if version.is_some_and(|version| version.contains('*')) {
            refuse("give a version; a wildcard takes whatever comes");
        }
        if value.get("git").is_some() || value.get("registry").is_some() {
            refuse("take it from crates.io; nothing else can be fetched by everybody");
        }
    }
    found
}

/// What a plain `cargo build` and `cargo test` take: every member but the compiler of adapters, which must not share a
/// build with others, because each crate has one set of features in a build.
pub fn default_members(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "default-member";
    const APART: &str = "plugins/adapter-compiler";
    let Some(root) = repository.file("Cargo.toml") else {
        return Vec::new();
    };
    let manifest = parse(root);
    let list = |key: &str| {
        let list = manifest.get("workspace")?.get(key)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>())
    };
    let members = list("members").unwrap_or_default();
    let default = list("default-members").unwrap_or_default();
    let mut found = Vec::new();
    for member in &members {
        let remedy = match (*member == APART, default.contains(member)) {
            (true, true) => {
                "remove it from `default-members`; what is built with it would have a compiler in it"
            }
            (false, false) => "add it to `default-members`; nothing would build and test it",
            (true, false) | (false, true) => continue,
        };
        found.push(Violation::whole(
            &root.path,
            RULE,
            format!("{member}: {remedy}"),
        ));
    }
    found
}

/// The lock file is checked in and names no source but crates.io.
pub fn lock_file(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "lock-file";
    let Some(lock) = repository.file("Cargo.lock") else {
        return vec![Violation::whole(
            "Cargo.lock",
            RULE,
            "commit Cargo.lock: the same sources must give the same program",
        )];
    };
    lock.lines()
        .filter(|(_, line)| line.starts_with("source = ") && !line.contains(REGISTRY))
        .map(|(number, _)| Violation::at(&lock.path, number, RULE, "take the crate from crates.io"))
        .collect()
}

fn member_manifests(repository: &Repository) -> impl Iterator<Item = (&File, Table)> {
    repository
        .ending("/Cargo.toml")
        .map(|file| (file, parse(file)))
        // A folder outside the workspace (a template for integrators) has rules of its own.
        .filter(|(_, manifest)| {
            manifest.contains_key("package") && !manifest.contains_key("workspace")
        })
}

/// The manifest, or an empty table: cargo itself complains about a broken one.
fn parse(file: &File) -> Table {
    file.text.parse().unwrap_or_default()
}

/// The dependency tables of a manifest, those for one target included.
fn dependency_tables(manifest: &Table) -> Vec<&Table> {
    const NAMES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(|targets| targets.values())
        .filter_map(Value::as_table);
    std::iter::once(manifest)
        .chain(targets)
        .flat_map(|table| NAMES.iter().filter_map(|name| table.get(*name)?.as_table()))
        .collect()
}

/// The first line that begins with `name`, or 0.
fn line_of(file: &File, name: &str) -> usize {
    file.lines()
        .find(|(_, line)| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        })
        .map_or(0, |(number, _)| number)
}

#[cfg(test)]
mod tests;
