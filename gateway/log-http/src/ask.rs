//! The log's side of its witnesses: asking them to cosign, and asking what they cosigned last.
//!
//! What a witness answers is verified before it is used, and what contradicts the log is an outcome of its own that
//! carries both signed checkpoints ([`Disagreement`]). Nothing is stored here; whoever publishes checkpoints stores, and
//! whoever opens a log asks [`check_start`] first.

mod client;
mod disagreement;
mod start;
mod together;

pub use client::{AskError, LatestError, Prove, WitnessClient, WitnessedCheckpoint};
pub use disagreement::{Disagreement, DisagreementKind};
pub use start::{StartError, check_start};
pub use together::{Cosigning, WitnessOutcome, Witnesses, WitnessesError};
