//! Tests of the compiler without its process.

use super::*;
use crate::cache::Cache;
use crate::compile::name_of_native;

/// An empty component: magic, version 13, layer 1.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

#[test]
fn what_is_no_order_is_refused() {
    let too_long = [&9_u64.to_le_bytes()[..], b"short"].concat();
    let garbled_state = [&1_u64.to_le_bytes()[..], b"c", b"\xff"].concat();
    for bytes in [&b""[..], b"1234567", &too_long, &garbled_state] {
        let error = run_encoded(bytes).expect_err("not an order");
        assert!(error.to_string().contains("than an order"), "{error}");
    }
}

#[test]
fn what_is_no_component_is_refused() {
    for bytes in [&b""[..], b"not wasm", b"\0asm\x01\0\0\0"] {
        assert!(native_code(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn code_of_the_compiling_engine_suits_the_running_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = crate::Config::recommended("".into(), [0; 32], Compiler::unused());
    let running = engine::running(&config).expect("a pool");
    let native = native_code(EMPTY).expect("compiles");
    let cache = Cache::open(folder.path(), [7; 32]).expect("a cache");
    let name = name_of_native(&[1; 32], None);
    let native = cache.write(&name, native).expect("is kept");
    native.load(&running).expect("is loaded");
}
