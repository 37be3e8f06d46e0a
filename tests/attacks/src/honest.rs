//! The honest log: written by a real gateway, in a process of its own, that real callers call.
//!
//! `lawgate serve` runs on a site as `lawgate init` makes it, and gets its submissions over gRPC with mutual TLS: two
//! agencies sign and count what they submit, a third kind of call reads records. Three `lawgate witness` processes cosign
//! its checkpoints, and an authority that OpenSSL plays stamps them over HTTP. The receipts are those that `Submit`
//! returned. Once the gateway is stopped, backed up and started again; in the end it is killed, with entries acknowledged
//! that no checkpoint covers. What is left of it, and of what others hold, is the case that attacks work on copies of.

use std::{
    fs,
    path::Path,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use audit_proof::{checkpoint::Checkpoint, kept, note::Note, policy::Policy};
use authority::Authority;
use end_to_end::{Gateway, Site, packet::minute_data, witness::Witness};
use grpc_api::client::Exchange;
use proto::v1::{
    ListRecordsRequest, Message, PartySignature, Purpose, RecordFilter, SubmitRequest,
};
use tokio::runtime::Runtime;

use crate::{
    event::FEEDS,
    files,
    gateway::{Case, World},
    keys::{AGENCIES, Author, Keys, WITNESSES},
};

/// Calls until the export; in turn a submission of each agency, and a reading, which makes two entries.
const UNTIL_EXPORT: u64 = 120;

/// Calls from there to the backup.
const UNTIL_BACKUP: u64 = 45;

/// Calls from there to the last checkpoint.
const UNTIL_SIGNED: u64 = 120;

/// Calls behind the last checkpoint.
const IN_WINDOW: u64 = 15;

/// Fewest entries that may be in no checkpoint when the gateway is killed.
const WINDOW: u64 = 12;

/// How often checkpoints are stamped, in seconds. They are signed no more often, so that there is a window to be killed in.
const STAMPED_EACH_S: u64 = 4;

/// Longer than any step takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the honest log came to.
#[derive(Debug)]
pub struct Honest {
    /// Its files and what others hold.
    pub case: Case,
    /// Sizes that attacks go by.
    pub marks: Marks,
}

/// Sizes of the honest log, and how far the agencies have counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// The checkpoint in the old export.
    pub exported: u64,
    /// The size at which the operator made a backup.
    pub backed_up: u64,
    /// All checkpoints that the log keeps, ascending.
    pub checkpoints: Vec<u64>,
    /// Entries in all; those behind the last checkpoint were acknowledged and are in none.
    pub size: u64,
    /// The newest counter of each agency.
    pub counters: [u64; 2],
}

impl Marks {
    /// The newest checkpoint.
    #[must_use]
    pub fn signed(&self) -> u64 {
        self.checkpoints.last().copied().unwrap_or(0)
    }
}

/// The site while it is used.
struct Day<'f> {
    site: Site,
    keys: Keys,
    policy: Policy,
    folder: &'f Path,
    runtime: Runtime,
    calls: u64,
    counters: [u64; 2],
    clue: Vec<u8>,
}

/// A gateway with its callers.
struct Running {
    gateway: Gateway,
    callers: [Exchange; 2],
}

/// Has a real gateway write the honest log, in `folder`.
///
/// # Errors
/// A program is missing or fails, or something does not come in time.
pub fn run(folder: &Path) -> Result<(World, Honest)> {
    let site = Site::new()?;
    let authority = Arc::new(Authority::new(&folder.join("authority"))?);
    let stamping = authority.serve()?;
    site.stamp(&stamping.url(), &authority.root(), STAMPED_EACH_S)?;
    site.set("audit", "checkpoint_interval_ms = 60000")?;
    let witnesses = witnesses(&site)?;
    let keys = Keys::of_site(site.folder())?;
    register(&site, &keys)?;
    let mut day = Day {
        policy: Policy::parse(keys.policy(&[]).as_bytes())?,
        keys,
        folder,
        runtime: Runtime::new()?,
        calls: 0,
        counters: [0; 2],
        clue: fs::read(end_to_end::root().join("adapters/region-clue/samples/normal.xml"))?,
        site,
    };
    let marks = day.pass()?;
    drop(witnesses);
    let case = day.case()?;
    let world = World::of_gateway(folder, day.keys, authority, case.examined_s)?;
    Ok((world, Honest { case, marks }))
}

/// Prepares and starts three witnesses; two of them are the quorum.
fn witnesses(site: &Site) -> Result<Vec<Witness>> {
    let started: Result<Vec<Witness>> = WITNESSES
        .iter()
        .enumerate()
        .map(|(index, name)| {
            let name = format!("{name}.example/witness");
            Witness::start(&Witness::prepare(site, &format!("witness-{index}"), &name)?)
        })
        .collect();
    let started = started?;
    let named: Vec<(&str, &Witness)> = WITNESSES.into_iter().zip(&started).collect();
    site.believe(&named, 2)?;
    Ok(started)
}

/// Registers the keys of both agencies, which must sign from the first submission on.
fn register(site: &Site, keys: &Keys) -> Result<()> {
    let text = fs::read_to_string(site.folder().join("lawgate.toml"))?;
    let line = text.lines().find(|line| line.starts_with("party_keys"));
    let line = line.context("the site has no party key")?;
    let must_sign = |agency| {
        format!(
            "party_keys = [\"{}\"]\nmust_sign = true",
            keys.party(agency)
        )
    };
    site.edit(line, &must_sign(0))?;
    let agency = format!("[[agency]]\nid = \"{}\"\n", AGENCIES[1]);
    site.edit(&agency, &format!("{agency}{}\n", must_sign(1)))
}

impl Day<'_> {
    /// Everything that happens; returns the sizes it happened at.
    fn pass(&mut self) -> Result<Marks> {
        let mut running = self.start()?;
        let size = self.calls(&mut running, UNTIL_EXPORT)?;
        let exported = self.wait_attested(size)?;
        let export = self.kept(exported)?;
        files::write(&self.held().join("export"), export.to_string())?;
        self.calls(&mut running, UNTIL_BACKUP)?;
        running.gateway.stop()?;
        let backed_up = signed(&self.site)?;
        files::copy(&self.site.audit(), &self.folder.join("honest/backup"))?;
        let mut running = self.start()?;
        self.calls(&mut running, UNTIL_SIGNED)?;
        let size = self.kill_in_window(running)?;
        let checkpoints = kept::list(&self.site.audit().join("tiles"))?;
        let checkpoints = checkpoints.into_iter().map(|(size, _)| size).collect();
        Ok(Marks {
            exported,
            backed_up,
            checkpoints,
            size,
            counters: self.counters,
        })
    }

    /// Kills the gateway while entries are acknowledged and in no checkpoint, and the newest checkpoint is cosigned and
    /// stamped; returns how many entries there are.
    fn kill_in_window(&mut self, mut running: Running) -> Result<u64> {
        // A checkpoint may come in between; then the day goes on, as it would.
        for _ in 0..8 {
            let size = self.calls(&mut running, 3)?;
            self.wait_attested(size)?;
            let size = self.calls(&mut running, IN_WINDOW)?;
            running.gateway.kill()?;
            let signed = signed(&self.site)?;
            if signed + WINDOW <= size && self.is_attested(signed)? {
                return Ok(size);
            }
            running = self.start()?;
        }
        anyhow::bail!("the gateway was never killed between two checkpoints")
    }

    fn start(&self) -> Result<Running> {
        let gateway = self.site.start()?;
        let [first, second] = AGENCIES;
        let callers = self.runtime.block_on(async {
            anyhow::Ok([gateway.client(first).await?, gateway.client(second).await?])
        })?;
        Ok(Running { gateway, callers })
    }

    /// Makes so many calls; returns a size that the log has at least, from the last receipt.
    fn calls(&mut self, running: &mut Running, count: u64) -> Result<u64> {
        let mut size = 0;
        for _ in 0..count {
            match self.calls % 3 {
                2 => self.read(running)?,
                agency => size = self.submit(running, agency as usize)? + 1,
            }
            self.calls += 1;
        }
        Ok(size)
    }

    /// The purpose of a call: each is for a case of its own.
    fn purpose(&self) -> Option<Purpose> {
        Some(Purpose {
            case_number: format!("case {:04}", self.calls),
            ..Purpose::default()
        })
    }

    /// Submits something as an agency, signed and counted, and keeps the receipt; returns its position.
    fn submit(&mut self, running: &mut Running, agency: usize) -> Result<u64> {
        let payload = match agency {
            0 => self.clue.clone(),
            _ => minute_data(
                "LGT00000000000000000001",
                (self.calls % 1440) as u32,
                self.calls as u32,
            ),
        };
        self.counters[agency] += 1;
        let key = format!("call {}", self.calls);
        let counter = self.counters[agency];
        let statement = crate::event::statement(agency, &key, counter, &payload);
        let field = self.keys.sign(agency, Author::Agency, &statement)?;
        let request = SubmitRequest {
            feed: FEEDS[agency].to_owned(),
            idempotency_key: key,
            messages: vec![Message {
                payload: payload.into(),
                attributes: Vec::new(),
            }],
            purpose: self.purpose(),
            party: Some(PartySignature {
                key_id: field.key.0.to_vec(),
                counter,
                time_ns: field.time_ns,
                signature: field.signature.to_vec(),
            }),
        };
        let answer = self
            .runtime
            .block_on(running.callers[agency].submit(request))?
            .into_inner();
        let position = answer.receipt.context("no receipt")?.position;
        let name = format!("receipts/{position:04}");
        files::write(&self.held().join(name), answer.signed_receipt)?;
        Ok(position)
    }

    /// Reads a page as the agency that may read everything.
    fn read(&self, running: &mut Running) -> Result<()> {
        let request = ListRecordsRequest {
            filter: Some(RecordFilter {
                feed: FEEDS[1].to_owned(),
                ..RecordFilter::default()
            }),
            page_size: 1,
            purpose: self.purpose(),
            ..ListRecordsRequest::default()
        };
        let listed = self
            .runtime
            .block_on(running.callers[1].list_records(request))?;
        ensure!(!listed.into_inner().records.is_empty(), "nothing was read");
        Ok(())
    }

    fn held(&self) -> std::path::PathBuf {
        self.folder.join("honest/held")
    }

    /// The note of a checkpoint, as the log keeps it.
    fn kept(&self, size: u64) -> Result<Note> {
        let path = kept::find(&self.site.audit().join("tiles"), size);
        Ok(Note::parse(&fs::read(path)?)?)
    }

    /// Whether a checkpoint is cosigned and stamped.
    fn is_attested(&self, size: u64) -> Result<bool> {
        let token = self.site.audit().join(format!("tiles/tokens/{size}.tsr"));
        Ok(self.policy.judge(&self.kept(size)?)?.quorum_met && token.is_file())
    }

    /// Waits for a checkpoint of at least `size` that is cosigned and stamped; returns its size.
    fn wait_attested(&self, size: u64) -> Result<u64> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let newest = signed(&self.site)?;
            // It is signed before it is released.
            if newest >= size && self.is_attested(newest).unwrap_or(false) {
                return Ok(newest);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        anyhow::bail!("no checkpoint of {size} entries was cosigned and stamped in time")
    }

    /// Gathers what is left when all processes have ended.
    fn case(&self) -> Result<Case> {
        let folder = self.folder.join("honest");
        files::copy(&self.site.folder().join("data"), &folder.join("data"))?;
        for index in 0..WITNESSES.len() {
            let state = format!("witness-{index}/state");
            files::copy(&self.site.folder().join(&state), &folder.join(&state))?;
        }
        Ok(Case {
            folder,
            examined_s: now_s()? + 1,
        })
    }
}

/// The size that was signed last; zero before the first.
fn signed(site: &Site) -> Result<u64> {
    match fs::read(site.audit().join("signed/checkpoint")) {
        Ok(bytes) => Ok(Checkpoint::parse(Note::parse(&bytes)?.text())?.size()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Returns the seconds since 1970 by the clock of this machine: the gateway's entries have them.
#[expect(
    clippy::disallowed_methods,
    reason = "the gateway ran by the clock of this machine"
)]
fn now_s() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}
