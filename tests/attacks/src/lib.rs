//! Seventeen attacks of an operator on its own audit log, and which verifier notices which.
//!
//! An honest log of 620 entries is made by real parts: the writer and its publisher, real signers, three witnesses that
//! serve, a time-stamping authority that OpenSSL plays, receipts, and submissions that agencies signed and counted. Each
//! attack is then really done to a copy of its files, and each of nine verifiers, from one that only decodes entries to
//! everything there is, really runs on them. No cell of the table is a constant. What the table does not show stands in
//! `tests/`: every torn byte, every flipped bit, restored backups, forks, tiles, and two attacks known from journald.
//!
//! Reading order: [`event`] (what happens), [`gateway`] (how it is logged), [`attack`], [`rewrite`] (the attacker's
//! tools), [`column`] (the verifiers), [`program`], [`table`]. `cargo xtask attacks` runs it all.

#![forbid(unsafe_code)]

pub mod attack;
pub mod authority;
pub mod column;
pub mod event;
pub mod files;
pub mod gateway;
pub mod keys;
pub mod program;
pub mod rewrite;
pub mod table;
pub mod witnesses;
