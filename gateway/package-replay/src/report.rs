//! What a replay of a package says: one row for each message, or for a submission that could not be tried.

use audit_proof::hash::Hash;
use exchange::replay::{Difference, Kind};

/// All rows of a package.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What runs the programs, for people.
    pub engine: String,
    /// The rows, by position and message.
    pub rows: Vec<Row>,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Position of the submission's entry.
    pub position: u64,
    /// Number of the message; `None` where the whole submission is meant.
    pub message: Option<u32>,
    /// Records of it that are in the package.
    pub records: Vec<String>,
    /// `name@version` of the adapter, as the entry names it; empty when there is no such entry.
    pub adapter: String,
    /// What became of it.
    pub standing: Standing,
}

/// What became of a message that was to be converted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The result is the same bytes.
    Equal {
        /// SHA-256 of the result.
        digest: Hash,
        /// Its length.
        bytes: u64,
    },
    /// The result is other bytes.
    Different {
        /// SHA-256 of what was kept.
        kept: Hash,
        /// SHA-256 of what was made now.
        replayed: Hash,
        /// The fields that differ, with both versions.
        differences: Vec<Difference>,
    },
    /// A file is not what the entry binds; nothing was run with it.
    Altered {
        /// Which part.
        kind: Kind,
        /// The file.
        file: String,
        /// The digest that the entry binds, and of what: hexadecimal.
        bound: String,
        /// The digest of the file, or what is wrong with it.
        found: String,
    },
    /// It was not tried, and nothing is known to be wrong.
    NotReplayed {
        /// Why.
        why: Why,
    },
}

/// Why a message was not converted again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Only the digest of something is in the package.
    DigestOnly {
        /// Of what.
        what: &'static str,
    },
    /// Something holds personal data and is sealed (封存): the package has commitments to it.
    Sealed {
        /// What.
        what: &'static str,
    },
    /// Something held personal data and was erased (删除).
    Erased {
        /// What.
        what: &'static str,
    },
    /// What was kept is that the adapter met a limit of the node.
    Limit {
        /// The code.
        code: String,
    },
    /// The adapter did not return then, and messages that it was given besides are not in the package.
    Company {
        /// The code.
        code: String,
    },
    /// What runs the programs does not run this one.
    Engine {
        /// Its words.
        text: String,
    },
}

impl Report {
    /// How many messages gave the same bytes.
    #[must_use]
    pub fn equal(&self) -> usize {
        let is_equal = |row: &&Row| matches!(row.standing, Standing::Equal { .. });
        self.rows.iter().filter(is_equal).count()
    }

    /// How many rows say that something is wrong.
    #[must_use]
    pub fn wrong(&self) -> usize {
        self.rows.iter().filter(|row| row.is_wrong()).count()
    }

    /// How many messages or submissions were not tried.
    #[must_use]
    pub fn not_replayed(&self) -> usize {
        let is_open = |row: &&Row| matches!(row.standing, Standing::NotReplayed { .. });
        self.rows.iter().filter(is_open).count()
    }

    /// The exit code: 0 everything was made again and is equal; 1 something is wrong, or there was
    /// nothing to make; 3 nothing is wrong, and something could not be made again.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match (self.wrong(), self.not_replayed(), self.equal()) {
            (0, 0, 1..) => 0,
            (0, 1.., _) => 3,
            _ => 1,
        }
    }
}

impl Row {
    /// Whether it says that something is wrong.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        match self.standing {
            Standing::Different { .. } | Standing::Altered { .. } => true,
            Standing::Equal { .. } | Standing::NotReplayed { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(standings: &[Standing], expected: u8) {
        let rows = standings.iter().map(|standing| Row {
            position: 1,
            message: Some(0),
            records: Vec::new(),
            adapter: "a@1".to_owned(),
            standing: standing.clone(),
        });
        let report = Report {
            engine: String::new(),
            rows: rows.collect(),
        };
        assert_eq!(report.exit_code(), expected, "{standings:?}");
    }

    #[test]
    fn equal_is_said_only_when_everything_was_made_again() {
        let equal = Standing::Equal {
            digest: [1; 32],
            bytes: 5,
        };
        let open = Standing::NotReplayed {
            why: Why::DigestOnly {
                what: "the message",
            },
        };
        let wrong = Standing::Different {
            kept: [1; 32],
            replayed: [2; 32],
            differences: Vec::new(),
        };
        check(&[], 1);
        check(std::slice::from_ref(&equal), 0);
        check(&[equal.clone(), open.clone()], 3);
        check(std::slice::from_ref(&open), 3);
        check(&[equal, open, wrong], 1);
    }
}
