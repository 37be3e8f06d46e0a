//! The verifier as a process, on logs that the real writer made and on mirrors of them.
//!
//! One binary, so that it is linked once.

mod attacks;
mod mirrors;
mod nodes;
mod parties;
mod stamps;
mod usage;
mod world;
