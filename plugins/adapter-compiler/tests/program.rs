//! The program as somebody finds it who starts it by hand.

use std::process::{Command, Output, Stdio};

use adapter_host::NATIVE_VERSION;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lawgate-compiler"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("runs")
}

#[test]
fn whoever_asks_for_another_version_is_told_which_it_makes() {
    for arguments in [
        &[][..],
        &["1.0.0-1"],
        &["--help"],
        &[NATIVE_VERSION, "more"],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).expect("is text");
        let makes = format!("lawgate-compiler makes native code of version {NATIVE_VERSION}; ");
        assert!(said.starts_with(&makes), "{said}");
    }
}

#[test]
fn an_order_that_is_none_is_refused_with_the_reason() {
    let output = run(&[NATIVE_VERSION]);
    assert_eq!(output.status.code(), Some(65));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).expect("is text");
    assert!(said.contains("something else than an order"), "{said}");
}
