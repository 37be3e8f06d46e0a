//! The audit folder of a node, made by the product's own parts, with everything that others keep beside it.
//!
//! The log is written by its writer, published by its publisher, signed with keys from files, cosigned by witnesses and,
//! where OpenSSL is there, stamped by an authority that OpenSSL plays. Nothing here is verified: that is for others.

pub(crate) mod authority;
pub(crate) mod drafts;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use audit_log::{
    Appended, Clock, Config, Draft, Log, LogSuite, PublishConfig, Publisher, open_published,
};
use audit_proof::{
    key::KeyKind,
    note::Note,
    signer::{Signer, sign_note},
};
use authority::Form;
use signer::{FileSigner, generate};
use tempfile::TempDir;

pub(crate) const ORIGIN: &str = "lawgate.example/2026";

/// How many entries the log has.
pub(crate) const SIZE: u64 = 300;

/// The sizes that are published.
const SIZES: [u64; 3] = [100, 256, SIZE];

/// Those that are stamped, and how the stamp is kept.
pub(crate) const STAMPED: [(u64, Form); 2] = [(256, Form::Token), (SIZE, Form::Answer)];

/// The positions for which receipts are kept.
pub(crate) const RECEIPTS: [u64; 3] = [5, 123, SIZE - 1];

/// The second at which the clock of the log begins, in 2023: before any stamp that is made today.
const START_S: u64 = 1_700_000_000;

/// The policy digest that the log is created under.
const POLICY_DIGEST: [u8; 32] = [7; 32];

/// Counts on by a second at each look.
struct Counting(AtomicU64);

impl Clock for Counting {
    fn now_ns(&self) -> u64 {
        self.0.fetch_add(1_000_000_000, Ordering::Relaxed)
    }
}

/// A node with what it published, and what witnesses, agencies and auditors keep.
pub(crate) struct Node {
    folder: TempDir,
    is_dual: bool,
    keys: Keys,
}

struct Keys {
    log: Vec<Arc<dyn Signer>>,
    twin: Vec<Arc<dyn Signer>>,
    receipt: FileSigner,
    former: FileSigner,
    witnesses: Vec<FileSigner>,
}

pub(crate) fn signer(kind: KeyKind, name: &str) -> FileSigner {
    let made = generate(kind, name).unwrap();
    FileSigner::from_pem(name, kind, &made.private_text).unwrap()
}

impl Keys {
    fn new() -> Self {
        let shared = |kind, name: &str| Arc::new(signer(kind, name)) as Arc<dyn Signer>;
        let twin = format!("{ORIGIN}/sm3");
        let witness = |kind, name: &str| signer(kind, &format!("{name}.example/witness"));
        Self {
            log: vec![
                shared(KeyKind::Ed25519, ORIGIN),
                shared(KeyKind::MlDsa44Cosignature, ORIGIN),
                shared(KeyKind::Sm2Sm3, ORIGIN),
            ],
            twin: vec![shared(KeyKind::Sm2Sm3, &twin)],
            receipt: signer(KeyKind::Ed25519, &format!("{ORIGIN}/receipt")),
            former: signer(KeyKind::Ed25519, ORIGIN),
            witnesses: vec![
                witness(KeyKind::Ed25519Cosignature, "environment"),
                witness(KeyKind::Ed25519Cosignature, "police"),
                witness(KeyKind::MlDsa44Cosignature, "justice"),
            ],
        }
    }

    /// Whom an auditor trusts: the log's keys, and two of three witnesses.
    fn policy(&self) -> String {
        let logs = self.log.iter().chain(&self.twin).map(|log| log.key());
        let logs = logs.chain([self.receipt.key()]);
        let mut text: String = logs.map(|key| format!("log {key}\n")).collect();
        for (name, witness) in ["env", "police", "justice"].iter().zip(&self.witnesses) {
            text += &format!("witness {name} {}\n", witness.key());
        }
        text + "group agencies 2 env police justice\nquorum agencies\n"
    }

    /// A key that ended before anything was published, and the one in use; `end` is how the latter ended, if it did.
    fn history(&self, end: &str) -> String {
        let (former, key) = (self.former.key(), self.log[0].key());
        format!("key {former} rotated 50\nkey {key}{end}\n")
    }

    fn cosign(&self, note: &Note, size: u64) -> Note {
        let witnesses: Vec<&dyn Signer> = (self.witnesses.iter())
            .map(|witness| witness as &dyn Signer)
            .collect();
        let cosigned = sign_note(note.text(), &witnesses, START_S + size + 60).unwrap();
        let mut note = note.clone();
        for signature in cosigned.signatures() {
            note.push(signature.clone()).unwrap();
        }
        note
    }
}

impl Node {
    /// Makes a node whose log has the [`SIZE`] entries of an honest one.
    pub(crate) fn new(suite: LogSuite) -> Self {
        Self::of(suite, drafts::drafts())
    }

    /// Makes a node whose log has these [`SIZE`] entries.
    pub(crate) fn of(suite: LogSuite, drafts: Vec<Draft>) -> Self {
        let node = Self {
            folder: TempDir::new().unwrap(),
            is_dual: suite == LogSuite::Dual,
            keys: Keys::new(),
        };
        node.write("policy", &node.keys.policy());
        node.write("history", &node.keys.history(""));
        node.write("history-rotated", &node.keys.history(" rotated 200"));
        node.write("party-keys", &drafts::party_keys());
        node.run(suite, drafts);
        node
    }

    fn config(&self, suite: LogSuite) -> Config {
        Config {
            dir: self.path("audit"),
            origin: ORIGIN.to_owned(),
            policy_digest: POLICY_DIGEST,
            former_root: None,
            suite,
            segment_bytes: 16 << 10,
            queue_entries: 1_000,
            queue_bytes: 1 << 20,
        }
    }

    /// Lives the node's life: appends, publishes at each size, and is cosigned.
    fn run(&self, suite: LogSuite, drafts: Vec<Draft>) {
        let clock = Arc::new(Counting(AtomicU64::new(START_S * 1_000_000_000)));
        let publish = PublishConfig {
            tiles: self.path("audit/tiles"),
            signed: self.path("audit/signed"),
            origin: ORIGIN.to_owned(),
            signers: self.keys.log.clone(),
            twin_signers: self.is_dual.then(|| self.keys.twin.clone()),
        };
        let (log, _, mut publisher, _) =
            open_published(self.config(suite), clock, publish).unwrap();
        let mut drafts = drafts.into_iter();
        for size in SIZES {
            while log.size() < size {
                let count = (size - log.size()).min(7) as usize;
                self.append(&log, drafts.by_ref().take(count).collect());
            }
            self.publish(&log, &mut publisher, size);
        }
        log.close().unwrap();
    }

    /// Appends a group, and keeps its receipts where they are wanted.
    fn append(&self, log: &Log, group: Vec<Draft>) {
        let queued: Vec<_> = group
            .into_iter()
            .map(|draft| log.append(draft).unwrap())
            .collect();
        let appended: Vec<Appended> = queued
            .into_iter()
            .map(|entry| entry.wait().unwrap())
            .collect();
        for entry in appended
            .iter()
            .filter(|entry| RECEIPTS.contains(&entry.position))
        {
            let receipt = entry.receipt(&self.keys.receipt, ORIGIN).unwrap();
            self.write(
                &format!("receipts/{}", entry.position),
                &receipt.to_string(),
            );
        }
    }

    fn publish(&self, log: &Log, publisher: &mut Publisher, size: u64) {
        let published = publisher.publish(&log.head(), START_S + size + 30).unwrap();
        let published = published.unwrap();
        let twin = published.twin.as_ref();
        for signed in [&published.main].into_iter().chain(twin) {
            let cosigned = self.keys.cosign(&signed.note, size);
            publisher.release_cosigned(&cosigned).unwrap();
        }
    }

    /// Has the last two checkpoints stamped, beside which the stamps are kept; `false` when there is no OpenSSL.
    pub(crate) fn stamp(&self) -> bool {
        let Some(tsa) = authority::make(&self.path("tsa")) else {
            return false;
        };
        for (size, form) in STAMPED {
            let note = Note::parse(&self.read(&format!("audit/tiles/checkpoints/{size}"))).unwrap();
            let stamp = authority::stamp(&tsa, note.text(), form);
            self.write(&format!("audit/tiles/tokens/{size}.tsr"), &stamp);
        }
        true
    }

    /// The log's own keys, in the order of their lines.
    pub(crate) fn log_keys(&self) -> impl Iterator<Item = &audit_proof::key::VerifierKey> {
        self.keys.log.iter().map(|log| log.key())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn write(&self, name: &str, bytes: &(impl AsRef<[u8]> + ?Sized)) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
