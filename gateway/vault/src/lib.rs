//! Keys of personal data (个人信息): what is sealed with them, and what is left when they are gone.
//!
//! A value of class P and above is kept sealed under the key of one person in one case; a message that holds such values
//! is kept sealed under a key of its own. What may be public is a salted commitment to the value. Erasing (删除) destroys
//! keys: the sealed bytes stay where they are bound, and nobody can open them any more. The identity of a reporter
//! (举报人) has a store and a key of its own.
//!
//! The crate knows no record, no entry and no clock; `exchange` decides what is sealed and writes down what is erased.
//! Reading order: [`Key`] and [`wrap`] (keys, and the key of the keys), [`sealed`] (sealed bytes), [`commit`]
//! (commitments), [`blind`] (finding without knowing), then [`Vault`] over the slots of `slot` and `file`.
//!
//! ```
//! use vault::{Compartment, Vault, sealed, wrap::FileKey};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let vault = Vault::open(
//!     folder.path(),
//!     Box::new(FileKey::from_bytes([7; 32])),
//!     Box::new(FileKey::from_bytes([8; 32])),
//! )?;
//! let (person, case) = (
//!     vault.subject_tag(Compartment::Ordinary, "110101199003074717"),
//!     vault.case_tag("包环罚〔2026〕12号"),
//! );
//! let mut batch = vault.batch();
//! let key = batch.subject_key(Compartment::Ordinary, &person, &case)?;
//! batch.commit()?;
//! let sealed = sealed::seal(&key, b"party.name", "张三".as_bytes())?;
//! let opened = vault.open_sealed(b"party.name", &sealed)?;
//! assert_eq!(opened.as_slice(), "张三".as_bytes());
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod batch;
pub mod blind;
pub mod commit;
mod erasure;
mod file;
mod key;
mod open;
mod register;
pub mod sealed;
mod slot;
mod vault;
pub mod wrap;

pub use batch::Batch;
pub use blind::Tag;
pub use erasure::Plan;
pub use file::FileError;
pub use key::{Compartment, Key, KeyName, NamedKey, RandomError};
pub use sealed::OpenError;
pub use slot::Tombstone;
pub use vault::{KeyState, Subject, Vault, VaultError};
