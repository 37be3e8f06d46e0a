//! The common schema and the service contract as Rust types
