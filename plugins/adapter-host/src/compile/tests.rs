//! Tests of the compiling process with programs that misbehave.

use super::*;

const LIMITS: CompileLimits = CompileLimits {
    address_space_bytes: 1 << 30,
    processor_seconds: 10,
    deadline: Duration::from_secs(60),
};

/// A child that runs a shell script instead of the compiler.
fn child(script: &str, limits: CompileLimits) -> Compiler {
    Compiler {
        program: "/bin/sh".into(),
        args: ["-c".into(), script.into()].to_vec(),
        limits,
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let cause = error.source().map(told).unwrap_or_default();
    format!("{error}: {cause}")
}

fn check(script: &str, limits: CompileLimits, expected: &str) {
    let component = vec![0; 1 << 20];
    let result = match compile_with(&child(script, limits), &component, Order::Instrumented) {
        Ok(native) => format!("{} bytes", native.len()),
        Err(error) => told(&error),
    };
    assert!(result.contains(expected), "`{script}` gave: {result}");
}

#[test]
fn the_component_reaches_the_child_and_its_output_comes_back() {
    // And the eight bytes that say how long it is.
    check("cat", LIMITS, "1048584 bytes");
}

#[test]
fn a_child_that_does_not_read_does_not_block() {
    check("echo native", LIMITS, "7 bytes");
}

#[test]
fn a_child_that_never_ends_is_killed() {
    let limits = CompileLimits {
        deadline: Duration::from_millis(50),
        ..LIMITS
    };
    check("exec sleep 600", limits, "took longer than 0 s");
}

#[test]
fn a_child_that_computes_too_long_is_told_apart_from_one_that_waits() {
    let limits = CompileLimits {
        processor_seconds: 1,
        ..LIMITS
    };
    check(
        "cat > /dev/null; while :; do :; done",
        limits,
        "used more than 1 s of processor time",
    );
}

#[test]
fn a_child_that_fails_is_an_error_even_with_output() {
    check("echo native; exit 3", LIMITS, "exit status: 3");
}

#[test]
fn a_child_that_refuses_gives_its_reason() {
    check(
        "echo not a component >&2; exit 65",
        LIMITS,
        "refused the component: not a component",
    );
}

#[test]
fn a_child_without_output_is_an_error() {
    check("true", LIMITS, "wrote 0 bytes");
}

#[test]
fn the_child_runs_under_its_limits_and_without_our_environment() {
    // A child that waits for its input, as the compiler does, has its limits then.
    for is_so in [
        "$(ulimit -v) = 1048576",
        "$(ulimit -t) = 10",
        "$(ulimit -c) = 0",
        "-z \"$CARGO_MANIFEST_DIR\"",
    ] {
        let script = format!("cat > /dev/null; test {is_so} && printf 12");
        check(&script, LIMITS, "2 bytes");
    }
}

#[test]
fn a_missing_program_is_an_error() {
    let compiler = Compiler {
        program: "/nonexistent/program".into(),
        args: Vec::new(),
        limits: LIMITS,
    };
    let error = compile_with(&compiler, b"", Order::Instrumented).expect_err("no such program");
    assert!(matches!(error, CompileError::Start { .. }), "{error}");
    assert!(
        error.to_string().contains("/nonexistent/program"),
        "{error}"
    );
}

#[test]
fn a_child_of_another_release_is_told_from_a_component_at_fault() {
    check(
        "echo makes native code of version 1 >&2; exit 64",
        LIMITS,
        "the compiler /bin/sh is not of this release: makes native code of version 1",
    );
    // The shell calls its first argument after the script `$0`.
    let is_asked = format!("test \"$0\" = {NATIVE_VERSION} && printf 12");
    check(&is_asked, LIMITS, "2 bytes");
}

#[test]
fn the_name_of_native_code_tells_components_apart() {
    let name = name_of_native(&[0xab; 32], None);
    assert!(name.starts_with("abab"), "{name}");
    assert!(name.contains(NATIVE_VERSION), "{name}");
    assert_ne!(name, name_of_native(&[0xac; 32], None));
    assert_eq!(name, name_of_native(&[0xab; 32], None));
    let configured = [[1; 32], [2; 32]].map(|it| name_of_native(&[0xab; 32], Some(&it)));
    assert_ne!(configured[0], configured[1]);
    assert!(!configured.contains(&name));
}

#[test]
fn the_pinned_version_is_the_one_in_the_name() {
    let manifest = include_str!("../../../../Cargo.toml");
    let (engine, _) = NATIVE_VERSION.split_once('-').expect("has two parts");
    assert!(manifest.contains(&format!("wasmtime = {{ version = \"={engine}\"")));
}

#[test]
fn a_compiler_is_found_usable_or_not_before_a_component_needs_it() {
    for (script, expected) in [
        ("exit 65", "usable"),
        ("echo another; exit 64", "is not of this release"),
        ("exit 0", "wrote 0 bytes"),
        ("echo native", "wrote 7 bytes"),
        ("exit 1", "exit status: 1"),
    ] {
        let said = match child(script, LIMITS).check() {
            Ok(()) => "usable".to_owned(),
            Err(error) => error.to_string(),
        };
        assert!(said.contains(expected), "`{script}` gave: {said}");
    }
}

#[test]
fn a_name_without_a_folder_is_not_searched_for_in_the_folders_of_the_system() {
    let compiler = Compiler {
        program: "true".into(),
        ..Compiler::unused()
    };
    let error = compiler.check().expect_err("there is no such file here");
    assert!(matches!(error, CompileError::Start { .. }), "{error}");
}
