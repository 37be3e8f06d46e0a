//! What of an evidence package (证据包, `.evp`) can be checked: the container, the list, the contents, the verdict.
//!
//! Everything a verifier needs and nothing that writes. It takes bytes and whom to trust, reads no file, no clock and no
//! network, and builds for a browser. What it computes is documented in `docs/evidence-package.md`; the judgement over
//! signatures, witnesses and time stamps is that of [`audit_proof::judge`].
//!
//! Reading order: [`zip`] (the container), [`manifest`] (the list), [`index`] (what the package says of itself), [`path`]
//! (what a file is called), [`proofs`] (texts of proofs), [`sealed`] (sealed values), [`mod@check`] and [`finding`], [`verdict`], [`render`].
#![forbid(unsafe_code)]

pub mod check;
pub mod finding;
pub mod index;
pub mod manifest;
pub mod path;
pub mod proofs;
pub mod render;
pub mod sealed;
pub mod verdict;
pub mod zip;

pub use check::{Held, check};
pub use finding::{Finding, FindingKind};
pub use index::Index;
pub use verdict::{KeySource, PackageVerdict};
