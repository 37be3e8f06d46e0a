//! Files of a package against what the entry of their submission binds.
//!
//! A part (message, result, request) is bound by its leaf hash, which the package proves to be under
//! a root of the entry; component and configuration are bound by their SHA-256.

use audit_proof::{
    hash::{Hash, leaf_hash, to_hex},
    proof::inclusion_root,
    suite::Suite,
};
use exchange::replay::Kind;
use package_proof::{proofs::PartProof, zip::Zip};

use crate::report::Standing;

/// Reads a file; what is wrong with it is said with what the entry binds.
fn contents(zip: &Zip<'_>, kind: Kind, file: &str, bound: &str) -> Result<Vec<u8>, Standing> {
    let wrong = |kind, found: String| Standing::Altered {
        kind,
        file: file.to_owned(),
        bound: bound.to_owned(),
        found,
    };
    match zip.member(file).map(package_proof::zip::Member::contents) {
        Some(Ok(contents)) => Ok(contents),
        Some(Err(error)) => Err(wrong(kind, error.to_string())),
        None => Err(wrong(Kind::Missing, "no such file".to_owned())),
    }
}

/// A file that the entry names by its SHA-256.
pub(crate) fn named(
    zip: &Zip<'_>,
    kind: Kind,
    file: &str,
    digest: &Hash,
) -> Result<Vec<u8>, Standing> {
    let bound = format!("sha256:{}", to_hex(digest));
    let contents = contents(zip, kind, file, &bound)?;
    let found = Suite::Sha256.hash(&contents);
    match found == *digest {
        true => Ok(contents),
        false => Err(Standing::Altered {
            kind,
            file: file.to_owned(),
            bound,
            found: format!("sha256:{}", to_hex(&found)),
        }),
    }
}

/// Where a part stands under a root of the entry.
pub(crate) struct Place<'a> {
    /// What the package says of it.
    pub(crate) proof: &'a PartProof,
    /// Its number among the parts.
    pub(crate) index: u64,
    /// Number of the parts.
    pub(crate) size: u64,
    /// The root that the entry binds.
    pub(crate) root: &'a Hash,
    /// The file that has the proof.
    pub(crate) proof_file: &'a str,
    /// What its leaf is over besides, before it; empty for most.
    pub(crate) salt: &'a [u8],
}

/// A file that is a part of the submission.
pub(crate) fn part(
    zip: &Zip<'_>,
    kind: Kind,
    file: &str,
    place: &Place<'_>,
) -> Result<Vec<u8>, Standing> {
    let (proof, root) = (place.proof, place.root);
    let found = inclusion_root(
        Suite::Sha256,
        place.index,
        place.size,
        &proof.leaf,
        &proof.path,
    );
    if found.as_ref() != Ok(root) {
        return Err(Standing::Altered {
            kind,
            file: place.proof_file.to_owned(),
            bound: format!("root:{}", to_hex(root)),
            found: found.map_or_else(
                |error| error.to_string(),
                |found| format!("root:{}", to_hex(&found)),
            ),
        });
    }
    let bound = format!("leaf:{}", to_hex(&proof.leaf));
    let contents = contents(zip, kind, file, &bound)?;
    let found = match place.salt {
        [] => leaf_hash(&contents),
        salt => leaf_hash(&[salt, &contents].concat()),
    };
    match found == proof.leaf {
        true => Ok(contents),
        false => Err(Standing::Altered {
            kind,
            file: file.to_owned(),
            bound,
            found: format!("leaf:{}", to_hex(&found)),
        }),
    }
}
