//! From contents to files, from files to the list, and with the seal to the package.

use std::collections::BTreeMap;

use audit_proof::{
    entry::{Entry, EntryError},
    hash::{Hash, to_hex},
    suite::Suite,
};
use package_proof::{
    index::{
        AdapterItem, EntryItem, FORMAT, Index, IndexError, LeftOut, MessageItem, RangeItem,
        SubmissionItem,
    },
    manifest::{Line, MANIFEST, Manifest},
    path, proofs,
};

use crate::{Contents, contents::SubmissionFile, statement, verifier, zip};

/// Why no package can be made.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// An entry is not one.
    #[error("entry {position} is not one")]
    Entry {
        /// Its position.
        position: u64,
        /// What is wrong.
        #[source]
        cause: EntryError,
    },
    /// The index is not one that a reader would take.
    #[error("the index cannot be written")]
    Index(#[source] IndexError),
    /// More than a package may hold; ask for less, or leave the components out.
    #[error("the package would hold more than a package may")]
    TooLarge,
    /// A name that no file of a package can have.
    #[error("no file of a package can be called {0:?}")]
    Name(String),
}

/// What seals a package: the entry that states the digest of its list, and the log's receipt for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// Canonical bytes of the entry.
    pub entry: Vec<u8>,
    /// The receipt, a C2SP tlog-proof.
    pub receipt: String,
}

/// A package that only lacks its seal.
#[derive(Debug, Clone)]
pub struct Composed {
    files: BTreeMap<String, Vec<u8>>,
    digest: Hash,
    is_masked: bool,
}

/// Makes everything but the seal. `font` is a TrueType or OpenType file for the statement in PDF; without one the package
/// says that it has none.
///
/// # Errors
/// What was handed in is no package.
pub fn compose(contents: &Contents, font: Option<&[u8]>) -> Result<Composed, ComposeError> {
    let mut files = BTreeMap::new();
    files.insert(
        path::CHECKPOINT.to_owned(),
        contents.checkpoint.note.clone().into_bytes(),
    );
    files.insert(
        path::POLICY.to_owned(),
        contents.policy.clone().into_bytes(),
    );
    if let Some(history) = &contents.key_history {
        files.insert(path::KEY_HISTORY.to_owned(), history.clone().into_bytes());
    }
    entries(contents, &mut files)?;
    for submission in &contents.submissions {
        add_submission(submission, &mut files);
    }
    for adapter in &contents.adapters {
        let parts = [
            (
                path::component(&adapter.component),
                &adapter.component_bytes,
            ),
            (
                path::configuration(&adapter.configuration),
                &adapter.configuration_bytes,
            ),
        ];
        for (name, part) in parts {
            files.extend(part.bytes().map(|bytes| (name, bytes.to_vec())));
        }
    }
    for (position, receipt) in &contents.receipts {
        files.insert(path::receipt(*position), receipt.clone().into_bytes());
    }
    for stamp in &contents.stamps {
        files.insert(path::stamp(stamp.size), stamp.token.clone());
        files.insert(path::stamped(stamp.size), stamp.note.clone());
    }
    if let Some(transfer) = &contents.transfer {
        files.insert(
            path::TRANSFER.to_owned(),
            transfer.json.clone().into_bytes(),
        );
    }
    files.insert(path::VERIFIER.to_owned(), verifier::zipapp()?);
    files.insert(
        path::INSTRUCTIONS.to_owned(),
        verifier::INSTRUCTIONS.as_bytes().to_vec(),
    );
    let left_out = statements(contents, font, &mut files);
    let index = index_of(contents, left_out);
    let index = index.to_bytes().map_err(ComposeError::Index)?;
    files.insert(path::INDEX.to_owned(), index);
    let lines = files.iter().map(|(name, bytes)| Line::of(name, bytes));
    let manifest = Manifest {
        lines: lines.collect(),
    };
    let manifest = manifest.to_string().into_bytes();
    let digest = Suite::Sha256.hash(&manifest);
    files.insert(MANIFEST.to_owned(), manifest);
    Ok(Composed {
        files,
        digest,
        is_masked: contents.is_masked,
    })
}

fn entries(contents: &Contents, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), ComposeError> {
    for entry in &contents.entries {
        let position = entry.position;
        let decoded =
            Entry::decode(&entry.bytes).map_err(|cause| ComposeError::Entry { position, cause })?;
        let json = format!("{}\n", decoded.to_json());
        files.insert(path::entry(position), entry.bytes.clone());
        files.insert(path::entry_json(position), json.into_bytes());
        if let Some(proof) = &entry.proof {
            let text = proofs::inclusion_text(position, proof);
            files.insert(path::inclusion(position), text.into_bytes());
        }
    }
    if let Some(range) = &contents.range {
        files.insert(path::RANGE_PROOF.to_owned(), range.to_string().into_bytes());
    }
    for text in &contents.consistency {
        files.insert(path::consistency(text.old), text.to_string().into_bytes());
    }
    Ok(())
}

fn add_submission(submission: &SubmissionFile, files: &mut BTreeMap<String, Vec<u8>>) {
    let position = submission.position;
    files.insert(
        path::messages(position),
        submission.proofs.to_string().into_bytes(),
    );
    let mut add = |name: String, bytes: Option<&[u8]>| {
        files.extend(bytes.map(|bytes| (name, bytes.to_vec())));
    };
    add(path::request(position), submission.request.bytes());
    for item in &submission.items {
        add(path::payload(position, item.number), item.payload.bytes());
        add(path::result(position, item.number), item.result.bytes());
        if let Some(fields) = &item.fields {
            let text = fields.to_string();
            add(path::fields(position, item.number), Some(text.as_bytes()));
        }
        for (id, json) in &item.records {
            add(path::record(id), Some(json.as_bytes()));
        }
    }
}

/// Adds the statement; returns what is left out, with the PDF when there is none.
fn statements(
    contents: &Contents,
    font: Option<&[u8]>,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Vec<LeftOut> {
    let mut left_out = contents.left_out.clone();
    let pdf = |left_out: &[LeftOut]| {
        let blocks = statement::blocks(contents, left_out);
        font.map(|font| statement::pdf(&blocks, font))
    };
    let missing = |why: String, why_chinese: &str| LeftOut {
        what: path::STATEMENT_PDF.to_owned(),
        why,
        why_chinese: why_chinese.to_owned(),
    };
    match pdf(&left_out) {
        Some(Ok(bytes)) => {
            files.insert(path::STATEMENT_PDF.to_owned(), bytes);
        }
        Some(Err(error)) => left_out.push(missing(
            format!("the font cannot be used: {error}"),
            "字体无法使用，未制作 PDF；请阅读 statement.html",
        )),
        None => left_out.push(missing(
            "no font with Chinese characters is configured or found; read statement.html"
                .to_owned(),
            "未配置或未找到中文字体，未制作 PDF；请阅读 statement.html",
        )),
    }
    let html = statement::html(&statement::blocks(contents, &left_out));
    files.insert(path::STATEMENT_HTML.to_owned(), html.into_bytes());
    left_out
}

fn index_of(contents: &Contents, left_out: Vec<LeftOut>) -> Index {
    let submission = |submission: &SubmissionFile| SubmissionItem {
        position: submission.position,
        id: submission.id.clone(),
        messages: submission.proofs.count,
        request: submission.request.presence(),
        items: submission
            .items
            .iter()
            .map(|item| MessageItem {
                number: item.number,
                payload: item.payload.presence(),
                result: item.result.presence(),
                sealed: item.fields.is_some(),
                records: item.records.iter().map(|(id, _)| id.clone()).collect(),
            })
            .collect(),
    };
    Index {
        format: FORMAT.to_owned(),
        kind: contents.kind,
        subject: contents.subject.clone(),
        origin: contents.origin.clone(),
        size: contents.checkpoint.size,
        is_final: contents.checkpoint.is_final,
        query: contents.query,
        made_at: contents.made_at.clone(),
        software: contents.software.clone(),
        agency: contents.agency.clone(),
        is_masked: contents.is_masked,
        entries: contents
            .entries
            .iter()
            .map(|entry| EntryItem {
                position: entry.position,
                role: entry.role,
            })
            .collect(),
        range: contents.range.as_ref().map(|range| RangeItem {
            from: range.from,
            to: range.from + range.leaves.len() as u64,
        }),
        submissions: contents.submissions.iter().map(submission).collect(),
        adapters: contents
            .adapters
            .iter()
            .map(|adapter| AdapterItem {
                name: adapter.name.clone(),
                component: to_hex(&adapter.component),
                component_is: adapter.component_bytes.presence(),
                configuration: to_hex(&adapter.configuration),
                configuration_is: adapter.configuration_bytes.presence(),
            })
            .collect(),
        receipts: contents
            .receipts
            .iter()
            .map(|(position, _)| *position)
            .collect(),
        consistency: contents.consistency.iter().map(|text| text.old).collect(),
        stamps: contents.stamps.iter().map(|stamp| stamp.size).collect(),
        left_out,
    }
}

impl Composed {
    /// The digest of the package: SHA-256 of its list, which the seal's entry states.
    #[must_use]
    pub fn digest(&self) -> Hash {
        self.digest
    }

    /// Number of files without the seal.
    #[must_use]
    pub fn files(&self) -> u64 {
        self.files.len() as u64
    }

    /// Whether anything was masked or withheld.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.is_masked
    }

    /// Puts the seal in and writes the package.
    ///
    /// # Errors
    /// [`ComposeError::TooLarge`].
    pub fn seal(mut self, seal: Option<Seal>) -> Result<Vec<u8>, ComposeError> {
        if let Some(seal) = seal {
            self.files.insert(path::SEAL_ENTRY.to_owned(), seal.entry);
            self.files
                .insert(path::SEAL_RECEIPT.to_owned(), seal.receipt.into_bytes());
        }
        zip::write(&self.files)
    }
}
