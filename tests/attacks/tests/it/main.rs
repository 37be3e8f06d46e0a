//! What the table does not show: every torn byte and flipped bit, backups, forks, tiles, and two attacks known from
//! journald. Without `openssl`, which plays the time-stamping authority, all of them fail and say so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod backups;
mod bytes;
mod forks;
mod journald;
mod small;
mod table;
mod tiles;
