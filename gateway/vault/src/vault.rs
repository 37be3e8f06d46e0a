//! The vault: two compartments of keys, opened, asked and added to.
//!
//! A cheap question is a read of one slot. Adding stands in `batch`, erasing in `erasure`. Blocks the thread for the disk; called from several threads.

use std::path::{Path, PathBuf};
use std::sync::RwLock;

use zeroize::Zeroizing;

use crate::blind::{self, Tag, Use};
use crate::file::FileError;
use crate::key::{Compartment, Key, KeyName, RandomError};
use crate::open::Opened;
use crate::register::Register;
use crate::sealed::{self, OpenError};
use crate::slot::{Content, Kind, Slot, Tombstone, encode, encode_tombstone, place};
use crate::wrap::{WrapError, Wrapper};

/// File names of the compartments, in their order.
const FILES: [&str; 2] = ["ordinary.keys", "reporter.keys"];

/// Why the vault could not be opened or used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The folder could not be made or read.
    #[error("the vault's folder {} could not be used", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: std::io::Error,
    },
    /// A file of keys could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key of keys is not the one the file was made with.
    #[error("the key given does not open {}: it is another vault's key, or the file is damaged", path.display())]
    WrongKey {
        /// The file of keys.
        path: PathBuf,
        /// What the wrapper said.
        #[source]
        cause: WrapError,
    },
    /// A data key could not be wrapped or unwrapped.
    #[error("key {name} could not be wrapped or unwrapped")]
    Wrap {
        /// The key.
        name: KeyName,
        /// What the wrapper said.
        #[source]
        cause: WrapError,
    },
    /// The system gave no random bytes.
    #[error(transparent)]
    Random(#[from] RandomError),
    /// An erasure that was begun could not be read back.
    #[error("{} does not say what was to be erased; restore it from a copy, or remove it to give the erasure up", path.display())]
    Intent {
        /// The file.
        path: PathBuf,
    },
}

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyState {
    /// It is there.
    Live(Key),
    /// It was destroyed.
    Erased(Tombstone),
    /// There is none of that name, or its slot is damaged.
    Missing,
}

/// A person in a case, as far as the vault knows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// The key of the person's values in the case.
    pub name: KeyName,
    /// The person's pseudonym.
    pub subject: Tag,
    /// The case's.
    pub case: Tag,
    /// Messages that hold values of the person.
    pub messages: usize,
    /// Whether the case is under hold.
    pub is_held: bool,
    /// Whether the values are only stored.
    pub is_restricted: bool,
}

/// The vault.
#[derive(Debug)]
pub struct Vault {
    compartments: [Opened; 2],
    /// Held for reading by whoever seals, and for writing by whoever erases: a value that is sealed meanwhile is either
    /// known to the erasure or sealed under a new key.
    pub(crate) gate: RwLock<()>,
    pub(crate) folder: PathBuf,
    damaged: u64,
}

impl Vault {
    /// Whether the folder holds a vault.
    #[must_use]
    pub fn exists(folder: &Path) -> bool {
        FILES.iter().any(|file| folder.join(file).exists())
    }

    /// Opens the vault in `folder`, or makes one. An erasure that was begun and not finished is still to be finished:
    /// ask [`Vault::unfinished`].
    ///
    /// # Errors
    /// [`VaultError`]; [`VaultError::WrongKey`] names the file that a key does not open.
    pub fn open(
        folder: &Path,
        ordinary: Box<dyn Wrapper>,
        reporter: Box<dyn Wrapper>,
    ) -> Result<Self, VaultError> {
        std::fs::create_dir_all(folder).map_err(|cause| VaultError::Folder {
            path: folder.to_owned(),
            cause,
        })?;
        let [first, second] = FILES.map(|file| folder.join(file));
        let (ordinary, of_first) = Opened::open(&first, ordinary)?;
        let (reporter, of_second) = Opened::open(&second, reporter)?;
        Ok(Self {
            compartments: [ordinary, reporter],
            gate: RwLock::new(()),
            folder: folder.to_owned(),
            damaged: of_first + of_second,
        })
    }

    /// Opens the vault in `folder` for reading alone, beside whoever holds it: what is sealed or erased later is seen,
    /// who is held or restricted later is not.
    ///
    /// # Errors
    /// [`VaultError`], also when there is no vault.
    pub fn read_only(
        folder: &Path,
        ordinary: Box<dyn Wrapper>,
        reporter: Box<dyn Wrapper>,
    ) -> Result<Self, VaultError> {
        let [first, second] = FILES.map(|file| folder.join(file));
        let (ordinary, of_first) = Opened::read_only(&first, ordinary)?;
        let (reporter, of_second) = Opened::read_only(&second, reporter)?;
        Ok(Self {
            compartments: [ordinary, reporter],
            gate: RwLock::new(()),
            folder: folder.to_owned(),
            damaged: of_first + of_second,
        })
    }

    /// Slots that are neither whole nor unwritten: cut off by a crash before anybody was told of them, or damaged.
    #[must_use]
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    pub(crate) fn compartment(&self, which: Compartment) -> &Opened {
        &self.compartments[which as usize]
    }

    /// The pseudonym of a person known by `identifier`.
    #[must_use]
    pub fn subject_tag(&self, compartment: Compartment, identifier: &str) -> Tag {
        blind::tag(
            &self.compartment(compartment).index_key,
            Use::Subject,
            identifier,
        )
    }

    /// The pseudonym of a case; the number is given in its canonical form.
    #[must_use]
    pub fn case_tag(&self, number: &str) -> Tag {
        let index_key = &self.compartment(Compartment::Ordinary).index_key;
        blind::tag(index_key, Use::Case, number)
    }

    /// The tag under which a value can be looked for.
    #[must_use]
    pub fn value_tag(&self, compartment: Compartment, value: &str) -> Tag {
        blind::tag(&self.compartment(compartment).index_key, Use::Value, value)
    }

    /// A digest under a key that never leaves the vault: equal digests stay equal, and nobody else can try values.
    #[must_use]
    pub fn keyed_digest(&self, digest: &[u8; 32]) -> [u8; 32] {
        let index_key = &self.compartment(Compartment::Ordinary).index_key;
        blind::keyed(index_key, digest)
    }

    /// Reads a key.
    ///
    /// # Errors
    /// [`VaultError`] when the file cannot be read or the key not be unwrapped.
    pub fn key(&self, name: KeyName) -> Result<KeyState, VaultError> {
        let opened = self.compartment(name.compartment);
        let (kind, wrapped) = match opened.file.read(name.number)? {
            Slot::Live(Content::Message(key)) => (Kind::Message, key),
            Slot::Live(Content::Subject { subject, case, key }) => {
                (Kind::Subject(subject, case), key)
            }
            Slot::Erased(left) => return Ok(KeyState::Erased(left)),
            Slot::Live(_) | Slot::Unwritten | Slot::Damaged => return Ok(KeyState::Missing),
        };
        let key = opened.wrapper.unwrap(&place(kind, name.number), &wrapped);
        Ok(KeyState::Live(
            key.map_err(|cause| VaultError::Wrap { name, cause })?,
        ))
    }

    /// Opens sealed bytes with the key they name.
    ///
    /// # Errors
    /// [`OpenError`]; [`OpenError::Erased`] says by which entry.
    pub fn open_sealed(
        &self,
        context: &[u8],
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let name = sealed::key_of(bytes).ok_or(OpenError::Form)?;
        match self.key(name) {
            Ok(KeyState::Live(key)) => sealed::open(&key, context, bytes),
            Ok(KeyState::Erased(left)) => Err(OpenError::Erased(left)),
            Ok(KeyState::Missing) => Err(OpenError::Missing { name }),
            Err(cause) => Err(OpenError::Key {
                name,
                cause: Box::new(cause),
            }),
        }
    }

    /// People by a value of theirs, in both compartments; in every case they are known in.
    #[must_use]
    pub fn subjects_by_value(&self, value: &str) -> Vec<Subject> {
        let find = |compartment: Compartment| {
            let tag = self.value_tag(compartment, value);
            let register = self.compartment(compartment).register();
            let found = register.aliases.get(&tag);
            let numbers: Vec<u64> = found
                .into_iter()
                .flat_map(|it| it.keys().copied())
                .collect();
            drop(register);
            numbers.into_iter().map(move |number| KeyName {
                compartment,
                number,
            })
        };
        let names: Vec<KeyName> = Compartment::ALL.into_iter().flat_map(find).collect();
        names
            .into_iter()
            .filter_map(|name| self.subject(name))
            .collect()
    }

    /// People by case, in both compartments.
    #[must_use]
    pub fn subjects_by_case(&self, case: &Tag) -> Vec<Subject> {
        let find = |compartment: Compartment| {
            let register = self.compartment(compartment).register();
            let of_case = register
                .subjects
                .iter()
                .filter(|(_, slot)| slot.case == *case);
            let numbers: Vec<u64> = of_case.map(|(number, _)| *number).collect();
            drop(register);
            numbers.into_iter().map(move |number| KeyName {
                compartment,
                number,
            })
        };
        let names: Vec<KeyName> = Compartment::ALL.into_iter().flat_map(find).collect();
        names
            .into_iter()
            .filter_map(|name| self.subject(name))
            .collect()
    }

    /// The person a key belongs to; `None` for other keys, and once it is destroyed.
    #[must_use]
    pub fn subject(&self, name: KeyName) -> Option<Subject> {
        let register = self.compartment(name.compartment).register();
        let slot = register.subjects.get(&name.number)?;
        let (subject, case) = (slot.subject, slot.case);
        drop(register);
        let register = self.compartment(Compartment::Ordinary).register();
        Some(Subject {
            name,
            subject,
            case,
            messages: register.mentions.get(&name).map_or(0, |it| it.len()),
            is_held: register.holds.contains_key(&case),
            is_restricted: register.restrictions.contains_key(&name),
        })
    }

    /// Whether nothing may be erased of a case.
    #[must_use]
    pub fn is_held(&self, case: &Tag) -> bool {
        let register = self.compartment(Compartment::Ordinary).register();
        register.holds.contains_key(case)
    }

    /// Whether the values under a key are only stored.
    #[must_use]
    pub fn is_restricted(&self, name: KeyName) -> bool {
        let register = self.compartment(Compartment::Ordinary).register();
        register.restrictions.contains_key(&name)
    }

    /// Whether a message holds values of somebody whose values are only stored.
    #[must_use]
    pub fn mentions_restricted(&self, message: KeyName) -> bool {
        let register = self.compartment(Compartment::Ordinary).register();
        let people = register.mentioned.get(&message.number);
        people.is_some_and(|people| {
            people
                .iter()
                .any(|name| register.restrictions.contains_key(name))
        })
    }

    /// How many people in cases have a key in a compartment.
    #[must_use]
    pub fn count(&self, compartment: Compartment) -> u64 {
        self.compartment(compartment).register().subjects.len() as u64
    }

    /// How many cases are under hold, and how many people in cases are restricted.
    #[must_use]
    pub fn counts_of_states(&self) -> (u64, u64) {
        let register = self.compartment(Compartment::Ordinary).register();
        (
            register.holds.len() as u64,
            register.restrictions.len() as u64,
        )
    }

    /// Sets or lifts the hold on a case; durable when it returns. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`VaultError::File`].
    pub fn set_hold(&self, case: &Tag, is_held: bool, left: Tombstone) -> Result<bool, VaultError> {
        let content = Content::Hold { case: *case };
        self.set_state(
            content,
            is_held,
            left,
            |register| register.holds.get(case).copied(),
            |register| {
                register.holds.remove(case);
            },
        )
    }

    /// Sets or lifts the restriction of a person's values; durable when it returns. Returns whether that changed anything.
    ///
    /// # Errors
    /// [`VaultError::File`].
    pub fn set_restriction(
        &self,
        subject: KeyName,
        is_restricted: bool,
        left: Tombstone,
    ) -> Result<bool, VaultError> {
        let content = Content::Restriction { subject };
        let known = |register: &Register| register.restrictions.get(&subject).copied();
        self.set_state(content, is_restricted, left, known, |register| {
            register.restrictions.remove(&subject);
        })
    }

    fn set_state(
        &self,
        content: Content,
        wanted: bool,
        left: Tombstone,
        known: impl Fn(&Register) -> Option<u64>,
        forget: impl Fn(&mut Register),
    ) -> Result<bool, VaultError> {
        let opened = self.compartment(Compartment::Ordinary);
        // Held over the write: what is read and what is on the disk never differ.
        let mut register = opened.register();
        match (known(&register), wanted) {
            (None, true) => {
                let number = opened.file.number();
                opened.file.write(&[(number, encode(number, &content))])?;
                register.take(number, &content);
                Ok(true)
            }
            (Some(number), false) => {
                opened
                    .file
                    .write(&[(number, encode_tombstone(number, left))])?;
                forget(&mut register);
                Ok(true)
            }
            (Some(_), true) | (None, false) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests;
