//! Erasing again: the log is the ledger of erasures, and a copy of the keys may be older than one of them.
//!
//! Files of keys are backed up apart from log and evidence. When an older copy is put back, keys are there again that were
//! destroyed since; each start compares with the log and destroys them before anybody is served. A key counts as the one
//! that was erased when its person is: numbers may have been given anew.

use std::collections::BTreeSet;
use std::sync::Arc;

use vault::{KeyName, Vault};

use super::change::note;
use crate::Exchange;
use crate::entry::{EVENT_ERASE, EraseEntry, EraseOutcome};
use crate::ports::{EntryQuery, FeedScope};
use crate::refusal::{Cause, Refusal};
use crate::submit::run_blocking;

/// Erasures asked of the index at a time.
const ERASURES: u32 = 256;

impl Exchange {
    /// Erases again what an erasure of the log destroyed and an older copy of the keys brought back; called once, after
    /// the index has reached the log and before anybody is served. Returns how many people in cases it was.
    ///
    /// # Errors
    /// [`Refusal::VaultFailed`], [`Refusal::LogUnavailable`], [`Refusal::IndexFailed`], [`Refusal::Damaged`].
    pub async fn repeat_erasures(self: &Arc<Self>) -> Result<usize, Refusal> {
        let Some(vault) = self.vault.clone() else {
            return Ok(0);
        };
        let (exchange, keys) = (Arc::clone(self), Arc::clone(&vault));
        let back = run_blocking(move || exchange.erased_and_back(&keys)).await?;
        let mut people = 0;
        for (mut entry, names) in back {
            people += names.len();
            entry.outcome = EraseOutcome::Repeated;
            entry.subjects.retain(|(key, _)| {
                let name = KeyName::parse(key);
                name.is_some_and(|name| names.contains(&name))
            });
            let plan = vault.plan_erasure(names, note(&entry));
            self.erase_now(&vault, plan, &entry, None).await?;
        }
        Ok(people)
    }

    /// Erasures of the log with the keys of theirs that are there again.
    fn erased_and_back(&self, vault: &Vault) -> Result<Vec<(EraseEntry, Vec<KeyName>)>, Refusal> {
        let (mut back, mut seen) = (Vec::new(), BTreeSet::new());
        let mut query = EntryQuery {
            feeds: FeedScope::All,
            events: vec![EVENT_ERASE],
            actor: None,
            feed: None,
            case_number: None,
            party: None,
            device: None,
            words: Vec::new(),
            from: 0,
            to: self.log.size(),
            newest_first: false,
            limit: ERASURES,
        };
        loop {
            let found = self.index.find_entries(&query);
            let found = found.map_err(|cause| Refusal::IndexFailed { cause })?;
            for position in &found {
                let damaged = |cause: Cause| Refusal::Damaged {
                    position: *position,
                    cause,
                };
                let (stored, _) = self.checked_entry(*position)?;
                let entry = stored.decode().map_err(|error| damaged(error.into()))?;
                let entry = EraseEntry::read(&entry);
                let entry = entry.ok_or_else(|| damaged("the erasure has no shape".into()))?;
                let named = entry.subjects.iter().filter_map(|(key, pseudonym)| {
                    let subject = vault.subject(KeyName::parse(key)?)?;
                    (subject.subject.0 == *pseudonym).then_some(subject.name)
                });
                let names: Vec<KeyName> = named.filter(|name| seen.insert(*name)).collect();
                if !names.is_empty() {
                    back.push((entry, names));
                }
            }
            match found.last() {
                Some(last) if found.len() == ERASURES as usize => query.from = last + 1,
                _ => return Ok(back),
            }
        }
    }
}
