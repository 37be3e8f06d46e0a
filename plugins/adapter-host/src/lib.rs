//! Runs adapters in sandboxes; the only user of wasmtime
