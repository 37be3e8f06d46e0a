//! Payloads and conversion results, content-addressed and append-only
