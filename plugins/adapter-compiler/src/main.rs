//! `lawgate-compiler`: compiles one component to native code, from standard input to standard output.
//!
//! The gateway and its tools start it, each time anew and under limits. It is a program of its own
//! so that theirs have no compiler in them.
#![forbid(unsafe_code)]

use std::env::args_os;
use std::process::ExitCode;

fn main() -> ExitCode {
    adapter_host::compile_main(args_os().skip(1))
}
