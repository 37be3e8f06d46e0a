//! Compiling in a child process: the real program under its limits.

use adapter_host::{CompileError, CompileLimits, Compiler, Config, Host, InstallError, NativeCode};
use std::time::Duration;
use tempfile::TempDir;

mod common;
mod handmade;

fn install(component: &[u8], limits: CompileLimits) -> Result<adapter_host::Adapter, InstallError> {
    let folder = TempDir::new().expect("a temporary folder");
    let config = Config {
        compiler: Compiler {
            limits,
            ..common::compiler()
        },
        ..common::config(folder.path())
    };
    Host::new(config).expect("a host").install(component, b"{}")
}

fn refusal(component: &[u8], limits: CompileLimits) -> CompileError {
    match install(component, limits) {
        Err(InstallError::Compile { cause }) => cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_component_compiled_in_a_child_works() {
    let component = common::hostile_component();
    let adapter = install(&component, CompileLimits::recommended()).expect("installs");
    assert_eq!(adapter.native_code(), NativeCode::Compiled);
    assert_eq!(common::replies(&adapter, &["echo"]), ["echo"]);
}

#[test]
fn a_component_that_is_none_is_refused_with_its_reason() {
    let error = refusal(b"\0asm\x01\0\0\0", CompileLimits::recommended());
    let CompileError::Refused { cause } = error else {
        panic!("{error:?}")
    };
    assert!(cause.to_string().contains("component"), "{cause}");
}

#[test]
fn too_little_memory_ends_the_child_and_not_us() {
    let limits = CompileLimits {
        address_space_bytes: 1 << 20,
        ..CompileLimits::recommended()
    };
    let component = common::hostile_component();
    let error = refusal(&component, limits);
    assert!(matches!(error, CompileError::Ended { .. }), "{error:?}");
    install(&component, CompileLimits::recommended()).expect("it is not the component");
}

#[test]
fn too_little_time_ends_the_child_and_not_us() {
    let limits = CompileLimits {
        deadline: Duration::ZERO,
        ..CompileLimits::recommended()
    };
    let error = refusal(&common::hostile_component(), limits);
    assert!(matches!(error, CompileError::Deadline { .. }), "{error:?}");
}

/// 140 KB that take the compiler minutes.
#[test]
fn a_compile_bomb_ends_at_the_processor_time_and_not_us() {
    let bomb = handmade::with_nested_loops(10_000);
    assert!(bomb.len() < 160 << 10);
    let limits = CompileLimits {
        processor_seconds: 1,
        ..CompileLimits::recommended()
    };
    let error = refusal(&bomb, limits);
    assert!(
        matches!(error, CompileError::Processor { limit_s: 1 }),
        "{error:?}"
    );
}

#[test]
fn a_compiler_that_is_not_there_is_named() {
    let folder = TempDir::new().expect("a temporary folder");
    let missing = folder.path().join("lawgate-compiler");
    let config = Config {
        compiler: Compiler {
            program: missing.clone(),
            ..common::compiler()
        },
        ..common::config(folder.path())
    };
    let installed = Host::new(config)
        .expect("a host")
        .install(&common::hostile_component(), b"{}");
    let Err(InstallError::Compile { cause }) = installed else {
        panic!("{installed:?}")
    };
    let said = cause.to_string();
    assert!(said.contains(&*missing.to_string_lossy()), "{said}");
}
