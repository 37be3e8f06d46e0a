//! The nine verifiers: each trusts what the one before trusts, and somebody more.
//!
//! A column is a list of what is held against the log. Everything from the signed head on is decided by
//! [`audit_proof::judge`]; the two first columns are what there is without anybody's word.

use std::{fs, path::Path, time::Duration};

use anyhow::Result;
use audit_proof::{
    Entry, Options, Report,
    checkpoint::Checkpoint,
    judge::{
        Contents, Counts, Examination, Failure, FreshnessQuestion, Keeper, Outcome, Questions,
        Trust, Verdict,
    },
    kept,
    key_history::KeyHistory,
    mirror::{self, MirrorOptions},
    note::Note,
    party::PartyKeys,
    policy::Policy,
    second_pass::{self, Wanted},
    segment,
    suite::Suite,
    timestamp::TrustedRoots,
    verify,
};

use crate::{
    files,
    gateway::{Case, World},
    keys::ORIGIN,
    rewrite::{frames, segments},
};

/// How old what witnesses say may be, in seconds.
pub const MAX_AGE_S: u64 = 120;

/// How long after its checkpoint a time stamp is made at most, in seconds.
pub const STAMP_DELAY_S: u64 = 60;

/// A verifier, by what it trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The entries are entries.
    Rows,
    /// They link to each other, and the segments follow from them.
    Chain,
    /// And give the head that the log signed and keeps.
    Head,
    /// And the checkpoint of an old export.
    Export,
    /// And what two of three witnesses cosigned, which is recent.
    Witness,
    /// And what was stamped, in its time.
    Stamp,
    /// And honour the receipts that agencies hold.
    Receipt,
    /// And every submission is signed and counted by its agency.
    Party,
    /// And everything published is right, by three programs.
    Full,
}

/// All columns, in their order.
pub const COLUMNS: [Column; 9] = [
    Column::Rows,
    Column::Chain,
    Column::Head,
    Column::Export,
    Column::Witness,
    Column::Stamp,
    Column::Receipt,
    Column::Party,
    Column::Full,
];

/// What a verifier said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Whether everything asked was checked and passed, something is wrong, or something could not be checked.
    pub outcome: Outcome,
    /// The first thing wrong, or what could not be checked; empty when all passed.
    pub reason: String,
}

impl Column {
    /// Returns its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Chain => "chain",
            Self::Head => "head",
            Self::Export => "export",
            Self::Witness => "witness",
            Self::Stamp => "stamp",
            Self::Receipt => "receipt",
            Self::Party => "party",
            Self::Full => "full",
        }
    }

    /// Runs the verifier on the files of a case.
    ///
    /// # Errors
    /// When a file of the examiner's own cannot be read; what is wrong with the log is a finding.
    pub fn examine(self, world: &World, case: &Case) -> Result<Finding> {
        match self {
            Self::Rows => rows(&case.audit()),
            Self::Chain => Ok(chain(&case.audit())),
            Self::Head
            | Self::Export
            | Self::Witness
            | Self::Stamp
            | Self::Receipt
            | Self::Party
            | Self::Full => Ok(finding(&self.judge(world, case, self == Self::Full)?)),
        }
    }

    fn judge(self, world: &World, case: &Case, with_tiles: bool) -> Result<Verdict> {
        let trust = self.trust(world)?;
        let mut examination = Examination::new(&trust, self.questions(case.examined_s));
        self.take(&mut examination, case)?;
        let party_keys = fs::read_to_string(world.folder.join("party-keys"))?;
        let party_keys = PartyKeys::parse(&party_keys)?;
        let party_keys = (self >= Self::Party).then_some(&party_keys);
        let mut contents = contents(&case.audit(), &examination, party_keys);
        if with_tiles {
            contents.faults_beside.extend(published(&case.tiles())?);
        }
        Ok(examination.decide(Some(&contents)))
    }

    fn trust(self, world: &World) -> Result<Trust> {
        let policy = if self >= Self::Witness {
            "policy"
        } else {
            "policy-without-witnesses"
        };
        let policy = fs::read(world.folder.join(policy))?;
        let history = fs::read_to_string(world.folder.join("keys"))?;
        let root = fs::read(world.authority.root())?;
        let (_, root) = pem_rfc7468::decode_vec(&root)
            .map_err(|error| anyhow::anyhow!("the root of the authority: {error}"))?;
        Ok(Trust {
            policy: Some(Policy::parse(&policy)?),
            key_history: (self == Self::Full)
                .then(|| KeyHistory::parse(&history))
                .transpose()?,
            stamp_roots: (self >= Self::Stamp)
                .then(|| TrustedRoots::new(vec![root]))
                .transpose()?,
        })
    }

    fn questions(self, now_s: u64) -> Questions {
        Questions {
            freshness: (self >= Self::Witness).then_some(FreshnessQuestion {
                now_s,
                max_age: Duration::from_secs(MAX_AGE_S),
            }),
            stamp_delay: (self >= Self::Stamp).then_some(Duration::from_secs(STAMP_DELAY_S)),
            receipts: self >= Self::Receipt,
            stamps: self >= Self::Stamp,
            party: self >= Self::Party,
            ..Questions::default()
        }
    }

    /// Takes what this verifier holds against the log.
    fn take(self, examination: &mut Examination<'_>, case: &Case) -> Result<()> {
        let mut checkpoint = |path: &Path, keeper| -> Result<()> {
            let name = path.strip_prefix(&case.folder).unwrap_or(path);
            examination.add_checkpoint(&name.display().to_string(), &fs::read(path)?, keeper);
            Ok(())
        };
        checkpoint(&case.audit().join("signed/checkpoint"), Keeper::Log)?;
        if self >= Self::Export {
            checkpoint(&case.held().join("export"), Keeper::Elsewhere)?;
        }
        if self >= Self::Witness {
            checkpoint(&case.tiles().join("checkpoint"), Keeper::Log)?;
            for (_, kept) in kept::list(&case.tiles())? {
                checkpoint(&kept, Keeper::Log)?;
            }
            for witnessed in files::list(&case.held().join("witnessed"))? {
                checkpoint(&witnessed, Keeper::Elsewhere)?;
            }
        }
        if self >= Self::Stamp {
            for token in files::list(&case.tiles().join("tokens"))? {
                let size = token.file_stem().and_then(|stem| stem.to_str());
                let size = size.and_then(kept::size_of).unwrap_or_default();
                let note = kept::find(&case.tiles(), size);
                let names = (token.display().to_string(), note.display().to_string());
                examination.add_stamp(&names.0, &fs::read(&token)?, &names.1, &fs::read(&note)?);
            }
        }
        if self >= Self::Receipt {
            for receipt in files::list(&case.held().join("receipts"))? {
                let name = receipt.display().to_string();
                examination.add_receipt(&name, &fs::read(&receipt)?);
            }
        }
        Ok(())
    }
}

/// What a node that asks only for witnesses checks of everything it has: the witness column, and tiles and bundles.
///
/// # Errors
/// As [`Column::examine`].
pub fn examine_node(world: &World, case: &Case) -> Result<Finding> {
    Ok(finding(&Column::Witness.judge(world, case, true)?))
}

/// Decodes every entry and looks at nothing else.
fn rows(folder: &Path) -> Result<Finding> {
    let mut entries = 0;
    for path in segments(folder)? {
        let bytes = fs::read(path)?;
        for (start, _) in frames(&bytes) {
            let Ok(frame) = segment::read_frame(&bytes[start..]) else {
                continue;
            };
            if let Err(error) = Entry::decode(frame.entry) {
                return Ok(Finding::failed(format!("position {entries}: {error}")));
            }
            entries += 1;
        }
    }
    Ok(match entries {
        0 => Finding::failed("nothing was checked".to_owned()),
        _ => Finding::passed(),
    })
}

/// Verifies the log by itself, without a head from anywhere.
fn chain(folder: &Path) -> Finding {
    let options = Options {
        expected_origin: Some(ORIGIN.to_owned()),
        threads: 1,
        ..Options::default()
    };
    let report = verify(folder, &options);
    match &report.fault {
        Some(fault) => Finding::failed(fault.to_string()),
        None if report.is_verified() => Finding::passed(),
        None => Finding::failed("nothing was checked".to_owned()),
    }
}

/// Reads what an examination needs of a log, from its files.
fn contents(
    folder: &Path,
    examination: &Examination<'_>,
    party_keys: Option<&PartyKeys>,
) -> Contents {
    let options = Options {
        expected_origin: Some(ORIGIN.to_owned()),
        observe: examination.sizes(Suite::Sha256),
        threads: 1,
        ..Options::default()
    };
    let mut contents = of_log(verify(folder, &options));
    if party_keys.is_some()
        && let Ok(reader) = audit_proof::FolderReader::open(folder)
    {
        let entries = reader.entries_from(0);
        let wanted = Wanted {
            party_keys,
            ..Wanted::default()
        };
        let bytes = entries.map(|entry| entry.map(|entry| entry.bytes));
        if let Ok(pass) = second_pass::run(bytes, contents.size, &wanted) {
            contents.party = pass.party.filter(|_| pass.entries == contents.size);
        }
    }
    contents
}

fn of_log(report: Report) -> Contents {
    let position = report.fault.as_ref().map(|fault| fault.position);
    Contents {
        origin: report.origin,
        size: position.map_or(report.entries, |at| at.min(report.entries)),
        heads: report.observed,
        counts: Counts {
            entries: report.entries,
            segments: report.segments,
            groups: report.groups,
            ..Counts::default()
        },
        fault: report.fault.map(Failure::from),
        unfinished_bytes: report.unfinished_tail.map_or(0, |tail| tail.bytes),
        ..Contents::default()
    }
}

/// Checks tiles and bundles up to the checkpoint that is published with them.
///
/// A checkpoint that is none is found by whoever judges its signatures.
fn published(tiles: &Path) -> Result<Option<Failure>> {
    let bytes = fs::read(tiles.join("checkpoint"))?;
    let Ok(note) = Note::parse(&bytes) else {
        return Ok(None);
    };
    let Ok(checkpoint) = Checkpoint::parse(note.text()) else {
        return Ok(None);
    };
    let options = MirrorOptions {
        size: checkpoint.size(),
        expected_origin: Some(ORIGIN.to_owned()),
        threads: 1,
        ..MirrorOptions::default()
    };
    Ok(mirror::verify(tiles, &options).fault.map(Failure::from))
}

fn finding(verdict: &Verdict) -> Finding {
    let failure = verdict.failures.first().map(|failure| {
        let at = failure
            .position
            .map_or_else(String::new, |at| format!(" at {at}"));
        format!("{}{at}: {}", failure.kind.name(), failure.kind)
    });
    let unchecked = verdict.unchecked.first().map(|one| one.reason.to_string());
    Finding {
        outcome: verdict.outcome(),
        reason: failure.or(unchecked).unwrap_or_default(),
    }
}

impl Finding {
    fn failed(reason: String) -> Self {
        Self {
            outcome: Outcome::Failed,
            reason,
        }
    }

    fn passed() -> Self {
        Self {
            outcome: Outcome::Passed,
            reason: String::new(),
        }
    }

    /// Whether something wrong was found; that something could not be checked is not enough.
    #[must_use]
    pub fn is_detected(&self) -> bool {
        self.outcome == Outcome::Failed
    }
}
