//! `lawgate-verify archive`: checks an archive by itself, and says in words what it proves.
//!
//! What is in the files, [`audit_proof::archive`] checks; here signatures, cosignatures and time stamps are held against
//! whom the expert trusts. Three answers: passed and anchored by others, passed and vouched for by the log alone, failed.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use audit_proof::{
    archive::{ArchiveOptions, ArchiveReport, NOTE, verify_archive},
    judge::Outcome,
    kept,
    note::Note,
    policy::Policy,
    suite::Suite,
    timestamp::{Imprint, ImprintAlgorithm, TrustedRoots, verify as verify_token},
};

use crate::{evidence, node, options::ArchiveSettings};

/// What was found.
#[derive(Debug)]
pub(crate) struct Checked {
    report: ArchiveReport,
    /// What is wrong with signatures and stamps.
    failures: Vec<String>,
    /// What was asked and could not be checked.
    unchecked: Vec<String>,
    signatures: u64,
    stamps: u64,
    witnesses: Vec<String>,
    is_anchored: bool,
}

/// Checks an archive.
pub(crate) fn run(folder: &Path, settings: &ArchiveSettings) -> anyhow::Result<Checked> {
    anyhow::ensure!(folder.is_dir(), "{}: not a folder", folder.display());
    let options = ArchiveOptions {
        expected_origin: settings.origin.clone(),
        threads: settings.threads,
    };
    let mut checked = Checked {
        report: verify_archive(folder, &options),
        failures: Vec::new(),
        unchecked: Vec::new(),
        signatures: 0,
        stamps: 0,
        witnesses: Vec::new(),
        is_anchored: false,
    };
    let policy = settings.policy.as_deref().map(evidence::policy);
    match policy.transpose()? {
        None => checked
            .unchecked
            .push("who signed: no --policy was given 未给出策略，无法核验签名".to_owned()),
        Some(policy) => checked.hold_against(&policy),
    }
    if let Some(roots) = settings.tsa_roots.as_deref() {
        checked.stamps(folder, &evidence::roots(roots)?)?;
    }
    Ok(checked)
}

impl Checked {
    fn hold_against(&mut self, policy: &Policy) {
        let (Some(manifest), Some(note)) = (&self.report.manifest, &self.report.note) else {
            return;
        };
        let of_log = |key: &&_| -> bool {
            let key: &audit_proof::key::VerifierKey = key;
            key.name() == manifest.origin
        };
        let keys: Vec<_> = policy
            .logs()
            .iter()
            .map(|log| &log.key)
            .filter(of_log)
            .collect();
        match note.verify(keys) {
            Ok(verified) => self.signatures += verified.len() as u64,
            Err(error) => self.failures.push(format!("{NOTE}: {error}")),
        }
        let Some(checkpoint) = &self.report.checkpoint else {
            return;
        };
        match policy.judge(checkpoint) {
            Ok(verdict) => {
                self.is_anchored = policy.needs_witnesses() && verdict.quorum_met;
                let names = verdict.witnesses.into_iter().map(|witness| witness.name);
                self.witnesses = names.collect();
                self.signatures += 1 + self.witnesses.len() as u64;
                if !verdict.quorum_met {
                    let missing = verdict.missing.join(", ");
                    self.unchecked.push(format!(
                        "the quorum of witnesses: {missing} did not cosign 见证未达法定数"
                    ));
                }
            }
            Err(error) => self.failures.push(format!("checkpoint: {error}")),
        }
    }

    /// Checks every time stamp over its checkpoint.
    fn stamps(&mut self, folder: &Path, roots: &TrustedRoots) -> anyhow::Result<()> {
        for (token, note) in node::kept_tokens(folder)? {
            let size = token.file_stem().and_then(|stem| stem.to_str());
            let size = size.and_then(kept::size_of).unwrap_or_default();
            let is_covering = self
                .report
                .manifest
                .as_ref()
                .is_some_and(|it| it.size == size);
            let note: PathBuf = if note.exists() || !is_covering {
                note
            } else {
                folder.join(node::CHECKPOINT)
            };
            let stamped =
                Note::parse(&node::read(&note)?).with_context(|| note.display().to_string())?;
            let imprint = Imprint {
                algorithm: ImprintAlgorithm::Sha256,
                digest: Suite::Sha256.hash(stamped.text().as_bytes()),
            };
            match verify_token(&node::read(&token)?, &imprint, roots) {
                Ok(_) => self.stamps += 1,
                Err(error) => self.failures.push(format!("{}: {error}", token.display())),
            }
        }
        if self.stamps == 0 && self.failures.is_empty() {
            self.unchecked
                .push("time stamps: there is none 归档中没有时间戳".to_owned());
        }
        Ok(())
    }

    /// Whether all that was asked passed, something is wrong, or something could not be checked.
    pub(crate) fn outcome(&self) -> Outcome {
        if self.report.fault.is_some() || !self.failures.is_empty() {
            Outcome::Failed
        } else if self.unchecked.is_empty() {
            Outcome::Passed
        } else {
            Outcome::NotCheckable
        }
    }

    fn answer(&self) -> &'static str {
        match self.outcome() {
            Outcome::Failed => "FAIL 未通过",
            Outcome::NotCheckable => "NOT FULLY CHECKED 未能全部核验",
            Outcome::Passed if self.is_anchored => "PASS, anchored 通过，已由他方锚定",
            Outcome::Passed => "PASS, vouched for by the log alone 通过，仅由日志自身担保",
        }
    }

    /// The answer in words.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.answer());
        if let Some(manifest) = &self.report.manifest {
            text += &format!(
                "log 日志            {}\nentries 条目        {} to {} 共 {} 条, checked {}\ncheckpoint 检查点   {} entries\n",
                manifest.origin,
                manifest.from,
                manifest.to - 1,
                manifest.to - manifest.from,
                self.report.entries,
                manifest.size,
            );
        }
        text += &format!(
            "files 文件          {} checked, {} bytes, SHA-256 and SM3\nsignatures 签名     {}\nwitnesses 见证      {}\nstamps 时间戳       {}\ncheckpoints 留存    {}\n",
            self.report.files,
            self.report.bytes,
            self.signatures,
            if self.witnesses.is_empty() {
                "none 无".to_owned()
            } else {
                self.witnesses.join(", ")
            },
            self.stamps,
            self.report.checkpoints,
        );
        if let Some(fault) = &self.report.fault {
            text += &format!("wrong 问题: {fault}\n");
        }
        for failure in &self.failures {
            text += &format!("wrong 问题: {failure}\n");
        }
        for unchecked in &self.unchecked {
            text += &format!("not checked 未核验: {unchecked}\n");
        }
        text
    }

    /// The same for programs.
    pub(crate) fn to_json(&self) -> String {
        let manifest = self.report.manifest.as_ref();
        let fault = self.report.fault.as_ref().map(ToString::to_string);
        let failures = fault.iter().chain(&self.failures).collect::<Vec<_>>();
        serde_json::json!({
            "outcome": match self.outcome() {
                Outcome::Passed => "passed",
                Outcome::Failed => "failed",
                Outcome::NotCheckable => "not-checkable",
            },
            "anchored": self.is_anchored,
            "origin": manifest.map(|it| &it.origin),
            "from": manifest.map(|it| it.from),
            "to": manifest.map(|it| it.to),
            "size": manifest.map(|it| it.size),
            "checked": {
                "files": self.report.files,
                "bytes": self.report.bytes,
                "entries": self.report.entries,
                "checkpoints": self.report.checkpoints,
                "signatures": self.signatures,
                "stamps": self.stamps,
            },
            "witnesses": self.witnesses,
            "failures": failures,
            "unchecked": self.unchecked,
        })
        .to_string()
    }
}
