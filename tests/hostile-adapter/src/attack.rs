//! The attacks, one function for each verb that needs more than a line.

use std::cell::Cell;
use std::hint::black_box;

use adapter_sdk::bindings::lawgate::adapter::types;
use adapter_sdk::bindings::{self, Message};
use adapter_sdk::proto::v1::{Conversion, Envelope, Record};
use adapter_sdk::{Level, log};

thread_local! {
    /// Calls of `convert` in this sandbox.
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Does what the first message says.
pub(crate) fn answer(messages: Vec<Message>) -> Vec<bindings::Outcome> {
    let calls = CALLS.with(|calls| {
        calls.set(calls.get() + 1);
        calls.get()
    });
    let verb = messages
        .first()
        .map(|message| String::from_utf8_lossy(&message.payload));
    let verb = verb.unwrap_or_default().into_owned();
    let given = messages.len();
    let all = |reply: Vec<u8>| vec![converted(reply); given];
    match verb.as_str() {
        "echo" => messages.iter().map(echo).collect(),
        "count" => all(with_reply(calls.to_string().into_bytes())),
        "loop" => spin(),
        "hoard" => hoard(),
        "trap" => panic!("asked to fail"),
        "recurse" => all(with_reply(
            recurse(u64::from(calls)).to_string().into_bytes(),
        )),
        "flood" => all(vec![7; 48 << 20]),
        "alias" => alias(),
        "chatter" => loop {
            log(Level::Debug, "chatter");
        },
        "shout" => {
            log(Level::Error, &"a".repeat(32 << 20));
            all(Vec::new())
        }
        "too-few" => Vec::new(),
        "too-many" => vec![converted(Vec::new()); given + 1],
        "garbage" => all(vec![0xff; 64]),
        "claim" => all(claim()),
        other => messages.iter().map(|_| unknown(other)).collect(),
    }
}

/// Runs for ever.
pub(crate) fn spin() -> ! {
    log(Level::Info, "looping");
    loop {
        black_box(0);
    }
}

/// Takes and touches memory until there is none.
pub(crate) fn hoard() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1_u8; 1 << 20]);
        black_box(&hoard);
    }
}

/// Recursion that no optimisation can make a loop of, with nothing on the
/// guest's own stack, so that the host's limit is the one met.
#[inline(never)]
fn recurse(depth: u64) -> u64 {
    if depth == u64::MAX {
        return 0;
    }
    recurse(depth + 1).wrapping_mul(31) ^ depth
}

/// Outcomes that all refer to the same memory: 4 GiB for a host that copies
/// without counting.
fn alias() -> Vec<bindings::Outcome> {
    let body = vec![7_u8; 1 << 20].leak();
    let again = || {
        #[expect(unsafe_code, reason = "no safe code can return one block many times")]
        // SAFETY: none; the block has 4000 owners. None of them ever frees it,
        // because the host ends the call before the guest runs again.
        let body = unsafe { Vec::from_raw_parts(body.as_ptr().cast_mut(), 1 << 20, 1 << 20) };
        converted(body)
    };
    (0..4000).map(|_| again()).collect()
}

/// A record that claims to come from another feed, with somebody else's identity.
fn claim() -> Vec<u8> {
    let envelope = Envelope {
        record_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV".to_owned(),
        feed_id: "police-case".to_owned(),
        raw_digest: vec![0; 32],
        raw_offset: u64::MAX,
        raw_length: u64::MAX,
        ..Envelope::default()
    };
    encode(&Conversion {
        records: vec![Record {
            envelope: Some(envelope),
            ..Record::default()
        }],
        ..Conversion::default()
    })
}

fn echo(message: &Message) -> bindings::Outcome {
    let mut reply = message.payload.clone();
    for attribute in &message.attributes {
        reply.extend(format!("|{}={}", attribute.name, attribute.value).into_bytes());
    }
    converted(with_reply(reply))
}

fn with_reply(reply: Vec<u8>) -> Vec<u8> {
    encode(&Conversion {
        reply,
        ..Conversion::default()
    })
}

fn encode(conversion: &Conversion) -> Vec<u8> {
    adapter_sdk::encode(conversion)
}

fn converted(bytes: Vec<u8>) -> bindings::Outcome {
    bindings::Outcome::Converted(bytes)
}

fn unknown(verb: &str) -> bindings::Outcome {
    bindings::Outcome::Rejected(types::Rejection {
        code: "hostile.unknown-verb".to_owned(),
        offset: 0,
        text: format!("`{verb}` is no attack"),
    })
}
