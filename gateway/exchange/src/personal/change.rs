//! What the officer changes: holds, restrictions, and people who are erased.
//!
//! What takes something away from people who look later (a hold lifted, keys destroyed) is an entry first; what protects
//! (a hold, a restriction) is done first, so that a crash in between leaves the safe state. One change is made at a time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vault::{KeyName, Plan, Subject, Tombstone, Vault};

use super::officer::malformed;
use super::vault_failed;
use crate::Exchange;
use crate::entry::{EraseEntry, EraseOutcome, LegalHoldEntry, RestrictionEntry};
use crate::policy::Caller;
use crate::refusal::Refusal;
use crate::submit::run_blocking;

/// Most keys of one call.
const MAX_KEYS: usize = 256;

/// What a restriction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestrictAnswer {
    /// Position of the entry.
    pub position: u64,
    /// People it changed anything for.
    pub changed: u32,
}

/// What an erasure came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EraseAnswer {
    /// Position of the entry.
    pub position: u64,
    /// Whether the keys are destroyed; else another approver is waited for.
    pub is_erased: bool,
    /// People.
    pub subjects: usize,
    /// Messages.
    pub messages: u64,
    /// Fields.
    pub fields: u64,
}

/// Officer and position of each request that waits, by keys and legal basis.
type Waiting = BTreeMap<(Vec<KeyName>, String), (String, u64)>;

/// Erasures that wait for a second approver. Lost at a restart: then they are asked for again.
pub(crate) struct Approvals {
    pub(super) needed: u32,
    waiting: Mutex<Waiting>,
    /// Held by whoever changes what may be read of people.
    changing: Arc<tokio::sync::Mutex<()>>,
}

impl Approvals {
    pub(crate) fn new(needed: u32) -> Approvals {
        Approvals {
            needed,
            waiting: Mutex::default(),
            changing: Arc::default(),
        }
    }
}

impl Exchange {
    /// Puts a case under legal hold, or releases it. Returns the entry's position and whether that changed anything.
    ///
    /// # Errors
    /// [`Refusal::RoleNotGranted`], [`Refusal::NoVault`], [`Refusal::Malformed`], [`Refusal::VaultFailed`].
    pub async fn set_legal_hold(
        self: &Arc<Self>,
        caller: &Caller,
        case_number: String,
        is_held: bool,
        legal_basis: String,
    ) -> Result<(u64, bool), Refusal> {
        let change = async {
            let vault = Arc::clone(self.officer(caller)?);
            let case_number = schema::normalise_case_number(&case_number);
            if case_number.is_empty() || case_number.len() > 256 {
                return Err(malformed("case_number", "expected 1 to 256 bytes"));
            }
            check_basis(&legal_basis)?;
            let _alone = self.approvals.changing.lock().await;
            let case = vault.case_tag(&case_number);
            let draft = LegalHoldEntry {
                is_held,
                case_number,
                legal_basis,
            }
            .draft(caller);
            let set = move |vault: Arc<Vault>, left| {
                run_blocking(move || vault.set_hold(&case, is_held, left).map_err(vault_failed))
            };
            if is_held {
                let has_changed = set(vault, Tombstone::default()).await?;
                return Ok((self.append_waiting(draft).await?.position, has_changed));
            }
            let left = self.append_waiting(draft).await?;
            Ok((left.position, set(vault, left).await?))
        };
        self.reading(caller, "SetLegalHold", "", change).await
    }

    /// Restricts the processing of people's values to storage, or lifts that.
    ///
    /// # Errors
    /// As [`Exchange::set_legal_hold`]; [`Refusal::NotFound`] names a key that nobody has.
    pub async fn set_restriction(
        self: &Arc<Self>,
        caller: &Caller,
        keys: Vec<String>,
        is_restricted: bool,
        legal_basis: String,
    ) -> Result<RestrictAnswer, Refusal> {
        let change = async {
            let vault = Arc::clone(self.officer(caller)?);
            check_basis(&legal_basis)?;
            let subjects = known(&vault, &keys)?;
            let _alone = self.approvals.changing.lock().await;
            let names: Vec<KeyName> = subjects.iter().map(|it| it.name).collect();
            let draft = RestrictionEntry {
                is_restricted,
                subjects: named(&subjects),
                legal_basis,
            }
            .draft(caller);
            let set = move |vault: Arc<Vault>, left: Tombstone| {
                run_blocking(move || {
                    let mut changed = 0;
                    for name in names {
                        let has_changed = vault.set_restriction(name, is_restricted, left);
                        changed += u32::from(has_changed.map_err(vault_failed)?);
                    }
                    Ok(changed)
                })
            };
            if is_restricted {
                let changed = set(vault, Tombstone::default()).await?;
                let position = self.append_waiting(draft).await?.position;
                return Ok(RestrictAnswer { position, changed });
            }
            let left = self.append_waiting(draft).await?;
            Ok(RestrictAnswer {
                position: left.position,
                changed: set(vault, left).await?,
            })
        };
        self.reading(caller, "SetRestriction", "", change).await
    }

    /// Erases people in their cases, or asks for it where another officer has to approve.
    ///
    /// # Errors
    /// As [`Exchange::set_restriction`]; [`Refusal::LegalHold`] names the key that stands in the way.
    pub async fn erase_subjects(
        self: &Arc<Self>,
        caller: &Caller,
        keys: Vec<String>,
        legal_basis: String,
    ) -> Result<EraseAnswer, Refusal> {
        let erase = async {
            let vault = Arc::clone(self.officer(caller)?);
            check_basis(&legal_basis)?;
            let subjects = known(&vault, &keys)?;
            let alone = Arc::clone(&self.approvals.changing).lock_owned().await;
            let names: Vec<KeyName> = subjects.iter().map(|it| it.name).collect();
            check_holds(&vault, &names)?;
            // Every submission that has been accepted has its rows, so that all places are known.
            self.wait_for_index(self.log.size()).await?;
            let exchange = Arc::clone(self);
            let searched = names.clone();
            let places = run_blocking(move || exchange.places_of_people(&searched)).await?;
            let mut entry = EraseEntry {
                outcome: EraseOutcome::Erased,
                agency: caller.agency.clone(),
                first_approver: String::new(),
                legal_basis,
                subjects: named(&subjects),
                messages: places.messages,
                fields: places.fields,
                positions: places.positions.into_iter().collect(),
            };
            let answer = |position, is_erased, entry: &EraseEntry| EraseAnswer {
                position,
                is_erased,
                subjects: entry.subjects.len(),
                messages: entry.messages,
                fields: entry.fields,
            };
            if self.approvals.needed > 1 {
                let key = (names.clone(), entry.legal_basis.clone());
                match self.waiting(&key) {
                    Some((agency, position)) if agency == caller.agency => {
                        return Ok(answer(position, false, &entry));
                    }
                    Some((agency, _)) => entry.first_approver = agency,
                    None => {
                        entry.outcome = EraseOutcome::Requested;
                        let draft = entry.draft(Some(caller));
                        let position = self.append_waiting(draft).await?.position;
                        let waiting = (caller.agency.clone(), position);
                        self.waiting_lock().insert(key, waiting);
                        return Ok(answer(position, false, &entry));
                    }
                }
            }
            let plan = vault.plan_erasure(names.clone(), note(&entry));
            // Not given up half-way when the caller goes or the deadline passes: by itself, with the lock.
            let (exchange, caller) = (Arc::clone(self), caller.clone());
            let erasing = entry.clone();
            #[expect(
                clippy::disallowed_methods,
                reason = "outlives its caller; what a stop cuts off is carried out at the next start"
            )]
            let erased = tokio::spawn(async move {
                let _alone = alone;
                exchange
                    .erase_now(&vault, plan, &erasing, Some(&caller))
                    .await
            });
            let stopped = |_| Refusal::QueueFull { queue: "shutdown" };
            let left = erased.await.map_err(stopped)??;
            self.waiting_lock().retain(|(keys, _), _| *keys != names);
            Ok(answer(left.position, true, &entry))
        };
        self.reading(caller, "EraseSubjects", "", erase).await
    }

    /// Carries out what an erasure cut off by a crash left; called once, before anybody is served.
    ///
    /// # Errors
    /// [`Refusal::VaultFailed`], [`Refusal::LogUnavailable`], [`Refusal::IndexFailed`].
    pub async fn resume_erasure(self: &Arc<Self>) -> Result<bool, Refusal> {
        let Some(vault) = self.vault.clone() else {
            return Ok(false);
        };
        let Some(plan) = vault.unfinished().map_err(vault_failed)? else {
            return Ok(false);
        };
        let entry = from_note(&plan).ok_or_else(|| {
            vault_failed("the intent of an erasure does not say what was to be erased")
        })?;
        self.erase_now(&vault, plan, &entry, None).await?;
        Ok(true)
    }

    /// Intent, entry, keys, rows, in this order.
    pub(super) async fn erase_now(
        self: &Arc<Self>,
        vault: &Arc<Vault>,
        plan: Plan,
        entry: &EraseEntry,
        caller: Option<&Caller>,
    ) -> Result<Tombstone, Refusal> {
        let (keys, intended) = (Arc::clone(vault), plan.clone());
        run_blocking(move || keys.begin_erasure(&intended).map_err(vault_failed)).await?;
        let left = self.append_waiting(entry.draft(caller)).await?;
        let (keys, exchange) = (Arc::clone(vault), Arc::clone(self));
        let positions = entry.positions.clone();
        run_blocking(move || {
            keys.finish_erasure(&plan, left).map_err(vault_failed)?;
            for position in positions {
                let rows = exchange.stored_whole(position)?.rows(Some(&keys));
                let replaced = exchange.index.replace(position, &rows);
                replaced.map_err(|cause| Refusal::IndexFailed { cause })?;
            }
            keys.end_erasure().map_err(vault_failed)
        })
        .await?;
        Ok(left)
    }

    /// Appends an entry and waits until it is durable; its place is what a tombstone names.
    async fn append_waiting(&self, draft: audit_log::Draft) -> Result<Tombstone, Refusal> {
        let pending = self.log.append(draft);
        let pending = pending.map_err(|error| self.log_failed(error))?;
        let appended = pending.await.map_err(|error| self.log_failed(error))?;
        Ok(Tombstone {
            position: appended.position,
            time_ns: appended.time_ns,
        })
    }

    fn waiting(&self, key: &(Vec<KeyName>, String)) -> Option<(String, u64)> {
        self.waiting_lock().get(key).cloned()
    }

    pub(super) fn waiting_lock(&self) -> MutexGuard<'_, Waiting> {
        let waiting = &self.approvals.waiting;
        waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_basis(legal_basis: &str) -> Result<(), Refusal> {
    match legal_basis.trim().is_empty() || legal_basis.len() > 256 {
        true => Err(malformed(
            "legal_basis",
            "expected the code of a legal basis, 1 to 256 bytes",
        )),
        false => Ok(()),
    }
}

/// The people with these keys, in order, each once.
fn known(vault: &Vault, keys: &[String]) -> Result<Vec<Subject>, Refusal> {
    if keys.is_empty() || keys.len() > MAX_KEYS {
        return Err(malformed("keys", "expected 1 to 256 names of keys"));
    }
    let find = |key: &String| {
        let name = KeyName::parse(key);
        let subject = name.and_then(|name| vault.subject(name));
        subject.ok_or_else(|| Refusal::NotFound {
            what: "key of a person",
            id: key.chars().take(64).collect(),
        })
    };
    let found: Result<Vec<Subject>, _> = keys.iter().map(find).collect();
    let mut found = found?;
    found.sort_unstable_by_key(|subject| subject.name);
    found.dedup_by_key(|subject| subject.name);
    Ok(found)
}

/// Nobody of these, and nobody who is mentioned with them, may be in a case under hold: the message they share would go.
fn check_holds(vault: &Vault, names: &[KeyName]) -> Result<(), Refusal> {
    let beside = vault.mentioned_in(&vault.messages_of(names));
    let all = names.iter().copied().chain(beside);
    let held = all
        .filter_map(|name| vault.subject(name))
        .find(|subject| subject.is_held);
    match held {
        Some(subject) => Err(Refusal::LegalHold {
            key: subject.name.to_string(),
        }),
        None => Ok(()),
    }
}

fn named(subjects: &[Subject]) -> Vec<(String, [u8; 32])> {
    let one = |subject: &Subject| (subject.name.to_string(), subject.subject.0);
    subjects.iter().map(one).collect()
}

/// What is wanted again after a crash: lines, none of them personal.
pub(crate) fn note(entry: &EraseEntry) -> Vec<u8> {
    let join = |items: Vec<String>| items.join(" ");
    let hex = |tag: &[u8; 32]| crate::policy::hex(tag);
    let subjects = entry.subjects.iter();
    [
        entry.agency.clone(),
        entry.first_approver.clone(),
        entry.legal_basis.replace('\n', " "),
        format!("{} {}", entry.messages, entry.fields),
        join(
            subjects
                .map(|(key, tag)| format!("{key}={}", hex(tag)))
                .collect(),
        ),
        join(entry.positions.iter().map(u64::to_string).collect()),
    ]
    .join("\n")
    .into_bytes()
}

fn from_note(plan: &Plan) -> Option<EraseEntry> {
    let text = std::str::from_utf8(&plan.note).ok()?;
    let [agency, first, basis, counts, subjects, positions] =
        text.split('\n').collect::<Vec<_>>().try_into().ok()?;
    let (messages, fields) = counts.split_once(' ')?;
    let subject = |text: &str| {
        let (key, digits) = text.split_once('=')?;
        let mut tag = [0; 32];
        for (index, byte) in tag.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
        }
        Some((key.to_owned(), tag))
    };
    Some(EraseEntry {
        outcome: EraseOutcome::Resumed,
        agency: agency.to_owned(),
        first_approver: first.to_owned(),
        legal_basis: basis.to_owned(),
        subjects: subjects
            .split_whitespace()
            .map(subject)
            .collect::<Option<_>>()?,
        messages: messages.parse().ok()?,
        fields: fields.parse().ok()?,
        positions: positions
            .split_whitespace()
            .map(|position| position.parse().ok())
            .collect::<Option<_>>()?,
    })
}
