//! What follows from what was gathered: proofs, receipts, stamps, adapters, and the contents of the package.

use std::collections::BTreeSet;

use evidence_package::Contents;
use evidence_package::contents::{AdapterFile, CheckpointFile, EntryFile, Part, StampFile};
use evidence_package::index::PackageType;
use evidence_package::proofs::{ConsistencyText, RangeText};

use super::gather::{Gathering, failed};
use super::{ExportEvidence, ExportSubject, transfer};
use crate::answer;
use crate::ports::{ShownCheckpoint, Standing};
use crate::refusal::Refusal;

/// Receipts by the position of their submission, and the sizes they state.
type Given = (Vec<(u64, String)>, BTreeSet<u64>);

impl Gathering<'_> {
    fn adapter_files(&mut self, without: bool) -> Result<Vec<AdapterFile>, Refusal> {
        let mut files = Vec::new();
        for ((component, configuration), name) in std::mem::take(&mut self.adapters) {
            let part = |bytes: Option<Vec<u8>>| bytes.map_or(Part::Unavailable, Part::Included);
            let component_bytes = match without {
                true => Part::LeftOut,
                false => part(self.kept(&component)?),
            };
            let configuration_bytes = part(self.kept(&configuration)?);
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

    /// A file of an adapter, from the registry, which keeps whatever was ever in force.
    fn kept(&self, digest: &[u8; 32]) -> Result<Option<Vec<u8>>, Refusal> {
        match &self.exchange.registry.store {
            Some(store) => store.kept(digest).map_err(failed),
            None => Ok(None),
        }
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

    pub(super) fn finish(
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
    fn receipts(&self) -> Result<Given, Refusal> {
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
        let sizes: Vec<u64> = sizes
            .into_iter()
            .filter(|size| *size <= self.size)
            .collect();
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
