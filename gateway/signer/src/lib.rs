//! Private keys that sign notes: in files, and in PKCS#11 tokens behind the feature `pkcs11`.
//!
//! Implements [`audit_proof::signer::Signer`], and makes keys. It decides nothing about what is signed and when: log and
//! witnesses do. The offline verifier does not link it.
//!
//! Software keys are for tests and small sites. Where an assessment of commercial cryptography (密评) is due, the keys
//! belong into a certified module.
#![forbid(unsafe_code)]

pub mod generate;
pub mod key_file;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod private_key;

pub use generate::{GenerateError, Generated, generate};
pub use key_file::{FileSigner, KeyFileError, write_key_file};
#[cfg(feature = "pkcs11")]
pub use pkcs11::{Pkcs11Error, Pkcs11Location, Pkcs11Signer};
pub use private_key::{ML_DSA_44_LABEL, PrivateKey, PrivateKeyError};
