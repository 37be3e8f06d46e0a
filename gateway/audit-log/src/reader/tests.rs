//! Tests of reading while the log is written.
