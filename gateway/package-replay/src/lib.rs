//! Making the conversions of an evidence package again (重放), offline and from the package alone.
//!
//! The package has the program that converted, its configuration, the messages as received and what
//! was kept of each; the entry of the submission binds all of them by digest. Here each is held
//! against the entry, the program is run again, and its result is compared byte for byte with what
//! was kept. Whether the log has the entry is `lawgate-verify`'s to say.
//!
//! What runs the program is the caller's choice ([`Adapters`]): [`Interpreted`] runs it in an engine
//! that the gateway does not use, so that equal bytes were computed twice by different means.
//!
//! Reading order: [`report`] (what is said), [`replay`](mod@replay) (the work), [`bound`] (holding files
//! against the entry), [`sealed`] (messages with sealed values that are disclosed whole), [`interpreted`] (the engine), [`render`].
#![forbid(unsafe_code)]

mod bound;
mod interpreted;
pub mod render;
mod replay;
pub mod report;
mod sealed;

pub use interpreted::Interpreted;
pub use replay::{Adapters, NotRun, PackageError, replay};
pub use report::{Report, Row, Standing};
