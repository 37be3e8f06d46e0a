//! Compiling components to native code: what the compiling process does.
//!
//! Everything here runs in a process of its own, under limits that its parent sets
//! ([`crate::compile`]). It reads one order, does it, and ends.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use rustix::process::{Signal, set_parent_process_death_signal};
use wasmtime::CodeBuilder;

use crate::call::Cause;
use crate::compile::{NATIVE_VERSION, NOT_MINE, Order, REFUSED};
use crate::config::Compiler;
use crate::engine;
use crate::rewriting::{INTRINSICS, rewritten};
use crate::snapshot::State;
use crate::snapshot::rewriting::{instrument, with_state};

/// The whole compiling process: standard input to standard output.
///
/// `arguments` are those of the program without its name: the version of native code that the
/// parent needs, and nothing else. Exit codes: 0, standard output is the native code; 64, the
/// arguments ask for something else; 65, the component is at fault; 1, the order did not arrive.
/// The reason goes to standard error.
#[must_use]
pub fn compile_main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    if !arguments.into_iter().eq([NATIVE_VERSION]) {
        fail(&format!(
            "{} makes native code of version {NATIVE_VERSION}; lawgate starts it, and nobody else need",
            Compiler::PROGRAM
        ));
        return ExitCode::from(NOT_MINE);
    }
    // Nobody wants the code of a parent that has gone. Where the system cannot do it, the limits end this process.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
    let mut order = Vec::new();
    if let Err(cause) = io::stdin().read_to_end(&mut order) {
        // The parent has gone, or there is no memory for what it sent: not the component's fault.
        fail(&cause.to_string());
        return ExitCode::FAILURE;
    }
    let done =
        run_encoded(&order).and_then(|native| io::stdout().write_all(&native).map_err(Cause::from));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(cause) => {
            fail(&chain(cause.as_ref()));
            ExitCode::from(REFUSED)
        }
    }
}

/// Says why, to a parent that may have gone.
fn fail(reason: &str) {
    // Who does not read the native code does not read this either.
    let _ = writeln!(io::stderr(), "{reason}");
}

/// Does the order that [`Order::encode`] wrote down.
fn run_encoded(bytes: &[u8]) -> Result<Vec<u8>, Cause> {
    let garbled = || Cause::from("the compiling process was given something else than an order");
    let (length, rest) = bytes.split_first_chunk().ok_or_else(garbled)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let (component, state) = rest.split_at_checked(length).ok_or_else(garbled)?;
    if state.is_empty() {
        return run(Order::Instrumented, component);
    }
    let state = State::decode(state).ok_or_else(garbled)?;
    run(Order::Configured(&state), component)
}

fn run(order: Order<'_>, component: &[u8]) -> Result<Vec<u8>, Cause> {
    match order {
        Order::Instrumented => match instrument(component) {
            Ok(instrumented) => native_code(&instrumented),
            Err(_) => native_code(component),
        },
        Order::Configured(state) => native_code(&with_state(component, state)?),
    }
}

/// The component's native code, with a look at the words of its sandbox wherever it could go on
/// for long.
#[expect(
    unsafe_code,
    reason = "guests read the words of their sandbox by an intrinsic of the engine"
)]
pub(crate) fn native_code(component: &[u8]) -> Result<Vec<u8>, Cause> {
    let rewritten = rewritten(component)?;
    let compile = || {
        let engine = engine::compiling()?;
        let mut builder = CodeBuilder::new(&engine);
        builder.wasm_binary(&*rewritten, None)?;
        // SAFETY: the functions behind this name read any address. Only the code that
        // `rewritten` adds can call them: it renumbers what the component itself defines and
        // imports, and refuses one that knows the name. That code reads the beginning of the
        // store's data, which is an `Address`, and within the words behind it.
        unsafe { builder.expose_unsafe_intrinsics(INTRINSICS) };
        builder.compile_component_serialized()
    };
    compile().map_err(wasmtime::Error::into_boxed_dyn_error)
}

/// An error with its causes, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
