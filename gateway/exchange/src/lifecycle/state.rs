//! What is installed and in force, as a fold over the log's entries.
//!
//! Pure: the same entries give the same state, at a start and while the node runs. Nothing else is
//! remembered, so that the registry cannot say anything the log does not.

use std::collections::{BTreeMap, BTreeSet};

use crate::entry::{AdapterEntry, AdapterStep};
use crate::ports::AdapterIdentity;

/// Most entries of the history kept for each feed; older ones are in the log.
const HISTORY: usize = 32;

/// SHA-256 of the manifest and of the schema of configurations.
pub(crate) type Files = (Option<[u8; 32]>, Option<[u8; 32]>);

/// The versions of every feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lives {
    feeds: BTreeMap<String, FeedLife>,
}

/// The versions of one feed, and which of them do what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FeedLife {
    /// By number: the first has number 1.
    versions: Vec<VersionLife>,
    /// Converts the submissions; 0: none does.
    pub(crate) active: u32,
    /// The versions that were active before, the last one last.
    pub(crate) before: Vec<u32>,
    /// Runs beside the active one; 0: none does.
    pub(crate) shadow: u32,
    /// Converts a share, and of how many of 10,000; 0: none does.
    pub(crate) canary: (u32, u32),
    /// Whether an activation made the feed the registry's: then the file does not decide any more.
    pub(crate) is_managed: bool,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionLife {
    pub(crate) number: u32,
    pub(crate) adapter: AdapterIdentity,
    /// SHA-256 of the manifest; `None` for what programs before the registry loaded.
    pub(crate) manifest: Option<[u8; 32]>,
    /// SHA-256 of the schema of configurations, if there is one.
    pub(crate) schema: Option<[u8; 32]>,
    /// Whose signature held; empty: nobody's.
    pub(crate) publisher: String,
    /// Golden samples that gave their results at install.
    pub(crate) samples: u64,
    /// Whether the configuration file named it.
    pub(crate) is_from_file: bool,
    /// Position of the entry that made it known.
    pub(crate) position: u64,
    /// Who installed it.
    pub(crate) by: String,
    /// Who approved it.
    pub(crate) approvals: BTreeSet<String>,
    /// Whether it was active at some time.
    pub(crate) was_active: bool,
    pub(crate) is_retired: bool,
}

impl Lives {
    /// The feed's versions, if it has any.
    pub(crate) fn feed(&self, feed: &str) -> Option<&FeedLife> {
        self.feeds.get(feed)
    }

    /// Every feed that has versions, by name.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = (&str, &FeedLife)> {
        self.feeds.iter().map(|(name, life)| (name.as_str(), life))
    }

    /// The number the next version of a feed gets.
    pub(crate) fn next_number(&self, feed: &str) -> u32 {
        self.feed(feed).map_or(1, FeedLife::next_number)
    }

    /// Takes an entry over. An entry about a version that is not there changes nothing: the
    /// registry writes none, and what it did not write it does not believe.
    pub(crate) fn apply(&mut self, position: u64, entry: &AdapterEntry) {
        let life = self.feeds.entry(entry.feed.clone()).or_default();
        match &entry.step {
            AdapterStep::Load { manifest, schema } => {
                life.load(position, entry, (*manifest, *schema));
            }
            AdapterStep::Install {
                manifest,
                publisher,
                samples,
                schema,
            } => {
                if entry.version == life.next_number() {
                    life.versions.push(VersionLife {
                        publisher: publisher.clone(),
                        samples: *samples,
                        is_from_file: false,
                        ..VersionLife::new(
                            entry.version,
                            position,
                            entry,
                            (Some(*manifest), *schema),
                        )
                    });
                }
            }
            AdapterStep::Approve
            | AdapterStep::Activate { .. }
            | AdapterStep::Shadow { .. }
            | AdapterStep::Canary { .. }
            | AdapterStep::Rollback { .. }
            | AdapterStep::Retire
            | AdapterStep::Breaker { .. } => life.step(entry, &entry.step),
        }
    }
}

impl FeedLife {
    /// The version of this number.
    pub(crate) fn version(&self, number: u32) -> Option<&VersionLife> {
        self.versions.get(place(number)?)
    }

    /// Every version, oldest first.
    pub(crate) fn versions(&self) -> &[VersionLife] {
        &self.versions
    }

    /// The version with this component and configuration, unless it is retired.
    pub(crate) fn find(&self, adapter: &AdapterIdentity) -> Option<&VersionLife> {
        let is_it = |version: &&VersionLife| version.adapter == *adapter && !version.is_retired;
        self.versions.iter().rev().find(is_it)
    }

    /// The retired version with this component and configuration (SHA-256), when there is no other.
    pub(crate) fn find_retired(&self, digests: [&[u8; 32]; 2]) -> Option<&VersionLife> {
        let mut same = self.versions.iter().rev().filter(|version| {
            [&version.adapter.component, &version.adapter.configuration] == digests
        });
        let last = same.next()?;
        (last.is_retired && same.all(|version| version.is_retired)).then_some(last)
    }

    /// The number the next version gets.
    pub(crate) fn next_number(&self) -> u32 {
        u32::try_from(self.versions.len() + 1).unwrap_or(u32::MAX)
    }

    /// Where a rollback leads: the last version that was active before and can still be.
    pub(crate) fn rollback_to(&self) -> Option<&VersionLife> {
        let usable = |number: &u32| self.version(*number).filter(|it| !it.is_retired);
        self.before.iter().rev().find_map(usable)
    }

    fn load(&mut self, position: u64, entry: &AdapterEntry, files: Files) {
        let known = self.find(&entry.adapter).map(|version| version.number);
        let number = known.unwrap_or_else(|| {
            let number = self.next_number();
            self.versions
                .push(VersionLife::new(number, position, entry, files));
            number
        });
        if let Some(version) = self.version_mut(number) {
            version.manifest = version.manifest.or(files.0);
            version.schema = version.schema.or(files.1);
        }
        // What a start puts in force is what was in force, or what the file says of a feed that
        // the registry has not taken over.
        self.put_in_force(number);
    }

    fn step(&mut self, entry: &AdapterEntry, step: &AdapterStep) {
        let number = entry.version;
        if self.version(number).is_none() {
            return;
        }
        match step {
            AdapterStep::Approve => self.approved(number, &entry.by),
            AdapterStep::Activate { .. } => {
                self.is_managed = true;
                self.approved(number, &entry.by);
                self.put_in_force(number);
            }
            AdapterStep::Rollback { .. } => {
                self.is_managed = true;
                // What is rolled back from is not what the next rollback leads to.
                while self.before.pop().is_some_and(|before| before != number) {}
                self.put_in_force(number);
                if self.before.last() == Some(&entry.replaced()) {
                    self.before.pop();
                }
            }
            AdapterStep::Shadow { is_on, .. } => self.shadow = if *is_on { number } else { 0 },
            AdapterStep::Canary { share } => {
                if *share > 0 {
                    self.approved(number, &entry.by);
                }
                self.canary = if *share > 0 { (number, *share) } else { (0, 0) };
            }
            AdapterStep::Retire => {
                if let Some(version) = self.version_mut(number) {
                    version.is_retired = true;
                }
                self.before.retain(|before| *before != number);
            }
            AdapterStep::Load { .. }
            | AdapterStep::Install { .. }
            | AdapterStep::Breaker { .. } => {}
        }
    }

    /// Who puts a version to use approves it; where one approval is enough there is no other entry of it.
    fn approved(&mut self, number: u32, by: &str) {
        if let Some(version) = self.version_mut(number) {
            version.approvals.insert(by.to_owned());
        }
    }

    fn put_in_force(&mut self, number: u32) {
        if self.active != 0 && self.active != number {
            self.before.push(self.active);
            if self.before.len() > HISTORY {
                self.before.remove(0);
            }
        }
        self.active = number;
        if self.shadow == number {
            self.shadow = 0;
        }
        if self.canary.0 == number {
            self.canary = (0, 0);
        }
        if let Some(version) = self.version_mut(number) {
            version.was_active = true;
        }
    }

    fn version_mut(&mut self, number: u32) -> Option<&mut VersionLife> {
        self.versions.get_mut(place(number)?)
    }
}

impl VersionLife {
    fn new(
        number: u32,
        position: u64,
        entry: &AdapterEntry,
        (manifest, schema): Files,
    ) -> VersionLife {
        VersionLife {
            number,
            adapter: entry.adapter.clone(),
            manifest,
            schema,
            publisher: String::new(),
            samples: 0,
            is_from_file: true,
            position,
            by: entry.by.clone(),
            approvals: BTreeSet::new(),
            was_active: false,
            is_retired: false,
        }
    }
}

impl AdapterEntry {
    fn replaced(&self) -> u32 {
        if let AdapterStep::Activate { replaced } | AdapterStep::Rollback { replaced } = self.step {
            replaced
        } else {
            0
        }
    }
}

fn place(number: u32) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}
