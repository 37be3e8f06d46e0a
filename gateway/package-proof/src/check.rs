//! Checking a package: every file against the list, the list against the log, and everything against each other.
//!
//! In this order: container and list ([`files`]); entries and their proofs ([`entries`]); what the entries bind
//! ([`submissions`]); the seal ([`seal`]); signatures, witnesses, receipts and time stamps ([`examine`]). A fault in one
//! part never keeps another from being checked, so that every wrong file is named.

mod entries;
mod examine;
mod files;
mod seal;
mod sealed;
mod submissions;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use audit_proof::{
    hash::Hash,
    judge::{Questions, Trust, Verdict},
    party::PartyKeys,
};

use crate::{
    Finding, FindingKind, Index, KeySource, PackageVerdict, path,
    verdict::{Gap, PackageCounts, SealedMessage},
    zip::Zip,
};

/// What the examiner holds besides the package.
#[derive(Debug, Clone, Default)]
pub struct Held {
    /// Signed checkpoints: name and bytes.
    pub checkpoints: Vec<(String, Vec<u8>)>,
    /// Receipts: name and bytes.
    pub receipts: Vec<(String, Vec<u8>)>,
    /// Keys of agencies: their signatures are checked with them.
    pub party_keys: Option<PartyKeys>,
}

/// An entry of the package that is sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    leaf: Hash,
    time_ns: u64,
}

/// A check under way.
struct Check<'a> {
    zip: &'a Zip<'a>,
    index: &'a Index,
    held: &'a Held,
    findings: Vec<Finding>,
    gaps: Vec<Gap>,
    counts: PackageCounts,
    /// Entries that were read, by position, and whether something proves them.
    entries: BTreeMap<u64, Known>,
    proven: BTreeMap<u64, bool>,
    /// The checkpoint's root, once it was read.
    root: Option<Hash>,
    /// What was found of sealed values.
    sealed: Vec<SealedMessage>,
}

/// Checks a package.
///
/// Without a policy of the examiner, signatures are checked under the keys that are in the package; nothing is anchored
/// then, and the verdict says so.
#[must_use]
pub fn check(bytes: &[u8], trust: &Trust, questions: &Questions, held: &Held) -> PackageVerdict {
    let mut verdict = PackageVerdict {
        index: None,
        digest: None,
        findings: Vec::new(),
        gaps: Vec::new(),
        verdict: empty(),
        keys: KeySource::Examiner,
        has_quorum: false,
        is_sealed: false,
        standings: Vec::new(),
        counts: PackageCounts::default(),
        sealed: Vec::new(),
    };
    let zip = match Zip::read(bytes) {
        Ok(zip) => zip,
        Err(error) => {
            let finding = Finding::of("", FindingKind::Container(error));
            verdict.findings.push(finding);
            return verdict;
        }
    };
    let listed = files::check(&zip, &mut verdict);
    let Some(index) = read_index(&zip, &mut verdict) else {
        return verdict;
    };
    let mut check = Check {
        zip: &zip,
        index: &index,
        held,
        findings: Vec::new(),
        gaps: Vec::new(),
        counts: verdict.counts,
        entries: BTreeMap::new(),
        proven: BTreeMap::new(),
        root: None,
        sealed: Vec::new(),
    };
    check.names();
    check.checkpoint();
    check.entries();
    check.submissions();
    check.adapters();
    let sealed = seal::check(&mut check, listed);
    let examined = examine::run(&mut check, trust, questions, sealed.as_ref());
    verdict.is_sealed = sealed.is_some();
    verdict.standings = examine::standings(&check, &examined.verdict);
    verdict.findings.append(&mut check.findings);
    verdict.gaps.append(&mut check.gaps);
    verdict.counts = check.counts;
    verdict.sealed.append(&mut check.sealed);
    verdict.verdict = examined.verdict;
    verdict.keys = examined.keys;
    verdict.has_quorum = examined.has_quorum;
    if verdict.counts.inclusions == 0 && verdict.findings.is_empty() {
        let finding = Finding::of("", FindingKind::Nothing);
        verdict.findings.push(finding);
    }
    verdict.index = Some(index);
    dedup(&mut verdict.findings);
    verdict
}

/// Two findings of one kind about one file say nothing more than one.
fn dedup(findings: &mut Vec<Finding>) {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings.drain(..) {
        if !kept.contains(&finding) {
            kept.push(finding);
        }
    }
    *findings = kept;
}

fn read_index(zip: &Zip<'_>, verdict: &mut PackageVerdict) -> Option<Index> {
    let member = zip.member(path::INDEX);
    let member = member.filter(|member| member.size() <= crate::index::MAX_INDEX_BYTES);
    let Some(contents) = member.and_then(|member| member.contents().ok()) else {
        let finding = Finding::of(path::INDEX, FindingKind::Missing);
        verdict.findings.push(finding);
        return None;
    };
    match Index::parse(&contents) {
        Ok(index) => Some(index),
        Err(error) => {
            let finding = Finding::of(path::INDEX, FindingKind::Index(error));
            verdict.findings.push(finding);
            None
        }
    }
}

/// A verdict over nothing.
fn empty() -> Verdict {
    Verdict {
        origin: None,
        ranges: Vec::new(),
        failures: Vec::new(),
        unchecked: Vec::new(),
        not_asked: Vec::new(),
        remarks: Vec::new(),
        counts: audit_proof::judge::Counts::default(),
        held_up_to: 0,
        anchors: Vec::new(),
        newest_time_s: None,
    }
}

impl Check<'_> {
    fn find(&mut self, file: impl Into<String>, kind: FindingKind) {
        self.findings.push(Finding::of(file, kind));
    }

    fn find_at(&mut self, position: u64, file: impl Into<String>, kind: FindingKind) {
        self.findings.push(Finding::of(file, kind).at(position));
    }

    /// The contents of a file that must be there; says so when it is not.
    fn contents(&mut self, file: &str) -> Option<Vec<u8>> {
        match self.zip.member(file).map(crate::zip::Member::contents) {
            Some(Ok(contents)) => Some(contents),
            Some(Err(error)) => {
                self.find(file, FindingKind::Damaged(error));
                None
            }
            None => {
                self.find(file, FindingKind::Missing);
                None
            }
        }
    }
}
