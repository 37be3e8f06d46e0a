//! The gateway's parts: a log that grows, is published, cosigned and stamped, and gives receipts.
//!
//! Made of what the gateway is made of (`audit-log` with its publisher, real signers, `log-http`), at the times of a
//! scenario: each entry comes four seconds after the one before, whatever the machine's clock says. Small logs, whose
//! every bit is tried, are made of them from their first entry on; attacks go on with them where the real gateway of
//! [`crate::honest`] was killed.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context as _, Result, ensure};
use audit_log::{
    Appended, Clock, Config, Draft, Log, LogSuite, PublishConfig, Publisher, open_published,
};
use audit_proof::{note::Note, suite::Suite};
use authority::Authority;

use crate::{
    event::Event,
    files,
    keys::{Keys, ORIGIN},
    witnesses::Serving,
};

/// Seconds from one entry to the next.
const SPACING_S: u64 = 4;

/// Nanoseconds of a second.
const NANOS: u64 = 1_000_000_000;

/// Small, so that a log has many segments.
const SEGMENT_BYTES: u64 = 16 << 10;

/// What never changes during a run: keys, the authority, and the time at which the first entry comes.
#[derive(Debug)]
pub struct World {
    /// All keys.
    pub keys: Keys,
    /// The time-stamping authority.
    pub authority: Arc<Authority>,
    /// When the first entry of the scenario comes, in seconds since 1970.
    pub start_s: u64,
    /// Where policy and party keys are, and the folders of all cases.
    pub folder: PathBuf,
}

/// A node, and what others hold of it: one folder, with `data` of the node, `held` and the states of the witnesses.
#[derive(Debug)]
pub struct Case {
    /// The folder.
    pub folder: PathBuf,
    /// When the node is examined, in seconds since 1970.
    pub examined_s: u64,
}

/// A clock that says what it is told.
#[derive(Debug, Default)]
pub struct ToldClock(AtomicU64);

impl Clock for ToldClock {
    fn now_ns(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl ToldClock {
    /// Sets the time, in nanoseconds since 1970.
    pub fn tell(&self, now_ns: u64) {
        self.0.store(now_ns, Ordering::SeqCst);
    }
}

impl World {
    /// Makes keys and an authority in `folder`; `now_s` is the time of the machine, because certificates begin then.
    ///
    /// # Errors
    /// When there is no `openssl`.
    pub fn new(folder: &Path, now_s: u64) -> Result<Self> {
        let authority = Arc::new(Authority::new(&folder.join("authority"))?);
        Self::of_gateway(folder, Keys::new()?, authority, now_s + 60)
    }

    /// Goes on, at `start_s`, where a gateway with these keys and this authority ended; writes what an examiner is given
    /// into `folder`.
    ///
    /// # Errors
    /// What the system says.
    pub fn of_gateway(
        folder: &Path,
        keys: Keys,
        authority: Arc<Authority>,
        start_s: u64,
    ) -> Result<Self> {
        let world = Self {
            keys,
            authority,
            start_s,
            folder: folder.to_owned(),
        };
        files::write(&folder.join("policy"), world.keys.policy(&[]))?;
        let alone = world.keys.policy_without_witnesses();
        files::write(&folder.join("policy-without-witnesses"), alone)?;
        files::write(&folder.join("keys"), world.keys.history())?;
        files::write(&folder.join("party-keys"), world.keys.party_keys()?)?;
        Ok(world)
    }

    /// Has the text of a checkpoint stamped at `time_s`.
    ///
    /// # Errors
    /// When `openssl` fails.
    pub fn stamp(&self, text: &str, time_s: u64) -> Result<Vec<u8>> {
        let digest = Suite::Sha256.hash(text.as_bytes());
        Ok(self.authority.stamp_at(&digest, time_s)?)
    }

    /// When the entry at `position` really comes, in seconds since 1970.
    #[must_use]
    pub fn time_s(&self, position: u64) -> u64 {
        self.start_s + SPACING_S * position
    }

    /// The same in nanoseconds.
    #[must_use]
    pub fn time_ns(&self, position: u64) -> u64 {
        self.time_s(position) * NANOS
    }
}

impl Case {
    /// Copies a case, with everything that anybody holds in it.
    ///
    /// # Errors
    /// What the system says.
    pub fn copy(&self, folder: &Path) -> Result<Self> {
        files::copy(&self.folder, folder)?;
        Ok(Self {
            folder: folder.to_owned(),
            examined_s: self.examined_s,
        })
    }

    /// The folder of the node's log, which the operator may write.
    #[must_use]
    pub fn audit(&self) -> PathBuf {
        self.folder.join("data/audit")
    }

    /// The folder of what is published.
    #[must_use]
    pub fn tiles(&self) -> PathBuf {
        self.audit().join("tiles")
    }

    /// The folder of what others hold, which the operator cannot reach.
    #[must_use]
    pub fn held(&self) -> PathBuf {
        self.folder.join("held")
    }
}

/// A log that is open, with its publisher.
#[derive(Debug)]
pub struct Node {
    /// The log.
    pub log: Log,
    /// Its publisher.
    pub publisher: Publisher,
    /// Its clock.
    pub clock: Arc<ToldClock>,
}

/// What the log in `folder` is opened with.
#[must_use]
pub fn log_config(keys: &Keys, folder: &Path) -> Config {
    Config {
        dir: folder.to_owned(),
        suite: LogSuite::Sha256,
        origin: ORIGIN.to_owned(),
        policy_digest: keys.policy_digest,
        former_root: None,
        segment_bytes: SEGMENT_BYTES,
        queue_entries: 1_000,
        queue_bytes: 4 << 20,
    }
}

/// What its publisher is opened with.
#[must_use]
pub fn publish_config(keys: &Keys, folder: &Path) -> PublishConfig {
    PublishConfig {
        tiles: folder.join("tiles"),
        signed: folder.join("signed"),
        origin: ORIGIN.to_owned(),
        signers: vec![keys.log.clone()],
        twin_signers: None,
    }
}

impl Node {
    /// Opens the node in `folder`, as the gateway does.
    ///
    /// # Errors
    /// When the log or its publisher refuses to start.
    pub fn open(keys: &Keys, folder: &Path) -> Result<Self> {
        let clock = Arc::new(ToldClock::default());
        let (log, _, publisher, _) = open_published(
            log_config(keys, folder),
            Arc::<ToldClock>::clone(&clock),
            publish_config(keys, folder),
        )?;
        Ok(Self {
            log,
            publisher,
            clock,
        })
    }

    /// Appends at the time `now_ns` and waits until it is durable.
    ///
    /// # Errors
    /// When the log refuses.
    pub fn append(&self, draft: Draft, now_ns: u64) -> Result<Appended> {
        self.clock.tell(now_ns);
        Ok(self.log.append(draft)?.wait()?)
    }

    /// Signs a checkpoint of everything, and returns its note.
    ///
    /// # Errors
    /// When the publisher refuses.
    pub fn sign(&mut self, time_s: u64) -> Result<Note> {
        let published = self.publisher.publish(&self.log.head(), time_s)?;
        Ok(published.context("a log without entries")?.main.note)
    }
}

/// A growing log: the node, its witnesses and the case it belongs to.
pub struct Growing<'w> {
    world: &'w World,
    case: &'w Case,
    node: Node,
    witnesses: Serving,
}

impl<'w> Growing<'w> {
    /// Opens or makes the node of a case, and starts its witnesses.
    ///
    /// # Errors
    /// When anything refuses to start.
    pub fn open(world: &'w World, case: &'w Case) -> Result<Self> {
        Ok(Self {
            world,
            case,
            node: Node::open(&world.keys, &case.audit())?,
            witnesses: Serving::start(&world.keys, &case.folder)?,
        })
    }

    /// Appends an event when it comes, with the time that the gateway's clock says, and gives a receipt for a submission.
    ///
    /// # Errors
    /// When the log refuses.
    pub fn take(&self, event: &Event, clock_ns: u64) -> Result<u64> {
        let keys = &self.world.keys;
        let appended = self.node.append(event.draft(keys)?, clock_ns)?;
        if event.submission.is_some() {
            let receipt = appended.receipt(&keys.receipt, ORIGIN)?.to_string();
            let name = format!("receipts/{:04}", appended.position);
            files::write(&self.case.held().join(name), receipt)?;
        }
        Ok(appended.position + 1)
    }

    /// Signs, has cosigned and stamped everything there is, a second after `now_s`.
    ///
    /// # Errors
    /// When fewer than three witnesses cosign.
    pub fn checkpoint(&mut self, now_s: u64) -> Result<()> {
        let size = self.node.log.size();
        let note = self.node.sign(now_s + 1)?;
        let tiles = self.case.tiles();
        let cosigned = self.witnesses.ask(&note, &tiles, now_s + 2)?;
        let count = cosigned.verdict.witnesses.len();
        ensure!(count == 3, "{count} of 3 witnesses cosigned size {size}");
        self.node.publisher.release_cosigned(&cosigned.note)?;
        let token = self.world.stamp(note.text(), now_s + 3)?;
        files::write(&tiles.join(format!("tokens/{size}.tsr")), token)
    }

    /// Closes the log.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn close(self) -> Result<()> {
        self.node.log.close()?;
        Ok(())
    }
}
