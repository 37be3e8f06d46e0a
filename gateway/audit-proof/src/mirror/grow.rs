//! Putting checked bundles together in their order: the chain across them, and the tiles above level 0.
//!
//! Bundles come as they are finished; one that comes early waits. It takes roots of full bundles as nodes of height 8,
//! so that one thread keeps up with any number of workers.

use super::{
    MirrorFault, MirrorFaultKind, MirrorOptions, MirrorReport, Tree,
    bundle::{self, Checked},
    place,
};
use crate::{
    chain::Head,
    chain::check_second_link,
    fault::FaultKind,
    hash::Hash,
    peaks::Peaks,
    tile::{EntryBundle, MAX_LEVEL, TILE_HEIGHT, TILE_WIDTH, Tile, full_tiles},
};

/// The mirror up to the last bundle that all before it have been joined with.
#[derive(Debug)]
pub(super) struct Join {
    report: MirrorReport,
    observe: Vec<u64>,
    growths: Vec<Growth>,
    /// The leaf hash and time of the last entry.
    last: Option<(Hash, u64)>,
    /// Its SM3 leaf hash, in a log of both suites.
    second: Option<Hash>,
    /// Whether it is archived, so that its SM3 leaf hash is not known.
    is_archived: bool,
    /// The number of the bundle to be joined next.
    next: u64,
    waiting: Vec<(u64, Result<Checked, MirrorFault>)>,
    size: u64,
}

/// One tree, as far as it has grown.
#[derive(Debug)]
struct Growth {
    peaks: Peaks,
    /// Hashes that are in no full tile yet, by level; level 0 is compared with its bundle.
    unfinished: [Vec<Hash>; MAX_LEVEL as usize + 1],
    heads: Vec<Head>,
}

impl Join {
    pub(super) fn new(trees: &[Tree], options: &MirrorOptions) -> Self {
        let mut observe = options.observe.clone();
        observe.sort_unstable();
        observe.dedup();
        let growth = |tree: &Tree| Growth {
            peaks: Peaks::new(tree.suite),
            unfinished: Default::default(),
            heads: Vec::new(),
        };
        Self {
            report: MirrorReport {
                origin: options.expected_origin.clone(),
                ..MirrorReport::default()
            },
            observe,
            growths: trees.iter().map(growth).collect(),
            last: None,
            second: None,
            is_archived: false,
            next: 0,
            waiting: Vec::new(),
            size: options.size.max(options.sm3_size.unwrap_or(0)),
        }
    }

    /// Joins a bundle, and those that waited for it; returns the number of the lowest one known to have a fault.
    pub(super) fn add(
        &mut self,
        index: u64,
        checked: Result<Checked, MirrorFault>,
        trees: &[Tree],
    ) -> Option<u64> {
        let stop = checked.is_err().then_some(index);
        self.waiting.push((index, checked));
        while self.report.fault.is_none()
            && let Some(place) = self
                .waiting
                .iter()
                .position(|(number, _)| *number == self.next)
        {
            let (index, checked) = self.waiting.swap_remove(place);
            let taken = checked.and_then(|checked| self.take(index, &checked, trees));
            if let Err(fault) = taken {
                self.report.fault = Some(fault);
                return Some(index);
            }
            self.next += 1;
        }
        stop
    }

    fn take(&mut self, index: u64, checked: &Checked, trees: &[Tree]) -> Result<(), MirrorFault> {
        let bundle = EntryBundle::of_tree(index, self.size)
            .expect("only bundles that a log of this size has are joined");
        if !checked.is_archived {
            self.follow(checked)
                .map_err(|kind| bundle::fault(bundle, 0, 0, MirrorFaultKind::Entry(kind)))?;
            self.report.bundles += 1;
        }
        let observed = observed(&self.observe, bundle);
        for ((growth, tree), (leaves, root)) in
            self.growths.iter_mut().zip(trees).zip(&checked.leaves)
        {
            growth.observe(observed, leaves, checked);
            let compared = growth.take(leaves, *root, tree)?;
            self.report.tiles += compared.files;
            self.report.tiles_past_checkpoint += compared.past_checkpoint;
        }
        self.report.entries += checked.hashes.len() as u64;
        self.report.tiles += checked.compared.files;
        self.report.tiles_past_checkpoint += checked.compared.past_checkpoint;
        self.second = checked.second;
        self.is_archived = checked.is_archived;
        self.last = checked
            .hashes
            .last()
            .copied()
            .zip(checked.times_ns.last().copied());
        Ok(())
    }

    /// Checks what the first entry of a bundle has to do with the entry before it.
    fn follow(&mut self, checked: &Checked) -> Result<(), FaultKind> {
        let origin = self
            .report
            .origin
            .get_or_insert_with(|| checked.origin.clone());
        if *origin != checked.origin {
            return Err(if self.last.is_none() {
                FaultKind::Origin
            } else {
                FaultKind::EntryOrigin
            });
        }
        match (self.last, checked.times_ns.first()) {
            (Some((_, time_ns)), Some(first)) if *first <= time_ns => Err(FaultKind::EntryTime),
            (Some((hash, _)), _) if hash != checked.link => Err(FaultKind::EntryLink),
            (Some(_), _) if self.is_archived => Ok(()),
            (Some(_), _) => check_second_link(self.second.as_ref(), checked.second_link.as_ref()),
            (None, _) => Ok(()),
        }
    }

    /// Compares the partial tiles above level 0 and gives the report.
    pub(super) fn finish(mut self, trees: &[Tree]) -> MirrorReport {
        if self.report.fault.is_none() {
            let compared: Result<Vec<_>, _> = (self.growths.iter().zip(trees))
                .map(|(growth, tree)| growth.compare_partial(tree))
                .collect();
            match compared {
                Ok(compared) => {
                    let files = |compared: &place::Compared| compared.files;
                    self.report.tiles += compared.iter().map(files).sum::<u64>();
                }
                Err(fault) => self.report.fault = Some(fault),
            }
        }
        let mut growths = self.growths.into_iter().map(|growth| growth.heads);
        self.report.heads = growths.next().unwrap_or_default();
        self.report.sm3_heads = growths.next().unwrap_or_default();
        self.report
    }
}

/// Returns the sizes asked for that lie within a bundle or at its end.
fn observed(observe: &[u64], bundle: EntryBundle) -> &[u64] {
    let end = bundle.first() + u64::from(bundle.width());
    let from = observe.partition_point(|size| *size <= bundle.first());
    let to = observe.partition_point(|size| *size <= end);
    &observe[from..to]
}

impl Growth {
    /// Keeps the heads at `sizes`, which lie in the bundle of `leaves`.
    fn observe(&mut self, sizes: &[u64], leaves: &[Hash], checked: &Checked) {
        let mut sizes = sizes.iter().peekable();
        if sizes.peek().is_none() {
            return;
        }
        let mut peaks = self.peaks.clone();
        for (leaf, time_ns) in leaves.iter().zip(&checked.times_ns) {
            peaks.push(0, *leaf, |_, _| {});
            if sizes.next_if(|size| **size == peaks.size()).is_some() {
                self.heads.push(Head {
                    size: peaks.size(),
                    hash: *leaf,
                    root: peaks.root(),
                    time_ns: *time_ns,
                });
            }
        }
    }

    /// Takes in the leaves of a bundle and compares the tiles above that they complete.
    fn take(
        &mut self,
        leaves: &[Hash],
        root: Option<Hash>,
        tree: &Tree,
    ) -> Result<place::Compared, MirrorFault> {
        let unfinished = &mut self.unfinished;
        let mut keep = |height: u32, node: Hash| {
            if height >= TILE_HEIGHT && height.is_multiple_of(TILE_HEIGHT) {
                unfinished[(height / TILE_HEIGHT) as usize].push(node);
            }
        };
        match root {
            Some(root) => self.peaks.push(TILE_HEIGHT, root, &mut keep),
            None => leaves
                .iter()
                .for_each(|leaf| self.peaks.push(0, *leaf, &mut keep)),
        }
        let mut compared = place::Compared::default();
        for (level, hashes) in (0..=MAX_LEVEL).zip(&mut self.unfinished) {
            if hashes.len() < usize::from(TILE_WIDTH) {
                continue;
            }
            let index = full_tiles(level, self.peaks.size()) - 1;
            let tile = Tile::new(level, index, TILE_WIDTH)
                .expect("a level with 256 hashes has a full tile");
            let found = place::compare(tree, tile, hashes)?;
            compared.files += found.files;
            compared.past_checkpoint += found.past_checkpoint;
            hashes.clear();
        }
        Ok(compared)
    }

    /// Compares the partial tiles above level 0 at the size of the tree.
    fn compare_partial(&self, tree: &Tree) -> Result<place::Compared, MirrorFault> {
        let mut compared = place::Compared::default();
        for (level, hashes) in (0..=MAX_LEVEL).zip(&self.unfinished).skip(1) {
            if let Some(tile) = Tile::partial(level, tree.size) {
                let found = place::compare(tree, tile, hashes)?;
                compared.files += found.files;
                compared.past_checkpoint += found.past_checkpoint;
            }
        }
        Ok(compared)
    }
}
