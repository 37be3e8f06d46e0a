//! Adapter justice-review
