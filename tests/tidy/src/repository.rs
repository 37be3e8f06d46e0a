//! The repository as the rules see it: files git knows, crates cargo knows.
//!
//! Reads once, then everything is in memory and the rules are pure. Ignored
//! files (build results, demo data) are never seen. Rules rely on paths being
//! relative, with forward slashes and sorted.

use std::{io, path::Path, process::Command};

use serde_json::Value;

/// What the rules look at.
#[derive(Debug, Default)]
pub struct Repository {
    /// Files that git tracks or would track, sorted by path.
    pub files: Vec<File>,
    /// Workspace members, in cargo's order.
    pub members: Vec<Member>,
}

/// One file.
#[derive(Debug)]
pub struct File {
    /// Path from the root.
    pub path: String,
    /// Content; empty when the file is not UTF-8 text.
    pub text: String,
}

/// One crate of the workspace.
#[derive(Debug, Default)]
pub struct Member {
    /// Name of the crate.
    pub name: String,
    /// Folder from the root.
    pub folder: String,
    /// Direct dependencies as declared.
    pub dependencies: Vec<Dependency>,
}

/// One declared dependency.
#[derive(Debug)]
pub struct Dependency {
    /// Name of the crate depended on, not a local rename.
    pub name: String,
    /// The key it is declared by: another than the name where it is renamed.
    pub key: String,
    /// In which table it is declared.
    pub kind: DependencyKind,
}

/// The table a dependency is declared in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DependencyKind {
    /// `[dependencies]`.
    Normal,
    /// `[dev-dependencies]`.
    Dev,
    /// `[build-dependencies]`.
    Build,
}

/// Why the repository could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A program could not be started.
    #[error("{program} could not be started")]
    Start {
        /// The program.
        program: &'static str,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// A program ended with an error; it wrote why to standard error.
    #[error("{program} ended with {status}")]
    Failed {
        /// The program.
        program: &'static str,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// A file git lists could not be read.
    #[error("{path} could not be read")]
    File {
        /// Path from the root.
        path: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The output of `cargo metadata` is not the JSON it promises.
    #[error("cargo metadata is not JSON")]
    Metadata {
        /// Why.
        #[source]
        cause: serde_json::Error,
    },
}

impl Repository {
    /// Reads the repository this crate lies in.
    ///
    /// # Errors
    /// Any [`ReadError`]; nothing is half read.
    pub fn read() -> Result<Self, ReadError> {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        Ok(Self {
            files: read_files(root)?,
            members: read_members(root)?,
        })
    }

    /// The file at `path`, if git knows it.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Files whose name ends in `suffix`, `.rs` for example.
    pub fn ending<'a>(&'a self, suffix: &'a str) -> impl Iterator<Item = &'a File> {
        self.files
            .iter()
            .filter(move |file| file.path.ends_with(suffix))
    }

    /// Rust sources that people write: generated code is left out.
    pub fn sources(&self) -> impl Iterator<Item = &File> {
        self.ending(".rs").filter(|file| !file.is_generated())
    }

    /// Whether `folder` contains any file.
    pub fn has_folder(&self, folder: &str) -> bool {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        self.files.iter().any(|file| file.path.starts_with(&prefix))
    }

    /// The member whose folder is, or contains, `path`.
    pub fn member_of(&self, path: &str) -> Option<&Member> {
        self.members
            .iter()
            .filter(|member| {
                path.strip_prefix(member.folder.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
            .max_by_key(|member| member.folder.len())
    }

    /// Every folder that contains a file, at any depth, sorted.
    pub fn folders(&self) -> Vec<&str> {
        let mut folders: Vec<&str> = self
            .files
            .iter()
            .flat_map(|file| {
                file.path
                    .match_indices('/')
                    .map(|(at, _)| &file.path[..at])
                    .collect::<Vec<_>>()
            })
            .collect();
        folders.sort_unstable();
        folders.dedup();
        folders
    }
}

impl File {
    /// Whether a tool wrote the file: nobody reads it for its style.
    pub fn is_generated(&self) -> bool {
        self.path.contains("/gen/") || self.path.ends_with("/bindings.rs")
    }

    /// Whether the file is test material whose bytes matter exactly.
    pub fn is_sample(&self) -> bool {
        ["/samples/", "/golden/", "/corpus/", "/vectors/"]
            .iter()
            .any(|folder| self.path.contains(folder))
    }

    /// Lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line))
    }
}

fn read_files(root: &Path) -> Result<Vec<File>, ReadError> {
    let listing = output(
        Command::new("git").current_dir(root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]),
        "git",
    )?;
    let mut paths: Vec<&str> = listing
        .split('\0')
        .filter(|path| !path.is_empty())
        .collect();
    paths.sort_unstable();
    paths.dedup();
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        match std::fs::read(root.join(path)) {
            Ok(bytes) => files.push(File {
                path: path.to_owned(),
                text: String::from_utf8(bytes).unwrap_or_default(),
            }),
            // Deleted but not committed yet, or renamed while we read.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => {
                return Err(ReadError::File {
                    path: path.to_owned(),
                    cause,
                });
            }
        }
    }
    Ok(files)
}

fn read_members(root: &Path) -> Result<Vec<Member>, ReadError> {
    let text = output(
        Command::new(env!("CARGO")).current_dir(root).args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--offline",
        ]),
        "cargo metadata",
    )?;
    let metadata = serde_json::from_str(&text).map_err(|cause| ReadError::Metadata { cause })?;
    Ok(members(&metadata))
}

/// The members in the output of `cargo metadata --no-deps`.
fn members(metadata: &Value) -> Vec<Member> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .map(|package| Member {
            name: text(&package["name"]),
            folder: text(&package["manifest_path"])
                .trim_start_matches(root)
                .trim_start_matches('/')
                .trim_end_matches("/Cargo.toml")
                .to_owned(),
            dependencies: package["dependencies"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|dependency| Dependency {
                    name: text(&dependency["name"]),
                    key: dependency["rename"]
                        .as_str()
                        .map_or_else(|| text(&dependency["name"]), str::to_owned),
                    kind: match dependency["kind"].as_str() {
                        Some("dev") => DependencyKind::Dev,
                        Some("build") => DependencyKind::Build,
                        _ => DependencyKind::Normal,
                    },
                })
                .collect(),
        })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn output(command: &mut Command, program: &'static str) -> Result<String, ReadError> {
    let output = command
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|cause| ReadError::Start { program, cause })?;
    if !output.status.success() {
        return Err(ReadError::Failed {
            program,
            status: output.status,
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
impl Repository {
    /// A repository of these files, for the tests of rules.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        Self {
            files: files
                .iter()
                .map(|(path, text)| File {
                    path: (*path).to_owned(),
                    text: (*text).to_owned(),
                })
                .collect(),
            members: Vec::new(),
        }
    }

    /// The same with one more member; dependencies are `name` or `dev:name`.
    pub(crate) fn and_member(mut self, folder: &str, dependencies: &[&str]) -> Self {
        self.members.push(Member {
            name: folder.rsplit('/').next().unwrap_or(folder).to_owned(),
            folder: folder.to_owned(),
            dependencies: dependencies
                .iter()
                .map(|name| match name.strip_prefix("dev:") {
                    Some(name) => Dependency {
                        name: name.to_owned(),
                        key: name.to_owned(),
                        kind: DependencyKind::Dev,
                    },
                    None => Dependency {
                        name: (*name).to_owned(),
                        key: (*name).to_owned(),
                        kind: DependencyKind::Normal,
                    },
                })
                .collect(),
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_read_with_folder_and_kind_of_each_dependency() {
        let metadata = json!({
            "workspace_root": "/somewhere/lawgate",
            "packages": [{
                "name": "schema",
                "manifest_path": "/somewhere/lawgate/gateway/schema/Cargo.toml",
                "dependencies": [
                    {"name": "proto", "kind": null},
                    {"name": "proptest", "kind": "dev"},
                    {"name": "sha2", "rename": "old-sha2", "kind": null},
                ],
            }],
        });
        let members = members(&metadata);
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].folder, "gateway/schema");
        assert_eq!(members[0].dependencies[0].kind, DependencyKind::Normal);
        assert_eq!(members[0].dependencies[1].kind, DependencyKind::Dev);
        assert_eq!(members[0].dependencies[1].key, "proptest");
        assert_eq!(members[0].dependencies[2].key, "old-sha2");
    }

    #[test]
    fn the_innermost_member_owns_a_path() {
        let mut repository = Repository::with(&[("proto/codegen/src/lib.rs", "")]);
        for folder in ["proto", "proto/codegen"] {
            repository.members.push(Member {
                name: folder.rsplit('/').next().map(str::to_owned).unwrap(),
                folder: folder.to_owned(),
                dependencies: Vec::new(),
            });
        }
        let owner = |path| {
            repository
                .member_of(path)
                .map(|member| member.name.as_str())
        };
        assert_eq!(owner("proto/codegen/src/lib.rs"), Some("codegen"));
        assert_eq!(owner("proto/src"), Some("proto"));
        assert_eq!(owner("prototype/src"), None);
    }

    #[test]
    fn folders_are_listed_once_at_every_depth() {
        let repository = Repository::with(&[("a/b/one", ""), ("a/b/two", ""), ("three", "")]);
        assert_eq!(repository.folders(), ["a", "a/b"]);
        assert!(repository.has_folder("a/b/"));
        assert!(!repository.has_folder("a/c"));
    }
}
