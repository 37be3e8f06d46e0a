//! Erasing (删除): from the keys of people to tombstones, through a crash at any point.
//!
//! The steps, in order: the intent is written to a file and durable; whoever erases writes the entry of the log; the
//! slots are overwritten with tombstones that name the entry; whoever erases drops what else it keeps of the people; the
//! intent is removed. An intent found at the start is
//! carried out, because it may have been acknowledged. Nothing in an intent is personal.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::PoisonError;

use crate::file::{FileError, sync_folder};
use crate::key::{Compartment, KeyName};
use crate::slot::{Tombstone, encode_tombstone};
use crate::vault::{Vault, VaultError};

const INTENT: &str = "erasing";
const INTENT_DRAFT: &str = "erasing.tmp";
const HEADING: &str = "lawgate-erasing/v1";

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The keys of people in cases.
    pub subjects: Vec<KeyName>,
    /// The keys of the messages that hold values of theirs.
    pub messages: Vec<KeyName>,
    /// What the eraser wants to know again after a crash, in bytes of its own.
    pub note: Vec<u8>,
    /// Every slot that will be overwritten. A crash may leave one half overwritten, which says nothing of itself any more.
    pub(crate) slots: BTreeSet<KeyName>,
}

impl Vault {
    /// What erasing these people takes.
    #[must_use]
    pub fn plan_erasure(&self, subjects: Vec<KeyName>, note: Vec<u8>) -> Plan {
        let messages = self.messages_of(&subjects);
        let mut slots: BTreeSet<KeyName> = subjects.iter().chain(&messages).copied().collect();
        for subject in &subjects {
            let slot = |compartment, number| KeyName {
                compartment,
                number,
            };
            let aliases = {
                let register = self.compartment(subject.compartment).register();
                register.alias_slots(subject.number)
            };
            let own = aliases.into_iter();
            slots.extend(own.map(|number| slot(subject.compartment, number)));
            let register = self.compartment(Compartment::Ordinary).register();
            let mentions = register.mentions.get(subject).into_iter().flatten();
            let restriction = register.restrictions.get(subject);
            let numbers = mentions.map(|(_, number)| number).chain(restriction);
            slots.extend(numbers.map(|number| slot(Compartment::Ordinary, *number)));
        }
        Plan {
            subjects,
            messages,
            note,
            slots,
        }
    }

    /// The messages that hold values of these people.
    #[must_use]
    pub fn messages_of(&self, subjects: &[KeyName]) -> Vec<KeyName> {
        let register = self.compartment(Compartment::Ordinary).register();
        let of_subject = |name: &KeyName| register.mentions.get(name);
        let numbers: BTreeSet<u64> = subjects
            .iter()
            .filter_map(of_subject)
            .flat_map(|messages| messages.keys().copied())
            .collect();
        let named = |number| KeyName {
            compartment: Compartment::Ordinary,
            number,
        };
        numbers.into_iter().map(named).collect()
    }

    /// The people of whom these messages hold values.
    #[must_use]
    pub fn mentioned_in(&self, messages: &[KeyName]) -> Vec<KeyName> {
        let register = self.compartment(Compartment::Ordinary).register();
        let people: BTreeSet<KeyName> = messages
            .iter()
            .filter_map(|message| register.mentioned.get(&message.number))
            .flatten()
            .copied()
            .collect();
        people.into_iter().collect()
    }

    /// Makes the intent to erase durable. From here on it is carried out, also after a crash.
    ///
    /// # Errors
    /// [`VaultError::File`]; nothing will be erased.
    pub fn begin_erasure(&self, plan: &Plan) -> Result<(), VaultError> {
        let (path, draft) = (self.intent_path(), self.folder.join(INTENT_DRAFT));
        let write = || {
            let mut file = File::create(&draft)?;
            file.write_all(render(plan).as_bytes())?;
            file.sync_all()?;
            fs::rename(&draft, &path)?;
            sync_folder(&path)
        };
        write().map_err(|cause| self.io(cause))
    }

    /// The erasure that was begun and not finished.
    ///
    /// # Errors
    /// [`VaultError::Intent`] when the file does not say what was to be erased.
    pub fn unfinished(&self) -> Result<Option<Plan>, VaultError> {
        let path = self.intent_path();
        match fs::read_to_string(&path) {
            Ok(text) => parse(&text).map(Some).ok_or(VaultError::Intent { path }),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(self.io(cause)),
        }
    }

    /// Destroys the keys of the plan; durable when it returns. `left` names the entry of the log that says so.
    ///
    /// Waits for those who seal. Messages that came in since the plan was made and hold values of the same people are
    /// erased with the others. Done twice, it does the same. Returns how many messages were erased.
    ///
    /// # Errors
    /// [`VaultError::File`]; the intent stays, and the erasure is carried out at the next start.
    pub fn finish_erasure(&self, plan: &Plan, left: Tombstone) -> Result<usize, VaultError> {
        let _alone = self.gate.write().unwrap_or_else(PoisonError::into_inner);
        let now = self.plan_erasure(plan.subjects.clone(), Vec::new());
        let messages: BTreeSet<_> = plan.messages.iter().chain(&now.messages).collect();
        let slots: Vec<KeyName> = plan.slots.union(&now.slots).copied().collect();
        self.destroy(&slots, left)?;
        for name in &plan.subjects {
            let opened = self.compartment(name.compartment);
            opened.register().forget_subject(name.number);
            let opened = self.compartment(Compartment::Ordinary);
            opened.register().forget_mentions(*name);
        }
        Ok(messages.len())
    }

    /// Destroys keys of messages and of texts alone; durable when it returns.
    ///
    /// # Errors
    /// [`VaultError::File`].
    pub fn destroy(&self, keys: &[KeyName], left: Tombstone) -> Result<(), VaultError> {
        for compartment in Compartment::ALL {
            let own = keys.iter().filter(|name| name.compartment == compartment);
            let slots: Vec<_> = own
                .map(|name| (name.number, encode_tombstone(name.number, left)))
                .collect();
            self.compartment(compartment).file.write(&slots)?;
        }
        Ok(())
    }

    /// Forgets the intent: everything that follows from the erasure is done.
    ///
    /// # Errors
    /// [`VaultError::File`]; the erasure is carried out again at the next start, which does no harm.
    pub fn end_erasure(&self) -> Result<(), VaultError> {
        let path = self.intent_path();
        let end = || match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(cause),
            _ => sync_folder(&path),
        };
        end().map_err(|cause| self.io(cause))
    }

    fn intent_path(&self) -> PathBuf {
        self.folder.join(INTENT)
    }

    fn io(&self, cause: io::Error) -> VaultError {
        VaultError::File(FileError::Io {
            path: self.intent_path(),
            cause,
        })
    }
}

fn render(plan: &Plan) -> String {
    let names = |names: &[KeyName]| {
        names
            .iter()
            .map(|name| format!(" {name}"))
            .collect::<String>()
    };
    let note: String = plan.note.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "{HEADING}\nsubjects{}\nmessages{}\nslots{}\nnote {note}\nend\n",
        names(&plan.subjects),
        names(&plan.messages),
        names(&plan.slots.iter().copied().collect::<Vec<_>>())
    )
}

fn parse(text: &str) -> Option<Plan> {
    let mut lines = text.lines();
    let mut line = |heading: &str| lines.next()?.strip_prefix(heading);
    line(HEADING).filter(|rest| rest.is_empty())?;
    let names = |text: &str| text.split_whitespace().map(KeyName::parse).collect();
    let subjects: Option<Vec<_>> = names(line("subjects")?);
    let messages: Option<Vec<_>> = names(line("messages")?);
    let slots: Option<Vec<_>> = names(line("slots")?);
    let note = line("note ")?;
    line("end").filter(|rest| rest.is_empty())?;
    if !note.is_ascii() || note.len() % 2 != 0 {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&note[at..at + 2], 16).ok();
    Some(Plan {
        subjects: subjects?,
        messages: messages?,
        slots: slots?.into_iter().collect(),
        note: (0..note.len())
            .step_by(2)
            .map(byte)
            .collect::<Option<_>>()?,
    })
}
