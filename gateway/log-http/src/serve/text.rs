//! The plain text of a computed proof: what it is of, then its hashes, line by line.
//!
//! ```text
//! lawgate inclusion proof v1        lawgate consistency proof v1      lawgate range proof v1
//! index 5                           old 5                             from 5
//! size 10                           new 10                            to 7
//! <hash>                            <hash>                            size 10
//! …                                 …                                 left <hash>
//!                                                                     …
//!                                                                     right <hash>
//!                                                                     …
//! ```
//!
//! Numbers are decimal, hashes base64 of 32 bytes, and every line ends in a newline. The order of the hashes is that of
//! RFC 6962 §2.1.1 and §2.1.2, and for a range by position. It says nothing about who made it, and need not: a proof is
//! checked with a root from a signed checkpoint.

use std::fmt;
use std::str::Lines;

use audit_proof::hash::Hash;
use audit_proof::proof::RangeProof;

use crate::text::{decimal, decode_hash, encode_hash};

/// Longest text accepted, in bytes; the longest written has a hundred lines.
const MAX_TEXT_BYTES: usize = 16 << 10;

const INCLUSION: &str = "lawgate inclusion proof v1";
const CONSISTENCY: &str = "lawgate consistency proof v1";
const RANGE: &str = "lawgate range proof v1";

/// A proof with what it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProofText {
    /// That the tree of `size` leaves has a leaf at `index`.
    Inclusion {
        /// The position of the leaf.
        index: u64,
        /// The size of the tree.
        size: u64,
        /// The proof, the leaf's sibling first.
        hashes: Vec<Hash>,
    },
    /// That the tree of `new_size` leaves grew from that of `old_size`.
    Consistency {
        /// The size of the older tree.
        old_size: u64,
        /// The size of the newer tree.
        new_size: u64,
        /// The proof.
        hashes: Vec<Hash>,
    },
    /// That the leaves from `from` up to but without `to` are complete.
    Range {
        /// The position of the first leaf.
        from: u64,
        /// The position behind the last leaf.
        to: u64,
        /// The size of the tree.
        size: u64,
        /// The proof.
        proof: RangeProof,
    },
}

/// A text is no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofTextError {
    /// It is not UTF-8, too long, or does not end in a newline.
    #[error("the proof is not a text of whole lines")]
    Text,
    /// A line is not what stands at its place.
    #[error("line {number} of the proof is malformed")]
    Line {
        /// Which line, from 1.
        number: usize,
    },
}

impl ProofText {
    /// Reads a proof; writing it again gives `text`. Nothing is verified.
    ///
    /// # Errors
    /// The first line that is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, ProofTextError> {
        let is_text = text.len() <= MAX_TEXT_BYTES && text.ends_with(b"\n");
        // `lines` takes a carriage return for part of the end; nothing here has one.
        let is_plain = is_text && !text.contains(&b'\r');
        let text = std::str::from_utf8(text).map_err(|_| ProofTextError::Text)?;
        if !is_plain {
            return Err(ProofTextError::Text);
        }
        let mut lines = Reader {
            lines: text.lines(),
            number: 0,
        };
        match lines.next().unwrap_or_default() {
            INCLUSION => Ok(Self::Inclusion {
                index: lines.named("index ")?,
                size: lines.named("size ")?,
                hashes: lines.rest()?,
            }),
            CONSISTENCY => Ok(Self::Consistency {
                old_size: lines.named("old ")?,
                new_size: lines.named("new ")?,
                hashes: lines.rest()?,
            }),
            RANGE => Ok(Self::Range {
                from: lines.named("from ")?,
                to: lines.named("to ")?,
                size: lines.named("size ")?,
                proof: lines.sides()?,
            }),
            _ => Err(lines.wrong()),
        }
    }
}

impl fmt::Display for ProofText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inclusion {
                index,
                size,
                hashes,
            } => {
                writeln!(f, "{INCLUSION}\nindex {index}\nsize {size}")?;
                write_hashes(f, "", hashes)
            }
            Self::Consistency {
                old_size,
                new_size,
                hashes,
            } => {
                writeln!(f, "{CONSISTENCY}\nold {old_size}\nnew {new_size}")?;
                write_hashes(f, "", hashes)
            }
            Self::Range {
                from,
                to,
                size,
                proof,
            } => {
                writeln!(f, "{RANGE}\nfrom {from}\nto {to}\nsize {size}")?;
                write_hashes(f, "left ", &proof.left)?;
                write_hashes(f, "right ", &proof.right)
            }
        }
    }
}

fn write_hashes(f: &mut fmt::Formatter<'_>, prefix: &str, hashes: &[Hash]) -> fmt::Result {
    hashes
        .iter()
        .try_for_each(|hash| writeln!(f, "{prefix}{}", encode_hash(hash)))
}

/// Lines, and the number of the one read last.
struct Reader<'a> {
    lines: Lines<'a>,
    number: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a str> {
        self.number += 1;
        self.lines.next()
    }

    fn wrong(&self) -> ProofTextError {
        let number = self.number;
        ProofTextError::Line { number }
    }

    /// Reads a number behind its name.
    fn named(&mut self, name: &str) -> Result<u64, ProofTextError> {
        self.next()
            .and_then(|line| decimal(line.strip_prefix(name)?))
            .ok_or_else(|| self.wrong())
    }

    /// Reads the remaining lines as hashes.
    fn rest(&mut self) -> Result<Vec<Hash>, ProofTextError> {
        let mut hashes = Vec::new();
        while let Some(line) = self.next() {
            hashes.push(decode_hash(line).ok_or_else(|| self.wrong())?);
        }
        Ok(hashes)
    }

    /// Reads the remaining lines as the two sides of a range proof, the left one first.
    fn sides(&mut self) -> Result<RangeProof, ProofTextError> {
        let mut proof = RangeProof::default();
        while let Some(line) = self.next() {
            let (side, hash) = match line.split_once(' ') {
                Some(("left", hash)) if proof.right.is_empty() => (&mut proof.left, hash),
                Some(("right", hash)) => (&mut proof.right, hash),
                Some(_) | None => return Err(self.wrong()),
            };
            side.push(decode_hash(hash).ok_or_else(|| self.wrong())?);
        }
        Ok(proof)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hashes() -> impl Strategy<Value = Vec<Hash>> {
        proptest::collection::vec(any::<Hash>(), 0..50)
    }

    fn proofs() -> impl Strategy<Value = ProofText> {
        prop_oneof![
            (any::<u64>(), any::<u64>(), hashes()).prop_map(|(index, size, hashes)| {
                ProofText::Inclusion {
                    index,
                    size,
                    hashes,
                }
            }),
            (any::<u64>(), any::<u64>(), hashes()).prop_map(|(old_size, new_size, hashes)| {
                ProofText::Consistency {
                    old_size,
                    new_size,
                    hashes,
                }
            }),
            (any::<[u64; 3]>(), hashes(), hashes()).prop_map(|([from, to, size], left, right)| {
                ProofText::Range {
                    from,
                    to,
                    size,
                    proof: RangeProof { left, right },
                }
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_proof_is_read_back_as_it_was_written(proof in proofs()) {
            prop_assert_eq!(ProofText::parse(proof.to_string().as_bytes()), Ok(proof));
        }

        #[test]
        fn what_is_read_has_one_spelling(
            proof in proofs(),
            place in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut text = proof.to_string().into_bytes();
            let place = place.index(text.len());
            text[place] = byte;
            if let Ok(read) = ProofText::parse(&text) {
                prop_assert_eq!(read.to_string().into_bytes(), text);
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = ProofText::parse(&bytes);
        }
    }

    #[test]
    fn a_wrong_line_is_named() {
        for (text, number) in [
            ("lawgate proof v1\n", 1),
            ("lawgate inclusion proof v1\n", 2),
            ("lawgate inclusion proof v1\nindex 05\nsize 6\n", 2),
            ("lawgate consistency proof v1\nold 5\nold 6\n", 3),
            ("lawgate inclusion proof v1\nindex 0\nsize 1\n\n", 4),
            (
                "lawgate range proof v1\nfrom 0\nto 1\nsize 2\nmiddle x\n",
                5,
            ),
        ] {
            let expected = Err(ProofTextError::Line { number });
            assert_eq!(ProofText::parse(text.as_bytes()), expected, "{text}");
        }
        assert_eq!(ProofText::parse(b""), Err(ProofTextError::Text));
        assert_eq!(
            ProofText::parse(b"lawgate inclusion proof v1"),
            Err(ProofTextError::Text)
        );
    }
}
