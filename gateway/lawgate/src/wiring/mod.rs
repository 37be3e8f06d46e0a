//! The wiring: the traits the exchange owns, over the crates that do the work.
//!
//! Each file adapts one crate. Nothing here decides: a rule that appears here
//! belongs to the exchange or to the crate behind it.

mod adapters;
mod clock;
mod configuration_schema;
mod converter;
mod evidence;
mod evidence_packages;
mod kept;
mod package;
mod policy;
mod preinitialize;
mod proofs;
mod receipts;
mod vault;

pub(crate) use adapters::{AdapterFolder, Caps};
pub(crate) use clock::{StatedClock, SystemClock};
pub(crate) use converter::{
    converter, fault_text, feeds, host, host_limits, installed, own_key, try_compiler,
};
pub(crate) use evidence::Evidence;
pub(crate) use evidence_packages::PackageFiles;
pub(crate) use kept::{KeptFile, kept_file};
pub(crate) use package::{Publishers, chain};
pub(crate) use policy::{policy, working_days};
pub(crate) use proofs::Proofs;
pub(crate) use receipts::Receipts;
pub(crate) use vault::{vault, vault_for_reading};
