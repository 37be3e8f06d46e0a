//! Tests of natural group commit.
