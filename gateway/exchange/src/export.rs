//! Exporting an evidence package (证据包): a reading that ends in a file.
//!
//! In this order: the entry that says who exports what and why, durable; the index and a checkpoint that have reached it;
//! everything that belongs to the subject, masked as any reading; the list of the files; the entry that states its digest,
//! durable; the log's receipt for that entry; the file. No entry, no file.

mod around;
mod find;
mod finish;
mod gather;
mod sealed;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use audit_log::Appended;
use evidence_package::{Composed, Seal, compose};

use crate::entry::{self, CaseBinding};
use crate::policy::Caller;
use crate::ports::{PackageSource, ShownCheckpoint, Standing};
use crate::refusal::{Cause, Refusal};
use crate::submit::run_blocking;
use crate::{Exchange, admit};

/// What a package is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportSubject {
    /// Everything with this case or document number.
    Case(String),
    /// A submission by its identity.
    Submission(String),
    /// A record by its identity.
    Record(String),
    /// A run of entries: the first, and the one behind the last.
    Range(u64, u64),
}

/// What is asked of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportEvidence {
    /// What the package is about.
    pub subject: ExportSubject,
    /// Whether it is to be a package of a transfer (移送).
    pub is_transfer: bool,
    /// Whether the components of adapters are left out.
    pub without_components: bool,
    /// Sealed values to disclose: paths from the record on, `*` for all; none but of classes that the reader may see.
    pub disclose: Vec<String>,
    /// Whether sealed messages are disclosed whole, to whoever may see them.
    pub with_payloads: bool,
    /// Case and purpose the export is for.
    pub case: CaseBinding,
}

/// A package, as it is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedPackage {
    /// The file.
    pub bytes: Vec<u8>,
    /// SHA-256 of its list: the digest of the package.
    pub digest: [u8; 32],
    /// Position of the entry written before anything was read.
    pub query: u64,
    /// Position of the entry that states the digest.
    pub seal: u64,
    /// Size of the checkpoint.
    pub size: u64,
    /// Whether a quorum of witnesses had cosigned it.
    pub is_final: bool,
    /// Entries in it.
    pub entries: u64,
    /// Records in it.
    pub records: u64,
    /// Whether anything was masked or withheld.
    pub is_masked: bool,
}

/// Name of the method in entries.
const METHOD: &str = "ExportPackage";

/// How long an export waits for the checkpoint that covers its entry, and then for its cosignatures.
const CHECKPOINT_WAIT: Duration = Duration::from_secs(10);
/// How long it waits for cosignatures alone, once there is a checkpoint.
const QUORUM_WAIT: Duration = Duration::from_secs(2);
/// How often it looks for the checkpoint: it is published on its own, once a second or so.
const CHECKPOINT_LOOK: Duration = Duration::from_millis(50);

/// What was gathered: the package without its seal, and what is said of it.
struct Gathered {
    composed: Composed,
    entries: u64,
    records: u64,
    size: u64,
    is_final: bool,
}

impl Exchange {
    /// Lets evidence packages be exported from now on; the first source that is given counts.
    pub fn offer_packages(&self, source: Arc<dyn PackageSource>) {
        let _ = self.packages.set(source);
    }

    /// Makes an evidence package of what `caller` may read.
    ///
    /// # Errors
    /// As every reading; [`Refusal::ProofsNotOffered`], [`Refusal::NotPublished`] and [`Refusal::PackageTooLarge`] besides.
    pub async fn export_evidence(
        self: &Arc<Self>,
        caller: &Caller,
        ask: ExportEvidence,
    ) -> Result<ExportedPackage, Refusal> {
        let read = async {
            let source = self.packages.get().ok_or(Refusal::ProofsNotOffered)?;
            self.proofs()?;
            check(&ask)?;
            let canonical = ask.canonical();
            let query = self
                .log_query(caller, METHOD, "", &canonical, &ask.case)
                .await?;
            if matches!(ask.subject, ExportSubject::Case(_)) {
                self.wait_for_index(query).await?;
            }
            let checkpoint = self.covering(query).await?;
            let (exchange, reader) = (Arc::clone(self), caller.clone());
            let (asked, files) = (ask.clone(), Arc::clone(source));
            let work = move || exchange.gathered(&reader, &asked, query, checkpoint, &*files);
            let gathered = self.read_blocking(caller, work).await?;
            self.sealed(caller, query, gathered).await
        };
        self.reading(caller, METHOD, "", read).await
    }

    fn gathered(
        &self,
        reader: &Caller,
        ask: &ExportEvidence,
        query: u64,
        checkpoint: ShownCheckpoint,
        source: &dyn PackageSource,
    ) -> Result<Gathered, Refusal> {
        let contents = self.gather(reader, ask, query, checkpoint, source)?;
        let font = source.font();
        let composed = compose(&contents, font.as_deref()).map_err(|error| {
            if matches!(error, evidence_package::ComposeError::TooLarge) {
                return Refusal::PackageTooLarge {
                    limit: gather::MAX_BYTES,
                    unit: "bytes",
                };
            }
            Refusal::ProofFailed {
                cause: error.into(),
            }
        })?;
        let items = contents.submissions.iter().flat_map(|one| &one.items);
        Ok(Gathered {
            composed,
            entries: contents.entries.len() as u64,
            records: items.map(|item| item.records.len() as u64).sum(),
            size: contents.checkpoint.size,
            is_final: contents.checkpoint.is_final,
        })
    }

    /// Writes the entry that states the digest, and puts it into the package with the log's receipt for it.
    async fn sealed(
        self: &Arc<Self>,
        caller: &Caller,
        query: u64,
        gathered: Gathered,
    ) -> Result<ExportedPackage, Refusal> {
        let digest = gathered.composed.digest();
        let draft = entry::query_result(caller, query, gathered.composed.files(), &digest);
        let pending = self
            .log
            .append(draft)
            .map_err(|error| self.log_failed(error))?;
        let appended = pending.await.map_err(|error| self.log_failed(error))?;
        let seal = appended.position;
        let exchange = Arc::clone(self);
        let is_masked = gathered.composed.is_masked();
        let Gathered {
            composed,
            entries,
            records,
            size,
            is_final,
        } = gathered;
        let bytes = run_blocking(move || {
            let sealing = exchange.seal(&appended)?;
            composed
                .seal(sealing)
                .map_err(|_| Refusal::PackageTooLarge {
                    limit: gather::MAX_BYTES,
                    unit: "bytes",
                })
        })
        .await?;
        Ok(ExportedPackage {
            bytes,
            digest,
            query,
            seal,
            size,
            is_final,
            entries,
            records,
            is_masked,
        })
    }

    /// The seal; none on a node that signs no receipts, and the package says so by its absence.
    fn seal(&self, appended: &Appended) -> Result<Option<Seal>, Refusal> {
        let Some(receipts) = &self.receipts else {
            return Ok(None);
        };
        let position = appended.position;
        let damaged = |cause: Cause| Refusal::Damaged { position, cause };
        let stored = self.log.reader().entry(position);
        let stored = stored.map_err(|error| damaged(error.into()))?;
        let stored = stored.ok_or_else(|| damaged("the entry is not there".into()))?;
        let receipt = receipts.receipt(appended);
        Ok(Some(Seal {
            entry: stored.bytes,
            receipt: receipt.map_err(|cause| Refusal::ProofFailed { cause })?,
        }))
    }

    /// Waits for a checkpoint that covers the entry at `position`, and a little longer for its witnesses.
    async fn covering(self: &Arc<Self>, position: u64) -> Result<ShownCheckpoint, Refusal> {
        let covered = |shown: &ShownCheckpoint| shown.size > position;
        let wait = CHECKPOINT_WAIT.min(self.limits.request_deadline / 2);
        let Some(first) = self.shown(wait, covered).await? else {
            return Err(Refusal::NotPublished {
                size: position.saturating_add(1),
                published: 0,
            });
        };
        // Without witnesses, or with all of them there, nothing more will come.
        let is_all = |shown: &ShownCheckpoint| {
            covered(shown) && (shown.standing == Standing::Final || shown.missing.is_empty())
        };
        if is_all(&first) {
            return Ok(first);
        }
        Ok(self.shown(QUORUM_WAIT, is_all).await?.unwrap_or(first))
    }

    /// The newest checkpoint as soon as it is as wanted; `None` when it was not within `wait`.
    async fn shown(
        self: &Arc<Self>,
        wait: Duration,
        is_wanted: impl Fn(&ShownCheckpoint) -> bool,
    ) -> Result<Option<ShownCheckpoint>, Refusal> {
        let look = async {
            loop {
                let exchange = Arc::clone(self);
                let newest = run_blocking(move || {
                    let newest = exchange.proofs()?.checkpoint();
                    newest.map_err(|cause| Refusal::ProofFailed { cause })
                });
                if let Some(shown) = newest.await?.filter(|shown| is_wanted(shown)) {
                    return Ok(shown);
                }
                tokio::time::sleep(CHECKPOINT_LOOK).await;
            }
        };
        tokio::time::timeout(wait, look).await.ok().transpose()
    }
}

fn check(ask: &ExportEvidence) -> Result<(), Refusal> {
    admit::check_case(&ask.case)?;
    let malformed = |field, expected: &str| Refusal::Malformed {
        field,
        expected: expected.to_owned(),
    };
    match &ask.subject {
        ExportSubject::Range(from, to) => {
            let most = from.saturating_add(crate::MAX_RANGE);
            if from >= to || *to > most {
                return Err(malformed(
                    "range",
                    "expected at least 1 and at most 4096 entries",
                ));
            }
        }
        ExportSubject::Case(text)
        | ExportSubject::Submission(text)
        | ExportSubject::Record(text) => {
            if text.is_empty() || text.chars().count() > 256 {
                return Err(malformed("subject", "expected 1 to 256 characters"));
            }
        }
    }
    if ask.disclose.len() > sealed::MAX_DISCLOSED
        || !ask.disclose.iter().all(|it| sealed::is_path(it))
    {
        return Err(malformed(
            "disclose",
            "expected at most 256 paths of fields, for example case_transfer.suspects[0].name",
        ));
    }
    if ask.is_transfer && !matches!(ask.subject, ExportSubject::Case(_)) {
        return Err(malformed("kind", "a transfer is of a case"));
    }
    Ok(())
}

impl ExportEvidence {
    /// The question in one fixed form, for the audit entry.
    fn canonical(&self) -> String {
        let kind = match self.is_transfer {
            true => " type=transfer",
            false => "",
        };
        let without = match self.without_components {
            true => " without-components",
            false => "",
        };
        let payloads = match self.with_payloads {
            true => " with-payloads",
            false => "",
        };
        let disclose = match self.disclose.is_empty() {
            true => String::new(),
            false => format!(" disclose={}", self.disclose.join(",")),
        };
        format!(
            "{}{kind}{without}{payloads}{disclose}",
            self.subject.canonical()
        )
    }
}

impl ExportSubject {
    fn canonical(&self) -> String {
        match self {
            Self::Case(number) => format!("case={number:?}"),
            Self::Submission(id) => format!("submission={id:?}"),
            Self::Record(id) => format!("record={id:?}"),
            Self::Range(from, to) => format!("range={from}..{to}"),
        }
    }

    /// In the words of the index of a package.
    fn words(&self) -> String {
        match self {
            Self::Case(text) | Self::Submission(text) | Self::Record(text) => text.clone(),
            Self::Range(from, to) => format!("{from}..{to}"),
        }
    }
}
