//! Tests of the deterministic CBOR encoder and decoder.
