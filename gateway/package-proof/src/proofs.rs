//! The texts of proofs in a package: lines of base64, as C2SP writes hashes.
//!
//! An inclusion proof is a C2SP tlog-proof without its checkpoint, which all of a package share: put behind the text, the
//! checkpoint completes it, so that verifiers of others can check it. The other three texts have a first line of ours.

use std::fmt;

use audit_proof::{hash::Hash, proof::RangeProof};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// First line of an inclusion proof.
const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
/// First line of a consistency proof.
const CONSISTENCY: &str = "lawgate-consistency-proof/v1";
/// First line of a range proof.
const RANGE: &str = "lawgate-range-proof/v1";
/// First line of the proofs of messages.
const MESSAGES: &str = "lawgate-message-proofs/v1";
/// Most hashes on one side of a proof.
const MAX_HASHES: usize = 64;

/// A text is not a proof of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not in its one form")]
pub struct ProofTextError {
    /// The line, from 1.
    pub line: usize,
}

/// The text of an inclusion proof up to and with the empty line before the checkpoint.
#[must_use]
pub fn inclusion_text(index: u64, hashes: &[Hash]) -> String {
    let mut text = format!("{INCLUSION}\nindex {index}\n");
    for hash in hashes {
        text.push_str(&STANDARD.encode(hash));
        text.push('\n');
    }
    text.push('\n');
    text
}

/// That a tree continues an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyText {
    /// Size of the older tree.
    pub old: u64,
    /// Size of the newer tree.
    pub new: u64,
    /// The proof of RFC 6962 §2.1.2.
    pub hashes: Vec<Hash>,
}

/// That a tree has a run of leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeText {
    /// The first position.
    pub from: u64,
    /// Size of the tree.
    pub size: u64,
    /// The leaf hashes of the run.
    pub leaves: Vec<Hash>,
    /// The subtrees beside it.
    pub proof: RangeProof,
}

/// Where one part of a submission stands in a root of its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartProof {
    /// RFC 6962 leaf hash of the part.
    pub leaf: Hash,
    /// The path to the root, sibling of the leaf first.
    pub path: Vec<Hash>,
}

/// Where the parts of a submission stand in the two roots of its entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagesText {
    /// Number of messages of the submission.
    pub count: u32,
    /// The request: part 0 of the results.
    pub request: PartProof,
    /// By message: number, its payload, its result.
    pub messages: Vec<(u32, PartProof, PartProof)>,
}

impl ConsistencyText {
    /// Reads a text; writing it again gives the same.
    ///
    /// # Errors
    /// The line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofTextError> {
        let mut lines = Lines::new(bytes)?;
        lines.exactly(CONSISTENCY)?;
        let (old, new) = (lines.number("old ")?, lines.number("new ")?);
        let hashes = lines.hashes(MAX_HASHES, |_| false)?;
        lines.finish()?;
        Ok(Self { old, new, hashes })
    }
}

impl fmt::Display for ConsistencyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{CONSISTENCY}\nold {}\nnew {}", self.old, self.new)?;
        write_hashes(f, &self.hashes)
    }
}

impl RangeText {
    /// Reads a text; writing it again gives the same.
    ///
    /// # Errors
    /// The line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofTextError> {
        let mut lines = Lines::new(bytes)?;
        lines.exactly(RANGE)?;
        let (from, size) = (lines.number("from ")?, lines.number("size ")?);
        lines.exactly("left")?;
        let left = lines.hashes(MAX_HASHES, |line| line == "right")?;
        lines.exactly("right")?;
        let right = lines.hashes(MAX_HASHES, |line| line == "leaves")?;
        lines.exactly("leaves")?;
        let leaves = lines.hashes(usize::MAX, |_| false)?;
        lines.finish()?;
        Ok(Self {
            from,
            size,
            leaves,
            proof: RangeProof { left, right },
        })
    }
}

impl fmt::Display for RangeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{RANGE}\nfrom {}\nsize {}\nleft", self.from, self.size)?;
        write_hashes(f, &self.proof.left)?;
        writeln!(f, "right")?;
        write_hashes(f, &self.proof.right)?;
        writeln!(f, "leaves")?;
        write_hashes(f, &self.leaves)
    }
}

impl MessagesText {
    /// Reads a text; writing it again gives the same.
    ///
    /// # Errors
    /// The line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofTextError> {
        let mut lines = Lines::new(bytes)?;
        lines.exactly(MESSAGES)?;
        let count = lines.number("messages ")?;
        let count = u32::try_from(count).map_err(|_| lines.error())?;
        let request = lines.part("request")?;
        let mut messages: Vec<(u32, PartProof, PartProof)> = Vec::new();
        while let Some(number) = lines.message_number() {
            let is_next = messages.last().is_none_or(|(last, _, _)| *last < number);
            if !is_next {
                return Err(lines.error());
            }
            let payload = lines.part(&format!("payload {number}"))?;
            let result = lines.part(&format!("result {number}"))?;
            messages.push((number, payload, result));
        }
        lines.finish()?;
        Ok(Self {
            count,
            request,
            messages,
        })
    }
}

impl fmt::Display for MessagesText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{MESSAGES}\nmessages {}", self.count)?;
        write_part(f, "request", &self.request)?;
        for (number, payload, result) in &self.messages {
            write_part(f, &format!("payload {number}"), payload)?;
            write_part(f, &format!("result {number}"), result)?;
        }
        Ok(())
    }
}

fn write_hashes(f: &mut fmt::Formatter<'_>, hashes: &[Hash]) -> fmt::Result {
    hashes
        .iter()
        .try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash)))
}

fn write_part(f: &mut fmt::Formatter<'_>, name: &str, part: &PartProof) -> fmt::Result {
    write!(f, "{name} {}", STANDARD.encode(part.leaf))?;
    for hash in &part.path {
        write!(f, " {}", STANDARD.encode(hash))?;
    }
    writeln!(f)
}

/// The lines of a text, each with its line feed.
pub(crate) struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, ProofTextError> {
        let wrong = ProofTextError { line: 1 };
        let text = std::str::from_utf8(bytes).map_err(|_| wrong)?;
        let body = text.strip_suffix('\n').ok_or(wrong)?;
        let lines = body.split('\n').collect();
        Ok(Self { lines, next: 0 })
    }

    fn error(&self) -> ProofTextError {
        ProofTextError {
            line: self.next + 1,
        }
    }

    pub(crate) fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.next).copied()
    }

    pub(crate) fn take<T>(
        &mut self,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, ProofTextError> {
        let value = self.peek().and_then(read).ok_or(self.error())?;
        self.next += 1;
        Ok(value)
    }

    pub(crate) fn exactly(&mut self, line: &str) -> Result<(), ProofTextError> {
        self.take(|found| (found == line).then_some(()))
    }

    fn number(&mut self, name: &str) -> Result<u64, ProofTextError> {
        self.take(|line| decimal(line.strip_prefix(name)?))
    }

    fn hashes(
        &mut self,
        most: usize,
        ends: impl Fn(&str) -> bool,
    ) -> Result<Vec<Hash>, ProofTextError> {
        let mut hashes = Vec::new();
        while self.peek().is_some_and(|line| !ends(line)) && hashes.len() < most {
            hashes.push(self.take(hash)?);
        }
        Ok(hashes)
    }

    fn part(&mut self, name: &str) -> Result<PartProof, ProofTextError> {
        self.take(|line| {
            let line = line.strip_prefix(name)?.strip_prefix(' ')?;
            let mut hashes = line.split(' ').map(hash).collect::<Option<Vec<_>>>()?;
            let leaf = hashes.remove(0);
            (hashes.len() <= MAX_HASHES).then_some(PartProof { leaf, path: hashes })
        })
    }

    /// The number of the message whose payload is on the next line.
    fn message_number(&self) -> Option<u32> {
        let line = self.peek()?.strip_prefix("payload ")?;
        let (number, _) = line.split_once(' ')?;
        u32::try_from(decimal(number)?).ok()
    }

    fn finish(self) -> Result<(), ProofTextError> {
        match self.peek() {
            Some(_) => Err(self.error()),
            None => Ok(()),
        }
    }
}

pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
