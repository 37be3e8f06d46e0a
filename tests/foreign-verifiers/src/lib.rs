//! Verifiers nobody here wrote, run on what the audit log proves.
//!
//! Our own checks could share a mistake with what they check. Here libraries of others, of which no part of the product
//! depends on any, accept our roots, proofs and files, and refuse them with one bit changed. The tests are all of this
//! crate: one module for each kind of evidence.

#![forbid(unsafe_code)]

#[cfg(test)]
mod agreement;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod go;
#[cfg(test)]
mod log;
#[cfg(test)]
mod merkle;
#[cfg(test)]
mod node;
#[cfg(test)]
mod notes;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod stamps;
#[cfg(test)]
mod tiles;
#[cfg(test)]
mod tools;
