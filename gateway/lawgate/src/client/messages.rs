//! From files to submissions: splitting, grouping, keys.
//!
//! Bytes are never changed: a message is a whole file, or a line with its end.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use proto::v1;
use sha2::{Digest, Sha256};

use crate::cli;
use crate::output::UsageError;

/// Most payload bytes put into one submission: the gateway's default limit.
const BATCH_BYTES: usize = 4 << 20;

/// A message and where it came from, for the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sourced {
    /// `clue.xml`, `packets.txt:17`, `-`.
    pub(crate) source: String,
    /// The message to send.
    pub(crate) message: v1::Message,
}

/// One submission to send.
#[derive(Debug, PartialEq)]
pub(crate) struct Batch {
    /// Its key.
    pub(crate) key: String,
    /// Its messages.
    pub(crate) messages: Vec<Sourced>,
}

/// Reads the files and groups their messages into submissions.
///
/// # Errors
/// A file that cannot be read or has no byte; standard input named twice.
pub(crate) fn batches(arguments: &cli::Submit, stdin: &mut dyn Read) -> anyhow::Result<Vec<Batch>> {
    let messages = messages_of(
        &arguments.files,
        arguments.lines,
        arguments.content_type.as_deref(),
        stdin,
    )?;
    Ok(keyed(
        &arguments.feed,
        arguments.key.as_deref(),
        group(messages, arguments.batch as usize),
    ))
}

/// Reads the files: each is one message, or with `lines` each line is one.
///
/// # Errors
/// A file that cannot be read or has no byte; standard input named twice.
pub(crate) fn messages_of(
    files: &[PathBuf],
    lines: bool,
    content_type: Option<&str>,
    stdin: &mut dyn Read,
) -> anyhow::Result<Vec<Sourced>> {
    let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
    if files.iter().filter(is_stdin).count() > 1 {
        return Err(UsageError::StdinTwice.into());
    }
    let mut messages = Vec::new();
    for path in files {
        let bytes = if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            stdin
                .read_to_end(&mut bytes)
                .context("standard input cannot be read")?;
            bytes
        } else {
            fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?
        };
        let before = messages.len();
        split(path, bytes, lines, content_type, &mut messages);
        anyhow::ensure!(messages.len() > before, "{} has no message", path.display());
    }
    Ok(messages)
}

fn split(
    path: &Path,
    bytes: Vec<u8>,
    lines: bool,
    content_type: Option<&str>,
    messages: &mut Vec<Sourced>,
) {
    let attributes = attributes(path, content_type);
    let name = path.display().to_string();
    let message = |payload: Vec<u8>| v1::Message {
        payload: payload.into(),
        attributes: attributes.clone(),
    };
    if !lines {
        if !bytes.is_empty() {
            messages.push(Sourced {
                source: name,
                message: message(bytes),
            });
        }
        return;
    }
    for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if !line.trim_ascii().is_empty() {
            let source = format!("{name}:{}", index + 1);
            messages.push(Sourced {
                source,
                message: message(line.to_vec()),
            });
        }
    }
}

fn attributes(path: &Path, content_type: Option<&str>) -> Vec<v1::Attribute> {
    let attribute = |name: &str, value: String| v1::Attribute {
        name: name.to_owned(),
        value,
    };
    let content_type = content_type
        .filter(|value| !value.is_empty())
        .map(|value| attribute("content-type", value.to_owned()));
    let file_name = path
        .file_name()
        .filter(|name| *name != "-")
        .map(|name| attribute("file-name", name.to_string_lossy().into_owned()));
    content_type.into_iter().chain(file_name).collect()
}

/// Groups in order; a message larger than the bytes of a group stands alone.
fn group(messages: Vec<Sourced>, most: usize) -> Vec<Vec<Sourced>> {
    let mut groups: Vec<Vec<Sourced>> = Vec::new();
    let mut bytes = 0;
    for message in messages {
        let length = message.message.payload.len();
        match groups.last_mut() {
            Some(group) if group.len() < most && bytes + length <= BATCH_BYTES => {
                group.push(message);
                bytes += length;
            }
            Some(_) | None => {
                groups.push(vec![message]);
                bytes = length;
            }
        }
    }
    groups
}

fn keyed(feed: &str, key: Option<&str>, groups: Vec<Vec<Sourced>>) -> Vec<Batch> {
    let is_single = groups.len() == 1;
    groups
        .into_iter()
        .enumerate()
        .map(|(number, messages)| {
            let key = match key {
                Some(key) if is_single => key.to_owned(),
                Some(key) => format!("{key}/{number}"),
                None => content_key(feed, &messages),
            };
            Batch { key, messages }
        })
        .collect()
}

/// A key made of feed and payloads: the same content is the same submission.
///
/// Each payload goes in with its length, so that no two lists of payloads share an input.
fn content_key(feed: &str, messages: &[Sourced]) -> String {
    let mut hash = Sha256::new();
    hash.update(b"lawgate submit\0");
    hash.update(feed.as_bytes());
    hash.update([0]);
    for Sourced { message, .. } in messages {
        hash.update((message.payload.len() as u64).to_be_bytes());
        hash.update(&message.payload);
    }
    format!("sha256:{}", crate::output::hex(&hash.finalize()))
}
