//! The common schema and the service contract as Rust types.
//!
//! The types are generated from `proto/lawgate/v1` and checked in. This crate
//! holds no rule about their content and no service code: rules are in
//! `schema`, the services in `grpc-api`. Everything that touches a record
//! relies on it, guests included, so it needs nothing but `prost`.

#![forbid(unsafe_code)]

mod entity;

pub use entity::{ENTITY_NAMES, agency_kind};

/// Package `lawgate.v1`: messages and enumerations.
///
/// Every entity in [`record::Entity`](v1::record::Entity) is boxed, except the
/// two that come by the million: observations and vehicle tracks.
#[expect(
    clippy::large_enum_variant,
    reason = "an accepted submission is the usual answer, a refusal the rare one"
)]
pub mod v1 {
    include!("gen/lawgate.v1.rs");
}

/// Encoded `google.protobuf.FileDescriptorSet` of the package and its imports,
/// options included, comments left out: for reflection.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!("gen/lawgate.v1.binpb");

/// Version of the common schema: semantic versioning, and only growth within 1.
pub const SCHEMA_VERSION: &str = "1.0.0";
