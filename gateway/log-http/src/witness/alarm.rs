//! What contradicts: two signed checkpoints of one log that do not, or may not, fit together.
//!
//! An alarm is evidence and says itself how much it proves. Where it is kept is for [`super::WitnessState`] to decide.

use std::fmt;

use audit_proof::note::Note;

/// How two checkpoints of one log contradict each other, and what that proves by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlarmKind {
    /// Two roots for one size. The two signatures prove without anything else that the log has two histories.
    SplitView,
    /// The newer one is larger and the proof sent with it does not lead from the older one.
    ///
    /// The log has two histories or somebody sent a wrong proof: a right one, which only the log can make, would show.
    Inconsistent,
    /// A checkpoint smaller than the one cosigned was presented as new.
    ///
    /// The log was set back, or somebody repeated an old request: a consistency proof between the two would show.
    Shorter,
}

/// Two signed checkpoints that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// How they contradict.
    pub kind: AlarmKind,
    /// The checkpoint that the witness cosigned last; `None` when what was received contradicts itself, an empty log
    /// with a root that no empty log has.
    pub held: Option<Note>,
    /// The checkpoint that came in, with the log's signatures only.
    pub received: Note,
}

impl AlarmKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::SplitView, Self::Inconsistent, Self::Shorter];
}

impl fmt::Display for AlarmKind {
    /// The word by which files and messages call it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SplitView => "split-view",
            Self::Inconsistent => "inconsistent",
            Self::Shorter => "shorter",
        })
    }
}
