//! Tests of entries: canonical bytes, strictness, rendering.
