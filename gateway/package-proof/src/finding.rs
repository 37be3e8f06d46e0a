//! What is wrong in a package: each finding names the file, what it is, and the position where there is one.

use std::fmt;

use audit_proof::{
    entry::EntryError, party::PartyFault, proof::ProofError, receipt::ReceiptError,
    tlog_proof::TlogProofError,
};

use crate::{index::IndexError, manifest::ManifestError, proofs::ProofTextError, zip};

/// Something wrong in a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file; empty when the container itself is meant.
    pub file: String,
    /// The position of the entry that it is about, when it is about one.
    pub position: Option<u64>,
    /// What is wrong.
    pub kind: FindingKind,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FindingKind {
    /// The bytes are not a package: nothing in them is judged.
    #[error("the file is not an evidence package")]
    Container(#[source] zip::ZipError),
    /// A file cannot be read.
    #[error("the file is damaged")]
    Damaged(#[source] zip::InflateError),
    /// The list or the index has no one form.
    #[error("the list is not one")]
    Manifest(#[source] ManifestError),
    /// The index is not one.
    #[error("the index is not one")]
    Index(#[source] IndexError),
    /// A file that must be there is not.
    #[error("the file is missing")]
    Missing,
    /// A file is there that neither the list nor the index names.
    #[error("the file was added: nothing names it")]
    Added,
    /// A file is not the one that was listed.
    #[error("the file was changed: it does not have the length and digests of the list")]
    Changed,
    /// A file has the contents of another.
    #[error("the file was swapped: it has the contents that the list gives to {other}")]
    Swapped {
        /// The other file.
        other: String,
    },
    /// The bytes are no entry.
    #[error("the entry is not one")]
    Entry(#[source] EntryError),
    /// The entry is of another log or another position than the index says.
    #[error("the entry is of another log or another position")]
    EntryPlace,
    /// The JSON is not what the entry says.
    #[error("the JSON is not the rendering of its entry")]
    Rendering,
    /// Two neighbouring entries do not fit together.
    #[error("the entry does not link to the one before it, or is not later")]
    Link,
    /// The text of a proof is not in its one form.
    #[error("the proof is not one")]
    ProofForm(#[source] ProofTextError),
    /// A tlog-proof or its checkpoint is not one.
    #[error("the proof with its checkpoint is not one")]
    TlogProof(#[source] TlogProofError),
    /// A proof does not hold.
    #[error("the proof does not hold")]
    Proof(#[source] ProofError),
    /// A proof is about something else than the index says.
    #[error("the proof is about something else than the index says")]
    ProofPlace,
    /// The entry of a submission does not say what the index says of it.
    #[error("the entry does not say what the index says of the submission")]
    Submission,
    /// A part is not the one that the entry binds.
    #[error("the bytes are not those that the entry of position {position} binds")]
    Part {
        /// Position of the entry.
        position: u64,
    },
    /// The checkpoint is not of the size or log that the index says.
    #[error("the checkpoint is not the one that the index names")]
    Checkpoint,
    /// A component or configuration does not have the digest that its name states, or no entry names it.
    #[error("the bytes are not those of the digest")]
    Digest,
    /// A receipt is not one.
    #[error("the receipt is not one")]
    Receipt(#[source] ReceiptError),
    /// A receipt is not of the entry in the package.
    #[error("the receipt is not of the entry in the package")]
    ReceiptPlace,
    /// The seal's entry does not state the digest of the list.
    #[error(
        "the seal is of another list: the list was changed after the export, or the seal is of another package"
    )]
    Seal,
    /// The agency did not sign.
    #[error("the agency did not sign this entry")]
    Party(#[source] PartyFault),
    /// The sealed values listed are not those of the result.
    #[error("the sealed values are not those of the result")]
    Fields,
    /// A value that is disclosed is not the one that was sealed.
    #[error("the value disclosed for {field} is not the one that was sealed")]
    Commitment {
        /// The field.
        field: String,
    },
    /// No entry in the package says that something was erased.
    #[error("the entry of position {entry} does not say that this was erased")]
    Erasure {
        /// Position of the entry.
        entry: u64,
    },
    /// Nothing in the package was checked.
    #[error("nothing was checked")]
    Nothing,
}

impl Finding {
    /// A finding about a file.
    pub(crate) fn of(file: impl Into<String>, kind: FindingKind) -> Self {
        Self {
            file: file.into(),
            position: None,
            kind,
        }
    }

    /// The same about the entry at a position.
    #[must_use]
    pub(crate) fn at(mut self, position: u64) -> Self {
        self.position = Some(position);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cause = std::error::Error::source(&self.kind);
        write!(f, "{}", self.kind)?;
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl FindingKind {
    /// The name of the kind, for programs; it never changes.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Container(_) => "container",
            Self::Damaged(_) => "damaged",
            Self::Manifest(_) => "list-form",
            Self::Index(_) => "index-form",
            Self::Missing => "missing",
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Swapped { .. } => "swapped",
            Self::Entry(_) => "entry-form",
            Self::EntryPlace => "entry-place",
            Self::Rendering => "rendering",
            Self::Link => "link",
            Self::ProofForm(_) | Self::TlogProof(_) => "proof-form",
            Self::Proof(_) => "proof",
            Self::ProofPlace => "proof-place",
            Self::Submission => "submission",
            Self::Part { .. } => "part",
            Self::Checkpoint => "checkpoint",
            Self::Digest => "digest",
            Self::Receipt(_) => "receipt-form",
            Self::ReceiptPlace => "receipt-place",
            Self::Seal => "seal",
            Self::Party(_) => "party-signature",
            Self::Fields => "fields",
            Self::Commitment { .. } => "commitment",
            Self::Erasure { .. } => "erasure",
            Self::Nothing => "nothing",
        }
    }

    /// The sentence in Chinese, without a full stop.
    #[must_use]
    pub fn chinese(&self) -> &'static str {
        match self {
            Self::Container(_) => "文件不是证据包",
            Self::Damaged(_) => "文件已损坏，无法读取",
            Self::Manifest(_) => "清单格式不符",
            Self::Index(_) => "包索引格式不符",
            Self::Missing => "文件缺失",
            Self::Added => "文件系后来添加：清单和索引均未列出",
            Self::Changed => "文件已被更改：与清单所列长度或校验值不符",
            Self::Swapped { .. } => "文件被调换：内容属于清单中的另一文件",
            Self::Entry(_) => "条目编码不规范",
            Self::EntryPlace => "条目属于另一日志或另一位置",
            Self::Rendering => "可读文本与条目字节不一致",
            Self::Link => "条目与前一条目不相链接或时间不晚于前一条目",
            Self::ProofForm(_) | Self::TlogProof(_) => "证明文件格式不符",
            Self::Proof(_) => "证明不成立",
            Self::ProofPlace => "证明所指对象与索引不符",
            Self::Submission => "条目内容与索引所述提交不符",
            Self::Part { .. } => "内容不是条目所绑定的内容",
            Self::Checkpoint => "检查点不是索引所指的检查点",
            Self::Digest => "适配器或配置与摘要不符",
            Self::Receipt(_) => "文件不是回执",
            Self::ReceiptPlace => "回执不属于包内条目",
            Self::Seal => "封存条目与清单不符：清单在导出后被更改，或封存条目属于另一证据包",
            Self::Party(_) => "报送方签名缺失或不符",
            Self::Fields => "所列封存字段与结果不符",
            Self::Commitment { .. } => "披露的值不是当时封存的值",
            Self::Erasure { .. } => "条目并未载明该内容已删除",
            Self::Nothing => "没有核验到任何内容",
        }
    }
}
