//! Compiling in a child process: this program is parent and child.
//!
//! It has no test harness, because the child's standard output must carry
//! native code and nothing else.

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use adapter_host::{
    CompileError, CompileLimits, Compiler, Config, Host, InstallError, NativeCode, compile,
    compile_main,
};
use tempfile::TempDir;

mod common;
mod handmade;

/// The argument that makes this program the child.
const CHILD: &str = "compile-component";

fn main() -> ExitCode {
    if std::env::args_os()
        .nth(1)
        .is_some_and(|argument| argument == CHILD)
    {
        return compile_main();
    }
    a_component_compiled_in_a_child_works();
    a_component_that_is_none_is_refused_with_its_reason();
    too_little_memory_ends_the_child_and_not_us();
    too_little_time_ends_the_child_and_not_us();
    a_compile_bomb_ends_at_the_processor_time_and_not_us();
    eprintln!("compiler: 5 checks passed");
    ExitCode::SUCCESS
}

fn install(component: &[u8], limits: CompileLimits) -> Result<adapter_host::Adapter, InstallError> {
    let folder = TempDir::new().expect("a temporary folder");
    let config = Config {
        compiler: Compiler::Child {
            program: std::env::current_exe().expect("this program has a path"),
            args: vec![OsString::from(CHILD)],
            limits,
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

fn a_component_compiled_in_a_child_works() {
    let component = common::hostile_component();
    let adapter = install(&component, CompileLimits::recommended()).expect("installs");
    assert_eq!(adapter.native_code(), NativeCode::Compiled);
    assert_eq!(common::replies(&adapter, &["echo"]), ["echo"]);
    // The limits recommended are not tight: this process compiles it as well.
    assert!(compile(&component).is_ok());
}

fn a_component_that_is_none_is_refused_with_its_reason() {
    let error = refusal(b"\0asm\x01\0\0\0", CompileLimits::recommended());
    let CompileError::Refused { cause } = error else {
        panic!("{error:?}")
    };
    assert!(cause.to_string().contains("component"), "{cause}");
}

fn too_little_memory_ends_the_child_and_not_us() {
    let limits = CompileLimits {
        address_space_bytes: 1 << 20,
        ..CompileLimits::recommended()
    };
    let error = refusal(&common::hostile_component(), limits);
    assert!(matches!(error, CompileError::Ended { .. }), "{error:?}");
}

fn too_little_time_ends_the_child_and_not_us() {
    let limits = CompileLimits {
        deadline: Duration::ZERO,
        ..CompileLimits::recommended()
    };
    let error = refusal(&common::hostile_component(), limits);
    assert!(matches!(error, CompileError::Deadline { .. }), "{error:?}");
}

/// Half a megabyte that takes the compiler many seconds.
fn a_compile_bomb_ends_at_the_processor_time_and_not_us() {
    let bomb = handmade::with_nested_ifs(80_000);
    assert!(bomb.len() < 512 << 10);
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
