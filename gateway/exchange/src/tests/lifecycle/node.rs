//! A node with a registry whose components are words: what a word says is what the converter does.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use prost::Message as _;
use proto::v1::record::Entity;
use proto::v1::{AdapterRole, Conversion, Observation, Record, SubmitResponse};
use sha2::{Digest as _, Sha256};

use crate::entry::CaseBinding;
use crate::lifecycle::{AdapterRules, BreakerLimits, Configured, Install};
use crate::ports::{
    AdapterFault, AdapterFiles, AdapterIdentity, AdapterStore, ConvertFailure, Converted,
    Converter, EvidenceStore, GoldenSample, Index, Loaded, Message, Package, Upload, VersionLimits,
};
use crate::refusal::Cause;
use crate::tests::fixture::{MemoryEvidence, MemoryIndex, limits, log, policy, submission};
use crate::{Adapters, Caller, Exchange, Feed, Follower, Parts, PeerCertificate, Refusal, Turn};

/// Files by digest, and what a broken component does now.
#[derive(Default)]
pub(crate) struct WordStore {
    files: Mutex<HashMap<[u8; 32], Vec<u8>>>,
    memory: Mutex<Option<String>>,
    /// Whether components called `trap…` trap.
    pub(crate) traps: Arc<AtomicBool>,
}

/// Makes one observation whose factor is the component and its configuration.
struct Word {
    identity: AdapterIdentity,
    factor: String,
    traps: Option<Arc<AtomicBool>>,
    /// Most messages it converts within its deadline.
    most: usize,
}

impl Converter for Word {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn convert(&self, messages: &[Message]) -> Result<Vec<Converted>, ConvertFailure> {
        let traps = self.traps.as_ref();
        if traps.is_some_and(|traps| traps.load(Ordering::Relaxed)) {
            return Err(ConvertFailure {
                code: "adapter.trap".to_owned(),
                text: "the adapter failed".to_owned(),
                temporary: false,
            });
        }
        if messages.len() > self.most {
            return Err(ConvertFailure {
                code: "adapter.deadline".to_owned(),
                text: "the adapter did not end before its deadline".to_owned(),
                temporary: false,
            });
        }
        Ok(messages.iter().map(|_| observation(&self.factor)).collect())
    }
}

fn observation(factor: &str) -> Converted {
    let observation = Observation {
        mn: "MN0001".to_owned(),
        factor: factor.to_owned(),
        ..Observation::default()
    };
    let record = Record {
        envelope: None,
        entity: Some(Entity::Observation(observation)),
    };
    let conversion = Conversion {
        records: vec![record],
        ..Conversion::default()
    };
    Converted::Conversion(conversion.encode_to_vec())
}

impl AdapterStore for WordStore {
    fn open(&self, upload: &Upload) -> Result<Package, AdapterFault> {
        match upload {
            Upload::Package(_) => Err(AdapterFault {
                code: "adapter-signature",
                text: "the pack is signed by nobody who is known".to_owned(),
            }),
            Upload::Files(files) => Ok(Package {
                files: files.clone(),
                samples: vec![GoldenSample {
                    name: "one".to_owned(),
                    message: Message {
                        payload: Bytes::from_static(b"x"),
                        attributes: Vec::new(),
                    },
                    golden: files.manifest.clone(),
                }],
                publisher: "maker".to_owned(),
            }),
        }
    }

    fn load(&self, files: &AdapterFiles, _: &str) -> Result<Loaded, AdapterFault> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if files.configuration.starts_with(b"bad") {
            return Err(AdapterFault {
                code: "adapter-configuration",
                text: "the configuration has 1 faults".to_owned(),
            });
        }
        let component = text(&files.component);
        let digest = |bytes: &[u8]| Sha256::digest(bytes).into();
        let identity = AdapterIdentity {
            id: "word".to_owned(),
            version: "1.0.0".to_owned(),
            component: digest(&files.component),
            configuration: digest(&files.configuration),
            schema_version: "1.0.0".to_owned(),
        };
        let traps = component.starts_with("trap");
        Ok(Loaded {
            converter: Arc::new(Word {
                identity,
                factor: format!("{component}/{}", text(&files.configuration)),
                traps: traps.then(|| Arc::clone(&self.traps)),
                most: if component.starts_with("narrow") {
                    40
                } else {
                    usize::MAX
                },
            }),
            limits: VersionLimits {
                memory_bytes: 1,
                deadline: Duration::from_secs(1),
                output_bytes: 1,
                messages_per_call: 256,
                host_calls: 1,
                concurrency: 2,
            },
        })
    }

    fn golden_differs(&self, _: &Converted, golden: &[u8]) -> Option<String> {
        golden
            .starts_with(b"wrong")
            .then(|| "it is wrong".to_owned())
    }

    fn keep(&self, bytes: &[u8]) -> Result<[u8; 32], Cause> {
        let digest = Sha256::digest(bytes).into();
        let mut files = self.files.lock().expect("is free");
        files.insert(digest, bytes.to_vec());
        Ok(digest)
    }

    fn kept(&self, digest: &[u8; 32]) -> Result<Option<Vec<u8>>, Cause> {
        Ok(self.files.lock().expect("is free").get(digest).cloned())
    }

    fn remembered(&self) -> Option<String> {
        self.memory.lock().expect("is free").clone()
    }

    fn remember(&self, text: &str) -> Result<(), Cause> {
        *self.memory.lock().expect("is free") = Some(text.to_owned());
        Ok(())
    }
}

impl WordStore {
    /// Loses what it was given to remember.
    pub(crate) fn forget(&self) {
        *self.memory.lock().expect("is free") = None;
    }
}

/// A node over a folder; dropped without a stop it is one that was killed.
pub(crate) struct Node {
    pub(crate) exchange: Arc<Exchange>,
}

/// What survives a node.
pub(crate) struct Disk {
    folder: tempfile::TempDir,
    pub(crate) store: Arc<WordStore>,
    evidence: Arc<MemoryEvidence>,
    pub(crate) approvals: usize,
    pub(crate) file: Option<AdapterFiles>,
}

impl Disk {
    pub(crate) fn new() -> Disk {
        Disk {
            folder: tempfile::tempdir().expect("folder"),
            store: Arc::default(),
            evidence: Arc::default(),
            approvals: 1,
            file: Some(files("first")),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a node as the last one left the disk.
    pub(crate) fn start(&self) -> Node {
        let exchange = Exchange::build(Parts {
            search_key: crate::SearchKey::new([5; 32]),
            working_days: crate::working_days::WorkingDays::default(),
            log: log(self.path()),
            evidence: Arc::clone(&self.evidence) as Arc<dyn EvidenceStore>,
            index: Arc::new(MemoryIndex::default()) as Arc<dyn Index>,
            receipts: None,
            proofs: None,
            vault: None,
            approvers: 1,
            policy: policy(),
            feeds: vec![Feed {
                id: "feed".to_owned(),
                kind: "word".to_owned(),
                converter: None,
            }],
            adapters: Adapters {
                store: Some(Arc::clone(&self.store) as Arc<dyn AdapterStore>),
                rules: AdapterRules {
                    administrators: ["inspector", "sender"].map(str::to_owned).to_vec(),
                    approvals: self.approvals,
                    breaker: BreakerLimits {
                        failures: 3,
                        pause: Duration::ZERO,
                    },
                    ..AdapterRules::default()
                },
            },
            limits: limits(),
        });
        let configured = Configured {
            feed: "feed".to_owned(),
            files: self.file.clone(),
        };
        exchange.restore_adapters(&[configured]).expect("restores");
        let node = Node { exchange };
        node.index_all();
        node
    }
}

impl Node {
    pub(crate) fn caller(&self, agency: &str) -> Caller {
        let peer = PeerCertificate {
            sha256: [9; 32],
            uris: vec![format!("u:{agency}")],
        };
        self.exchange.recognise(&peer).expect("is known")
    }

    pub(crate) fn index_all(&self) {
        Follower::new(Arc::clone(&self.exchange), 3)
            .catch_up(self.exchange.log.size(), |_, _| {})
            .expect("follows");
    }

    /// Installs a component called `word`; returns its number.
    pub(crate) async fn install(&self, word: &str) -> Result<u32, Refusal> {
        let upload = Install::Adapter(Upload::Files(files(word)));
        self.install_this(upload).await
    }

    pub(crate) async fn install_this(&self, what: Install) -> Result<u32, Refusal> {
        let (caller, case) = (self.caller("inspector"), CaseBinding::default());
        let installed = self
            .exchange
            .install_adapter(&caller, "feed".to_owned(), what, case);
        Ok(installed.await?.version.expect("is shown").version)
    }

    /// Activates by an administrator; returns how many approvals are missing.
    pub(crate) async fn activate(&self, by: &str, number: u32) -> Result<u32, Refusal> {
        let (caller, case) = (self.caller(by), CaseBinding::default());
        let done = self
            .exchange
            .activate_adapter(&caller, "feed".to_owned(), number, case);
        Ok(done.await?.approvals_missing)
    }

    pub(crate) async fn canary(&self, number: u32, share: u32) -> Result<u32, Refusal> {
        let (caller, case) = (self.caller("inspector"), CaseBinding::default());
        let done = self
            .exchange
            .canary_adapter(&caller, "feed".to_owned(), number, share, case);
        Ok(done.await?.approvals_missing)
    }

    pub(crate) async fn rollback(&self) -> Result<u32, Refusal> {
        let (caller, case) = (self.caller("inspector"), CaseBinding::default());
        let done = self
            .exchange
            .rollback_adapter(&caller, "feed".to_owned(), case);
        Ok(done.await?.version.expect("is shown").version)
    }

    pub(crate) async fn retire(&self, number: u32) -> Result<(), Refusal> {
        let (caller, case) = (self.caller("inspector"), CaseBinding::default());
        let done = self
            .exchange
            .retire_adapter(&caller, "feed".to_owned(), number, case);
        done.await.map(drop)
    }

    pub(crate) async fn shadow(&self, number: u32) -> Result<proto::v1::ComparisonReport, Refusal> {
        let (caller, case) = (self.caller("inspector"), CaseBinding::default());
        let done = self
            .exchange
            .shadow_adapter(&caller, "feed".to_owned(), number, case);
        Ok(done.await?.report.expect("is there"))
    }

    pub(crate) async fn submit(&self, key: &str) -> Result<SubmitResponse, Refusal> {
        let sender = self.caller("sender");
        self.exchange
            .submit(&sender, submission(key, &["message"]), Turn::free())
            .await
    }

    /// What converted a submission: `word/configuration` of its one record.
    pub(crate) fn factor_of(&self, answer: &SubmitResponse) -> String {
        let position = answer.receipt.as_ref().expect("has a receipt").position;
        let stored = self.exchange.stored(position).expect("is stored");
        let conversion = stored.conversion(0).expect("was converted");
        match &conversion.records[0].entity {
            Some(Entity::Observation(observation)) => observation.factor.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Versions as `number role`, in order.
    pub(crate) async fn roles(&self) -> Vec<(u32, AdapterRole)> {
        let caller = self.caller("inspector");
        let listed = self.exchange.list_adapters(&caller, String::new()).await;
        let versions = listed.expect("lists").versions;
        versions
            .iter()
            .map(|version| (version.version, version.role()))
            .collect()
    }

    /// Event numbers of the log, in order.
    pub(crate) fn events(&self) -> Vec<u64> {
        let entries = self.exchange.log.reader().entries_from(0);
        entries
            .map(|entry| entry.expect("reads").decode().expect("decodes").event())
            .collect()
    }
}

/// The files of a component called `word`.
pub(crate) fn files(word: &str) -> AdapterFiles {
    AdapterFiles {
        component: word.as_bytes().to_vec().into(),
        manifest: Bytes::from_static(b"manifest"),
        configuration: Bytes::from_static(b"{}"),
        schema: Bytes::from_static(b"schema"),
    }
}
