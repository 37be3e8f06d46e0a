//! At a start: the state from the log, and what is in force from the state and the configuration file.
//!
//! The file is the initial state: it decides for a feed until the first activation or rollback through the registry,
//! and from then on the registry does. What a start puts in force is an `adapter.load` entry before it takes effect.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::change::start_shadow;
use super::state::{Files, VersionLife};
use super::{LiveVersion, Route, State, refused};
use crate::Exchange;
use crate::entry::{AdapterEntry, AdapterStep, CaseBinding};
use crate::ports::{AdapterFiles, AdapterIdentity, Loaded};
use crate::refusal::{Cause, Refusal};

/// First line of the memory of where adapter entries are.
const HEADING: &str = "lawgate-adapters 1";

/// A feed as the configuration file has it.
#[derive(Debug, Clone)]
pub struct Configured {
    /// The feed; [`crate::Feed`] says of which kind it is.
    pub feed: String,
    /// The adapter the file names.
    pub files: Option<AdapterFiles>,
}

/// Why the adapters of a feed cannot be put in force.
#[derive(Debug, thiserror::Error)]
#[error("feed {feed}: {cause}")]
pub struct RestoreError {
    /// The feed; empty when it is the log that cannot be read.
    pub feed: String,
    /// What is wrong.
    pub cause: Refusal,
}

impl Exchange {
    /// Reads the state from the log and puts in force what it and the file say. Blocks; called once,
    /// before anybody is served.
    ///
    /// # Errors
    /// [`RestoreError`] names the feed whose active version cannot be loaded.
    pub fn restore_adapters(&self, configured: &[Configured]) -> Result<(), RestoreError> {
        let mut state = self.registry.state();
        self.read_state(&mut state).map_err(|cause| RestoreError {
            feed: String::new(),
            cause: Refusal::StoreFailed { cause },
        })?;
        for one in configured {
            self.restore_feed(&mut state, one)
                .map_err(|cause| RestoreError {
                    feed: one.feed.clone(),
                    cause,
                })?;
        }
        self.remember(&state);
        Ok(())
    }

    /// Folds the entries about adapters: those remembered, and those behind what was remembered.
    fn read_state(&self, state: &mut State) -> Result<(), Cause> {
        let size = self.log.size();
        let (from, positions) = self.recall().unwrap_or_default();
        // What is archived holds no step but loads, which every start makes again: pruning refuses others.
        let reader = self.log.reader();
        let first = reader.first();
        for position in positions.into_iter().filter(|position| *position >= first) {
            self.read_step(state, position)?;
        }
        let from = from.max(first);
        for (position, stored) in (from..size).zip(reader.entries_from(from)) {
            let stored = stored?;
            let entry = stored.decode()?;
            self.take(state, position, &entry);
        }
        Ok(())
    }

    fn read_step(&self, state: &mut State, position: u64) -> Result<(), Cause> {
        if let Some(stored) = self.log.reader().entry(position)? {
            self.take(state, position, &stored.decode()?);
        }
        Ok(())
    }

    /// Takes an entry over, if it is about adapters or about the quarantine.
    fn take(&self, state: &mut State, position: u64, entry: &audit_log::Entry<'_>) {
        if let Some(step) = AdapterEntry::read(entry) {
            state.lives.apply(position, &step);
            state.positions.push(position);
            return;
        }
        let mut quarantine = self.registry.quarantine();
        if quarantine.0.take_entry(position, entry) {
            quarantine.1.push(position);
        }
    }

    /// What was remembered, if it is about this log: up to which size, and at which positions.
    fn recall(&self) -> Option<(u64, Vec<u64>)> {
        let text = self.registry.store.as_ref()?.remembered()?;
        let mut lines = text.lines();
        if lines.next()? != HEADING {
            return None;
        }
        let (size, head) = lines.next()?.split_once(' ')?;
        let size: u64 = size.parse().ok()?;
        let positions: Vec<u64> = lines.map(|line| line.parse().ok()).collect::<Option<_>>()?;
        if size > self.log.size() || positions.iter().any(|position| *position >= size) {
            return None;
        }
        let stored = self.log.reader().entry(size.checked_sub(1)?).ok()??;
        (crate::policy::hex(&stored.leaf_hash()) == head).then_some((size, positions))
    }

    /// Remembers where adapter entries are, so that a start need not read the whole log. The caller holds the state, so
    /// that no entry of an adapter is on its way.
    pub(super) fn remember(&self, state: &State) {
        let Some(store) = &self.registry.store else {
            return;
        };
        // Held while a step is made, so that no step below the size is missing.
        let quarantine = self.registry.quarantine();
        let size = self.log.size();
        let head = size
            .checked_sub(1)
            .and_then(|last| self.log.reader().entry(last).ok().flatten());
        let Some(head) = head else { return };
        let mut text = format!(
            "{HEADING}\n{size} {}\n",
            crate::policy::hex(&head.leaf_hash())
        );
        for position in state.positions.iter().chain(&quarantine.1) {
            text.push_str(&format!("{position}\n"));
        }
        drop(quarantine);
        if let Err(error) = store.remember(&text) {
            tracing::warn!(
                error = &*error as &dyn std::error::Error,
                "where the entries about adapters are cannot be remembered; the next start reads the whole log"
            );
        }
    }

    /// Remembers again, now that the log has grown.
    pub fn remember_adapters(&self) {
        let state = self.registry.state();
        self.remember(&state);
    }

    fn restore_feed(&self, state: &mut State, configured: &Configured) -> Result<(), Refusal> {
        let feed = configured.feed.as_str();
        let slot = self.slot(feed)?;
        let life = state.lives.feed(feed).cloned().unwrap_or_default();
        let of_file = configured.files.as_ref().map(digests);
        let known = of_file.and_then(|file| {
            let same = |version: &&VersionLife| {
                digests_of(&version.adapter) == file && !version.is_retired
            };
            life.versions().iter().rev().find(same).cloned()
        });
        let mut route = Route::default();
        // A changed file is no approval: where two must approve, nobody puts a version in force alone.
        let is_other = known.as_ref().is_none_or(|it| it.number != life.active);
        let waits = self.registry.rules.approvals > 1 && life.active != 0 && is_other;
        if life.is_managed || waits || configured.files.is_none() {
            if let Some(active) = life.version(life.active) {
                // A version that the file still names need not be in the store.
                let files = configured.files.as_ref();
                let files = files.filter(|files| digests(files) == digests_of(&active.adapter));
                route.active = Some(self.put_in_force(state, feed, active, files)?);
            }
            let is_retired = |[component, configuration]: &[[u8; 32]; 2]| {
                life.find_retired([component, configuration]).is_some()
            };
            if let (Some(files), None) = (&configured.files, &known)
                && !of_file.as_ref().is_some_and(is_retired)
            {
                self.offer(state, feed, files)?;
            }
            if waits && !life.is_managed && configured.files.is_some() {
                tracing::error!(
                    feed,
                    active = life.active,
                    approvals = self.registry.rules.approvals,
                    "the configuration file names another adapter than the active one, and nobody approved it; the active version stays in force, `lawgate adapter activate` is how it is replaced"
                );
            }
        } else if let Some(files) = &configured.files {
            let loaded = self.load_files(&slot.kind, files)?;
            let (manifest, schema) = self.keep_files(files)?;
            let adapter = loaded.converter.identity().clone();
            let number = known.map_or_else(|| state.lives.next_number(feed), |it| it.number);
            let version =
                self.write_load(state, feed, number, adapter, (Some(manifest), schema))?;
            route.active = Some(self.add_live(feed, version, loaded)?);
        }
        self.restore_others(state, feed, &mut route);
        slot.put(route);
        Ok(())
    }

    /// Canary, shadow and the way back; what cannot be loaded is said and left out.
    fn restore_others(&self, state: &State, feed: &str, route: &mut Route) {
        let Some(life) = state.lives.feed(feed) else {
            return;
        };
        let live = |number: u32| {
            let version = life.version(number)?;
            let live = self.live(feed, version);
            let said = |error: &Refusal| {
                tracing::error!(
                    feed,
                    version = number,
                    error = error as &dyn std::error::Error,
                    "a version cannot be loaded"
                );
            };
            live.inspect_err(said).ok()
        };
        let (canary, share) = life.canary;
        if canary != 0 {
            route.canary = live(canary).map(|version| (version, share));
        }
        if life.shadow != 0 {
            let stand_back = self.lanes.stand_back();
            let started =
                live(life.shadow).and_then(|version| start_shadow(version, stand_back).ok());
            route.shadow = started.map(Arc::new);
        }
        if let Some(back) = life.rollback_to() {
            live(back.number);
        }
    }

    /// Puts a known version in force.
    fn put_in_force(
        &self,
        state: &mut State,
        feed: &str,
        version: &VersionLife,
        files: Option<&AdapterFiles>,
    ) -> Result<Arc<LiveVersion>, Refusal> {
        let (loaded, kept) = match files {
            Some(files) => {
                let loaded = self.load_files(&self.slot(feed)?.kind, files)?;
                let (manifest, schema) = self.keep_files(files)?;
                (loaded, (Some(manifest), schema))
            }
            None => {
                let kind = &self.slot(feed)?.kind;
                let kept = (version.manifest, version.schema);
                (self.load_version(kind, version)?, kept)
            }
        };
        let adapter = version.adapter.clone();
        let number = self.write_load(state, feed, version.number, adapter, kept)?;
        self.add_live(feed, number, loaded)
    }

    /// Makes the file's adapter a version of a feed that is the registry's; it converts nothing.
    fn offer(&self, state: &mut State, feed: &str, files: &AdapterFiles) -> Result<(), Refusal> {
        let loaded = match self.load_files(&self.slot(feed)?.kind, files) {
            Ok(loaded) => loaded,
            Err(error) => {
                tracing::error!(
                    feed,
                    error = &error as &dyn std::error::Error,
                    "the adapter that the configuration file names cannot be loaded; the registry decides for this feed"
                );
                return Ok(());
            }
        };
        let (manifest, schema) = self.keep_files(files)?;
        let number = state.lives.next_number(feed);
        let entry = AdapterEntry {
            feed: feed.to_owned(),
            version: number,
            adapter: loaded.converter.identity().clone(),
            step: AdapterStep::Install {
                manifest,
                publisher: String::new(),
                samples: 0,
                schema,
            },
            by: "gateway".to_owned(),
            case: CaseBinding::default(),
        };
        self.write_entry(state, None, &entry)?;
        tracing::warn!(
            feed,
            version = number,
            "the configuration file names another adapter than the active one; it is installed and not activated, because the registry decides for this feed"
        );
        Ok(())
    }

    fn write_load(
        &self,
        state: &mut State,
        feed: &str,
        number: u32,
        adapter: AdapterIdentity,
        (manifest, schema): Files,
    ) -> Result<u32, Refusal> {
        let entry = AdapterEntry {
            feed: feed.to_owned(),
            version: number,
            adapter,
            step: AdapterStep::Load { manifest, schema },
            by: "gateway".to_owned(),
            case: CaseBinding::default(),
        };
        self.write_entry(state, None, &entry)?;
        Ok(number)
    }

    fn add_live(
        &self,
        feed: &str,
        number: u32,
        loaded: Loaded,
    ) -> Result<Arc<LiveVersion>, Refusal> {
        let (breaker, log) = (self.registry.rules.breaker, self.log.clone());
        let live = Arc::new(LiveVersion::new(feed, number, loaded, breaker, log));
        self.slot(feed)?.add(Arc::clone(&live));
        Ok(live)
    }

    fn load_files(&self, kind: &str, files: &AdapterFiles) -> Result<Loaded, Refusal> {
        self.registry.store()?.load(files, kind).map_err(refused)
    }

    /// Keeps the files of a version; returns the digests of its manifest and of its schema, if it has one.
    pub(super) fn keep_files(
        &self,
        files: &AdapterFiles,
    ) -> Result<([u8; 32], Option<[u8; 32]>), Refusal> {
        let store = self.registry.store()?;
        let keep = |bytes: &[u8]| {
            let kept = store.keep(bytes);
            kept.map_err(|cause| Refusal::StoreFailed { cause })
        };
        keep(&files.component)?;
        keep(&files.configuration)?;
        let schema = match files.schema.is_empty() {
            true => None,
            false => Some(keep(&files.schema)?),
        };
        Ok((keep(&files.manifest)?, schema))
    }
}

/// Digests of component and configuration.
pub(super) fn digests(files: &AdapterFiles) -> [[u8; 32]; 2] {
    [&files.component, &files.configuration].map(|bytes| Sha256::digest(bytes).into())
}

fn digests_of(adapter: &AdapterIdentity) -> [[u8; 32]; 2] {
    [adapter.component, adapter.configuration]
}
