//! An exchange for unit tests: the log is real, the rest can be made to fail.

mod device;
mod document;
mod memory_index;
mod people;
pub(crate) mod signed_log;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use audit_log::party::PartyKey;
use audit_log::{Clock, Log};
use ed25519_dalek::SigningKey;
use prost::Message as _;
use proto::v1::record::Entity;
use proto::v1::{Conversion, DateTime, Observation, PersonalData, Precision, Record, VehicleTrack};
use tempfile::TempDir;

use crate::entry::CaseBinding;
use crate::policy::{Agency, CertificateName, Policy, Rights, Role, Staff};
use crate::ports::{
    AdapterIdentity, ConvertFailure, Converted, Converter, EvidenceStore, Index, KeepError, Kept,
    Message, PortFuture, Proofs, Receipts,
};
use crate::refusal::Cause;
use crate::{Caller, Exchange, Feed, Follower, Limits, Parts, PeerCertificate, Submission};

pub(crate) use device::time_of;
pub(crate) use memory_index::MemoryIndex;

/// Time of the first entry; later ones follow it by the log's own rule.
pub(crate) const TIME_NS: u64 = 1_790_000_000_000_000_000;

struct Fixed;

impl Clock for Fixed {
    fn now_ns(&self) -> u64 {
        TIME_NS
    }
}

/// An adapter that obeys the first word of each message.
pub(crate) struct Obedient {
    identity: AdapterIdentity,
    pub(crate) calls: AtomicU64,
}

impl Converter for Obedient {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if messages
            .iter()
            .any(|message| message.payload.starts_with(b"trap"))
        {
            return Err(ConvertFailure {
                code: "adapter.trap".to_owned(),
                text: "the adapter trapped".to_owned(),
                temporary: false,
            });
        }
        let outcomes = messages.iter().map(|message| one(&message.payload));
        let few = messages
            .iter()
            .any(|message| message.payload.starts_with(b"short"));
        Ok(outcomes.skip(usize::from(few)).collect())
    }
}

fn one(payload: &[u8]) -> Converted {
    if payload.starts_with(b"reject") {
        return Converted::Rejected {
            code: "test.bad".to_owned(),
            offset: 3,
            text: "not good".to_owned(),
        };
    }
    if payload.starts_with(b"garbage") {
        return Converted::Conversion(vec![0xFF; 9]);
    }
    if let Some(converted) = people::converted(payload) {
        return converted;
    }
    if let Some(conversion) = device::conversion(payload) {
        return Converted::Conversion(conversion.encode_to_vec());
    }
    if let Some(conversion) = document::conversion(payload) {
        return Converted::Conversion(conversion.encode_to_vec());
    }
    if payload.starts_with(b"track") {
        return Converted::Conversion(tracks().encode_to_vec());
    }
    let observation = |factor: &str| {
        let observation = Observation {
            mn: "MN0001".to_owned(),
            factor: factor.to_owned(),
            ..Observation::default()
        };
        Record {
            envelope: None,
            entity: Some(Entity::Observation(observation)),
        }
    };
    let records = vec![observation("a21026"), observation("a21002")];
    Converted::Conversion(
        Conversion {
            records,
            ..Conversion::default()
        }
        .encode_to_vec(),
    )
}

/// One place of a vehicle whose terminal has the number of the observing device.
fn tracks() -> Conversion {
    let at = DateTime {
        text: "2026-09-01T08:00:00+08:00".to_owned(),
        precision: Precision::Second as i32,
        offset: "+08:00".to_owned(),
        offset_assumed: false,
    };
    let track = VehicleTrack {
        terminal_id: "MN0001".to_owned(),
        at: Some(at),
        ..VehicleTrack::default()
    };
    let record = Record {
        envelope: None,
        entity: Some(Entity::VehicleTrack(track)),
    };
    Conversion {
        records: vec![record],
        ..Conversion::default()
    }
}

/// Evidence in memory.
#[derive(Default)]
pub(crate) struct MemoryEvidence {
    bundles: Mutex<HashMap<[u8; 32], Vec<Vec<u8>>>>,
    /// Every further write fails.
    pub(crate) broken: AtomicBool,
    /// The queue is full.
    pub(crate) full: AtomicBool,
}

impl MemoryEvidence {
    /// Whether any bundle holds these bytes.
    pub(crate) fn holds(&self, needle: &[u8]) -> bool {
        let bundles = self.bundles.lock().expect("is free");
        let mut parts = bundles.values().flatten();
        parts.any(|part| part.windows(needle.len()).any(|window| window == needle))
    }

    pub(crate) fn len(&self) -> usize {
        self.bundles.lock().expect("is free").len()
    }

    /// Changes a byte of every bundle, as a damaged disk would.
    pub(crate) fn damage(&self) {
        for parts in self.bundles.lock().expect("is free").values_mut() {
            parts[0][0] ^= 1;
        }
    }
}

impl EvidenceStore for MemoryEvidence {
    fn keep(
        &self,
        payloads: Kept,
        results: Kept,
    ) -> Result<PortFuture<Result<(), Cause>>, KeepError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(KeepError::Full);
        }
        if self.broken.load(Ordering::Relaxed) {
            return Ok(Box::pin(async { Err(Cause::from("the disk is gone")) }));
        }
        let mut bundles = self.bundles.lock().expect("is free");
        for kept in [payloads, results] {
            bundles.insert(
                kept.address,
                kept.parts.iter().map(|part| part.to_vec()).collect(),
            );
        }
        Ok(Box::pin(async { Ok(()) }))
    }

    fn get(&self, address: &[u8; 32]) -> Result<Option<Vec<Vec<u8>>>, Cause> {
        let bundles = self.bundles.lock().expect("is free");
        let Some(parts) = bundles.get(address) else {
            return Ok(None);
        };
        if audit_log::tree::root(parts) == *address {
            Ok(Some(parts.clone()))
        } else {
            Err("the digest differs".into())
        }
    }
}

/// The exchange and its parts.
pub(crate) struct Fixture {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) evidence: Arc<MemoryEvidence>,
    pub(crate) index: Arc<MemoryIndex>,
    pub(crate) adapter: Arc<Obedient>,
    pub(crate) folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        Fixture::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Limits)) -> Fixture {
        let folder = tempfile::tempdir().expect("folder");
        let log = log(folder.path());
        Fixture::over(log, folder, change, Ports::default())
    }

    /// The exchange over this log with these ports.
    pub(crate) fn over(
        log: Log,
        folder: TempDir,
        change: impl FnOnce(&mut Limits),
        ports: Ports,
    ) -> Fixture {
        let evidence = ports.evidence.unwrap_or_default();
        let index = Arc::new(MemoryIndex::default());
        let identity = AdapterIdentity {
            id: "obedient".to_owned(),
            version: "1.0.0".to_owned(),
            component: [1; 32],
            configuration: [2; 32],
            schema_version: "1.0.0".to_owned(),
        };
        let adapter = Arc::new(Obedient {
            identity,
            calls: AtomicU64::new(0),
        });
        let mut limits = limits();
        change(&mut limits);
        let exchange = Exchange::build(Parts {
            log,
            evidence: Arc::clone(&evidence) as Arc<dyn EvidenceStore>,
            index: Arc::clone(&index) as Arc<dyn Index>,
            receipts: ports.receipts,
            proofs: ports.proofs,
            vault: ports.vault,
            approvers: ports.approvers.unwrap_or(1),
            policy: policy(),
            search_key: crate::SearchKey::new([5; 32]),
            working_days: crate::working_days::WorkingDays::default(),
            feeds: vec![Feed {
                id: "feed".to_owned(),
                kind: "test".to_owned(),
                converter: Some(Arc::clone(&adapter) as Arc<dyn Converter>),
            }],
            adapters: crate::Adapters::default(),
            limits,
        });
        Fixture {
            exchange,
            evidence,
            index,
            adapter,
            folder,
        }
    }

    /// The caller of an agency.
    pub(crate) fn caller(&self, agency: &str) -> Caller {
        let peer = PeerCertificate {
            sha256: [9; 32],
            uris: vec![format!("u:{agency}")],
        };
        self.exchange.recognise(&peer).expect("is known")
    }

    /// Brings the index up to the log.
    pub(crate) fn index_all(&self) {
        Follower::new(Arc::clone(&self.exchange), 3)
            .catch_up(self.exchange.log.size(), |_, _| {})
            .expect("follows");
    }

    /// Brings the index up to everything queued so far, what readings left behind included.
    pub(crate) fn flush_and_index(&self) {
        let pending = self.exchange.log.append(crate::entry::node_stop());
        pending.expect("queues").wait().expect("is durable");
        self.index_all();
    }

    /// Event numbers of the log, in order.
    pub(crate) fn events(&self) -> Vec<u64> {
        let entries = self.exchange.log.reader().entries_from(0);
        entries
            .map(|entry| entry.expect("reads").decode().expect("decodes").event())
            .collect()
    }
}

/// What a fixture may be given besides a log; what is missing is made, or left out.
#[derive(Default)]
pub(crate) struct Ports {
    pub(crate) evidence: Option<Arc<MemoryEvidence>>,
    pub(crate) receipts: Option<Arc<dyn Receipts>>,
    pub(crate) proofs: Option<Arc<dyn Proofs>>,
    pub(crate) vault: Option<Arc<vault::Vault>>,
    pub(crate) approvers: Option<u32>,
}

/// Opens the log of a fixture's folder.
pub(crate) fn log(folder: &Path) -> Log {
    let config = audit_log::Config {
        dir: folder.join("audit"),
        origin: "test.lawgate.example/1".to_owned(),
        policy_digest: [0; 32],
        former_root: None,
        suite: audit_log::LogSuite::Sha256,
        segment_bytes: 1 << 20,
        queue_entries: 1000,
        queue_bytes: 1 << 20,
    };
    audit_log::open(config, Arc::new(Fixed)).expect("opens").0
}

pub(crate) fn limits() -> Limits {
    Limits {
        submission_bytes: 1000,
        submission_messages: 10,
        in_flight_submissions: 100,
        in_flight_bytes: 100_000,
        page_size: 100,
        request_deadline: Duration::from_secs(20),
        index_wait: Duration::from_secs(20),
        workers: 2,
    }
}

/// The key with which `signer` and `sworn` sign.
pub(crate) fn party_key() -> SigningKey {
    SigningKey::from_bytes(&[3; 32])
}

/// Its public half.
pub(crate) fn party_public_key() -> PartyKey {
    PartyKey::from_bytes(&party_key().verifying_key().to_bytes()).expect("is a key")
}

/// `sender` submits and reads, `signer` may sign and `sworn` must, `reader` reads, `inspector`
/// reads every class, `officer` and `approver` protect personal data, `court` reads what is
/// restricted and discloses, `nobody` may do nothing.
pub(crate) fn policy() -> Policy {
    let agency = |id: &str, submit: &[&str], read: Rights| Agency {
        id: id.to_owned(),
        kind: "city-eco".to_owned(),
        certificates: vec![CertificateName::Uri(format!("u:{id}"))],
        submit: Rights::Feeds(submit.iter().map(|feed| (*feed).to_owned()).collect()),
        read,
        personal: BTreeSet::new(),
        party_keys: Vec::new(),
        must_sign: false,
    };
    let none = || Rights::Feeds(BTreeSet::new());
    Policy::new(vec![
        agency("sender", &["feed", "unconfigured"], Rights::All),
        agency(
            "reader",
            &[],
            Rights::Feeds(BTreeSet::from(["feed".to_owned()])),
        ),
        agency("nobody", &[], none()),
        Agency {
            party_keys: vec![party_public_key()],
            ..agency("signer", &["feed"], none())
        },
        Agency {
            party_keys: vec![party_public_key()],
            must_sign: true,
            ..agency("sworn", &["feed"], none())
        },
        Agency {
            personal: (PersonalData::Personal as i32..=PersonalData::Reporter as i32).collect(),
            ..agency("inspector", &[], Rights::All)
        },
    ])
    .with_staff(vec![
        member("auditor", Role::Auditor, Rights::All),
        Staff {
            personal: BTreeSet::from([PersonalData::Personal as i32]),
            ..member("senior", Role::Auditor, Rights::All)
        },
        member("junior", Role::Auditor, none()),
        Staff {
            personal: (PersonalData::Personal as i32..=PersonalData::Reporter as i32).collect(),
            ..member("chief", Role::Auditor, Rights::All)
        },
        member("operator", Role::Operator, none()),
        member("head", Role::Administrator, none()),
        Staff {
            personal: (PersonalData::Personal as i32..=PersonalData::Reporter as i32).collect(),
            ..member("officer", Role::Officer, Rights::All)
        },
        member("approver", Role::Officer, none()),
    ])
}

/// `auditor` reads every feed, `senior` personal data too, `junior` no feed; `operator` and `head`, who administers, are no
/// auditors; `officer` discloses from every feed, `approver` from none.
fn member(id: &str, role: Role, read: Rights) -> Staff {
    Staff {
        id: id.to_owned(),
        role,
        certificates: vec![CertificateName::Uri(format!("u:{id}"))],
        read,
        personal: BTreeSet::new(),
    }
}

/// A submission of these messages to `feed`.
pub(crate) fn submission(key: &str, messages: &[&str]) -> Submission {
    let message = |text: &&str| Message {
        payload: text.as_bytes().to_vec().into(),
        attributes: Vec::new(),
    };
    Submission {
        feed: "feed".to_owned(),
        idempotency_key: key.to_owned(),
        messages: messages.iter().map(message).collect(),
        case: CaseBinding::default(),
        party: None,
    }
}
