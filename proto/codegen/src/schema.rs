//! Compiling the `.proto` files, without protoc.
//!
//! Keeps two forms: the descriptor set that programs carry, and the descriptors
//! with comments that the generators read.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use prost_reflect::{DescriptorPool, FileDescriptor, MessageDescriptor};

/// Package of everything that is generated.
pub(crate) const PACKAGE: &str = "lawgate.v1";

/// The compiled schema.
pub(crate) struct Schema {
    /// Encoded `FileDescriptorSet`: no comments, imports included, options kept.
    pub(crate) descriptors: Vec<u8>,
    /// The same with comments.
    pub(crate) pool: DescriptorPool,
    /// Comments before a definition, by file and path within it.
    comments: HashMap<(String, Vec<i32>), String>,
}

impl Schema {
    /// The files of our package, ordered by name.
    pub(crate) fn files(&self) -> Vec<FileDescriptor> {
        let mut files: Vec<_> = self
            .pool
            .files()
            .filter(|file| file.package_name() == PACKAGE)
            .collect();
        files.sort_by(|a, b| a.name().cmp(b.name()));
        files
    }

    /// The message `name` of the package.
    pub(crate) fn message(&self, name: &str) -> anyhow::Result<MessageDescriptor> {
        self.pool
            .get_message_by_name(&format!("{PACKAGE}.{name}"))
            .with_context(|| format!("no message {name} in {PACKAGE}"))
    }

    /// The comment before the definition at `path` of `file`; empty when there is none.
    pub(crate) fn comment(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.comments
            .get(&(file.name().to_owned(), path.to_vec()))
            .map_or("", String::as_str)
    }
}

/// Compiles every `.proto` file of the package below `folder`.
pub(crate) fn compile(folder: &Path) -> anyhow::Result<Schema> {
    let package = folder.join("lawgate/v1");
    let mut names = Vec::new();
    for entry in fs::read_dir(&package).with_context(|| format!("reading {}", package.display()))? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            names.push(path);
        }
    }
    // The order of the folder differs between machines.
    names.sort();
    let encode = |comments: bool| -> anyhow::Result<Vec<u8>> {
        let mut compiler = protox::Compiler::new([folder])?;
        compiler
            .include_imports(true)
            .include_source_info(comments)
            .open_files(&names)?;
        // Encoded by the compiler: decoding into plain types would lose our options.
        Ok(compiler.encode_file_descriptor_set())
    };
    let pool = DescriptorPool::decode(encode(true)?.as_slice())?;
    let comments = comments(&pool);
    Ok(Schema {
        descriptors: encode(false)?,
        pool,
        comments,
    })
}

fn comments(pool: &DescriptorPool) -> HashMap<(String, Vec<i32>), String> {
    let mut comments = HashMap::new();
    for file in pool.files() {
        let Some(source) = &file.file_descriptor_proto().source_code_info else {
            continue;
        };
        for location in &source.location {
            if let Some(comment) = &location.leading_comments {
                let lines: Vec<&str> = comment.lines().map(str::trim).collect();
                let key = (file.name().to_owned(), location.path.clone());
                comments.insert(key, lines.join("\n").trim().to_owned());
            }
        }
    }
    comments
}
