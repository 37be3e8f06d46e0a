//! `search-case-p99` and `search-text-p99`: an auditor's question to a log of a million entries.
//!
//! A log, its index and its evidence are made without a gateway and without a sandbox: nine of ten
//! entries are packets of devices, every tenth a document with a case number and a text. What is
//! measured is the whole question: its entry, the index, reading and hashing each row again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use audit_log::{Log, LogSuite, tree};
use exchange::entry::{CaseBinding, SubmitEntry, Sums};
use exchange::ports::{AdapterIdentity, EvidenceStore, KeepError, Kept, PortFuture};
use exchange::refusal::Cause;
use exchange::working_days::WorkingDays;
use exchange::{
    CertificateName, Exchange, Follower, Limits, Parts, PeerCertificate, Policy, Rights, Role,
    SearchEntries, SearchKey, Staff,
};
use prost::Message as _;
use proto::v1::record::Entity;
use proto::v1::{
    Case, Conversion, DocumentNumber, MessageResult, Observation, Record, SubmitRequest,
    message_result,
};

use crate::report::{Report, Row};
use crate::sample::{clock, config, temporary};
use crate::settings::Settings;

/// Most entries; `--entries` makes it fewer.
const ENTRIES: u64 = 1_000_000;
/// Questions of each kind.
const QUESTIONS: usize = 200;
/// Entries a case has: documents of several agencies.
const OF_A_CASE: u64 = 5;
/// Goals in milliseconds.
const CASE_MS: f64 = 50.0;
const TEXT_MS: f64 = 200.0;

/// Texts that documents take turns with; the last word is in one of a thousand.
const TEXTS: [&str; 4] = [
    "排放口二氧化硫小时均值超标",
    "夜间无组织排放粉尘",
    "自动监测数据恒值异常",
    "危险废物贮存场所不规范",
];

/// Evidence that is made anew from its address: a million bundles need no disk.
#[derive(Default)]
struct MadeEvidence(Mutex<HashMap<[u8; 32], Bundle>>);

/// The parts of a bundle.
type Bundle = Arc<Vec<Vec<u8>>>;

impl EvidenceStore for MadeEvidence {
    fn keep(&self, _: Kept, _: Kept) -> Result<PortFuture<Result<(), Cause>>, KeepError> {
        Err(KeepError::Full)
    }

    fn get(&self, address: &[u8; 32]) -> Result<Option<Vec<Vec<u8>>>, Cause> {
        let known = self.0.lock().expect("is free").get(address).cloned();
        Ok(known.map(|parts| parts.as_ref().clone()))
    }
}

/// Measures both rows.
pub(crate) fn measure(settings: &Settings, report: &mut Report) -> anyhow::Result<()> {
    let entries = settings.entries.min(ENTRIES);
    let folder = temporary()?;
    let (log, _) = audit_log::open(
        config(&folder.path().join("log"), LogSuite::Sha256),
        clock(),
    )?;
    let evidence = Arc::new(MadeEvidence::default());
    let started = Instant::now();
    fill(&log, &evidence, entries)?;
    let index_config = index::Config {
        dir: folder.path().join("index"),
        origin: log.origin().to_owned(),
    };
    let index = Arc::new(index::SqliteIndex::open(&index_config)?);
    let exchange = exchange(&log, &evidence, &index);
    Follower::new(Arc::clone(&exchange), 20_000).catch_up(log.size(), |_, _| {})?;
    report.note("search: entries", entries as f64, "entries");
    report.note(
        "search: log and index made in",
        started.elapsed().as_secs_f64(),
        "s",
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let following = runtime.spawn(Arc::new(Follower::new(Arc::clone(&exchange), 20_000)).run());
    let cases = entries / 10 / OF_A_CASE;
    let by_case = |number: usize| SearchEntries {
        case_number: format!("包环立[2026]{}号", 1 + number as u64 * 7919 % cases),
        ..asked()
    };
    let by_text = |number: usize| SearchEntries {
        text: ["超标", "粉尘", "恒值", "危废", "稀土"][number % 5].to_owned(),
        newest_first: number.is_multiple_of(2),
        ..asked()
    };
    let case = percentiles(&runtime, &exchange, by_case)?;
    let text = percentiles(&runtime, &exchange, by_text)?;
    following.abort();
    report.note("search-case-p50", case.0, "ms");
    report.note("search-text-p50", text.0, "ms");
    report.add(vec![
        Row::new(
            "search-case-p99",
            "ms",
            "<= 1 (50 ms)",
            vec![(case.1, CASE_MS)],
        ),
        Row::new(
            "search-text-p99",
            "ms",
            "<= 1 (200 ms)",
            vec![(text.1, TEXT_MS)],
        ),
    ]);
    Ok(())
}

fn asked() -> SearchEntries {
    SearchEntries {
        page_size: 20,
        case: CaseBinding {
            purpose: "bench".to_owned(),
            ..CaseBinding::default()
        },
        ..SearchEntries::default()
    }
}

/// Median and 99th percentile of the questions, in milliseconds.
fn percentiles(
    runtime: &tokio::runtime::Runtime,
    exchange: &Arc<Exchange>,
    question: impl Fn(usize) -> SearchEntries,
) -> anyhow::Result<(f64, f64)> {
    let peer = PeerCertificate {
        sha256: [9; 32],
        uris: vec!["u:auditor".to_owned()],
    };
    let caller = exchange.recognise(&peer).map_err(anyhow::Error::new)?;
    let mut times = Vec::with_capacity(QUESTIONS);
    for number in 0..QUESTIONS {
        let ask = question(number);
        let started = Instant::now();
        let answer = runtime.block_on(exchange.search_entries(&caller, ask));
        let answer = answer.context("a question was refused")?;
        times.push(started.elapsed().as_secs_f64() * 1_000.0);
        anyhow::ensure!(!answer.rows.is_empty(), "question {number} found nothing");
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
}

fn exchange(
    log: &Log,
    evidence: &Arc<MadeEvidence>,
    index: &Arc<index::SqliteIndex>,
) -> Arc<Exchange> {
    let auditor = Staff {
        id: "auditor".to_owned(),
        role: Role::Auditor,
        certificates: vec![CertificateName::Uri("u:auditor".to_owned())],
        read: Rights::All,
        personal: Default::default(),
    };
    Exchange::build(Parts {
        log: log.clone(),
        evidence: Arc::clone(evidence) as Arc<dyn EvidenceStore>,
        index: Arc::clone(index) as Arc<dyn exchange::ports::Index>,
        receipts: None,
        proofs: None,
        vault: None,
        approvers: 1,
        policy: Policy::new(Vec::new()).with_staff(vec![auditor]),
        search_key: SearchKey::new([5; 32]),
        working_days: WorkingDays::default(),
        feeds: Vec::new(),
        adapters: Default::default(),
        limits: Limits {
            submission_bytes: 1 << 20,
            submission_messages: 100,
            in_flight_submissions: 1,
            in_flight_bytes: 1 << 20,
            page_size: 1_000,
            request_deadline: Duration::from_secs(60),
            index_wait: Duration::from_secs(30),
            workers: 1,
        },
    })
}

/// Appends submissions in the form a gateway gives them.
fn fill(log: &Log, evidence: &MadeEvidence, entries: u64) -> anyhow::Result<()> {
    let mut kept = evidence.0.lock().expect("is free");
    let mut pending = Vec::new();
    for number in 0..entries {
        let (feed, record) = match number % 10 {
            0 => ("police-case", document(number / 10)),
            _ => ("hj212", packet(number)),
        };
        let result = MessageResult {
            result: Some(message_result::Result::Converted(Conversion {
                records: vec![record],
                ..Conversion::default()
            })),
        };
        let manifest = SubmitRequest {
            feed: feed.to_owned(),
            messages: vec![proto::v1::Message::default()],
            ..SubmitRequest::default()
        };
        let results = vec![manifest.encode_to_vec(), result.encode_to_vec()];
        let root = tree::root(&results);
        kept.entry(root).or_insert_with(|| Arc::new(results));
        pending.push(log.append(entry(feed, root, number).draft())?);
        if pending.len() == 1_000 {
            let last = pending.pop().context("there is one")?;
            last.wait()?;
            pending.clear();
        }
    }
    if let Some(last) = pending.pop() {
        last.wait()?;
    }
    Ok(())
}

fn entry(feed: &str, result_root: [u8; 32], number: u64) -> SubmitEntry {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&number.to_be_bytes());
    SubmitEntry {
        agency: "city-eco".to_owned(),
        kind: "city-eco".to_owned(),
        certificate: [9; 32],
        feed: feed.to_owned(),
        adapter: AdapterIdentity {
            id: "made".to_owned(),
            version: "1.0.0".to_owned(),
            component: [1; 32],
            configuration: [2; 32],
            schema_version: "1.0.0".to_owned(),
        },
        payload_root: [3; 32],
        result_root,
        payload_bytes: 1,
        result_bytes: 1,
        sums: Sums {
            messages: 1,
            records: 1,
            findings: 0,
            quarantined: 0,
        },
        key,
        party: None,
        retry: None,
        sealed: None,
        case: CaseBinding::default(),
    }
}

/// Document `number`: five in a row are of one case.
fn document(number: u64) -> Record {
    let rare = if number.is_multiple_of(1_000) {
        "，稀土企业"
    } else {
        "，危废"
    };
    let text = TEXTS[(number % 4) as usize];
    let case = Case {
        doc_nos: vec![DocumentNumber {
            kind: "立案".to_owned(),
            number: format!("包环立〔2026〕{}号", 1 + number / OF_A_CASE),
        }],
        title: format!("{text}{rare}案第{number}件"),
        ..Case::default()
    };
    Record {
        envelope: None,
        entity: Some(Entity::Case(Box::new(case))),
    }
}

/// A packet of one of ten thousand devices.
fn packet(number: u64) -> Record {
    let observation = Observation {
        mn: format!("LGT{:021}", number % 10_000),
        factor: "a21026".to_owned(),
        ..Observation::default()
    };
    Record {
        envelope: None,
        entity: Some(Entity::Observation(observation)),
    }
}
