//! Three witnesses that really serve, on ports of their own, with their state in folders.
//!
//! The operator asks them to cosign what it likes, and an examiner asks them what they cosigned last. Dropping them ends
//! them; started again on the same folders, they remember.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use audit_proof::{
    checkpoint::Checkpoint,
    note::Note,
    policy::Policy,
    proof::{FolderTiles, consistency},
    signer::Signer,
    suite::Suite,
};
use log_http::{
    ask::{Cosigning, WitnessedCheckpoint, Witnesses},
    http::HttpClient,
    witness::{FolderState, WITNESS_LIMITS, Witness, WitnessConfig, WitnessedLog, serve_witness},
};
use signer::key_file::FileSigner;
use tokio::{net::TcpListener, runtime::Runtime, task::JoinSet};

use crate::keys::{Keys, ORIGIN};

/// Longer than any exchange on one machine takes.
const DEADLINE: Duration = Duration::from_secs(20);

/// Witnesses that serve.
#[derive(Debug)]
pub struct Serving {
    client: Witnesses,
    http: HttpClient,
    urls: Vec<String>,
    now_s: Arc<AtomicU64>,
    folders: Vec<PathBuf>,
    // Ends the servers, and so frees their folders, when it is dropped.
    _tasks: JoinSet<()>,
    runtime: Runtime,
}

impl Serving {
    /// Starts the witnesses with their states in `witness-0/state` to `witness-2/state` of `folder`, where `lawgate witness` keeps them.
    ///
    /// # Errors
    /// When a folder or a port cannot be had.
    pub fn start(keys: &Keys, folder: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let now_s = Arc::new(AtomicU64::new(0));
        let mut tasks = JoinSet::new();
        let (mut urls, mut folders) = (Vec::new(), Vec::new());
        for (index, signer) in keys.witnesses.iter().enumerate() {
            let state = folder.join(format!("witness-{index}/state"));
            let config = config(keys, signer, &state, &now_s)?;
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
            urls.push(format!(
                "http://localhost:{}",
                listener.local_addr()?.port()
            ));
            folders.push(state);
            let server = async move {
                // An error would show as a witness that gives no reply.
                drop(serve_witness(config, listener, std::future::pending()).await);
            };
            tasks.spawn_on(server, runtime.handle());
        }
        let policy = Policy::parse(keys.policy(&urls).as_bytes())?;
        let http = HttpClient::new(None, DEADLINE)?;
        Ok(Self {
            client: Witnesses::of_policy(policy, ORIGIN, &http)?,
            http,
            urls,
            now_s,
            folders,
            _tasks: tasks,
            runtime,
        })
    }

    /// Asks all to cosign `note` at the time `now_s`; `tiles` are those of the log as it is shown to them.
    ///
    /// # Errors
    /// When the note is no checkpoint of the log; what each witness refuses is in the answer.
    pub fn ask(&self, note: &Note, tiles: &Path, now_s: u64) -> Result<Cosigning> {
        self.ask_with(&self.client, note, tiles, now_s)
    }

    /// Asks only the witnesses with these numbers, as an operator does who shows others something else.
    ///
    /// # Errors
    /// As [`Serving::ask`].
    pub fn ask_some(
        &self,
        keys: &Keys,
        members: &[usize],
        note: &Note,
        tiles: &Path,
        now_s: u64,
    ) -> Result<Cosigning> {
        let mut urls = self.urls.clone();
        for (index, url) in urls.iter_mut().enumerate() {
            if !members.contains(&index) {
                url.clear();
            }
        }
        let policy = Policy::parse(keys.policy(&urls).as_bytes())?;
        let some = Witnesses::of_policy(policy, ORIGIN, &self.http)?;
        self.ask_with(&some, note, tiles, now_s)
    }

    fn ask_with(
        &self,
        client: &Witnesses,
        note: &Note,
        tiles: &Path,
        now_s: u64,
    ) -> Result<Cosigning> {
        self.now_s.store(now_s, Ordering::SeqCst);
        let size = Checkpoint::parse(note.text())?.size();
        let tiles = FolderTiles::new(tiles);
        let prove = |old_size| Ok(consistency(Suite::Sha256, old_size, size, &tiles)?);
        Ok(self.runtime.block_on(client.ask_all(note, &prove))?)
    }

    /// Asks all what they cosigned last.
    ///
    /// # Errors
    /// When a witness gives no answer.
    pub fn held(&self) -> Result<Vec<WitnessedCheckpoint>> {
        let mut held = Vec::new();
        for (name, answer) in self.runtime.block_on(self.client.latest_all()) {
            held.extend(answer.with_context(|| format!("asking the witness {name}"))?);
        }
        Ok(held)
    }

    /// Asks all what they cosigned last, and joins the cosignatures of one checkpoint in one note.
    ///
    /// # Errors
    /// When a witness gives no answer.
    pub fn latest(&self) -> Result<Vec<Note>> {
        let mut notes: Vec<Note> = Vec::new();
        for witnessed in self.held()? {
            let same = notes
                .iter_mut()
                .find(|note| note.text() == witnessed.note.text());
            match same {
                None => notes.push(witnessed.note),
                Some(note) => {
                    for line in witnessed.note.signatures() {
                        if !note.signatures().contains(line) {
                            note.push(line.clone())?;
                        }
                    }
                }
            }
        }
        Ok(notes)
    }

    /// Returns how many alarms the witnesses have kept.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn alarms(&self) -> Result<usize> {
        let mut alarms = 0;
        for folder in &self.folders {
            for log in fs::read_dir(folder.join("alarms"))? {
                alarms += fs::read_dir(log?.path())?.count();
            }
        }
        Ok(alarms)
    }
}

fn config(
    keys: &Keys,
    signer: &Arc<FileSigner>,
    state: &Path,
    now_s: &Arc<AtomicU64>,
) -> Result<WitnessConfig> {
    let watched = WitnessedLog {
        origin: ORIGIN.to_owned(),
        keys: vec![keys.log.key().clone()],
        suite: Suite::Sha256,
    };
    let signer: Arc<dyn Signer> = Arc::<FileSigner>::clone(signer);
    let state = Arc::new(FolderState::open(state)?);
    let now_s = Arc::clone(now_s);
    Ok(WitnessConfig {
        witness: Arc::new(Witness::new(vec![watched], vec![signer], state)?),
        now_s: Arc::new(move || now_s.load(Ordering::SeqCst)),
        tls: None,
        limits: WITNESS_LIMITS,
    })
}
