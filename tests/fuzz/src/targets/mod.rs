//! One module for each kind of foreign bytes.

mod adapters;
mod audit_log;
mod codes;
mod conversion;
mod documents;
mod packages;
mod packs;
mod party;
mod schema;
