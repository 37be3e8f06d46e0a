//! Verdicts over small logs that are made here, hash by hash.
