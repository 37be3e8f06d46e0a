//! Guest side of the adapter contract for Rust
