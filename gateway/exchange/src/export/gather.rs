//! Gathering: from places to everything that goes into a package.

use std::collections::{BTreeMap, BTreeSet};

use audit_log::{Hash, leaf_hash};
use evidence_package::Contents;
use evidence_package::contents::{MessageFile, Part, SubmissionFile};
use evidence_package::index::{LeftOut, Role};
use evidence_package::proofs::{MessagesText, PartProof};
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use proto::v1::Record;

use super::ExportEvidence;
use super::find::{Places, Wanted, not_found};
use crate::Exchange;
use crate::assemble::{self, OfMessage};
use crate::ids::{RecordId, RecordPlace};
use crate::policy::Caller;
use crate::ports::{AdapterIdentity, PackageSource, Proofs, ShownCheckpoint};
use crate::refusal::{Cause, Refusal};
use crate::stored::{Stored, bundle};

/// Most bytes of messages, results, records and components in one package.
pub(super) const MAX_BYTES: usize = 128 << 20;
/// Most records as JSON in one package.
const MAX_RECORDS: usize = 10_000;

/// A package while it is gathered.
pub(super) struct Gathering<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) reader: &'a Caller,
    pub(super) ask: &'a ExportEvidence,
    pub(super) proofs: &'a dyn Proofs,
    pub(super) source: &'a dyn PackageSource,
    pub(super) size: u64,
    pub(super) entries: BTreeMap<u64, (Role, Vec<u8>)>,
    pub(super) left_out: Vec<LeftOut>,
    pub(super) records: Vec<(String, Record)>,
    pub(super) submissions: Vec<SubmissionFile>,
    pub(super) adapters: BTreeMap<([u8; 32], [u8; 32]), String>,
    pub(super) is_masked: bool,
    bytes: usize,
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
            ask,
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
        let mut stored = exchange.stored_in(position, exchange.sight(self.reader))?;
        let payloads = exchange.salted_payloads(&stored)?;
        let results = bundle(&*exchange.evidence, &stored.entry.result_root).map_err(damaged)?;
        let found = exchange.submit_entry(position)?;
        let found = found.ok_or_else(|| not_found("submission", ""))?;
        self.entries.insert(position, (Role::Subject, found.bytes));
        self.adapter(&stored.entry.adapter);
        let payload_leaves: Vec<Hash> = payloads.iter().map(|payload| payload.leaf).collect();
        let result_leaves: Vec<Hash> = results.iter().map(|part| leaf_hash(part)).collect();
        let sees = exchange.sees_payload(self.reader, &stored.entry.agency);
        let count = payloads.len();
        let numbers: Vec<u16> = match wanted {
            Wanted::All => (0..=u16::MAX).take(count).collect(),
            Wanted::Messages(messages) => messages.keys().copied().collect(),
        };
        let none = BTreeSet::new();
        let (mut items, mut proofs) = (Vec::new(), Vec::new());
        for number in numbers {
            let index = usize::from(number);
            let (Some(payload), Some(result)) = (payloads.get(index), results.get(index + 1))
            else {
                return Err(damaged(
                    "the index names a message that is not there".into(),
                ));
            };
            let ordinals = match wanted {
                Wanted::All => &none,
                Wanted::Messages(messages) => messages.get(&number).unwrap_or(&none),
            };
            let part = |bytes: &[u8]| match sees {
                true => Part::Included(bytes.to_vec()),
                false => Part::Withheld,
            };
            let (fields, payload_part, result_part) =
                match self.sealed_fields(&mut stored, number, payload)? {
                    // Whoever may read the feed may have what is open of a result, and commitments to the rest.
                    Some((fields, payload)) => {
                        (Some(fields), payload, Part::Included(result.clone()))
                    }
                    None => (None, part(&payload.message), part(result)),
                };
            self.is_masked |= payload_part == Part::Withheld;
            self.count(size_of(&payload_part) + size_of(&result_part))?;
            // The digest of a message that is not here would let values in it be tried.
            let known = match (&fields, &payload_part) {
                (Some(_), part) if !matches!(part, Part::Included(_)) => &[][..],
                _ => &payload.message,
            };
            let records = self.records_of(&stored, number, known, ordinals)?;
            items.push(MessageFile {
                number: number.into(),
                payload: payload_part,
                result: result_part,
                fields,
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
            request: match (sees, &stored.entry.sealed) {
                (_, Some(_)) => Part::Sealed,
                (true, None) => Part::Included(stored.manifest_bytes.clone()),
                (false, None) => Part::Withheld,
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
        let count = stored
            .conversion(message)
            .map_or(0, |one| one.records.len());
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

    pub(super) fn count(&mut self, bytes: usize) -> Result<(), Refusal> {
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

    pub(super) fn leave_out(&mut self, what: &str, why: &str, why_chinese: &str) {
        self.left_out.push(LeftOut {
            what: what.to_owned(),
            why: why.to_owned(),
            why_chinese: why_chinese.to_owned(),
        });
    }
}

fn size_of(part: &Part) -> usize {
    let Part::Included(bytes) = part else {
        return 0;
    };
    bytes.len()
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
    let mut text = serde_json::to_string_pretty(&dynamic).expect("every record has a JSON form");
    text.push('\n');
    text
}
