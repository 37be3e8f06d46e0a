//! A witness: it cosigns a checkpoint only when the log has grown from the one it cosigned before (C2SP tlog-witness
//! v1.0.0).
//!
//! [`Witness`] decides and [`WitnessState`] keeps; [`serve_witness`] puts both on a network. A witness believes nothing
//! of a log but what its signature and a consistency proof show, keeps what contradicts, and knows no clock: the time is
//! an argument. Agencies that watch the log rely on no two of its cosignatures being over two histories.

mod alarm;
mod answer;
mod decide;
mod folder_state;
mod request;
mod server;
mod state;

pub use alarm::{Alarm, AlarmKind};
pub use answer::Answer;
pub use decide::{Witness, WitnessBuildError, WitnessFault, WitnessedLog};
pub use folder_state::{FolderState, FolderStateError};
pub use request::{AddCheckpoint, MAX_PROOF_LINES, MAX_REQUEST_BYTES, RequestFault};
pub use server::{WITNESS_LIMITS, WitnessConfig, serve_witness};
pub use state::{MemoryState, Replaced, StateError, WitnessState, origin_hash};
