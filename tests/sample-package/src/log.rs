//! The log of the sample, in memory: canonical entries, their tree, and keys that sign for it.

use std::sync::Arc;

use audit_proof::{
    cbor::Value,
    chain,
    checkpoint::Checkpoint,
    entry::{Draft, Field, Place},
    hash::{Hash, leaf_hash},
    key::KeyKind,
    proof::{self, MemoryTiles, RangeProof},
    receipt::Receipt,
    signer::{Signer, sign_note},
    suite::Suite,
    tile::TileAppender,
};
use signer::{FileSigner, generate};

/// Name of the sample's log.
pub const ORIGIN: &str = "city.example/audit/2026";
/// When the first entry was made, in nanoseconds since 1970.
const START_NS: u64 = 1_795_000_000_000_000_000;

/// A log in memory with the keys that sign for it.
#[derive(Clone)]
pub struct SmallLog {
    entries: Vec<Vec<u8>>,
    link: Hash,
    signers: Arc<Signers>,
}

struct Signers {
    log: FileSigner,
    receipt: FileSigner,
    witnesses: [FileSigner; 2],
}

fn key(kind: KeyKind, name: &str) -> FileSigner {
    let made = generate(kind, name).expect("the system has random bytes");
    FileSigner::from_pem(name, kind, &made.private_text).expect("the key is one")
}

impl SmallLog {
    /// An empty log with new keys.
    pub(crate) fn new() -> Self {
        let witness = |name: &str| {
            key(
                KeyKind::Ed25519Cosignature,
                &format!("{name}.example/witness"),
            )
        };
        let signers = Signers {
            log: key(KeyKind::Ed25519, ORIGIN),
            receipt: key(KeyKind::Ed25519, &format!("{ORIGIN}/receipt")),
            witnesses: [witness("police"), witness("justice")],
        };
        Self {
            entries: Vec::new(),
            link: chain::genesis(ORIGIN, &[0; 32], &[0; 32]),
            signers: Arc::new(signers),
        }
    }

    pub(crate) fn append(&mut self, draft: Draft) -> u64 {
        let position = self.size();
        let place = Place {
            origin: ORIGIN,
            position,
            time_ns: START_NS + position * 1_000_000,
            link: &self.link,
            second_link: None,
        };
        let mut entry = Vec::new();
        draft.write_entry(place, &mut entry);
        self.link = leaf_hash(&entry);
        self.entries.push(entry);
        position
    }

    pub(crate) fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub(crate) fn entry(&self, position: u64) -> Vec<u8> {
        self.entries[position as usize].clone()
    }

    fn tiles(&self) -> (TileAppender, MemoryTiles) {
        let (mut appender, mut tiles) = (TileAppender::new(Suite::Sha256), MemoryTiles::new());
        for entry in &self.entries {
            let filled = appender.append(leaf_hash(entry)).expect("the log is small");
            tiles.extend(filled.into_iter().map(|one| (one.tile, one.hashes)));
        }
        for filled in appender.partial_tiles() {
            tiles.insert(filled.tile, filled.hashes);
        }
        (appender, tiles)
    }

    pub(crate) fn inclusion(&self, position: u64) -> Vec<Hash> {
        let tiles = self.tiles().1;
        proof::inclusion(Suite::Sha256, position, self.size(), &tiles).expect("the tiles are there")
    }

    pub(crate) fn consistency(&self, old: u64, new: u64) -> Vec<Hash> {
        let tiles = self.tiles().1;
        proof::consistency(Suite::Sha256, old, new, &tiles).expect("the tiles are there")
    }

    pub(crate) fn range(&self, from: u64, to: u64) -> (Vec<Hash>, RangeProof) {
        let (size, tiles) = (self.size(), self.tiles().1);
        let leaves = proof::leaf_hashes(Suite::Sha256, from, to, size, &tiles);
        let proof = proof::range(Suite::Sha256, from, to, size, &tiles);
        (leaves.expect("tiles"), proof.expect("tiles"))
    }

    fn text(&self) -> String {
        let root = self.tiles().0.root();
        let checkpoint = Checkpoint::new(ORIGIN, self.size(), root).expect("the origin is one");
        checkpoint.to_string()
    }

    /// The checkpoint over all entries, with or without the cosignatures.
    pub(crate) fn checkpoint(&self, is_final: bool) -> String {
        let signers = &self.signers;
        let mut all: Vec<&dyn Signer> = vec![&signers.log];
        if is_final {
            all.extend(signers.witnesses.iter().map(|one| one as &dyn Signer));
        }
        // Two seconds after the newest entry: one each millisecond.
        let time_s = START_NS / 1_000_000_000 + self.size() / 1000 + 2;
        let note = sign_note(&self.text(), &all, time_s).expect("the keys sign");
        note.to_string()
    }

    /// The receipt for the newest entry.
    pub(crate) fn receipt(&self, position: u64) -> String {
        let note = sign_note(&self.text(), &[&self.signers.receipt], 0).expect("the key signs");
        let time_ns = START_NS + position * 1_000_000;
        let leaf = leaf_hash(&self.entries[position as usize]);
        let receipt = Receipt::new(position, leaf, time_ns, self.inclusion(position), note);
        receipt.expect("the note is a tree head").to_string()
    }

    /// The policy: the log, its receipts, and two witnesses that both have to cosign.
    pub(crate) fn policy(&self) -> String {
        let signers = &self.signers;
        format!(
            "log {}\nlog {}\nwitness police {}\nwitness justice {}\ngroup agencies 2 police justice\nquorum agencies\n",
            signers.log.key(),
            signers.receipt.key(),
            signers.witnesses[0].key(),
            signers.witnesses[1].key(),
        )
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn bytes(hash: &Hash) -> Value {
    Value::Bytes(hash.to_vec())
}

fn actor() -> Vec<Value> {
    vec![text("region"), text("region"), bytes(&[7; 32]), Value::Null]
}

fn object(results: Option<&Hash>, (component, configuration): (Hash, Hash)) -> Vec<Value> {
    vec![
        text("region-clue"),
        results.map_or(Value::Null, bytes),
        text("1.0.0"),
        text("region-clue@0.1.0"),
        bytes(&component),
        bytes(&configuration),
    ]
}

/// An entry of which only the number of the event matters.
pub(crate) fn plain(event: u64) -> Draft {
    Draft::new(event).with(Field::Actor, actor())
}

pub(crate) fn adapter_load(adapter: (Hash, Hash)) -> Draft {
    Draft::new(5).with(Field::Object, object(None, adapter))
}

pub(crate) fn submission(roots: &(Hash, Hash), adapter: (Hash, Hash), messages: u64) -> Draft {
    let sums = [messages, messages, 0, 0].map(Value::Unsigned);
    Draft::new(1)
        .with(Field::Actor, actor())
        .with(Field::Object, object(Some(&roots.1), adapter))
        .with(
            Field::Outcome,
            vec![text("accepted"), Value::Null, Value::Array(sums.into())],
        )
        .with(
            Field::Digests,
            vec![
                bytes(&roots.0),
                Value::Null,
                bytes(&roots.1),
                Value::Null,
                Value::Array(vec![Value::Unsigned(1), Value::Unsigned(1)]),
            ],
        )
        .with_idempotency_key([3; 16])
}

pub(crate) fn query() -> Draft {
    let object = vec![
        Value::Null,
        text("ExportEvidence"),
        text("case=\"包环罚〔2026〕12号\""),
    ];
    Draft::new(3)
        .with(Field::Actor, actor())
        .with(Field::Object, object)
}

/// An erasure that two people approved, of values of the submission at the position.
pub(crate) fn erasure(submission: u64) -> Draft {
    let positions = vec![Value::Unsigned(submission)];
    Draft::new(audit_proof::erasure::ERASE_EVENT)
        .with(Field::Actor, actor())
        .with(
            Field::Object,
            vec![
                Value::Null,
                text("EraseSubjects"),
                Value::Array(vec![text("k17")]),
                Value::Array(positions),
            ],
        )
        .with(
            Field::Outcome,
            vec![
                text("erased"),
                Value::Unsigned(1),
                Value::Unsigned(2),
                text("officer-02"),
                text("officer-01"),
            ],
        )
        .with(Field::Case, vec![Value::Null, Value::Null, text("PIPL-47")])
}

pub(crate) fn query_result(query: u64, digest: &Hash) -> Draft {
    Draft::new(4)
        .with(Field::Actor, actor())
        .with(
            Field::Outcome,
            vec![text("answered"), Value::Unsigned(query), Value::Unsigned(9)],
        )
        .with(
            Field::Digests,
            vec![Value::Null, Value::Null, bytes(digest)],
        )
}
