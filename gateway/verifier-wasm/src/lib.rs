//! The check of evidence packages as a plain WebAssembly module: no WASI, no imports, so that a page can check a package
//! that never leaves the machine.
//!
//! The module exports its memory and three functions. `lawgate_alloc` gives room for what is handed in, `lawgate_check`
//! takes a package and, optionally, a policy of keys, and answers with a length and a JSON text, `lawgate_free` takes
//! room back. Handed in and answered is bytes; `js/lawgate-verify.mjs` wraps it. What is decided, [`package_proof`]
//! decides, as in the native verifier.
#![expect(
    unsafe_code,
    reason = "functions that a host calls by their names, over memory that the host fills"
)]

use audit_proof::{
    judge::{Questions, Trust},
    policy::Policy,
};
use package_proof::{Held, check, render};
use serde_json::{Value, json};

/// Bytes before an answer: its length, little-endian.
const LENGTH_BYTES: usize = 4;

/// Gives room for `length` bytes; 0 is never given for a length above 0.
#[unsafe(no_mangle)]
pub extern "C" fn lawgate_alloc(length: usize) -> *mut u8 {
    let room: Box<[u8]> = vec![0; length].into_boxed_slice();
    Box::into_raw(room).cast()
}

/// Takes room back that [`lawgate_alloc`] gave, or an answer with its length.
///
/// # Safety
/// `room` and `length` are those of one call, and are not used afterwards.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lawgate_free(room: *mut u8, length: usize) {
    // SAFETY: the host hands back what it was given, once, with its length.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(room, length)) });
}

/// Checks a package under a policy; with no bytes of a policy, under the keys that are in the package.
///
/// The answer is four bytes with the length of the JSON text behind them; it is given back with that length and four.
///
/// # Safety
/// Both places hold as many bytes as is said, and nothing changes them during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lawgate_check(
    package: *const u8,
    package_length: usize,
    policy: *const u8,
    policy_length: usize,
) -> *mut u8 {
    // SAFETY: the host filled both places, which it got from `lawgate_alloc`, and waits for the answer.
    let (package, policy) = unsafe {
        (
            std::slice::from_raw_parts(package, package_length),
            std::slice::from_raw_parts(policy, policy_length),
        )
    };
    let text = answer(package, policy).to_string();
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut answer = Vec::with_capacity(LENGTH_BYTES + text.len());
    answer.extend(length.to_le_bytes());
    answer.extend(text.as_bytes());
    Box::into_raw(answer.into_boxed_slice()).cast()
}

/// The verdict, with the text that the native verifier prints; or why nothing was checked.
#[must_use]
pub fn answer(package: &[u8], policy: &[u8]) -> Value {
    let policy = match policy {
        [] => None,
        policy => match Policy::parse(policy) {
            Ok(policy) => Some(policy),
            Err(error) => {
                return json!({ "outcome": "usage", "exit_code": 2, "text": format!("policy: {error}") });
            }
        },
    };
    let trust = Trust {
        policy,
        ..Trust::default()
    };
    let verdict = check(package, &trust, &Questions::default(), &Held::default());
    let mut value = render::json(&verdict);
    if let Some(object) = value.as_object_mut() {
        object.insert("text".to_owned(), render::text(&verdict).into());
    }
    value
}
