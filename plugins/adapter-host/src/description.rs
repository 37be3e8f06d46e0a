//! What an adapter says about itself, checked.
//!
//! A description comes from the guest: its words go into file names, audit
//! entries and pages, so their form is checked here, once, at install.

use std::time::Duration;

use crate::config::Config;
use crate::contract;

/// Longest identifier, in characters.
const NAME_CHARACTERS: usize = 64;

/// Most kinds of feed of one adapter.
const FEED_KINDS: usize = 64;

/// What an adapter says about itself, and what it was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Stable name: lower-case letters, digits and hyphens, at most 64 characters.
    pub id: String,
    /// Semantic version of the adapter's code.
    pub version: String,
    /// Kinds of feed it converts: 1 to 64 names of the same form as the id.
    pub feed_kinds: Vec<String>,
    /// Version of the common schema its records follow.
    pub schema_version: String,
    /// Limits of its calls: what it asked for, at most the host's.
    pub granted: Granted,
}

/// Limits of an adapter's calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// Linear memory, in bytes.
    pub memory_bytes: usize,
    /// Time for one call.
    pub deadline: Duration,
}

/// Limits that a manifest asks for; 0 asks for the host's. What is asked for only ever lowers a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// Linear memory, in bytes.
    pub memory_bytes: u64,
    /// Time for one call, in milliseconds.
    pub deadline_ms: u32,
    /// Bytes copied out of a sandbox in one call.
    pub output_bytes: u64,
    /// Log lines in one call.
    pub log_lines: u32,
}

impl Granted {
    /// The host's own limits.
    pub(crate) fn of_host(config: &Config) -> Self {
        Self {
            memory_bytes: config.memory_bytes,
            deadline: config.deadline,
        }
    }

    /// What is asked for, where it is less; 0 asks for nothing.
    pub(crate) fn at_most(self, memory_bytes: u64, deadline_ms: u32) -> Self {
        let mut granted = self;
        if memory_bytes > 0 {
            let asked = usize::try_from(memory_bytes).unwrap_or(usize::MAX);
            granted.memory_bytes = asked.min(self.memory_bytes);
        }
        if deadline_ms > 0 {
            granted.deadline = Duration::from_millis(deadline_ms.into()).min(self.deadline);
        }
        granted
    }
}

/// What is wrong with a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionFault {
    /// The id is not 1 to 64 lower-case letters, digits and hyphens.
    #[error("the id is not 1 to 64 lower-case letters, digits and hyphens")]
    Id,
    /// The version is not three numbers with an optional suffix.
    #[error("the version is not a semantic version")]
    Version,
    /// There are no kinds of feed, too many, or one has another form than the id.
    #[error("the kinds of feed are not 1 to 64 names like the id")]
    FeedKinds,
    /// The schema version is not three numbers with an optional suffix.
    #[error("the schema version is not a semantic version")]
    SchemaVersion,
}

impl Description {
    /// Checks and takes over what the guest returned.
    pub(crate) fn from_guest(
        said: contract::Description,
        host: Granted,
    ) -> Result<Self, DescriptionFault> {
        if !is_name(&said.id) {
            return Err(DescriptionFault::Id);
        }
        if !is_version(&said.version) {
            return Err(DescriptionFault::Version);
        }
        let kinds = &said.feed_kinds;
        let is_countable = (1..=FEED_KINDS).contains(&kinds.len());
        if !is_countable || !kinds.iter().all(|kind| is_name(kind)) {
            return Err(DescriptionFault::FeedKinds);
        }
        if !is_version(&said.schema_version) {
            return Err(DescriptionFault::SchemaVersion);
        }
        Ok(Self {
            granted: host.at_most(said.limits.memory_bytes, said.limits.deadline_ms),
            id: said.id,
            version: said.version,
            feed_kinds: said.feed_kinds,
            schema_version: said.schema_version,
        })
    }
}

fn is_name(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=NAME_CHARACTERS).contains(&text.len()) && text.bytes().all(is_plain)
}

/// Three numbers, then optionally `-` or `+` with letters, digits, dots and hyphens.
fn is_version(text: &str) -> bool {
    let (numbers, suffix) = match text.find(['-', '+']) {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, "0"),
    };
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-+".contains(&byte);
    text.len() <= NAME_CHARACTERS
        && numbers.split('.').count() == 3
        && numbers.split('.').all(is_number)
        && !suffix.is_empty()
        && suffix.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: Granted = Granted {
        memory_bytes: 100,
        deadline: Duration::from_secs(2),
    };

    fn said() -> contract::Description {
        contract::Description {
            id: "hj212".to_owned(),
            version: "1.0.0".to_owned(),
            feed_kinds: vec!["hj212".to_owned()],
            schema_version: "1.0.0".to_owned(),
            limits: contract::lawgate::adapter::types::Limits {
                memory_bytes: 0,
                deadline_ms: 0,
            },
        }
    }

    fn check(change: impl FnOnce(&mut contract::Description), expected: DescriptionFault) {
        let mut said = said();
        change(&mut said);
        assert_eq!(Description::from_guest(said, HOST), Err(expected));
    }

    #[test]
    fn a_plain_description_is_taken_over() {
        let description = Description::from_guest(said(), HOST).expect("plain");
        assert_eq!(description.id, "hj212");
        assert_eq!(description.granted, HOST);
    }

    #[test]
    fn every_malformed_part_is_refused() {
        check(|said| said.id = String::new(), DescriptionFault::Id);
        check(|said| said.id = "../etc".to_owned(), DescriptionFault::Id);
        check(|said| said.id = "A".to_owned(), DescriptionFault::Id);
        check(|said| said.id = "a".repeat(65), DescriptionFault::Id);
        check(
            |said| said.version = "1.0".to_owned(),
            DescriptionFault::Version,
        );
        check(
            |said| said.version = "1.0.0\n".to_owned(),
            DescriptionFault::Version,
        );
        check(|said| said.feed_kinds.clear(), DescriptionFault::FeedKinds);
        check(
            |said| said.feed_kinds[0] = "a b".to_owned(),
            DescriptionFault::FeedKinds,
        );
        check(
            |said| said.feed_kinds = vec!["a".to_owned(); 65],
            DescriptionFault::FeedKinds,
        );
        check(
            |said| said.schema_version = "one".to_owned(),
            DescriptionFault::SchemaVersion,
        );
    }

    #[test]
    fn versions_are_three_numbers_with_an_optional_suffix() {
        for version in ["0.0.0", "1.20.3", "1.0.0-rc.1", "1.0.0+build.5"] {
            assert!(is_version(version), "{version}");
        }
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "1..3",
            "a.b.c",
            "1.2.3-",
            "1.2.3-\u{e9}",
        ] {
            assert!(!is_version(text), "{text}");
        }
    }

    #[test]
    fn limits_asked_for_only_ever_lower_the_hosts() {
        let less = HOST.at_most(50, 500);
        assert_eq!((less.memory_bytes, less.deadline.as_millis()), (50, 500));
        assert_eq!(HOST.at_most(u64::MAX, u32::MAX), HOST);
        assert_eq!(HOST.at_most(0, 0), HOST);
    }
}
