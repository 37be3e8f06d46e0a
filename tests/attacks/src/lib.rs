//! Seventeen attacks of an operator on its own audit log, and which verifier notices which.
//!
//! An honest log is written by a real gateway: a process that agencies call over gRPC, with witnesses that are processes,
//! a time-stamping authority that OpenSSL plays, and receipts that it returned. Each attack is then really done to a copy
//! of its data folder, and each of nine verifiers, from one that only decodes entries to everything there is, really runs
//! on it. No cell of the table is a constant. What the table does not show stands in `tests/`, on small logs of the
//! gateway's parts: every torn byte, every flipped bit, restored backups, forks, tiles, and two attacks known from journald.
//!
//! Reading order: [`honest`] (the real gateway), [`attack`], [`rewrite`] (the attacker's tools), [`column`] (the
//! verifiers), [`program`], [`table`]; [`event`] and [`gateway`] are the parts that go on by themselves. `cargo xtask
//! attacks` runs it all.

#![forbid(unsafe_code)]

pub mod attack;
pub mod column;
pub mod event;
pub mod files;
pub mod gateway;
pub mod honest;
pub mod keys;
pub mod program;
pub mod rewrite;
pub mod table;
pub mod witnesses;
