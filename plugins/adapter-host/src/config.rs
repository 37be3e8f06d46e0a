//! The settings of a host.
//!
//! Every limit of a sandbox and of the compiling process, with unit, default
//! and reason. Nothing here reads files or the environment; the gateway's
//! binary fills it in. The defaults are in [`Config::recommended`] only.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Receives the lines adapters log: the adapter's id, a severity and a text of
/// at most 1 KiB. The text is the guest's: it may hold anything but is UTF-8.
pub type LogSink = fn(adapter: &str, level: Level, text: &str);

/// Severity of a line an adapter logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For whoever writes the adapter.
    Debug,
    /// Worth knowing.
    Info,
    /// Odd, and handled.
    Warning,
    /// Wrong.
    Error,
}

/// Limits and places of a host.
#[derive(Debug, Clone)]
pub struct Config {
    /// Linear memory of a sandbox, in bytes; a multiple of 64 KiB. Default 64 MiB.
    ///
    /// Twenty times what a submission of 256 documents needs in Rust, and
    /// enough for an interpreter. An adapter may ask for less.
    pub memory_bytes: usize,
    /// Time for one call into a sandbox. Default 2 s.
    ///
    /// A submission converts in milliseconds; the longest documents in tenths
    /// of a second. The call ends at most one tick later. An adapter may ask
    /// for less.
    pub deadline: Duration,
    /// How often the time of running guests is counted. Default 5 ms.
    ///
    /// Shorter makes deadlines sharper and wakes the machine more often.
    pub tick: Duration,
    /// Bytes the host copies out of a sandbox in one call. Default 16 MiB.
    ///
    /// Bounds what a guest can make the host allocate, however its lists
    /// refer to one another.
    pub output_bytes: usize,
    /// Log lines in one call. Default 1000; the next one ends the call.
    pub log_lines: u32,
    /// Where log lines go. Default: nowhere.
    pub log: LogSink,
    /// Native stack of a guest, in bytes. Default 512 KiB.
    ///
    /// Must leave room on the calling thread's stack (2 MiB for Rust's own threads).
    pub stack_bytes: usize,
    /// Conversions at the same time. Default: the number of processors.
    ///
    /// One more sandbox is there for installing; beyond that calls are refused
    /// as [`PoolExhausted`](crate::CallError::PoolExhausted).
    pub workers: u32,
    /// Adapters expected to be installed at the same time. Default 32.
    ///
    /// More work too, but slower: a sandbox's memory is prepared for one
    /// component, and there are two for each adapter and worker. Each takes
    /// 4 GiB of address space and no memory until used.
    pub adapters: u32,
    /// Size of a component, in bytes. Default 32 MiB.
    ///
    /// Rust adapters have 0.1 to 1 MiB; a component that carries a Python
    /// interpreter has 19 MiB.
    pub component_bytes_max: usize,
    /// Folder for compiled native code. Created when missing, for the owner alone.
    pub cache_dir: PathBuf,
    /// Key that authenticates the files of the cache. Secret: whoever has it
    /// can make the gateway run code outside every sandbox.
    pub cache_key: [u8; 32],
    /// What compiles components.
    pub compiler: Compiler,
}

impl Config {
    /// The defaults given with each field.
    #[must_use]
    pub fn recommended(cache_dir: PathBuf, cache_key: [u8; 32], compiler: Compiler) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            memory_bytes: 64 << 20,
            deadline: Duration::from_secs(2),
            tick: Duration::from_millis(5),
            output_bytes: 16 << 20,
            log_lines: 1000,
            log: |_, _, _| {},
            stack_bytes: 512 << 10,
            workers: u32::try_from(processors).unwrap_or(u32::MAX),
            adapters: 32,
            component_bytes_max: 32 << 20,
            cache_dir,
            cache_key,
            compiler,
        }
    }
}

/// The program that compiles components, in a child process under limits.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The program; [`Compiler::PROGRAM`] of the same release.
    pub program: PathBuf,
    /// What it is called with before the version that is asked of it; usually nothing.
    pub args: Vec<OsString>,
    /// What it may use.
    pub limits: CompileLimits,
}

impl Compiler {
    /// Name of the program, which lies beside the one that runs adapters.
    pub const PROGRAM: &str = "lawgate-compiler";

    /// The compiler beside the running program, under the recommended limits; whether it is there is
    /// seen when it is started. Where there is none, a test, which cargo puts one folder below it
    /// into `deps`, gets the one above.
    ///
    /// # Errors
    /// The system does not say where the running program is.
    pub fn beside_this_program() -> io::Result<Self> {
        let running = std::env::current_exe()?;
        let beside = running.with_file_name(Self::PROGRAM);
        let above = (running.parent())
            .filter(|folder| folder.ends_with("deps"))
            .and_then(Path::parent)
            .map(|folder| folder.join(Self::PROGRAM))
            .filter(|program| program.is_file() && !beside.is_file());
        Ok(Self {
            program: above.unwrap_or(beside),
            args: Vec::new(),
            limits: CompileLimits::recommended(),
        })
    }
}

#[cfg(test)]
impl Compiler {
    /// For tests that compile nothing.
    pub(crate) fn unused() -> Self {
        Self {
            program: PathBuf::new(),
            args: Vec::new(),
            limits: CompileLimits::recommended(),
        }
    }
}

/// What the compiling process may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Address space, in bytes. Default 4 GiB.
    ///
    /// A component of 2.3 MB made to be expensive took 853 MiB; a 19 MiB
    /// interpreter takes less, but every thread reserves some of its own.
    pub address_space_bytes: u64,
    /// Processor time over all threads, in seconds. Default 120.
    pub processor_seconds: u64,
    /// Time until the process is killed, by the clock. Default 1200 s.
    ///
    /// Several times the processor time: an honest component takes that long where others use the processors.
    pub deadline: Duration,
}

impl CompileLimits {
    /// The defaults given with each field.
    #[must_use]
    pub fn recommended() -> Self {
        Self {
            address_space_bytes: 4 << 30,
            processor_seconds: 120,
            deadline: Duration::from_secs(1200),
        }
    }
}
