//! An evidence package of a small log: made by the real writer over entries, proofs and signatures that are made here.
//!
//! For tests of verifiers in every language and for measurements; nothing of the product depends on it. Keys are made at
//! each run.

#![forbid(unsafe_code)]

mod log;
mod sealed;

use audit_proof::{
    hash::{Hash, leaf_hash},
    suite::Suite,
    tree,
};
use evidence_package::{
    Contents, Seal, compose,
    contents::{AdapterFile, CheckpointFile, EntryFile, MessageFile, Part, SubmissionFile},
};
use package_proof::{
    index::{LeftOut, PackageType, Role},
    proofs::{ConsistencyText, MessagesText, PartProof, RangeText},
};

pub use log::{ORIGIN, SmallLog};

/// Which sample is wanted.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether both witnesses cosigned the checkpoint.
    pub is_final: bool,
    /// Whether the second message is withheld.
    pub is_masked: bool,
    /// Whether the messages hold personal data, which is sealed, disclosed and erased in part.
    pub is_personal: bool,
    /// Whether it is the package of a range.
    pub is_range: bool,
    /// Length of the component of the adapter, in bytes; 0 leaves it out.
    pub component_bytes: usize,
    /// Entries of the log before those of the package.
    pub entries_before: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            is_final: true,
            is_masked: false,
            is_personal: false,
            is_range: false,
            component_bytes: 4000,
            entries_before: 20,
        }
    }
}

/// A sample: what the package is made of, and whom to trust about it.
pub struct Sample {
    /// What the package is made of.
    pub contents: Contents,
    /// The policy that an examiner gets from the witnesses.
    pub policy: String,
    log: SmallLog,
}

/// The messages of the submission in the package.
const MESSAGES: [&str; 3] = [
    "<clue><case>包环罚〔2026〕12号</case></clue>",
    "<clue><reporter>某人</reporter></clue>",
    "<clue/>",
];

/// The files of the adapter; what has no bytes is left out.
fn adapter_file(component: Vec<u8>, configuration: Vec<u8>) -> AdapterFile {
    let included = |bytes: Vec<u8>| match bytes.is_empty() {
        true => Part::LeftOut,
        false => Part::Included(bytes),
    };
    AdapterFile {
        name: "region-clue@0.1.0".to_owned(),
        component: Suite::Sha256.hash(&component),
        component_bytes: included(component),
        configuration: Suite::Sha256.hash(&configuration),
        configuration_bytes: included(configuration),
    }
}

/// The entries of a range and the proof that none is left out.
fn range_text(log: &SmallLog, from: u64, size: u64) -> RangeText {
    let (leaves, proof) = log.range(from, size);
    RangeText {
        from,
        size,
        leaves,
        proof,
    }
}

/// Why there are no time stamps in the package.
fn no_stamps() -> LeftOut {
    LeftOut {
        what: "stamps/".to_owned(),
        why: "no authority stamped a checkpoint that covers these entries".to_owned(),
        why_chinese: "没有覆盖这些条目的可信时间戳".to_owned(),
    }
}

fn checkpoint_file(note: String, size: u64, is_final: bool) -> CheckpointFile {
    let witnesses = ["police", "justice"].map(str::to_owned);
    CheckpointFile {
        note,
        size,
        is_final,
        witnesses: match is_final {
            true => witnesses.to_vec(),
            false => Vec::new(),
        },
    }
}

impl Sample {
    /// Makes a sample.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let mut log = SmallLog::new();
        for _ in 0..options.entries_before {
            log.append(log::plain(6));
        }
        let component: Vec<u8> = (0..options.component_bytes).map(component_byte).collect();
        let (component_digest, configuration) = (Suite::Sha256.hash(&component), b"{}\n".to_vec());
        let configuration_digest = Suite::Sha256.hash(&configuration);
        let adapter = (component_digest, configuration_digest);
        let load = log.append(log::adapter_load(adapter));
        let parts = Parts::new(options.is_personal);
        let submission = log.append(log::submission(
            &parts.roots(),
            adapter,
            MESSAGES.len() as u64,
        ));
        let receipt = log.receipt(submission);
        let receipt_size = log.size();
        let erasure = match options.is_personal {
            true => log.append(log::erasure(submission)),
            false => log.append(log::plain(6)),
        };
        let query = log.append(log::query());
        let size = log.size();
        let note = log.checkpoint(options.is_final);
        let entry = |position: u64, role: Role| EntryFile {
            position,
            role,
            bytes: log.entry(position),
            proof: (!options.is_range).then(|| log.inclusion(position)),
        };
        let range = options.is_range.then(|| range_text(&log, load, size));
        let contents = Contents {
            kind: match options.is_range {
                true => PackageType::Range,
                false => PackageType::Case,
            },
            subject: "包环罚〔2026〕12号".to_owned(),
            origin: ORIGIN.to_owned(),
            query,
            made_at: "2026-11-27T08:00:00.000000000Z".to_owned(),
            software: "lawgate 0.1.0".to_owned(),
            agency: "justice".to_owned(),
            purpose: "案卷移送".to_owned(),
            is_masked: options.is_masked,
            checkpoint: checkpoint_file(note, size, options.is_final),
            policy: log.policy(),
            key_history: None,
            entries: [
                Some(entry(load, Role::Adapter)),
                Some(entry(submission, Role::Subject)),
                (options.is_personal).then(|| entry(erasure, Role::Erasure)),
                Some(entry(query, Role::Custody)),
            ]
            .into_iter()
            .flatten()
            .collect(),
            range,
            submissions: vec![parts.file(submission, options.is_masked, erasure)],
            adapters: vec![adapter_file(component, configuration)],
            receipts: vec![(submission, receipt)],
            consistency: vec![ConsistencyText {
                old: receipt_size,
                new: size,
                hashes: log.consistency(receipt_size, size),
            }],
            stamps: Vec::new(),
            transfer: None,
            left_out: vec![no_stamps()],
        };
        let policy = log.policy();
        Self {
            contents,
            policy,
            log,
        }
    }

    /// The package, sealed by an entry that the log takes now.
    ///
    /// # Panics
    /// The contents are no package.
    #[must_use]
    pub fn package(&self, font: Option<&[u8]>) -> Vec<u8> {
        self.package_of(&self.contents, font)
    }

    /// A package of other contents over the same log.
    ///
    /// # Panics
    /// The contents are no package.
    #[must_use]
    pub fn package_of(&self, contents: &Contents, font: Option<&[u8]>) -> Vec<u8> {
        let composed = compose(contents, font).expect("the contents are a package");
        let mut log = self.log.clone();
        let position = log.append(log::query_result(contents.query, &composed.digest()));
        let seal = Seal {
            entry: log.entry(position),
            receipt: log.receipt(position),
        };
        composed.seal(Some(seal)).expect("the package is small")
    }
}

/// Bytes that do not compress to nothing.
fn component_byte(index: usize) -> u8 {
    let mixed = (index as u32).wrapping_mul(2_654_435_761) >> 13;
    mixed.to_le_bytes()[0]
}

/// The parts of the submission.
struct Parts {
    payloads: Vec<Vec<u8>>,
    /// What the leaves of the payloads are over: of personal data, salt and message.
    bound: Vec<Vec<u8>>,
    results: Vec<Vec<u8>>,
    is_personal: bool,
}

impl Parts {
    fn new(is_personal: bool) -> Self {
        let payloads: Vec<Vec<u8>> = MESSAGES
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .collect();
        let request = match is_personal {
            true => sealed::request(),
            false => b"request".to_vec(),
        };
        let result = |payload: &Vec<u8>| match is_personal {
            true => sealed::result(),
            false => [b"result of ".as_slice(), payload].concat(),
        };
        let bound = payloads.iter().enumerate();
        let bound = bound.map(|(number, payload)| match is_personal {
            true => sealed::salted(number, payload),
            false => payload.clone(),
        });
        Self {
            bound: bound.collect(),
            results: std::iter::once(request)
                .chain(payloads.iter().map(result))
                .collect(),
            payloads,
            is_personal,
        }
    }

    fn roots(&self) -> (Hash, Hash) {
        (tree::root(&self.bound), tree::root(&self.results))
    }

    fn file(&self, position: u64, is_masked: bool, erasure: u64) -> SubmissionFile {
        let part = |parts: &[Vec<u8>], index: usize| {
            let leaves: Vec<Hash> = parts.iter().map(|part| leaf_hash(part)).collect();
            PartProof {
                leaf: leaves[index],
                path: audit_proof::proof::message_path(&leaves, index as u64).expect("it is there"),
            }
        };
        let numbers = [0_u32, 1];
        let proof = |number: u32| {
            let index = number as usize;
            (
                number,
                part(&self.bound, index),
                part(&self.results, index + 1),
            )
        };
        let shown = |number: u32, bytes: &Vec<u8>| match is_masked && number == 1 {
            true => Part::Withheld,
            false => Part::Included(bytes.clone()),
        };
        let item = |number: u32| MessageFile {
            number,
            payload: match self.is_personal {
                true => sealed::payload(number, &self.payloads[number as usize]),
                false => shown(number, &self.payloads[number as usize]),
            },
            result: shown(number, &self.results[number as usize + 1]),
            fields: (self.is_personal).then(|| sealed::fields(number, erasure)),
            records: vec![(
                format!("01KX3Z5E8G0000000000{number}00000"),
                format!("{{\"clue\":{{\"number\":{number}}}}}\n"),
            )],
        };
        SubmissionFile {
            position,
            id: "01KX3Z5E8G0000000000000000".to_owned(),
            request: match self.is_personal {
                true => Part::Sealed,
                false => Part::Included(self.results[0].clone()),
            },
            proofs: MessagesText {
                count: MESSAGES.len() as u32,
                request: part(&self.results, 0),
                messages: numbers.map(proof).into(),
            },
            items: numbers.map(item).into(),
        }
    }
}

/// Reads what a package says of sealed values, so that tests can change it.
///
/// # Panics
/// The text is none.
#[must_use]
pub fn fields(text: &str) -> package_proof::sealed::FieldsText {
    package_proof::sealed::FieldsText::parse(text.as_bytes()).expect("the text has its form")
}

/// Writes files as a container, whatever they are, so that tests can change one of them.
///
/// # Panics
/// They are too many or too long.
#[must_use]
pub fn zip(files: &std::collections::BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    evidence_package::container(files).expect("the files are small")
}
