//! Adding keys: made in memory, durable together, before anything that is sealed under them is kept.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLockReadGuard};

use crate::blind::Tag;
use crate::key::{Compartment, Key, KeyName, NamedKey};
use crate::open::Opened;
use crate::register::SubjectSlot;
use crate::slot::{Content, Kind, SLOT_BYTES, Slot, decode, encode, place};
use crate::vault::{KeyState, Vault, VaultError};
use crate::wrap::WrapError;

/// Keys being added. Nothing that is sealed under them may be kept before [`Batch::commit`] returned.
///
/// No erasure runs while there is a batch. Dropped without a commit, it leaves nothing that matters.
#[derive(Debug)]
pub struct Batch<'a> {
    vault: &'a Vault,
    slots: [Vec<(u64, [u8; SLOT_BYTES])>; 2],
    /// Keys whose slots are among them and may not be durable yet.
    subjects: BTreeSet<KeyName>,
    /// What the registers are told once it is durable.
    told: Vec<(Compartment, u64, Content)>,
    aliases: BTreeSet<(Tag, KeyName)>,
    mentions: BTreeSet<(KeyName, KeyName)>,
    _gate: RwLockReadGuard<'a, ()>,
}

impl Vault {
    /// Begins to add keys; waits for an erasure to end.
    #[must_use]
    pub fn batch(&self) -> Batch<'_> {
        Batch {
            vault: self,
            slots: [Vec::new(), Vec::new()],
            subjects: BTreeSet::new(),
            told: Vec::new(),
            aliases: BTreeSet::new(),
            mentions: BTreeSet::new(),
            _gate: self.gate.read().unwrap_or_else(PoisonError::into_inner),
        }
    }
}

impl Batch<'_> {
    /// A new key for one message, or for one text of an entry.
    ///
    /// # Errors
    /// [`VaultError::Wrap`] and [`VaultError::Random`].
    pub fn message_key(&mut self) -> Result<NamedKey, VaultError> {
        let opened = self.vault.compartment(Compartment::Ordinary);
        let name = KeyName {
            compartment: Compartment::Ordinary,
            number: opened.file.number(),
        };
        let key = Key::random()?;
        let wrapped = opened
            .wrapper
            .wrap(&place(Kind::Message, name.number), &key)
            .map_err(|cause| VaultError::Wrap { name, cause })?;
        let bytes = encode(name.number, &Content::Message(wrapped));
        self.slots[name.compartment as usize].push((name.number, bytes));
        Ok(NamedKey { name, key })
    }

    /// The key of a person in a case: the one there is, or a new one.
    ///
    /// # Errors
    /// [`VaultError`] when the key there is cannot be read, or a new one not be made.
    pub fn subject_key(
        &mut self,
        compartment: Compartment,
        subject: &Tag,
        case: &Tag,
    ) -> Result<NamedKey, VaultError> {
        let opened = self.vault.compartment(compartment);
        let known = {
            let register = opened.register();
            let number = register.by_tags.get(&(*subject, *case)).copied();
            number.map(|number| {
                let slot = register.subjects.get(&number);
                (number, slot.and_then(|slot| slot.pending.clone()))
            })
        };
        let name = |number| KeyName {
            compartment,
            number,
        };
        match known {
            Some((number, None)) => self.durable(name(number)),
            Some((number, Some(bytes))) => self.pending(name(number), *bytes),
            None => self.fresh(compartment, *subject, *case),
        }
    }

    fn durable(&self, name: KeyName) -> Result<NamedKey, VaultError> {
        match self.vault.key(name)? {
            KeyState::Live(key) => Ok(NamedKey { name, key }),
            KeyState::Erased(_) | KeyState::Missing => Err(refused(name, WrapError::Refused)),
        }
    }

    /// A key that another batch made and may not have committed yet: this one does not rely on it.
    fn pending(&mut self, name: KeyName, bytes: [u8; SLOT_BYTES]) -> Result<NamedKey, VaultError> {
        let key = unwrap(self.vault.compartment(name.compartment), name, &bytes)?;
        if self.subjects.insert(name) {
            self.slots[name.compartment as usize].push((name.number, bytes));
        }
        Ok(NamedKey { name, key })
    }

    fn fresh(
        &mut self,
        compartment: Compartment,
        subject: Tag,
        case: Tag,
    ) -> Result<NamedKey, VaultError> {
        let opened = self.vault.compartment(compartment);
        let name = KeyName {
            compartment,
            number: opened.file.number(),
        };
        let wrapped = opened
            .wrapper
            .wrap(
                &place(Kind::Subject(subject, case), name.number),
                &Key::random()?,
            )
            .map_err(|cause| refused(name, cause))?;
        let content = Content::Subject {
            subject,
            case,
            key: wrapped,
        };
        let bytes = encode(name.number, &content);
        let (number, bytes) = {
            let mut register = opened.register();
            // Another batch may have been first meanwhile; then its key is the one, and this number stays unused.
            let number = *register
                .by_tags
                .entry((subject, case))
                .or_insert(name.number);
            let slot = register
                .subjects
                .entry(number)
                .or_insert_with(|| SubjectSlot {
                    subject,
                    case,
                    pending: Some(Box::new(bytes)),
                });
            (number, slot.pending.clone())
        };
        let name = KeyName {
            compartment,
            number,
        };
        match bytes {
            Some(bytes) => self.pending(name, *bytes),
            None => self.durable(name),
        }
    }

    /// Makes a person findable by a value of theirs; an empty value is none.
    pub fn alias(&mut self, subject: KeyName, value: &str) {
        if crate::blind::plain_form(value).is_empty() {
            return;
        }
        let tag = self.vault.value_tag(subject.compartment, value);
        let opened = self.vault.compartment(subject.compartment);
        let is_known = {
            let register = opened.register();
            let subjects = register.aliases.get(&tag);
            subjects.is_some_and(|subjects| subjects.contains_key(&subject.number))
        };
        if is_known || !self.aliases.insert((tag, subject)) {
            return;
        }
        let content = Content::Alias {
            value: tag,
            subject: subject.number,
        };
        self.tell(subject.compartment, content);
    }

    /// Says that a message holds values of a person, so that erasing the person destroys the message's key too.
    pub fn mention(&mut self, subject: KeyName, message: KeyName) {
        if self.mentions.insert((subject, message)) {
            let content = Content::Mention {
                subject,
                message: message.number,
            };
            self.tell(Compartment::Ordinary, content);
        }
    }

    fn tell(&mut self, compartment: Compartment, content: Content) {
        let number = self.vault.compartment(compartment).file.number();
        self.slots[compartment as usize].push((number, encode(number, &content)));
        self.told.push((compartment, number, content));
    }

    /// Whether there is nothing to commit.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.iter().all(Vec::is_empty)
    }

    /// Makes the keys durable.
    ///
    /// # Errors
    /// [`VaultError::File`]: nothing that was sealed under the keys may be kept.
    pub fn commit(self) -> Result<(), VaultError> {
        for compartment in Compartment::ALL {
            let opened = self.vault.compartment(compartment);
            opened.file.write(&self.slots[compartment as usize])?;
        }
        for name in self.subjects {
            let mut register = self.vault.compartment(name.compartment).register();
            if let Some(slot) = register.subjects.get_mut(&name.number) {
                slot.pending = None;
            }
        }
        for (compartment, number, content) in &self.told {
            let mut register = self.vault.compartment(*compartment).register();
            register.take(*number, content);
        }
        Ok(())
    }
}

fn unwrap(opened: &Opened, name: KeyName, bytes: &[u8; SLOT_BYTES]) -> Result<Key, VaultError> {
    match decode(name.number, bytes) {
        Slot::Live(Content::Subject { subject, case, key }) => opened
            .wrapper
            .unwrap(&place(Kind::Subject(subject, case), name.number), &key)
            .map_err(|cause| refused(name, cause)),
        Slot::Live(_) | Slot::Erased(_) | Slot::Damaged | Slot::Unwritten => {
            Err(refused(name, WrapError::Refused))
        }
    }
}

fn refused(name: KeyName, cause: WrapError) -> VaultError {
    VaultError::Wrap { name, cause }
}
