//! What binds a pack together: the list of digests, and what is signed.

use audit_proof::key::KeyKind;
use sha2::{Digest as _, Sha256};

use super::archive::File;
use super::{DIGESTS, PackError, SIGNATURE};
use crate::manifest::Manifest;

/// First line of what is signed; no checkpoint, receipt or statement of a party begins so.
const STATEMENT: &str = "lawgate-adapter-pack/v1";

/// The list of digests of the files, in their order: as `sha256sum` writes and checks it.
pub(super) fn digests(files: &[File]) -> String {
    listed(files).map(line).collect()
}

/// Checks that `DIGESTS` is the list of the files.
pub(super) fn check_digests(files: &[File]) -> Result<(), PackError> {
    let stated = super::find(files, DIGESTS)?;
    let mut rest = stated;
    for (index, file) in listed(files).enumerate() {
        let expected = line(file);
        rest = rest
            .strip_prefix(expected.as_bytes())
            .ok_or_else(|| PackError::Digests {
                name: file.name.clone(),
                line: index + 1,
                expected: expected.trim_end().to_owned(),
            })?;
    }
    if rest.is_empty() {
        return Ok(());
    }
    Err(PackError::Digests {
        name: DIGESTS.to_owned(),
        line: listed(files).count() + 1,
        expected: String::new(),
    })
}

/// What a publisher signs.
pub(super) fn text(manifest: &Manifest, content: &[u8; 32]) -> String {
    format!(
        "{STATEMENT}\n{} {}\nsha256:{}\n",
        manifest.id,
        manifest.version,
        hex(content)
    )
}

/// Whether keys of this kind sign packs: those that sign any text.
pub(super) fn is_publisher_kind(kind: KeyKind) -> bool {
    !kind.is_cosignature()
}

fn listed(files: &[File]) -> impl Iterator<Item = &File> {
    files
        .iter()
        .filter(|file| file.name != DIGESTS && file.name != SIGNATURE)
}

fn line(file: &File) -> String {
    let digest: [u8; 32] = Sha256::digest(&file.content).into();
    format!("{}  {}\n", hex(&digest), file.name)
}

fn hex(bytes: &[u8; 32]) -> String {
    audit_proof::hash::to_hex(bytes)
}
