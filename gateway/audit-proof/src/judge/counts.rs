//! How much an examination really checked, so that a check of nothing cannot look like a pass.

/// Numbers of things that were checked and found right.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries, each with its form, link, time and leaf hash.
    pub entries: u64,
    /// Segments of a log.
    pub segments: u64,
    /// Groups of a log.
    pub groups: u64,
    /// Entry bundles of a mirror.
    pub bundles: u64,
    /// Files of tiles of a mirror.
    pub tiles: u64,
    /// Checkpoints whose root the entries give.
    pub checkpoints: u64,
    /// Signatures of logs.
    pub signatures: u64,
    /// Cosignatures of witnesses.
    pub cosignatures: u64,
    /// Time stamps.
    pub stamps: u64,
    /// Receipts: signature and proof, and against a log where one was given.
    pub receipts: u64,
    /// Statements that agencies signed.
    pub statements: u64,
}

impl Counts {
    /// Returns whether neither an entry nor a receipt was checked.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.entries == 0 && self.receipts == 0
    }

    /// Adds the numbers of another part of the examination.
    pub fn add(&mut self, other: &Self) {
        self.entries += other.entries;
        self.segments += other.segments;
        self.groups += other.groups;
        self.bundles += other.bundles;
        self.tiles += other.tiles;
        self.checkpoints += other.checkpoints;
        self.signatures += other.signatures;
        self.cosignatures += other.cosignatures;
        self.stamps += other.stamps;
        self.receipts += other.receipts;
        self.statements += other.statements;
    }
}
