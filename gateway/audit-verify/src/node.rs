//! Where a node keeps what: the names in its audit folder.
//!
//! The folder itself has the segments; `tiles/` is what is published, and with it a mirror; `signed/` has the lock.
//! Time stamps lie beside the checkpoints they are over: `tokens/<size>.tsr` over the text of
//! the one that is kept under that size.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use audit_proof::kept;

/// Folder of what is published, within the audit folder.
pub(crate) const TILES: &str = "tiles";

/// The newest checkpoint, within a mirror and within the folder of the lock.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The checkpoint signed last, within the audit folder; the SM3 twin's has `.sm3` behind it.
pub(crate) const LOCKS: [&str; 2] = ["signed/checkpoint", "signed/checkpoint.sm3"];

/// Folder of time stamps, within a mirror.
const TOKENS: &str = "tokens";

/// Longest file read as a note, receipt or token, in bytes; the longest note there may be has a megabyte.
const MAX_FILE_BYTES: u64 = 2 << 20;

/// Returns the checkpoints that a mirror keeps, by size; none when it keeps none.
pub(crate) fn kept_checkpoints(mirror: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let kept = kept::list(mirror).with_context(|| mirror.display().to_string())?;
    Ok(kept.into_iter().map(|(_, path)| path).collect())
}

/// Returns the time stamps that a mirror keeps, each with the checkpoint it is over.
pub(crate) fn kept_tokens(mirror: &Path) -> anyhow::Result<Vec<(PathBuf, PathBuf)>> {
    let mut sized: Vec<(u64, PathBuf)> = Vec::new();
    for path in files(&mirror.join(TOKENS))? {
        sized.extend(size_of(&path, ".tsr").map(|size| (size, path)));
    }
    sized.sort_unstable();
    let pair = |(size, path)| (path, kept::find(mirror, size));
    Ok(sized.into_iter().map(pair).collect())
}

/// Returns the size that a file's name states before `suffix`.
fn size_of(path: &Path, suffix: &str) -> Option<u64> {
    let name = path.file_name()?.to_str()?.strip_suffix(suffix)?;
    let size: u64 = name.parse().ok()?;
    (size.to_string() == name).then_some(size)
}

/// Returns the files of a folder by name, hidden ones left out; none when it is not there.
pub(crate) fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        let is_hidden = path
            .file_name()
            .is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Reads a small file whole.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = read_start(path).with_context(|| path.display().to_string())?;
    anyhow::ensure!(
        bytes.len() as u64 <= MAX_FILE_BYTES,
        "{}: longer than {MAX_FILE_BYTES} bytes",
        path.display()
    );
    Ok(bytes)
}

/// Reads a file that ought to be small, and no more of one that is not than shows that it is too long for a note.
pub(crate) fn read_start(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path)?;
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a small file of text.
pub(crate) fn read_text(path: &Path) -> anyhow::Result<String> {
    String::from_utf8(read(path)?).with_context(|| format!("{}: not UTF-8", path.display()))
}
