//! Reading the text of a policy, line by line.
//!
//! Only the words and what may refer to what; judging is done in the module above.

use std::collections::{HashMap, HashSet};

use super::{Member, NONE, Policy, PolicyLog, PolicyWitness, Threshold};
use crate::checkpoint::decimal;
use crate::key::{KeyError, VerifierKey};

/// Longest policy read, in bytes: 32 logs, witnesses and groups, which must be accepted, with ML-DSA-44 keys need 120 kB.
const MAX_POLICY_BYTES: usize = 1 << 20;

/// Why a text is not a policy, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the policy")]
pub struct PolicyError {
    /// The line, from 1; for what is missing, the one after the last.
    pub line: usize,
    /// What is wrong there.
    #[source]
    pub fault: PolicyFault,
}

/// What is wrong in a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// The policy has more than a mebibyte.
    #[error("the policy is longer than {MAX_POLICY_BYTES} bytes")]
    TooLong,
    /// A control character other than tab and newline.
    #[error("a control character")]
    ControlCharacter,
    /// The line does not end in a newline.
    #[error("the line does not end in a newline")]
    UnfinishedLine,
    /// Words outside comments are not UTF-8.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// The first word is none of log, witness, group, quorum.
    #[error("no line begins with {word}")]
    UnknownWord {
        /// The word.
        word: String,
    },
    /// The line has too few or too many words.
    #[error("the form of the line is: {form}")]
    Form {
        /// What the line ought to look like.
        form: &'static str,
    },
    /// The key cannot be read.
    #[error("the key cannot be read")]
    Key(#[source] KeyError),
    /// The key of a witness makes no cosignatures.
    #[error("a key of kind {kind} makes no cosignatures")]
    NotACosigner {
        /// The kind of the key.
        kind: crate::key::KeyKind,
    },
    /// The public key is that of an earlier line of the same kind.
    #[error("the key is that of an earlier line")]
    DuplicateKey,
    /// The name is taken, or is `none`.
    #[error("the name {name} is taken")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// No earlier line defines the name.
    #[error("no earlier line defines {name}")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// The name is a member of a group already.
    #[error("{name} is a member of a group already")]
    SecondMembership {
        /// The name.
        name: String,
    },
    /// The threshold is not `any`, `all` or a number from 1 to the count of members.
    #[error("the threshold {threshold} is not any, all or from 1 to {members}")]
    Threshold {
        /// What stands there.
        threshold: String,
        /// How many members the group has.
        members: usize,
    },
    /// There is a quorum line already.
    #[error("there is a quorum line already")]
    SecondQuorum,
    /// There is no quorum line.
    #[error("there is no quorum line")]
    NoQuorum,
}

/// What was read so far.
#[derive(Default)]
struct Draft {
    logs: Vec<PolicyLog>,
    members: Vec<Member>,
    by_name: HashMap<String, usize>,
    grouped: HashSet<usize>,
    quorum: Option<Option<usize>>,
}

/// Reads a policy.
pub(super) fn policy(text: &[u8]) -> Result<Policy, PolicyError> {
    let at = |line, fault| PolicyError { line, fault };
    if text.len() > MAX_POLICY_BYTES {
        return Err(at(1, PolicyFault::TooLong));
    }
    let mut draft = Draft::default();
    let mut count = 0;
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        count += 1;
        draft.read(line).map_err(|fault| at(count, fault))?;
    }
    let quorum = draft
        .quorum
        .ok_or_else(|| at(count + 1, PolicyFault::NoQuorum))?;
    Ok(Policy {
        logs: draft.logs,
        members: draft.members,
        quorum,
    })
}

impl Draft {
    fn read(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        let line = line
            .strip_suffix(b"\n")
            .ok_or(PolicyFault::UnfinishedLine)?;
        let is_control = |&byte: &u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
        if line.iter().any(is_control) {
            return Err(PolicyFault::ControlCharacter);
        }
        let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
        match line.iter().find(|byte| !is_space(byte)) {
            None | Some(b'#') => return Ok(()),
            Some(_) => {}
        }
        let line = std::str::from_utf8(line).map_err(|_| PolicyFault::NotUtf8)?;
        // Space and tab only: other Unicode spaces are parts of words.
        let words: Vec<&str> = line
            .split([' ', '\t'])
            .filter(|word| !word.is_empty())
            .collect();
        match words[0] {
            "log" => self.log(&words[1..]),
            "witness" => self.witness(&words[1..]),
            "group" => self.group(&words[1..]),
            "quorum" => self.quorum(&words[1..]),
            word => Err(PolicyFault::UnknownWord {
                word: word.to_owned(),
            }),
        }
    }

    fn log(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        let (key, url) = match *words {
            [key] => (key, None),
            [key, url] => (key, Some(url.to_owned())),
            _ => return Err(form("log <vkey> [<url>]")),
        };
        let key = VerifierKey::parse(key).map_err(PolicyFault::Key)?;
        if self.logs.iter().any(|log| log.key.public() == key.public()) {
            return Err(PolicyFault::DuplicateKey);
        }
        self.logs.push(PolicyLog { key, url });
        Ok(())
    }

    fn witness(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        let (name, key, url) = match *words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(url.to_owned())),
            _ => return Err(form("witness <name> <vkey> [<url>]")),
        };
        let key = VerifierKey::parse(key).map_err(PolicyFault::Key)?;
        if !key.kind().is_cosignature() {
            return Err(PolicyFault::NotACosigner { kind: key.kind() });
        }
        let is_same = |member: &Member| match member {
            Member::Witness(witness) => witness.key.public() == key.public(),
            Member::Group { .. } => false,
        };
        if self.members.iter().any(is_same) {
            return Err(PolicyFault::DuplicateKey);
        }
        self.define(Member::Witness(PolicyWitness {
            name: name.to_owned(),
            key,
            url,
        }))
    }

    fn group(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        let [name, threshold, names @ ..] = words else {
            return Err(form("group <name> all|any|<k> <name>..."));
        };
        if names.is_empty() {
            return Err(form("group <name> all|any|<k> <name>..."));
        }
        let mut members = Vec::with_capacity(names.len());
        for member in names {
            let index = self.find(member)?;
            if !self.grouped.insert(index) {
                return Err(PolicyFault::SecondMembership {
                    name: (*member).to_owned(),
                });
            }
            members.push(index);
        }
        self.define(Member::Group {
            name: (*name).to_owned(),
            threshold: read_threshold(threshold, members.len())?,
            members,
        })
    }

    fn quorum(&mut self, words: &[&str]) -> Result<(), PolicyFault> {
        let [name] = *words else {
            return Err(form("quorum <name>"));
        };
        if self.quorum.is_some() {
            return Err(PolicyFault::SecondQuorum);
        }
        let index = if name == NONE {
            None
        } else {
            Some(self.find(name)?)
        };
        self.quorum = Some(index);
        Ok(())
    }

    fn find(&self, name: &str) -> Result<usize, PolicyFault> {
        self.by_name
            .get(name)
            .copied()
            .ok_or_else(|| PolicyFault::UnknownName {
                name: name.to_owned(),
            })
    }

    fn define(&mut self, member: Member) -> Result<(), PolicyFault> {
        let name = member.name().to_owned();
        if name == NONE || self.by_name.contains_key(&name) {
            return Err(PolicyFault::DuplicateName { name });
        }
        self.by_name.insert(name, self.members.len());
        self.members.push(member);
        Ok(())
    }
}

fn form(form: &'static str) -> PolicyFault {
    PolicyFault::Form { form }
}

fn read_threshold(text: &str, members: usize) -> Result<Threshold, PolicyFault> {
    let count = decimal(text).and_then(|count| usize::try_from(count).ok());
    match (text, count) {
        ("any", _) => Ok(Threshold::Any),
        ("all", _) => Ok(Threshold::All),
        (_, Some(count)) if (1..=members).contains(&count) => Ok(Threshold::Count(count)),
        _ => Err(PolicyFault::Threshold {
            threshold: text.to_owned(),
            members,
        }),
    }
}
