//! The contract with guests, generated from `plugins/wit` at compile time.
//!
//! Nothing outside this crate sees these types; `call` and `description`
//! translate them. Arguments are borrowed, so that a payload is copied once:
//! into the guest's memory.

#![allow(
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    missing_docs,
    unreachable_pub,
    reason = "the macro's expansion"
)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "adapter",
    imports: { default: trappable },
    ownership: Borrowing { duplicate_if_necessary: false },
});
