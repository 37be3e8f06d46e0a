//! The second verifier, as it travels in every package: the modules that checking a package needs, as one zipapp.
//!
//! The source is that of `tests/verifier-python`, which shares no code with the gateway. Nothing in the archive is
//! compressed: the package compresses it as one, which is shorter than file by file.

use std::collections::BTreeMap;

use crate::ComposeError;

/// Names a module of the verifier and its source.
macro_rules! modules {
    ($($name:literal),* $(,)?) => {
        [$((
            concat!("lawgate_verify/", $name),
            include_str!(concat!("../../../tests/verifier-python/lawgate_verify/", $name)),
        )),*]
    };
}

/// The modules.
const MODULES: &[(&str, &str)] = &modules![
    "__init__.py",
    "cbor.py",
    "container.py",
    "entry.py",
    "fault.py",
    "hashes.py",
    "note.py",
    "openssl.py",
    "outcome.py",
    "package.py",
    "package_index.py",
    "package_proofs.py",
    "package_sealed.py",
    "policy.py",
    "proof.py",
    "report.py",
    "signatures.py",
    "sm3.py",
    "text.py",
    "timestamp.py",
    "tree.py",
];

/// What runs when the archive is started.
const MAIN: &str = "\
\"\"\"Checks an evidence package: python3 lawgate_verify.pyz case.evp --policy policy.\"\"\"

import sys

from lawgate_verify import package

if __name__ == \"__main__\":
    sys.exit(package.main(sys.argv[1:]))
";

/// The instructions beside it.
pub(crate) const INSTRUCTIONS: &str = include_str!("instructions.txt");

/// The zipapp.
///
/// # Errors
/// None for the modules there are.
pub(crate) fn zipapp() -> Result<Vec<u8>, ComposeError> {
    let mut files: BTreeMap<String, Vec<u8>> = MODULES
        .iter()
        .map(|(name, source)| ((*name).to_owned(), source.as_bytes().to_vec()))
        .collect();
    files.insert("__main__.py".to_owned(), MAIN.as_bytes().to_vec());
    crate::zip::write_stored(&files)
}
