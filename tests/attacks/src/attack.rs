//! The 17 attacks, each done to files: a copy of the honest node, or a history that was false from its start.
//!
//! The attacker has the disk and the gateway's keys and none of the keys of witnesses, authority and agencies. It does
//! what is best for it: signs anew where it can, keeps what others gave where it still fits, and asks them for more.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{
    event::{Event, Submission, honest},
    gateway::{BACKED_UP, Case, Growing, SIZE, World, grow},
    keys::Author,
    rewrite::{Timed, edit_frame, replace_node, replace_segments},
};

/// An attack, in the order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// One byte of an entry is changed; only the checksum of its frame is made good.
    EditByte,
    /// An entry is changed and all segments are written anew; nothing is signed.
    Rehash,
    /// An insider with the key does the same and signs anew.
    Resign,
    /// The same with an entry older than the export.
    ResignOld,
    /// The same with an entry newer than the export and than most checkpoints.
    ResignNew,
    /// The last forty entries are cut off; the signed head stays.
    Truncate,
    /// The same, and what is left is signed anew.
    TruncateResign,
    /// A genuine backup is put back, with all that witnesses and authority gave for it.
    RollBack,
    /// An entry in the middle is taken out.
    Delete,
    /// An entry is put in the middle, with a time between its neighbours.
    Insert,
    /// Two entries change places.
    Reorder,
    /// Auditor B is shown a second signed log that goes its own way after the export.
    SplitView,
    /// A thief of the gateway's keys appends submissions nobody sent; witnesses and authority vouch for the growth.
    FalseNew,
    /// The clock of the gateway is an hour behind from one entry on.
    ClockBack,
    /// An agency sent a submission and the gateway never logged it.
    NeverLogged,
    /// A submission for which there is a receipt gives way to something harmless.
    DropReceipted,
    /// The entries that were acknowledged and in no checkpoint yet are cut off.
    DropWindow,
}

/// All attacks, in their order.
pub const ATTACKS: [Attack; 17] = [
    Attack::EditByte,
    Attack::Rehash,
    Attack::Resign,
    Attack::ResignOld,
    Attack::ResignNew,
    Attack::Truncate,
    Attack::TruncateResign,
    Attack::RollBack,
    Attack::Delete,
    Attack::Insert,
    Attack::Reorder,
    Attack::SplitView,
    Attack::FalseNew,
    Attack::ClockBack,
    Attack::NeverLogged,
    Attack::DropReceipted,
    Attack::DropWindow,
];

/// Position of an entry between the export and the newest checkpoint.
const EDITED: usize = 333;
/// Position of an entry older than the export.
const OLD: usize = 150;
/// Position of an entry newer than the export.
const NEW: usize = 450;
/// Where entries are taken out, put in and swapped.
const MIDDLE: usize = 400;
/// Where the second view leaves the first.
const FORK: usize = 420;
/// The submission that is never logged; its agency goes on counting.
const OMITTED: usize = 252;
/// The submission that is dropped although there is a receipt.
const DROPPED: usize = 520;
/// From where on the clock is behind.
const CLOCK_FROM: u64 = 500;
/// How far the clock is behind, in nanoseconds: an hour.
const BEHIND_NS: u64 = 3_600_000_000_000;
/// What is left of a truncated log; it is below the newest checkpoint.
const TRUNCATED: usize = 580;
/// Size of the newest checkpoint.
const SIGNED: usize = 600;
/// How many entries the thief appends.
const FALSE_ENTRIES: u64 = 20;

impl Attack {
    /// Returns its number in the list, from 1.
    #[must_use]
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// Returns what it is, in the words of the list.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::EditByte => "edit one byte, no rehash",
            Self::Rehash => "edit and rehash the chain, no key",
            Self::Resign => "edit, rehash, re-sign (insider with the key)",
            Self::ResignOld => "the same on an entry older than the last export",
            Self::ResignNew => "the same on an entry newer than it",
            Self::Truncate => "truncate the tail, keep the old head",
            Self::TruncateResign => "truncate and re-sign",
            Self::RollBack => "roll back to a genuine old checkpoint (restore)",
            Self::Delete => "delete in the middle, rehash, re-sign",
            Self::Insert => "insert backdated, rehash, re-sign",
            Self::Reorder => "reorder, rehash, re-sign",
            Self::SplitView => "split view: a second signed log for auditor B",
            Self::FalseNew => "stolen key appends false new entries",
            Self::ClockBack => "clock set back at append",
            Self::NeverLogged => "event never logged (the party sent it)",
            Self::DropReceipted => "event dropped although a receipt was issued",
            Self::DropWindow => "acknowledged entries dropped in the un-checkpointed window",
        }
    }

    /// Does it, to a copy of the honest case.
    ///
    /// # Errors
    /// When a part that the attacker uses refuses.
    pub fn perform(self, world: &World, honest_case: &Case) -> Result<Case> {
        let name = format!("attack-{:02}", self.number());
        if self == Self::ClockBack {
            return set_clock_back(world, &name);
        }
        if self == Self::NeverLogged {
            return never_log(world, &name);
        }
        let mut case = honest_case.copy(&world.folder.join(name))?;
        let history = self.history(world);
        match self {
            Self::EditByte => edit_frame(&case.audit(), "case 0333", "case 0334")?,
            Self::Rehash | Self::Truncate | Self::DropWindow => {
                replace_segments(world, &case, &history)?;
            }
            Self::RollBack => {
                fs::remove_dir_all(case.audit())?;
                fs::rename(case.folder.join("backup"), case.audit())?;
            }
            Self::FalseNew => append_false(world, &mut case)?,
            Self::ClockBack
            | Self::NeverLogged
            | Self::Resign
            | Self::ResignOld
            | Self::ResignNew
            | Self::TruncateResign
            | Self::Delete
            | Self::Insert
            | Self::Reorder
            | Self::SplitView
            | Self::DropReceipted => {
                let last = history.len().min(SIGNED) as u64;
                replace_node(world, &case, &history, last)?;
            }
        }
        Ok(case)
    }

    /// Returns the history that the attacker wants the log to have; the honest one for attacks that do not rewrite it.
    fn history(self, world: &World) -> Vec<Timed> {
        let mut history: Vec<Timed> = (0..)
            .zip(honest(SIZE as usize))
            .map(|(position, event)| (event, world.time_ns(position)))
            .collect();
        match self {
            Self::Rehash | Self::Resign => edit(&mut history, EDITED),
            Self::ResignOld => edit(&mut history, OLD),
            Self::ResignNew => edit(&mut history, NEW),
            Self::Truncate | Self::TruncateResign => history.truncate(TRUNCATED),
            Self::Delete => drop(history.remove(MIDDLE)),
            Self::Insert => {
                let time_ns = history[MIDDLE].1 - 1_000_000_000;
                history.insert(MIDDLE, (Event::decision("backdated decision"), time_ns));
            }
            Self::Reorder => {
                let (first, second) = (history[MIDDLE].1, history[MIDDLE + 1].1);
                history.swap(MIDDLE, MIDDLE + 1);
                history[MIDDLE].1 = first;
                history[MIDDLE + 1].1 = second;
            }
            Self::SplitView => {
                for (event, _) in history.iter_mut().skip(FORK) {
                    if event.submission.is_none() {
                        event.case = event.case.replace("case", "view");
                    }
                }
            }
            Self::DropReceipted => history[DROPPED].0 = Event::decision("nothing of note"),
            Self::DropWindow => history.truncate(SIGNED),
            Self::EditByte
            | Self::RollBack
            | Self::FalseNew
            | Self::ClockBack
            | Self::NeverLogged => {}
        }
        history
    }
}

fn edit(history: &mut [Timed], position: usize) {
    history[position].0.case = "case none".to_owned();
}

fn set_clock_back(world: &World, name: &str) -> Result<Case> {
    grow(world, name, &honest(SIZE as usize), |position| {
        let behind = if position < CLOCK_FROM { 0 } else { BEHIND_NS };
        world.time_ns(position) - behind
    })
}

fn never_log(world: &World, name: &str) -> Result<Case> {
    let mut events = honest(SIZE as usize + 1);
    let omitted = events.remove(OMITTED);
    omitted
        .submission
        .context("only a submission is missed by somebody")?;
    grow(world, name, &events, |position| world.time_ns(position))
}

fn append_false(world: &World, case: &mut Case) -> Result<()> {
    let mut growing = Growing::open(world, case)?;
    let before = honest(SIZE as usize);
    let counter = before.iter().filter_map(|event| event.submission);
    let newest = counter
        .filter(|submission| submission.agency == 0)
        .map(|submission| submission.counter)
        .max()
        .context("the agency sent nothing")?;
    for number in 0..FALSE_ENTRIES {
        let event = Event {
            case: format!("false {number:04}"),
            submission: Some(Submission {
                agency: 0,
                counter: newest + 1 + number,
                author: Author::Thief,
            }),
        };
        growing.take(&event, world.time_ns(SIZE + number))?;
    }
    growing.checkpoint()?;
    growing.close()?;
    case.examined_s = world.time_s(SIZE + FALSE_ENTRIES) + 16;
    Ok(())
}

const _: () = assert!(BACKED_UP > crate::gateway::EXPORTED);
