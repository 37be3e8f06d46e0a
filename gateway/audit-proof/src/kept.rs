//! Where a published folder keeps its checkpoints: under their sizes, at most a thousand to a folder.
//!
//! `checkpoints/<size>` lies in a folder for each thousand sizes, spelled as C2SP tlog-tiles spells an index: the note of
//! 1,234,067 entries is `checkpoints/x001/x234/1234067`, that of 67 is `checkpoints/67`. Logs that were published before
//! have all of them in `checkpoints/` itself; both are read. Writers, servers and verifiers rely on it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Folder of all checkpoints that are kept, within what is published.
pub const FOLDER: &str = "checkpoints";

/// Sizes that share a folder.
const SHARED: u64 = 1000;

/// Folders below each other for the largest size there is.
const MAX_DEPTH: usize = 6;

/// Returns the path of the checkpoint of a size, within what is published.
#[must_use]
pub fn path(size: u64) -> String {
    let mut folders = Vec::new();
    let mut rest = size / SHARED;
    while rest > 0 {
        folders.push(format!("x{:03}/", rest % 1000));
        rest /= 1000;
    }
    folders.reverse();
    format!("{FOLDER}/{}{size}", folders.concat())
}

/// Returns the path at which earlier versions kept it.
#[must_use]
pub fn flat_path(size: u64) -> String {
    format!("{FOLDER}/{size}")
}

/// Returns where the checkpoint of a size is in the published folder `mirror`; the place it belongs when it is not there.
#[must_use]
pub fn find(mirror: &Path, size: u64) -> PathBuf {
    let place = mirror.join(path(size));
    let flat = mirror.join(flat_path(size));
    if !place.exists() && flat.exists() {
        flat
    } else {
        place
    }
}

/// Returns the checkpoints that the published folder `mirror` keeps, by size; none when it keeps none.
///
/// # Errors
/// The operating system's error.
pub fn list(mirror: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    walk(&mirror.join(FOLDER), MAX_DEPTH, &mut found)?;
    found.sort_unstable();
    // One at both places is the same one; the first in order of paths is the flat one, which is older.
    found.dedup_by(|later, earlier| {
        let is_same = later.0 == earlier.0;
        if is_same {
            std::mem::swap(later, earlier);
        }
        is_same
    });
    Ok(found)
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<(u64, PathBuf)>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if let Some(size) = size_of(name) {
            if path.is_file() {
                found.push((size, path));
            }
        } else if is_folder(name) && depth > 0 && path.is_dir() {
            walk(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

/// Whether a name is one of the folders that [`path`] makes.
#[must_use]
pub fn is_folder(name: &str) -> bool {
    name.strip_prefix('x')
        .is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Returns the size that the name of a kept file states, in its one spelling.
#[must_use]
pub fn size_of(name: &str) -> Option<u64> {
    let size: u64 = name.parse().ok()?;
    (size.to_string() == name).then_some(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_one_path_and_no_folder_has_more_than_a_thousand_names() {
        for (size, expected) in [
            (0, "checkpoints/0"),
            (999, "checkpoints/999"),
            (1_000, "checkpoints/x001/1000"),
            (1_234_067, "checkpoints/x001/x234/1234067"),
            (999_999_999, "checkpoints/x999/x999/999999999"),
            (
                u64::MAX,
                "checkpoints/x018/x446/x744/x073/x709/x551/18446744073709551615",
            ),
        ] {
            assert_eq!(path(size), expected);
            let name = expected.rsplit('/').next().unwrap();
            assert_eq!(size_of(name), Some(size));
        }
        for name in ["x01", "x0001", "y001", "0700", "+7", ""] {
            assert!(!is_folder(name) && size_of(name).is_none(), "{name}");
        }
    }

    #[test]
    fn checkpoints_at_their_places_and_at_the_old_ones_are_found_by_size() {
        let folder = tempfile::tempdir().unwrap();
        let mirror = folder.path();
        assert_eq!(list(mirror).unwrap(), []);
        for name in [path(7), path(1_500), flat_path(2_500), path(1_234_067)] {
            let place = mirror.join(&name);
            std::fs::create_dir_all(place.parent().unwrap()).unwrap();
            std::fs::write(&place, &name).unwrap();
        }
        std::fs::write(mirror.join("checkpoints/7.new"), "unfinished").unwrap();
        std::fs::write(mirror.join(flat_path(1_500)), "older").unwrap();
        let sizes: Vec<u64> = list(mirror).unwrap().into_iter().map(|it| it.0).collect();
        assert_eq!(sizes, [7, 1_500, 2_500, 1_234_067]);
        for (size, place) in list(mirror).unwrap() {
            assert_eq!(find(mirror, size), place, "{size}");
        }
        assert_eq!(find(mirror, 1_500), mirror.join(path(1_500)));
        assert_eq!(find(mirror, 3_500), mirror.join(path(3_500)));
    }
}
