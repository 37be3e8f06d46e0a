//! Gathering: from places to everything that goes into a package.

use std::collections::{BTreeMap, BTreeSet};

use audit_log::{Hash, leaf_hash};
use evidence_package::Contents;
use evidence_package::contents::{
    AdapterFile, CheckpointFile, EntryFile, MessageFile, Part, StampFile, SubmissionFile,
};
use evidence_package::index::{LeftOut, PackageType, Role};
use evidence_package::proofs::{ConsistencyText, MessagesText, PartProof, RangeText};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::v1::Record;

use super::find::{Places, Wanted, not_found};
use super::{ExportEvidence, ExportSubject, transfer};
use crate::assemble::{self, OfMessage};
use crate::ids::{RecordId, RecordPlace};
use crate::policy::Caller;
use crate::ports::{AdapterIdentity, PackageSource, Proofs, ShownCheckpoint, Standing};
use crate::refusal::{Cause, Refusal};
use crate::stored::{Stored, bundle};
use crate::{Exchange, answer};

/// Most bytes of messages, results, records and components in one package.
pub(super) const MAX_BYTES: usize = 256 << 20;
/// Most records as JSON in one package.
const MAX_RECORDS: usize = 10_000;

/// A package while it is gathered.
pub(super) struct Gathering<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) reader: &'a Caller,
    pub(super) proofs: &'a dyn Proofs,
    pub(super) source: &'a dyn PackageSource,
    pub(super) size: u64,
    pub(super) entries: BTreeMap<u64, (Role, Vec<u8>)>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) records: Vec<(String, Record)>,
    submissions: Vec<SubmissionFile>,
    adapters: BTreeMap<([u8; 32], [u8; 32]), String>,
    bytes: usize,
    is_masked: bool,
}

impl Exchange {
    /// Gathers everything of the subject that the reader may see.
    pub(super) fn gather(
        &self,
        reader: &Caller,
        ask: &ExportEvidence,
        query: u64,
        checkpoint: ShownCheckpoint,
        source: &dyn PackageSource,
    ) -> Result<Contents, Refusal> {
        let mut gathering = Gathering {
            exchange: self,
            reader,
            proofs: self.proofs()?,
            source,
            size: checkpoint.size,
            entries: BTreeMap::new(),
            left_out: Vec::new(),
            records: Vec::new(),
            submissions: Vec::new(),
            adapters: BTreeMap::new(),
            bytes: 0,
            is_masked: false,
        };
        let places = self.places(reader, &ask.subject)?;
        gathering.take_submissions(&places)?;
        gathering.around(ask, query, &places)?;
        let query_time = self.time_of(query)?;
        gathering.finish(ask, query, query_time, checkpoint)
    }

    fn time_of(&self, position: u64) -> Result<u64, Refusal> {
        let damaged = |cause: Cause| Refusal::Damaged { position, cause };
        let stored = self.log.reader().entry(position);
        let stored = stored.map_err(|error| damaged(error.into()))?;
        let stored = stored.ok_or_else(|| damaged("the entry is not there".into()))?;
        let entry = stored.decode().map_err(|error| damaged(error.into()))?;
        Ok(entry.time_ns())
    }
}

impl Gathering<'_> {
    fn take_submissions(&mut self, places: &Places) -> Result<(), Refusal> {
        for (position, wanted) in places {
            if *position >= self.size {
                return Err(Refusal::NotPublished {
                    size: position + 1,
                    published: self.size,
                });
            }
            self.submission(*position, wanted)?;
        }
        Ok(())
    }

    fn submission(&mut self, position: u64, wanted: &Wanted) -> Result<(), Refusal> {
        let damaged = |cause: Cause| Refusal::Damaged { position, cause };
        let exchange = self.exchange;
        let stored = exchange.stored(position)?;
        let payloads = exchange.payloads(&stored)?;
        let results = bundle(&*exchange.evidence, &stored.entry.result_root).map_err(damaged)?;
        let found = exchange.submit_entry(position)?;
        let found = found.ok_or_else(|| not_found("submission", ""))?;
        self.entries.insert(position, (Role::Subject, found.bytes));
        self.adapter(&stored.entry.adapter);
        let leaves = |parts: &[Vec<u8>]| parts.iter().map(|part| leaf_hash(part)).collect();
        let (payload_leaves, result_leaves): (Vec<Hash>, Vec<Hash>) =
            (leaves(&payloads), leaves(&results));
        let sees = exchange.sees_payload(self.reader, &stored.entry.agency);
        self.is_masked |= !sees;
        let count = payloads.len();
        let numbers: Vec<u16> = match wanted {
            Wanted::All => (0..=u16::MAX).take(count).collect(),
            Wanted::Messages(messages) => messages.keys().copied().collect(),
        };
        let none = BTreeSet::new();
        let (mut items, mut proofs) = (Vec::new(), Vec::new());
        for number in numbers {
            let index = usize::from(number);
            let (Some(payload), Some(result)) = (payloads.get(index), results.get(index + 1)) else {
                return Err(damaged("the index names a message that is not there".into()));
            };
            let ordinals = match wanted {
                Wanted::All => &none,
                Wanted::Messages(messages) => messages.get(&number).unwrap_or(&none),
            };
            let part = |bytes: &[u8]| match sees {
                true => Part::Included(bytes.to_vec()),
                false => Part::Withheld,
            };
            self.count(match sees {
                true => payload.len() + result.len(),
                false => 0,
            })?;
            let records = self.records_of(&stored, number, payload, ordinals)?;
            items.push(MessageFile {
                number: number.into(),
                payload: part(payload),
                result: part(result),
                records,
            });
            proofs.push((
                u32::from(number),
                proof_of(&payload_leaves, index).map_err(damaged)?,
                proof_of(&result_leaves, index + 1).map_err(damaged)?,
            ));
        }
        self.submissions.push(SubmissionFile {
            position,
            id: RecordId::of_submission(stored.time_ns, position).to_string(),
            request: match sees {
                true => Part::Included(stored.manifest_bytes.clone()),
                false => Part::Withheld,
            },
            proofs: MessagesText {
                count: u32::try_from(count).unwrap_or(u32::MAX),
                request: proof_of(&result_leaves, 0).map_err(damaged)?,
                messages: proofs,
            },
            items,
        });
        Ok(())
    }

    /// The records of a message that belong to the subject, as the reader may see them.
    fn records_of(
        &mut self,
        stored: &Stored,
        message: u16,
        payload: &[u8],
        ordinals: &BTreeSet<u16>,
    ) -> Result<Vec<(String, String)>, Refusal> {
        let clearance = self.exchange.clearance(self.reader);
        let Some(shared) = OfMessage::new(stored, message, payload, &clearance) else {
            return Ok(Vec::new());
        };
        let count = stored.conversion(message).map_or(0, |one| one.records.len());
        let mut found = Vec::new();
        for ordinal in (0..=u16::MAX).take(count) {
            if !ordinals.is_empty() && !ordinals.contains(&ordinal) {
                continue;
            }
            let place = RecordPlace {
                position: stored.position,
                message,
                ordinal,
            };
            let Some(record) = assemble::record(stored, place, &shared) else {
                continue;
            };
            if self.records.len() >= MAX_RECORDS {
                return Err(Refusal::PackageTooLarge {
                    limit: MAX_RECORDS,
                    unit: "records",
                });
            }
            self.is_masked |= clearance.hides_of(&record);
            let record = clearance.mask(record);
            let id = RecordId::new(stored.time_ns, place).to_string();
            let json = json(&record);
            self.count(json.len())?;
            found.push((id.clone(), json));
            self.records.push((id, record));
        }
        Ok(found)
    }

    fn count(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.bytes = self.bytes.saturating_add(bytes);
        match self.bytes > MAX_BYTES {
            true => Err(Refusal::PackageTooLarge {
                limit: MAX_BYTES,
                unit: "bytes",
            }),
            false => Ok(()),
        }
    }

    fn adapter(&mut self, adapter: &AdapterIdentity) {
        let name = format!("{}@{}", adapter.id, adapter.version);
        self.adapters
            .insert((adapter.component, adapter.configuration), name);
    }

    /// Whether a submission of the package was made with that adapter.
    pub(super) fn uses(&self, component: &[u8], configuration: &[u8]) -> bool {
        let mut used = self.adapters.keys();
        used.any(|(one, other)| one == component && other == configuration)
    }

    fn adapter_files(&mut self, without: bool) -> Result<Vec<AdapterFile>, Refusal> {
        let mut files = Vec::new();
        for ((component, configuration), name) in std::mem::take(&mut self.adapters) {
            let part = |bytes: Option<Vec<u8>>| bytes.map_or(Part::Unavailable, Part::Included);
            let component_bytes = match without {
                true => Part::LeftOut,
                false => part(self.source.component(&component).map_err(failed)?),
            };
            let configuration_bytes = part(self.source.configuration(&configuration).map_err(failed)?);
            for part in [&component_bytes, &configuration_bytes] {
                if let Part::Included(bytes) = part {
                    self.count(bytes.len())?;
                }
            }
            if component_bytes == Part::Unavailable {
                self.leave_out(
                    &format!("component of {name}"),
                    "the node does not have this version any more; its digest is named",
                    "本节点已不再保有该版本适配器，仅载明其摘要",
                );
            }
            files.push(AdapterFile {
                name,
                component,
                component_bytes,
                configuration,
                configuration_bytes,
            });
        }
        Ok(files)
    }

    pub(super) fn leave_out(&mut self, what: &str, why: &str, why_chinese: &str) {
        self.left_out.push(LeftOut {
            what: what.to_owned(),
            why: why.to_owned(),
            why_chinese: why_chinese.to_owned(),
        });
    }

    fn range(&self, subject: &ExportSubject) -> Result<Option<RangeText>, Refusal> {
        let ExportSubject::Range(from, to) = subject else {
            return Ok(None);
        };
        if *to > self.size {
            return Err(Refusal::NotPublished {
                size: *to,
                published: self.size,
            });
        }
        let range = self.proofs.range(*from, *to, self.size).map_err(failed)?;
        Ok(Some(RangeText {
            from: *from,
            size: self.size,
            leaves: range.leaf_hashes,
            proof: audit_log::proof::RangeProof {
                left: range.left,
                right: range.right,
            },
        }))
    }

    fn entry_files(&mut self, range: Option<&RangeText>) -> Result<Vec<EntryFile>, Refusal> {
        let covered = range.map_or(0..0, |range| {
            range.from..range.from + range.leaves.len() as u64
        });
        let entries = std::mem::take(&mut self.entries).into_iter();
        entries
            .map(|(position, (role, bytes))| {
                let proof = match covered.contains(&position) {
                    true => None,
                    false => {
                        let proof = self.proofs.inclusion(position, self.size);
                        Some(proof.map_err(failed)?.hashes)
                    }
                };
                Ok(EntryFile {
                    position,
                    role,
                    bytes,
                    proof,
                })
            })
            .collect()
    }

    fn finish(
        mut self,
        ask: &ExportEvidence,
        query: u64,
        query_time: u64,
        checkpoint: ShownCheckpoint,
    ) -> Result<Contents, Refusal> {
        let (receipts, receipt_sizes) = self.receipts()?;
        let stamps = self.stamps()?;
        let mut older: BTreeSet<u64> = receipt_sizes;
        older.extend(stamps.iter().map(|stamp| stamp.size));
        older.retain(|size| *size < self.size);
        let consistency = older.into_iter().map(|old| {
            Ok(ConsistencyText {
                old,
                new: self.size,
                hashes: self.proofs.consistency(old, self.size).map_err(failed)?,
            })
        });
        let consistency = consistency.collect::<Result<Vec<_>, Refusal>>()?;
        let range = self.range(&ask.subject)?;
        let entries = self.entry_files(range.as_ref())?;
        let adapters = self.adapter_files(ask.without_components)?;
        let transfer = ask.is_transfer.then(|| transfer::of(&self.records));
        let is_case = matches!(ask.subject, ExportSubject::Case(_));
        if is_case {
            self.leave_out(
                "completeness 完整性",
                "the records were found by the index of case numbers; that there are no others is not proved, a package of \
                 a range proves it",
                "记录系按案号索引查得；本包不证明别无其他记录，区间包可以证明",
            );
        }
        if ask.without_components {
            self.leave_out(
                "components 适配器程序",
                "asked for without them; their digests are named",
                "按要求未收入，仅载明其摘要",
            );
        }
        Ok(Contents {
            kind: match &ask.subject {
                ExportSubject::Case(_) if ask.is_transfer => PackageType::Transfer,
                ExportSubject::Case(_) => PackageType::Case,
                ExportSubject::Submission(_) => PackageType::Submission,
                ExportSubject::Record(_) => PackageType::Record,
                ExportSubject::Range(..) => PackageType::Range,
            },
            subject: ask.subject.words(),
            origin: self.exchange.log.origin().to_owned(),
            query,
            made_at: answer::date_time(query_time).text,
            software: self.source.software(),
            agency: self.reader.agency.clone(),
            purpose: purpose(ask),
            is_masked: self.is_masked,
            checkpoint: CheckpointFile {
                note: checkpoint.note,
                size: checkpoint.size,
                is_final: checkpoint.standing == Standing::Final,
                witnesses: checkpoint.witnesses,
            },
            policy: self.source.policy().map_err(failed)?,
            key_history: self.source.key_history().map_err(failed)?,
            entries,
            range,
            submissions: self.submissions,
            adapters,
            receipts,
            consistency,
            stamps,
            transfer,
            left_out: self.left_out,
        })
    }

    /// The receipts of the submissions, made again as their senders got them, and the sizes they state.
    fn receipts(&self) -> Result<(Vec<(u64, String)>, BTreeSet<u64>), Refusal> {
        let Some(port) = &self.exchange.receipts else {
            return Ok((Vec::new(), BTreeSet::new()));
        };
        let (mut receipts, mut sizes) = (Vec::new(), BTreeSet::new());
        for submission in &self.submissions {
            let text = port.receipt_again(submission.position).map_err(failed)?;
            let size = tree_size(&text).ok_or_else(|| failed("a receipt states no size".into()))?;
            // One that was given after the checkpoint cannot be held against it.
            if size <= self.size {
                sizes.insert(size);
                receipts.push((submission.position, text));
            }
        }
        Ok((receipts, sizes))
    }

    /// For each submission the last stamp before its entry and the first behind it: between them it was made.
    fn stamps(&mut self) -> Result<Vec<StampFile>, Refusal> {
        let sizes = self.source.stamps().map_err(failed)?;
        let sizes: Vec<u64> = sizes.into_iter().filter(|size| *size <= self.size).collect();
        let mut wanted = BTreeSet::new();
        let mut is_bare = false;
        for submission in &self.submissions {
            let place = sizes.partition_point(|size| *size <= submission.position);
            wanted.extend(place.checked_sub(1).map(|before| sizes[before]));
            wanted.extend(sizes.get(place).copied());
            is_bare |= place == sizes.len();
        }
        if is_bare {
            self.leave_out(
                "stamps/ 可信时间戳",
                "no authority has stamped a checkpoint that covers every entry yet",
                "尚无覆盖全部条目的可信时间戳",
            );
        }
        let mut stamps = Vec::new();
        for size in wanted {
            let stamp = self.source.stamp(size).map_err(failed)?;
            stamps.extend(stamp.map(|stamp| StampFile {
                size,
                note: stamp.note,
                token: stamp.token,
            }));
        }
        Ok(stamps)
    }
}

/// Purpose and legal basis, as the reader stated them.
fn purpose(ask: &ExportEvidence) -> String {
    let stated = [
        &ask.case.case_number,
        &ask.case.purpose,
        &ask.case.legal_basis,
    ];
    let stated = stated.into_iter().filter(|text| !text.is_empty());
    stated.cloned().collect::<Vec<_>>().join("; ")
}

/// The size that the tree head of a receipt states: the second line behind the empty one.
fn tree_size(receipt: &str) -> Option<u64> {
    let (_, head) = receipt.split_once("\n\n")?;
    head.split('\n').nth(1)?.parse().ok()
}

fn proof_of(leaves: &[Hash], index: usize) -> Result<PartProof, Cause> {
    let path = audit_log::proof::message_path(leaves, index as u64)?;
    let leaf = leaves.get(index).ok_or("the part is not there")?;
    Ok(PartProof { leaf: *leaf, path })
}

pub(super) fn failed(cause: Cause) -> Refusal {
    Refusal::ProofFailed { cause }
}

/// A record as canonical proto3 JSON, for people.
fn json(record: &Record) -> String {
    static POOL: std::sync::LazyLock<DescriptorPool> = std::sync::LazyLock::new(|| {
        DescriptorPool::decode(proto::DESCRIPTOR_SET)
            .expect("the descriptor set is generated from proto/")
    });
    let descriptor = POOL
        .get_message_by_name("lawgate.v1.Record")
        .expect("record.proto defines it");
    let dynamic = DynamicMessage::decode(descriptor, record.encode_to_vec().as_slice())
        .expect("the descriptors and the generated types are of one version");
    let mut text =
        serde_json::to_string_pretty(&dynamic).expect("every record has a JSON form");
    text.push('\n');
    text
}
