//! Adapter police-case
