//! Every limit of a sandbox, met by the hostile adapter.
//!
//! Each attack must end, with the error of the limit it met, and the next call
//! of the same adapter and of another one must be unharmed. How long an attack
//! took is not asserted: the machine may be busy.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use adapter_host::{Adapter, Message, Outcome};

mod common;

use common::{Fixture, replies, send};

/// Attacks, sees the expected code, and converts again with two adapters.
fn check(verb: &str, expected: &str) {
    let fixture = Fixture::new();
    let attacked = fixture.hostile();
    let neighbour = fixture.hostile();
    let error = send(&attacked, &[verb]).expect_err("an attack gives no outcome");
    assert_eq!(error.code(), expected, "{verb}: {error:?}");
    assert!(!error.is_temporary(), "{verb}: the adapter is at fault");
    assert_eq!(replies(&attacked, &["echo", "again"]), ["echo", "again"]);
    assert_eq!(replies(&neighbour, &["echo"]), ["echo"]);
}

#[test]
fn an_endless_loop_ends_at_the_deadline() {
    check("loop", "adapter.deadline");
}

#[test]
fn hoarding_memory_ends_at_the_memory_limit() {
    check("hoard", "adapter.memory");
}

#[test]
fn a_panic_is_a_trap() {
    check("trap", "adapter.trap");
}

#[test]
fn endless_recursion_ends_at_the_stack_limit() {
    check("recurse", "adapter.stack");
}

#[test]
fn a_huge_output_ends_at_the_output_limit() {
    check("flood", "adapter.output");
}

#[test]
fn many_outcomes_of_one_block_end_at_the_output_limit() {
    check("alias", "adapter.output");
}

#[test]
fn endless_logging_ends_at_the_line_limit() {
    check("chatter", "adapter.log-budget");
}

#[test]
fn a_huge_log_line_ends_at_the_output_limit() {
    check("shout", "adapter.output");
}

#[test]
fn too_few_and_too_many_outcomes_are_noticed() {
    check("too-few", "adapter.wrong-count");
    check("too-many", "adapter.wrong-count");
}

#[test]
fn payloads_and_attributes_arrive_untouched_and_in_order() {
    let fixture = Fixture::new();
    let attributes = [
        ("a".to_owned(), "1".to_owned()),
        ("\u{6587}\u{4ef6}".to_owned(), String::new()),
    ];
    let messages = [
        Message {
            payload: b"echo",
            attributes: &attributes,
        },
        Message {
            payload: b"",
            attributes: &[],
        },
        Message {
            payload: "\u{6c34}".as_bytes(),
            attributes: &attributes[..1],
        },
    ];
    let outcomes = fixture.hostile().convert(&messages).expect("a good call");
    assert_eq!(common::reply(&outcomes[0]), "echo|a=1|\u{6587}\u{4ef6}=");
    // An empty reply is not encoded at all.
    assert_eq!(outcomes[1], Outcome::Converted(Vec::new()));
    assert_eq!(common::reply(&outcomes[2]), "\u{6c34}|a=1");
}

#[test]
fn nothing_survives_a_call() {
    let fixture = Fixture::new();
    let adapter = fixture.hostile();
    for _ in 0..3 {
        assert_eq!(replies(&adapter, &["count"]), ["1"]);
    }
}

#[test]
fn lies_inside_the_bytes_are_passed_on_for_the_gateway_to_judge() {
    let fixture = Fixture::new();
    let adapter = fixture.hostile();
    let garbage = send(&adapter, &["garbage"]).expect("the host decodes nothing");
    assert_eq!(garbage, [Outcome::Converted(vec![0xff; 64])]);
    let claim = send(&adapter, &["claim"]).expect("the host decodes nothing");
    let Outcome::Converted(bytes) = &claim[0] else {
        panic!("{claim:?}")
    };
    assert!(bytes.windows(11).any(|window| window == b"police-case"));
}

#[test]
fn a_rejection_keeps_code_offset_and_text() {
    let fixture = Fixture::new();
    let outcomes = send(&fixture.hostile(), &["dance"]).expect("a good call");
    let expected = Outcome::Rejected {
        code: "hostile.unknown-verb".to_owned(),
        offset: 0,
        text: "`dance` is no attack".to_owned(),
    };
    assert_eq!(outcomes, [expected]);
}

#[test]
fn a_call_without_messages_has_no_outcomes() {
    let fixture = Fixture::new();
    assert_eq!(send(&fixture.hostile(), &[]).expect("a good call"), []);
}

#[test]
fn a_call_that_outlasts_its_slice_ends_with_it_and_nobody_is_blamed() {
    let fixture = Fixture::new();
    let adapter = fixture.hostile();
    let call = |verb: &str| {
        let message = Message {
            payload: verb.as_bytes(),
            attributes: &[],
        };
        adapter.convert_sliced(&[message], Duration::from_millis(50))
    };
    let error = call("loop").expect_err("never ends by itself");
    assert_eq!(error.code(), "adapter.slice");
    assert!(error.is_temporary());
    let error = call("trap").expect_err("fails at once");
    assert_eq!(error.code(), "adapter.trap");
    assert_eq!(call("echo").expect("a good call").len(), 1);
}

/// Lines with the text `looping` that the next test's guests have logged.
static LOOPING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

#[test]
fn calls_beyond_the_pool_are_refused_and_temporary() {
    let fixture = Fixture::with(|config| {
        config.workers = 1;
        config.deadline = Duration::from_secs(5);
        config.log = |adapter, _, text| {
            assert_eq!((adapter, text), ("hostile", "looping"));
            *LOOPING.0.lock().expect("no panic while locked") += 1;
            LOOPING.1.notify_all();
        };
    });
    let adapter = fixture.hostile();
    thread::scope(|scope| {
        let attack = || {
            send(&adapter, &["loop"])
                .expect_err("never ends by itself")
                .code()
        };
        // One worker, and the sandbox kept for installing.
        let attacks = [scope.spawn(attack), scope.spawn(attack)];
        let count = LOOPING.0.lock().expect("no panic while locked");
        drop(
            LOOPING
                .1
                .wait_while(count, |count| *count < 2)
                .expect("no panic while locked"),
        );
        let error = send(&adapter, &["echo"]).expect_err("both sandboxes are in use");
        assert_eq!(error.code(), "adapter.pool-exhausted");
        assert!(error.is_temporary());
        for attack in attacks {
            assert_eq!(attack.join().expect("no panic"), "adapter.deadline");
        }
    });
    assert_eq!(replies(&adapter, &["echo"]), ["echo"]);
}

static LINES: AtomicUsize = AtomicUsize::new(0);

#[test]
fn the_log_receives_exactly_the_lines_allowed() {
    let fixture = Fixture::with(|config| {
        config.log_lines = 10;
        config.log = |_, _, _| {
            LINES.fetch_add(1, Ordering::Relaxed);
        };
    });
    let error = send(&fixture.hostile(), &["chatter"]).expect_err("beyond the budget");
    assert_eq!(error.code(), "adapter.log-budget");
    assert_eq!(LINES.load(Ordering::Relaxed), 10);
}

#[test]
fn a_good_adapter_works_throughout_the_attacks_of_others() {
    let fixture = Fixture::new();
    let good = fixture.hostile();
    let attackers: [Adapter; 2] = [fixture.hostile(), fixture.hostile()];
    thread::scope(|scope| {
        let attacks = attackers.each_ref().map(|attacker| {
            scope.spawn(move || {
                for verb in ["loop", "hoard", "trap", "recurse", "flood", "chatter"] {
                    send(attacker, &[verb]).expect_err("an attack");
                }
            })
        });
        let mut calls = 0;
        while calls < 100 || attacks.iter().any(|attack| !attack.is_finished()) {
            assert_eq!(replies(&good, &["echo"]), ["echo"]);
            calls += 1;
        }
    });
}
