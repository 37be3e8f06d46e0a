//! What a compartment's file says, held in memory: who has a key, what they are called, where they are mentioned.
//!
//! Holds tags and numbers, no value and no key.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::blind::Tag;
use crate::key::KeyName;
use crate::slot::{Content, SLOT_BYTES};

/// The slot of a person's key in a case.
#[derive(Debug, Clone)]
pub(crate) struct SubjectSlot {
    pub(crate) subject: Tag,
    pub(crate) case: Tag,
    /// Its bytes, until they are known to be durable: whoever seals under the key writes them too.
    pub(crate) pending: Option<Box<[u8; SLOT_BYTES]>>,
}

/// The register of one compartment.
#[derive(Debug, Default)]
pub(crate) struct Register {
    /// Keys of people in cases, by number.
    pub(crate) subjects: BTreeMap<u64, SubjectSlot>,
    /// The same, by person and case.
    pub(crate) by_tags: HashMap<(Tag, Tag), u64>,
    /// People by what they can be looked for; value, subject, and the slots that say so.
    pub(crate) aliases: BTreeMap<Tag, BTreeMap<u64, Vec<u64>>>,
    /// Messages that hold values of a person, with the slot that says so.
    pub(crate) mentions: BTreeMap<KeyName, BTreeMap<u64, u64>>,
    /// People by the message that mentions them.
    pub(crate) mentioned: HashMap<u64, BTreeSet<KeyName>>,
    /// Cases under hold, with the slot that says so.
    pub(crate) holds: BTreeMap<Tag, u64>,
    /// People whose values are only stored, with the slot that says so.
    pub(crate) restrictions: BTreeMap<KeyName, u64>,
}

impl Register {
    /// Takes in the content of a slot.
    pub(crate) fn take(&mut self, number: u64, content: &Content) {
        match *content {
            Content::Index(_) | Content::Message(_) => {}
            Content::Subject { subject, case, .. } => {
                self.by_tags.insert((subject, case), number);
                let slot = SubjectSlot {
                    subject,
                    case,
                    pending: None,
                };
                self.subjects.insert(number, slot);
            }
            Content::Alias { value, subject } => {
                let subjects = self.aliases.entry(value).or_default();
                subjects.entry(subject).or_default().push(number);
            }
            Content::Mention { subject, message } => {
                self.mentions
                    .entry(subject)
                    .or_default()
                    .insert(message, number);
                self.mentioned.entry(message).or_default().insert(subject);
            }
            Content::Hold { case } => {
                self.holds.insert(case, number);
            }
            Content::Restriction { subject } => {
                self.restrictions.insert(subject, number);
            }
        }
    }

    /// Forgets a person's key and what the person can be looked for.
    pub(crate) fn forget_subject(&mut self, number: u64) {
        if let Some(slot) = self.subjects.remove(&number) {
            self.by_tags.remove(&(slot.subject, slot.case));
        }
        for subjects in self.aliases.values_mut() {
            subjects.remove(&number);
        }
        self.aliases.retain(|_, subjects| !subjects.is_empty());
    }

    /// Forgets where a person is mentioned, and that reading is restricted.
    pub(crate) fn forget_mentions(&mut self, subject: KeyName) {
        for message in self.mentions.remove(&subject).unwrap_or_default().keys() {
            if let Some(people) = self.mentioned.get_mut(message) {
                people.remove(&subject);
                if people.is_empty() {
                    self.mentioned.remove(message);
                }
            }
        }
        self.restrictions.remove(&subject);
    }

    /// Slots that say what a person can be looked for.
    pub(crate) fn alias_slots(&self, subject: u64) -> Vec<u64> {
        let slots = self.aliases.values().filter_map(|it| it.get(&subject));
        slots.flatten().copied().collect()
    }
}
