//! Cross-crate tests over the real binary
