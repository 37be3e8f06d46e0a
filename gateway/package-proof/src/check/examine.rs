//! Signatures, witnesses, receipts and time stamps: laid before the judge of logs, with what the package proves of the log.
//!
//! A package shows the log only at the sizes its proofs lead to. At those the judge compares; what is held elsewhere at
//! another size cannot be compared, and is named.

use audit_proof::{
    chain::Head,
    checkpoint::Checkpoint,
    hash::Hash,
    judge::{
        Contents, Counts, Examination, Keeper, NotAsked, Questions, Standing, Trust,
        UncheckedReason, Verdict,
    },
    key_history::KeyHistory,
    note::Note,
    policy::Policy,
    proof::verify_consistency,
    receipt::Receipt,
    suite::Suite,
};

use super::{Check, seal::Seal};
use crate::{FindingKind, KeySource, path, proofs::ConsistencyText, verdict::Gap};

/// What the judge said, and by whose keys.
pub(super) struct Examined {
    pub(super) verdict: Verdict,
    pub(super) keys: KeySource,
    pub(super) has_quorum: bool,
}

/// Lays everything before the judge.
pub(super) fn run(
    check: &mut Check<'_>,
    trust: &Trust,
    questions: &Questions,
    seal: Option<&Seal>,
) -> Examined {
    let keys = match trust.policy.is_some() || trust.key_history.is_some() {
        true => KeySource::Examiner,
        false => KeySource::Package,
    };
    let own;
    let trust = match keys {
        KeySource::Examiner => trust,
        KeySource::Package => {
            own = own_trust(check, trust);
            &own
        }
    };
    let questions = Questions {
        party: false,
        ..questions.clone()
    };
    let mut verdict = judge(check, trust, &questions);
    if let Some(seal) = seal {
        let mut examination = Examination::new(trust, Questions::default());
        examination.add_receipt(path::SEAL_RECEIPT, &seal.receipt);
        let sealed = examination.decide(None);
        verdict.failures.extend(sealed.failures);
        verdict.unchecked.extend(sealed.unchecked);
        verdict.counts.add(&sealed.counts);
    }
    if check.held.party_keys.is_some() {
        verdict.counts.statements += check.counts.statements;
        verdict.not_asked.retain(|what| *what != NotAsked::Party);
        if check.counts.statements == 0 {
            check.gaps.push(Gap::NoStatement);
        }
    }
    let has_quorum = !verdict.anchors.is_empty();
    if keys == KeySource::Package {
        // Whoever made the package could have made these keys: nobody independent vouches for anything.
        verdict.anchors.clear();
        for range in &mut verdict.ranges {
            if range.standing == Standing::Anchored {
                range.standing = Standing::Unanchored;
            }
        }
        verdict
            .unchecked
            .retain(|unchecked| unchecked.reason != UncheckedReason::NoQuorum);
        verdict.not_asked.insert(0, NotAsked::Signatures);
    }
    Examined {
        verdict,
        keys,
        has_quorum,
    }
}

/// The keys that came with the package; a policy that cannot be read is a fault of its file.
fn own_trust(check: &mut Check<'_>, trust: &Trust) -> Trust {
    let policy = check.contents(path::POLICY);
    let policy = policy.and_then(|bytes| Policy::parse(&bytes).ok());
    if policy.is_none() {
        check.find(path::POLICY, FindingKind::Changed);
    }
    let history = check.zip.member(path::KEY_HISTORY);
    let history = history.and_then(|member| member.contents().ok());
    let history = history.and_then(|bytes| String::from_utf8(bytes).ok());
    Trust {
        policy,
        key_history: history.and_then(|text| KeyHistory::parse(&text).ok()),
        stamp_roots: trust.stamp_roots.clone(),
    }
}

fn judge(check: &mut Check<'_>, trust: &Trust, questions: &Questions) -> Verdict {
    let mut examination = Examination::new(trust, questions.clone());
    if let Some(bytes) = check.contents(path::CHECKPOINT) {
        examination.add_checkpoint(path::CHECKPOINT, &bytes, Keeper::Log);
    }
    let mut heads = Heads::of(check);
    for position in check.index.receipts.clone() {
        let file = path::receipt(position);
        let Some(bytes) = check.contents(&file) else {
            continue;
        };
        match Receipt::parse(&bytes) {
            Ok(receipt) if receipt.position() == position => {
                heads.compare(check, receipt.proof().checkpoint(), true);
                examination.add_receipt(&file, &bytes);
            }
            Ok(_) => check.find_at(position, file, FindingKind::ReceiptPlace),
            Err(error) => check.find_at(position, file, FindingKind::Receipt(error)),
        }
    }
    for size in check.index.stamps.clone() {
        let (file, note_file) = (path::stamp(size), path::stamped(size));
        let (Some(token), Some(note)) = (check.contents(&file), check.contents(&note_file)) else {
            continue;
        };
        match checkpoint_of(&note).filter(|checkpoint| checkpoint.size() == size) {
            Some(checkpoint) => {
                heads.compare(check, &checkpoint, true);
                // The note's own signatures count as well.
                examination.add_checkpoint(&note_file, &note, Keeper::Log);
                if trust.stamp_roots.is_some() {
                    examination.add_stamp(&file, &token, &note_file, &note);
                }
            }
            None => check.find(note_file, FindingKind::Checkpoint),
        }
    }
    held(check, &mut examination, &mut heads);
    for old in check.index.consistency.clone() {
        if !heads.used.contains(&old) {
            // A proof that nothing needs is checked all the same: it must at least be about these sizes.
            heads.text(check, old);
        }
    }
    let contents = heads.contents(check);
    examination.decide(Some(&contents))
}

/// Takes what the examiner holds, as far as the package leads to it.
fn held(check: &mut Check<'_>, examination: &mut Examination<'_>, heads: &mut Heads) {
    let held = check.held;
    for (file, bytes) in &held.checkpoints {
        match checkpoint_of(bytes) {
            Some(checkpoint) if !heads.reaches(check, &checkpoint) => {
                check.gaps.push(Gap::NoConsistency { file: file.clone() });
            }
            Some(checkpoint) => {
                heads.compare(check, &checkpoint, false);
                examination.add_checkpoint(file, bytes, Keeper::Elsewhere);
            }
            None => examination.add_checkpoint(file, bytes, Keeper::Elsewhere),
        }
    }
    for (file, bytes) in &held.receipts {
        match Receipt::parse(bytes) {
            Ok(receipt) if !heads.reaches(check, receipt.proof().checkpoint()) => {
                check.gaps.push(Gap::NoConsistency { file: file.clone() });
            }
            Ok(receipt) => {
                heads.compare(check, receipt.proof().checkpoint(), false);
                examination.add_receipt(file, bytes);
            }
            Err(_) => examination.add_receipt(file, bytes),
        }
    }
}

fn checkpoint_of(note: &[u8]) -> Option<Checkpoint> {
    Checkpoint::parse(Note::parse(note).ok()?.text()).ok()
}

/// What the package proves of the log, size by size.
struct Heads {
    /// Sizes with the root that is proved, or with one that is not the one stated.
    roots: std::collections::BTreeMap<u64, Hash>,
    /// Sizes whose consistency proofs were used.
    used: Vec<u64>,
}

impl Heads {
    fn of(check: &Check<'_>) -> Self {
        let mut roots = std::collections::BTreeMap::new();
        // The root counts as given by the entries once one of them leads to it.
        if check.proven.values().any(|proven| *proven)
            && let Some(root) = check.root
        {
            roots.insert(check.index.size, root);
        }
        Self {
            roots,
            used: Vec::new(),
        }
    }

    /// Whether the package says anything about the tree of that checkpoint.
    fn reaches(&self, check: &Check<'_>, checkpoint: &Checkpoint) -> bool {
        let size = checkpoint.size();
        let index = check.index;
        size == 0
            || size == index.size
            || checkpoint.origin() != index.origin
            || index.consistency.contains(&size)
    }

    /// Holds the root that a checkpoint states against the proof that leads from it to the package's checkpoint.
    ///
    /// `is_own` says that the checkpoint is a file of the package; its proof is at fault then as well as itself.
    fn compare(&mut self, check: &mut Check<'_>, checkpoint: &Checkpoint, is_own: bool) {
        let (size, stated) = (checkpoint.size(), *checkpoint.root());
        if size == 0 || size >= check.index.size || checkpoint.origin() != check.index.origin {
            return;
        }
        let Some(text) = self.text(check, size) else {
            return;
        };
        let Some(root) = check.root else { return };
        let holds = verify_consistency(
            Suite::Sha256,
            size,
            &stated,
            check.index.size,
            &root,
            &text.hashes,
        );
        if holds.is_ok() {
            check.counts.consistencies += 1;
            self.roots.insert(size, stated);
        } else {
            if let (Err(cause), true) = (holds, is_own) {
                check.find(path::consistency(size), FindingKind::Proof(cause));
            }
            // The complement of what is stated: the judge finds that it differs, and says between which sizes.
            let other = stated.map(|byte| !byte);
            self.roots.entry(size).or_insert(other);
        }
    }

    fn text(&mut self, check: &mut Check<'_>, old: u64) -> Option<ConsistencyText> {
        self.used.push(old);
        let file = path::consistency(old);
        let bytes = check.contents(&file)?;
        match ConsistencyText::parse(&bytes) {
            Ok(text) if text.old == old && text.new == check.index.size => Some(text),
            Ok(_) => {
                check.find(file, FindingKind::ProofPlace);
                None
            }
            Err(error) => {
                check.find(file, FindingKind::ProofForm(error));
                None
            }
        }
    }

    /// The log as the package shows it.
    fn contents(&self, check: &Check<'_>) -> Contents {
        let proven = check.proven.keys();
        let known: Vec<_> = proven.map(|at| (*at, check.entries[at])).collect();
        let mut heads: std::collections::BTreeMap<u64, Head> = known
            .iter()
            .map(|(position, known)| {
                let head = Head {
                    size: position + 1,
                    hash: known.leaf,
                    root: [0; 32],
                    time_ns: known.time_ns,
                };
                (position + 1, head)
            })
            .collect();
        for (size, root) in &self.roots {
            // The latest time known below the size: an entry in between can only be later.
            let below = known.iter().filter(|(position, _)| position < size);
            let time_ns = below.map(|(_, known)| known.time_ns).max().unwrap_or(0);
            let head = heads.entry(*size).or_insert(Head {
                size: *size,
                hash: [0; 32],
                root: [0; 32],
                time_ns,
            });
            head.root = *root;
        }
        Contents {
            origin: Some(check.index.origin.clone()),
            size: check.index.size,
            heads: heads.into_values().collect(),
            counts: Counts {
                entries: known.len() as u64,
                ..Counts::default()
            },
            ..Contents::default()
        }
    }
}

/// The standing of each entry of the package.
pub(super) fn standings(check: &Check<'_>, verdict: &Verdict) -> Vec<(u64, Standing)> {
    let standing = |position: u64| {
        let is_wrong = check
            .findings
            .iter()
            .any(|finding| finding.position == Some(position));
        if is_wrong || !check.proven.contains_key(&position) {
            return Standing::Failed;
        }
        let range = verdict
            .ranges
            .iter()
            .find(|range| (range.from..range.to).contains(&position));
        range.map_or(Standing::Failed, |range| range.standing)
    };
    let positions = check.index.entries.iter().map(|item| item.position);
    positions.map(|at| (at, standing(at))).collect()
}
