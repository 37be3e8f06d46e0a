//! What the tests share: a world in a folder of its own, and small nodes in it.

use std::fs;

use attacks::{
    event::honest,
    gateway::{Case, Growing, Node, World},
};
use tempfile::TempDir;

/// A world that ends with its folder.
pub(crate) struct Small {
    pub(crate) world: World,
    _folder: TempDir,
}

impl Small {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        // The folder was made just now, and certificates begin to be valid now.
        let now = fs::metadata(folder.path()).unwrap().modified().unwrap();
        let now_s = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        Self {
            world: World::new(folder.path(), now_s).unwrap(),
            _folder: folder,
        }
    }

    /// A case that is examined a minute after its last entry.
    pub(crate) fn case(&self, name: &str, entries: u64) -> Case {
        Case {
            folder: self.world.folder.join(name),
            examined_s: self.world.time_s(entries) + 60,
        }
    }

    /// Takes the honest events from `from` up to `to`, each at its time.
    pub(crate) fn take(&self, growing: &Growing<'_>, from: u64, to: u64) {
        for (position, event) in (0..).zip(honest(to as usize)).skip(from as usize) {
            growing.take(&event, self.world.time_ns(position)).unwrap();
        }
    }

    /// Appends the honest events from `from` up to `to`; those of another `history` are others.
    pub(crate) fn append(&self, node: &Node, from: u64, to: u64, history: &str) {
        for (position, mut event) in (0..).zip(honest(to as usize)).skip(from as usize) {
            event.case += history;
            let time_ns = self.world.time_ns(position);
            let draft = event.draft(&self.world.keys).unwrap();
            node.append(draft, time_ns).unwrap();
        }
    }
}
