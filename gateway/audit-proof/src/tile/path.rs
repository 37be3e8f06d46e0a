//! The paths of tiles and entry bundles (C2SP tlog-tiles, "Merkle Tree").
//!
//! `tile/<level>/<index>`, followed by `.p/<width>` for a partial one. The index is written in groups of three digits,
//! all but the last behind an `x`: 1234067 is `x001/x234/067`. One path has one spelling, so that what was fetched by
//! name can be told apart from everything else; a path is foreign text and never trusted.

use super::TILE_WIDTH;

/// Longest path accepted, in bytes.
///
/// The longest that is written, of the last bundle of the largest tree, has 43.
const MAX_PATH_BYTES: usize = 64;

/// Why a text is not the path of a tile or of an entry bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It does not consist of `tile/`, a level, an index and possibly a width, each as it would be written.
    #[error("path is not that of a tile")]
    Form,
    /// The level is none of this kind: 0 to 6 for hashes, `entries` for bundles.
    #[error("path names an unknown level")]
    Level,
    /// No tree that is small enough has such a tile.
    #[error("path names a tile outside every tree")]
    Outside,
}

/// What a path says.
pub(super) struct Parts<'a> {
    pub(super) level: &'a str,
    pub(super) index: u64,
    pub(super) width: u16,
}

/// Writes a path.
pub(super) fn write(level: &str, index: u64, width: u16) -> String {
    let mut groups = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    let index = groups.join("/");
    if width == TILE_WIDTH {
        format!("tile/{level}/{index}")
    } else {
        format!("tile/{level}/{index}.p/{width}")
    }
}

/// Reads a path; the level is not judged.
pub(super) fn read(path: &str) -> Result<Parts<'_>, PathError> {
    if path.len() > MAX_PATH_BYTES {
        return Err(PathError::Form);
    }
    let (level, place) = path
        .strip_prefix("tile/")
        .and_then(|rest| rest.split_once('/'))
        .ok_or(PathError::Form)?;
    let (groups, width) = match place.split_once(".p/") {
        Some((groups, width)) => (groups, number(width).ok_or(PathError::Form)?),
        None => (place, u64::from(TILE_WIDTH)),
    };
    let index = groups.split('/').try_fold(0_u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        index.checked_mul(1000)?.checked_add(number(digits)?)
    });
    let parts = Parts {
        level,
        index: index.ok_or(PathError::Form)?,
        width: u16::try_from(width).map_err(|_| PathError::Form)?,
    };
    // What was read must be written the same: this refuses zeros in front, a missing or superfluous `x`, `.p/256`.
    (write(level, parts.index, parts.width) == path)
        .then_some(parts)
        .ok_or(PathError::Form)
}

/// Reads decimal digits and nothing else, at most three of them.
fn number(digits: &str) -> Option<u64> {
    let formed = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    formed.then(|| digits.parse().ok()).flatten()
}
