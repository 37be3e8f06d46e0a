//! Attesting the audit log: keys, checkpoints, witnesses, timestamps, the static server.
//!
//! Drives what `audit-log`, `signer` and `log-http` can do, by the configuration and the clock, beside the exchange.
//! It signs nothing by itself and decides nothing about an exchange; where attestation is missing for too long it says
//! so to the exchange, which refuses. `serve` starts and stops it.
//!
//! Reading order: [`keys`], [`open`], [`publish`], then [`cosign`], [`stamp`], [`clock_watch`], [`outage`], [`run`].

pub(crate) mod alarm;
mod board;
mod clock_watch;
mod cosign;
pub(crate) mod keys;
mod nonce;
mod open;
mod outage;
pub(crate) mod pem;
mod publish;
mod run;
mod stamp;

pub(crate) use board::Board;
pub(crate) use cosign::{Cosigners, read_policy};
pub(crate) use open::{OpenNode, close, close_refused, open};
pub(crate) use outage::replace;
pub(crate) use publish::Publishing;
pub(crate) use run::{Attestation, bind};
