//! Having components compiled to native code, by a process that can be limited.
//!
//! Compilation is the one step in which a small component can cost much: no
//! limit of a sandbox applies to it. So it is done by a child, another program,
//! which alone has a compiler in it. It is called with the version of native
//! code that is asked of it, is written the component (and the state it is to
//! begin in) to its standard input, and its standard output is the native code.
//! The child can misbehave in any way; it cannot make the gateway wait beyond
//! the deadline, and what it wrote is trusted only because it is a program of
//! our own, installed beside this one or named by who runs the gateway.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{PathBuf, absolute};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, prlimit};

use crate::call::Cause;
use crate::config::{CompileLimits, Compiler};
use crate::priority;
use crate::snapshot::State;

/// Most native code taken from the child, in bytes. A component of 32 MiB
/// becomes about 100 MiB.
const NATIVE_BYTES_MAX: u64 = 512 << 20;

/// Most of the child's error text that is kept, in bytes.
const REASON_BYTES_MAX: u64 = 4096;

/// By the clock a child of a thread that stands back may take this many times its deadline.
const PATIENCE: u32 = 10;

/// Longest wait for a program that is only asked whether it is of this release.
const CHECK: Duration = Duration::from_secs(60);

/// How often the parent looks whether the child has ended.
const POLL: Duration = Duration::from_millis(2);

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The compiler refused it: not a component, or one it does not support.
    #[error("the compiler refused the component")]
    Refused {
        /// The compiler's reason.
        #[source]
        cause: Cause,
    },
    /// The compiling process was not started.
    #[error("the compiler {} cannot be started", program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// The program makes native code of another version, or is another one altogether.
    #[error("the compiler {} is not of this release: {said}", program.display())]
    Release {
        /// The program.
        program: PathBuf,
        /// What it said.
        said: String,
    },
    /// The compiling process was not put under its limits, so it got no work.
    #[error("the compiling process cannot be limited")]
    Limit {
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// The compiling process used more processor time than it may.
    #[error("compilation used more than {limit_s} s of processor time")]
    Processor {
        /// The limit, in seconds.
        limit_s: u64,
    },
    /// The compiling process did not end in time and was killed.
    #[error("compilation took longer than {} s by the clock: the machine is too busy", limit.as_secs())]
    Deadline {
        /// The deadline.
        limit: Duration,
    },
    /// The compiling process ended without a result: most often a limit on
    /// memory or processor time.
    #[error("the compiling process ended with {status}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
    },
    /// The compiling process wrote nothing, or more than is taken.
    #[error("the compiling process wrote {bytes} bytes of native code")]
    Output {
        /// What it wrote, in bytes; counted up to one more than is taken.
        bytes: u64,
    },
}

/// What is to be compiled of a component.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order<'a> {
    /// The component with functions that give its state away; the component itself where that
    /// cannot be.
    Instrumented,
    /// The component that begins in a state.
    Configured(&'a State),
}

impl Order<'_> {
    /// What the child reads: the length of the component, the component, and the state, if any.
    fn encode(self, component: &[u8]) -> Vec<u8> {
        let mut bytes = (component.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(component);
        if let Self::Configured(state) = self {
            state.encode(&mut bytes);
        }
        bytes
    }
}

/// Exit code with which the child says that the component is at fault.
pub(crate) const REFUSED: u8 = 65;

/// Exit code with which the child says that it was asked for something that it is not there for.
pub(crate) const NOT_MINE: u8 = 64;

/// The cache's name for a component's native code: the component, what was compiled of it, and the
/// version of native code. `configuration` is the digest of what the guest begins configured with,
/// if it does. What code asks of the processor, and which settings of the engine it was made with,
/// stands in the code and is checked when it is loaded.
pub(crate) fn name_of_native(digest: &[u8; 32], configuration: Option<&[u8; 32]>) -> String {
    let mut name = String::new();
    let mut add = |digest: &[u8; 32]| {
        for byte in digest {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        name.push('-');
    };
    add(digest);
    configuration.map(&mut add);
    name.push_str(NATIVE_VERSION);
    name
}

/// Version of native code: that of the engine, as the root manifest pins it, and how often what is
/// asked of the compiler was changed.
pub const NATIVE_VERSION: &str = "48.0.8-5";

/// Has an order done by the compiler.
pub(crate) fn compile_with(
    compiler: &Compiler,
    component: &[u8],
    order: Order<'_>,
) -> Result<Vec<u8>, CompileError> {
    let is_later = matches!(order, Order::Configured(_));
    compile_in_child(compiler, is_later, &order.encode(component))
}

impl Compiler {
    /// Starts the program once, to see that it is there and of this release.
    ///
    /// # Errors
    /// [`CompileError::Start`], [`CompileError::Release`], or how else it ended.
    pub fn check(&self) -> Result<(), CompileError> {
        let limits = CompileLimits {
            deadline: self.limits.deadline.min(CHECK),
            ..self.limits
        };
        let compiler = Self {
            limits,
            ..self.clone()
        };
        // It refuses what is no order, after it has found that the version is its own.
        match compile_in_child(&compiler, false, &[]) {
            Err(CompileError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(native) => Err(CompileError::Output {
                bytes: native.len() as u64,
            }),
        }
    }
}

fn compile_in_child(
    compiler: &Compiler,
    is_later: bool,
    order: &[u8],
) -> Result<Vec<u8>, CompileError> {
    let limits = compiler.limits;
    let program = &compiler.program;
    let failed = |cause| CompileError::Start {
        program: program.clone(),
        cause,
    };
    // A name without a folder would be searched for in the folders of the system.
    let mut child = Command::new(absolute(program).map_err(failed)?)
        .args(&compiler.args)
        .arg(NATIVE_VERSION)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    // The child waits for its input until it is under its limits.
    if let Err(cause) = limit(&child, limits) {
        end(&mut child);
        return Err(CompileError::Limit { cause });
    }
    if is_later {
        priority::let_wait(i32::try_from(child.id()).ok().and_then(Pid::from_raw));
    }
    // A child of a thread that stands back does so too; it gets the same processor time.
    let deadline = match priority::stands_back() {
        true => limits.deadline.saturating_mul(PATIENCE),
        false => limits.deadline,
    };
    let stdin = child.stdin.take();
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    thread::scope(|scope| {
        // A child that stops reading ends by itself or by its deadline; either
        // way its pipes close, and these threads with them.
        scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(order)));
        let native = scope.spawn(move || read_at_most(stdout, NATIVE_BYTES_MAX + 1));
        let reason = scope.spawn(move || read_at_most(stderr, REASON_BYTES_MAX));
        let status = wait(&mut child, deadline);
        let native = native.join().unwrap_or_default();
        let reason = reason.join().unwrap_or_default();
        result(status?, native, &reason, compiler)
    })
}

/// What the child's end and output amount to.
fn result(
    status: ExitStatus,
    native: Vec<u8>,
    reason: &[u8],
    compiler: &Compiler,
) -> Result<Vec<u8>, CompileError> {
    if status.signal() == Some(Signal::XCPU.as_raw()) {
        return Err(CompileError::Processor {
            limit_s: compiler.limits.processor_seconds,
        });
    }
    let reason = || String::from_utf8_lossy(reason).trim_end().to_owned();
    if status.code() == Some(REFUSED.into()) {
        return Err(CompileError::Refused {
            cause: reason().into(),
        });
    }
    if status.code() == Some(NOT_MINE.into()) {
        return Err(CompileError::Release {
            program: compiler.program.clone(),
            said: reason(),
        });
    }
    if !status.success() {
        return Err(CompileError::Ended { status });
    }
    let bytes = native.len() as u64;
    if bytes == 0 || bytes > NATIVE_BYTES_MAX {
        return Err(CompileError::Output { bytes });
    }
    Ok(native)
}

/// Puts limits on a running child; possible without code between fork and exec.
fn limit(child: &Child, limits: CompileLimits) -> io::Result<()> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let exactly = |value: u64| Rlimit {
        current: Some(value),
        maximum: Some(value),
    };
    prlimit(pid, Resource::As, exactly(limits.address_space_bytes))?;
    // At the first the kernel says so by a signal of its own, at the second it kills.
    let processor = Rlimit {
        current: Some(limits.processor_seconds),
        maximum: Some(limits.processor_seconds.saturating_add(1)),
    };
    prlimit(pid, Resource::Cpu, processor)?;
    prlimit(pid, Resource::Core, exactly(0))?;
    Ok(())
}

/// Waits for the child's end; kills it at the deadline.
fn wait(child: &mut Child, deadline: Duration) -> Result<ExitStatus, CompileError> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if started.elapsed() < deadline => thread::sleep(POLL),
            Ok(None) | Err(_) => {
                end(child);
                return Err(CompileError::Deadline { limit: deadline });
            }
        }
    }
}

fn end(child: &mut Child) {
    // Both fail only when the child has ended already, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads a pipe to its end or to `limit` bytes; what failed to arrive is missing.
fn read_at_most(pipe: Option<impl Read>, limit: u64) -> Vec<u8> {
    let mut content = Vec::new();
    if let Some(pipe) = pipe {
        // An error ends the reading like an end; the child's status tells more.
        let _ = pipe.take(limit).read_to_end(&mut content);
    }
    content
}

#[cfg(test)]
mod tests;
