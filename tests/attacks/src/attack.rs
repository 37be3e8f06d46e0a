//! The 17 attacks, each done to files: a copy of what a real gateway left when it was killed.
//!
//! The attacker has the disk and the gateway's keys and none of the keys of witnesses, authority and agencies. It does
//! what is best for it: rewrites what it likes, signs anew where it can, keeps what others gave where it still fits, and
//! asks them for more. Three attacks change nothing that was: the gateway goes on, and lies from there.

use std::fs;

use anyhow::{Context as _, Result};

use crate::{
    event::{Event, Submission, honest_after},
    gateway::{Case, Growing, World},
    honest::{Honest, Marks},
    keys::Author,
    rewrite::{Timed, edit_frame, history, replace_node, replace_segments},
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

/// How far the clock is behind, in nanoseconds: an hour.
const BEHIND_NS: u64 = 3_600_000_000_000;
/// How much of what was signed is cut off a truncated log.
const CUT: u64 = 20;
/// How many entries come after the honest ones in attacks that go on.
const GOING_ON: usize = 60;
/// Behind which of them a checkpoint is signed, cosigned and stamped.
const ATTESTED: usize = 44;
/// Which of them is never logged.
const OMITTED: usize = 12;
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
    pub fn perform(self, world: &World, honest: &Honest) -> Result<Case> {
        let folder = world.folder.join(format!("attack-{:02}", self.number()));
        let mut case = honest.case.copy(&folder)?;
        let marks = &honest.marks;
        let mut past = history(&case.audit())?;
        match self {
            Self::EditByte => {
                let edited = &past[between(&past, marks.exported, marks.signed(), 1, 2)?];
                let from = edited.case.clone().unwrap_or_default();
                let (start, last) = from.split_at(from.len() - 1);
                let to = format!("{start}{}", if last == "0" { "1" } else { "0" });
                edit_frame(&case.audit(), &from, &to)?;
            }
            Self::Rehash | Self::Truncate | Self::DropWindow => {
                self.rewrite(&mut past, marks)?;
                replace_segments(&world.keys, &case, &past)?;
            }
            Self::RollBack => {
                fs::remove_dir_all(case.audit())?;
                fs::rename(case.folder.join("backup"), case.audit())?;
            }
            Self::FalseNew => append_false(world, marks, &mut case)?,
            Self::ClockBack => go_on(world, marks, &mut case, |_| true, BEHIND_NS)?,
            Self::NeverLogged => go_on(world, marks, &mut case, |number| number != OMITTED, 0)?,
            Self::Resign
            | Self::ResignOld
            | Self::ResignNew
            | Self::TruncateResign
            | Self::Delete
            | Self::Insert
            | Self::Reorder
            | Self::SplitView
            | Self::DropReceipted => {
                self.rewrite(&mut past, marks)?;
                let last = marks.signed().min(past.len() as u64);
                replace_node(world, &case, &past, &marks.checkpoints, last)?;
            }
        }
        Ok(case)
    }

    /// Makes of the history what the attacker wants the log to have; attacks that do not rewrite it leave it.
    fn rewrite(self, past: &mut Vec<Timed>, marks: &Marks) -> Result<()> {
        let (exported, signed) = (marks.exported, marks.signed());
        // The first entry for a case at such a part of the way between two sizes.
        let place = |past: &[Timed], from, to, part, of| between(past, from, to, part, of);
        let middle = place(past, exported, signed, 1, 2)?;
        match self {
            Self::Rehash | Self::Resign => past[middle].set_case("case none"),
            Self::ResignOld => {
                let old = place(past, 0, exported, 1, 2)?;
                past[old].set_case("case none");
            }
            Self::ResignNew => {
                let new = place(past, exported, signed, 4, 5)?;
                past[new].set_case("case none");
            }
            Self::Truncate | Self::TruncateResign => past.truncate((signed - CUT) as usize),
            Self::Delete => drop(past.remove(middle)),
            Self::Insert => {
                let mut inserted = reading(past)?;
                // Between its neighbours.
                inserted.time_ns = past[middle].time_ns - 1;
                inserted.set_case("backdated decision");
                past.insert(middle, inserted);
            }
            Self::Reorder => {
                let (first, second) = (past[middle].time_ns, past[middle + 1].time_ns);
                past.swap(middle, middle + 1);
                past[middle].time_ns = first;
                past[middle + 1].time_ns = second;
            }
            Self::SplitView => {
                for timed in past.iter_mut().skip(middle) {
                    let case = timed.case.clone().filter(|_| !timed.is_submission());
                    if let Some(case) = case {
                        timed.set_case(&case.replace("case", "view"));
                    }
                }
            }
            Self::DropReceipted => {
                let mut harmless = reading(past)?;
                harmless.set_case("nothing of note");
                let late = past.iter_mut().skip(middle);
                let dropped = late.into_iter().find(|timed| timed.is_submission());
                let dropped = dropped.context("no submission behind the middle")?;
                harmless.time_ns = dropped.time_ns;
                *dropped = harmless;
            }
            Self::DropWindow => past.truncate(signed as usize),
            Self::EditByte
            | Self::RollBack
            | Self::FalseNew
            | Self::ClockBack
            | Self::NeverLogged => {}
        }
        Ok(())
    }
}

/// Returns the first position from `part`/`of` of the way between two sizes on whose entry names a case.
fn between(past: &[Timed], from: u64, to: u64, part: u64, of: u64) -> Result<usize> {
    let start = (from + (to - from) * part / of) as usize;
    let found = past[start..].iter().position(|timed| timed.case.is_some());
    Ok(start + found.context("no entry names a case")?)
}

/// Returns a reading that the gateway noted: what an invented entry looks like.
fn reading(past: &[Timed]) -> Result<Timed> {
    let found = past
        .iter()
        .find(|timed| timed.case.is_some() && !timed.is_submission());
    Ok(found.context("nothing was read")?.clone())
}

/// Lets the gateway go on where it was killed, each entry four seconds after the one before, with those events that are
/// `logged` and a clock that is `behind_ns` behind; witnesses and authority vouch for it at the real time.
fn go_on(
    world: &World,
    marks: &Marks,
    case: &mut Case,
    logged: impl Fn(usize) -> bool,
    behind_ns: u64,
) -> Result<()> {
    let mut growing = Growing::open(world, case)?;
    let events = honest_after(marks.counters, GOING_ON);
    for (number, event) in events.iter().enumerate() {
        if logged(number) {
            growing.take(event, world.time_ns(number as u64) - behind_ns)?;
        }
        if number == ATTESTED {
            growing.checkpoint(world.time_s(number as u64))?;
        }
    }
    growing.close()?;
    case.examined_s = world.time_s(GOING_ON as u64) + 16;
    Ok(())
}

fn append_false(world: &World, marks: &Marks, case: &mut Case) -> Result<()> {
    let mut growing = Growing::open(world, case)?;
    for number in 0..FALSE_ENTRIES {
        let event = Event {
            case: format!("false {number:04}"),
            submission: Some(Submission {
                agency: 0,
                counter: marks.counters[0] + 1 + number,
                author: Author::Thief,
            }),
        };
        growing.take(&event, world.time_ns(number))?;
    }
    growing.checkpoint(world.time_s(FALSE_ENTRIES))?;
    growing.close()?;
    case.examined_s = world.time_s(FALSE_ENTRIES) + 16;
    Ok(())
}
