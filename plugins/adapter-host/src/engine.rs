//! The two engines: one runs guests, one compiles them.
//!
//! Both share every setting that shapes native code, or the first would refuse
//! what the second made. Only the first reserves the pool of sandboxes, whose
//! address space would not fit the limits of the compiling process. It cannot
//! compile: nothing in a process that serves can make code, and without the
//! feature `compiler` there is none that could.

#[cfg(feature = "compiler")]
use wasmtime::Inlining;
use wasmtime::{Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::config::Config;

/// Core instances in one component: an interpreter's component has more than 32.
const CORE_INSTANCES: u32 = 64;

/// Tables in one component.
const TABLES: u32 = 8;

/// Elements in one table; interpreters have almost 20,000 functions in theirs.
pub(crate) const TABLE_ELEMENTS: usize = 20_000;

/// Memory of a finished sandbox that stays, in bytes: zeroing what was touched
/// is cheaper than giving pages back and faulting them in again.
const MEMORY_KEPT: usize = 2 << 20;

/// The same for tables.
const TABLE_KEPT: usize = 64 << 10;

/// An engine that runs guests in a pool of sandboxes.
pub(crate) fn running(config: &Config) -> wasmtime::Result<Engine> {
    let slots = slots(config);
    let instances = config.workers.saturating_add(1);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .max_core_instances_per_component(CORE_INSTANCES)
        .total_core_instances(instances.saturating_mul(CORE_INSTANCES))
        .max_memories_per_component(1)
        .max_memories_per_module(1)
        .total_memories(slots)
        .max_memory_size(config.memory_bytes)
        .linear_memory_keep_resident(MEMORY_KEPT)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .total_tables(instances.saturating_mul(TABLES))
        .table_elements(TABLE_ELEMENTS)
        .table_keep_resident(TABLE_KEPT)
        .max_unused_warm_slots(slots)
        // Finds the touched pages with one call of the kernel (6.7 and later)
        // instead of remapping all, which takes a lock all threads share.
        .pagemap_scan(Enabled::Auto);
    let mut settings = shared();
    settings
        .max_wasm_stack(config.stack_bytes)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    // Last: the settings above are those of a compiler, where there is one.
    #[cfg(feature = "compiler")]
    settings.enable_compiler(false);
    Engine::new(&settings)
}

/// An engine that only compiles. What is changed here or in [`shared`] is counted in
/// [`NATIVE_VERSION`](crate::NATIVE_VERSION): the running engine does not tell all of it by itself.
#[cfg(feature = "compiler")]
pub(crate) fn compiling() -> wasmtime::Result<Engine> {
    let mut settings = shared();
    // The bits of a NaN depend on the processor; the same messages must give the same bytes on
    // every machine.
    settings.cranelift_nan_canonicalization(true);
    // Each look has a word of its own in its function; two functions made one would share words.
    settings.compiler_inlining(Inlining::No);
    Engine::new(&settings)
}

/// Memories to keep: two for each adapter and call, so that a call finds one
/// that was prepared for its component.
fn slots(config: &Config) -> u32 {
    let calls = config.workers.saturating_add(1);
    calls
        .saturating_mul(config.adapters.max(1))
        .saturating_mul(2)
}

/// What both engines agree on: the shape of native code, and what guests may use.
fn shared() -> wasmtime::Config {
    let mut settings = wasmtime::Config::new();
    settings
        // Guests look at words of their own instead: [`crate::stop`].
        .epoch_interruption(false)
        .consume_fuel(false)
        .concurrency_support(false)
        // A trap's place in foreign code helps nobody here and costs time.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        // What relaxed SIMD gives depends on the processor.
        .wasm_relaxed_simd(false)
        .wasm_memory64(false);
    settings
}

#[cfg(all(test, feature = "compiler"))]
mod tests {
    use wasmtime::Module;
    use wasmtime::component::Component;

    use super::*;
    use crate::config::Compiler;

    /// An empty component: magic, version 13, layer 1.
    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
    /// An empty module.
    const MODULE: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn the_engine_that_serves_cannot_compile() {
        let config = Config {
            workers: 1,
            adapters: 1,
            ..Config::recommended("".into(), [0; 32], Compiler::unused())
        };
        let engine = running(&config).expect("an engine");
        let refused = |error: wasmtime::Error| {
            let text = format!("{error:#}");
            assert!(text.contains("not configured with a compiler"), "{text}");
        };
        refused(
            engine
                .precompile_component(COMPONENT)
                .expect_err("compiles"),
        );
        refused(engine.precompile_module(MODULE).expect_err("compiles"));
        let Err(error) = Component::new(&engine, COMPONENT) else {
            panic!("compiles");
        };
        refused(error);
        refused(Module::new(&engine, MODULE).expect_err("compiles"));
        let other = compiling().expect("an engine");
        assert!(other.precompile_component(COMPONENT).is_ok());
    }
}
