//! Who takes part in the tests: a log that grows in one history or in two, witnesses that start and stop, and a bare connection.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use audit_proof::checkpoint::Checkpoint;
use audit_proof::hash::Hash;
use audit_proof::key::{KeyKind, VerifierKey};
use audit_proof::note::Note;
use audit_proof::policy::Policy;
use audit_proof::proof::{MemoryTiles, consistency, root};
use audit_proof::signer::{Signer, sign_note};
use audit_proof::suite::Suite;
use audit_proof::tile::{FilledTile, TileAppender};
use log_http::ask::{WitnessClient, Witnesses};
use log_http::http::{BaseUrl, HttpClient, ServerTls};
use log_http::witness::{
    AddCheckpoint, FolderState, WITNESS_LIMITS, Witness, WitnessConfig, WitnessState, WitnessedLog,
    serve_witness,
};
use signer::generate::generate;
use signer::key_file::FileSigner;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// The origin of every log here.
pub(crate) const ORIGIN: &str = "gateway.example/audit";

/// What the clocks of the tests say.
pub(crate) const NOW_S: u64 = 1_790_000_000;

/// Longer than any exchange of a test takes on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Makes a signer with a new key.
pub(crate) fn new_signer(kind: KeyKind, name: &str) -> Arc<dyn Signer> {
    let made = generate(kind, name).unwrap();
    Arc::new(FileSigner::from_pem(name, kind, &made.private_text).unwrap())
}

/// A log in memory. A clone is a copy of its disk and its key: growing both splits the view.
#[derive(Clone)]
pub(crate) struct TestLog {
    pub(crate) suite: Suite,
    signer: Arc<dyn Signer>,
    appender: TileAppender,
    pub(crate) tiles: MemoryTiles,
}

impl TestLog {
    pub(crate) fn new() -> Self {
        Self::with_suite(Suite::Sha256)
    }

    pub(crate) fn with_suite(suite: Suite) -> Self {
        Self {
            suite,
            signer: new_signer(KeyKind::Ed25519, ORIGIN),
            appender: TileAppender::new(suite),
            tiles: MemoryTiles::new(),
        }
    }

    /// Appends `count` entries; those of another `history` are others.
    pub(crate) fn grow(&mut self, count: u64, history: &str) -> &mut Self {
        let keep = |filled: FilledTile| (filled.tile, filled.hashes);
        for _ in 0..count {
            let entry = format!("{history} {}", self.size());
            let leaf = self.suite.leaf_hash(entry.as_bytes());
            let full = self.appender.append(leaf).unwrap();
            self.tiles.extend(full.into_iter().map(keep));
        }
        let partial = self.appender.partial_tiles();
        self.tiles.extend(partial.into_iter().map(keep));
        self
    }

    pub(crate) fn size(&self) -> u64 {
        self.appender.size()
    }

    pub(crate) fn key(&self) -> VerifierKey {
        self.signer.key().clone()
    }

    /// Signs the log as it is.
    pub(crate) fn note(&self) -> Note {
        self.sign(self.size(), self.appender.root())
    }

    /// Signs whatever is asked, as a log whose key was stolen would.
    pub(crate) fn sign(&self, size: u64, root: Hash) -> Note {
        let checkpoint = Checkpoint::new(ORIGIN, size, root).unwrap();
        sign_note(&checkpoint.to_string(), &[&*self.signer], 0).unwrap()
    }

    pub(crate) fn prove(&self, old_size: u64) -> Result<Vec<Hash>, Box<dyn Error + Send + Sync>> {
        Ok(consistency(self.suite, old_size, self.size(), &self.tiles)?)
    }

    pub(crate) fn root_at(&self, size: u64) -> Result<Hash, Box<dyn Error + Send + Sync>> {
        Ok(root(self.suite, size, &self.tiles)?)
    }

    /// The body of a request with the proof from `old_size`.
    pub(crate) fn request(&self, old_size: u64) -> Vec<u8> {
        let is_empty = old_size == 0 || old_size == self.size();
        let proof = if is_empty {
            Vec::new()
        } else {
            self.prove(old_size).unwrap()
        };
        let note = self.note();
        let request = AddCheckpoint {
            old_size,
            proof,
            note,
        };
        request.to_string().into_bytes()
    }

    /// What a witness is told of the log.
    pub(crate) fn witnessed(&self) -> WitnessedLog {
        WitnessedLog {
            origin: ORIGIN.to_owned(),
            keys: vec![self.key()],
            suite: self.suite,
        }
    }

    pub(crate) fn witness(
        &self,
        signers: Vec<Arc<dyn Signer>>,
        state: Arc<dyn WitnessState>,
    ) -> Witness {
        Witness::new(vec![self.witnessed()], signers, state).unwrap()
    }
}

/// A witness that serves.
pub(crate) struct Serving {
    pub(crate) url: String,
    pub(crate) key: VerifierKey,
    stop: oneshot::Sender<()>,
    tasks: JoinSet<()>,
}

impl Serving {
    /// Serves a witness of `log` whose state is in `folder`.
    pub(crate) async fn start(log: &TestLog, signer: Arc<dyn Signer>, folder: &Path) -> Self {
        Self::start_with(log, vec![signer], folder, None).await
    }

    pub(crate) async fn start_with(
        log: &TestLog,
        signers: Vec<Arc<dyn Signer>>,
        folder: &Path,
        tls: Option<ServerTls>,
    ) -> Self {
        let key = signers[0].key().clone();
        let state = Arc::new(FolderState::open(folder).unwrap());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let config = WitnessConfig {
            witness: Arc::new(log.witness(signers, state)),
            now_s: Arc::new(|| NOW_S),
            tls,
            limits: WITNESS_LIMITS,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let stopped = async { drop(stopped.await) };
            serve_witness(config, listener, stopped).await.unwrap();
        });
        Self {
            url: format!("{scheme}://localhost:{port}"),
            key,
            stop,
            tasks,
        }
    }

    /// Stops it, and waits until its state is closed.
    pub(crate) async fn stop(mut self) {
        self.stop.send(()).unwrap();
        while let Some(result) = self.tasks.join_next().await {
            result.unwrap();
        }
    }

    /// A client of this witness for `log`.
    pub(crate) fn client(&self, log: &TestLog) -> WitnessClient {
        WitnessClient::new(
            plain_client(),
            BaseUrl::parse(&self.url).unwrap(),
            self.key.clone(),
            vec![log.key()],
        )
    }
}

/// A client without TLS.
pub(crate) fn plain_client() -> HttpClient {
    HttpClient::new(None, DEADLINE).unwrap()
}

/// Two of these witnesses are the quorum.
pub(crate) fn two_of(log: &TestLog, witnesses: &[(&str, &VerifierKey, &str)]) -> Witnesses {
    let mut policy = format!("log {}\n", log.key());
    for (name, key, url) in witnesses {
        policy.push_str(&format!("witness {name} {key} {url}\n"));
    }
    let names: Vec<&str> = witnesses.iter().map(|(name, _, _)| *name).collect();
    policy.push_str(&format!("group agencies 2 {}\n", names.join(" ")));
    policy.push_str("quorum agencies\n");
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    Witnesses::of_policy(policy, ORIGIN, &plain_client()).unwrap()
}

/// Sends bytes on a connection of its own and returns what comes back until the peer closes.
pub(crate) async fn raw(url: &str, request: &[u8]) -> String {
    let url = BaseUrl::parse(url).unwrap();
    let mut stream = TcpStream::connect((url.host(), url.port())).await.unwrap();
    let mut reply = Vec::new();
    // A peer that refuses to read the whole request resets the connection, before or behind its reply.
    let exchange = async {
        stream.write_all(request).await?;
        stream.read_to_end(&mut reply).await
    };
    let _ = tokio::time::timeout(DEADLINE, exchange).await.unwrap();
    String::from_utf8_lossy(&reply).into_owned()
}

/// Sends a request whose connection ends behind the reply.
pub(crate) async fn http(url: &str, method: &str, path: &str, body: &[u8]) -> String {
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    raw(url, &[head.as_bytes(), body].concat()).await
}
